// SPDX-License-Identifier: Apache-2.0
/*
 * A promise of the server to announce each change before it is committed (promise.c). Private to
 * src/db/postgresql.
 */
#ifndef RC_DB_POSTGRESQL_PROMISE_H
#define RC_DB_POSTGRESQL_PROMISE_H

#include "postgresql.h"

typedef struct rc_pg_promise_t rc_pg_promise_t;

/** Makes what a process needs to have promises from the server of @a db; it ends with db->own. */
rc_err_t *rc_pg_promise_open(rc_pg_promise_t **out, const rc_db_t *db);

/** Asks for a promise, which comes later or not at all. One thread calls this at a time. */
void rc_pg_want_promise(rc_pg_promise_t *promise);

/** Returns the number of the promise that holds, or 0. As long as it is the same, nothing has been
 * committed since it was first returned. Asks nobody. */
apr_uint64_t rc_pg_promised(rc_pg_promise_t *promise);

#endif
