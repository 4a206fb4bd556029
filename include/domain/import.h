// SPDX-License-Identifier: Apache-2.0
/*
 * Moves in from RhodeCode or Kallithea: reads their database and stores users, keys, groups,
 * repositories, permissions and what belongs to them here, in one transaction.
 */
#ifndef RC_DOMAIN_IMPORT_H
#define RC_DOMAIN_IMPORT_H

#include "domain/actor.h"

/* What did not come, or not as it was. */
typedef struct rc_import_line_t {
    const char *what; /* "user", "repository" ... */
    const char *name; /* as the source has it: foreign text */
    const char *why;
} rc_import_line_t;

typedef struct rc_import_count_t {
    const char *what;             /* "users" ... */
    apr_int64_t came, here, left; /* came; were here already; did not come */
} rc_import_count_t;

typedef struct rc_move_in_t {
    const char *program; /* "rhodecode" or "kallithea" */
    const char *from;    /* the database: rc_foreign_open */
    const char *copy;    /* the directory of the repositories, which are copied; NULL: they are in
                            the repository root already */
    bool dry_run;        /* only reports: everything is undone at the end */

    apr_array_header_t *lines;  /* output: of rc_import_line_t */
    apr_array_header_t *counts; /* output: of rc_import_count_t */
} rc_move_in_t;

/**
 * Imports. What is here already under the same name stays as it is, and gets only what it lacks; so
 * a second run changes nothing. Returns RC_E_ARG when the source cannot be read or is none of the
 * program. The actor must be the local one (rc_actor_local). Takes a minute for 10,000
 * repositories; nobody else can write meanwhile.
 */
rc_err_t *rc_move_in(rc_actor_t *actor, rc_move_in_t *move_in);

#endif
