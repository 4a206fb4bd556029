// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the columns of the current row, which the server sends in their binary forms.
 */
#include "statement.h"

#include <endian.h>
#include <string.h>

static const PGresult *current(const rc_stmt_t *st)
{
    const rc_pg_t *pg = st->db->handle;

    return pg->row;
}

const char *rc_pg_column_text(rc_stmt_t *st, int column, int *len)
{
    *len = PQgetlength(current(st), 0, column);
    return PQgetisnull(current(st), 0, column) ? NULL : PQgetvalue(current(st), 0, column);
}

/* A number has two, four or eight bytes, the highest first; a boolean has one. */
apr_int64_t rc_pg_column_int(rc_stmt_t *st, int column)
{
    const char *value = PQgetvalue(current(st), 0, column);
    apr_uint16_t two;
    apr_uint32_t four;
    apr_uint64_t eight;

    switch (PQgetlength(current(st), 0, column)) {
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

const void *rc_pg_column_blob(rc_stmt_t *st, int column, int *len)
{
    return rc_pg_column_text(st, column, len);
}
