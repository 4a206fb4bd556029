// SPDX-License-Identifier: Apache-2.0
/*
 * Writing feeds, RSS 2.0 or Atom (contract 03 §7), whatever they are about.
 */
#ifndef RC_FACES_RAW_FEED_H
#define RC_FACES_RAW_FEED_H

#include "base/xml.h"
#include "web.h"

typedef struct rc_feed_t {
    rc_xml_t xml;
    bool atom;
    const char *title, *link, *description;
    apr_int64_t updated; /* epoch seconds */
} rc_feed_t;

typedef struct rc_feed_entry_t {
    const char *title, *link, *author;
    apr_int64_t time;   /* epoch seconds */
    apr_int64_t number; /* what tells it from others with this link; 0 = nothing needs to */
} rc_feed_entry_t;

/** Writes what stands before the entries. */
void rc_feed_begin(rc_feed_t *feed, rc_spool_t *spool, apr_pool_t *scratch);

/** Begins an entry. Its text follows as HTML: rc_xml_text for markup, rc_xml_html_text for texts.
 */
void rc_feed_entry_begin(rc_feed_t *feed, const rc_feed_entry_t *entry, apr_pool_t *scratch);
void rc_feed_entry_end(rc_feed_t *feed, const rc_feed_entry_t *entry, apr_pool_t *scratch);

/** Appends the diff of commit @a id to the text of an entry, at most RcapiFeedCutOff bytes of it.
 */
rc_err_t *rc_feed_write_diff(rc_feed_t *feed, rc_web_call_t *call, const char *id,
                             apr_pool_t *scratch);

rc_err_t *rc_feed_end(rc_feed_t *feed);

const char *rc_feed_type(bool atom);

/** Is the view of @a call, or the last word of its URL, an Atom feed? */
bool rc_feed_is_atom(const rc_web_call_t *call);

/** At most @a most characters of @a text, the last three of them dots if something was cut. */
const char *rc_feed_shorten(const char *text, apr_size_t most, apr_pool_t *pool);

/** <base>/<name>@a tail, with the name escaped. */
const char *rc_feed_repo_url(const rc_web_call_t *call, const char *name, const char *tail,
                             apr_pool_t *pool);

#endif
