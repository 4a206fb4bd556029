// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes pkt-lines, the packets of git's protocols: four hex digits with the length of
 * the whole packet, then its content. Lengths below four are marks without content.
 */
#ifndef RC_VCS_PKT_LINE_H
#define RC_VCS_PKT_LINE_H

#include "base/spool.h"

#define RC_PKT_HEAD 4     /* bytes of the length */
#define RC_PKT_MOST 65520 /* bytes of the largest packet, with its length */
#define RC_PKT_DATA (RC_PKT_MOST - RC_PKT_HEAD)

typedef enum {
    RC_PKT_LINE,  /* content, maybe empty */
    RC_PKT_FLUSH, /* 0000 */
    RC_PKT_DELIM, /* 0001 */
    RC_PKT_END,   /* 0002: the response ends */
    RC_PKT_MORE,  /* the bytes end before the packet does: read more of them, or reject them */
    RC_PKT_WRONG  /* no packet begins here, and none can follow */
} rc_pkt_kind_t;

typedef struct rc_pkt_t {
    rc_pkt_kind_t kind;
    const char *data; /* of a line: points into the bytes that were read; no NUL follows */
    apr_size_t len;
} rc_pkt_t;

/* The bands of a multiplexed answer: the first byte of each of its lines. */
typedef enum { RC_PKT_BAND_DATA = 1, RC_PKT_BAND_PROGRESS, RC_PKT_BAND_ERROR } rc_pkt_band_t;

/**
 * Reads the packet at *@a at and moves *@a at to the byte after it. With RC_PKT_MORE and
 * RC_PKT_WRONG *@a at stays where it is. Accepts what git accepts: lengths in either case up to
 * RC_PKT_MOST; 0003 is wrong.
 */
rc_pkt_kind_t rc_pkt_next(rc_pkt_t *pkt, const char **at, const char *end);

/** Returns the content of a line without one newline at its end, in @a pool; NULL when the packet
 * is no line, or its content has a NUL. */
const char *rc_pkt_text(const rc_pkt_t *pkt, apr_pool_t *pool);

/** Writes the length of a packet with @a len (at most RC_PKT_DATA) bytes of content: RC_PKT_HEAD
 * digits without a NUL. Returns their end. */
char *rc_pkt_head(char *out, apr_size_t len);

/** Appends one line; @a len is at most RC_PKT_DATA. */
rc_err_t *rc_pkt_write(rc_spool_t *spool, const char *data, apr_size_t len);

/** Appends one line with the content @a text, which must be short enough. */
rc_err_t *rc_pkt_puts(rc_spool_t *spool, const char *text);

/** Appends a mark: RC_PKT_FLUSH, RC_PKT_DELIM or RC_PKT_END. */
rc_err_t *rc_pkt_mark(rc_spool_t *spool, rc_pkt_kind_t kind);

/** Appends @a data of any length in lines of @a band, as side-band-64k has them. */
rc_err_t *rc_pkt_band(rc_spool_t *spool, rc_pkt_band_t band, const char *data, apr_size_t len);

#endif
