// SPDX-License-Identifier: Apache-2.0
/*
 * The commits that a call wants of a repository (contract 02 §10, get_changesets). Private to
 * src/faces/api.
 */
#ifndef RC_FACES_API_RANGE_H
#define RC_FACES_API_RANGE_H

#include "method.h"

typedef struct rc_range_t {
    rc_call_t *call;
    rc_vcs_t *vcs;
    apr_int64_t first, last;  /* indexes */
    apr_int64_t since, until; /* epoch seconds */
    apr_int64_t most;         /* how many, the newest of them; 0: all */
    const char *branch;       /* commits have the name of their branch; NULL: any */
    unsigned char *reached;   /* a bit for each index; NULL: all */
    apr_pool_t *scratch;      /* cleared at each commit */
} rc_range_t;

/* A commit of a range. */
typedef struct rc_listed_t {
    rc_rev_t rev;
    rc_commit_t *commit; /* NULL: it is damaged */
    rc_err_t *damage;
} rc_listed_t;

typedef rc_err_t *rc_range_fn_t(void *baton, const rc_listed_t *listed, apr_pool_t *scratch);

/** Reads start, end, start_date, end_date, branch_name and max_revisions, for a repository of
 * @a count commits, more than 0. Returns RC_E_ARG with a text for clients. */
rc_err_t *rc_range_read(rc_range_t *range, rc_call_t *call, rc_vcs_t *vcs, apr_int64_t count);

/** Calls @a fn for the commits of the range, the oldest first; with @a down the newest. */
rc_err_t *rc_range_each(rc_range_t *range, bool down, rc_range_fn_t *fn, void *baton);

#endif
