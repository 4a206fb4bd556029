// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the reading and writing of pkt-lines at their edges.
 */
#include "unit.h"

#include "vcs/git_wire.h"
#include "vcs/pkt_line.h"

/* Reads one packet from @a len bytes that end where memory may end. */
static rc_pkt_kind_t next(rc_pkt_t *pkt, const char *bytes, apr_size_t len, apr_size_t *used)
{
    char *exact = malloc(len ? len : 1);
    const char *at = exact;
    rc_pkt_kind_t kind;

    memcpy(exact, bytes, len);
    kind = rc_pkt_next(pkt, &at, exact + len);
    *used = (apr_size_t)(at - exact);
    assert_true(!pkt->len || pkt->data == exact + RC_PKT_HEAD);
    free(exact);
    return kind;
}

static void reads(void **state)
{
    static const struct {
        const char *text;
        rc_pkt_kind_t kind;
        apr_size_t len, used;
    } rows[] = {
        {"0000", RC_PKT_FLUSH, 0, 4},
        {"0001", RC_PKT_DELIM, 0, 4},
        {"0002", RC_PKT_END, 0, 4},
        {"0003", RC_PKT_WRONG, 0, 0},
        {"0004", RC_PKT_LINE, 0, 4},
        {"0005a", RC_PKT_LINE, 1, 5},
        {"000Aabcdefgh", RC_PKT_LINE, 6, 10},
        {"0000PACK", RC_PKT_FLUSH, 0, 4},
        {"", RC_PKT_MORE, 0, 0},
        {"000", RC_PKT_MORE, 0, 0},
        {"0005", RC_PKT_MORE, 0, 0},
        {"fff0", RC_PKT_MORE, 0, 0},
        {"fff1", RC_PKT_WRONG, 0, 0},
        {"ffff", RC_PKT_WRONG, 0, 0},
        {"PACK", RC_PKT_WRONG, 0, 0},
        {"00 4", RC_PKT_WRONG, 0, 0},
        {"-001", RC_PKT_WRONG, 0, 0},
        {"0x04", RC_PKT_WRONG, 0, 0},
        {"P", RC_PKT_WRONG, 0, 0},
        {"+004", RC_PKT_WRONG, 0, 0},
    };
    apr_size_t i, used;
    rc_pkt_t pkt;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        rc_pkt_kind_t kind = next(&pkt, rows[i].text, strlen(rows[i].text), &used);

        if (kind != rows[i].kind || pkt.kind != kind || pkt.len != rows[i].len ||
            used != rows[i].used)
            fail_msg("%s: kind %d, %d bytes, %d used", rows[i].text, (int)kind, (int)pkt.len,
                     (int)used);
    }
}

static void longest(void **state)
{
    char *text = apr_palloc(pool, RC_PKT_MOST);
    apr_size_t used;
    rc_pkt_t pkt;

    (void)state;
    memset(rc_pkt_head(text, RC_PKT_DATA), 'x', RC_PKT_DATA);
    assert_memory_equal(text, "fff0", 4);
    assert_int_equal(next(&pkt, text, RC_PKT_MOST - 1, &used), RC_PKT_MORE);
    assert_int_equal(next(&pkt, text, RC_PKT_MOST, &used), RC_PKT_LINE);
    assert_int_equal(pkt.len, RC_PKT_DATA);
    assert_int_equal(used, RC_PKT_MOST);
}

static void text(void **state)
{
    static const struct {
        const char *bytes;
        apr_size_t len;
        const char *text;
    } rows[] = {
        {"0009peel\n", 9, "peel"}, {"0008peel", 8, "peel"}, {"0006\n\n", 6, "\n"},
        {"0005\n", 5, ""},         {"0004", 4, ""},         {"0007a\0b", 7, NULL},
        {"0000", 4, NULL},
    };
    apr_size_t i;
    rc_pkt_t pkt;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        const char *at = rows[i].bytes, *got;

        rc_pkt_next(&pkt, &at, at + rows[i].len);
        got = rc_pkt_text(&pkt, pool);
        if (rows[i].text)
            assert_string_equal(got, rows[i].text);
        else
            assert_null(got);
    }
}

static void writes(void **state)
{
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    char *large = apr_pcalloc(pool, 70000);
    const char *out;

    (void)state;
    ASSERT_OK(rc_pkt_puts(spool, "version 2\n"));
    ASSERT_OK(rc_pkt_write(spool, "a\0b", 3));
    ASSERT_OK(rc_pkt_write(spool, "", 0));
    ASSERT_OK(rc_pkt_mark(spool, RC_PKT_DELIM));
    ASSERT_OK(rc_pkt_band(spool, RC_PKT_BAND_PROGRESS, "hello\n", 6));
    ASSERT_OK(rc_pkt_band(spool, RC_PKT_BAND_DATA, "", 0));
    ASSERT_OK(rc_pkt_mark(spool, RC_PKT_END));
    ASSERT_OK(rc_pkt_mark(spool, RC_PKT_FLUSH));
    ASSERT_OK(rc_spool_view(&out, spool, pool));
    assert_int_equal(rc_spool_size(spool), 14 + 7 + 4 + 4 + 11 + 4 + 4);
    assert_memory_equal(out, "000eversion 2\n0007a\0b00040001000b\002hello\n00020000", 48);
    ASSERT_OK(rc_spool_reset(spool));
    memset(large, 'x', 70000);
    ASSERT_OK(rc_pkt_band(spool, RC_PKT_BAND_DATA, large, 70000));
    ASSERT_OK(rc_spool_view(&out, spool, pool));
    assert_int_equal(rc_spool_size(spool), 70000 + 10);
    assert_memory_equal(out, "fff0\001xx", 7);
    assert_memory_equal(out + RC_PKT_MOST, "118a\001xx", 7);
}

static void versions(void **state)
{
    static const struct {
        const char *header;
        int version;
    } rows[] = {
        {NULL, 0},
        {"", 0},
        {"version=2", 2},
        {"version=1", 1},
        {"version=0", 0},
        {"version=3", 0},
        {"version=22", 0},
        {"version=1:version=2", 2},
        {"version=2:version=1", 2},
        {"foo=bar:version=2", 2},
        {"version=2:", 0},
        {":version=2", 0},
        {"version=2\nX", 0},
        {"version=2 ", 0},
        {"Version=2", 0},
        {"version", 0},
        {"version=2:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa=b",
         0},
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        if (rc_wire_version(rows[i].header) != rows[i].version)
            fail_msg("%s", rows[i].header);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads),  cmocka_unit_test(longest),  cmocka_unit_test(text),
    cmocka_unit_test(writes), cmocka_unit_test(versions),
};

UNIT_MAIN(tests)
