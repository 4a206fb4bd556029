// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the XML writer: escapes, characters that XML forbids, repair of UTF-8.
 */
#include "unit.h"

#include "base/text.h"
#include "base/xml.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

static rc_xml_t xml;

static void begin(void)
{
    rc_xml_init(&xml, rc_spool_create(unit_dir, pool));
}

static const char *written(void)
{
    const char *text;

    ASSERT_OK(rc_xml_finish(&xml));
    ASSERT_OK(rc_spool_string(&text, xml.spool, pool));
    assert_memory_equal(text, DECLARATION, strlen(DECLARATION));
    return text + strlen(DECLARATION);
}

static void elements(void **state)
{
    (void)state;
    begin();
    rc_xml_markup(&xml, "<a b=\"");
    rc_xml_text(&xml, "\"<x>\"");
    rc_xml_markup(&xml, "\">");
    rc_xml_element(&xml, "c", "1 & 2");
    rc_xml_element(&xml, "d", "");
    rc_xml_markup(&xml, "</a>");
    assert_string_equal(written(),
                        "<a b=\"&quot;&lt;x&gt;&quot;\"><c>1 &amp; 2</c>\n<d></d>\n</a>");
}

static void texts(void **state)
{
    static const struct {
        const char *text, *once, *twice;
    } cases[] = {
        {"", "", ""},
        {"plain 'text'", "plain 'text'", "plain 'text'"},
        {"a<b>&\"", "a&lt;b&gt;&amp;&quot;", "a&amp;lt;b&amp;gt;&amp;amp;&amp;quot;"},
        {"]]>", "]]&gt;", "]]&amp;gt;"},
        {"&amp;", "&amp;amp;", "&amp;amp;amp;"},
        {"a\tb\nc", "a\tb\nc", "a\tb\nc"},
        {"a\r\nb", "a&#13;\nb", "a&#13;\nb"},
        {"\x01\x08\x0b\x0c\x0e\x1b[0m\x1f", "[0m", "[0m"},
        {"\x7f", "\x7f", "\x7f"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
         "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\xe9t\xe9", "\xef\xbf\xbdt\xef\xbf\xbd", "\xef\xbf\xbdt\xef\xbf\xbd"},
        {"x\xc3", "x\xef\xbf\xbd", "x\xef\xbf\xbd"},
        {"\xc0\x80<", "\xef\xbf\xbd\xef\xbf\xbd&lt;", "\xef\xbf\xbd\xef\xbf\xbd&amp;lt;"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"a\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd", "a\xef\xbf\xbd", "a\xef\xbf\xbd"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        begin();
        rc_xml_text(&xml, cases[i].text);
        assert_string_equal(written(), cases[i].once);
        begin();
        rc_xml_html_text(&xml, cases[i].text);
        assert_string_equal(written(), cases[i].twice);
    }
}

/* Any bytes become text that XML allows. */
static void noise(void **state)
{
    unsigned seed = 7;
    int turn, i;

    (void)state;
    for (turn = 0; turn < 300; turn++) {
        char text[200];
        const char *out;

        for (i = 0; i < 199; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = (char)(1 + (seed >> 16) % 255);
        }
        text[199] = '\0';
        begin();
        rc_xml_text(&xml, text);
        out = written();
        assert_true(rc_utf8_valid(out, strlen(out)));
        assert_null(strpbrk(out, "<>\"\r\x01\x02\x0b\x0c\x1f"));
        assert_null(strstr(out, "\xef\xbf\xbe"));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(elements),
    cmocka_unit_test(texts),
    cmocka_unit_test(noise),
};

UNIT_MAIN(tests)
