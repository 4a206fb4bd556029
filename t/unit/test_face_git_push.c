// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the parser of a push's commands and the reader of git's report, with bytes in pieces of
 * every size.
 */
#include "unit.h"

#include "faces/git/push_report.h"
#include "faces/git/push_request.h"

#define NONE "0000000000000000000000000000000000000000"
#define A    "1111111111111111111111111111111111111111"
#define B    "2222222222222222222222222222222222222222"

/* Bytes under construction. */
static char bytes[400000];
static size_t n_bytes;

static void begin(void)
{
    n_bytes = 0;
}

static void add(const void *data, size_t len)
{
    assert_true(n_bytes + len <= sizeof(bytes));
    memcpy(bytes + n_bytes, data, len);
    n_bytes += len;
}

static void add_text(const char *text)
{
    add(text, strlen(text));
}

/* Adds a line; @a words follow a NUL, if given. */
static void add_line(const char *text, const char *words)
{
    size_t len = strlen(text) + (words ? strlen(words) + 1 : 0);

    add_text(apr_psprintf(pool, "%04x%s", (unsigned)len + 4, text));
    if (words) {
        add("", 1);
        add_text(words);
    }
}

static rc_push_request_t *read_in_pieces(size_t piece)
{
    rc_push_request_t *request = apr_palloc(pool, sizeof(*request));
    size_t at, len;

    rc_push_request_begin(request, pool);
    for (at = 0; at < n_bytes && request->state == RC_PUSH_MORE; at += len) {
        len = n_bytes - at < piece ? n_bytes - at : piece;
        rc_push_request_read(request, bytes + at, len);
    }
    return request;
}

static const rc_push_command_t *command(const rc_push_request_t *request, int i)
{
    return APR_ARRAY_IDX(request->commands, i, rc_push_command_t *);
}

static void commands(void **state)
{
    size_t piece;

    (void)state;
    begin();
    add_line("shallow " B, NULL);
    add_line(NONE " " A " refs/heads/x", " report-status side-band-64k agent=me\n");
    add_line(A " " NONE " refs/heads/a b\n", NULL);
    add_line(A " " B " refs/tags/t", NULL);
    add_text("0000PACKrest");
    for (piece = 1; piece <= n_bytes; piece++) {
        const rc_push_request_t *request = read_in_pieces(piece);

        assert_int_equal(request->state, RC_PUSH_READY);
        assert_int_equal(request->commands->nelts, 3);
        assert_string_equal(command(request, 0)->ref, "refs/heads/x");
        assert_null(command(request, 0)->old_id);
        assert_string_equal(command(request, 0)->new_id, A);
        assert_string_equal(command(request, 1)->ref, "refs/heads/a b");
        assert_null(command(request, 1)->new_id);
        assert_string_equal(command(request, 2)->old_id, A);
        assert_true(request->reports && request->bands);
        assert_memory_equal(request->rest, "PACKrest", request->rest_len);
        assert_true(request->rest_len < piece);
    }
}

/* What git gets has the same meaning, and always a wish for a report. */
static void head(void **state)
{
    const char *const words[] = {NULL, "", " quiet", " report-status-v2 side-band-64k"};
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(words); i++) {
        const rc_push_request_t *request, *again;

        begin();
        add_line("shallow " B "\n", NULL);
        add_line(NONE " " A " refs/heads/x", words[i]);
        add_line(NONE " " A " refs/heads/y\n", NULL);
        add_text("0000");
        request = read_in_pieces(n_bytes);
        assert_int_equal(request->state, RC_PUSH_READY);
        assert_true(request->reports == (words[i] && strstr(words[i], "report") != NULL));
        assert_true(request->bands == (words[i] && strstr(words[i], "side") != NULL));
        begin();
        add(request->head, request->head_len);
        again = read_in_pieces(n_bytes);
        assert_int_equal(again->state, RC_PUSH_READY);
        assert_int_equal(again->commands->nelts, 2);
        assert_true(again->reports);
        assert_true(again->bands == request->bands);
        assert_int_equal(again->rest_len, 0);
    }
}

