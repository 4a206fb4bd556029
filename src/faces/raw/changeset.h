// SPDX-License-Identifier: Apache-2.0
/*
 * The commits that a changeset view is asked for: one, or a range.
 */
#ifndef RC_FACES_RAW_CHANGESET_H
#define RC_FACES_RAW_CHANGESET_H

#include "web.h"

typedef struct rc_web_changeset_t {
    apr_int64_t from, to;       /* in the repository order */
    apr_int64_t count;          /* commits in it; with leave_merges fewer than to - from + 1 */
    bool range;                 /* the URL names one, if only of one commit */
    bool leave_merges;          /* merges of a range are left out */
    apr_array_header_t *series; /* indexes, when they are no simple range; else NULL */
    rc_diff_options_t diff;
} rc_web_changeset_t;

/**
 * Opens the repository and finds what the URL names, sets validators (@a kind tells views apart)
 * and type. @a mails: a range is a series that `git am` takes, where git has one, without merges.
 * Without such a commit the call is refused and *@a out is NULL. Reads no object.
 */
rc_err_t *rc_web_changeset_find(rc_web_changeset_t **out, rc_web_call_t *call, const char *kind,
                                bool mails);

/** One commit of @a set: the @a number-th, from 1. */
typedef rc_err_t *rc_web_commit_fn_t(rc_web_call_t *call, const rc_web_changeset_t *set,
                                     const char *id, apr_int64_t number, rc_spool_t *spool,
                                     apr_pool_t *scratch);

/**
 * Calls @a fn for each commit, in the order of the repository or of the series. A range has to stay
 * within the server's limits (RcapiExpensiveMax, RcapiRangeMax); else the call is refused.
 */
rc_err_t *rc_web_changeset_each(rc_web_call_t *call, const rc_web_changeset_t *set,
                                rc_web_commit_fn_t *fn, rc_spool_t *spool);

#endif
