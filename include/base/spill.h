// SPDX-License-Identifier: Apache-2.0
/*
 * A file of lines that wait for a database transaction. A process that has something to store for
 * which nobody waits adds a line, which costs one write instead of a transaction. The next process
 * that writes to the database, or reads what the lines are about, takes them over: it stores the
 * id of the file and the position up to which it has read, in the transaction that stores the
 * lines. So each line is taken exactly once, whoever is killed at whatever moment.
 *
 * A line that was added survives a kill. A power cut can lose the lines of the last second.
 */
#ifndef RC_BASE_SPILL_H
#define RC_BASE_SPILL_H

#include <stdbool.h>
#include <unistd.h>

#include "base/err.h"

#define RC_SPILL_FULL ((apr_off_t)1 << 17) /* bytes: who adds to a longer file should empty it */

/* -- spill.c: adding lines -- */

typedef struct rc_spill_t rc_spill_t;

/** Prepares adding lines to the file @a path, until @a pool ends; creates nothing yet. Call it
 * after fork. */
rc_err_t *rc_spill_open(rc_spill_t **out, const char *path, apr_pool_t *pool);

/**
 * Adds @a line, which has no line feed in it. *@a size is that of the file then. Returns an error,
 * and has added nothing, when the file is not a private one of this account, another process
 * removes it at this moment, it has 16 times RC_SPILL_FULL bytes, or the disk is full.
 */
rc_err_t *rc_spill_add(apr_off_t *size, rc_spill_t *spill, const char *line, apr_pool_t *pool);

/* -- spill_take.c: taking them over, by one process at a time -- */

/* An open file of lines. */
typedef struct rc_spilled_t {
    int fd; /* -1: there is no file */
    const char *path;
    const char *id;   /* names this file; another file has another one */
    apr_off_t start;  /* of the first line */
    apr_off_t length; /* bytes of the file when it was opened */
} rc_spilled_t;

/** Opens the file at @a path until @a pool ends, without creating it. RC_E_INTERNAL for a link and
 * for a file that belongs neither to this account nor to @a owner. */
rc_err_t *rc_spilled_open(rc_spilled_t *out, const char *path, uid_t owner, apr_pool_t *pool);

/** Reads complete lines from the position *@a at on, about RC_SPILL_FULL bytes at most, and moves
 * *@a at behind them. *@a text ends with a NUL; "" when there are no more. */
rc_err_t *rc_spilled_read(char **text, rc_spilled_t *spilled, apr_off_t *at, apr_pool_t *pool);

/** Returns whether the file has been removed since it was opened. */
bool rc_spilled_is_removed(const rc_spilled_t *spilled);

/** Removes the file if it ends at @a at and nobody is adding to it. To be called when all of its
 * lines, and the position, are on the disk. */
void rc_spilled_remove(const rc_spilled_t *spilled, apr_off_t at);

#endif
