// SPDX-License-Identifier: Apache-2.0
/*
 * Stores comments on commits, and the locks that users set on repositories (contract 02 §2 lock, §5
 * changeset_comment; 01 §12).
 */
#include "domain/repo_change.h"

#include <string.h>

#include "comment.h"
#include "domain/repo.h"
#include "store/comment.h"
#include "store/pull_request.h"
#include "store/repo_change.h"

/* --- comments --- */

typedef struct commenting_t {
    const rc_commenting_t *request;
    const char *id; /* of the commit */
} commenting_t;

static rc_err_t *check_status(const char *status, apr_pool_t *pool)
{
    static const char *const known[] = {"not_reviewed", "approved", "rejected", "under_review"};
    int i;

    if (!status)
        return NULL;
    for (i = 0; i < 4; i++)
        if (!strcmp(known[i], status))
            return NULL;
    return rc_err(pool, RC_E_ARG,
                  "Bad status, must be on of ['not_reviewed', 'approved', 'rejected', "
                  "'under_review'] got %s",
                  status);
}

/* Readers comment in their own name; the repository's administrators in that of any user. */
static rc_err_t *check_right(rc_actor_t *actor, const rc_commenting_t *request)
{
    bool own = request->author->id == actor->caller->user_id;

    return rc_actor_require(actor, request->repo->level, own ? RC_READ : RC_ADMIN);
}

static rc_err_t *find_commit(rc_actor_t *actor, void *baton)
{
    commenting_t *commenting = baton;
    const rc_commenting_t *request = commenting->request;
    rc_vcs_t *vcs;
    rc_rev_t rev;

    RC_TRY(rc_repo_open(&vcs, actor->env, request->repo, &actor->work, actor->pool));
    RC_TRY(rc_vcs_resolve(&rev, vcs, request->revision, actor->pool));
    commenting->id = rev.id;
    return commenting->id ? NULL : rc_err_failed(actor->pool, "no revision %s", request->revision);
}

/* The status of a commit that a closed pull request has reviewed is final. */
static rc_err_t *check_fixed(const rc_actor_t *actor, const commenting_t *commenting)
{
    bool fixed;

    if (!commenting->request->status)
        return NULL;
    RC_TRY(
        rc_store_status_is_fixed(&fixed, actor->db, commenting->request->repo->id, commenting->id));
    return fixed ? rc_err(actor->pool, RC_E_ARG,
                          "Changing status on a changeset associated with a closed pull request is "
                          "not allowed")
                 : NULL;
}

static rc_err_t *insert(rc_actor_t *actor, void *baton)
{
    const commenting_t *commenting = baton;
    const rc_commenting_t *request = commenting->request;
    rc_comment_t comment = {.repo_id = request->repo->id,
                            .user_id = request->author->id,
                            .revision = commenting->id,
                            .message = request->message,
                            .status = request->status,
                            .type = request->type ? request->type : RC_COMMENT_NOTE,
                            .resolves_id = request->resolves_id};
    const rc_comment_place_t place = {.repo_id = comment.repo_id, .revision = commenting->id};

    RC_TRY(check_right(actor, request));
    RC_TRY(rc_comment_check_resolved(actor, request->resolves_id, &place));
    RC_TRY(check_fixed(actor, commenting));
    RC_TRY(rc_store_comment_insert(actor->db, &comment));
    return rc_actor_journal(actor, request->repo, "user_commented_revision", commenting->id);
}

rc_err_t *rc_repo_comment(const char **id, rc_actor_t *actor, const rc_commenting_t *request)
{
    commenting_t commenting = {request, NULL};

    RC_TRY(check_right(actor, request));
    RC_TRY(check_status(request->status, actor->pool));
    RC_TRY(rc_comment_check_type(request->type, actor->pool));
    if (!request->message || !*request->message)
        return rc_err_failed(actor->pool, "an empty message");
    RC_TRY(rc_actor_away(actor, find_commit, &commenting)); /* slow: before the transaction */
    *id = commenting.id;
    return rc_actor_txn(actor, insert, &commenting);
}

/* --- locks --- */

typedef struct locking_t {
    const rc_lock_t *request;
    apr_int64_t since;
} locking_t;

static rc_err_t *set_lock(rc_actor_t *actor, void *baton)
{
    locking_t *locking = baton;
    const rc_lock_t *request = locking->request;

    RC_TRY(rc_actor_require(actor, request->repo->level, RC_WRITE));
    if (request->user->id != actor->caller->user_id)
        RC_TRY(rc_actor_require_admin(actor));
    locking->since = apr_time_sec(apr_time_now());
    RC_TRY(rc_store_repo_set_lock(actor->db, request->repo->id,
                                  request->locked ? request->user->id : 0, locking->since,
                                  request->reason));
    return rc_actor_journal(actor, request->repo,
                            request->locked ? "user_locked_repo" : "user_unlocked_repo", NULL);
}

rc_err_t *rc_repo_set_lock(apr_int64_t *since, rc_actor_t *actor, const rc_lock_t *request)
{
    locking_t locking = {request, 0};

    RC_TRY(rc_actor_txn(actor, set_lock, &locking));
    *since = locking.since;
    return NULL;
}
