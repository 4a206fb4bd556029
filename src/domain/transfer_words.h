// SPDX-License-Identifier: Apache-2.0
/*
 * What the journal records of a push. Private to src/domain.
 */
#ifndef RC_DOMAIN_TRANSFER_WORDS_H
#define RC_DOMAIN_TRANSFER_WORDS_H

#include <apr_tables.h>

#include "vcs/vcs.h"

/**
 * Describes the changes of a push (rc_ref_change_t) to an open git repository, as RhodeCode does:
 * the ids of commits that came in by branches, oldest first, then delete_branch=>x, tag=>x,
 * delete_tag=>x, and ref=>x or delete_ref=>x for other references, with commas in between; at most
 * RC_PUSH_RECORDED of them. When branches brought no new commit, the ids are those of their heads.
 */
rc_err_t *rc_transfer_words(const char **words, rc_vcs_t *vcs, const apr_array_header_t *changes,
                            apr_pool_t *pool);

#endif
