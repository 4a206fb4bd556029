// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes pkt-lines, which clients send: every packet lies inside the input, and the same packets
 * come out when the input arrives in two pieces.
 */
#include "fuzz.h"
#include "vcs/pkt_line.h"

/* Reads packets up to @a end; returns where the last complete one ends. */
static const char *read_all(const char *at, const char *end, int *count, apr_pool_t *pool)
{
    rc_pkt_t pkt;

    for (;;) {
        const char *before = at;

        if (rc_pkt_next(&pkt, &at, end) == RC_PKT_MORE || pkt.kind == RC_PKT_WRONG) {
            CHECK(at == before && !pkt.len);
            CHECK(pkt.kind == RC_PKT_WRONG || end - at < RC_PKT_MOST);
            return at;
        }
        CHECK(at == before + RC_PKT_HEAD + pkt.len && at <= end);
        CHECK(pkt.kind == RC_PKT_LINE || !pkt.len);
        rc_pkt_text(&pkt, pool);
        (*count)++;
    }
}

/* What is read is written in the same form, but for the case of digits. */
static void check_written(const char *at, const char *end, apr_pool_t *pool)
{
    rc_spool_t *spool = rc_spool_create("/tmp", pool);
    const char *text, *from = at;
    rc_pkt_t pkt;

    while (rc_pkt_next(&pkt, &at, end) < RC_PKT_MORE)
        CHECK(!(pkt.kind == RC_PKT_LINE ? rc_pkt_write(spool, pkt.data, pkt.len)
                                        : rc_pkt_mark(spool, pkt.kind)));
    CHECK(!rc_spool_view(&text, spool, pool));
    CHECK(rc_spool_size(spool) == at - from && (at == from || !strncasecmp(text, from, 4)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *text = (const char *)data, *end = text + size, *middle = text + size / 2, *at;
    int whole = 0, parts = 0;

    read_all(text, end, &whole, pool);
    at = read_all(text, middle, &parts, pool);
    read_all(at, end, &parts, pool);
    CHECK(parts == whole);
    check_written(text, end, pool);
    apr_pool_destroy(pool);
    return 0;
}
