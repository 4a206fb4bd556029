// SPDX-License-Identifier: Apache-2.0
/*
 * Writes XML and escapes text.
 */
#include "base/xml.h"

#include <string.h>

#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd"

static void put(rc_xml_t *xml, const char *text, apr_size_t len)
{
    if (!xml->err && len)
        xml->err = rc_spool_write(xml->spool, text, len);
}

void rc_xml_init(rc_xml_t *xml, rc_spool_t *spool)
{
    xml->spool = spool;
    xml->err = NULL;
    rc_xml_markup(xml, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
}

rc_err_t *rc_xml_finish(rc_xml_t *xml)
{
    return xml->err;
}

void rc_xml_markup(rc_xml_t *xml, const char *markup)
{
    put(xml, markup, strlen(markup));
}

/* Returns the replacement for the character of @a len bytes (0: invalid) at @a p; NULL: the
 * character itself. A plain carriage return would be read as a line feed. */
static const char *instead(const char *p, int len, bool twice)
{
    switch (*p) {
    case '&':
        return twice ? "&amp;amp;" : "&amp;";
    case '<':
        return twice ? "&amp;lt;" : "&lt;";
    case '>': /* also because of "]]>" */
        return twice ? "&amp;gt;" : "&gt;";
    case '"':
        return twice ? "&amp;quot;" : "&quot;";
    case '\r':
        return "&#13;";
    case '\t':
    case '\n':
        return NULL;
    }
    if (!len)
        return REPLACEMENT;
    if ((unsigned char)*p < 0x20)
        return "";
    if (len == 3 && (!memcmp(p, "\xef\xbf\xbe", 3) || !memcmp(p, "\xef\xbf\xbf", 3)))
        return "";
    return NULL;
}

static void escape(rc_xml_t *xml, const char *text, bool twice)
{
    const char *p = text, *from = text, *end = text + strlen(text);

    while (p < end) {
        int len = rc_utf8_length(p, end);
        const char *other = instead(p, len, twice);

        if (other) {
            put(xml, from, (apr_size_t)(p - from));
            rc_xml_markup(xml, other);
            from = p + (len ? len : 1);
        }
        p += len ? len : 1;
    }
    put(xml, from, (apr_size_t)(p - from));
}

void rc_xml_text(rc_xml_t *xml, const char *text)
{
    escape(xml, text, false);
}

void rc_xml_html_text(rc_xml_t *xml, const char *text)
{
    escape(xml, text, true);
}

void rc_xml_element(rc_xml_t *xml, const char *name, const char *text)
{
    rc_xml_markup(xml, "<");
    rc_xml_markup(xml, name);
    rc_xml_markup(xml, ">");
    rc_xml_text(xml, text);
    rc_xml_markup(xml, "</");
    rc_xml_markup(xml, name);
    rc_xml_markup(xml, ">\n");
}
