// SPDX-License-Identifier: Apache-2.0
/*
 * Remembers the state of files (times, sizes, inodes), and tells later whether what was read from
 * them is still valid. As long as the kernel reports no event (base/notify.h), no file is looked
 * at.
 */
#ifndef RC_BASE_STAMPS_H
#define RC_BASE_STAMPS_H

#include <stdbool.h>

#include <apr_pools.h>

typedef struct rc_stamps_t rc_stamps_t;

/* How many comparisons of a list look at its files before the next one watches them. */
#define RC_STAMPS_LOOKS 8

/** Makes an empty list for files below the directory @a root. Begins now: read the files after it.
 * All is in @a pool. */
rc_stamps_t *rc_stamps_create(const char *root, apr_pool_t *pool);

/** Adds the file or directory @a name of the root, which may be missing; returns its path. */
const char *rc_stamps_add(rc_stamps_t *list, const char *name);

/** Adds the file @a name of the root, which is the file @a entry of the open directory @a dir: on
 * NFS, each directory of a path costs requests. */
void rc_stamps_add_entry(rc_stamps_t *list, const char *name, int dir, const char *entry);

/** Adds what was added to @a other last, as it was found for that; both have the same root. */
void rc_stamps_add_last(rc_stamps_t *list, const rc_stamps_t *other);

/** True when the file that was added last does not exist. */
bool rc_stamps_last_missing(const rc_stamps_t *list);

/** Adds @a name, which is in the root itself and must go on to exist, whatever its contents: a
 * file, or a symbolic link that may lead nowhere. */
void rc_stamps_add_existence(rc_stamps_t *list, const char *name);

/** Adds @a name, which is in the root itself and must not be there. */
void rc_stamps_add_absence(rc_stamps_t *list, const char *name);

/** Returns how many files the list has. */
int rc_stamps_count(const rc_stamps_t *list);

/** True when no file has changed. Several threads may ask at once, when the list is complete. The
 * root's own device and inode are compared by the caller. */
bool rc_stamps_same(rc_stamps_t *list);

/** True when rc_stamps_same knows from the kernel what happens to the files, false when it looks at
 * their times. */
bool rc_stamps_watched(rc_stamps_t *list);

/** Copies a complete list into one block of memory, a tenth of what the pool of its own takes that
 * a list needs otherwise; NULL without memory. It ends with rc_stamps_free. */
rc_stamps_t *rc_stamps_copy(const rc_stamps_t *list);
void rc_stamps_free(rc_stamps_t *copy);

/** Returns the bytes of such a block. */
apr_size_t rc_stamps_size(const rc_stamps_t *list);

#endif
