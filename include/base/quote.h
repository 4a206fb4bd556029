// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the names of files as patches have them.
 */
#ifndef RC_BASE_QUOTE_H
#define RC_BASE_QUOTE_H

#include <apr_pools.h>

/** Returns @a prefix and @a name in git's C style: quoted when a character needs an escape. In
 * @a pool. */
const char *rc_quote(const char *prefix, const char *name, apr_pool_t *pool);

#endif
