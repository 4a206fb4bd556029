// SPDX-License-Identifier: Apache-2.0
/*
 * Writes feeds as RSS 2.0 or Atom (contract 03 §7), for any kind of entry.
 */
#ifndef RC_FACES_RAW_FEED_H
#define RC_FACES_RAW_FEED_H

#include "base/xml.h"
#include "view.h"

typedef struct rc_feed_t {
    rc_xml_t xml;
    bool atom;
    const char *title, *link, *description;
    const char *id;      /* of an atom feed, a URL; NULL: the link */
    apr_int64_t updated; /* epoch seconds */
} rc_feed_t;

typedef struct rc_feed_entry_t {
    const char *title, *link, *author;
    apr_int64_t time;   /* epoch seconds */
    apr_int64_t number; /* distinguishes entries with the same link; 0 = the link is unique */
} rc_feed_entry_t;

/** Writes everything before the first entry. */
void rc_feed_begin(rc_feed_t *feed, rc_spool_t *spool, apr_pool_t *scratch);

/** Begins an entry. The caller then writes its text as HTML: markup with rc_xml_text, plain text
 * with rc_xml_html_text. rc_feed_entry_end ends the entry. */
void rc_feed_entry_begin(rc_feed_t *feed, const rc_feed_entry_t *entry, apr_pool_t *scratch);
void rc_feed_entry_end(rc_feed_t *feed, const rc_feed_entry_t *entry, apr_pool_t *scratch);

/** Appends the diff of commit @a id to the text of an entry, cut to RcapiFeedCutOff bytes. */
rc_err_t *rc_feed_write_diff(rc_feed_t *feed, rc_view_call_t *call, const char *id,
                             apr_pool_t *scratch);

/** Writes the end of the feed. Returns the first error of all writing. */
rc_err_t *rc_feed_end(rc_feed_t *feed);

/** Returns the media type of an Atom or an RSS feed. */
const char *rc_feed_type(bool atom);

/** True when the view of @a call is an Atom feed, judged by the name of its action. */
bool rc_feed_is_atom(const rc_view_call_t *call);

/** Returns @a text, or its first @a most - 3 characters and "..." when it has more than @a most. */
const char *rc_feed_shorten(const char *text, apr_size_t most, apr_pool_t *pool);

/** Returns the URL <base>/<name><tail> in @a pool, with @a name escaped and @a tail as it is. */
const char *rc_feed_repo_url(const rc_view_call_t *call, const char *name, const char *tail,
                             apr_pool_t *pool);

#endif
