// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the repositories of the source on the disk and, when they are to be copied, copies them
 * into .rc_tmp: both before the transaction, because it takes long.
 */
#include "import.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "domain/repo.h"

enum { PLACE_ID, PLACE_NAME, PLACE_TYPE = 3 }; /* columns of FROM_REPOS */

/* --- copying a tree --- */

/* Hooks are programs of the other server: they stay there. */
static bool is_hook(const FTSENT *entry)
{
    return entry->fts_level == 2 && entry->fts_info == FTS_F && entry->fts_statp->st_mode & 0111 &&
           !strcmp(entry->fts_parent->fts_name, "hooks");
}

static rc_err_t *copy_one(const FTSENT *entry, const char *to, apr_pool_t *scratch)
{
    switch (entry->fts_info) {
    case FTS_D:
        return mkdir(to, 0755) ? rc_fs_err(scratch, "create", to) : NULL;
    case FTS_F:
        return is_hook(entry) ? NULL : rc_fs_copy(entry->fts_accpath, to, O_NOFOLLOW, scratch);
    case FTS_DP:
        return NULL;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        errno = entry->fts_errno;
        return rc_fs_err(scratch, "read", entry->fts_path);
    default:
        return rc_err_failed(scratch, "%s is neither a file nor a directory", entry->fts_path);
    }
}

static rc_err_t *copy_place(const char *from, const char *to, apr_pool_t *scratch)
{
    char *const roots[] = {apr_pstrdup(scratch, from), NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    rc_err_t *err = NULL;
    FTSENT *entry;

    if (!tree)
        return rc_fs_err(scratch, "read", from);
    while (!err && (entry = fts_read(tree)))
        err = copy_one(entry, apr_pstrcat(scratch, to, entry->fts_path + strlen(from), NULL),
                       scratch);
    fts_close(tree);
    return err;
}

/* --- looking at the disk --- */

/* Returns why what is at @a path cannot be served, in @a pool, and its type; NULL: it can. */
static rc_err_t *look_at_place(rc_place_t *place, rc_importing_t *the, const char *path,
                               const char *type, apr_pool_t *scratch)
{
    rc_detected_t detected;
    const char *problem = NULL;

    rc_vcs_detect(&detected, path, scratch);
    if (detected.found == RC_FOUND_NOTHING)
        problem =
            rc_fs_exists(path) ? "there is no repository on the disk" : "it is missing on the disk";
    else if (detected.found < RC_FOUND_HOOKED ||
             (detected.found == RC_FOUND_HOOKED && !the->actor->env->config->svn_hooks &&
              !the->move_in->copy))
        problem = apr_pstrcat(scratch, "on the disk it is ", detected.why, NULL);
    else if (strcmp(detected.type, type))
        problem = apr_psprintf(scratch, "its type is %s, and %s on the disk", type, detected.type);
    else
        RC_TRY(rc_vcs_inspect(&problem, type, path, scratch));
    place->why = problem ? apr_pstrdup(the->pool, problem) : NULL;
    place->type = problem ? NULL : apr_pstrdup(the->pool, type);
    return NULL;
}

static rc_err_t *bring_place(rc_place_t *place, rc_importing_t *the, const char *from,
                             apr_int64_t id, apr_pool_t *scratch)
{
    rc_err_t *err;

    place->at = place->path = apr_psprintf(the->pool, "%s/repo-%" APR_INT64_T_FMT, the->work, id);
    if ((err = copy_place(from, place->path, scratch))) {
        place->type = NULL;
        place->why = apr_pstrdup(the->pool, rc_err_log_text(err, scratch));
        return NULL;
    }
    return rc_disk_txn_made(the->disk, place->path);
}

static void remember_place(rc_importing_t *the, rc_place_t *place, apr_int64_t id)
{
    apr_int64_t *key = apr_pmemdup(the->pool, &id, sizeof(id));

    apr_hash_set(the->places_by_id, key, sizeof(*key), place);
}

static rc_err_t *prepare_place(rc_importing_t *the, rc_rows_t *rows)
{
    apr_pool_t *scratch = rows->scratch;
    const char *name = rc_import_text(rows, PLACE_NAME, scratch), *path;
    const char *type = rc_import_short(rows, PLACE_TYPE, 16, scratch);
    rc_place_t *place;
    rc_store_found_t found;

    if (!name || rc_repo_name_problem(name))
        return NULL;
    place = apr_pcalloc(the->pool, sizeof(*place));
    apr_hash_set(the->places, apr_pstrdup(the->pool, name), APR_HASH_KEY_STRING, place);
    remember_place(the, place, rc_import_int(rows, PLACE_ID, 0));
    path = the->move_in->copy ? apr_pstrcat(scratch, the->move_in->copy, "/", name, NULL)
                              : rc_env_repo_path(the->actor->env, name, scratch);
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_REPO, scratch, name));
    if (found.id && the->move_in->copy) { /* it was copied before, or is another one */
        place->type = apr_pstrdup(the->pool, type);
        place->at = rc_env_repo_path(the->actor->env, name, the->pool);
        return NULL;
    }
    place->at = apr_pstrdup(the->pool, path);
    RC_TRY(look_at_place(place, the, path, type, scratch));
    if (!place->type || !the->move_in->copy || the->move_in->dry_run)
        return NULL;
    return bring_place(place, the, path, rc_import_int(rows, PLACE_ID, 0), scratch);
}

rc_err_t *rc_import_prepare_repos(rc_importing_t *the)
{
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_REPOS, the->pool));
    while (rc_rows_next(&rows))
        rows.err = prepare_place(the, &rows);
    return rc_rows_end(&rows);
}
