// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes pkt-lines (gitprotocol-common(5), pkt-line.c of git). What is read comes from
 * clients: a length is used only after it was checked against the bytes that are there.
 */
#include "vcs/pkt_line.h"

#include <string.h>

#include <apr_strings.h>

#include "base/hex.h"

static rc_pkt_kind_t kind_of(int size, apr_size_t there)
{
    switch (size) {
    case 0:
        return RC_PKT_FLUSH;
    case 1:
        return RC_PKT_DELIM;
    case 2:
        return RC_PKT_END;
    default:
        if (size < RC_PKT_HEAD || size > RC_PKT_MOST)
            return RC_PKT_WRONG;
        return there < (apr_size_t)size ? RC_PKT_MORE : RC_PKT_LINE;
    }
}

/* Returns RC_PKT_WRONG as soon as the first bytes cannot be a length. */
static rc_pkt_kind_t short_head(const char *at, const char *end)
{
    while (at < end)
        if (rc_hex_digit(*at++) < 0)
            return RC_PKT_WRONG;
    return RC_PKT_MORE;
}

rc_pkt_kind_t rc_pkt_next(rc_pkt_t *pkt, const char **at, const char *end)
{
    apr_size_t there = (apr_size_t)(end - *at);
    int size;

    pkt->data = NULL;
    pkt->len = 0;
    if (there < RC_PKT_HEAD)
        return pkt->kind = short_head(*at, end);
    size = rc_hex_read(*at, RC_PKT_HEAD);
    pkt->kind = size < 0 ? RC_PKT_WRONG : kind_of(size, there);
    if (pkt->kind == RC_PKT_LINE) {
        pkt->data = *at + RC_PKT_HEAD;
        pkt->len = (apr_size_t)size - RC_PKT_HEAD;
    }
    if (pkt->kind != RC_PKT_MORE && pkt->kind != RC_PKT_WRONG)
        *at += RC_PKT_HEAD + pkt->len;
    return pkt->kind;
}

const char *rc_pkt_text(const rc_pkt_t *pkt, apr_pool_t *pool)
{
    apr_size_t len = pkt->len;

    if (pkt->kind != RC_PKT_LINE || memchr(pkt->data, '\0', len))
        return NULL;
    if (len && pkt->data[len - 1] == '\n')
        len--;
    return apr_pstrmemdup(pool, pkt->data, len);
}

char *rc_pkt_head(char *out, apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";
    apr_size_t size = len + RC_PKT_HEAD;
    int shift;

    for (shift = 12; shift >= 0; shift -= 4)
        *out++ = digits[(size >> shift) & 15];
    return out;
}

rc_err_t *rc_pkt_write(rc_spool_t *spool, const char *data, apr_size_t len)
{
    char head[RC_PKT_HEAD];

    rc_pkt_head(head, len);
    RC_TRY(rc_spool_write(spool, head, sizeof(head)));
    return rc_spool_write(spool, data, len);
}

rc_err_t *rc_pkt_puts(rc_spool_t *spool, const char *text)
{
    return rc_pkt_write(spool, text, strlen(text));
}

rc_err_t *rc_pkt_mark(rc_spool_t *spool, rc_pkt_kind_t kind)
{
    return rc_spool_puts(spool, kind == RC_PKT_FLUSH   ? "0000"
                                : kind == RC_PKT_DELIM ? "0001"
                                                       : "0002");
}

rc_err_t *rc_pkt_band(rc_spool_t *spool, rc_pkt_band_t band, const char *data, apr_size_t len)
{
    while (len > 0) {
        apr_size_t part = len < RC_PKT_DATA - 1 ? len : RC_PKT_DATA - 1;
        char head[RC_PKT_HEAD + 1];

        *rc_pkt_head(head, part + 1) = (char)band;
        RC_TRY(rc_spool_write(spool, head, sizeof(head)));
        RC_TRY(rc_spool_write(spool, data, part));
        data += part;
        len -= part;
    }
    return NULL;
}
