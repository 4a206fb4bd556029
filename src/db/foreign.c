// SPDX-License-Identifier: Apache-2.0
/*
 * Reads tables of another program's database. What a dump holds of them is first copied into a
 * private database without a name, so that all kinds are read by the same statements; these consist
 * of our own names only.
 */
#include "db/foreign.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "driver.h"
#include "dump.h"

#define MOST_TABLES 64
#define PATIENCE    apr_time_from_sec(10)

/* What the database has of a table. */
typedef struct found_t {
    const char *name;                        /* NULL: there is none */
    const char *columns[RC_FOREIGN_COLUMNS]; /* NULL: there is none */
    int count;
    rc_stmt_t *insert; /* of a row of a dump */
    rc_stmt_t *select;
    int place[RC_FOREIGN_COLUMNS]; /* of our columns in such a row; -1: none */
    apr_array_header_t *names;     /* const char *: the columns in the dump */
} found_t;

struct rc_foreign_t {
    const rc_foreign_table_t *tables;
    found_t found[MOST_TABLES];
    int filling; /* the table of the dump whose columns are read */
    rc_db_t *db;
    apr_pool_t *pool;
};

static const rc_db_texts_t no_texts;

/* Copies the next word of *@a text up to @a end or a blank, in @a pool; NULL when there is none. */
static const char *next_word(const char **text, const char *end, apr_pool_t *pool)
{
    const char *from = *text;
    apr_size_t len = strcspn(from, end);

    if (!len)
        return NULL;
    *text = from + len + (from[len] != '\0');
    return apr_pstrmemdup(pool, from, len);
}

/* Finds the first of "a|b" in @a list; returns its place, -1 for none. */
static int find_word(const char **word, const char *words, const apr_array_header_t *list,
                     apr_pool_t *pool)
{
    int i;

    while ((*word = next_word(&words, "|", pool)))
        for (i = 0; i < list->nelts; i++)
            if (!strcmp(APR_ARRAY_IDX(list, i, const char *), *word))
                return i;
    return -1;
}

/* Notes which of the columns of a table are there. */
static void note_columns(found_t *found, const rc_foreign_table_t *table,
                         const apr_array_header_t *list, apr_pool_t *pool)
{
    const char *columns = table->columns, *words;

    for (found->count = 0; (words = next_word(&columns, " ", pool)); found->count++)
        found->place[found->count] = find_word(&found->columns[found->count], words, list, pool);
}

/* Looks for all tables in the database. */
static rc_err_t *find_tables(rc_foreign_t *foreign)
{
    const rc_foreign_table_t *table;
    apr_array_header_t *list;
    const char *names;
    int i;

    for (i = 0; (table = &foreign->tables[i])->names; i++) {
        found_t *found = &foreign->found[i];

        for (names = table->names; (found->name = next_word(&names, "|", foreign->pool));) {
            RC_TRY(foreign->db->driver->foreign_columns(&list, foreign->db, found->name,
                                                        foreign->pool));
            if (list->nelts)
                break;
        }
        note_columns(found, table, list, foreign->pool);
    }
    return NULL;
}

/* --- dumps --- */

static int find_table(const rc_foreign_t *foreign, const char *name, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const char *));
    const char *word;
    int i;

    APR_ARRAY_PUSH(list, const char *) = name;
    for (i = 0; foreign->tables[i].names; i++)
        if (find_word(&word, foreign->tables[i].names, list, pool) == 0)
            return i;
    return -1;
}

static rc_err_t *on_table(void *baton, bool *wanted, const char *name)
{
    rc_foreign_t *foreign = baton;
    found_t *found;

    foreign->filling = find_table(foreign, name, foreign->pool);
    *wanted = foreign->filling >= 0;
    if (!*wanted)
        return NULL;
    found = &foreign->found[foreign->filling];
    if (found->name)
        return rc_err(foreign->pool, RC_E_ARG, "the dump creates the table %s twice", found->name);
    found->name = apr_pstrdup(foreign->pool, name);
    found->names = apr_array_make(foreign->pool, 16, sizeof(const char *));
    return NULL;
}

static rc_err_t *on_column(void *baton, const char *name)
{
    rc_foreign_t *foreign = baton;

    APR_ARRAY_PUSH(foreign->found[foreign->filling].names, const char *) =
        apr_pstrdup(foreign->pool, name);
    return NULL;
}

/* Creates the table with those of the wanted columns that it has. */
static rc_err_t *on_columns_end(void *baton)
{
    rc_foreign_t *foreign = baton;
    found_t *found = &foreign->found[foreign->filling];
    const char *names = "", *values = "";
    int i, count = 0;

    note_columns(found, &foreign->tables[foreign->filling], found->names, foreign->pool);
    for (i = 0; i < found->count; i++) {
        if (!found->columns[i])
            continue;
        names = apr_pstrcat(foreign->pool, names, count ? ", " : "", found->columns[i], NULL);
        values = apr_psprintf(foreign->pool, "%s%s?%d", values, count ? ", " : "", count + 1);
        count++;
    }
    if (!count) {
        found->name = NULL;
        return NULL;
    }
    RC_TRY(
        foreign->db->driver->exec(foreign->db, apr_pstrcat(foreign->pool, "CREATE TABLE \"",
                                                           found->name, "\" (", names, ")", NULL)));
    return rc_stmt_make(&found->insert, foreign->db,
                        apr_pstrcat(foreign->pool, "INSERT INTO \"", found->name, "\" (", names,
                                    ") VALUES (", values, ")", NULL),
                        foreign->pool);
}

