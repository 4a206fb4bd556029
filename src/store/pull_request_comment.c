// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes the comments on pull requests, and the statuses that these give to commits.
 */
#include "store/pull_request.h"

#include "comment_read.h"
#include "sql.h"

rc_err_t *rc_store_pull_comments_each(rc_db_t *db, apr_int64_t pull_id, rc_repo_comment_fn_t *fn,
                                      void *baton, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_PULL_COMMENTS, "i", pull_id));
    return rc_store_comments_walk(st, db, fn, baton, pool);
}

rc_err_t *rc_store_pull_comments_part(rc_db_t *db, apr_int64_t pull_id, const rc_slice_t *slice,
                                      rc_repo_comment_fn_t *fn, void *baton, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_PULL_COMMENTS_PART, "iii", pull_id, rc_store_comments_below(slice),
                    slice->most));
    return rc_store_comments_walk(st, db, fn, baton, pool);
}

rc_err_t *rc_store_pull_comment_insert(apr_int64_t *id, rc_db_t *db, const rc_pull_request_t *pull,
                                       const rc_pull_comment_t *comment)
{
    apr_int64_t created_on = apr_time_now();
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_PULL_COMMENT_INSERT, "iistiistnnr", pull->target.repo_id,
                    comment->user_id, comment->commit_id ? comment->commit_id : "",
                    comment->message, created_on, pull->id, comment->vote, comment->f_path,
                    comment->line_no, comment->type, comment->resolves_id));
    return rc_insert(id, st, db);
}

static rc_err_t *set_status_in(rc_db_t *db, apr_int64_t repo_id, const rc_pull_request_t *pull,
                               apr_int64_t user_id, apr_int64_t comment_id, const char *status,
                               bool added)
{
    RC_TRY(
        rc_execute(db, SQL_PULL_STATUS_REPLACED, "iidi", pull->id, repo_id, (int)added, user_id));
    return rc_execute(db, SQL_PULL_STATUS_INSERT, "iidiisi", pull->id, repo_id, (int)added, user_id,
                      comment_id, status, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_pull_set_status(rc_db_t *db, const rc_pull_request_t *pull, apr_int64_t user_id,
                                   apr_int64_t comment_id, const char *status, bool added)
{
    apr_int64_t source = pull->source.repo_id, target = pull->target.repo_id;

    if (source && source != target)
        RC_TRY(set_status_in(db, source, pull, user_id, comment_id, status, added));
    return set_status_in(db, target, pull, user_id, comment_id, status, added);
}

rc_err_t *rc_store_status_is_fixed(bool *fixed, rc_db_t *db, apr_int64_t repo_id,
                                   const char *revision)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_STATUS_IS_FIXED, "is", repo_id, revision));
    RC_TRY(rc_step(fixed, st, db));
    rc_done(st);
    return NULL;
}
