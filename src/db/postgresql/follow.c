// SPDX-License-Identifier: Apache-2.0
/*
 * Follows the commits of all machines (db/generation.h) by one question to the server: the rows of
 * `change` (watch.c) that are newer than the last one. The answer holds all commits that were
 * acknowledged before the question, on whichever machine. A notification (LISTEN) would be cheaper
 * and late: a right that was revoked could be used until it arrives. Where questions come often and
 * nothing changes, a promise of the server (promise.c) makes them needless.
 *
 * A cheaper question comes before it: the last value of the sequence that the numbers come from. A
 * transaction has taken its number before it commits; so when that is the number of the last
 * change, nothing is newer. The sequence is ahead while a transaction runs, and from one that was
 * rolled back to the next commit.
 *
 * A state of the database is the number of its last change, with the transaction that wrote its
 * row, the identity of the table and the start of the server: a database that was restored, whole
 * or only its data, and another server, have other ones. After the end of the connection everything
 * counts as changed.
 */
#include "promise.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/time.h"

#define IDENTITY "'" RC_PG_SCHEMA ".change'::regclass::oid || ' ' || pg_postmaster_start_time()"

#define CHANGE      RC_PG_SCHEMA ".change"
#define LAST_FIRST  " ORDER BY n DESC, tab DESC, id DESC LIMIT 1"
#define ROW_OF(num) "(SELECT xmin::text FROM " CHANGE " WHERE n = " num LAST_FIRST ")"

static const struct {
    const char *name, *text, *what;
} questions[RC_PG_QUESTIONS] = {
    [RC_PG_STATE] = {"state",
                     "SELECT " IDENTITY ", (SELECT coalesce(max(n), 0)::text FROM " CHANGE "),"
                     " (SELECT xmin::text FROM " CHANGE LAST_FIRST ")",
                     "the state"},
    [RC_PG_NEWS] = {"news",
                    "SELECT " IDENTITY ", c.n::text, c.xmin::text, c.before::text, c.tab,"
                    " c.id::text, " ROW_OF("$1") " FROM (VALUES (1)) AS one LEFT JOIN " CHANGE
                                                 " c ON c.n > $1 ORDER BY c.n, c.tab, c.id",
                    "news"},
    [RC_PG_LEVEL] = {"level",
                     "SELECT tableoid, last_value, " ROW_OF("last_value") " FROM " CHANGE "_n",
                     "the last number"},
};

enum { SERVER, NUMBER, WRITER, BEFORE, TABLE, ROW, SEEN }; /* columns; SEEN: that of `seen` */
enum { SEQUENCE, LAST, LAST_WRITER };                      /* of RC_PG_LEVEL */

#define ANSWER_TIME apr_time_from_sec(2) /* for a question */
#define PAUSE       apr_time_from_sec(1) /* before the next try, when the server is away */
#define CALM        16                   /* questions without news, before a promise is asked for */

typedef struct follower_t {
    rc_db_t *db;
    rc_pg_state_t seen; /* what was reported leads to this state */
    char sequence[16];  /* identity of the sequence, read before `seen` */
    bool ahead;         /* it was ahead of `seen` when there was no news */
    PGresult *rows;     /* an answer of which something is left; NULL: none */
    int row;
    bool told;             /* all of the last answer was reported */
    bool connected;        /* `seen` was read by this connection */
    apr_time_t not_before; /* of rc_clock: the next try to connect */
    rc_pg_promise_t *promise;
    apr_uint64_t promised; /* number of the promise since which there is no news; 0: none */
    unsigned calm;         /* questions since the last news */
} follower_t;

/* --- states --- */

static void read_state(rc_pg_state_t *state, const PGresult *row)
{
    apr_cpystrn(state->server, PQgetvalue(row, 0, SERVER), sizeof(state->server));
    state->number = apr_atoi64(PQgetvalue(row, 0, NUMBER));
    apr_cpystrn(state->row, PQgetvalue(row, 0, WRITER), sizeof(state->row));
}

static bool is_same_state(const rc_pg_state_t *a, const rc_pg_state_t *b)
{
    return a->number == b->number && !strcmp(a->row, b->row) && !strcmp(a->server, b->server);
}

/* Adds a question to the batch, and its preparation before its first use. */
static rc_err_t *send_question(rc_db_t *db, int which, const char *value)
{
    rc_pg_t *pg = db->handle;
    const char *name =
        apr_psprintf(db->pool, "%s%d", questions[which].name, pg->questions[which].renewed);
    int count = value ? 1 : 0;
    Oid type = 20; /* int8 */

    if (pg->questions[which].life != pg->life &&
        !PQsendPrepare(pg->conn, name, questions[which].text, count, &type))
        return rc_pg_away(pg->conn, db->path, db->pool);
    if (!PQsendQueryPrepared(pg->conn, name, count, &value, NULL, NULL, 0))
        return rc_pg_away(pg->conn, db->path, db->pool);
    return rc_pg_sync(db);
}

