// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of src/web share: the table of views, and what a URL may mean.
 */
#ifndef RC_WEB_VIEW_H
#define RC_WEB_VIEW_H

#include "rc_web.h"

/* Flags of a view. */
#define RC_WEB_FEED  1u /* keys and feed tokens open it, whatever the whitelist says */
#define RC_WEB_LOGIN 2u /* not for anonymous visitors */

/* One row of the table in routes.c. */
struct rc_web_view_t {
    const char *pattern; /* words, {id} {rev} one segment, {path} all the rest; behind the
                            repository's name, or with a slash at its front the whole URL */
    const char *action;  /* Controller:action, for the whitelist */
    unsigned flags;
    rc_err_t *(*prepare)(rc_web_call_t *call);
    rc_err_t *(*write)(rc_web_call_t *call, rc_spool_t *spool);
};

/* One way to read a URL: its repository may have slashes in its name. */
typedef struct rc_web_route_t {
    const rc_web_view_t *view;
    const char *repo;            /* full name; NULL when it is told by its id */
    apr_int64_t repo_id;         /* 0 and no name: the view is of no repository */
    const char *id, *rev, *rest; /* NULL where the pattern has none */
} rc_web_route_t;

/** All ways to read @a path (rc_web_route_t), the longest repository name first. */
apr_array_header_t *rc_web_routes(const char *path, apr_pool_t *pool);

/* view_changeset.c */
rc_err_t *rc_web_changeset_prepare(rc_web_call_t *call);
rc_err_t *rc_web_changeset_write(rc_web_call_t *call, rc_spool_t *spool);

/* view_feed.c */
rc_err_t *rc_web_feed_prepare(rc_web_call_t *call);
rc_err_t *rc_web_feed_write(rc_web_call_t *call, rc_spool_t *spool);

/* view_journal.c */
rc_err_t *rc_web_journal_prepare(rc_web_call_t *call);
rc_err_t *rc_web_journal_write(rc_web_call_t *call, rc_spool_t *spool);

/* view_gist.c */
rc_err_t *rc_web_gist_prepare(rc_web_call_t *call);
rc_err_t *rc_web_gist_write(rc_web_call_t *call, rc_spool_t *spool);

/** Leaves @a call with @a status and the client's text (NULL: the status' own words). */
rc_err_t *rc_web_refuse(rc_web_call_t *call, int status, const char *message);

#endif
