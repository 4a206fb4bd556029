// SPDX-License-Identifier: Apache-2.0
/*
 * Finds and walks the commits that the URL of a changeset view names: one commit, or a range.
 */
#ifndef RC_FACES_RAW_CHANGESET_H
#define RC_FACES_RAW_CHANGESET_H

#include "view.h"

typedef struct rc_raw_changeset_t {
    apr_int64_t from, to;       /* in the repository order */
    apr_int64_t count;          /* of commits; with leave_merges it can be below to - from + 1 */
    bool range;                 /* the URL names a range, even if it holds one commit */
    bool leave_merges;          /* a range leaves out merges */
    apr_array_header_t *series; /* indexes (apr_int64_t) instead of from..to; else NULL */
    rc_diff_options_t diff;
} rc_raw_changeset_t;

/**
 * Opens the repository, finds the commits that the URL names, and sets the validators (@a kind
 * distinguishes views) and the content type. With @a mails a range of git leaves out merges; where
 * git has a series from its first to its last commit, it has the commits and the order of that
 * series, so that `git am` accepts it. When there is no such commit the call is refused and *@a out
 * is NULL. Reads no object. *@a out lives in the call's pool.
 */
rc_err_t *rc_raw_changeset_find(rc_raw_changeset_t **out, rc_view_call_t *call, const char *kind,
                                bool mails);

/** Writes one commit of @a set, the @a number-th, from 1. */
typedef rc_err_t *rc_raw_commit_fn_t(rc_view_call_t *call, const rc_raw_changeset_t *set,
                                     const char *id, apr_int64_t number, rc_spool_t *spool,
                                     apr_pool_t *scratch);

/**
 * Calls @a fn for each commit, in the order of the repository or of the series. Returns an error
 * when a range exceeds the server's limits (RcapiExpensiveMax, RcapiRangeMax).
 */
rc_err_t *rc_raw_changeset_each(rc_view_call_t *call, const rc_raw_changeset_t *set,
                                rc_raw_commit_fn_t *fn, rc_spool_t *spool);

#endif
