// SPDX-License-Identifier: Apache-2.0
/*
 * What the journal records of a push. Private to src/domain.
 */
#ifndef RC_DOMAIN_TRANSFER_WORDS_H
#define RC_DOMAIN_TRANSFER_WORDS_H

#include <apr_tables.h>

#include "vcs/vcs.h"

/* What a push has changed. */
typedef struct rc_push_words_t {
    const char *journal; /* with commas in between; NULL: nothing */
    const char *event;   /* for webhooks: one word on a line */
} rc_push_words_t;

/**
 * Describes the changes of a push (rc_ref_change_t) to an open git repository, as RhodeCode does:
 * the ids of commits that came in by branches, oldest first, then delete_branch=>x, tag=>x,
 * delete_tag=>x, and ref=>x or delete_ref=>x for other references, with commas in between; at most
 * RC_PUSH_RECORDED of them. When branches brought no new commit, the ids are those of their heads:
 * not for webhooks, whose words end with branch=>x for each branch that was made or moved.
 */
rc_err_t *rc_transfer_words(rc_push_words_t *words, rc_vcs_t *vcs,
                            const apr_array_header_t *changes, apr_pool_t *pool);

/** Sets words->journal and words->event to the words of @a all (const char *), in its pool, of
 * which the journal has RC_PUSH_RECORDED at most. */
void rc_transfer_join(rc_push_words_t *words, const apr_array_header_t *all);

#endif
