// SPDX-License-Identifier: Apache-2.0
/*
 * Inflates gzip streams (RFC 1952) with zlib. Only one member: bytes after it make the body
 * malformed.
 */
#include "inflate.h"

#include <limits.h>

#include <zlib.h>

#define PIECE     ((apr_size_t)32 * 1024)
#define GZIP_ONLY (15 + 16) /* zlib's windowBits: the largest window, a gzip header */

struct rc_inflate_t {
    z_stream stream;
    bool ready, ended;
    apr_off_t left; /* inflated bytes that are still allowed */
    Bytef out[PIECE];
};

static apr_status_t end_stream(void *baton)
{
    inflateEnd(&((rc_inflate_t *)baton)->stream);
    return APR_SUCCESS;
}

rc_inflate_t *rc_inflate_create(apr_off_t max, apr_pool_t *pool)
{
    rc_inflate_t *z = apr_pcalloc(pool, sizeof(*z));

    z->left = max;
    z->ready = inflateInit2(&z->stream, GZIP_ONLY) == Z_OK;
    if (z->ready)
        apr_pool_cleanup_register(pool, z, end_stream, apr_pool_cleanup_null);
    return z;
}

void rc_inflate_give(rc_inflate_t *z, const char *data, apr_size_t len)
{
    z->stream.next_in = (const Bytef *)data;
    z->stream.avail_in = len > UINT_MAX ? UINT_MAX : (uInt)len;
}

static rc_body_state_t fill_input(rc_inflate_t *z)
{
    int n;

    z->stream.next_out = z->out;
    z->stream.avail_out = PIECE;
    n = inflate(&z->stream, Z_NO_FLUSH);
    if (n != Z_OK && n != Z_STREAM_END && n != Z_BUF_ERROR) /* Z_BUF_ERROR: it needs more input */
        return RC_BODY_MALFORMED;
    z->ended = n == Z_STREAM_END;
    z->left -= (apr_off_t)(PIECE - z->stream.avail_out);
    return z->left < 0 ? RC_BODY_TOO_LARGE : RC_BODY_MORE;
}

rc_body_state_t rc_inflate_next(const char **data, apr_size_t *len, rc_inflate_t *z)
{
    rc_body_state_t state;

    *len = 0;
    if (!z->ready)
        return RC_BODY_MALFORMED;
    if (!z->ended) {
        if ((state = fill_input(z)) != RC_BODY_MORE)
            return state;
        *data = (const char *)z->out;
        *len = PIECE - z->stream.avail_out;
    }
    if (*len)
        return RC_BODY_MORE;
    return z->ended && z->stream.avail_in ? RC_BODY_MALFORMED : RC_BODY_LATER;
}

rc_body_state_t rc_inflate_end(const rc_inflate_t *z)
{
    return z->ended && !z->stream.avail_in ? RC_BODY_END : RC_BODY_MALFORMED;
}
