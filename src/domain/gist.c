// SPDX-License-Identifier: Apache-2.0
/*
 * Creates, finds and deletes gists, each a row and a small repository (contract 02 §8).
 */
#include "domain/gist.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"
#include "owner.h"

const char *rc_gist_path(const rc_env_t *env, const char *access_id, apr_pool_t *pool)
{
    return apr_pstrcat(pool, env->config->repo_root, "/.rc_gist_store/", access_id, NULL);
}

rc_err_t *rc_gist_open(rc_vcs_t **vcs, const char **id, rc_env_t *env, const char *access_id,
                       rc_work_t *work, apr_pool_t *pool)
{
    rc_rev_t tip;

    RC_TRY(rc_vcs_open(vcs, env->vcs_pool, RC_GIST_TYPE, rc_gist_path(env, access_id, pool), work,
                       pool));
    RC_TRY(rc_vcs_resolve(&tip, *vcs, NULL, pool));
    *id = tip.id;
    return NULL;
}

void rc_gist_remove(rc_disk_txn_t *disk, rc_env_t *env, const char *access_id, const char *work,
                    apr_pool_t *pool)
{
    const char *path = rc_gist_path(env, access_id, pool);

    if (!rc_fs_exists(path))
        return;
    rc_vcs_pool_forget(env->vcs_pool, path);
    rc_disk_txn_add(disk, path, apr_pstrcat(pool, work, "/gone-", access_id, NULL));
}

bool rc_gist_is_open(const rc_gist_t *gist, const rc_caller_t *caller)
{
    if (!gist || (gist->expires != -1 && gist->expires < apr_time_sec(apr_time_now())))
        return false;
    return strcmp(gist->acl_level, "acl_private") ||
           (!caller->anonymous && !rc_caller_is_scoped(caller));
}

/* --- use cases --- */

/* The characters of private access ids, without those that look alike. */
#define ALPHABET "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjklmnpqrstuvwxyz"

typedef struct creation_t {
    rc_gist_creation_t *request;
    rc_gist_t gist;
    const rc_user_t *owner;
    const char *path, *access_id;
    rc_disk_txn_t *disk;
} creation_t;

/* Finds the owner. Only super-admins may name another user; as all faults of the request, that is
 * RC_E_FAILED. */
static rc_err_t *find_gist_owner(creation_t *creation, rc_actor_t *actor)
{
    RC_TRY(rc_owner_find(&creation->owner, actor, &creation->request->owner));
    if (!actor->caller->admin && creation->owner->id != actor->caller->user_id)
        return rc_err_failed(actor->pool, "unusable owner");
    return NULL;
}

static rc_err_t *plan(creation_t *creation, rc_actor_t *actor)
{
    const rc_gist_creation_t *request = creation->request;
    apr_int64_t minutes = request->lifetime;
    rc_gist_t *gist = &creation->gist;

    RC_TRY(rc_actor_require_name(actor));
    RC_TRY(rc_actor_require_unscoped(actor));
    RC_TRY(find_gist_owner(creation, actor));
    gist->owner_id = creation->owner->id;
    gist->type = request->type;
    gist->description = request->description;
    gist->acl_level = request->acl_level;
    if ((strcmp(gist->type, "public") && strcmp(gist->type, "private")) ||
        (strcmp(gist->acl_level, "acl_public") && strcmp(gist->acl_level, "acl_private")))
        return rc_err_failed(actor->pool, "unusable type");
    gist->created_on = apr_time_now();
    gist->modified_at = gist->created_on;
    if (minutes > APR_INT64_C(1000000000) || minutes < -1)
        return rc_err_failed(actor->pool, "unusable lifetime");
    gist->expires = minutes == -1 ? -1 : apr_time_sec(gist->created_on) + minutes * 60;
    return NULL;
}

static rc_err_t *check_files(const rc_import_t *files, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < files->n_files; i++) {
        const char *name = files->files[i].name;

        if (!*name || strchr(name, '/') || rc_text_has_control(name) || strlen(name) > 255)
            return rc_err_failed(pool, "unusable file name");
    }
    return files->n_files ? NULL : rc_err_failed(pool, "no files");
}

