// SPDX-License-Identifier: Apache-2.0
/*
 * Writes contents as git's binary patches have them: deflated, in lines of base 85.
 */
#ifndef RC_BASE_LITERAL_H
#define RC_BASE_LITERAL_H

#include "base/spool.h"
#include "base/work.h"

/* How well contents are deflated. */
enum {
    RC_LITERAL_DEFAULT = -1, /* zlib's own choice, as in hg */
    RC_LITERAL_FAST = 1      /* as in git and svn */
};

typedef struct rc_deflated_t {
    unsigned char *data; /* malloc'ed: the caller frees it, also after an error */
    apr_size_t len;
} rc_deflated_t;

/** Deflates @a data; checks the deadline of @a work after each piece. Errors live in @a pool. */
rc_err_t *rc_literal_deflate(rc_deflated_t *out, rc_work_t *work, const void *data, apr_size_t size,
                             int level, apr_pool_t *pool);

/** Appends @a data in lines of base 85, and the empty line that ends them. */
rc_err_t *rc_literal_rows(rc_spool_t *spool, const rc_deflated_t *data);

/** Appends a whole content of @a size bytes: the line "literal", and its rows. */
rc_err_t *rc_literal_print(rc_spool_t *spool, rc_work_t *work, const void *data, apr_size_t size,
                           int level, apr_pool_t *pool);

/** Returns the id that git gives to a content, in @a pool. */
const char *rc_literal_id(const void *data, apr_size_t size, apr_pool_t *pool);

#endif
