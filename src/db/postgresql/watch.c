// SPDX-License-Identifier: Apache-2.0
/*
 * Has the server note what each transaction changes, by triggers: so the changes of any program are
 * noted, in the same transaction, in the table `change`.
 *
 * A transaction has a number, and its rows also the number of the one before it. Numbers come in
 * the order of commits, because the trigger holds the writers' lock until then. They come from a
 * sequence, so none is given twice, whatever a transaction sees; and what it sees is in `before`,
 * so a row that was removed, or that somebody could not see, breaks the chain for who follows it
 * (follow.c). The table is not kept over a crash, which also ends all connections.
 *
 * Before its first change a transaction takes back all promises (promise.c). The lock is free when
 * there are none. After a start or a crash of the server nobody has the lock, though some may still
 * count on it.
 */
#include "postgresql.h"

#include <apr_strings.h>

/* And the counts of tally.c. What is in these tables is no data. */
#define TABLES                                                                                     \
    "CREATE UNLOGGED TABLE IF NOT EXISTS " RC_PG_SCHEMA ".change ("                                \
    "n BIGINT NOT NULL, before BIGINT NOT NULL, xid xid8 NOT NULL, tab TEXT NOT NULL,"             \
    " id BIGINT NOT NULL, PRIMARY KEY (n, tab, id));"                                              \
    "CREATE SEQUENCE IF NOT EXISTS " RC_PG_SCHEMA ".change_n;"                                     \
    "CREATE UNLOGGED TABLE IF NOT EXISTS " RC_PG_SCHEMA ".tally ("                                 \
    "place INT NOT NULL PRIMARY KEY, count INT NOT NULL, until TIMESTAMPTZ NOT NULL);"

#define PROMISE_TIME RC_PG_TEXT(RC_PG_PROMISE_MS) " / 1000.0"
#define HOLD_TIME    RC_PG_TEXT(RC_PG_HOLD_MS) " / 1000.0"

/* promise: shares the lock, says so by a notice, and returns when its time is over or a writer
 * calls; the caller then gives up the lock. It passes by the lock of the writers, so that none
 * takes a promise while a writer takes them back, and keeps others from removing the table. recall:
 * calls on all who have the lock; without the right to do that a writer waits until the time is
 * over. */
#define PROMISES                                                                                   \
    "CREATE OR REPLACE FUNCTION " RC_PG_SCHEMA ".promise() RETURNS void LANGUAGE plpgsql AS $f$"   \
    " BEGIN BEGIN LOCK TABLE " RC_PG_SCHEMA ".change IN ACCESS SHARE MODE; "                       \
    "PERFORM pg_advisory_lock_shared(" RC_PG_WRITERS "); "                                         \
    "PERFORM pg_advisory_lock_shared(" RC_PG_PROMISES "); "                                        \
    "PERFORM pg_advisory_unlock_shared(" RC_PG_WRITERS "); "                                       \
    "RAISE NOTICE '" RC_PG_PROMISED "'; PERFORM pg_sleep(" PROMISE_TIME "); "                      \
    "EXCEPTION WHEN query_canceled OR lock_not_available THEN NULL; END; END $f$;"                 \
    "CREATE OR REPLACE FUNCTION " RC_PG_SCHEMA ".recall() RETURNS void LANGUAGE plpgsql"           \
    " SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$ BEGIN "                        \
    "PERFORM pg_cancel_backend(pid) FROM pg_locks l, pg_database d WHERE locktype = 'advisory'"    \
    " AND (classid, objid, objsubid) = (" RC_PG_PROMISES ", 2) AND mode = 'ShareLock' AND granted" \
    " AND l.database = d.oid AND d.datname = current_database(); "                                 \
    "EXCEPTION WHEN insufficient_privilege THEN NULL; END $f$;"

/* The id 0 is the whole table. A transaction notes at most eight rows singly, and the last thousand
 * transactions are kept. A restore of data sets the sequence back. */
