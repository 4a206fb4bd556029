// SPDX-License-Identifier: Apache-2.0
/*
 * Splits a dump of MySQL into tokens. Private to src/db.
 */
#ifndef RC_DB_DUMP_TOKEN_H
#define RC_DB_DUMP_TOKEN_H

#include <stdio.h>

#include "base/err.h"

typedef enum {
    RC_DUMP_END,   /* of the file */
    RC_DUMP_NAME,  /* in backquotes */
    RC_DUMP_TEXT,  /* in quotes, or hexadecimal */
    RC_DUMP_WORD,  /* anything else without blanks: a word, a number */
    RC_DUMP_SYMBOL /* one character: ( ) , ; = */
} rc_dump_kind_t;

typedef struct rc_dump_token_t {
    FILE *in;
    long line;
    rc_dump_kind_t kind;
    char *text; /* of the token; grows as needed */
    apr_size_t len, room;
    apr_pool_t *pool; /* errors live here */
} rc_dump_token_t;

/** Reads the next token. RC_E_ARG for one that does not end, or is larger than 16 MiB. */
rc_err_t *rc_dump_next(rc_dump_token_t *token);

/** Returns the error "line N of the dump: ...". */
rc_err_t *rc_dump_fail(const rc_dump_token_t *token, const char *what);

#endif
