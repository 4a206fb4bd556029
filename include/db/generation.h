// SPDX-License-Identifier: Apache-2.0
/*
 * Numbers the states of a database as this process sees them, and remembers which number last
 * changed each part of it. So a value that was read at one number is known to be current at a later
 * one, without a question to the database.
 *
 * The driver reports each commit of any connection or process with its extent. Where it cannot,
 * because a program that does not report has written or because reports were lost, everything
 * counts as changed.
 */
#ifndef RC_DB_GENERATION_H
#define RC_DB_GENERATION_H

#include <stdbool.h>

#include "db/db.h"

/* The number of a state; it grows. */
typedef apr_uint64_t rc_generation_t;

#define RC_GENERATION_UNKNOWN ((rc_generation_t)0)

typedef struct rc_generations_t rc_generations_t;

/** Starts to follow a database, by a connection that is used for nothing else and outlives @a out.
 * *@a out is NULL when the driver cannot report changes, for example to a file on a network. The
 * functions below are thread-safe. */
rc_err_t *rc_generations_open(rc_generations_t **out, rc_db_t *db, apr_pool_t *pool);

/** Returns the number of the current state: every commit that was acknowledged before the call is
 * part of it. RC_GENERATION_UNKNOWN when that cannot be told at the moment. Costs a look for news:
 * at a file, or one question to a server. */
rc_generation_t rc_generation_now(rc_generations_t *generations);

/** Returns the same if the snapshot of @a db's read transaction is of this state, else
 * RC_GENERATION_UNKNOWN. Only for drivers that can tell (rc_driver_t.is_at). */
rc_generation_t rc_generation_of(rc_generations_t *generations, const rc_db_t *db);

/** True while the file of the database is the one that was opened: not removed, not replaced. */
bool rc_generations_usable(const rc_generations_t *generations, apr_pool_t *scratch);

/** True when nothing of @a extent has changed between @a then and the last number that
 * rc_generation_now has returned to this thread. */
bool rc_generation_holds(const rc_generations_t *generations, rc_generation_t then,
                         const rc_extent_t *extent);

#endif
