// SPDX-License-Identifier: Apache-2.0
/*
 * The ring in which each writer of this module records its commits, for all processes: a file of
 * fixed size beside the database, mapped. A record links two headers of the WAL index, so a chain
 * of records proves that nobody else has written in between. Private to src/db/sqlite.
 */
#ifndef RC_DB_SQLITE_RING_H
#define RC_DB_SQLITE_RING_H

#include "db/extent.h"
#include "wal_header.h"

#include <apr_pools.h>

typedef struct rc_ring_t rc_ring_t;

/* A commit. */
typedef struct rc_ring_record_t {
    rc_wal_header_t before, after;
    rc_extent_t changed;
} rc_ring_record_t;

/** Maps the ring of the database @a path until @a pool ends; creates it. NULL when that is not
 * possible: then commits are not recorded. */
rc_ring_t *rc_ring_open(const char *path, apr_pool_t *pool);

/** Records a commit. The caller holds the lock of the writers. Does nothing unless @a record is
 * that of exactly one commit. @a ring may be NULL. */
void rc_ring_add(rc_ring_t *ring, const rc_ring_record_t *record);

/** Finds the commit that followed the state @a header. Returns false when there is no record of
 * it. @a ring may be NULL. */
bool rc_ring_next(rc_ring_record_t *record, const rc_ring_t *ring, const rc_wal_header_t *header);

#endif
