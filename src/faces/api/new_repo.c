// SPDX-License-Identifier: Apache-2.0
/*
 * Making repositories: what creating and forking share.
 */
#include "new_repo.h"

#include <string.h>

rc_err_t *rc_new_repo_check_place(rc_call_t *call, const char *name)
{
    const char *parent = rc_repo_name_parent(name, call->pool);
    rc_repo_group_t *group;
    bool may;

    RC_TRY(rc_call_has_global(&may, call, "hg.create.repository"));
    if (may)
        return NULL;
    if (!parent)
        return rc_err(call->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
    RC_TRY(rc_store_repo_group_seen_by_name(&group, call->actor.db, call->actor.caller->user_id,
                                            parent, call->pool));
    if (!group || group->level < RC_ADMIN)
        return rc_err(call->pool, RC_E_ARG, "repository group `%s` does not exist", parent);
    return NULL;
}

rc_err_t *rc_new_repo_may_copy(bool *may, rc_call_t *call, const char *name)
{
    const char *parent = rc_repo_name_parent(name, call->pool);
    rc_repo_group_t *group = NULL;

    if (parent)
        RC_TRY(rc_store_repo_group_by_name(&group, call->actor.db, call->actor.caller->user_id,
                                           parent, call->pool));
    *may = group && group->level >= RC_READ;
    return NULL;
}

rc_err_t *rc_new_repo_check_owner(rc_call_t *call)
{
    if (rc_arg_given(call, "owner") && !call->actor.caller->admin)
        return rc_err(call->pool, RC_E_ARG, "Only RhodeCode admin can specify `owner` param");
    return NULL;
}

rc_err_t *rc_new_repo_find_owner(apr_int64_t *owner_id, rc_call_t *call)
{
    rc_user_t *owner;

    *owner_id = call->actor.caller->user_id;
    if (!rc_arg_given(call, "owner"))
        return NULL;
    RC_TRY(rc_find_user(&owner, call, rc_arg_json(call, "owner")));
    if (!owner)
        return rc_err(call->pool, RC_E_ARG, "user `%s` does not exist", rc_arg_sent(call, "owner"));
    *owner_id = owner->id;
    return NULL;
}

rc_err_t *rc_new_repo_taken(rc_repo_t **taken, rc_call_t *call, const char *name)
{
    return rc_store_repo_by_name(taken, call->actor.db, call->actor.caller->user_id, name,
                                 call->pool);
}

rc_err_t *rc_new_repo_check_texts(rc_call_t *call, const rc_repo_t *row)
{
    RC_TRY(rc_repo_name_check(row->name, call->pool));
    if (!strchr(row->landing_rev, ':'))
        return rc_err_failed(call->pool, "landing_rev has no colon, as in rev:tip");
    return NULL;
}

typedef struct making_t {
    rc_new_repo_t *repo;
    rc_disk_txn_t *moves;
    rc_err_t *(*plan)(rc_call_t *call, rc_new_repo_t *repo);
} making_t;

static rc_err_t *insert_repo(rc_call_t *call, void *baton)
{
    making_t *making = baton;
    const rc_repo_t *row = &making->repo->row, *source;

    RC_TRY(making->plan(call, making->repo));
    source = making->repo->source;
    if (making->repo->clone_uri) /* sealed in the transaction: see src/domain/secret.c */
        RC_TRY(rc_model_set_clone_uri(&making->repo->row, call->env, making->repo->clone_uri,
                                      call->pool));
    RC_TRY(rc_model_repo_insert(making->repo, call->actor.db, call->pool));
    if (source)
        RC_TRY(rc_call_journal(call, source, "user_forked_repo", row->name));
    RC_TRY(rc_call_journal(call, row, source ? "user_created_fork" : "user_created_repo", NULL));
    return rc_disk_txn_apply(making->moves, call->actor.db);
}

static rc_err_t *prepare_repo(rc_call_t *call, void *baton)
{
    making_t *making = baton;

    RC_TRY(rc_model_repo_prepare(making->repo, call->env, &call->actor.work, call->pool));
    return rc_disk_txn_made(making->moves, making->repo->path);
}

rc_err_t *rc_new_repo_make(rc_new_repo_t *repo, rc_call_t *call,
                           rc_err_t *(*plan)(rc_call_t *call, rc_new_repo_t *repo))
{
    making_t making = {repo, rc_disk_txn_begin(call->env, call->pool), plan};
    rc_err_t *err;

    RC_TRY(plan(call, repo));
    if (repo->source || repo->clone_uri)
        RC_TRY(rc_call_wait(call, prepare_repo, &making));
    else
        RC_TRY(rc_call_away(call, prepare_repo, &making));
    rc_disk_txn_add(making.moves, repo->path,
                    rc_env_repo_path(call->env, repo->row.name, call->pool));
    err = rc_call_txn(call, insert_repo, &making);
    rc_disk_txn_end(making.moves, !err);
    return err;
}

rc_err_t *rc_new_repo_answer(rc_json_t *out, rc_call_t *call, const char *msg)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", rc_call_text(call, msg));
    rc_json_member_bool(out, "success", true);
    rc_json_member_null(out, "task");
    rc_json_object_end(out);
    return NULL;
}
