// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the statements CREATE TABLE and INSERT of a dump of MySQL.
 */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "dump_token.h"

#define MOST_COLUMNS 200

/* The reading of a dump. */
typedef struct dump_reading_t {
    rc_dump_token_t token;
    const rc_dump_calls_t *calls;
    apr_pool_t *statement; /* cleared with each one */
    apr_pool_t *scratch;   /* the same with each row */
} dump_reading_t;

static bool is_symbol(const dump_reading_t *reading, char symbol)
{
    return reading->token.kind == RC_DUMP_SYMBOL && *reading->token.text == symbol;
}

static bool is_keyword(const dump_reading_t *reading, const char *word)
{
    return reading->token.kind == RC_DUMP_WORD && !strcasecmp(reading->token.text, word);
}

static rc_err_t *next(dump_reading_t *reading)
{
    return rc_dump_next(&reading->token);
}

static rc_err_t *unexpected(const dump_reading_t *reading)
{
    return rc_dump_fail(&reading->token, "no statement of mysqldump");
}

/* Reads on to the end of the statement. */
static rc_err_t *skip_statement(dump_reading_t *reading)
{
    while (!is_symbol(reading, ';') && reading->token.kind != RC_DUMP_END)
        RC_TRY(next(reading));
    return NULL;
}

/* Reads the name of a table; the token after it is the current one. */
static rc_err_t *read_name(char **name, dump_reading_t *reading)
{
    if (reading->token.kind != RC_DUMP_NAME && reading->token.kind != RC_DUMP_WORD)
        return unexpected(reading);
    *name = apr_pstrdup(reading->statement, reading->token.text);
    return next(reading);
}

/* Reads the rest of one part of CREATE TABLE ( part, part ), up to the comma or the bracket. */
static rc_err_t *skip_part(dump_reading_t *reading)
{
    int depth = 0;

    for (;;) {
        if (reading->token.kind == RC_DUMP_END)
            return unexpected(reading);
        if (!depth && (is_symbol(reading, ',') || is_symbol(reading, ')')))
            return NULL;
        depth += is_symbol(reading, '(') ? 1 : is_symbol(reading, ')') ? -1 : 0;
        RC_TRY(next(reading));
    }
}

/* Parts that begin with a name are columns; the others are keys and constraints. */
static rc_err_t *read_columns(dump_reading_t *reading)
{
    const rc_dump_calls_t *calls = reading->calls;

    do {
        RC_TRY(next(reading)); /* after the bracket or the comma */
        if (reading->token.kind == RC_DUMP_NAME)
            RC_TRY(calls->column(calls->baton, reading->token.text));
        RC_TRY(skip_part(reading));
    } while (is_symbol(reading, ','));
    return calls->columns_end(calls->baton);
}

static rc_err_t *read_create(dump_reading_t *reading)
{
    const rc_dump_calls_t *calls = reading->calls;
    bool wanted = false;
    char *name = NULL;

    RC_TRY(next(reading));
    if (!is_keyword(reading, "table"))
        return skip_statement(reading);
    RC_TRY(next(reading));
    RC_TRY(read_name(&name, reading));
    if (is_symbol(reading, '('))
        RC_TRY(calls->table(calls->baton, &wanted, name));
    if (wanted)
        RC_TRY(read_columns(reading));
    return skip_statement(reading);
}

/* Reads (`a`, `b`). */
static rc_err_t *read_list(apr_array_header_t **list, dump_reading_t *reading)
{
    *list = apr_array_make(reading->statement, 16, sizeof(const char *));
    for (;;) {
        RC_TRY(next(reading));
        if (is_symbol(reading, ')'))
            return next(reading);
        if (is_symbol(reading, ','))
            continue;
        if (reading->token.kind != RC_DUMP_NAME || (*list)->nelts == MOST_COLUMNS)
            return unexpected(reading);
        APR_ARRAY_PUSH(*list, const char *) = apr_pstrdup(reading->statement, reading->token.text);
    }
}

