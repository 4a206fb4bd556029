// SPDX-License-Identifier: Apache-2.0
/*
 * Updates the database from the repository root: adds repositories, and removes the rows of those
 * that are gone (contract 02 rescan_repos, 04 §6 duty 8).
 */
#include "domain/scan.h"
#include "root.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "domain/last_changeset.h"
#include "base/fs.h"
#include "base/log.h"
#include "domain/disk_transaction.h"
#include "store/repo_change.h"
#include "domain/repo.h"
#include "base/text.h"
#include "store/user.h"

#define UNMOUNTED                                                                                  \
    "nothing is in it any more: is its file system mounted? If it is lost, remove the folder, too"

/* --- adding --- */

typedef struct addition_t {
    rc_new_repo_t repo;
    rc_actor_t *actor;
    apr_pool_t *pool; /* cleared before the next repository */
    bool permitted;   /* the right was checked in the transaction */
    bool done;
} addition_t;

static const char *read_description(const rc_repo_t *row, const char *path, apr_pool_t *pool)
{
    const char *text = rc_vcs_description(row->type, path, pool);

    return text ? rc_utf8_repair(text, pool) : apr_pstrcat(pool, row->name, " repository", NULL);
}

/* Checks again under the write lock, when no other change is half done, and inserts the row. */
static rc_err_t *add_one(rc_actor_t *actor, void *baton)
{
    addition_t *addition = baton;
    rc_repo_t *row = &addition->repo.row, *known;
    apr_pool_t *pool = addition->pool;
    rc_db_t *db = actor->db;

    RC_TRY(rc_actor_require_admin(actor));
    addition->permitted = true;
    RC_TRY(rc_store_repo_by_name(&known, db, rc_viewer_user(row->owner_id), row->name, pool));
    if (known || !rc_is_repository(rc_env_repo_path(actor->env, row->name, pool), pool))
        return NULL;
    RC_TRY(rc_repo_defaults(row, db, pool));
    addition->done = true;
    RC_TRY(rc_repo_insert(&addition->repo, db, pool));
    return rc_actor_journal(actor, row, "admin_created_repo", NULL);
}

static rc_err_t *prepare_one(addition_t *addition)
{
    rc_repo_t *row = &addition->repo.row;
    const char *path = rc_env_repo_path(addition->actor->env, row->name, addition->pool);
    const char *problem;
    rc_detected_t detected;
    rc_vcs_t *vcs;

    rc_vcs_detect(&detected, path, addition->pool);
    if (detected.found < RC_FOUND_HOOKED)
        return rc_err_failed(addition->pool, "it is no repository any more");
    RC_TRY(rc_vcs_inspect(&problem, detected.type, path, addition->pool));
    if (problem)
        return rc_err_failed(addition->pool, "it is %s", problem);
    row->type = detected.type;
    row->landing_rev = "rev:tip";
    row->description = read_description(row, path, addition->pool);
    RC_TRY(rc_vcs_open(&vcs, NULL, row->type, path, NULL, addition->pool));
    return rc_last_read(&row->last, vcs, addition->pool);
}

static void skip(apr_array_header_t *list, const char *name, const char *why)
{
    rc_skipped_t *skipped = apr_array_push(list);

    skipped->name = apr_pstrdup(list->pool, name);
    skipped->why = apr_pstrdup(list->pool, why);
}

/* Adds the repository with the name in the row, unless the database has it. One that cannot be read
 * or added is put on the list of skipped ones. */
