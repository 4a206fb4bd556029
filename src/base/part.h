// SPDX-License-Identifier: Apache-2.0
/*
 * Declares the part of a cache entry: the file while it is incomplete. The request that has locked
 * it makes it; requests of all processes can read it while it grows.
 */
#ifndef RC_BASE_PART_H
#define RC_BASE_PART_H

#include <stdbool.h>

#define RC_PART_PREFIX "rcapi-" /* other files in the directory are ignored */
#define RC_PART_SUFFIX ".part"

/* What a reader of a part sees. */
typedef enum {
    RC_PART_GROWS,
    RC_PART_COMPLETE,
    RC_PART_FAILED, /* making it again would fail as well */
    RC_PART_LEFT    /* the request that made it ended: another one may make it */
} rc_part_state_t;

/** Locks the part @a fd, open for writing, if @a path still names that file; else returns false
 * with errno. The lock ends with the open file, so a part without a lock was left by a crash. */
bool rc_part_lock(int fd, const char *path);

/** Releases the lock of a part that nobody reads while it grows. */
void rc_part_unlock(int fd);

/** Opens the locked part again, for a program that appends to it: an open file of its own, without
 * the lock. -1 with errno on failure. */
int rc_part_open_append(int fd, const char *path);

/** Returns whether any request reads the part @a fd, which this request makes. */
bool rc_part_is_followed(int fd);

/** Tells the readers of the part how it ended, and unlocks it. It must have its final name, or no
 * name any more. */
void rc_part_end(int fd, rc_part_state_t state);

/* -- for readers -- */

/** Opens the part for reading: until rc_part_unfollow, its maker knows. -1 with errno on failure.
 */
int rc_part_follow(const char *path);
void rc_part_unfollow(int fd);

/** Returns the state of the part @a fd. Bytes that are written before the end are seen by a look at
 * its size after this one. */
rc_part_state_t rc_part_look(int fd);

#endif
