// SPDX-License-Identifier: Apache-2.0
/*
 * What the views share: their table, and what a URL may mean.
 */
#ifndef RC_FACES_RAW_WEB_H
#define RC_FACES_RAW_WEB_H

#include "faces/raw.h"

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
    const char *repo;     /* full name; NULL when the URL has its id */
    apr_int64_t repo_id;  /* 0 and no name: the view is of no repository */
    const char *id, *rev; /* NULL where the pattern has none */
    const char *rest;     /* the same; as sent: points into the path */
} rc_web_route_t;

/**
 * All ways to read @a path, as sent (rc_web_route_t), the longest repository name first; with an
 * id, only the one that reads the first words of a view as such. An escaped slash is one more slash
 * in a repository's name and in {path}, and an ordinary character in {rev} and {id}.
 */
apr_array_header_t *rc_web_routes(const char *path, apr_pool_t *pool);

/** The first @a len bytes of @a text with %XX decoded, in @a pool. What is no escape, and %00,
 * stays. */
char *rc_web_unescape(const char *text, apr_size_t len, apr_pool_t *pool);

/** Lines of context that @a text (or NULL) asks for, at most 100000; 3 when it is no such number.
 */
int rc_web_context_lines(const char *text);

/* view_changeset.c */
rc_err_t *rc_web_changeset_raw_prepare(rc_web_call_t *call);
rc_err_t *rc_web_changeset_download_prepare(rc_web_call_t *call);
rc_err_t *rc_web_changeset_diff_write(rc_web_call_t *call, rc_spool_t *spool);
rc_err_t *rc_web_changeset_patch_prepare(rc_web_call_t *call);
rc_err_t *rc_web_changeset_patch_write(rc_web_call_t *call, rc_spool_t *spool);

/* view_file.c, view_file_diff.c */
rc_err_t *rc_web_raw_prepare(rc_web_call_t *call);
rc_err_t *rc_web_rawfile_prepare(rc_web_call_t *call);
rc_err_t *rc_web_file_write(rc_web_call_t *call, rc_spool_t *spool);
rc_err_t *rc_web_file_diff_prepare(rc_web_call_t *call);
rc_err_t *rc_web_file_diff_write(rc_web_call_t *call, rc_spool_t *spool);

/* file_type.c */

/** The media type (without parameters) of a file called @a name; NULL when it is unknown. In
 * @a call's pool. */
const char *rc_web_file_type(const rc_web_call_t *call, const char *name);

/** May a browser show this type itself? No other may ever be inline under its own name. */
bool rc_web_shown_type(const char *type);

/* disposition.c */

/** Content-Disposition of a download called @a name, which may hold any bytes. In @a pool. */
const char *rc_web_attachment(const char *name, apr_pool_t *pool);

/** Refusals with contract 03's words. */
#define RC_WEB_NO_SUCH_COMMIT "No such commit exists for this repository"
#define RC_WEB_IS_DIRECTORY   "The given path is a directory"
rc_err_t *rc_web_refuse_path(rc_web_call_t *call, const char *path, const char *commit);

/** The name in the cache of what is made of the call's repository. */
const char *rc_web_kept_name(const rc_web_call_t *call, const char *name);

/* view_feed.c */
rc_err_t *rc_web_feed_prepare(rc_web_call_t *call);
rc_err_t *rc_web_feed_write(rc_web_call_t *call, rc_spool_t *spool);

/* view_journal.c */
rc_err_t *rc_web_journal_prepare(rc_web_call_t *call);
rc_err_t *rc_web_journal_write(rc_web_call_t *call, rc_spool_t *spool);

/* view_gist.c */
rc_err_t *rc_web_gist_prepare(rc_web_call_t *call);
rc_err_t *rc_web_gist_write(rc_web_call_t *call, rc_spool_t *spool);

/* view_archive.c */
rc_err_t *rc_web_archive_prepare(rc_web_call_t *call);
rc_err_t *rc_web_archive_write(rc_web_call_t *call, rc_spool_t *spool);

/** Leaves @a call with @a status and the client's text (NULL: the status' own words). */
rc_err_t *rc_web_refuse(rc_web_call_t *call, int status, const char *message);

#endif