static rc_err_t *add_name(addition_t *addition, rc_scan_t *scan)
{
    const rc_repo_t *row = &addition->repo.row;
    rc_actor_t *actor = addition->actor;
    rc_repo_t *known;
    rc_err_t *err;

    RC_TRY(rc_store_repo_by_name(&known, actor->db, rc_viewer_user(row->owner_id), row->name,
                                 addition->pool));
    addition->permitted = true;
    if (known) { /* it may have been changed without the server */
        err = rc_last_refresh(known, actor->env, actor->db, addition->pool);
    } else if (!(err = prepare_one(addition))) {
        addition->permitted = false;
        err = rc_actor_txn(actor, add_one, addition);
    }
    if (err && (err->kind == RC_E_BUSY || !addition->permitted))
        return err;
    if (err)
        skip(scan->skipped, row->name, rc_err_log_text(err, addition->pool));
    return NULL;
}

static rc_err_t *add_all(apr_array_header_t *added, addition_t *addition, rc_scan_t *scan)
{
    apr_int64_t owner_id = addition->repo.row.owner_id;
    int i;

    for (i = 0; i < scan->names->nelts; i++) {
        apr_pool_clear(addition->pool);
        addition->done = false;
        memset(&addition->repo, 0, sizeof(addition->repo));
        addition->repo.row.owner_id = owner_id;
        addition->repo.row.name = APR_ARRAY_IDX(scan->names, i, const char *);
        RC_TRY(add_name(addition, scan));
        if (addition->done)
            APR_ARRAY_PUSH(added, const char *) = addition->repo.row.name;
    }
    return NULL;
}

/* Logs all skipped repositories; *@a skipped lists those that the database does not have. */
static rc_err_t *tell(apr_array_header_t **skipped, const rc_scan_t *scan, rc_db_t *db,
                      apr_int64_t user_id, apr_pool_t *pool)
{
    rc_repo_t *known;
    int i;

    *skipped = apr_array_make(pool, 4, sizeof(rc_skipped_t));
    for (i = 0; i < scan->skipped->nelts; i++) {
        const rc_skipped_t *folder = &APR_ARRAY_IDX(scan->skipped, i, rc_skipped_t);

        RC_TRY(rc_store_repo_by_name(&known, db, rc_viewer_user(user_id), folder->name, pool));
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s: %s: %s", known ? "cannot be read" : "not served",
               folder->name, folder->why);
        if (!known)
            APR_ARRAY_PUSH(*skipped, rc_skipped_t) = *folder;
    }
    return NULL;
}

rc_err_t *rc_scan_add(apr_array_header_t **added, apr_array_header_t **skipped, rc_actor_t *actor)
{
    addition_t addition = {.actor = actor};
    apr_pool_t *pool = actor->pool;
    rc_scan_t scan = {NULL, NULL};
    rc_user_t *owner;
    bool busy;

    *added = apr_array_make(pool, 8, sizeof(const char *));
    RC_TRY(rc_actor_require_admin(actor));
    /* half done changes are not new ones */
    RC_TRY(rc_disk_txn_settle(&busy, actor->env, actor->db, pool));
    RC_TRY(rc_scan_root(&scan, actor->env, pool));
    RC_TRY(rc_store_first_admin(&owner, actor->db, pool));
    apr_pool_create(&addition.pool, pool);
    if (owner) {
        addition.repo.row.owner_id = owner->id;
        RC_TRY(add_all(*added, &addition, &scan));
    }
    apr_pool_destroy(addition.pool);
    return tell(skipped, &scan, actor->db, owner ? owner->id : 0, pool);
}

/* --- removing --- */

typedef struct forgetting_t {
    apr_array_header_t *removed; /* const char * */
    apr_array_header_t *skipped; /* rc_skipped_t */
    apr_hash_t *kept;            /* names of directories in skipped */
} forgetting_t;

/* A server keeps what may be on a file system that is not mounted, and says so once for each. */
static bool is_kept(const forgetting_t *forgetting, const rc_actor_t *actor, const char *name)
{
    const rc_env_t *env = actor->env;
    const char *folder = env->config->serves ? rc_root_unmounted(env, name, actor->pool) : NULL;

    if (!folder || apr_hash_get(forgetting->kept, folder, APR_HASH_KEY_STRING))
        return folder;
    apr_hash_set(forgetting->kept, folder, APR_HASH_KEY_STRING, folder);
    skip(forgetting->skipped, folder, UNMOUNTED);
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "not removed: %s: " UNMOUNTED, folder);
    return true;
}

