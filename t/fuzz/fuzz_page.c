// SPDX-License-Identifier: Apache-2.0
/* Fuzzes what pages make of foreign text: as HTML it must hold no markup, and the lines of a diff
 * must be those of the text. */
#include "fuzz.h"
#include "base/html.h"
#include "base/text.h"
#include "faces/pages/diff_line.h"
#include "faces/pages/page.h"

static void check_html(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        CHECK(!strchr("<>\"'", c));
        CHECK(c >= 0x20 || c == '\t' || c == '\n');
        CHECK(c != '&' || !strncmp(text, "&amp;", 5) || !strncmp(text, "&lt;", 4) ||
              !strncmp(text, "&gt;", 4) || !strncmp(text, "&quot;", 6) ||
              !strncmp(text, "&#39;", 5));
    }
}

static void write_html(const char *data, size_t size, apr_pool_t *pool)
{
    rc_html_t html = {.spool = rc_spool_create("/nonexistent", pool)};
    const char *out;

    rc_html_put(&html, "%.*s%s%%%d", (int)size, data, "", 7);
    if (html.err) /* it does not fit into memory */
        return;
    CHECK(!rc_spool_string(&out, html.spool, pool));
    check_html(out);
    CHECK(rc_utf8_valid(out, strlen(out)));
    CHECK(!strcmp(out + strlen(out) - 2, "%7"));
}

static void read_diff(const char *data, size_t size, apr_pool_t *pool)
{
    const char *last = data;
    rc_diff_reader_t reader;
    rc_diff_line_t line;

    rc_diff_reader_init(&reader, data, size);
    while (rc_diff_next(&line, &reader)) {
        CHECK(line.text >= last && line.text + line.len <= data + size);
        CHECK(!line.len || !memchr(line.text, '\n', line.len));
        last = line.text + line.len;
        rc_diff_name(&line, line.len < 4 ? line.len : 4, true, pool);
        rc_diff_git_name(&line, pool);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *text = apr_pstrmemdup(pool, (const char *)data, size), *url;

    write_html(text, size, pool);
    read_diff(text, size, pool);
    url = rc_page_escape(text, size & 1, pool);
    CHECK(strlen(url) == strcspn(url, " \"'<>?#&+\\"));
    CHECK(*rc_page_first_line(text, 20, pool));
    rc_page_name(text, pool);
    apr_pool_destroy(pool);
    return 0;
}
