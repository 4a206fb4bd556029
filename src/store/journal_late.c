// SPDX-License-Identifier: Apache-2.0
/*
 * Entries of the journal that wait in a file beside the database, because whoever made them did not
 * wait for a transaction: downloads and pulls. Reads the lines of the file and stores them.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/spill.h"
#include "base/text.h"
#include "sql.h"
#include "store/journal.h"
#include "store/webhook.h"

/* The fields of a line, separated by tabs. The last one shows that the line is complete. */
enum { KIND, WHEN, WITHIN, USER, KEY, USERNAME, REPO, REPO_NAME, IP, ACTION, END, FIELDS };

#define KIND_TEXT "journal"
#define END_TEXT  "."

/* --- lines --- */

/* Escapes what separates fields and lines. */
static const char *field(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 3 * strlen(text) + 1), *to = out;

    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == '%')
            to = rc_hex_escape(to, '%', *text);
        else
            *to++ = *text;
    }
    *to = '\0';
    return out;
}

const char *rc_journal_line(const rc_journal_late_t *late, apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        KIND_TEXT "\t%" APR_TIME_T_FMT "\t%" APR_TIME_T_FMT "\t%" APR_INT64_T_FMT
                                  "\t%" APR_INT64_T_FMT "\t%s\t%" APR_INT64_T_FMT
                                  "\t%s\t%s\t%s\t" END_TEXT,
                        late->created_on, late->within, late->user_id, late->key_id,
                        field(late->username, pool), late->repo_id, field(late->repo_name, pool),
                        field(late->ip ? late->ip : "", pool), field(late->action, pool));
}

/* Splits @a line, which it changes; false when it has another number of fields. */
static bool split_fields(char *fields[FIELDS], char *line)
{
    int i;

    for (i = 0; i < FIELDS; i++) {
        fields[i] = line;
        line += strcspn(line, "\t");
        if (!*line)
            return i == END;
        *line++ = '\0';
    }
    return false;
}

/* False for what a full disk or a power cut has left of a line. */
static bool parse_late(rc_journal_late_t *late, char *line, apr_pool_t *pool)
{
    char *fields[FIELDS];

    *late = (rc_journal_late_t){0};
    if (!split_fields(fields, line) || strcmp(fields[KIND], KIND_TEXT) ||
        strcmp(fields[END], END_TEXT))
        return false;
    late->username = rc_hex_unescape(fields[USERNAME], strlen(fields[USERNAME]), pool);
    late->repo_name = rc_hex_unescape(fields[REPO_NAME], strlen(fields[REPO_NAME]), pool);
    late->action = rc_hex_unescape(fields[ACTION], strlen(fields[ACTION]), pool);
    late->ip = rc_hex_unescape(fields[IP], strlen(fields[IP]), pool);
    return rc_text_int(&late->created_on, fields[WHEN]) &&
           rc_text_int(&late->within, fields[WITHIN]) &&
           rc_text_int(&late->user_id, fields[USER]) && rc_text_int(&late->key_id, fields[KEY]) &&
           rc_text_int(&late->repo_id, fields[REPO]);
}

/* --- storing --- */

static rc_err_t *is_known(bool *known, rc_db_t *db, const rc_journal_late_t *late)
{
    apr_time_t before = late->created_on - late->within;
    rc_stmt_t *st;

    *known = false;
    if (!late->within)
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_JOURNAL_RECENT, "iisi", late->user_id, late->repo_id, late->action,
                    (apr_int64_t)before));
    RC_TRY(rc_step(known, st, db));
    if (*known)
        rc_done(st);
    return NULL;
}

static rc_err_t *add_event(rc_db_t *db, const rc_journal_late_t *late)
{
    const rc_event_t event = {.name = "repo-pull",
                              .created_on = late->created_on,
                              .user_id = late->user_id,
                              .username = late->username,
                              .ip = late->ip,
                              .repo_id = late->repo_id,
                              .repo_name = late->repo_name};

    return rc_store_event_add(db, &event);
}

rc_err_t *rc_store_journal_late(rc_db_t *db, const rc_journal_late_t *late)
{
    bool known;

    RC_TRY(is_known(&known, db, late));
    if (known)
        return NULL;
    RC_TRY(rc_execute(db, SQL_JOURNAL_ADD_LATE, "isisssir", late->user_id, late->username,
                      late->repo_id, late->repo_name, late->action, late->ip ? late->ip : "",
                      (apr_int64_t)late->created_on, late->key_id));
    return strcmp(late->action, "pull") ? NULL : add_event(db, late);
}

