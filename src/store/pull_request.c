// SPDX-License-Identifier: Apache-2.0
/*
 * Reads pull requests, with a few statements for many of them.
 */
#include "store/pull_request.h"

#include <apr_strings.h>

#include "user_read.h"

/* --- one row --- */

static rc_pull_side_t read_side(rc_stmt_t *st, int at, apr_pool_t *pool)
{
    return (rc_pull_side_t){.repo_id = rc_column_int(st, at),
                            .repo = rc_column_text(st, at + 1, pool),
                            .type = rc_column_text(st, at + 2, pool),
                            .name = rc_column_text(st, at + 3, pool),
                            .id = rc_column_text(st, at + 4, pool)};
}

/* Reads verdict, source and target from column @a at on. */
static rc_pull_verdict_t read_verdict(rc_stmt_t *st, int at, apr_pool_t *pool)
{
    rc_pull_verdict_t verdict = {-1, rc_column_text(st, at + 1, pool),
                                 rc_column_text(st, at + 2, pool)};

    if (verdict.source && verdict.target)
        verdict.reason = (int)rc_column_int(st, at);
    return verdict;
}

/* A deleted author has only a name. */
static rc_user_details_t nobody(const char *name, apr_pool_t *pool)
{
    rc_user_t *user = apr_pcalloc(pool, sizeof(*user));

    user->username = name;
    user->firstname = user->lastname = "";
    return (rc_user_details_t){.user = user,
                               .emails = apr_array_make(pool, 1, sizeof(const char *))};
}

/* The only place that knows the order of the columns of PULL_ROWS. */
static rc_pull_request_t *read_row(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_pull_request_t *pull = apr_pcalloc(pool, sizeof(*pull));

    pull->id = rc_column_int(st, 0);
    pull->title = rc_column_text(st, 1, pool);
    pull->description = rc_column_text(st, 2, pool);
    pull->renderer = rc_column_text(st, 3, pool);
    pull->closed = *rc_column_peek(st, 4) == 'c';
    pull->author = nobody(rc_column_text(st, 6, pool), pool);
    pull->source = read_side(st, 7, pool);
    pull->target = read_side(st, 12, pool);
    pull->merge_rev = rc_column_text(st, 17, pool);
    pull->merge_user_id = rc_column_int(st, 18);
    pull->verdict = read_verdict(st, 19, pool);
    pull->created_on = rc_column_int(st, 22);
    pull->updated_on = rc_column_int(st, 23);
    pull->versions = (int)rc_column_int(st, 24);
    pull->level = (rc_level_t)rc_column_int(st, 25);
    pull->commits = apr_array_make(pool, 4, sizeof(const char *));
    pull->reviewers = apr_array_make(pool, 2, sizeof(rc_pull_reviewer_t));
    return pull;
}

/* --- a chunk of rows: what rc_chunk_read calls; the baton is an array of rows --- */

static rc_pull_request_t *row_at(void *baton, int at)
{
    return ((rc_pull_request_t **)baton)[at];
}

static void take_row(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    ((rc_pull_request_t **)baton)[at] = read_row(st, pool);
}

static void take_author(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    row_at(baton, at)->author.user = rc_read_user_at(st, 1, pool);
}

static void take_author_email(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    APR_ARRAY_PUSH(row_at(baton, at)->author.emails, const char *) = rc_column_text(st, 1, pool);
}

static void take_commit(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    APR_ARRAY_PUSH(row_at(baton, at)->commits, const char *) = rc_column_text(st, 1, pool);
}

static void take_reviewer(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    rc_pull_reviewer_t *reviewer = apr_array_push(row_at(baton, at)->reviewers);

    reviewer->person = (rc_user_details_t){
        .user = rc_read_user_at(st, 1, pool),
        .emails = apr_array_make(pool, 2, sizeof(const char *)),
    };
    reviewer->vote = rc_column_text(st, 1 + RC_USER_COLUMNS, pool);
    reviewer->reasons = rc_column_text(st, 2 + RC_USER_COLUMNS, pool);
    reviewer->mandatory = rc_column_bool(st, 3 + RC_USER_COLUMNS);
}

static void take_reviewer_email(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    const apr_array_header_t *list = row_at(baton, at)->reviewers;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const rc_pull_reviewer_t *reviewer = &APR_ARRAY_IDX(list, i, rc_pull_reviewer_t);

        if (reviewer->person.user->id == rc_column_int(st, 1))
            APR_ARRAY_PUSH(reviewer->person.emails, const char *) = rc_column_text(st, 2, pool);
    }
}

/* Reads what belongs to the rows of @a pulls. */
static rc_err_t *read_rest(rc_pull_request_t **pulls, const rc_chunk_t *chunk)
{
    const rc_chunk_part_t parts[] = {
        {SQL_PULL_AUTHORS, 0, take_author, pulls},
        {SQL_PULL_AUTHOR_EMAILS, 0, take_author_email, pulls},
        {SQL_PULL_COMMITS, 0, take_commit, pulls},
        {SQL_PULL_REVIEWERS, 0, take_reviewer, pulls},
        {SQL_PULL_REVIEWER_EMAILS, 0, take_reviewer_email, pulls},
    };

    return rc_chunk_read(chunk, parts, sizeof(parts) / sizeof(*parts));
}

