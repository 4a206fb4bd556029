// SPDX-License-Identifier: Apache-2.0
/*
 * Finds what a push has changed by what the repository held before. Private to src/domain.
 */
#ifndef RC_DOMAIN_TRANSFER_COMPARE_H
#define RC_DOMAIN_TRANSFER_COMPARE_H

#include "domain/transfer.h"
#include "transfer_words.h"
#include "vcs/vcs.h"

/** Notes what the open repository holds, in @a pool. */
rc_err_t *rc_transfer_note(rc_transfer_before_t **before, rc_vcs_t *vcs, apr_pool_t *pool);

/** Sets *@a words to the changes since @a before, for the journal, in @a pool: the ids of new
 * commits, oldest first, of more than RC_PUSH_RECORDED the newest, then bookmark=>x and
 * delete_bookmark=>x; their texts are NULL when there are none. */
rc_err_t *rc_transfer_compare(rc_push_words_t *words, const rc_transfer_before_t *before,
                              rc_vcs_t *vcs, apr_pool_t *pool);

#endif
