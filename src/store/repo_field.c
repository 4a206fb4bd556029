// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes the extra fields of repositories.
 */
#include "store/repo_change.h"

#include "repo_read.h"

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

/* Adds the current row of REPO_FIELDS or REPOS_FIELDS. */
static void read_field(apr_array_header_t *list, rc_stmt_t *st, apr_pool_t *pool)
{
    rc_repo_field_t *field = apr_array_push(list);

    field->key = rc_column_text(st, 1, pool);
    field->value = rc_column_text(st, 2, pool);
}

rc_err_t *rc_store_repo_fields(apr_array_header_t **list, rc_db_t *db, apr_int64_t repo_id,
                               apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *list = apr_array_make(pool, 4, sizeof(rc_repo_field_t));
    RC_TRY(rc_query(&st, db, SQL_REPO_FIELDS, "i", repo_id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        read_field(*list, st, pool);
    }
}

static void take_field(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    apr_array_header_t **lists = baton;

    read_field(lists[at], st, pool);
}

rc_err_t *rc_read_repo_fields(apr_array_header_t **lists, const rc_chunk_t *chunk)
{
    const rc_chunk_part_t part = {SQL_REPOS_FIELDS, 0, take_field, lists};
    int i;

    for (i = 0; i < chunk->count; i++)
        lists[i] = apr_array_make(chunk->pool, 4, sizeof(rc_repo_field_t));
    return rc_chunk_read(chunk, &part, 1);
}
