// SPDX-License-Identifier: Apache-2.0
/*
 * Deflates contents and writes them in lines of base 85, byte for byte as git does in binary
 * patches (emit_binary_diff_body in its diff.c, and base85.c) as long as both use the same zlib.
 */
#include "base/literal.h"

#include <stdlib.h>
#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>

#include <zlib.h>

#include "base/hex.h"

#define ROW   52         /* bytes in a line */
#define PIECE (1u << 20) /* bytes that are deflated between two checks of the deadline */

static rc_err_t *no_deflate(apr_pool_t *pool)
{
    return rc_err_internal(pool, APR_ENOMEM, "no memory for a binary patch");
}

/* As compress2, but checks the deadline after each piece. */
static rc_err_t *deflate_all(z_stream *stream, rc_work_t *work, const unsigned char *data,
                             apr_size_t size, apr_pool_t *pool)
{
    apr_size_t done = 0, len;
    int n = Z_OK;

    for (; n == Z_OK; done += len) {
        len = size - done < PIECE ? size - done : PIECE;
        stream->next_in = (const Bytef *)data + done;
        stream->avail_in = (uInt)len;
        n = deflate(stream, done + len < size ? Z_NO_FLUSH : Z_FINISH);
        RC_TRY(rc_work_spend(work, 0, pool));
    }
    return n == Z_STREAM_END ? NULL : no_deflate(pool);
}

rc_err_t *rc_literal_deflate(rc_deflated_t *out, rc_work_t *work, const void *data, apr_size_t size,
                             int level, apr_pool_t *pool)
{
    z_stream stream = {0};
    rc_err_t *err;

    out->len = compressBound(size);
    out->data = malloc(out->len);
    if (!out->data || deflateInit(&stream, level) != Z_OK)
        return no_deflate(pool);
    stream.next_out = out->data;
    stream.avail_out = (uInt)out->len;
    err = deflate_all(&stream, work, data, size, pool);
    out->len = stream.total_out;
    deflateEnd(&stream);
    return err;
}

/* Writes four bytes as five digits of base 85, the highest first. */
static char *put_base85(char *out, const unsigned char *p, size_t len)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "!#$%&()*+-;<=>?@^_`{|}~";
    size_t i;

    for (i = 0; i < len; i += 4) {
        apr_uint32_t word = 0;
        int j;

        for (j = 0; j < 4; j++)
            word = word << 8 | (i + (size_t)j < len ? p[i + (size_t)j] : 0);
        for (j = 4; j >= 0; j--) {
            out[j] = digits[word % 85];
            word /= 85;
        }
        out += 5;
    }
    return out;
}

rc_err_t *rc_literal_rows(rc_spool_t *spool, const rc_deflated_t *data)
{
    const unsigned char *p = data->data;
    size_t left = data->len, len;

    for (; left; p += len, left -= len) {
        char line[128], *end;

        len = left < ROW ? left : ROW;
        line[0] = (char)(len <= 26 ? 'A' + len - 1 : 'a' + len - 27);
        end = put_base85(line + 1, p, len);
        *end++ = '\n';
        RC_TRY(rc_spool_write(spool, line, (apr_size_t)(end - line)));
    }
    return rc_spool_write(spool, "\n", 1);
}

rc_err_t *rc_literal_print(rc_spool_t *spool, rc_work_t *work, const void *data, apr_size_t size,
                           int level, apr_pool_t *pool)
{
    rc_deflated_t deflated = {0};
    rc_err_t *err = rc_literal_deflate(&deflated, work, data, size, level, pool);

    if (!err)
        err = rc_spool_printf(spool, "literal %" APR_SIZE_T_FMT "\n", size);
    if (!err)
        err = rc_literal_rows(spool, &deflated);
    free(deflated.data);
    return err;
}

const char *rc_literal_id(const void *data, apr_size_t size, apr_pool_t *pool)
{
    const char *head = apr_psprintf(pool, "blob %" APR_SIZE_T_FMT, size);
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_size_t done, len;
    apr_sha1_ctx_t sha;

    apr_sha1_init(&sha);
    apr_sha1_update(&sha, head, (unsigned)strlen(head) + 1);
    for (done = 0; done < size; done += len) {
        len = size - done < PIECE ? size - done : PIECE;
        apr_sha1_update(&sha, (const char *)data + done, (unsigned)len);
    }
    apr_sha1_final(bytes, &sha);
    return rc_hex_text(bytes, sizeof(bytes), pool);
}