static rc_err_t *store_line(rc_db_t *db, char *line, const rc_spilled_t *spilled, apr_pool_t *pool)
{
    rc_journal_late_t late;

    if (!*line)
        return NULL;
    if (!parse_late(&late, line, pool)) {
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s has an incomplete line, which is left out",
               spilled->path);
        return NULL;
    }
    return rc_store_journal_late(db, &late);
}

static rc_err_t *store_lines(rc_db_t *db, char *text, const rc_spilled_t *spilled, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    char *line, *end;

    apr_pool_create(&scratch, pool);
    for (line = text; !err && (end = strchr(line, '\n')); line = end + 1) {
        apr_pool_clear(scratch);
        *end = '\0';
        err = store_line(db, line, spilled, scratch);
    }
    apr_pool_destroy(scratch);
    return err;
}

/* --- the file --- */

/* Logs why the file cannot be read: then it is as if there were none. */
static bool opened(rc_spilled_t *spilled, const rc_db_t *db, apr_pool_t *pool)
{
    rc_err_t *err = rc_db_spilled(spilled, db, pool);

    if (err)
        rc_log(RC_LOG_WARNING, err->cause, "%s", rc_err_log_text(err, pool));
    return !err && spilled->fd >= 0;
}

/* Sets *@a at to where the lines begin that are not stored yet. */
static rc_err_t *find_position(apr_off_t *at, const rc_spilled_t *spilled, rc_db_t *db)
{
    rc_stmt_t *st;
    bool found;

    *at = spilled->start;
    RC_TRY(rc_stmt(&st, db, SQL_SPILL_TAKEN));
    RC_TRY(rc_step(&found, st, db));
    if (found && !strcmp(rc_column_peek(st, 0), spilled->id))
        *at = rc_column_int(st, 1);
    if (found)
        rc_done(st);
    return NULL;
}

/* Stores lines, and the position in the same transaction. A file that another process has removed
 * since it was opened was stored as a whole; its position is gone when the next file has one. */
static rc_err_t *take_lines(apr_off_t *at, rc_spilled_t *spilled, rc_db_t *db, apr_pool_t *pool)
{
    char *text;

    *at = spilled->length;
    if (rc_spilled_is_removed(spilled))
        return NULL;
    RC_TRY(find_position(at, spilled, db));
    RC_TRY(rc_spilled_read(&text, spilled, at, pool));
    RC_TRY(store_lines(db, text, spilled, pool));
    return rc_execute(db, SQL_SPILL_TAKE, "si", spilled->id, (apr_int64_t)*at);
}

rc_err_t *rc_store_journal_take(rc_db_t *db)
{
    rc_err_t *err = NULL;
    rc_spilled_t spilled;
    apr_pool_t *pool;
    apr_off_t at;

    apr_pool_create(&pool, rc_db_user_pool(db));
    if (opened(&spilled, db, pool) && !(err = find_position(&at, &spilled, db)) &&
        at < spilled.length)
        err = take_lines(&at, &spilled, db, pool);
    if (err)
        err = rc_err_copy(err, rc_db_user_pool(db));
    apr_pool_destroy(pool);
    return err;
}

typedef struct settling_t {
    rc_spilled_t spilled;
    apr_off_t at; /* up to which lines are stored */
    apr_pool_t *pool;
} settling_t;

static rc_err_t *take_in_txn(void *baton, rc_db_t *db)
{
    settling_t *settling = baton;

    return take_lines(&settling->at, &settling->spilled, db, settling->pool);
}

/* One transaction. *@a more: lines may be left. The file is removed when a transaction that waited
 * for the disk has stored all of it. */
static rc_err_t *settle_some(bool *more, rc_db_t *db, bool remove, apr_pool_t *pool)
{
    settling_t settling = {.pool = pool};
    apr_off_t before;

    *more = false;
    if (!opened(&settling.spilled, db, pool))
        return NULL;
    RC_TRY(find_position(&before, &settling.spilled, db));
    if (before >= settling.spilled.length && !remove)
        return NULL;
    RC_TRY(rc_db_txn(db, take_in_txn, &settling));
    *more = settling.at > before && settling.at < settling.spilled.length;
    if (!*more)
        rc_spilled_remove(&settling.spilled, settling.at);
    return NULL;
}

rc_err_t *rc_store_journal_settle(rc_db_t *db, bool remove)
{
    rc_err_t *err = NULL;
    apr_pool_t *pool;
    bool more = true;

    apr_pool_create(&pool, rc_db_user_pool(db));
    while (!err && more) {
        apr_pool_clear(pool);
        err = settle_some(&more, db, remove, pool);
    }
    if (err)
        err = rc_err_copy(err, rc_db_user_pool(db));
    apr_pool_destroy(pool);
    return err;
}
