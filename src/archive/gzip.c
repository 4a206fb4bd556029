// SPDX-License-Identifier: Apache-2.0
/*
 * Compresses to gzip with libdeflate, which is much faster than zlib but compresses a whole buffer
 * at a time. So the file is a chain of gzip members (RFC 1952 2.2), which all programs read as one.
 */
#include "writer.h"

#include <string.h>

#include <libdeflate.h>

#include "base/cleanup.h"

#define LEVEL  6
#define MEMBER (512 * 1024)

typedef struct gzip_t {
    rc_spool_t *spool;
    apr_pool_t *pool;
    struct libdeflate_compressor *compressor;
    char *in, *out;
    apr_size_t used, out_size; /* bytes in `in`; size of `out` */
    bool any;                  /* a member was written */
} gzip_t;

static void free_compressor(void *obj)
{
    libdeflate_free_compressor(obj);
}

static rc_err_t *begin_gzip(void **state, const rc_filter_t *filter, rc_spool_t *spool,
                            apr_pool_t *pool)
{
    gzip_t *gzip = *state = apr_pcalloc(pool, sizeof(*gzip));

    (void)filter;
    if (!(gzip->compressor = libdeflate_alloc_compressor(LEVEL)))
        return rc_err_internal(pool, APR_ENOMEM, "cannot create a compressor");
    rc_cleanup(pool, gzip->compressor, free_compressor);
    gzip->spool = spool;
    gzip->pool = pool;
    gzip->out_size = libdeflate_gzip_compress_bound(gzip->compressor, MEMBER);
    gzip->in = apr_palloc(pool, MEMBER);
    gzip->out = apr_palloc(pool, gzip->out_size);
    return NULL;
}

static rc_err_t *write_member(gzip_t *gzip)
{
    size_t len =
        libdeflate_gzip_compress(gzip->compressor, gzip->in, gzip->used, gzip->out, gzip->out_size);

    if (!len)
        return rc_err_internal(gzip->pool, APR_SUCCESS, "libdeflate cannot compress");
    gzip->used = 0;
    gzip->any = true;
    return rc_spool_write(gzip->spool, gzip->out, len);
}

static rc_err_t *write_some(void *state, const char *data, apr_size_t len)
{
    gzip_t *gzip = state;

    while (len) {
        apr_size_t n = MEMBER - gzip->used < len ? MEMBER - gzip->used : len;

        memcpy(gzip->in + gzip->used, data, n);
        gzip->used += n;
        data += n;
        len -= n;
        if (gzip->used == MEMBER)
            RC_TRY(write_member(gzip));
    }
    return NULL;
}

static rc_err_t *end_gzip(void *state)
{
    gzip_t *gzip = state;

    return gzip->used || !gzip->any ? write_member(gzip) : NULL;
}

const rc_filter_t rc_filter_gzip = {begin_gzip, write_some, end_gzip, NULL, NULL};
