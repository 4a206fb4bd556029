// SPDX-License-Identifier: Apache-2.0
/*
 * Changes what belongs to one user, each time in one transaction with its entry of the journal.
 */
#include "domain/user_self.h"

#include <apr_strings.h>

#include "store/repo.h"
#include "store/session.h"

/* --- rights --- */

typedef rc_err_t *right_fn(const rc_actor_t *actor, const rc_user_t *user);

static rc_err_t *right_to_user(const rc_actor_t *actor, const rc_user_t *user)
{
    RC_TRY(rc_actor_require_unscoped(actor));
    return rc_actor_require_user(actor, user->id);
}

static rc_err_t *right_to_keys(const rc_actor_t *actor, const rc_user_t *user)
{
    RC_TRY(rc_actor_require_user(actor, user->id));
    return rc_actor_require_full(actor);
}

static rc_err_t *right_to_addresses(const rc_actor_t *actor, const rc_user_t *user)
{
    (void)user;
    return rc_actor_require_admin(actor);
}

static rc_err_t *record(rc_actor_t *actor, const rc_user_t *user, const char *done,
                        const char *what)
{
    return rc_actor_journal_user(actor, user->id, user->username, done, what);
}

/* --- items --- */

/* One kind of change: its right, the change itself, and what the journal says. */
typedef struct item_kind_t {
    right_fn *right;
    rc_err_t *(*change)(rc_db_t *db, apr_int64_t user_id, const char *value, apr_pool_t *pool);
    const char *done;
} item_kind_t;

typedef struct item_change_t {
    const item_kind_t *kind;
    const rc_user_item_t *request;
} item_change_t;

static const item_kind_t add_email = {right_to_user, rc_email_add, "added_email"};
static const item_kind_t remove_email = {right_to_user, rc_email_remove, "removed_email"};
static const item_kind_t add_ip = {right_to_addresses, rc_ip_add, "added_ip"};
static const item_kind_t remove_ip = {right_to_addresses, rc_ip_remove, "removed_ip"};

static rc_err_t *change_item(rc_actor_t *actor, void *baton)
{
    const item_change_t *item = baton;
    const item_kind_t *kind = item->kind;
    const rc_user_t *user = item->request->user;
    const char *value = item->request->value;

    RC_TRY(kind->right(actor, user));
    RC_TRY(kind->change(actor->db, user->id, value, actor->pool));
    return record(actor, user, kind->done, value);
}

static rc_err_t *run_item(rc_actor_t *actor, const item_kind_t *kind, const rc_user_item_t *request)
{
    item_change_t item = {kind, request};

    return rc_actor_txn(actor, change_item, &item);
}

rc_err_t *rc_user_email_add(rc_actor_t *actor, const rc_user_item_t *request)
{
    return run_item(actor, &add_email, request);
}

rc_err_t *rc_user_email_remove(rc_actor_t *actor, const rc_user_item_t *request)
{
    return run_item(actor, &remove_email, request);
}

rc_err_t *rc_user_ip_add(rc_actor_t *actor, const rc_user_item_t *request)
{
    return run_item(actor, &add_ip, request);
}

rc_err_t *rc_user_ip_remove(rc_actor_t *actor, const rc_user_item_t *request)
{
    return run_item(actor, &remove_ip, request);
}

/* --- password --- */

typedef struct password_change_t {
    const rc_user_item_t *request;
    const char *hash;
} password_change_t;

static rc_err_t *set_password(rc_actor_t *actor, void *baton)
{
    const password_change_t *change = baton;
    const rc_user_t *user = change->request->user;

    RC_TRY(right_to_user(actor, user));
    RC_TRY(rc_store_user_set_password(actor->db, user->id, change->hash));
    RC_TRY(rc_store_sessions_delete(actor->db, user->id));
    return record(actor, user, "set_password", NULL);
}

rc_err_t *rc_user_password_set(rc_actor_t *actor, const rc_user_item_t *request)
{
    password_change_t change = {request, NULL};

    RC_TRY(right_to_user(actor, request->user)); /* a hash is costly */
    if (request->value)
        RC_TRY(rc_user_not_default(request->user, actor->pool));
    if (request->value)
        RC_TRY(rc_password_hash(&change.hash, &actor->env->passwords, request->value, actor->pool));
    return rc_actor_txn(actor, set_password, &change);
}

/* --- keys --- */

rc_err_t *rc_user_show(rc_user_details_t *out, rc_actor_t *actor, const rc_user_t *user)
{
    RC_TRY(right_to_keys(actor, user));
    return rc_store_user_details(out, actor->db, user, actor->pool);
}

/* --- following --- */

static rc_err_t *follow_repo(rc_actor_t *actor, const rc_following_t *request)
{
    const rc_repo_t *repo = request->repo;

    if (!actor->caller->admin)
        RC_TRY(rc_actor_require_on(actor, RC_KIND_REPO, repo->id, RC_READ));
    return request->on ? rc_store_follow_repo(actor->db, request->user->id, repo->id)
                       : rc_store_unfollow_repo(actor->db, request->user->id, repo->id);
}

static rc_err_t *follow_user(rc_actor_t *actor, const rc_following_t *request)
{
    apr_int64_t user_id = request->user->id, other_id = request->other->id;

    if (user_id == other_id)
        return rc_err(actor->pool, RC_E_ARG, "a user cannot follow themselves");
    return request->on ? rc_store_follow_user(actor->db, user_id, other_id)
                       : rc_store_unfollow_user(actor->db, user_id, other_id);
}

static rc_err_t *set_following(rc_actor_t *actor, void *baton)
{
    const rc_following_t *request = *(const rc_following_t **)baton;

    RC_TRY(right_to_user(actor, request->user));
    RC_TRY(request->repo ? follow_repo(actor, request) : follow_user(actor, request));
    return record(actor, request->user, request->on ? "added_follower" : "removed_follower",
                  request->repo
                      ? request->repo->name
                      : apr_pstrcat(actor->pool, "user ", request->other->username, NULL));
}

rc_err_t *rc_user_follow(rc_actor_t *actor, const rc_following_t *request)
{
    return rc_actor_txn(actor, set_following, &request);
}
