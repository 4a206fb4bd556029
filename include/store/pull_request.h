// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes pull requests, each with its author, reviewers and commits, as one viewer may
 * see them (contract 09).
 */
#ifndef RC_STORE_PULL_REQUEST_H
#define RC_STORE_PULL_REQUEST_H

#include "store/comment.h"
#include "store/repo.h"
#include "store/user.h"

/* The source or the target. */
typedef struct rc_pull_side_t {
    apr_int64_t repo_id; /* 0: the repository was deleted */
    const char *repo; /* its full name, or the last one of a deleted one; NULL: the viewer may not
                         read it */
    const char *type, *name; /* of the reference: branch, bookmark, tag */
    const char *id;          /* full id of a commit */
} rc_pull_side_t;

/* Whether two commits can be merged, as it is stored. */
typedef struct rc_pull_verdict_t {
    int reason;                  /* a failure reason of contract 09 §1; -1: nobody has tried yet */
    const char *source, *target; /* full ids, or NULL */
} rc_pull_verdict_t;

typedef struct rc_pull_reviewer_t {
    rc_user_details_t person; /* the user and their addresses */
    const char *vote;         /* their newest one, or NULL */
    const char *reasons;      /* lines of text */
    bool mandatory;
} rc_pull_reviewer_t;

typedef struct rc_pull_request_t {
    apr_int64_t id;
    const char *title, *description;
    const char *renderer; /* of the description, as the client named it; or NULL */
    bool closed;
    rc_user_details_t author;           /* the user and their addresses; without id when deleted */
    rc_pull_side_t source, target;      /* source.id: the newest commit that is offered */
    rc_level_t level;                   /* of the viewer, on the target */
    apr_array_header_t *commits;        /* full ids (const char *), the newest first */
    apr_array_header_t *reviewers;      /* rc_pull_reviewer_t, in the order they were added */
    int versions;                       /* earlier ones */
    const char *merge_rev;              /* the merge; not closed: one that has begun. Or NULL */
    apr_int64_t merge_user_id;          /* who began it */
    rc_pull_verdict_t verdict;          /* the stored one */
    apr_int64_t created_on, updated_on; /* microseconds */
} rc_pull_request_t;

/** Reads a pull request into @a pool, in a transaction; NULL when there is none of this id.
 * pull->level is
 * @a viewer's on the target: the caller decides what they may see. */
rc_err_t *rc_store_pull_request(rc_pull_request_t **out, rc_db_t *db, rc_viewer_t viewer,
                                apr_int64_t id, apr_pool_t *pool);

/* Which pull requests of a repository. */
typedef struct rc_pull_range_t {
    apr_int64_t target_id; /* of the repository */
    bool closed;
    rc_slice_t page; /* by id, descending */
} rc_pull_range_t;

/** Calls @a fn, which may use @a db, for each pull request of @a range, the newest first, in a
 * transaction; a few
 * statements read 64 of them. The row lives until @a fn returns; @a scratch is cleared before the
 * next one. */
rc_err_t *rc_store_pull_requests_each(rc_db_t *db, rc_viewer_t viewer, const rc_pull_range_t *range,
                                      rc_err_t *(*fn)(void *baton, const rc_pull_request_t *pull,
                                                      apr_pool_t *scratch),
                                      void *baton, apr_pool_t *pool);

/* What a verdict is about. */
typedef struct rc_pull_heads_t {
    apr_int64_t id;
    const char *source;      /* the commit that is offered */
    const char *type, *name; /* the target's reference */
    rc_pull_verdict_t verdict;
} rc_pull_heads_t;

/** Reads the heads of the pull requests of @a range, in the same order: rc_pull_heads_t. */
rc_err_t *rc_store_pull_heads(apr_array_header_t **out, rc_db_t *db, const rc_pull_range_t *range,
                              apr_pool_t *pool);

/* What a repository keeps for a pull request. */
typedef struct rc_pull_kept_t {
    apr_int64_t id;
    const char *repo, *type; /* of the target: its full name */
    const char *commit;      /* full id */
    bool merging;            /* a merge has begun and not ended */
} rc_pull_kept_t;

/** Calls @a fn for each open pull request of all repositories. The row lives until @a fn returns,
 * which must not use @a db. */
rc_err_t *rc_store_pulls_kept(rc_db_t *db,
                              rc_err_t *(*fn)(void *baton, const rc_pull_kept_t *kept,
                                              apr_pool_t *scratch),
                              void *baton, apr_pool_t *pool);

