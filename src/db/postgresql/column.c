// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the columns of the current row. The server sends those of numbered statements as texts: its
 * functions for binary forms take a kilobyte of memory for each value, which is a quarter of what a
 * list costs it. Rows that are copied have their binary forms.
 */
#include "statement.h"

#include <endian.h>
#include <string.h>

#include <apr_strings.h>

#include "base/hex.h"

const char *rc_pg_column_text(rc_stmt_t *st, int column, int *len)
{
    const rc_pg_t *pg = st->db->handle;

    *len = PQgetlength(pg->row, pg->at, column);
    if (!*len && PQgetisnull(pg->row, pg->at, column))
        return NULL;
    return PQgetvalue(pg->row, pg->at, column);
}

/* A number, or a boolean, which is t or f. NULL is an empty text. */
static apr_int64_t text_int(const char *text)
{
    bool negative = *text == '-';
    apr_uint64_t number = *text == 't';

    for (text += negative; *text >= '0' && *text <= '9'; text++)
        number = 10 * number + (apr_uint64_t)(*text - '0');
    return (apr_int64_t)(negative ? -number : number);
}

/* A number has two, four or eight bytes, the highest first; a boolean has one. */
static apr_int64_t binary_int(const char *value, int len)
{
    apr_uint16_t two;
    apr_uint32_t four;
    apr_uint64_t eight;

    switch (len) {
    case 1:
        return *value;
    case sizeof(two):
        memcpy(&two, value, sizeof(two));
        return (apr_int16_t)be16toh(two);
    case sizeof(four):
        memcpy(&four, value, sizeof(four));
        return (apr_int32_t)be32toh(four);
    case sizeof(eight):
        memcpy(&eight, value, sizeof(eight));
        return (apr_int64_t)be64toh(eight);
    default:
        return 0; /* NULL */
    }
}

apr_int64_t rc_pg_column_int(rc_stmt_t *st, int column)
{
    const rc_pg_t *pg = st->db->handle;
    const char *value = PQgetvalue(pg->row, pg->at, column);

    if (!value)
        return 0; /* no row */
    if (rc_pg_is_binary(st))
        return binary_int(value, PQgetlength(pg->row, pg->at, column));
    return text_int(value);
}

/* The text of a blob is \x and two digits for each byte. */
const void *rc_pg_column_blob(rc_stmt_t *st, int column, int *len)
{
    const char *text = rc_pg_column_text(st, column, len);
    unsigned char *bytes;

    if (!text || rc_pg_is_binary(st))
        return text;
    *len = *len < 2 ? 0 : *len / 2 - 1;
    bytes = apr_palloc(st->db->pool, (apr_size_t)*len + 1);
    if (rc_hex_bytes(bytes, text + 2, (apr_size_t)*len))
        return bytes;
    *len = 0; /* bytea_output is another one than ours */
    return NULL;
}
