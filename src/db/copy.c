// SPDX-License-Identifier: Apache-2.0
/*
 * Copies rows by statements that are made of the names of tables and columns, which the databases
 * themselves tell. The checksum of a table is the sum of the checksums of its rows, so that their
 * order does not matter.
 */
#include "db/copy.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "driver.h"

/* A checksum: of two functions, so that no two rows share it by accident. */
typedef struct sum_t {
    apr_uint64_t rows, a, b;
} sum_t;

#define START_A APR_UINT64_C(0xcbf29ce484222325) /* FNV-1a, and the same from another beginning */
#define START_B APR_UINT64_C(0x9ae16a3b2f90404f)
#define PRIME   APR_UINT64_C(0x100000001b3)

static void add_bytes(sum_t *row, const void *data, apr_size_t len)
{
    const unsigned char *byte = data, *end = byte + len;

    for (; byte < end; byte++) {
        row->a = (row->a ^ *byte) * PRIME;
        row->b = (row->b ^ *byte) * PRIME;
    }
}

/* One column of the current row. */
typedef struct value_t {
    char type; /* see rc_db_column_t; 0: NULL */
    apr_int64_t number;
    const void *data;
    int len;
} value_t;

static value_t column_value(rc_stmt_t *st, int at, char type, apr_int64_t *repaired,
                            apr_pool_t *pool)
{
    const rc_driver_t *driver = st->db->driver;
    value_t value = {.type = type};

    value.data = type == 'b' ? driver->column_blob(st, at, &value.len)
                             : driver->column_text(st, at, &value.len);
    if (!value.data) {
        value.type = '\0';
    } else if (type == 'i') {
        value.number = driver->column_int(st, at);
        value.len = sizeof(value.number);
    } else if (type == 's') {
        value.len = (int)strlen(value.data);
        if (!rc_utf8_valid(value.data, (apr_size_t)value.len)) {
            value.data = rc_utf8_repair(value.data, pool);
            value.len = (int)strlen(value.data);
            ++*repaired;
        }
    }
    return value;
}

static void add_value(sum_t *row, const value_t *value)
{
    add_bytes(row, &value->type, 1);
    if (!value->type)
        return;
    add_bytes(row, &value->len, sizeof(value->len));
    add_bytes(row, value->type == 'i' ? &value->number : value->data, (apr_size_t)value->len);
}

static rc_err_t *bind_value(rc_stmt_t *st, int at, char type, const value_t *value)
{
    const rc_driver_t *driver = st->db->driver;

    if (type == 'b')
        return driver->bind_blob(st, at, value->data, value->len);
    if (type == 's')
        return driver->bind_text(st, at, value->data);
    return value->type ? driver->bind_int(st, at, value->number) : driver->bind_no_int(st, at);
}

/* The work on one table. */
typedef struct table_t {
    const char *name, *columns; /* columns: their names, with commas */
    apr_array_header_t *list;   /* of rc_db_column_t */
    apr_int64_t repaired;
    apr_pool_t *pool;
} table_t;

/* Adds the current row of @a st to @a sum, and inserts it by @a insert unless that is NULL. */
static rc_err_t *take_row(sum_t *sum, table_t *table, rc_stmt_t *st, rc_stmt_t *insert,
                          apr_pool_t *scratch)
{
    sum_t row = {1, START_A, START_B};
    int i;

    for (i = 0; i < table->list->nelts; i++) {
        char type = APR_ARRAY_IDX(table->list, i, rc_db_column_t).type;
        value_t value = column_value(st, i, type, &table->repaired, scratch);

        add_value(&row, &value);
        if (insert)
            RC_TRY(bind_value(insert, i + 1, type, &value));
    }
    sum->rows++;
    sum->a += row.a;
    sum->b += row.b;
    return insert ? rc_stmt_run(insert, insert->db) : NULL;
}

static rc_err_t *take_rows(sum_t *sum, table_t *table, rc_db_t *db, rc_stmt_t *insert)
{
    rc_stmt_t *st;
    rc_rows_t rows;
    rc_err_t *err;

    memset(sum, 0, sizeof(*sum));
    RC_TRY(rc_stmt_make(
        &st, db, apr_pstrcat(table->pool, "SELECT ", table->columns, " FROM ", table->name, NULL),
        table->pool));
    for (rc_rows_begin(&rows, st, db, table->pool); rc_rows_next(&rows);)
        rows.err = take_row(sum, table, st, insert, rows.scratch);
    err = rc_rows_end(&rows);
    db->driver->finalize(st);
    return err;
}