#define FUNCTION                                                                                   \
    "CREATE OR REPLACE FUNCTION " RC_PG_SCHEMA ".note_change() RETURNS trigger LANGUAGE plpgsql"   \
    " AS $f$ DECLARE newest RECORD; this BIGINT; former BIGINT; which BIGINT := 0; BEGIN "         \
    "PERFORM pg_advisory_xact_lock(" RC_PG_WRITERS "); "                                           \
    "SELECT n, before, xid INTO newest FROM " RC_PG_SCHEMA ".change ORDER BY n DESC LIMIT 1; "     \
    "IF newest.xid = pg_current_xact_id() THEN"                                                    \
    " this := newest.n; former := newest.before;"                                                  \
    " ELSE this := nextval('" RC_PG_SCHEMA ".change_n'); former := coalesce(newest.n, 0);"         \
    " IF this <= former THEN this := setval('" RC_PG_SCHEMA ".change_n', former + 1); END IF;"     \
    " DELETE FROM " RC_PG_SCHEMA ".change WHERE n <= this - 1000;"                                 \
    " IF NOT pg_try_advisory_xact_lock(" RC_PG_PROMISES ") THEN PERFORM " RC_PG_SCHEMA             \
    ".recall(); PERFORM pg_advisory_xact_lock(" RC_PG_PROMISES "); END IF;"                        \
    " IF (newest.n IS NULL AND this > 1) OR extract(epoch FROM clock_timestamp() -"                \
    " pg_postmaster_start_time())"                                                                 \
    " BETWEEN -1 AND " HOLD_TIME " THEN "                                                          \
    "PERFORM pg_sleep(" HOLD_TIME "); END IF; END IF; "                                            \
    "IF TG_LEVEL = 'ROW' AND TG_NARGS > 0 AND"                                                     \
    " (SELECT count(*) FROM " RC_PG_SCHEMA ".change WHERE n = this) < 8"                           \
    " THEN IF TG_OP = 'DELETE' THEN"                                                               \
    " EXECUTE format('SELECT ($1).%I', TG_ARGV[0]) INTO which USING OLD;"                          \
    " ELSE EXECUTE format('SELECT ($1).%I', TG_ARGV[0]) INTO which USING NEW; "                    \
    "END IF; END IF; "                                                                             \
    "INSERT INTO " RC_PG_SCHEMA ".change VALUES"                                                   \
    " (this, former, pg_current_xact_id(), TG_TABLE_NAME, which) ON CONFLICT "                     \
    "DO NOTHING; "                                                                                 \
    "RETURN NULL; END $f$;"

/* Tables that lack a trigger, as c. */
#define UNWATCHED                                                                                  \
    " FROM pg_class c WHERE c.relnamespace = '" RC_PG_SCHEMA "'::regnamespace"                     \
    " AND c.relkind = 'r' AND c.relname NOT IN ('change', 'tally', 'schema_version')"              \
    " AND (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid AND (tgname, tgenabled) IN"       \
    " (('note_change', 'A'), ('note_truncate', 'A'), ('note_applied', 'R'))) < 3"

/* The triggers of a table, %s: tables whose rows are noted singly. ALWAYS: also for sessions with
 * session_replication_role = replica. What a subscription applies (logical replication) fires
 * triggers of rows only, so those sessions have one more. */
#define TRIGGERS                                                                                   \
    "DO $$ DECLARE t RECORD; each TEXT; BEGIN FOR t IN SELECT c.relname, (SELECT attname"          \
    " FROM pg_attribute WHERE attrelid = c.oid AND attidentity <> '') AS key" UNWATCHED " LOOP "   \
    "each := CASE WHEN t.relname = ANY('{%s}') THEN 'ROW' ELSE 'STATEMENT' END; "                  \
    "EXECUTE format('CREATE OR REPLACE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE "      \
    "ON " RC_PG_SCHEMA ".%%I FOR EACH %%s EXECUTE FUNCTION " RC_PG_SCHEMA ".note_change(%%L)',"    \
    " t.relname, each, t.key); "                                                                   \
    "EXECUTE format('CREATE OR REPLACE TRIGGER note_applied AFTER INSERT OR UPDATE OR DELETE "     \
    "ON " RC_PG_SCHEMA ".%%I FOR EACH ROW EXECUTE FUNCTION " RC_PG_SCHEMA ".note_change()',"       \
    " t.relname); "                                                                                \
    "EXECUTE format('CREATE OR REPLACE TRIGGER note_truncate AFTER TRUNCATE ON " RC_PG_SCHEMA      \
    ".%%I FOR EACH STATEMENT EXECUTE FUNCTION " RC_PG_SCHEMA ".note_change()', t.relname); "       \
    "EXECUTE format('ALTER TABLE " RC_PG_SCHEMA                                                    \
    ".%%I ENABLE ALWAYS TRIGGER note_change, ENABLE ALWAYS TRIGGER note_truncate,"                 \
    " ENABLE REPLICA TRIGGER note_applied', t.relname); "                                          \
    "END LOOP; END $$"

#define IS_WATCHED                                                                                 \
    "SELECT to_regclass('" RC_PG_SCHEMA ".change') IS NOT NULL AND to_regclass('" RC_PG_SCHEMA     \
    ".tally') IS NOT NULL AND to_regprocedure('" RC_PG_SCHEMA ".promise()') IS NOT NULL"           \
    " AND NOT EXISTS (SELECT" UNWATCHED ")"

rc_err_t *rc_pg_is_watched(bool *watched, rc_db_t *db)
{
    PGresult *row;
    rc_err_t *err = rc_pg_script(&row, db, IS_WATCHED);

    *watched = !err && *PQgetvalue(row, 0, 0) == 't';
    PQclear(row);
    return err;
}

rc_err_t *rc_pg_watch_changes(rc_db_t *db)
{
    const char *singly = "";
    apr_uint64_t left;

    for (left = db->texts->row_tables; left; left &= left - 1)
        singly = apr_pstrcat(db->pool, singly, *singly ? "," : "",
                             db->texts->tables[__builtin_ctzll(left)], NULL);
    return rc_pg_script(NULL, db,
                        apr_pstrcat(db->pool, TABLES PROMISES FUNCTION,
                                    apr_psprintf(db->pool, TRIGGERS, singly), NULL));
}
