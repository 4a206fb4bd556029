// SPDX-License-Identifier: Apache-2.0
/*
 * Prepares statements by number, binds parameters, steps and reads columns: the thin layer over the
 * driver that all of src/store uses.
 */
#include "memory.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

static const char *text_of(const rc_stmt_t *st)
{
    const rc_db_texts_t *texts = st->db->texts;

    return st->number < texts->statement_count ? texts->statements[st->number] : "a copy";
}

/* Rejects what some databases allow and others do not: stepping two statements of a connection
 * alternately, and continuing a transaction after an error. */
rc_err_t *rc_db_check_ready(const rc_db_t *db, const char *next)
{
    if (db->active)
        return rc_err_internal(db->pool, APR_SUCCESS, "%s begins between the rows of %s", next,
                               text_of(db->active));
    if (db->failed)
        return rc_err_internal(db->pool, APR_SUCCESS, "%s in a transaction that has failed", next);
    return NULL;
}

/* Returns a bit for each table that is a word of @a text. */
static apr_uint64_t tables_in(const char *text, const rc_db_texts_t *texts)
{
    apr_uint64_t found = 0;
    apr_size_t len;
    int i;

    for (; *text; text += len ? len : 1) {
        len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
        for (i = 0; len && i < texts->table_count; i++)
            if (strlen(texts->tables[i]) == len && !strncasecmp(texts->tables[i], text, len))
                found |= APR_UINT64_C(1) << i;
    }
    return found;
}

rc_err_t *rc_stmt_make(rc_stmt_t **st, rc_db_t *db, const char *text, apr_pool_t *pool)
{
    *st = apr_pcalloc(pool, sizeof(**st));
    (*st)->db = db;
    (*st)->number = RC_STMT_MADE(db);
    return db->driver->prepare(*st, text);
}

rc_err_t *rc_stmt(rc_stmt_t **out, rc_db_t *db, int number)
{
    rc_stmt_t unprepared = {.db = db, .number = number};
    rc_stmt_t *st = db->statements ? &db->statements[number] : &unprepared;

    rc_done(st);
    st->ahead = false;
    if (!st->handle) {
        RC_TRY(db->driver->prepare(st, text_of(st)));
        st->tables = tables_in(text_of(st), db->texts);
    }
    *out = st;
    return NULL;
}

/* Limits for what clients store: names, and texts. */
#define NAME_MOST 255       /* characters */
#define TEXT_MOST (1 << 16) /* bytes */

static bool is_long(const char *text, char type)
{
    if (type == 's')
        return false;
    return type == 'n' ? rc_text_characters(text) > NAME_MOST : strlen(text) > TEXT_MOST;
}

static rc_err_t *bind_text(rc_stmt_t *st, int at, char type, const char *text)
{
    if (text && is_long(text, type))
        return rc_err_failed(st->db->pool,
                             "a text is too long to be stored (at most %s): parameter %d of %s",
                             type == 'n' ? "255 characters" : "64 KiB", at, text_of(st));
    return st->db->driver->bind_text(st, at, text);
}

static rc_err_t *bind_id(rc_stmt_t *st, int at, apr_int64_t id)
{
    const rc_driver_t *driver = st->db->driver;

    return id ? driver->bind_int(st, at, id) : driver->bind_no_int(st, at);
}

static rc_err_t *bind_one(rc_stmt_t *st, int at, char type, va_list *ap)
{
    const rc_driver_t *driver = st->db->driver;
    const rc_blob_t *blob;

    switch (type) {
    case 's':
    case 'n':
    case 't':
        return bind_text(st, at, type, va_arg(*ap, const char *));
    case 'i':
        return driver->bind_int(st, at, va_arg(*ap, apr_int64_t));
    case 'r':
        return bind_id(st, at, va_arg(*ap, apr_int64_t));
    case 'd':
        return driver->bind_int(st, at, va_arg(*ap, int));
    case 'b':
        blob = va_arg(*ap, const rc_blob_t *);
        return driver->bind_blob(st, at, blob->data, blob->len);
    default:
        return rc_err_internal(st->db->pool, APR_SUCCESS, "parameter type %c of %s", type,
                               text_of(st));
    }
}

static rc_err_t *bind_all(rc_stmt_t *st, const char *types, va_list *ap)
{
    int at;

    for (at = 1; *types; at++, types++)
        RC_TRY(bind_one(st, at, *types, ap));
    return NULL;
}

rc_err_t *rc_bind(rc_stmt_t *st, rc_db_t *db, const char *types, ...)
{
    rc_err_t *err;
    va_list ap;

    (void)db;
    va_start(ap, types);
    err = bind_all(st, types, &ap);
    va_end(ap);
    return err;
}