/* Lists the repositories that are gone. A server takes several for lost only while others are left:
 * else their file system may not be mounted, or somebody has moved them. */
static rc_err_t *find_gone(apr_array_header_t **gone, const rc_actor_t *actor)
{
    const rc_env_t *env = actor->env;
    apr_array_header_t *repos;
    int i;

    RC_TRY(rc_store_repo_names(&repos, actor->db, actor->pool));
    *gone = apr_array_make(actor->pool, 8, sizeof(rc_named_t));
    for (i = 0; i < repos->nelts; i++) {
        const rc_named_t *repo = &APR_ARRAY_IDX(repos, i, rc_named_t);

        if (rc_vcs_is_gone(rc_env_repo_path(env, repo->name, actor->pool), actor->pool))
            APR_ARRAY_PUSH(*gone, rc_named_t) = *repo;
    }
    if (env->config->serves && (*gone)->nelts > 1 && (*gone)->nelts == repos->nelts)
        return rc_err_failed(actor->pool, RC_ROOT_EMPTY, env->config->repo_root,
                             env->config->db.path);
    return NULL;
}

static rc_err_t *remove_repos(const forgetting_t *forgetting, rc_actor_t *actor)
{
    apr_array_header_t *gone;
    int i;

    RC_TRY(find_gone(&gone, actor));
    for (i = 0; i < gone->nelts; i++) {
        const rc_named_t *named = &APR_ARRAY_IDX(gone, i, rc_named_t);
        const rc_repo_t repo = {.id = named->id, .name = named->name};

        if (is_kept(forgetting, actor, repo.name))
            continue;
        RC_TRY(rc_actor_journal(actor, &repo, "admin_deleted_repo", NULL));
        RC_TRY(rc_store_repo_delete(actor->db, repo.id));
        APR_ARRAY_PUSH(forgetting->removed, const char *) = repo.name;
    }
    return NULL;
}

static rc_err_t *remove_groups(const forgetting_t *forgetting, rc_actor_t *actor)
{
    apr_array_header_t *groups;
    bool deleted;
    int i;

    RC_TRY(rc_store_repo_groups_deepest(&groups, actor->db, actor->pool));
    for (i = 0; i < groups->nelts; i++) {
        const rc_named_t *group = &APR_ARRAY_IDX(groups, i, rc_named_t);

        if (!rc_fs_is_missing(rc_env_repo_path(actor->env, group->name, actor->pool)) ||
            is_kept(forgetting, actor, group->name))
            continue;
        RC_TRY(rc_store_repo_group_delete_empty(&deleted, actor->db, group->id));
        if (deleted)
            APR_ARRAY_PUSH(forgetting->removed, const char *) = group->name;
    }
    return NULL;
}

static rc_err_t *remove_all(rc_actor_t *actor, void *baton)
{
    const forgetting_t *forgetting = baton;

    RC_TRY(rc_actor_require_admin(actor));
    /* A missing root may be a missing mount: then nothing is removed. */
    if (rc_fs_is_missing(actor->env->work_dir))
        return rc_err_internal(actor->pool, APR_ENOENT, "%s is gone", actor->env->work_dir);
    RC_TRY(remove_repos(forgetting, actor));
    return remove_groups(forgetting, actor);
}

rc_err_t *rc_scan_remove(apr_array_header_t **removed, apr_array_header_t *skipped,
                         rc_actor_t *actor)
{
    forgetting_t forgetting = {apr_array_make(actor->pool, 8, sizeof(const char *)), skipped,
                               apr_hash_make(actor->pool)};

    *removed = forgetting.removed;
    return rc_actor_txn(actor, remove_all, &forgetting);
}
