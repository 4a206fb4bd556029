// SPDX-License-Identifier: Apache-2.0
/*
 * Looks up objects together with the level of a user on them. A list is first read as ids only, and
 * its rows one by one after the statement has ended: so memory stays small, and the callback can
 * use the connection.
 */
#include "seen.h"

static rc_seen_t read_seen(rc_stmt_t *st)
{
    return (rc_seen_t){.id = rc_column_int(st, 0), .level = (int)rc_column_int(st, 1)};
}

rc_err_t *rc_seen_one(rc_seen_t *seen, rc_stmt_t *st, rc_db_t *db)
{
    bool found;

    *seen = (rc_seen_t){0, 0};
    RC_TRY(rc_step(&found, st, db));
    if (!found)
        return NULL;
    *seen = read_seen(st);
    if (seen->level <= 0)
        seen->id = 0;
    rc_done(st);
    return NULL;
}

static rc_err_t *read_all(apr_array_header_t *list, rc_stmt_t *st, rc_db_t *db)
{
    bool found;

    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(list, rc_seen_t) = read_seen(st);
    }
}

rc_err_t *rc_seen_each(rc_stmt_t *st, rc_db_t *db,
                       rc_err_t *(*fn)(void *baton, const rc_seen_t *seen, apr_pool_t *scratch),
                       void *baton, apr_pool_t *pool)
{
    apr_pool_t *own, *scratch;
    apr_array_header_t *list;
    rc_err_t *err;
    int i;

    apr_pool_create(&own, pool);
    apr_pool_create(&scratch, own);
    list = apr_array_make(own, 64, sizeof(rc_seen_t));
    err = read_all(list, st, db);
    for (i = 0; !err && i < list->nelts; i++) {
        apr_pool_clear(scratch);
        err = fn(baton, &APR_ARRAY_IDX(list, i, rc_seen_t), scratch);
    }
    apr_pool_destroy(own);
    return err;
}
