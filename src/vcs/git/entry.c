// SPDX-License-Identifier: Apache-2.0
/*
 * Finds an entry of a commit, lists one directory, and reads one file. libgit2 cannot read a packed
 * object in pieces, so git in a child writes a large one into the spool's file.
 */
#include "cursor.h"

#include <string.h>

#include "objects.h"
#include "table.h"
#include "run.h"
#include "base/hex.h"

/* From this size on a child is worth its start; smaller files are read at once. */
#define STREAMED (2 * RC_VCS_LARGE)

/* Smaller contents are read together with their size, and counted afterwards. */
#define AT_ONCE ((apr_off_t)64 << 10)

rc_err_t *rc_git_root(git_oid *tree, rc_git_t *git, const char *id, apr_pool_t *pool)
{
    rc_git_header_t header = {0};
    git_odb_object *object;
    git_oid oid;
    bool good;

    if (!rc_git_hex(&oid, id))
        return rc_err_internal(pool, APR_SUCCESS, "'%s' is not the id of a commit", id);
    RC_TRY(rc_git_read(&object, git, &oid, GIT_OBJECT_COMMIT, pool));
    good = rc_git_header_parse(&header, git_odb_object_data(object), git_odb_object_size(object));
    *tree = header.tree;
    git_odb_object_free(object);
    return good ? NULL
                : rc_err_internal(pool, APR_SUCCESS, "commit %s in %s is damaged", id, git->path);
}

/* Finds the entry of commit @a id at entry->path, which must be clean; entry->mode is 0 when there
 * is none. */
static rc_err_t *find_path(rc_git_entry_t *entry, rc_git_t *git, const char *id,
                           apr_pool_t *err_pool)
{
    const char *part;
    size_t len;

    RC_TRY(rc_git_root(&entry->id, git, id, err_pool));
    entry->mode = RC_GIT_DIRECTORY;
    for (part = entry->path; *part && entry->mode; part += len + (part[len] == '/')) {
        git_oid tree = entry->id;

        len = strcspn(part, "/");
        if (entry->mode == RC_GIT_DIRECTORY)
            RC_TRY(rc_git_cursor_find(entry, git, &tree, part, len, err_pool));
        else
            entry->mode = 0; /* nothing is below a file */
    }
    return NULL;
}

rc_entry_kind_t rc_git_kind(apr_uint32_t mode)
{
    switch (mode) {
    case 0:
        return RC_ENTRY_NONE;
    case 0120000:
        return RC_ENTRY_LINK;
    case 0100755:
        return RC_ENTRY_PROGRAM;
    case RC_GIT_DIRECTORY:
        return RC_ENTRY_DIR;
    case RC_GIT_SUBMODULE:
        return RC_ENTRY_SUBMODULE;
    default:
        return RC_ENTRY_FILE;
    }
}

rc_err_t *rc_git_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool)
{
    rc_git_entry_t found = {.path = entry->path};

    RC_TRY(find_path(&found, vcs->repo, id, vcs->pool));
    entry->kind = rc_git_kind(found.mode);
    if (entry->kind != RC_ENTRY_NONE)
        entry->id = rc_hex_text(found.id.id, RC_GIT_RAW, pool);
    return NULL;
}

rc_err_t *rc_git_list(rc_vcs_t *vcs, const char *id, const rc_entry_t *dir, rc_list_fn_t *fn,
                      void *baton, apr_pool_t *scratch)
{
    char hex[GIT_OID_HEXSZ + 1] = "";
    rc_entry_t entry = {.id = hex};
    rc_git_t *git = vcs->repo;
    rc_git_cursor_t cursor;
    git_oid tree;
    rc_err_t *err;

    (void)id;
    (void)scratch;
    rc_git_hex(&tree, dir->id);
    err = rc_git_cursor_open(&cursor, git, &tree, vcs->pool);
    while (!err && cursor.at.path) {
        entry.kind = rc_git_kind(cursor.at.mode);
        entry.path = cursor.at.path;
        rc_hex_write(hex, cursor.at.id.id, RC_GIT_RAW);
        rc_git_objects_expect(git->objects, &cursor.at.id);
        err = fn(baton, &entry);
        if (!err)
            err = rc_git_cursor_step(&cursor, git, vcs->pool);
    }
    if (!err)
        rc_git_objects_expect(git->objects, NULL);
    rc_git_cursor_close(&cursor);
    return err;
}

rc_err_t *rc_git_size(apr_off_t *size, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    const char *unread;
    git_oid id;

    rc_git_hex(&id, entry->id);
    return rc_git_blob_look(&unread, size, vcs->repo, &id, 0, vcs->pool, NULL);
}

rc_err_t *rc_git_content_read(const char **data, rc_vcs_t *vcs, rc_entry_t *entry, apr_off_t most,
                              apr_pool_t *pool)
{
    apr_off_t at_once = most < AT_ONCE ? most : AT_ONCE;
    git_oid id;

    rc_git_hex(&id, entry->id);
    RC_TRY(rc_git_blob_look(data, &entry->size, vcs->repo, &id, (size_t)at_once, vcs->pool, pool));
    if (*data || entry->size >= most)
        return NULL;
    return rc_git_blob_read(data, vcs->repo, &id, entry->size, vcs->pool, pool);
}

static rc_err_t *copy_small(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    const char *data;
    apr_pool_t *scratch;
    rc_err_t *err;
    git_oid id;

    rc_git_hex(&id, entry->id);
    apr_pool_create(&scratch, vcs->pool);
    err = rc_git_blob_read(&data, vcs->repo, &id, entry->size, vcs->pool, scratch);
    if (!err)
        err = rc_spool_write(spool, data, (apr_size_t)entry->size);
    apr_pool_destroy(scratch);
    return err;
}

static rc_err_t *copy_large(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    const char *const argv[] = {"git", "cat-file", "blob", entry->id, NULL};
    const rc_git_t *git = vcs->repo;
    apr_off_t start = rc_spool_size(spool);
    apr_file_t *file;

    RC_TRY(rc_work_spend(git->work, entry->size, vcs->pool));
    RC_TRY(rc_spool_lend(&file, spool));
    RC_TRY(rc_git_output(file, start + entry->size, git->path, argv, git->work, vcs->pool));
    RC_TRY(rc_spool_take_back(spool));
    if (rc_spool_size(spool) - start == entry->size)
        return NULL;
    return rc_err_internal(vcs->pool, APR_SUCCESS, "%s in %s does not have the size in its header",
                           entry->id, git->path);
}

rc_err_t *rc_git_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    return entry->size < STREAMED ? copy_small(spool, vcs, entry) : copy_large(spool, vcs, entry);
}
