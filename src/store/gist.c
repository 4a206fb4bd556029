// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes gists.
 */
#include "store/gist.h"

#include <apr_strings.h>

#include "db/copy.h"
#include "seen.h"

/* The only place that knows the order of GIST_COLUMNS. */
static rc_gist_t *read_gist(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_gist_t *gist = apr_pcalloc(pool, sizeof(*gist));

    gist->id = rc_column_int(st, 0);
    gist->access_id = rc_column_text(st, 1, pool);
    gist->type = rc_column_text(st, 2, pool);
    gist->owner_id = rc_column_int(st, 3);
    gist->description = rc_column_text(st, 4, pool);
    gist->acl_level = rc_column_text(st, 5, pool);
    gist->expires = rc_column_int(st, 6);
    gist->created_on = rc_column_int(st, 7);
    gist->modified_at = rc_column_int(st, 8);
    return gist;
}

static rc_err_t *step_gist(rc_gist_t **out, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *out = found ? read_gist(st, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_gist(rc_gist_t **out, rc_db_t *db, const char *access_id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_GIST_BY_ACCESS_ID, "s", access_id));
    return step_gist(out, st, db, pool);
}

rc_err_t *rc_store_gist_of(rc_gist_t **out, rc_db_t *db, const char *access_id,
                           apr_int64_t owner_id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_GIST_OF_USER, "si", access_id, owner_id));
    return step_gist(out, st, db, pool);
}

typedef rc_err_t *gist_fn(void *baton, const rc_gist_t *gist, apr_pool_t *scratch);

static rc_err_t *each(rc_stmt_t *st, rc_db_t *db, gist_fn *fn, void *baton, apr_pool_t *pool)
{
    rc_rows_t rows;

    for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);)
        rows.err = fn(baton, read_gist(st, rows.scratch), rows.scratch);
    return rc_rows_end(&rows);
}

rc_err_t *
rc_store_gists_each(rc_db_t *db, apr_int64_t owner_id, bool expired, const rc_slice_t *page,
                    rc_err_t *(*fn)(void *baton, const rc_gist_t *gist, apr_pool_t *scratch),
                    void *baton, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_GISTS_OF_USER, "iidii", owner_id,
                    (apr_int64_t)apr_time_sec(apr_time_now()), (int)expired,
                    page ? page->after_id : 0, rc_slice_most(page)));
    return each(st, db, fn, baton, pool);
}

rc_err_t *rc_store_gists_all(rc_db_t *db, gist_fn *fn, void *baton, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_GISTS_ALL));
    return each(st, db, fn, baton, pool);
}

/* Sets the access id of a public gist to its row id, which is known only after the insert. */
static rc_err_t *name_by_id(rc_gist_t *gist, rc_db_t *db, apr_pool_t *pool)
{
    gist->access_id = apr_psprintf(pool, "%" APR_INT64_T_FMT, gist->id);
    return rc_execute(db, SQL_GIST_SET_ACCESS_ID, "is", gist->id, gist->access_id);
}

rc_err_t *rc_store_gist_insert(rc_gist_t *gist, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool chosen;

    RC_TRY(rc_query(&st, db, gist->id ? SQL_GIST_INSERT_AS : SQL_GIST_INSERT,
                    gist->id ? "ssitsiii" : "ssitsii", gist->access_id ? gist->access_id : "",
                    gist->type, gist->owner_id, gist->description, gist->acl_level, gist->expires,
                    gist->created_on, gist->id));
    chosen = gist->id != 0;
    RC_TRY(rc_insert(&gist->id, st, db));
    if (chosen)
        RC_TRY(rc_db_keep_id(db, "gist", gist->id));
    return gist->access_id ? NULL : name_by_id(gist, db, pool);
}

rc_err_t *rc_store_gist_delete(rc_db_t *db, apr_int64_t id)
{
    return rc_execute(db, SQL_GIST_DELETE, "i", id);
}
