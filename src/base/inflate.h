// SPDX-License-Identifier: Apache-2.0
/*
 * Inflates a gzip stream some bytes at a time, for body.c.
 */
#ifndef RC_BASE_INFLATE_H
#define RC_BASE_INFLATE_H

#include "base/body.h"

typedef struct rc_inflate_t rc_inflate_t;

/** For @a max inflated bytes. zlib's memory is freed with @a pool. */
rc_inflate_t *rc_inflate_create(apr_off_t max, apr_pool_t *pool);

/** More packed bytes, which stay the caller's until rc_inflate_next returns RC_BODY_LATER. */
void rc_inflate_give(rc_inflate_t *inflate, const char *data, apr_size_t len);

/** Inflated bytes, valid until the next call; RC_BODY_LATER: give more. */
rc_body_state_t rc_inflate_next(const char **data, apr_size_t *len, rc_inflate_t *inflate);

/** The packed bytes have ended: RC_BODY_END when the stream has, too, else RC_BODY_MALFORMED. */
rc_body_state_t rc_inflate_end(const rc_inflate_t *inflate);

#endif
