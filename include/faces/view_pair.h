// SPDX-License-Identifier: Apache-2.0
/*
 * The two versions of a file that the URL of its diff names (contract 03 §9), for the raw view and
 * for the page.
 */
#ifndef RC_FACES_VIEW_PAIR_H
#define RC_FACES_VIEW_PAIR_H

#include "faces/view.h"

/* One version. */
typedef struct rc_view_side_t {
    const char *path, *rev; /* as asked; rev "": the empty file */
    rc_rev_t found;         /* its id is NULL: not found, or the empty file */
    rc_entry_t entry;
} rc_view_side_t;

/** Reads the query parameters diff1 and diff2: a revision, or "path@revision" for a file that had
 * another name. Refuses the call with 400 when both are missing. */
void rc_view_pair_read(rc_view_side_t *before, rc_view_side_t *after, rc_view_call_t *call);

/** Looks for one version in the repository, which is open; the kind of its entry is RC_ENTRY_NONE
 * when there is none. Does nothing for a call that is refused; refuses it with 404 for an unknown
 * revision, and for a directory. */
rc_err_t *rc_view_side_find(rc_view_side_t *side, rc_view_call_t *call);

#endif
