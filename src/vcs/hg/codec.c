// SPDX-License-Identifier: Apache-2.0
/*
 * Expands the chunks of revlogs, which are stored as they are, by zlib or by zstd, and computes the
 * node ids of texts.
 */
#include "revlog.h"

#include <string.h>

#include <libdeflate.h>
#include <openssl/evp.h>
#include <zstd.h>

#define LEAST ((apr_size_t)256) /* bytes to begin with when the size of a text is unknown */

struct rc_hg_codec_t {
    struct libdeflate_decompressor *zlib;
    ZSTD_DCtx *zstd;
    EVP_MD *sha1;
    EVP_MD_CTX *hash;
};

const unsigned char rc_hg_null_node[RC_HG_NODE];

static apr_status_t free_codec(void *data)
{
    rc_hg_codec_t *codec = data;

    libdeflate_free_decompressor(codec->zlib);
    ZSTD_freeDCtx(codec->zstd);
    EVP_MD_CTX_free(codec->hash);
    EVP_MD_free(codec->sha1);
    return APR_SUCCESS;
}

rc_hg_codec_t *rc_hg_codec_create(apr_pool_t *pool)
{
    rc_hg_codec_t *codec = apr_pcalloc(pool, sizeof(*codec));

    apr_pool_cleanup_register(pool, codec, free_codec, apr_pool_cleanup_null);
    codec->zlib = libdeflate_alloc_decompressor();
    codec->zstd = ZSTD_createDCtx();
    codec->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    codec->hash = EVP_MD_CTX_new();
    return codec->zlib && codec->zstd && codec->sha1 && codec->hash ? codec : NULL;
}

/* --- chunks --- */

typedef enum { EXPANDED, TOO_SMALL, DAMAGED } expanded_t;

static expanded_t expand_zlib(rc_hg_codec_t *codec, char *out, apr_size_t *size, const char *data,
                              apr_size_t len)
{
    enum libdeflate_result result =
        libdeflate_zlib_decompress(codec->zlib, data, len, out, *size, size);

    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        return TOO_SMALL;
    return result == LIBDEFLATE_SUCCESS ? EXPANDED : DAMAGED;
}

static expanded_t expand_zstd(rc_hg_codec_t *codec, char *out, apr_size_t *size, const char *data,
                              apr_size_t len)
{
    size_t room = *size, n = ZSTD_decompressDCtx(codec->zstd, out, room, data, len);

    if (!ZSTD_isError(n)) {
        *size = n;
        return EXPANDED;
    }
    /* the size that a frame tells is exact: more room does not help */
    return ZSTD_getFrameContentSize(data, len) == ZSTD_CONTENTSIZE_UNKNOWN ? TOO_SMALL : DAMAGED;
}

/* The size when the chunk itself tells it, else @a likely. */
static apr_size_t size_of(const char *data, apr_size_t len, apr_size_t likely)
{
    unsigned long long told =
        *data == 'x' ? ZSTD_CONTENTSIZE_UNKNOWN : ZSTD_getFrameContentSize(data, len);

    if (told == ZSTD_CONTENTSIZE_ERROR || told == ZSTD_CONTENTSIZE_UNKNOWN)
        return likely ? likely : LEAST > 4 * len ? LEAST : 4 * len;
    return told > APR_SIZE_MAX / 2 ? APR_SIZE_MAX / 2 : (apr_size_t)told;
}

static void expand_packed(rc_hg_text_t *out, rc_hg_codec_t *codec, const char *data, apr_size_t len,
                          apr_size_t likely, apr_size_t most, apr_pool_t *pool)
{
    apr_size_t room = size_of(data, len, likely);
    expanded_t result = TOO_SMALL;

    if (*data != 'x' && room > most)
        return;
    for (; result == TOO_SMALL; room *= 2) {
        bool last = room >= most;
        char *text = apr_palloc(pool, (last ? most : room) + 1);

        out->len = last ? most : room;
        result = *data == 'x' ? expand_zlib(codec, text, &out->len, data, len)
                              : expand_zstd(codec, text, &out->len, data, len);
        if (result == EXPANDED) {
            text[out->len] = '\0';
            out->data = text;
        }
        if (last)
            return;
    }
}

void rc_hg_expand(rc_hg_text_t *out, rc_hg_codec_t *codec, const char *data, apr_size_t len,
                  apr_size_t likely, apr_size_t most, apr_pool_t *pool)
{
    *out = (rc_hg_text_t){NULL, 0};
    if (!len)
        *out = (rc_hg_text_t){"", 0};
    else if (*data == '\0' || *data == 'u') {
        apr_size_t mark = *data == 'u'; /* a text that begins with NUL is its own mark */

        if (len - mark <= most)
            *out = (rc_hg_text_t){data + mark, len - mark};
    } else if (*data == 'x' || *data == '\x28')
        expand_packed(out, codec, data, len, likely, most, pool);
}

/* --- node ids --- */

void rc_hg_node_id(unsigned char node[RC_HG_NODE], rc_hg_codec_t *codec,
                   const unsigned char *parents[2], const rc_hg_text_t *text)
{
    int first = memcmp(parents[0], parents[1], RC_HG_NODE) > 0;

    memset(node, 0, RC_HG_NODE);
    if (EVP_DigestInit_ex2(codec->hash, codec->sha1, NULL) != 1)
        return;
    EVP_DigestUpdate(codec->hash, parents[first], RC_HG_NODE);
    EVP_DigestUpdate(codec->hash, parents[!first], RC_HG_NODE);
    EVP_DigestUpdate(codec->hash, text->data, text->len);
    EVP_DigestFinal_ex(codec->hash, node, NULL);
}
