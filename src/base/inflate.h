// SPDX-License-Identifier: Apache-2.0
/*
 * Inflates a gzip stream piece by piece, for body.c.
 */
#ifndef RC_BASE_INFLATE_H
#define RC_BASE_INFLATE_H

#include "base/body.h"

typedef struct rc_inflate_t rc_inflate_t;

/** Creates an inflater for at most @a max inflated bytes, in @a pool, which also frees zlib's
 * memory. */
rc_inflate_t *rc_inflate_create(apr_off_t max, apr_pool_t *pool);

/** Passes more packed bytes, which must live until rc_inflate_next returns RC_BODY_LATER. */
void rc_inflate_give(rc_inflate_t *inflate, const char *data, apr_size_t len);

/** Returns inflated bytes, valid until the next call. RC_BODY_LATER: it needs more input. */
rc_body_state_t rc_inflate_next(const char **data, apr_size_t *len, rc_inflate_t *inflate);

/** To be called after the last packed byte: RC_BODY_END when the stream is complete, else
 * RC_BODY_MALFORMED. */
rc_body_state_t rc_inflate_end(const rc_inflate_t *inflate);

#endif
