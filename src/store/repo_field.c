// SPDX-License-Identifier: Apache-2.0
/*
 * Extra fields of repositories.
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

struct rc_field_walk_t {
    rc_db_t *db;
    rc_stmt_t *st;
    bool more; /* st stands on a row */
};

rc_err_t *rc_store_fields_begin(rc_field_walk_t **out, rc_db_t *db, apr_int64_t repo_id,
                                apr_pool_t *pool)
{
    rc_field_walk_t *walk = apr_pcalloc(pool, sizeof(*walk));

    walk->db = db;
    RC_TRY(rc_stmt(&walk->st, db, repo_id ? SQL_REPO_FIELDS : SQL_REPOS_FIELDS));
    if (repo_id)
        RC_TRY(rc_bind(walk->st, db, "i", repo_id));
    *out = walk;
    return rc_step(&walk->more, walk->st, db);
}

rc_err_t *rc_store_fields_of(rc_field_walk_t *walk, apr_int64_t repo_id,
                             rc_err_t *(*fn)(void *baton, const char *key, const char *value),
                             void *baton, apr_pool_t *scratch)
{
    while (walk->more && rc_column_int(walk->st, 0) <= repo_id) {
        if (rc_column_int(walk->st, 0) == repo_id)
            RC_TRY(fn(baton, rc_column_text(walk->st, 1, scratch),
                      rc_column_text(walk->st, 2, scratch)));
        RC_TRY(rc_step(&walk->more, walk->st, walk->db));
    }
    return NULL;
}

void rc_store_fields_end(rc_field_walk_t *walk)
{
    rc_done(walk->st);
}