/* The value for column @a at of the table; @a columns are those that the row names. */
static const char *row_value(const found_t *found, int at, const apr_array_header_t *columns,
                             const char *const *values, int count)
{
    int i;

    if (!columns)
        return found->place[at] < count ? values[found->place[at]] : NULL;
    for (i = 0; i < columns->nelts && i < count; i++)
        if (!strcmp(APR_ARRAY_IDX(columns, i, const char *), found->columns[at]))
            return values[i];
    return NULL;
}

static rc_err_t *on_row(void *baton, const char *name, const apr_array_header_t *columns,
                        const char *const *values, int count)
{
    rc_foreign_t *foreign = baton;
    found_t *found = foreign->found;
    int i, bound = 0;

    for (; found < foreign->found + MOST_TABLES; found++)
        if (found->name && !strcmp(found->name, name))
            break;
    if (found == foreign->found + MOST_TABLES)
        return NULL;
    if (count != (columns ? columns->nelts : found->names->nelts))
        return rc_err(foreign->pool, RC_E_ARG, "a row of %s in the dump has %d values", name,
                      count);
    for (i = 0; i < found->count; i++)
        if (found->columns[i])
            RC_TRY(foreign->db->driver->bind_text(found->insert, ++bound,
                                                  row_value(found, i, columns, values, count)));
    return rc_stmt_run(found->insert, foreign->db);
}

static rc_err_t *read_dump(rc_foreign_t *foreign, const char *path)
{
    const rc_dump_calls_t calls = {on_table, on_column, on_columns_end, on_row, foreign};

    RC_TRY(foreign->db->driver->exec(foreign->db, "BEGIN"));
    RC_TRY(rc_dump_read(path, &calls, foreign->pool));
    return foreign->db->driver->exec(foreign->db, "COMMIT");
}

/* --- all kinds --- */

static void end_statements(found_t *found, rc_db_t *db)
{
    if (found->insert)
        db->driver->finalize(found->insert);
    if (found->select)
        db->driver->finalize(found->select);
}

static apr_status_t close_foreign(void *data)
{
    rc_foreign_t *foreign = data;
    found_t *found = foreign->found;

    for (; found < foreign->found + MOST_TABLES; found++)
        end_statements(found, foreign->db);
    foreign->db->driver->close(foreign->db);
    return APR_SUCCESS;
}

static rc_err_t *open_db(rc_foreign_t *foreign, const char *name)
{
    rc_db_config_t *config = apr_pcalloc(foreign->pool, sizeof(*config));
    rc_db_t *db = apr_pcalloc(foreign->pool, sizeof(*db));

    *config = (rc_db_config_t){.texts = &no_texts,
                               .path = name,
                               .synchronous = "FULL",
                               .timeout = PATIENCE,
                               .foreign = true};
    RC_TRY(rc_db_driver(&db->driver, name, foreign->pool));
    db->pool = db->own = foreign->pool;
    db->config = config;
    db->texts = config->texts;
    foreign->db = db;
    apr_pool_cleanup_register(foreign->pool, foreign, close_foreign, apr_pool_cleanup_null);
    return db->driver->open(db);
}

rc_err_t *rc_foreign_open(rc_foreign_t **out, const char *name, const rc_foreign_table_t *tables,
                          apr_pool_t *pool)
{
    rc_foreign_t *foreign = apr_pcalloc(pool, sizeof(*foreign));
    bool dump = !rc_db_is_on_server(name) && !rc_db_file_is_database(name, pool);

    foreign->tables = tables;
    foreign->pool = pool;
    *out = foreign;
    if (dump && !rc_fs_exists(name))
        return rc_err(pool, RC_E_ARG, "%s does not exist", name);
    RC_TRY(open_db(foreign, dump ? "" : name));
    if (dump)
        return read_dump(foreign, name);
    RC_TRY(rc_db_begin_read(foreign->db));
    return find_tables(foreign);
}

bool rc_foreign_has(const rc_foreign_t *foreign, int table, int column)
{
    const found_t *found = &foreign->found[table];

    return found->name && (column < 0 || found->columns[column]);
}

/* SELECT CAST(a AS TEXT), NULL FROM t ORDER BY a. The cast is the same for both kinds of
 * databases. */
static const char *select_text(const rc_foreign_t *foreign, int table)
{
    const found_t *found = &foreign->found[table];
    const char *text = "SELECT ";
    int i;

    if (!found->name)
        return "SELECT NULL WHERE 1 = 0";
    for (i = 0; i < found->count; i++)
        text = apr_pstrcat(
            foreign->pool, text, i ? ", CAST(" : "CAST(",
            found->columns[i] ? apr_psprintf(foreign->pool, "\"%s\"", found->columns[i]) : "NULL",
            " AS TEXT)", NULL);
    text = apr_psprintf(foreign->pool, "%s FROM \"%s\"", text, found->name);
    return found->columns[0] ? apr_psprintf(foreign->pool, "%s ORDER BY CAST(\"%s\" AS BIGINT)",
                                            text, found->columns[0])
                             : text;
}

rc_err_t *rc_foreign_rows(rc_rows_t *rows, rc_foreign_t *foreign, int table, apr_pool_t *pool)
{
    found_t *found = &foreign->found[table];

    if (!found->select)
        RC_TRY(
            rc_stmt_make(&found->select, foreign->db, select_text(foreign, table), foreign->pool));
    rc_rows_begin(rows, found->select, foreign->db, pool);
    return NULL;
}
