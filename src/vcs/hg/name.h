// SPDX-License-Identifier: Apache-2.0
/*
 * The names of revlogs on the disk.
 */
#ifndef RC_VCS_HG_NAME_H
#define RC_VCS_HG_NAME_H

#include <stdbool.h>

#include <apr_pools.h>

/* How the names of revlogs are made, by the requirements of a repository. */
typedef enum {
    RC_HG_NAMES_PLAIN,   /* before the requirement store */
    RC_HG_NAMES_ESCAPED, /* store */
    RC_HG_NAMES_HASHED,  /* fncache */
    RC_HG_NAMES_DOTS     /* dotencode */
} rc_hg_names_t;

/** Returns the path of a file of the revlog of @a path, below the store, in @a pool; @a end is ".i"
 * or ".d". */
const char *rc_hg_store_name(const char *path, const char *end, rc_hg_names_t names,
                             apr_pool_t *pool);

#endif