static rc_err_t *prepare(creation_t *creation, rc_actor_t *actor)
{
    rc_import_t import = creation->request->files;
    const rc_user_t *owner;
    const char *work;

    RC_TRY(plan(creation, actor));
    RC_TRY(check_files(&import, actor->pool));
    owner = creation->owner;
    import.message = "added files";
    import.author = owner->username;
    import.email = owner->email ? owner->email : "nobody@localhost";
    if (!strcmp(creation->gist.type, "private"))
        RC_TRY(rc_random_text(&creation->access_id, ALPHABET, 20, actor->pool));
    RC_TRY(rc_work_dir(&work, actor->env, actor->pool));
    creation->path = apr_pstrcat(actor->pool, work, "/new", NULL);
    RC_TRY(rc_vcs_create(RC_GIST_TYPE, creation->path, actor->pool));
    RC_TRY(rc_vcs_import(RC_GIST_TYPE, creation->path, &import, actor->pool));
    return rc_disk_txn_made(creation->disk, creation->path);
}

static rc_err_t *insert(rc_actor_t *actor, void *baton)
{
    creation_t *creation = baton;
    rc_gist_t *gist = &creation->gist;

    RC_TRY(plan(creation, actor));
    gist->access_id = creation->access_id;
    RC_TRY(rc_store_gist_insert(gist, actor->db, actor->pool));
    RC_TRY(rc_actor_journal(actor, NULL, "user_created_gist", gist->access_id));
    rc_disk_txn_add(creation->disk, creation->path,
                    rc_gist_path(actor->env, gist->access_id, actor->pool));
    return rc_disk_txn_apply(creation->disk, actor->db);
}

rc_err_t *rc_gist_create(rc_actor_t *actor, rc_gist_creation_t *request)
{
    creation_t creation = {.request = request, .disk = rc_disk_txn_begin(actor->env, actor->pool)};
    rc_err_t *err;

    RC_TRY(prepare(&creation, actor));
    err = rc_actor_txn(actor, insert, &creation);
    rc_disk_txn_end(creation.disk, !err);
    request->gist = creation.gist;
    return err;
}

rc_err_t *rc_gist_find(rc_gist_t **gist, rc_actor_t *actor, const char *access_id)
{
    *gist = NULL;
    if (actor->caller->admin)
        RC_TRY(rc_store_gist(gist, actor->db, access_id, actor->pool));
    else if (!rc_caller_is_scoped(actor->caller)) /* no scope holds a gist */
        RC_TRY(rc_store_gist_of(gist, actor->db, access_id, actor->caller->user_id, actor->pool));
    return *gist ? NULL : rc_err(actor->pool, RC_E_ARG, "gist `%s` does not exist", access_id);
}

typedef struct removal_t {
    const char *access_id, *work;
    rc_disk_txn_t *disk;
} removal_t;

static rc_err_t *delete_gist(rc_actor_t *actor, void *baton)
{
    removal_t *removal = baton;
    rc_gist_t *gist;

    RC_TRY(rc_gist_find(&gist, actor, removal->access_id));
    removal->access_id = gist->access_id;
    RC_TRY(rc_store_gist_delete(actor->db, gist->id));
    RC_TRY(rc_actor_journal(actor, NULL, "user_deleted_gist", gist->access_id));
    rc_gist_remove(removal->disk, actor->env, gist->access_id, removal->work, actor->pool);
    return rc_disk_txn_apply(removal->disk, actor->db);
}

rc_err_t *rc_gist_delete(const char **deleted, rc_actor_t *actor, const char *access_id)
{
    removal_t removal = {.access_id = access_id,
                         .disk = rc_disk_txn_begin(actor->env, actor->pool)};
    rc_gist_t *gist;
    rc_err_t *err;

    RC_TRY(rc_gist_find(&gist, actor, access_id));
    RC_TRY(rc_work_dir(&removal.work, actor->env, actor->pool));
    err = rc_actor_txn(actor, delete_gist, &removal);
    rc_disk_txn_end(removal.disk, !err);
    *deleted = removal.access_id;
    return err;
}