/* Asks a question. After an error it is prepared again, under another name: whether it was is not
 * known. */
static rc_err_t *ask_question(PGresult **rows, rc_db_t *db, int which, const char *value)
{
    rc_pg_t *pg = db->handle;
    rc_err_t *err;

    *rows = NULL;
    RC_TRY(send_question(db, which, value));
    err = rc_pg_finish(rows, db, 0, questions[which].what);
    pg->questions[which].life = err ? 0 : pg->life;
    pg->questions[which].renewed += err != NULL;
    return err;
}

rc_err_t *rc_pg_read_state(rc_db_t *db)
{
    rc_pg_t *pg = db->handle;
    PGresult *row;
    rc_err_t *err = ask_question(&row, db, RC_PG_STATE, NULL);

    if (!err)
        read_state(&pg->state, row);
    PQclear(row);
    return err;
}

bool rc_pg_is_at(const void *baton, const rc_db_t *db)
{
    const follower_t *follower = baton;
    const rc_pg_t *pg = db->handle;

    return is_same_state(&follower->seen, &pg->state);
}

/* --- the follower --- */

static apr_status_t drop_rows(void *data)
{
    follower_t *follower = data;

    PQclear(follower->rows);
    follower->rows = NULL;
    return APR_SUCCESS;
}

/* An older program may have made the database. */
static rc_err_t *watch_all(void *baton, rc_db_t *db)
{
    (void)baton;
    return rc_pg_watch_changes(db);
}

rc_err_t *rc_pg_follow(void **out, rc_db_t *db)
{
    follower_t *follower = apr_pcalloc(db->own, sizeof(*follower));
    rc_pg_t *pg = db->handle;
    bool watched;

    RC_TRY(rc_pg_is_watched(&watched, db));
    if (!watched)
        RC_TRY(rc_db_txn(db, watch_all, NULL));
    follower->db = db;
    apr_pool_cleanup_register(db->own, follower, drop_rows, apr_pool_cleanup_null);
    pg->wait = ANSWER_TIME;
    *out = follower;
    return rc_pg_promise_open(&follower->promise, db);
}

static rc_err_t *read_sequence(follower_t *follower)
{
    PGresult *row;
    rc_err_t *err = ask_question(&row, follower->db, RC_PG_LEVEL, NULL);

    if (!err)
        apr_cpystrn(follower->sequence, PQgetvalue(row, 0, SEQUENCE), sizeof(follower->sequence));
    PQclear(row);
    return err;
}

/* Connects, if that is due, and begins anew: what changed meanwhile is not known. */
static rc_err_t *begin_anew(follower_t *follower)
{
    rc_db_t *db = follower->db;
    rc_pg_t *pg = db->handle;

    if (rc_pg_is_lost(db)) {
        RC_TRY(rc_pg_reopen(db));
        pg->wait = ANSWER_TIME;
    }
    RC_TRY(read_sequence(follower));
    RC_TRY(rc_pg_read_state(db));
    follower->seen = pg->state;
    follower->ahead = false;
    follower->connected = true;
    return NULL;
}

static rc_err_t *ask_news(follower_t *follower)
{
    char number[24];

    apr_snprintf(number, sizeof(number), "%" APR_INT64_T_FMT, follower->seen.number);
    return ask_question(&follower->rows, follower->db, RC_PG_NEWS, number);
}

static rc_news_t lose(follower_t *follower)
{
    drop_rows(follower);
    follower->connected = false;
    follower->promised = 0;
    return RC_NEWS_UNKNOWN;
}

/* The server is asked again after a pause only, because each thread would wait for the try. */
static rc_news_t fail_news(follower_t *follower, const rc_err_t *err, apr_pool_t *pool)
{
    rc_log(RC_LOG_WARNING, err->cause, "changes of the database are not followed: %s",
           rc_err_log_text(err, pool));
    follower->not_before = rc_clock() + PAUSE;
    return lose(follower);
}

/* --- what changed --- */

static const char *value(const follower_t *follower, int column)
{
    return PQgetvalue(follower->rows, follower->row, column);
}

