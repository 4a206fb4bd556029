// SPDX-License-Identifier: Apache-2.0
/*
 * Declares an entry of the file cache: its finished file, and the part that becomes it.
 */
#ifndef RC_BASE_ENTRY_H
#define RC_BASE_ENTRY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/cache.h"

typedef struct rc_entry_t {
    const rc_cache_t *cache;
    const char *file, *part; /* paths */
    int fd;
    int why;        /* errno, when the directory cannot be used */
    struct stat st; /* of a finished file */
} rc_entry_t;

/* The result of a lookup. */
typedef enum {
    RC_ENTRY_HIT,   /* fd is the finished file */
    RC_ENTRY_OURS,  /* fd is the part, locked: this request makes it */
    RC_ENTRY_BUSY,  /* another request makes it */
    RC_ENTRY_BROKEN /* the directory cannot be used */
} rc_entry_found_t;

/** Names the entry @a name of @a cache; the paths are in @a pool. */
void rc_entry_init(rc_entry_t *entry, const rc_cache_t *cache, const char *name, apr_pool_t *pool);

/** Opens the finished file, which has been used now; returns whether it is there and belongs to
 * this account. The caller closes entry->fd. */
bool rc_entry_open(rc_entry_t *entry);

/** Looks for the finished file, then for the part; never waits. The caller closes entry->fd. */
rc_entry_found_t rc_entry_look(rc_entry_t *entry);

/** Logs that the directory cannot be used, because of @a why (an errno). */
void rc_entry_warn(const rc_entry_t *entry, int why);

/** Makes the complete part, of @a size bytes, the entry's file; returns whether it is kept. The
 * lock stays. */
bool rc_entry_keep(rc_entry_t *entry, apr_off_t size, apr_pool_t *pool);

#endif