rc_err_t *rc_store_pull_request(rc_pull_request_t **out, rc_db_t *db, rc_viewer_t viewer,
                                apr_int64_t id, apr_pool_t *pool)
{
    const rc_seen_t seen = {.id = id};
    const rc_chunk_t chunk = {.db = db, .seen = &seen, .count = 1, .pool = pool, .scratch = pool};
    const rc_chunk_part_t row = {SQL_PULL_ROWS, viewer.id, take_row, out};
    rc_stmt_t *st;
    bool found;

    *out = NULL;
    RC_TRY(rc_query(&st, db, SQL_PULL_BY_ID, "i", id));
    RC_TRY(rc_step(&found, st, db));
    rc_done(st);
    if (found)
        RC_TRY(rc_chunk_read(&chunk, &row, 1));
    return *out ? read_rest(out, &chunk) : NULL;
}

/* --- lists --- */

typedef struct pulls_walk_t {
    rc_viewer_t viewer;
    rc_err_t *(*fn)(void *baton, const rc_pull_request_t *pull, apr_pool_t *scratch);
    void *baton;
} pulls_walk_t;

static rc_err_t *visit_pulls(void *baton, const rc_chunk_t *chunk)
{
    const pulls_walk_t *walk = baton;
    rc_pull_request_t *pulls[RC_CHUNK] = {NULL};
    const rc_chunk_part_t rows = {SQL_PULL_ROWS, walk->viewer.id, take_row, pulls};
    int i;

    RC_TRY(rc_chunk_read(chunk, &rows, 1));
    for (i = 0; i < chunk->count; i++)
        if (!pulls[i]) /* no such viewer */
            return NULL;
    RC_TRY(read_rest(pulls, chunk));
    for (i = 0; i < chunk->count; i++) {
        apr_pool_clear(chunk->scratch);
        RC_TRY(walk->fn(walk->baton, pulls[i], chunk->scratch));
    }
    return NULL;
}

static rc_err_t *query_range(rc_stmt_t **st, rc_db_t *db, rc_sql_t sql,
                             const rc_pull_range_t *range)
{
    return rc_query(st, db, sql, "isii", range->target_id, range->closed ? "closed" : "new",
                    range->page.after_id, rc_slice_most(&range->page));
}

rc_err_t *rc_store_pull_requests_each(rc_db_t *db, rc_viewer_t viewer, const rc_pull_range_t *range,
                                      rc_err_t *(*fn)(void *baton, const rc_pull_request_t *pull,
                                                      apr_pool_t *scratch),
                                      void *baton, apr_pool_t *pool)
{
    pulls_walk_t walk = {viewer, fn, baton};
    rc_stmt_t *st;

    RC_TRY(query_range(&st, db, SQL_PULLS_OF_TARGET, range));
    return rc_chunks_each(st, db, visit_pulls, &walk, pool);
}

rc_err_t *rc_store_pull_heads(apr_array_header_t **out, rc_db_t *db, const rc_pull_range_t *range,
                              apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *out = apr_array_make(pool, 8, sizeof(rc_pull_heads_t));
    RC_TRY(query_range(&st, db, SQL_PULLS_HEADS, range));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*out, rc_pull_heads_t) = (rc_pull_heads_t){
            .id = rc_column_int(st, 0),
            .source = rc_column_text(st, 1, pool),
            .type = rc_column_text(st, 2, pool),
            .name = rc_column_text(st, 3, pool),
            .verdict = read_verdict(st, 4, pool),
        };
    }
}

static rc_err_t *read_ids(apr_array_header_t **ids, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    bool found;

    *ids = apr_array_make(pool, 4, sizeof(apr_int64_t));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*ids, apr_int64_t) = rc_column_int(st, 0);
    }
}

rc_err_t *rc_store_pulls_merging(apr_array_header_t **ids, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_PULLS_MERGING));
    return read_ids(ids, st, db, pool);
}

rc_err_t *rc_store_pulls_keeping(apr_array_header_t **ids, rc_db_t *db, apr_int64_t repo_id,
                                 const char *heads, const char *commit, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_PULLS_KEEPING, "iss", repo_id, heads, commit));
    return read_ids(ids, st, db, pool);
}

rc_err_t *rc_store_pulls_of_commit(apr_array_header_t **links, rc_db_t *db, apr_int64_t repo_id,
                                   const char *commit, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *links = apr_array_make(pool, 2, sizeof(rc_pull_link_t));
    RC_TRY(rc_query(&st, db, SQL_PULLS_OF_COMMIT, "is", repo_id, commit));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*links, rc_pull_link_t) =
            (rc_pull_link_t){rc_column_int(st, 0), rc_column_text(st, 1, pool)};
    }
}

rc_err_t *rc_store_pulls_kept(rc_db_t *db,
                              rc_err_t *(*fn)(void *baton, const rc_pull_kept_t *kept,
                                              apr_pool_t *scratch),
                              void *baton, apr_pool_t *pool)
{
    rc_rows_t rows;
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_PULLS_KEPT));
    for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);) {
        const rc_pull_kept_t kept = {.id = rc_column_int(st, 0),
                                     .repo = rc_column_text(st, 1, rows.scratch),
                                     .type = rc_column_text(st, 2, rows.scratch),
                                     .commit = rc_column_text(st, 3, rows.scratch),
                                     .merging = rc_column_bool(st, 4)};

        rows.err = fn(baton, &kept, rows.scratch);
    }
    return rc_rows_end(&rows);
}
