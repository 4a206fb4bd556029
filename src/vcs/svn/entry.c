// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the entries of a revision: one at a path, or all of a directory. The id of an entry is its
 * revision and, for one that was looked at, a checksum: contents are read by revision and path.
 */
#include "svn.h"

#include <string.h>

#include <apr_strings.h>

#include <svn_checksum.h>
#include <svn_props.h>

const char *rc_svn_fspath(const char *path, apr_pool_t *pool)
{
    return apr_pstrcat(pool, *path == '/' ? "" : "/", path, NULL);
}

static bool has_property(apr_hash_t *props, const char *name)
{
    return apr_hash_get(props, name, APR_HASH_KEY_STRING) != NULL;
}

/* A link is a special file whose content says so (contract 07 §1). */
static svn_error_t *starts_like_link(svn_boolean_t *link, svn_fs_root_t *root, const char *path,
                                     apr_pool_t *pool)
{
    char start[5];
    apr_size_t len = sizeof(start);
    svn_stream_t *stream;

    SVN_ERR(svn_fs_file_contents(&stream, root, path, pool));
    SVN_ERR(svn_stream_read_full(stream, start, &len));
    *link = len == sizeof(start) && !memcmp(start, "link ", sizeof(start));
    return svn_stream_close(stream);
}

static svn_error_t *look(rc_svn_file_t *file, svn_fs_root_t *root, apr_pool_t *pool)
{
    const svn_string_t *mime;
    svn_node_kind_t kind;
    svn_boolean_t link = FALSE;

    file->kind = RC_ENTRY_NONE;
    file->props = apr_hash_make(pool);
    SVN_ERR(svn_fs_check_path(&kind, root, file->path, pool));
    if (kind != svn_node_none)
        SVN_ERR(svn_fs_node_proplist(&file->props, root, file->path, pool));
    if (kind == svn_node_dir)
        file->kind = RC_ENTRY_DIR;
    if (kind != svn_node_file)
        return NULL;
    if (has_property(file->props, SVN_PROP_SPECIAL))
        SVN_ERR(starts_like_link(&link, root, file->path, pool));
    file->kind = link                                             ? RC_ENTRY_LINK
                 : has_property(file->props, SVN_PROP_EXECUTABLE) ? RC_ENTRY_PROGRAM
                                                                  : RC_ENTRY_FILE;
    mime = apr_hash_get(file->props, SVN_PROP_MIME_TYPE, APR_HASH_KEY_STRING);
    file->binary = mime && svn_mime_type_is_binary(mime->data);
    return NULL;
}

rc_err_t *rc_svn_look(rc_svn_file_t *file, rc_vcs_t *vcs, apr_pool_t *pool)
{
    svn_fs_root_t *root;

    RC_TRY(rc_work_spend(vcs->work, 0, vcs->pool));
    RC_TRY(rc_svn_root(&root, vcs, file->rev));
    return rc_svn_err(RC_SVN(look(file, root, pool)), vcs->pool,
                      "cannot read %s in revision %ld of %s", file->path, file->rev, vcs->path);
}

static rc_err_t *checksum_of(const char **text, rc_vcs_t *vcs, const rc_svn_file_t *file,
                             apr_pool_t *pool)
{
    svn_checksum_t *checksum;
    svn_fs_root_t *root;

    RC_TRY(rc_svn_root(&root, vcs, file->rev));
    RC_TRY(rc_svn_err(
        RC_SVN(svn_fs_file_checksum(&checksum, svn_checksum_md5, root, file->path, TRUE, pool)),
        vcs->pool, "cannot read the checksum of %s in revision %ld of %s", file->path, file->rev,
        vcs->path));
    *text = svn_checksum_to_cstring_display(checksum, pool);
    return NULL;
}

rc_err_t *rc_svn_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool)
{
    rc_svn_file_t file = {.rev = rc_svn_rev_of(id), .path = rc_svn_fspath(entry->path, pool)};
    const char *checksum;

    RC_TRY(rc_svn_look(&file, vcs, pool));
    if (file.kind == RC_ENTRY_NONE)
        return NULL;
    entry->kind = file.kind;
    entry->id = apr_psprintf(pool, "%ld", file.rev);
    if (file.kind == RC_ENTRY_DIR)
        return NULL;
    RC_TRY(checksum_of(&checksum, vcs, &file, pool));
    entry->id = apr_psprintf(pool, "%ld-%s", file.rev, checksum);
    return NULL;
}

rc_err_t *rc_svn_read_dir(apr_hash_t **entries, rc_vcs_t *vcs, svn_revnum_t rev, const char *path,
                          apr_pool_t *pool)
{
    svn_fs_root_t *root;

    RC_TRY(rc_work_spend(vcs->work, 0, vcs->pool));
    RC_TRY(rc_svn_root(&root, vcs, rev));
    return rc_svn_err(RC_SVN(svn_fs_dir_entries(entries, root, path, pool)), vcs->pool,
                      "cannot read the directory %s in revision %ld of %s", path, rev, vcs->path);
}

static rc_err_t *pass_listed(apr_hash_t *entries, const char *id, rc_list_fn_t *fn, void *baton,
                             apr_pool_t *pool)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(pool, entries); at; at = apr_hash_next(at)) {
        const svn_fs_dirent_t *listed = apr_hash_this_val(at);
        rc_entry_t entry = {.kind = listed->kind == svn_node_dir ? RC_ENTRY_DIR : RC_ENTRY_FILE,
                            .path = listed->name,
                            .id = id};

        RC_TRY(fn(baton, &entry));
    }
    return NULL;
}

/* The properties of the entries are not read: a program or a link is listed as a file, and its
 * content is read as what it is. */
rc_err_t *rc_svn_list(rc_vcs_t *vcs, const char *id, const rc_entry_t *dir, rc_list_fn_t *fn,
                      void *baton, apr_pool_t *scratch)
{
    svn_revnum_t rev = rc_svn_rev_of(id);
    apr_hash_t *entries;

    RC_TRY(rc_svn_read_dir(&entries, vcs, rev, rc_svn_fspath(dir->path, scratch), scratch));
    return pass_listed(entries, apr_psprintf(scratch, "%ld", rev), fn, baton, scratch);
}