rc_err_t *rc_bind_ids(rc_stmt_t *st, int at, const apr_int64_t *ids, int count)
{
    return st->db->driver->bind_ids(st, at, ids, count);
}

void rc_expect_few(rc_stmt_t *st)
{
    st->few = true;
}

rc_err_t *rc_ahead(rc_stmt_t *st)
{
    const rc_driver_t *driver = st->db->driver;

    st->ahead = true;
    return driver->ahead && st->few && !st->db->failed ? driver->ahead(st) : NULL;
}

rc_stmt_t *rc_sent_ahead(rc_db_t *db, int number)
{
    rc_stmt_t *st = &db->statements[number];

    return st->ahead ? st : NULL;
}

rc_err_t *rc_query_list(rc_stmt_t **out, rc_db_t *db, int number, const char *types, va_list *ap)
{
    RC_TRY(rc_stmt(out, db, number));
    return bind_all(*out, types, ap);
}

rc_err_t *rc_query(rc_stmt_t **out, rc_db_t *db, int number, const char *types, ...)
{
    rc_err_t *err;
    va_list ap;

    RC_TRY(rc_stmt(out, db, number));
    va_start(ap, types);
    err = bind_all(*out, types, &ap);
    va_end(ap);
    return err;
}

rc_err_t *rc_execute(rc_db_t *db, int number, const char *types, ...)
{
    rc_err_t *err;
    rc_stmt_t *st = NULL;
    va_list ap;

    RC_TRY(rc_stmt(&st, db, number));
    va_start(ap, types);
    err = bind_all(st, types, &ap);
    va_end(ap);
    return err ? err : rc_stmt_run(st, db);
}

rc_err_t *rc_step(bool *row, rc_stmt_t *st, rc_db_t *db)
{
    rc_err_t *err;

    *row = false;
    if (db->active != st) {
        RC_TRY(rc_db_check_ready(db, text_of(st)));
        rc_memory_read(db, st);
        st->ahead = false;
    }
    err = db->driver->step(row, st);
    db->active = *row ? st : NULL;
    db->failed = err && (db->writing || db->reading);
    return err;
}

rc_err_t *rc_stmt_run(rc_stmt_t *st, rc_db_t *db)
{
    bool row;

    do {
        RC_TRY(rc_step(&row, st, db));
    } while (row);
    return NULL;
}

rc_err_t *rc_insert(apr_int64_t *id, rc_stmt_t *st, rc_db_t *db)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *id = rc_column_int(st, 0);
    return rc_stmt_run(st, db);
}

void rc_rows_begin(rc_rows_t *rows, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    rows->st = st;
    rows->db = db;
    rows->err = NULL;
    apr_pool_create(&rows->scratch, pool);
}

bool rc_rows_next(rc_rows_t *rows)
{
    bool found = false;

    apr_pool_clear(rows->scratch);
    if (!rows->err)
        rows->err = rc_step(&found, rows->st, rows->db);
    return found;
}

rc_err_t *rc_rows_end(rc_rows_t *rows)
{
    rc_done(rows->st);
    apr_pool_destroy(rows->scratch);
    return rows->err;
}

rc_err_t *rc_texts(apr_array_header_t **list, rc_stmt_t *st, int column, rc_db_t *db,
                   apr_pool_t *pool)
{
    bool found;

    *list = apr_array_make(pool, 8, sizeof(const char *));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*list, const char *) = rc_column_text(st, column, pool);
    }
}

void rc_done(rc_stmt_t *st)
{
    if (st->db->active != st)
        return; /* it is reset already */
    st->db->driver->reset(st);
    st->db->active = NULL;
}

apr_int64_t rc_changes(rc_db_t *db)
{
    return db->driver->changes(db);
}

const char *rc_column_peek(rc_stmt_t *st, int column)
{
    int len;

    return st->db->driver->column_text(st, column, &len);
}

const char *rc_column_text(rc_stmt_t *st, int column, apr_pool_t *pool)
{
    int len;
    const char *text = st->db->driver->column_text(st, column, &len);

    return text ? apr_pstrmemdup(pool, text, (apr_size_t)len) : NULL;
}

apr_int64_t rc_column_int(rc_stmt_t *st, int column)
{
    return st->db->driver->column_int(st, column);
}

bool rc_column_bool(rc_stmt_t *st, int column)
{
    return st->db->driver->column_int(st, column) != 0;
}

rc_blob_t rc_column_blob(rc_stmt_t *st, int column, apr_pool_t *pool)
{
    rc_blob_t blob = {NULL, 0};
    const void *data = st->db->driver->column_blob(st, column, &blob.len);

    if (data)
        blob.data = apr_pmemdup(pool, data, (apr_size_t)blob.len);
    return blob;
}