static void wrong_commands(void **state)
{
    static const char *const lines[] = {
        "",
        "push-cert",
        NONE " " A,
        NONE " " A " ",
        NONE "x" A " refs/heads/x",
        NONE " short refs/heads/x",
        "shallow x",
        "shallow " A " x",
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(lines); i++) {
        begin();
        add_line(lines[i], NULL);
        add_text("0000");
        if (read_in_pieces(n_bytes)->state != RC_PUSH_WRONG)
            fail_msg("accepted: %s", lines[i]);
    }
    begin();
    add_line(NONE " " A " refs/heads/x", " quiet");
    add_line(NONE " " A " refs/heads/y", " quiet");
    add_text("0000");
    assert_int_equal(read_in_pieces(7)->state, RC_PUSH_WRONG); /* capabilities twice */
    begin();
    add_line(NONE " " A " refs/heads/x", NULL);
    add_line(NONE " " B " refs/heads/x", NULL);
    add_text("0000");
    assert_int_equal(read_in_pieces(7)->state, RC_PUSH_WRONG); /* a reference twice */
    begin();
    add_text("0001");
    assert_int_equal(read_in_pieces(4)->state, RC_PUSH_WRONG);
    begin();
    add_text("zzzz");
    assert_int_equal(read_in_pieces(4)->state, RC_PUSH_WRONG);
    begin();
    add_text("0000");
    assert_int_equal(read_in_pieces(1)->state, RC_PUSH_READY); /* a probe without commands */
    begin();
    add_text("000");
    assert_int_equal(read_in_pieces(1)->state, RC_PUSH_MORE);
}

static void too_many_commands(void **state)
{
    rc_push_request_t request;
    apr_pool_t *scratch;
    size_t i;

    (void)state;
    apr_pool_create(&scratch, pool);
    rc_push_request_begin(&request, scratch);
    for (i = 0; i <= RC_PUSH_COMMANDS_MOST / 100 && request.state == RC_PUSH_MORE; i++) {
        const char *line = apr_psprintf(scratch, "0064" NONE " " A " refs/x/%07u", (unsigned)i);

        rc_push_request_read(&request, line, 100);
    }
    assert_int_equal(request.state, RC_PUSH_LONG);
    apr_pool_destroy(scratch);
}

/* --- the report --- */

/* Adds a report in one line of the first band for each @a piece bytes of it. */
static void add_banded(const char *text, size_t piece)
{
    size_t len = strlen(text), at, n;

    for (at = 0; at < len; at += n) {
        n = len - at < piece ? len - at : piece;
        add_text(apr_psprintf(pool, "%04x\1%.*s", (unsigned)n + 5, (int)n, text + at));
    }
}

/* Reads the bytes as the answer; returns what the client gets, with its end. */
static const char *passed(rc_push_report_t *report, const char *words, size_t piece,
                          const char *why)
{
    static const char *const messages[] = {"one", "two", NULL};
    rc_push_request_t *request = apr_palloc(pool, sizeof(*request));
    rc_spool_t *out = rc_spool_create(unit_dir, pool);
    const char *text;
    size_t at, len;

    text = apr_psprintf(pool, "%04x" NONE " " A " refs/heads/x", (unsigned)strlen(words) + 99);
    rc_push_request_begin(request, pool);
    rc_push_request_read(request, text, strlen(text) + 1);
    rc_push_request_read(request, words, strlen(words));
    text = "0063" NONE " " B " refs/tags/why"
           "0000";
    rc_push_request_read(request, text, strlen(text));
    assert_int_equal(request->state, RC_PUSH_READY);
    rc_push_report_begin(report, request);
    report->silent = why != NULL;
    for (at = 0; at < n_bytes; at += len) {
        const char *data = bytes + at;
        apr_size_t given;

        len = n_bytes - at < piece ? n_bytes - at : piece;
        given = len;
        ASSERT_OK(rc_push_report_read(&data, &given, report));
        ASSERT_OK(rc_spool_write(out, data, given));
    }
    ASSERT_OK(rc_push_report_end(out, report, messages, why));
    ASSERT_OK(rc_spool_string(&text, out, pool));
    return text;
}

