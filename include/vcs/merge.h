// SPDX-License-Identifier: Apache-2.0
/*
 * What pull requests ask of repositories: which commits one offers to another, a place for them in
 * the target that does not depend on the source, and merges (contract 09 §4). Nothing of it needs a
 * work tree. Types without the capability merges return RC_E_FAILED.
 */
#ifndef RC_VCS_MERGE_H
#define RC_VCS_MERGE_H

#include <stdbool.h>

#include <apr_tables.h>

#include "base/spool.h"
#include "base/work.h"

/* The failure reasons of contract 09 §1. */
typedef enum {
    RC_MERGE_UNTRIED = -1,
    RC_MERGE_POSSIBLE = 0,
    RC_MERGE_FAILED = 1, /* it could not be found out */
    RC_MERGE_CONFLICTS = 2,
    RC_MERGE_NOT_PUSHED = 3, /* somebody else changed the target meanwhile */
    RC_MERGE_NOT_A_HEAD = 4, /* the target's commit is no head */
    RC_MERGE_MORE_BRANCHES = 5,
    RC_MERGE_MANY_HEADS = 6,
    RC_MERGE_LOCKED = 7,
    RC_MERGE_MISSING = 8 /* the target's reference or the source's commit */
} rc_merge_reason_t;

#define RC_OFFER_MOST 10000 /* commits of one pull request */

/* A commit that a source offers to a target. Ids are full ones. */
typedef struct rc_offer_t {
    const char *source_path, *target_path; /* of the repositories, which may be the same */
    const char *source_id, *target_id;
    const char *work_dir; /* an empty directory of ours, on the file system of the target */
    rc_work_t *work;
} rc_offer_t;

typedef struct rc_offered_t {
    apr_array_header_t *commits; /* those that the target's commit does not reach, as full ids
                                    (const char *), the newest first */
    const char *base;            /* the newest common ancestor, or NULL */
} rc_offered_t;

/** Finds the commits that @a offer adds to the target's. Returns RC_E_LIMIT, with a text for
 * clients, for more than RC_OFFER_MOST. */
rc_err_t *rc_vcs_offered(rc_offered_t *offered, const char *type, const rc_offer_t *offer,
                         apr_pool_t *pool);

/** *@a has: the repository at @a path has commit @a id, a full one, whether a reference reaches it
 * or not. */
rc_err_t *rc_vcs_has_commit(bool *has, const char *type, const char *path, const char *id,
                            apr_pool_t *pool);

/** Stores the source's commit in the target, durably, with all that it reaches. Clients do not see
 * it. One that is stored already counts as new (rc_vcs_kept_before). The caller holds the lock @a
 * lock of the target's directory, at least a shared one. */
rc_err_t *rc_vcs_keep(const char *type, const rc_offer_t *offer, int lock, apr_pool_t *pool);

/** *@a kept: the repository at @a path has stored commit @a id so. */
rc_err_t *rc_vcs_is_kept(bool *kept, const char *type, const char *path, const char *id,
                         apr_pool_t *pool);

/** Lists the commits that the repository at @a path has stored so before the moment @a before: full
 * ids (const char *), in @a pool. @a work_dir: an empty directory of ours. */
rc_err_t *rc_vcs_kept_before(apr_array_header_t **ids, const char *type, const char *path,
                             apr_time_t before, const char *work_dir, apr_pool_t *pool);

/** Forgets commit @a id, which rc_vcs_keep has stored. The caller holds the lock @a lock of the
 * directory, exclusive, and knows that no pull request needs it. */
rc_err_t *rc_vcs_unkeep(const char *type, const char *path, const char *id, int lock,
                        apr_pool_t *pool);

/** Lists the stored commits that reach commit @a id of the repository at @a path: full ids with
 * white space between them, in @a pool. Empty for types that do not know. @a work_dir: an empty
 * directory of ours. */
rc_err_t *rc_vcs_keepers(const char **ids, const char *type, const char *path, const char *id,
                         const char *work_dir, apr_pool_t *pool);

/* A merge of a commit that rc_vcs_keep has stored. */
typedef struct rc_merge_t {
    const char *path;     /* of the repository */
    const char *kind;     /* of the target's reference: "branch" or "bookmark" */
    const char *name;     /* of the target's reference */
    const char *target;   /* full id of the commit that it leads to */
    const char *source;   /* full id of the stored commit */
    const char *work_dir; /* an empty directory of ours, on the same file system */
    rc_work_t *work;
    /* only for rc_vcs_merge: */
    bool reached; /* for git: the target's commit reaches the source's already */
    const char *author, *email, *message;
    int lock; /* of the repository's directory, exclusive: a program that changes it keeps it */
    /* Called with the id of the merge before the repository changes; an error ends it. */
    rc_err_t *(*begin)(void *baton, const char *merge_id);
    void *baton;
} rc_merge_t;

/** Finds out whether the merge is possible, and changes nothing. RC_MERGE_FAILED is logged. */
rc_err_t *rc_vcs_try_merge(rc_merge_reason_t *reason, const char *type, const rc_merge_t *merge,
                           apr_pool_t *pool);

/**
 * Makes the merge, wholly or not at all; the target's reference then leads to it. *@a id is its id;
 * that of the target's commit when this reaches the source's already. If *@a reason is not
 * RC_MERGE_POSSIBLE, nothing has changed.
 */
rc_err_t *rc_vcs_merge(rc_merge_reason_t *reason, const char **id, const char *type,
                       const rc_merge_t *merge, apr_pool_t *pool);

/** Appends to @a spool the diff from @a base to the stored commit @a id, in the form of the type,
 * of at most @a most bytes; RC_E_LIMIT when it is longer. */
rc_err_t *rc_vcs_kept_diff(rc_spool_t *spool, const char *type, const rc_merge_t *merge,
                           apr_off_t most, apr_pool_t *pool);

#endif
