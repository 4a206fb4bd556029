// SPDX-License-Identifier: Apache-2.0
/*
 * Watches files of one directory by inotify: tells by one system call that nothing has happened to
 * any of them, so that none needs to be looked at. Says so only when it is certain; wherever events
 * cannot be had, callers compare file times (base/stamps.h), as they do after an event.
 *
 * The kernel queues an event before the call that causes it returns. Not noticed are the
 * directory's own replacement or that of one above it, which callers see by its device and inode,
 * and what makes no event: writing through a shared mapping, or through a hard link that was made
 * meanwhile.
 */
#ifndef RC_BASE_NOTIFY_H
#define RC_BASE_NOTIFY_H

#include <stdbool.h>

#include <apr.h>

/* What is watched together. Functions may be called by several threads at once. */
typedef struct rc_notify_t rc_notify_t;

/* A moment, as counts of events. */
typedef struct rc_moment_t {
    apr_uint64_t events; /* all of them */
    apr_uint64_t moves;  /* those by which a path may lead to another directory */
} rc_moment_t;

/** Makes an empty set for the directory @a root, on a file system whose changes are all made by
 * this machine; else, or without memory, returns NULL. */
rc_notify_t *rc_notify_create(const char *root);

/** Ends the set, and the watches that no other set needs. NULL is allowed. */
void rc_notify_free(rc_notify_t *set);

/** Watches @a path, which may be missing, and each directory from the root to it, unless that has
 * happened. Returns false when events will not tell all about it: a limit is reached, it is behind
 * a symbolic link or on another file system. */
bool rc_notify_add(rc_notify_t *set, const char *path);

/** True when nothing has happened since the moment that was confirmed. Sets *@a now. */
bool rc_notify_quiet(rc_moment_t *now, rc_notify_t *set);

/** True when paths must be added again before @a now can be confirmed. */
bool rc_notify_moved(const rc_notify_t *set, const rc_moment_t *now);

/** States that the caller has looked at all files at @a now or later. */
void rc_notify_confirm(rc_notify_t *set, const rc_moment_t *now);

/** Changes the limit of watches of this process; for tests. */
void rc_notify_limit(int watches);

#endif
