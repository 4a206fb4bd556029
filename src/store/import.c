// SPDX-License-Identifier: Apache-2.0
/*
 * Finds and stores what an import brings: each word of the interface is a row of a table.
 */
#include "store/import.h"

#include "sql.h"

typedef struct named_sql_t {
    rc_sql_t sql;
    const char *types; /* of the values, as of rc_bind */
} named_sql_t;

static const named_sql_t finds[] = {
    [RC_FIND_USER] = {SQL_IMPORT_FIND_USER, "s"},
    [RC_FIND_EMAIL] = {SQL_IMPORT_FIND_EMAIL, "s"},
    [RC_FIND_KEY] = {SQL_IMPORT_FIND_KEY, "b"},
    [RC_FIND_USER_GROUP] = {SQL_IMPORT_FIND_USER_GROUP, "s"},
    [RC_FIND_REPO_GROUP] = {SQL_IMPORT_FIND_REPO_GROUP, "s"},
    [RC_FIND_REPO] = {SQL_IMPORT_FIND_REPO, "s"},
    [RC_FIND_COMMENT] = {SQL_IMPORT_FIND_COMMENT, "iisisii"},
    [RC_FIND_PULL] = {SQL_IMPORT_FIND_PULL, "iiisssi"},
    [RC_FIND_GIST] = {SQL_IMPORT_FIND_GIST, "s"},
};

static const named_sql_t stores[] = {
    [RC_STORE_USER] = {SQL_IMPORT_USER, "innnsdddnnri"},
    [RC_STORE_EMAIL] = {SQL_IMPORT_EMAIL, "isd"},
    [RC_STORE_IP] = {SQL_IMPORT_IP, "is"},
    [RC_STORE_KEY] = {SQL_IMPORT_KEY, "ibbdstiirr"},
    [RC_STORE_USER_GLOBAL] = {SQL_USER_GLOBAL_ADD, "is"},
    [RC_STORE_USER_GROUP_GLOBAL] = {SQL_USER_GROUP_GLOBAL_ADD, "is"},
    [RC_STORE_USER_GROUP] = {SQL_IMPORT_USER_GROUP, "intiddi"},
    [RC_STORE_MEMBER] = {SQL_IMPORT_MEMBER, "ii"},
    [RC_STORE_REPO_GROUP] = {SQL_IMPORT_REPO_GROUP, "inritdi"},
    [RC_STORE_REPO_GROUP_TAKE] = {SQL_IMPORT_REPO_GROUP_TAKE, "iitdi"},
    [RC_STORE_REPO] = {SQL_IMPORT_REPO, "insriddddtnii"},
    [RC_STORE_REPO_TAKE] = {SQL_IMPORT_REPO_TAKE, "iiddddtni"},
    [RC_STORE_REPO_URI] = {SQL_IMPORT_REPO_URI, "itb"},
    [RC_STORE_REPO_LOCK] = {SQL_IMPORT_REPO_LOCK, "iiin"},
    [RC_STORE_REPO_FORK] = {SQL_IMPORT_REPO_FORK, "ii"},
    [RC_STORE_FIELD] = {SQL_IMPORT_FIELD, "inttt"},
    [RC_STORE_REPO_USER] = {SQL_IMPORT_REPO_USER, "iid"},
    [RC_STORE_REPO_EVERYONE] = {SQL_IMPORT_REPO_EVERYONE, "iid"},
    [RC_STORE_REPO_USER_GROUP] = {SQL_IMPORT_REPO_USER_GROUP, "iid"},
    [RC_STORE_REPO_GROUP_USER] = {SQL_IMPORT_REPO_GROUP_USER, "iid"},
    [RC_STORE_REPO_GROUP_EVERYONE] = {SQL_IMPORT_REPO_GROUP_EVERYONE, "iid"},
    [RC_STORE_REPO_GROUP_USER_GROUP] = {SQL_IMPORT_REPO_GROUP_USER_GROUP, "iid"},
    [RC_STORE_USER_GROUP_USER] = {SQL_IMPORT_USER_GROUP_USER, "iid"},
    [RC_STORE_USER_GROUP_USER_GROUP] = {SQL_IMPORT_USER_GROUP_USER_GROUP, "iid"},
    [RC_STORE_PULL] = {SQL_IMPORT_PULL, "intssiisssisssrii"},
    [RC_STORE_PULL_COMMIT] = {SQL_PULL_COMMIT_INSERT, "ids"},
    [RC_STORE_PULL_VERSION] = {SQL_PULL_VERSION_INSERT, "idsssi"},
    [RC_STORE_REVIEWER] = {SQL_PULL_REVIEWER_INSERT, "iitdi"},
    [RC_STORE_COMMENT] = {SQL_IMPORT_COMMENT, "iisitsssrrr"},
    [RC_STORE_VOTE] = {SQL_IMPORT_VOTE, "is"},
    [RC_STORE_STATUS] = {SQL_IMPORT_STATUS, "iirssir"},
    [RC_STORE_GIST] = {SQL_IMPORT_GIST, "nsitsiii"},
    [RC_STORE_FOLLOW_REPO] = {SQL_IMPORT_FOLLOW_REPO, "iii"},
    [RC_STORE_FOLLOW_USER] = {SQL_IMPORT_FOLLOW_USER, "iii"},
    [RC_STORE_JOURNAL] = {SQL_IMPORT_JOURNAL, "rsrsssi"},
};

rc_err_t *rc_store_import_find(rc_store_found_t *found, rc_db_t *db, rc_store_find_t what,
                               apr_pool_t *pool, ...)
{
    rc_stmt_t *st;
    rc_err_t *err;
    va_list ap;
    bool row;

    *found = (rc_store_found_t){0};
    va_start(ap, pool);
    err = rc_query_list(&st, db, finds[what].sql, finds[what].types, &ap);
    va_end(ap);
    if (err || (err = rc_step(&row, st, db)) || !row)
        return err;
    *found = (rc_store_found_t){rc_column_int(st, 0), rc_column_text(st, 1, pool),
                                rc_column_bool(st, 2)};
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_import(bool *changed, rc_db_t *db, rc_store_import_t what, ...)
{
    rc_stmt_t *st;
    rc_err_t *err;
    va_list ap;

    va_start(ap, what);
    err = rc_query_list(&st, db, stores[what].sql, stores[what].types, &ap);
    va_end(ap);
    if (err || (err = rc_stmt_run(st, db)))
        return err;
    *changed = rc_changes(db) > 0;
    return NULL;
}

rc_err_t *rc_store_journal_upto(rc_db_t *db, apr_int64_t last,
                                void (*fn)(void *baton, apr_int64_t when, const char *const *texts),
                                void *baton, apr_pool_t *pool)
{
    rc_rows_t rows;
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_IMPORT_JOURNAL_HERE, "i", last));
    for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);) {
        const char *texts[] = {rc_column_text(st, 1, rows.scratch),
                               rc_column_text(st, 2, rows.scratch),
                               rc_column_text(st, 3, rows.scratch)};

        fn(baton, rc_column_int(st, 0), texts);
    }
    return rc_rows_end(&rows);
}
