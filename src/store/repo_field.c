// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes the extra fields of repositories.
 */
#include "store/repo_change.h"

#include "sql.h"

rc_err_t *rc_store_repo_field_insert(rc_db_t *db, apr_int64_t repo_id, const char *key,
                                     const char *label, const char *description)
{
    RC_TRY(rc_execute(db, SQL_REPO_FIELD_INSERT, "inntd", repo_id, key, label, description,
                      RC_FIELDS_MOST));
    return rc_changes(db)
               ? NULL
               : rc_err_failed(rc_db_user_pool(db), "a repository has %d fields", RC_FIELDS_MOST);
}

rc_err_t *rc_store_repo_field_delete(bool *deleted, rc_db_t *db, apr_int64_t repo_id,
                                     const char *key)
{
    RC_TRY(rc_execute(db, SQL_REPO_FIELD_DELETE, "is", repo_id, key));
    *deleted = rc_changes(db) > 0;
    return NULL;
}

rc_err_t *rc_store_repo_field_set(rc_db_t *db, apr_int64_t repo_id, const char *key,
                                  const char *value)
{
    return rc_execute(db, SQL_REPO_FIELD_SET, "ist", repo_id, key, value);
}

rc_err_t *rc_store_repo_fields_each(rc_db_t *db, apr_int64_t repo_id,
                                    rc_err_t *(*fn)(void *baton, const char *key,
                                                    const char *value),
                                    void *baton, apr_pool_t *pool)
{
    rc_rows_t rows;
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_FIELDS, "i", repo_id));
    for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);)
        rows.err =
            fn(baton, rc_column_text(st, 0, rows.scratch), rc_column_text(st, 1, rows.scratch));
    return rc_rows_end(&rows);
}