/** Lists the pull requests into a repository that keep a commit (apr_int64_t): now or in an earlier
 * version they offer @a commit, or one of @a heads, full ids in one text, is their newest one. */
rc_err_t *rc_store_pulls_keeping(apr_array_header_t **ids, rc_db_t *db, apr_int64_t repo_id,
                                 const char *heads, const char *commit, apr_pool_t *pool);

/* A pull request that a page names. */
typedef struct rc_pull_link_t {
    apr_int64_t id;
    const char *title;
} rc_pull_link_t;

/** Lists the pull requests into a repository that offer @a commit, a full id, now, or whose merge
 * it is, at most 20: rc_pull_link_t in @a pool. */
rc_err_t *rc_store_pulls_of_commit(apr_array_header_t **links, rc_db_t *db, apr_int64_t repo_id,
                                   const char *commit, apr_pool_t *pool);

/** Calls @a fn, which must not use @a db, for the comments on a pull request, those with a place in
 * the diff first, the oldest first. */
rc_err_t *rc_store_pull_comments_each(rc_db_t *db, apr_int64_t pull_id, rc_repo_comment_fn_t *fn,
                                      void *baton, apr_pool_t *pool);

/** The same for a part of the list of all from the newest to the oldest, the oldest first. */
rc_err_t *rc_store_pull_comments_part(rc_db_t *db, apr_int64_t pull_id, const rc_slice_t *slice,
                                      rc_repo_comment_fn_t *fn, void *baton, apr_pool_t *pool);

/* --- changes, in a transaction of the caller --- */

/** Inserts @a pull with its commits: title, description, renderer, author.user->id, the sides with
 * repo_id, type, name and id. Sets its id. */
rc_err_t *rc_store_pull_insert(rc_pull_request_t *pull, rc_db_t *db);

/** Stores title, description and renderer of @a pull. */
rc_err_t *rc_store_pull_update(rc_db_t *db, const rc_pull_request_t *pull);

/** Makes @a old, the pull request as it is stored, a version, and stores the commits and the ids of
 * the sides of @a now in its place. */
rc_err_t *rc_store_pull_renew(rc_db_t *db, const rc_pull_request_t *old,
                              const rc_pull_request_t *now, apr_pool_t *pool);

rc_err_t *rc_store_pull_close(rc_db_t *db, apr_int64_t pull_id);

/** Records the merge that user @a user_id begins or has made; NULL: none. */
rc_err_t *rc_store_pull_set_merge(rc_db_t *db, apr_int64_t pull_id, const char *merge_rev,
                                  apr_int64_t user_id);

/** Reads the ids of the pull requests whose merge has begun and not ended: apr_int64_t. */
rc_err_t *rc_store_pulls_merging(apr_array_header_t **ids, rc_db_t *db, apr_pool_t *pool);

rc_err_t *rc_store_pull_set_verdict(rc_db_t *db, apr_int64_t pull_id,
                                    const rc_pull_verdict_t *verdict);

/** Adds a reviewer, or changes their reasons. */
rc_err_t *rc_store_pull_reviewer_set(rc_db_t *db, apr_int64_t pull_id, apr_int64_t user_id,
                                     const char *reasons, bool mandatory);
rc_err_t *rc_store_pull_reviewer_remove(rc_db_t *db, apr_int64_t pull_id, apr_int64_t user_id);

typedef struct rc_pull_comment_t {
    apr_int64_t user_id;
    const char *message;
    const char *vote;                    /* a review status, or NULL */
    const char *commit_id;               /* full id; NULL: the whole pull request */
    const char *f_path, *line_no, *type; /* or NULL */
    apr_int64_t resolves_id;             /* or 0 */
} rc_pull_comment_t;

/** Stores a comment on @a pull; *@a id is its id. */
rc_err_t *rc_store_pull_comment_insert(apr_int64_t *id, rc_db_t *db, const rc_pull_request_t *pull,
                                       const rc_pull_comment_t *comment);

/** Gives the commits of @a pull the status @a status, set by comment @a comment_id of user
 * @a user_id, in source and target; with @a added only those that have none from it. */
rc_err_t *rc_store_pull_set_status(rc_db_t *db, const rc_pull_request_t *pull, apr_int64_t user_id,
                                   apr_int64_t comment_id, const char *status, bool added);

/** *@a fixed: the newest status of a commit belongs to a closed pull request. */
rc_err_t *rc_store_status_is_fixed(bool *fixed, rc_db_t *db, apr_int64_t repo_id,
                                   const char *revision);

#endif