static void add_row_change(rc_extent_t *extent, const follower_t *follower)
{
    const rc_db_texts_t *texts = follower->db->texts;
    apr_int64_t id = apr_atoi64(value(follower, ROW));
    int i;

    for (i = 0; i < texts->table_count; i++)
        if (!strcmp(texts->tables[i], value(follower, TABLE))) {
            if (id)
                rc_extent_add_row(extent, i, id);
            else
                rc_extent_add_tables(extent, APR_UINT64_C(1) << i);
        }
}

/* Reports one transaction, whose rows follow each other. */
static rc_news_t report_one(follower_t *follower, rc_extent_t *extent)
{
    apr_int64_t number = apr_atoi64(value(follower, NUMBER));
    bool linked = apr_atoi64(value(follower, BEFORE)) == follower->seen.number;

    memset(extent, 0, sizeof(*extent));
    for (; follower->row < PQntuples(follower->rows); follower->row++) {
        if (apr_atoi64(value(follower, NUMBER)) != number)
            break;
        add_row_change(extent, follower);
        apr_cpystrn(follower->seen.row, value(follower, WRITER), sizeof(follower->seen.row));
    }
    follower->seen.number = number;
    follower->ahead = false;
    follower->told = follower->row == PQntuples(follower->rows);
    if (follower->told)
        drop_rows(follower);
    return linked ? RC_NEWS_CHANGE : RC_NEWS_LOST;
}

/* Looks at a new answer: it has one row without a change when there are none. */
static rc_news_t take_answer(follower_t *follower, rc_extent_t *extent)
{
    follower->row = 0;
    if (strcmp(value(follower, SERVER), follower->seen.server) ||
        strcmp(value(follower, SEEN), follower->seen.row))
        return lose(follower);
    if (!PQgetisnull(follower->rows, 0, NUMBER))
        return report_one(follower, extent);
    drop_rows(follower);
    follower->ahead = true;
    return RC_NEWS_NONE;
}

/* Sets *@a news when the sequence says that there is none, or is another one. */
static rc_err_t *look_at_sequence(bool *known, rc_news_t *news, follower_t *follower)
{
    PGresult *row;
    rc_err_t *err = ask_question(&row, follower->db, RC_PG_LEVEL, NULL);
    bool same = !err && !strcmp(PQgetvalue(row, 0, SEQUENCE), follower->sequence);
    bool last = same && apr_atoi64(PQgetvalue(row, 0, LAST)) == follower->seen.number;

    if (last) /* restored with this number? */
        same = !strcmp(PQgetvalue(row, 0, LAST_WRITER), follower->seen.row);
    *known = !err && (!same || last);
    if (*known)
        *news = same ? RC_NEWS_NONE : lose(follower);
    PQclear(row);
    return err;
}

/* Asks what is new since `seen`. */
static rc_err_t *ask_server(rc_news_t *news, follower_t *follower, rc_extent_t *extent)
{
    bool known = false;

    if (!follower->ahead)
        RC_TRY(look_at_sequence(&known, news, follower));
    if (known)
        return NULL;
    RC_TRY(ask_news(follower));
    *news = take_answer(follower, extent);
    return NULL;
}

/* The same; notes since which promise, @a promised, there is no news, or wants one. */
static rc_err_t *look_for_news(rc_news_t *news, follower_t *follower, rc_extent_t *extent,
                               apr_uint64_t promised)
{
    follower->promised = 0;
    RC_TRY(ask_server(news, follower, extent));
    if (*news != RC_NEWS_NONE) {
        follower->calm = 0;
        return NULL;
    }
    follower->promised = promised;
    if (++follower->calm % CALM == 0)
        rc_pg_want_promise(follower->promise);
    return NULL;
}

rc_news_t rc_pg_news(void *baton, rc_extent_t *extent)
{
    follower_t *follower = baton;
    apr_uint64_t promised;
    apr_pool_t *scratch;
    rc_news_t news;
    rc_err_t *err;

    if (follower->rows)
        return report_one(follower, extent);
    if (follower->told) {
        follower->told = false;
        return RC_NEWS_NONE;
    }
    promised = rc_pg_promised(follower->promise);
    if (promised && promised == follower->promised)
        return RC_NEWS_NONE;
    if (follower->not_before > rc_clock())
        return RC_NEWS_UNKNOWN;
    apr_pool_create(&scratch, NULL);
    follower->db->pool = scratch;
    if (!follower->connected)
        news = (err = begin_anew(follower)) ? fail_news(follower, err, scratch) : RC_NEWS_LOST;
    else if ((err = look_for_news(&news, follower, extent, promised)))
        news = rc_pg_is_lost(follower->db) ? lose(follower) : fail_news(follower, err, scratch);
    follower->db->pool = follower->db->own;
    apr_pool_destroy(scratch);
    return news;
}
