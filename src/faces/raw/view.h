// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what the raw views share, and the functions that rows of their table name.
 */
#ifndef RC_FACES_RAW_VIEW_H
#define RC_FACES_RAW_VIEW_H

#include "faces/raw.h"

/** The table of routes.c. */
extern const rc_view_table_t rc_raw_views;

/** Returns the settings of the face for @a call. */
const rc_raw_settings_t *rc_raw_settings(const rc_view_call_t *call);

/** Returns the lines of context that @a text requests, at most 100000; 3 when it is NULL, negative
 * or not a number. */
int rc_raw_context_lines(const char *text);

/* view_changeset.c */
rc_err_t *rc_raw_changeset_raw_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_changeset_download_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_changeset_diff_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_raw_changeset_patch_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_changeset_patch_write(rc_view_call_t *call, rc_spool_t *spool);

/* view_file.c, view_file_diff.c */
rc_err_t *rc_raw_raw_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_rawfile_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_file_write(rc_view_call_t *call, rc_spool_t *spool);
rc_err_t *rc_raw_file_diff_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_file_diff_write(rc_view_call_t *call, rc_spool_t *spool);

/* file_type.c */

/** Returns the media type (without parameters) of a file called @a name, in the pool of @a call;
 * NULL when it is unknown. */
const char *rc_raw_file_type(const rc_view_call_t *call, const char *name);

/* disposition.c */

/** Returns the Content-Disposition of a download called @a name, which may contain any bytes, in
 * @a pool. */
const char *rc_raw_attachment(const char *name, apr_pool_t *pool);

/** Refuses @a call with 404 and the contract's text for a @a path that @a commit does not have. */
rc_err_t *rc_raw_refuse_path(rc_view_call_t *call, const char *path, const char *commit);

/** Returns the name in the cache, in the call's pool, of a file @a name that is made from the
 * call's repository. */
const char *rc_raw_kept_name(const rc_view_call_t *call, const char *name);

/* view_feed.c */
rc_err_t *rc_raw_feed_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_feed_write(rc_view_call_t *call, rc_spool_t *spool);

/* view_journal.c */
rc_err_t *rc_raw_journal_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_journal_write(rc_view_call_t *call, rc_spool_t *spool);

/* view_gist.c */
rc_err_t *rc_raw_gist_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_gist_write(rc_view_call_t *call, rc_spool_t *spool);

/* view_archive.c */
rc_err_t *rc_raw_archive_prepare(rc_view_call_t *call);
rc_err_t *rc_raw_archive_write(rc_view_call_t *call, rc_spool_t *spool);

#endif
