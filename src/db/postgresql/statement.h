// SPDX-License-Identifier: Apache-2.0
/*
 * The statements of the PostgreSQL driver. Private to src/db/postgresql.
 */
#ifndef RC_DB_POSTGRESQL_STATEMENT_H
#define RC_DB_POSTGRESQL_STATEMENT_H

#include "postgresql.h"

/* What libpq wants to know of the parameters, from 0. */
typedef struct rc_pg_stmt_t {
    char name[24];
    const char *text;  /* with $1 for ?1 */
    int count;         /* of parameters */
    int life;          /* of the connection that it is prepared in */
    int renewed;       /* how often its name was changed */
    apr_int64_t batch; /* the number of the batch that it was sent with; 0: none */
    Oid *types, *prepared;
    const char **values;
    int *lengths, *formats;
    char (*numbers)[8]; /* the values of those that are numbers */
    apr_uint32_t *ids;  /* the value of a list of ids */
    int most;           /* ids that it has room for */
} rc_pg_stmt_t;

/* parameter.c */
rc_err_t *rc_pg_make(rc_stmt_t *st, const char *text);
rc_err_t *rc_pg_bind_text(rc_stmt_t *st, int at, const char *text);
rc_err_t *rc_pg_bind_int(rc_stmt_t *st, int at, apr_int64_t value);
rc_err_t *rc_pg_bind_blob(rc_stmt_t *st, int at, const void *data, int len);
rc_err_t *rc_pg_bind_no_int(rc_stmt_t *st, int at);
rc_err_t *rc_pg_bind_ids(rc_stmt_t *st, int at, const apr_int64_t *ids, int count);

/* statement.c */
rc_err_t *rc_pg_step(bool *row, rc_stmt_t *st);
void rc_pg_reset(rc_stmt_t *st);
rc_err_t *rc_pg_ahead(rc_stmt_t *st);

/** True when the values of its rows have their binary forms (column.c). */
bool rc_pg_is_binary(const rc_stmt_t *st);

/* column.c */
const char *rc_pg_column_text(rc_stmt_t *st, int column, int *len);
apr_int64_t rc_pg_column_int(rc_stmt_t *st, int column);
const void *rc_pg_column_blob(rc_stmt_t *st, int column, int *len);

#endif
