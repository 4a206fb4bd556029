// SPDX-License-Identifier: Apache-2.0
/*
 * What a process keeps in memory to be faster, in bytes. Together with what httpd and the libraries
 * take (8 MiB), RcapiRemember (16 MiB), what each thread's malloc keeps (6 MiB of 32 threads) and
 * what malloc loses in between, it is less than 64 MiB, whatever the process has answered.
 * docs/operations.md says so; libsvn's own cache comes on top.
 */
#ifndef RC_BASE_KEPT_H
#define RC_BASE_KEPT_H

#include <stdbool.h>

#include <apr.h>

#define RC_KEPT_MIB(n) ((apr_size_t)(n) << 20)

/** References, orders and objects of git repositories, together. References come first: objects get
 * what is left, but at least RC_KEPT_OBJECTS. What one request uses is kept, however large. */
#define RC_KEPT_GIT     RC_KEPT_MIB(12)
#define RC_KEPT_OBJECTS RC_KEPT_MIB(4)
#define RC_KEPT_REFS    RC_KEPT_MIB(16) /* so that one large repository does not push out all */

/** Pages of the database, in all connections of a process together. */
#define RC_KEPT_PAGES RC_KEPT_MIB(6)

/** Feeds. */
#define RC_KEPT_FEEDS RC_KEPT_MIB(4)

/** The memory of ended requests that each connection to a client holds for the next one. httpd's
 * default is 2 MiB, and there are as many as threads. */
#define RC_KEPT_REQUEST (RC_KEPT_MIB(1) / 8)

/** What malloc has given out, beside what the caches of base/lru.h hold. Above it, repositories
 * that were not used just now are closed: libgit2 has up to 16 MiB for each pack, beside the
 * objects above, and no limit for all packs. */
#define RC_KEPT_HEAP RC_KEPT_MIB(30)

/** Adds @a bytes, which such a cache holds now, to that; less than 0 when it holds fewer. */
void rc_kept_allow(apr_ssize_t bytes);

/** True when it is more than that. It is counted once a second, and when @a count is true. */
bool rc_kept_is_full(bool count);

/** Returns freed memory to the system, unless it was done just now. */
void rc_kept_trim(void);

#endif