/* INSERT INTO t (a, b) VALUES (?1, ?2) */
static const char *insert_text(const table_t *table)
{
    const char *text = apr_pstrcat(table->pool, "INSERT INTO ", table->name, " (", table->columns,
                                   ") VALUES (", NULL);
    int i;

    for (i = 0; i < table->list->nelts; i++)
        text = apr_psprintf(table->pool, "%s%s?%d", text, i ? ", " : "", i + 1);
    return apr_pstrcat(table->pool, text, ")", NULL);
}

static rc_err_t *describe_table(table_t *table, rc_db_t *from, const char *name, apr_pool_t *pool)
{
    int i;

    *table = (table_t){.name = name, .columns = "", .pool = pool};
    RC_TRY(from->driver->columns(&table->list, from, name, pool));
    for (i = 0; i < table->list->nelts; i++)
        table->columns = apr_pstrcat(pool, table->columns, i ? ", " : "",
                                     APR_ARRAY_IDX(table->list, i, rc_db_column_t).name, NULL);
    return NULL;
}

static rc_err_t *copy_table(rc_copied_t *copied, rc_db_t *to, rc_db_t *from, apr_pool_t *pool)
{
    apr_int64_t last;
    rc_stmt_t *insert;
    table_t table;
    sum_t sent, found;

    RC_TRY(describe_table(&table, from, copied->table, pool));
    RC_TRY(rc_stmt_make(&insert, to, insert_text(&table), pool));
    RC_TRY(take_rows(&sent, &table, from, insert));
    to->driver->finalize(insert);
    copied->rows = (apr_int64_t)sent.rows;
    copied->repaired = table.repaired;
    RC_TRY(take_rows(&found, &table, to, NULL));
    if (memcmp(&sent, &found, sizeof(sent)))
        return rc_err_internal(to->pool, APR_SUCCESS, "table %s: the copy differs", copied->table);
    RC_TRY(from->driver->last_id(&last, from, copied->table));
    return last ? rc_db_keep_id(to, copied->table, last) : NULL;
}

rc_err_t *rc_db_last_id(apr_int64_t *id, rc_db_t *db, const char *table)
{
    return db->driver->last_id(id, db, table);
}

rc_err_t *rc_db_keep_id(rc_db_t *db, const char *table, apr_int64_t id)
{
    apr_int64_t last;

    RC_TRY(db->driver->last_id(&last, db, table));
    return last < id ? db->driver->set_last_id(db, table, id) : NULL;
}

static rc_err_t *check_empty(rc_db_t *db, const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_stmt_make(&st, db, apr_psprintf(pool, "SELECT 1 FROM %s LIMIT 1", name), pool));
    RC_TRY(rc_step(&found, st, db));
    rc_done(st);
    db->driver->finalize(st);
    return found ? rc_err(db->pool, RC_E_ARG, "%s is not empty: its table %s has rows", db->path,
                          name)
                 : NULL;
}

static rc_err_t *copy_all(apr_array_header_t *tables, rc_db_t *to, rc_db_t *from)
{
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    int i;

    RC_TRY(to->driver->begin_copy(to));
    apr_pool_create(&scratch, tables->pool);
    for (i = 0; !err && i < from->texts->table_count; i++) {
        rc_copied_t *copied = apr_array_push(tables);

        apr_pool_clear(scratch);
        copied->table = from->texts->tables[i];
        err = copy_table(copied, to, from, scratch);
    }
    apr_pool_destroy(scratch);
    return err ? err : to->driver->end_copy(to);
}

rc_err_t *rc_db_copy(apr_array_header_t **tables, rc_db_t *to, rc_db_t *from, apr_pool_t *pool)
{
    rc_err_t *err;
    int i;

    *tables = apr_array_make(pool, from->texts->table_count, sizeof(rc_copied_t));
    for (i = 0; i < to->texts->table_count; i++)
        RC_TRY(check_empty(to, to->texts->tables[i], pool));
    RC_TRY(rc_db_begin_write(from)); /* writes nothing, but nobody else can */
    if (!(err = rc_db_begin_write(to)) && !(err = copy_all(*tables, to, from)))
        err = rc_db_commit(to);
    rc_db_rollback(to);
    rc_db_rollback(from);
    return err;
}
