// SPDX-License-Identifier: Apache-2.0
/*
 * What a packed object is made from: the chain of deltas down to an object that stands for itself.
 */
#ifndef RC_VCS_GIT_CHAIN_H
#define RC_VCS_GIT_CHAIN_H

#include "git.h"

typedef struct rc_git_chain_t rc_git_chain_t;

/** Maps the pack whose index is at @a index, which has been checked; NULL: it is no such pack. */
rc_git_chain_t *rc_git_chain_open(const char *index, apr_pool_t *scratch);
void rc_git_chain_close(rc_git_chain_t *chain);

/**
 * Follows the chain of @a id: 0, GIT_ENOTFOUND when the pack does not have it, and GIT_ERROR when
 * it has no end, or one that git never makes. *@a bytes: how much has to be copied to unpack it,
 * where that may be much; else 0. Between rc_git_mapped_begin and rc_git_mapped_end.
 */
int rc_git_chain_check(apr_uint64_t *bytes, const rc_git_chain_t *chain, const git_oid *id);

#endif