/* Reads the values of one row, whose bracket is the current token; ends with the token after it. */
static rc_err_t *read_tuple(dump_reading_t *reading, const char *name,
                            const apr_array_header_t *columns)
{
    const rc_dump_calls_t *calls = reading->calls;
    const char *values[MOST_COLUMNS];
    int count = 0;

    apr_pool_clear(reading->scratch);
    for (;;) {
        RC_TRY(next(reading));
        if (is_symbol(reading, ')'))
            break;
        if (is_symbol(reading, ','))
            continue;
        if (count == MOST_COLUMNS || reading->token.kind == RC_DUMP_END ||
            reading->token.kind == RC_DUMP_SYMBOL)
            return unexpected(reading);
        values[count++] =
            is_keyword(reading, "null") ? NULL : apr_pstrdup(reading->scratch, reading->token.text);
    }
    RC_TRY(calls->row(calls->baton, name, columns, values, count));
    return next(reading);
}

static rc_err_t *read_insert(dump_reading_t *reading)
{
    apr_array_header_t *columns = NULL;
    char *name = NULL;

    do {
        RC_TRY(next(reading)); /* INTO, perhaps behind IGNORE */
    } while (is_keyword(reading, "into") || is_keyword(reading, "ignore"));
    RC_TRY(read_name(&name, reading));
    if (is_symbol(reading, '('))
        RC_TRY(read_list(&columns, reading));
    if (!is_keyword(reading, "values"))
        return unexpected(reading);
    do {
        RC_TRY(next(reading));
        if (!is_symbol(reading, '('))
            return unexpected(reading);
        RC_TRY(read_tuple(reading, name, columns));
    } while (is_symbol(reading, ','));
    return skip_statement(reading);
}

static rc_err_t *read_statements(dump_reading_t *reading)
{
    for (;;) {
        apr_pool_clear(reading->statement);
        RC_TRY(next(reading));
        if (reading->token.kind == RC_DUMP_END)
            return NULL;
        if (is_keyword(reading, "create"))
            RC_TRY(read_create(reading));
        else if (is_keyword(reading, "insert") || is_keyword(reading, "replace"))
            RC_TRY(read_insert(reading));
        else
            RC_TRY(skip_statement(reading));
    }
}

/* Refuses what is no text, and what has the first line of mysqldump but not its last one. What is
 * no file (a pipe) is not looked at. */
static rc_err_t *check_ends(FILE *in, const char *path, apr_pool_t *pool)
{
    char part[1025] = "";
    bool ends = true;

    if (fseek(in, 0, SEEK_SET))
        return NULL;
    if (memchr(part, 0, fread(part, 1, sizeof(part) - 1, in)))
        return rc_err(pool, RC_E_ARG, "%s is neither a database nor a dump of mysqldump", path);
    if (strstr(part, "-- MySQL dump") || strstr(part, "-- MariaDB dump")) {
        if (fseek(in, -(long)(sizeof(part) - 1), SEEK_END))
            rewind(in); /* it is shorter */
        part[fread(part, 1, sizeof(part) - 1, in)] = '\0';
        ends = strstr(part, "-- Dump completed");
    }
    rewind(in);
    return ends ? NULL
                : rc_err(pool, RC_E_ARG,
                         "%s is not complete: the line \"-- Dump completed\" is missing", path);
}

rc_err_t *rc_dump_read(const char *path, const rc_dump_calls_t *calls, apr_pool_t *pool)
{
    dump_reading_t reading = {.token = {.line = 1, .pool = pool}, .calls = calls};
    rc_err_t *err;

    if (!(reading.token.in = fopen(path, "re")))
        return rc_fs_err(pool, "read", path);
    apr_pool_create(&reading.statement, pool);
    apr_pool_create(&reading.scratch, pool);
    err = check_ends(reading.token.in, path, pool);
    if (!err && (err = read_statements(&reading)) && err->kind == RC_E_ARG)
        err = rc_err(pool, RC_E_ARG, "%s: %s", path, err->msg);
    if (!err && ferror(reading.token.in))
        err = rc_fs_err(pool, "read", path);
    fclose(reading.token.in);
    free(reading.token.text);
    apr_pool_destroy(reading.scratch);
    apr_pool_destroy(reading.statement);
    return err;
}
