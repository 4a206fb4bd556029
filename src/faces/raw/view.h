// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what the views share: the rows of their table, the routes of a URL, and the functions
 * that rows name.
 */
#ifndef RC_FACES_RAW_VIEW_H
#define RC_FACES_RAW_VIEW_H

#include "faces/raw.h"

/* Flags of a view. */
#define RC_RAW_FEED  1u /* keys and feed tokens open it, independent of the whitelist */
#define RC_RAW_LOGIN 2u /* closed to anonymous visitors */

/* One row of the table in routes.c. */
struct rc_raw_view_t {
    const char *pattern; /* of the URL after the repository's name, or with a leading slash of the
                            whole URL: words, {id} and {rev} for a segment, {path} for the rest */
    const char *action;  /* Controller:action, for the whitelist */
    unsigned flags;
    rc_err_t *(*prepare)(rc_raw_call_t *call);
    rc_err_t *(*write)(rc_raw_call_t *call, rc_spool_t *spool);
};

/* One way to read a URL; there can be several, because a repository's name can contain slashes. */
typedef struct rc_raw_route_t {
    const rc_raw_view_t *view;
    const char *repo;     /* full name; NULL when the URL has the repository's id */
    apr_int64_t repo_id;  /* 0 and no name: a view without a repository */
    const char *id, *rev; /* decoded; NULL where the pattern has none */
    const char *rest;     /* {path}, not decoded, points into the path; NULL when not in it */
} rc_raw_route_t;

/**
 * Returns all routes of @a path, which is not decoded: an array of rc_raw_route_t in @a pool, the
 * longest repository name first. A path with a repository's id has only the routes at the first
 * place where a view matches. An escaped slash counts as a slash in a repository's name and in
 * {path}, but as an ordinary character in {rev} and {id}.
 */
apr_array_header_t *rc_raw_routes(const char *path, apr_pool_t *pool);

/** Returns the lines of context that @a text requests, at most 100000; 3 when it is NULL, negative
 * or not a number. */
int rc_raw_context_lines(const char *text);

/* view_changeset.c */
rc_err_t *rc_raw_changeset_raw_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_changeset_download_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_changeset_diff_write(rc_raw_call_t *call, rc_spool_t *spool);
rc_err_t *rc_raw_changeset_patch_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_changeset_patch_write(rc_raw_call_t *call, rc_spool_t *spool);

/* view_file.c, view_file_diff.c */
rc_err_t *rc_raw_raw_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_rawfile_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_file_write(rc_raw_call_t *call, rc_spool_t *spool);
rc_err_t *rc_raw_file_diff_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_file_diff_write(rc_raw_call_t *call, rc_spool_t *spool);

/* file_type.c */

/** Returns the media type (without parameters) of a file called @a name, in the pool of @a call;
 * NULL when it is unknown. */
const char *rc_raw_file_type(const rc_raw_call_t *call, const char *name);

/** True for the types that a browser may show. No other type is sent inline under its own name. */
bool rc_raw_shown_type(const char *type);

/* disposition.c */

/** Returns the Content-Disposition of a download called @a name, which may contain any bytes, in
 * @a pool. */
const char *rc_raw_attachment(const char *name, apr_pool_t *pool);

/* Texts of contract 03 for refusals. */
#define RC_RAW_NO_SUCH_COMMIT "No such commit exists for this repository"
#define RC_RAW_IS_DIRECTORY   "The given path is a directory"

/** Refuses @a call with 404 and the contract's text for a @a path that @a commit does not have. */
rc_err_t *rc_raw_refuse_path(rc_raw_call_t *call, const char *path, const char *commit);

/** Returns the name in the cache, in the call's pool, of a file @a name that is made from the
 * call's repository. */
const char *rc_raw_kept_name(const rc_raw_call_t *call, const char *name);

/* view_feed.c */
rc_err_t *rc_raw_feed_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_feed_write(rc_raw_call_t *call, rc_spool_t *spool);

/* view_journal.c */
rc_err_t *rc_raw_journal_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_journal_write(rc_raw_call_t *call, rc_spool_t *spool);

/* view_gist.c */
rc_err_t *rc_raw_gist_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_gist_write(rc_raw_call_t *call, rc_spool_t *spool);

/* view_archive.c */
rc_err_t *rc_raw_archive_prepare(rc_raw_call_t *call);
rc_err_t *rc_raw_archive_write(rc_raw_call_t *call, rc_spool_t *spool);

/** Refuses @a call: sets @a status and the text for the client (NULL: the standard text of the
 * status). Returns NULL. */
rc_err_t *rc_raw_refuse(rc_raw_call_t *call, int status, const char *message);

#endif
