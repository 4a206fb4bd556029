// SPDX-License-Identifier: Apache-2.0
/*
 * Passes the files of a changeset to be packed as an archive, in the order of the manifest, behind
 * .hg_archival.txt, which says what the archive is of (contract 08 §5).
 */
#include "hg.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_portable.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/log.h"

#define ARCHIVAL  ".hg_archival.txt"
#define PATH_MOST 4096 /* bytes of a path, and of a link's target */

typedef struct hg_export_t {
    rc_vcs_t *vcs;
    const char *temp_dir;
    rc_item_fn_t *fn;
    void *baton;
    const char *last; /* the path before: its directories were passed */
} hg_export_t;

/* --- paths --- */

/* Returns whether a directory or file can have this name: not in the way up, and not one that hg
 * itself keeps its settings in. hg checks out neither. */
static bool is_name_allowed(const char *name, apr_size_t len)
{
    return len && (len > 2 || strncmp(name, "..", len)) &&
           (len != 3 || strncasecmp(name, ".hg", len));
}

/* Returns whether all names in a path are allowed, and no directory is a link. */
static bool is_allowed(apr_hash_t *links, const char *path)
{
    const char *name = path;

    for (;;) {
        apr_size_t len = strcspn(name, "/");

        if (!is_name_allowed(name, len))
            return false;
        name += len;
        if (!*name)
            return true;
        if (apr_hash_get(links, path, name - path))
            return false;
        name++;
    }
}

static rc_err_t *check_path(apr_hash_t *links, const hg_export_t *export, const rc_hg_file_t *file)
{
    RC_TRY(rc_work_entry(export->vcs->work, export->vcs->pool));
    if (strlen(file->path) > PATH_MOST)
        return rc_err(export->vcs->pool, RC_E_LIMIT, "This commit has a path that is too long");
    if (!is_allowed(links, file->path)) {
        rc_log(RC_LOG_INFO, APR_SUCCESS, "no archive of %s: '%s' leads out of a directory",
               export->vcs->path, file->path);
        return rc_err(export->vcs->pool, RC_E_NOTFOUND,
                      "There is no archive of this commit: a path in it holds a name that is not "
                      "allowed");
    }
    if (file->kind == RC_ENTRY_LINK) /* the order of paths has a link before what is below it */
        apr_hash_set(links, file->path, APR_HASH_KEY_STRING, "");
    return NULL;
}

/* Looks at all paths before the first one is passed. */
static rc_err_t *check_paths(const hg_export_t *export, const rc_hg_text_t *text, apr_pool_t *pool)
{
    const char *line = text->data, *end = text->data + text->len;
    apr_hash_t *links = apr_hash_make(pool);
    rc_hg_file_t file;

    while (line < end) {
        line = rc_hg_read_line(&file, line);
        RC_TRY(check_path(links, export, &file));
    }
    return NULL;
}

/* Passes the directories of @a path that the path before was not in. */
static rc_err_t *pass_folders(hg_export_t *export, const char *path, apr_pool_t *scratch)
{
    const char *slash = path;

    while ((slash = strchr(slash, '/'))) {
        apr_size_t len = (apr_size_t)(slash - path) + 1;
        rc_item_t item = {.kind = RC_ITEM_FOLDER, .fd = -1};

        item.path = apr_pstrmemdup(scratch, path, len - 1);
        if (strncmp(export->last, path, len))
            RC_TRY(export->fn(export->baton, &item));
        slash++;
    }
    return NULL;
}

/* --- files --- */

/* A large content is passed as a file, so that it is in memory once. */
static rc_err_t *pass_large(rc_item_t *item, const hg_export_t *export, const rc_hg_text_t *text,
                            apr_pool_t *scratch)
{
    rc_spool_t *spool = rc_spool_create(export->temp_dir, scratch);
    apr_file_t *spooled = NULL;

    RC_TRY(rc_spool_write(spool, text->data, text->len));
    RC_TRY(rc_spool_content(&item->data, &spooled, spool));
    if (spooled && (apr_os_file_get(&item->fd, spooled) || lseek(item->fd, 0, SEEK_SET)))
        return rc_err_internal(export->vcs->pool, APR_SUCCESS, "cannot read a temporary file");
    return NULL;
}

static rc_err_t *pass_item(hg_export_t *export, const rc_hg_file_t *file, apr_pool_t *scratch)
{
    rc_item_t item = {.path = file->path, .fd = -1};
    rc_hg_text_t text;

    RC_TRY(rc_hg_read_file(&text, export->vcs, file));
    item.size = (apr_off_t)text.len;
    item.data = text.data;
    item.kind = file->kind == RC_ENTRY_LINK      ? RC_ITEM_LINK
                : file->kind == RC_ENTRY_PROGRAM ? RC_ITEM_PROGRAM
                                                 : RC_ITEM_FILE;
    if (item.kind == RC_ITEM_LINK && item.size > PATH_MOST)
        return rc_err(export->vcs->pool, RC_E_LIMIT, "This commit has a link that is too long");
    if (item.size >= RC_VCS_LARGE)
        RC_TRY(pass_large(&item, export, &text, scratch));
    RC_TRY(pass_folders(export, file->path, scratch));
    return export->fn(export->baton, &item);
}

static rc_err_t *pass_files(hg_export_t *export, const rc_hg_text_t *text, apr_pool_t *pool)
{
    const char *line = text->data, *end = text->data + text->len;
    apr_pool_t *scratch;
    rc_hg_file_t file;

    apr_pool_create(&scratch, pool);
    export->last = "";
    while (line < end) {
        apr_pool_clear(scratch);
        line = rc_hg_read_line(&file, line);
        if (!strcmp(file.path, ARCHIVAL))
            continue;
        RC_TRY(pass_item(export, &file, scratch));
        export->last = file.path;
    }
    apr_pool_destroy(scratch);
    return NULL;
}

/* --- .hg_archival.txt --- */

/* Holds nothing that changes later: no tags. */
static rc_err_t *pass_archival(const hg_export_t *export, int rev, apr_pool_t *pool)
{
    rc_item_t item = {.path = ARCHIVAL, .kind = RC_ITEM_FILE, .fd = -1};
    rc_hg_changeset_t changeset;
    rc_hg_snapshot_t *snapshot;
    int first = 0;

    RC_TRY(rc_hg_snapshot(&snapshot, export->vcs));
    RC_TRY(rc_hg_read_changeset(&changeset, export->vcs, rev, pool));
    while (snapshot->hidden[first])
        first++;
    item.data =
        apr_pstrcat(pool, "repo: ", rc_hex_text(rc_hg_node(snapshot->log, first), RC_HG_NODE, pool),
                    "\nnode: ", rc_hex_text(rc_hg_node(snapshot->log, rev), RC_HG_NODE, pool),
                    "\nbranch: ", changeset.branch, "\n", NULL);
    item.size = (apr_off_t)strlen(item.data);
    return export->fn(export->baton, &item);
}

rc_err_t *rc_hg_export(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                       rc_item_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    hg_export_t export = {.vcs = vcs, .temp_dir = temp_dir, .fn = fn, .baton = baton};
    rc_hg_text_t text;
    int rev;

    (void)top; /* branches are no directories */
    RC_TRY(rc_hg_rev_of(&rev, vcs, id));
    RC_TRY(rc_hg_read_manifest(&text, vcs, rev));
    RC_TRY(check_paths(&export, &text, scratch));
    RC_TRY(pass_archival(&export, rev, scratch));
    return pass_files(&export, &text, scratch);
}
