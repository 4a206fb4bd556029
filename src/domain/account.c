// SPDX-License-Identifier: Apache-2.0
/*
 * Creates, changes and deletes users, each in one transaction with its entry of the journal.
 */
#include "domain/account.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/disk_transaction.h"
#include "domain/gist.h"

#define RANDOM_PASSWORD_LENGTH 16
#define RANDOM_PASSWORD_OF     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Hashing is slow: call it outside of transactions. */
static rc_err_t *hash(const char **out, rc_actor_t *actor, const char *password)
{
    return rc_password_hash(out, &actor->env->passwords, password, actor->pool);
}

typedef struct creation_t {
    rc_user_creation_t *request;
    const char *password_hash;
} creation_t;

static rc_err_t *create_user(rc_actor_t *actor, void *baton)
{
    creation_t *creation = baton;
    rc_user_creation_t *request = creation->request;

    RC_TRY(rc_actor_require_admin(actor));
    request->user.password_hash = creation->password_hash;
    RC_TRY(rc_user_insert(&request->made, actor->db, rc_key_secret(actor->env), &request->user,
                          actor->pool));
    return rc_actor_journal(actor, NULL, "admin_created_user", request->made->username);
}

rc_err_t *rc_user_create(rc_actor_t *actor, rc_user_creation_t *request)
{
    const char *elsewhere = request->user.extern_name, *password = request->password;
    creation_t creation = {request, NULL};

    RC_TRY(rc_actor_require_admin(actor)); /* a hash is costly */
    if (elsewhere && *elsewhere && strcmp(elsewhere, "rhodecode"))
        RC_TRY(rc_random_text(&password, RANDOM_PASSWORD_OF, RANDOM_PASSWORD_LENGTH, actor->pool));
    if (password)
        RC_TRY(hash(&creation.password_hash, actor, password));
    return rc_actor_txn(actor, create_user, &creation);
}

/* Describes for the journal what changed in the user's rights; NULL: nothing. */
static const char *describe_account(const rc_user_t *from, const rc_user_t *to, apr_pool_t *pool)
{
    const char *admin = to->admin ? "admin" : "no admin";
    const char *active = to->active ? "active" : "not active";

    if (to->admin == from->admin)
        return to->active == from->active ? NULL : active;
    return to->active == from->active ? admin : apr_pstrcat(pool, admin, ", ", active, NULL);
}

typedef struct account_update_t {
    rc_user_update_t *request;
    const char *password_hash;
} account_update_t;

static rc_err_t *update_user(rc_actor_t *actor, void *baton)
{
    account_update_t *update = baton;
    rc_user_update_t *request = update->request;

    RC_TRY(rc_actor_require_admin(actor));
    RC_TRY(rc_user_not_default(request->user, actor->pool));
    request->change.password_hash = update->password_hash;
    RC_TRY(
        rc_user_change(&request->updated, actor->db, request->user, &request->change, actor->pool));
    return rc_actor_journal_named(actor, "admin_updated_user", request->updated->username,
                                  describe_account(request->user, request->updated, actor->pool));
}

rc_err_t *rc_user_update(rc_actor_t *actor, rc_user_update_t *request)
{
    account_update_t the = {request, NULL};

    RC_TRY(rc_actor_require_admin(actor));
    if (request->password) {
        RC_TRY(hash(&the.password_hash, actor, request->password));
        if (!the.password_hash)
            the.password_hash = "";
    }
    return rc_actor_txn(actor, update_user, &the);
}

/* The repositories of the user's gists are removed together with the rows. */
typedef struct removal_t {
    const rc_user_deletion_t *request;
    const char *work;
    rc_disk_txn_t *disk;
    rc_actor_t *actor;
} removal_t;

static rc_err_t *remove_gist(void *baton, const rc_gist_t *gist, apr_pool_t *scratch)
{
    removal_t *removal = baton;

    (void)scratch;
    rc_gist_remove(removal->disk, removal->actor->env, gist->access_id, removal->work,
                   removal->actor->pool);
    return NULL;
}

static rc_err_t *delete_user(rc_actor_t *actor, void *baton)
{
    removal_t *removal = baton;
    const rc_user_t *user = removal->request->user;

    RC_TRY(rc_actor_require_admin(actor));
    if (user->id == actor->caller->user_id)
        return rc_err_failed(actor->pool, "users cannot delete themselves");
    RC_TRY(rc_store_gists_each(actor->db, user->id, true, NULL, remove_gist, removal, actor->pool));
    RC_TRY(rc_user_remove(actor->db, user, actor->pool));
    RC_TRY(rc_actor_journal(actor, NULL, "admin_deleted_user", user->username));
    return rc_disk_txn_apply(removal->disk, actor->db);
}

rc_err_t *rc_user_delete(rc_actor_t *actor, const rc_user_deletion_t *request)
{
    removal_t removal = {
        .request = request, .disk = rc_disk_txn_begin(actor->env, actor->pool), .actor = actor};
    rc_err_t *err;

    RC_TRY(rc_work_dir(&removal.work, actor->env, actor->pool));
    err = rc_actor_txn(actor, delete_user, &removal);
    rc_disk_txn_end(removal.disk, !err);
    return err;
}
