// SPDX-License-Identifier: Apache-2.0
/*
 * Lists and replaces the encrypted values of the database: keys, remote URIs, the
 * targets of webhooks and the arguments of tasks.
 */
#include "store/sealed.h"

#include "sql.h"

/* The statements of each kind, in the order of rc_sealed_kind_t. */
static const struct {
    rc_sql_t next, reseal;
} statements[] = {{SQL_KEYS_SEALED, SQL_KEY_RESEAL},
                  {SQL_URIS_SEALED, SQL_URI_RESEAL},
                  {SQL_WEBHOOKS_SEALED, SQL_WEBHOOK_RESEAL},
                  {SQL_TASKS_SEALED, SQL_TASK_RESEAL}};

rc_err_t *rc_store_sealed_next(apr_array_header_t **out, rc_db_t *db, rc_sealed_kind_t kind,
                               apr_int64_t after, apr_pool_t *pool)
{
    rc_rows_t rows;
    rc_stmt_t *st;

    *out = apr_array_make(pool, 500, sizeof(rc_sealed_t));
    RC_TRY(rc_query(&st, db, statements[kind].next, "i", after));
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

    return rc_execute(db, statements[kind].reseal, "ib", row->id, &sealed);
}
