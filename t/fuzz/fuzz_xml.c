// SPDX-License-Identifier: Apache-2.0
/* Fuzzes text of a commit in a feed: the document must stay well-formed XML 1.0 for any text. */
#include "fuzz.h"
#include "base/text.h"
#include "base/xml.h"

static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#", NULL};

static bool is_entity(const char *at)
{
    for (int i = 0; entities[i]; i++)
        if (!strncmp(at, entities[i], strlen(entities[i])))
            return true;
    return false;
}

static void check_text(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        CHECK(c != '<' && c != '"');
        CHECK(c >= 0x20 || c == '\t' || c == '\n' || c == '\r');
        CHECK(c != '&' || is_entity(text));
        CHECK(strncmp(text, "\xef\xbf\xbe", 3) && strncmp(text, "\xef\xbf\xbf", 3));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *text = apr_pstrmemdup(pool, (const char *)data, size), *out, *end;
    rc_spool_t *spool = rc_spool_create("/nonexistent", pool);
    rc_xml_t xml;

    rc_xml_init(&xml, spool);
    CHECK(!rc_spool_reset(spool)); /* the declaration has quotes */
    if (size & 1)
        rc_xml_text(&xml, text);
    else
        rc_xml_html_text(&xml, text);
    if (!rc_xml_finish(&xml)) {
        CHECK(!rc_spool_string(&out, spool, pool));
        check_text(out);
        end = rc_utf8_repair(out, pool);
        CHECK(!strcmp(end, out));
    }
    apr_pool_destroy(pool);
    return 0;
}
