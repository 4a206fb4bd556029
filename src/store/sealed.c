// SPDX-License-Identifier: Apache-2.0
/*
 * Lists and replaces the encrypted values of the database: keys and remote URIs.
 */
#include "store/sealed.h"

#include "sql.h"

rc_err_t *rc_store_sealed_next(apr_array_header_t **out, rc_db_t *db, rc_sealed_kind_t kind,
                               apr_int64_t after, apr_pool_t *pool)
{
    rc_rows_t rows;
    rc_stmt_t *st;

    *out = apr_array_make(pool, 500, sizeof(rc_sealed_t));
    RC_TRY(
        rc_query(&st, db, kind == RC_SEALED_KEYS ? SQL_KEYS_SEALED : SQL_URIS_SEALED, "i", after));
    for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);) {
        rc_blob_t sealed = rc_column_blob(st, 2, pool);

        *(rc_sealed_t *)apr_array_push(*out) =
            (rc_sealed_t){rc_column_int(st, 0), rc_column_int(st, 1), sealed.data, sealed.len};
    }
    return rc_rows_end(&rows);
}

rc_err_t *rc_store_reseal(rc_db_t *db, rc_sealed_kind_t kind, const rc_sealed_t *row)
{
    rc_blob_t sealed = {row->data, row->len};

    return rc_execute(db, kind == RC_SEALED_KEYS ? SQL_KEY_RESEAL : SQL_URI_RESEAL, "ib", row->id,
                      &sealed);
}
