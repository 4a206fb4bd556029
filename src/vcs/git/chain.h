// SPDX-License-Identifier: Apache-2.0
/*
 * Finds an object in a pack, and checks the chain of deltas from which it is built, down to an
 * object that is stored whole.
 */
#ifndef RC_VCS_GIT_CHAIN_H
#define RC_VCS_GIT_CHAIN_H

#include "git.h"

typedef struct rc_git_chain_t rc_git_chain_t;

/** Maps an open pack and its index, which must have been checked. NULL when it is not a valid pack.
 * The caller closes both files. */
rc_git_chain_t *rc_git_chain_open(int index, off_t index_size, int pack, off_t pack_size);
void rc_git_chain_close(rc_git_chain_t *chain);

/** Searches for @a id, which will be read soon, while others are expected; the second function ends
 * these searches. To be called as rc_git_chain_find. */
void rc_git_chain_expect(rc_git_chain_t *chain, const git_oid *id);
void rc_git_chain_expect_all(rc_git_chain_t *chain);

/* An object as it is stored. */
typedef struct rc_git_packed_t {
    apr_uint64_t copied;       /* bytes that unpacking copies, for a long chain; else 0 */
    const unsigned char *data; /* compressed, of one that is stored whole; NULL for a delta */
    size_t most;               /* bytes up to the end of the pack's objects */
    apr_uint64_t size;         /* unpacked; of a whole object, as is the type */
    git_object_t type;
} rc_git_packed_t;

/**
 * Follows the chain of @a id. Returns 0; GIT_ENOTFOUND when the pack lacks the object; GIT_ERROR
 * when the chain has no end or a form that git never writes. Call it between rc_git_mapped_begin
 * and rc_git_mapped_end.
 */
int rc_git_chain_find(rc_git_packed_t *packed, rc_git_chain_t *chain, const git_oid *id);

#endif
