// SPDX-License-Identifier: Apache-2.0
/*
 * Reads contents of files, and targets of links, as they are stored: without keywords and without
 * conversion of line ends.
 */
#include "svn.h"

#include <string.h>

#include <apr_strings.h>

#define LINK ((apr_size_t)5) /* "link " precedes the target of a link */

rc_err_t *rc_svn_length(apr_off_t *size, rc_vcs_t *vcs, const rc_svn_file_t *file,
                        apr_pool_t *scratch)
{
    svn_fs_root_t *root;
    svn_filesize_t length;

    RC_TRY(rc_svn_root(&root, vcs, file->rev));
    RC_TRY(rc_svn_err(RC_SVN(svn_fs_file_length(&length, root, file->path, scratch)), vcs->pool,
                      "cannot read the size of %s in revision %ld of %s", file->path, file->rev,
                      vcs->path));
    *size = file->kind == RC_ENTRY_LINK ? length - (svn_filesize_t)LINK : length;
    return NULL;
}

static rc_err_t *open_content(svn_stream_t **stream, rc_vcs_t *vcs, const rc_svn_file_t *file,
                              apr_pool_t *scratch)
{
    svn_fs_root_t *root;
    svn_error_t *err;

    RC_TRY(rc_svn_root(&root, vcs, file->rev));
    err = RC_SVN(svn_fs_file_contents(stream, root, file->path, scratch));
    if (!err && file->kind == RC_ENTRY_LINK)
        err = RC_SVN(svn_stream_skip(*stream, LINK));
    return rc_svn_err(err, vcs->pool, "cannot read %s in revision %ld of %s", file->path, file->rev,
                      vcs->path);
}

/* Reads up to *@a len bytes; fewer only at the end. */
static rc_err_t *read_piece(char *data, apr_size_t *len, svn_stream_t *stream, rc_vcs_t *vcs,
                            const rc_svn_file_t *file)
{
    RC_TRY(rc_svn_err(RC_SVN(svn_stream_read_full(stream, data, len)), vcs->pool,
                      "cannot read %s in revision %ld of %s", file->path, file->rev, vcs->path));
    return rc_work_spend(vcs->work, (apr_off_t)*len, vcs->pool);
}

rc_err_t *rc_svn_write(rc_spool_t *spool, rc_vcs_t *vcs, const rc_svn_file_t *file,
                       apr_pool_t *scratch)
{
    apr_size_t len = RC_SPOOL_MEMORY;
    svn_stream_t *stream;
    char *room;

    RC_TRY(open_content(&stream, vcs, file, scratch));
    room = apr_palloc(scratch, RC_SPOOL_MEMORY);
    while (len == RC_SPOOL_MEMORY) {
        RC_TRY(read_piece(room, &len, stream, vcs, file));
        RC_TRY(rc_spool_write(spool, room, len));
    }
    return rc_svn_err(RC_SVN(svn_stream_close(stream)), vcs->pool, "cannot read %s of %s",
                      file->path, vcs->path);
}

static rc_err_t *with_file(rc_svn_file_t *file, rc_vcs_t *vcs, const rc_entry_t *entry,
                           apr_pool_t *pool)
{
    *file =
        (rc_svn_file_t){.rev = rc_svn_rev_of(entry->id), .path = rc_svn_fspath(entry->path, pool)};
    RC_TRY(rc_svn_look(file, vcs, pool));
    if (file->kind != RC_ENTRY_NONE && file->kind != RC_ENTRY_DIR)
        return NULL;
    return rc_err_internal(vcs->pool, APR_SUCCESS, "%s is no file in revision %ld of %s",
                           file->path, file->rev, vcs->path);
}

/* Sets *@a size, or appends the content to @a spool, whichever is not NULL. */
static rc_err_t *size_or_content(apr_off_t *size, rc_spool_t *spool, rc_vcs_t *vcs,
                                 const rc_entry_t *entry)
{
    apr_pool_t *scratch;
    rc_svn_file_t file;
    rc_err_t *err;

    apr_pool_create(&scratch, vcs->pool);
    err = with_file(&file, vcs, entry, scratch);
    if (!err)
        err = size ? rc_svn_length(size, vcs, &file, scratch)
                   : rc_svn_write(spool, vcs, &file, scratch);
    apr_pool_destroy(scratch);
    return err ? err : rc_svn_check_place(vcs);
}

rc_err_t *rc_svn_size(apr_off_t *size, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    return size_or_content(size, NULL, vcs, entry);
}

rc_err_t *rc_svn_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    return size_or_content(NULL, spool, vcs, entry);
}

static rc_err_t *read_whole(char *data, apr_size_t *len, rc_vcs_t *vcs, const rc_svn_file_t *file,
                            apr_pool_t *scratch)
{
    svn_stream_t *stream;

    RC_TRY(open_content(&stream, vcs, file, scratch));
    RC_TRY(read_piece(data, len, stream, vcs, file));
    data[*len] = '\0';
    return rc_svn_err(RC_SVN(svn_stream_close(stream)), vcs->pool, "cannot read %s of %s",
                      file->path, vcs->path);
}

rc_err_t *rc_svn_read_file(const char **data, apr_size_t *len, rc_vcs_t *vcs,
                           const rc_svn_file_t *file, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    apr_off_t size;
    rc_err_t *err;
    char *text;

    RC_TRY(rc_svn_length(&size, vcs, file, pool));
    if (size < 0 || size >= RC_VCS_LARGE)
        return rc_err_internal(vcs->pool, APR_SUCCESS, "%s of %s has an odd size", file->path,
                               vcs->path);
    *len = (apr_size_t)size;
    *data = text = apr_palloc(pool, *len + 1);
    apr_pool_create(&scratch, pool);
    err = read_whole(text, len, vcs, file, scratch);
    apr_pool_destroy(scratch);
    return err;
}

rc_err_t *rc_svn_read(const char **data, rc_vcs_t *vcs, rc_entry_t *entry, apr_off_t most,
                      apr_pool_t *pool)
{
    rc_svn_file_t file;
    apr_size_t len;

    *data = NULL;
    RC_TRY(with_file(&file, vcs, entry, pool));
    RC_TRY(rc_svn_length(&entry->size, vcs, &file, pool));
    return entry->size < most ? rc_svn_read_file(data, &len, vcs, &file, pool) : NULL;
}
