// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the XML frame of a feed, RSS 2.0 or Atom, and of each entry (contract 03 §7).
 */
#include "feed.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

static const char *rss_date(apr_int64_t time, apr_pool_t *pool)
{
    return apr_pstrcat(pool, rc_time_rfc2822(time, pool), " +0000", NULL);
}

static const char *atom_date(apr_int64_t time, apr_pool_t *pool)
{
    return apr_pstrcat(pool, rc_time_utc(time, pool), "Z", NULL);
}

static void alternate_link(rc_xml_t *xml, const char *link)
{
    rc_xml_markup(xml, "<link rel=\"alternate\" href=\"");
    rc_xml_text(xml, link);
    rc_xml_markup(xml, "\"/>\n");
}

/* Returns the host of a URL as a DNS name, which a tag requires. An IPv6 address becomes
 * ip6-2001-db8--1. */
static const char *tag_host(const char *host, apr_pool_t *pool)
{
    bool address = *host == '[';
    apr_size_t len;
    char *name, *p;

    len = strcspn(host, address ? "]/" : ":/");
    name =
        apr_psprintf(pool, "%s%.*s", address ? "ip6-" : "", (int)(len - address), host + address);
    for (p = name; *p; p++)
        *p = apr_isalnum(*p) || *p == '.' ? (char)apr_tolower(*p) : '-';
    while (p > name + 1 && p[-1] == '.') /* the dot of the DNS root */
        *--p = '\0';
    return p > name && p[-1] == '-' ? apr_pstrcat(pool, name, "0", NULL) : name;
}

/* tag:<host>,<date>:/<path>[/<number>] (RFC 4151). */
static const char *tag_of(const rc_feed_entry_t *entry, apr_pool_t *pool)
{
    const char *host = strstr(entry->link, "://"), *path;

    host = host ? host + 3 : entry->link;
    path = host + strcspn(host, "/");
    path = apr_psprintf(pool, "tag:%s,%.10s:%s", tag_host(host, pool),
                        rc_time_utc(entry->time, pool), path);
    return entry->number ? apr_psprintf(pool, "%s/%" APR_INT64_T_FMT, path, entry->number) : path;
}

void rc_feed_begin(rc_feed_t *feed, rc_spool_t *spool, apr_pool_t *scratch)
{
    rc_xml_t *xml = &feed->xml;

    rc_xml_init(xml, spool);
    rc_xml_markup(xml, feed->atom ? "<feed xmlns=\"http://www.w3.org/2005/Atom\" "
                                    "xml:lang=\"en-us\">\n"
                                  : "<rss version=\"2.0\" "
                                    "xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n");
    rc_xml_element(xml, "title", feed->title);
    if (feed->atom) {
        alternate_link(xml, feed->link);
        rc_xml_element(xml, "id", feed->id ? feed->id : feed->link);
        rc_xml_element(xml, "updated", atom_date(feed->updated, scratch));
        return;
    }
    rc_xml_element(xml, "link", feed->link);
    rc_xml_element(xml, "description", feed->description);
    rc_xml_element(xml, "language", "en-us");
    rc_xml_element(xml, "lastBuildDate", rss_date(feed->updated, scratch));
    rc_xml_element(xml, "ttl", "5");
}

void rc_feed_entry_begin(rc_feed_t *feed, const rc_feed_entry_t *entry, apr_pool_t *scratch)
{
    rc_xml_t *xml = &feed->xml;

    rc_xml_markup(xml, feed->atom ? "<entry>\n" : "<item>\n");
    rc_xml_element(xml, "title", entry->title);
    if (!feed->atom) {
        rc_xml_element(xml, "link", entry->link);
        rc_xml_markup(xml, "<guid isPermaLink=\"false\">");
        rc_xml_text(xml, tag_of(entry, scratch));
        rc_xml_markup(xml, "</guid>\n<description>");
        return;
    }
    alternate_link(xml, entry->link);
    rc_xml_element(xml, "updated", atom_date(entry->time, scratch));
    rc_xml_markup(xml, "<author>");
    rc_xml_element(xml, "name", entry->author);
    rc_xml_markup(xml, "</author>\n");
    rc_xml_element(xml, "id", tag_of(entry, scratch));
    rc_xml_markup(xml, "<summary type=\"html\">");
}

void rc_feed_entry_end(rc_feed_t *feed, const rc_feed_entry_t *entry, apr_pool_t *scratch)
{
    rc_xml_t *xml = &feed->xml;

    if (feed->atom) {
        rc_xml_markup(xml, "</summary>\n</entry>\n");
        return;
    }
    rc_xml_markup(xml, "</description>\n");
    rc_xml_element(xml, "dc:creator", entry->author);
    rc_xml_element(xml, "pubDate", rss_date(entry->time, scratch));
    rc_xml_markup(xml, "</item>\n");
}

rc_err_t *rc_feed_end(rc_feed_t *feed)
{
    rc_xml_markup(&feed->xml, feed->atom ? "</feed>\n" : "</channel>\n</rss>\n");
    return rc_xml_finish(&feed->xml);
}

const char *rc_feed_type(bool atom)
{
    return atom ? "application/atom+xml" : "application/rss+xml";
}

bool rc_feed_is_atom(const rc_view_call_t *call)
{
    apr_size_t len = strlen(call->view->action);

    return len > 4 && !strcmp(call->view->action + len - 4, "atom");
}

const char *rc_feed_shorten(const char *text, apr_size_t most, apr_pool_t *pool)
{
    const char *p;
    apr_size_t n = 0;

    if (rc_text_characters(text) <= most)
        return text;
    for (p = text; n < most - 3 || (*p & 0xc0) == 0x80; p++)
        n += (*p & 0xc0) != 0x80;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(p - text)), "...", NULL);
}

const char *rc_feed_repo_url(const rc_view_call_t *call, const char *name, const char *tail,
                             apr_pool_t *pool)
{
    return apr_pstrcat(pool, call->request->base_url, "/", apr_pescape_path(pool, name, 1), tail,
                       NULL);
}