#define REPORT   "000eunpack ok\n0014ok refs/heads/x\n001fng refs/tags/why not today\n0000"
#define MESSAGES "0009\2one\n0009\2two\n0000"

static void reports(void **state)
{
    rc_push_report_t report;
    size_t inner, piece;

    (void)state;
    for (inner = 1; inner < 80; inner += 13)
        for (piece = 1; piece < 80; piece += 7) {
            const char *want;

            begin();
            add_text("000a\2hello");
            add_banded(REPORT, inner);
            want = apr_pstrcat(pool, apr_pstrmemdup(pool, bytes, n_bytes), MESSAGES, NULL);
            add_text("0000");
            assert_string_equal(passed(&report, "side-band-64k report-status", piece, NULL), want);
            assert_true(report.complete && report.unpacked);
            assert_true(command(report.request, 0)->done);
            assert_false(command(report.request, 1)->done);
            assert_string_equal(passed(&report, "side-band-64k", piece, NULL),
                                "000a\2hello" MESSAGES);
            assert_true(command(report.request, 0)->done);
        }
    for (piece = 1; piece < 80; piece += 7) {
        begin();
        add_text(REPORT);
        assert_string_equal(passed(&report, "report-status", piece, NULL), REPORT);
        assert_true(report.complete && command(report.request, 0)->done);
        assert_string_equal(passed(&report, "quiet", piece, NULL), "");
        assert_true(report.complete && command(report.request, 0)->done);
    }
}

static void silenced_reports(void **state)
{
#define OTHER "000eunpack no\n0017ng refs/heads/x no\n0018ng refs/tags/why no\n0000"
    rc_push_report_t report;

    (void)state;
    begin();
    add_text("000a\2hello");
    add_banded("0015unpack early EOF\n0000", 100);
    add_text("0000");
    assert_string_equal(passed(&report, "side-band-64k report-status", 9, "no"),
                        "000a\2hello0046\1" OTHER MESSAGES);
    assert_false(report.unpacked);
    begin();
    add_text("0015unpack early EOF\n0000");
    assert_string_equal(passed(&report, "report-status", 9, "no"), OTHER);
}

static void cut_reports(void **state)
{
    rc_push_report_t report;
    rc_push_request_t request;
    static const char *const wrong[] = {"0000000a\2after", "zzzz", "00010000", "0009\1zzzz"};
    const char *data;
    apr_size_t len;
    size_t i;

    (void)state;
    begin();
    add_banded("000eunpack ok\n", 100);
    passed(&report, "side-band-64k report-status", 9, NULL);
    assert_false(report.complete);
    for (i = 0; i < ROWS(wrong); i++) {
        rc_push_request_begin(&request, pool);
        request.bands = true;
        rc_push_report_begin(&report, &request);
        data = wrong[i];
        len = strlen(data);
        assert_non_null(rc_push_report_read(&data, &len, &report));
    }
}

/* The largest packets, one after the other, in pieces that fit none of them. */
static void large_packets(void **state)
{
    char *data = apr_palloc(pool, RC_PKT_DATA);
    rc_push_report_t report;
    const char *text;
    int i;

    (void)state;
    memset(data, 'x', RC_PKT_DATA);
    *data = '\2';
    begin();
    for (i = 0; i < 5; i++) {
        add_text("fff0");
        add(data, RC_PKT_DATA);
    }
    add_text("0000");
    text = passed(&report, "side-band-64k", 65536, NULL);
    assert_int_equal(strlen(text), 5 * RC_PKT_MOST + strlen(MESSAGES));
    assert_true(report.complete);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(commands),       cmocka_unit_test(head),
    cmocka_unit_test(wrong_commands), cmocka_unit_test(too_many_commands),
    cmocka_unit_test(reports),        cmocka_unit_test(silenced_reports),
    cmocka_unit_test(cut_reports),    cmocka_unit_test(large_packets),
};

UNIT_MAIN(tests)
