// SPDX-License-Identifier: Apache-2.0
/*
 * Reads entries of the journal by their user, or by words.
 */
#include "store/audit.h"

#include "seen.h"
#include "sql.h"

/* The only place that knows the columns of AUDIT_COLUMNS. */
static rc_audit_t read_audit(rc_stmt_t *st, apr_pool_t *pool)
{
    return (rc_audit_t){
        .id = rc_column_int(st, 0),
        .user_id = rc_column_int(st, 1),
        .username = rc_column_text(st, 2, pool),
        .repo_id = rc_column_int(st, 3),
        .repo_name = rc_column_text(st, 4, pool),
        .ip = rc_column_text(st, 5, pool),
        .created_on = rc_column_int(st, 6),
        .action = rc_column_text(st, 7, pool),
        .key_id = rc_column_int(st, 8),
    };
}

static rc_err_t *each_audit(rc_stmt_t *st, rc_db_t *db, rc_audit_fn_t *fn, void *baton,
                            apr_pool_t *pool)
{
    rc_rows_t rows;

    for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);) {
        rc_audit_t entry = read_audit(st, rows.scratch);

        rows.err = fn(baton, &entry);
    }
    return rc_rows_end(&rows);
}

rc_err_t *rc_store_audit_of(rc_db_t *db, rc_viewer_t viewer, bool all, apr_int64_t user_id,
                            const rc_slice_t *page, rc_audit_fn_t *fn, void *baton,
                            apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_AUDIT_OF_USER, "iidii", viewer.id, user_id, (int)all,
                    page->after_id, rc_slice_most(page)));
    return each_audit(st, db, fn, baton, pool);
}

rc_err_t *rc_store_audit_found(rc_db_t *db, const char *words, apr_int64_t after_id,
                               apr_int64_t most, rc_audit_fn_t *fn, void *baton, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, after_id ? SQL_AUDIT_FOUND_AFTER : SQL_AUDIT_FOUND,
                    after_id ? "sii" : "si", rc_like_pattern(words, pool), most, after_id));
    return each_audit(st, db, fn, baton, pool);
}

rc_err_t *rc_store_audit_since(rc_db_t *db, apr_int64_t since, rc_audit_fn_t *fn, void *baton,
                               apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_AUDIT_SINCE, "i", since));
    return each_audit(st, db, fn, baton, pool);
}
