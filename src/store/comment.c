// SPDX-License-Identifier: Apache-2.0
/*
 * Writes and reads comments on commits and review statuses.
 */
#include "store/comment.h"

#include "comment_read.h"
#include "sql.h"

static rc_err_t *set_status(rc_db_t *db, const rc_comment_t *comment, apr_int64_t comment_id)
{
    return rc_execute(db, SQL_STATUS_INSERT, "iiissi", comment->repo_id, comment->user_id,
                      comment_id, comment->revision, comment->status, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_comment_insert(rc_db_t *db, const rc_comment_t *comment)
{
    apr_int64_t comment_id, created_on = apr_time_now();
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_COMMENT_INSERT, "iistinr", comment->repo_id, comment->user_id,
                    comment->revision, comment->message, created_on, comment->type,
                    comment->resolves_id));
    RC_TRY(rc_insert(&comment_id, st, db));
    return comment->status ? set_status(db, comment, comment_id) : NULL;
}

rc_err_t *rc_store_comment_type(const char **type, rc_db_t *db, apr_int64_t id,
                                const rc_comment_place_t *place, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_COMMENT_TYPE, "iiis", id, place->pull_request_id, place->repo_id,
                    place->revision ? place->revision : ""));
    RC_TRY(rc_step(&found, st, db));
    *type = found ? rc_column_text(st, 0, pool) : NULL;
    rc_done(st);
    return NULL;
}

apr_int64_t rc_store_comments_below(const rc_slice_t *slice)
{
    return slice->after_id ? slice->after_id : APR_INT64_MAX;
}

rc_err_t *rc_store_comments(apr_array_header_t **comments, rc_db_t *db, apr_int64_t repo_id,
                            const char *revision, const rc_slice_t *slice, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *comments = apr_array_make(pool, 4, sizeof(rc_comment_row_t));
    RC_TRY(rc_query(&st, db, SQL_COMMENTS_OF, "isii", repo_id, revision,
                    rc_store_comments_below(slice), slice->most));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*comments, rc_comment_row_t) = (rc_comment_row_t){
            .id = rc_column_int(st, 0),
            .username = rc_column_text(st, 1, pool),
            .message = rc_column_text(st, 2, pool),
            .created_on = rc_column_int(st, 3),
            .status = rc_column_text(st, 4, pool),
            .current = rc_column_bool(st, 5),
            .type = rc_column_text(st, 6, pool),
            .resolved_by = rc_column_int(st, 7),
        };
    }
}

rc_err_t *rc_store_reviews(apr_array_header_t **reviews, rc_db_t *db, apr_int64_t repo_id,
                           const char *revision, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *reviews = apr_array_make(pool, 4, sizeof(rc_review_t));
    RC_TRY(rc_query(&st, db, SQL_REVIEWS_OF, "is", repo_id, revision));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*reviews, rc_review_t) = (rc_review_t){
            rc_column_text(st, 0, pool), rc_column_text(st, 1, pool), rc_column_int(st, 2)};
    }
}

/* The only place that knows the columns of REPO_COMMENTS and PULL_COMMENTS. */
static rc_repo_comment_t read_repo_comment(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_user_t *author = apr_pcalloc(pool, sizeof(*author));
    const char *revision = rc_column_text(st, 13, pool);

    author->id = rc_column_int(st, 6);
    author->username = rc_column_text(st, 7, pool);
    author->firstname = rc_column_text(st, 8, pool);
    author->lastname = rc_column_text(st, 9, pool);
    author->active = rc_column_bool(st, 10);
    return (rc_repo_comment_t){
        .id = rc_column_int(st, 0),
        .type = rc_column_text(st, 1, pool),
        .message = rc_column_text(st, 2, pool),
        .status = rc_column_text(st, 3, pool),
        .f_path = rc_column_text(st, 4, pool),
        .line_no = rc_column_text(st, 5, pool),
        .author = author,
        .created_on = rc_column_int(st, 11),
        .resolved_by = rc_column_int(st, 12),
        .revision = *revision ? revision : NULL,
        .pull_request_id = rc_column_int(st, 14),
        .version = (int)rc_column_int(st, 15),
    };
}

rc_err_t *rc_store_comments_walk(rc_stmt_t *st, rc_db_t *db, rc_repo_comment_fn_t *fn, void *baton,
                                 apr_pool_t *pool)
{
    rc_rows_t rows;

    for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);) {
        rc_repo_comment_t comment = read_repo_comment(st, rows.scratch);

        rows.err = fn(baton, &comment, rows.scratch);
    }
    return rc_rows_end(&rows);
}

rc_err_t *rc_store_repo_comments_each(rc_db_t *db, const rc_repo_comments_t *which,
                                      rc_repo_comment_fn_t *fn, void *baton, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_COMMENTS, "issi", which->repo_id,
                    which->revision ? which->revision : "", which->type ? which->type : "",
                    which->user_id));
    return rc_store_comments_walk(st, db, fn, baton, pool);
}
