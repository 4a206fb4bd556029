// SPDX-License-Identifier: Apache-2.0
/*
 * Tells the columns of PostgreSQL's tables and the ids that they have given, for copies of a
 * database.
 */
#include "postgresql.h"

#include <string.h>

#include <apr_strings.h>

static char column_type(const char *name)
{
    if (!strcmp(name, "text"))
        return 's';
    return strcmp(name, "bytea") ? 'i' : 'b';
}

rc_err_t *rc_pg_columns(apr_array_header_t **list, rc_db_t *db, const char *table, apr_pool_t *pool)
{
    PGresult *rows;
    rc_err_t *err = rc_pg_script(
        &rows, db,
        apr_psprintf(pool,
                     "SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = "
                     "'" RC_PG_SCHEMA ".%s'::regclass AND attnum > 0 AND NOT attisdropped "
                     "ORDER BY attnum",
                     table));
    int i;

    *list = apr_array_make(pool, 16, sizeof(rc_db_column_t));
    for (i = 0; i < PQntuples(rows); i++)
        APR_ARRAY_PUSH(*list, rc_db_column_t) = (rc_db_column_t){
            apr_pstrdup(pool, PQgetvalue(rows, i, 0)), column_type(PQgetvalue(rows, i, 1))};
    PQclear(rows);
    return err;
}

rc_err_t *rc_pg_foreign_columns(apr_array_header_t **list, rc_db_t *db, const char *table,
                                apr_pool_t *pool)
{
    PGresult *rows;
    rc_err_t *err = rc_pg_script(
        &rows, db,
        apr_psprintf(pool,
                     "SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
                     "WHERE c.oid = to_regclass('\"%s\"') AND c.relkind IN ('r', 'p') "
                     "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
                     table));
    int i;

    *list = apr_array_make(pool, 16, sizeof(const char *));
    for (i = 0; i < PQntuples(rows); i++)
        APR_ARRAY_PUSH(*list, const char *) = apr_pstrdup(pool, PQgetvalue(rows, i, 0));
    PQclear(rows);
    return err;
}

/* ANALYZE without names would warn of every table of the server that belongs to others. */
#define ANALYZE_TABLES                                                                             \
    "DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND"    \
    " relnamespace = '" RC_PG_SCHEMA "'::regnamespace LOOP EXECUTE format('ANALYZE %s', t);"       \
    " END LOOP; END $$"

/* A script that runs a command for each foreign key. */
#define EACH_REFERENCE(command)                                                                    \
    "DO $$ DECLARE c record; BEGIN FOR c IN SELECT conname, conrelid::regclass AS t"               \
    " FROM pg_constraint WHERE contype = 'f' AND connamespace = '" RC_PG_SCHEMA                    \
    "'::regnamespace LOOP EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I " command             \
    "', c.t, c.conname); END LOOP; END $$"

rc_err_t *rc_pg_begin_copy(rc_db_t *db)
{
    return rc_pg_script(NULL, db, EACH_REFERENCE("DEFERRABLE INITIALLY DEFERRED"));
}

rc_err_t *rc_pg_end_copy(rc_db_t *db)
{
    return rc_pg_script(
        NULL, db,
        "SET LOCAL statement_timeout = 0; SET CONSTRAINTS ALL IMMEDIATE; " EACH_REFERENCE(
            "NOT DEFERRABLE") "; " ANALYZE_TABLES);
}

/* FROM the column of a table that gives ids. */
#define IDENTITY                                                                                   \
    "pg_get_serial_sequence('" RC_PG_SCHEMA ".%s', a.attname)::regclass%s) FROM pg_attribute a"    \
    " WHERE a.attrelid = '" RC_PG_SCHEMA ".%s'::regclass AND a.attidentity <> ''"

rc_err_t *rc_pg_last_id(apr_int64_t *id, rc_db_t *db, const char *table)
{
    PGresult *rows;
    rc_err_t *err = rc_pg_script(
        &rows, db,
        apr_psprintf(db->pool, "SELECT pg_sequence_last_value(" IDENTITY, table, "", table));

    *id = PQntuples(rows) ? apr_atoi64(PQgetvalue(rows, 0, 0)) : 0;
    PQclear(rows);
    return err;
}

rc_err_t *rc_pg_set_last_id(rc_db_t *db, const char *table, apr_int64_t id)
{
    return rc_pg_script(NULL, db,
                        apr_psprintf(db->pool, "SELECT setval(" IDENTITY, table,
                                     apr_psprintf(db->pool, ", %" APR_INT64_T_FMT, id), table));
}
