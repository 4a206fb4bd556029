// SPDX-License-Identifier: Apache-2.0
/*
 * Packs a row, a struct with texts, into one piece of bytes, which db/memory.h can keep, and back.
 * Private to src/store.
 */
#ifndef RC_STORE_FLAT_H
#define RC_STORE_FLAT_H

#include "db/memory.h"

/* The form of a row. */
typedef struct rc_flat_t {
    apr_size_t size;         /* of the struct */
    const apr_size_t *texts; /* offsets of the members of type const char *, all that it has */
    int count;
} rc_flat_t;

/** Packs @a row, in @a pool. */
rc_bytes_t rc_flat_pack(const rc_flat_t *form, const void *row, apr_pool_t *pool);

/** Returns the row that was packed into @a bytes, which it is part of; NULL for {NULL, 0}. */
void *rc_flat_unpack(const rc_flat_t *form, rc_bytes_t bytes);

#endif
