// SPDX-License-Identifier: Apache-2.0
/*
 * Comments on commits, and review statuses.
 */
#ifndef RC_STORE_COMMENT_H
#define RC_STORE_COMMENT_H

#include <apr_tables.h>

#include "store/slice.h"
#include "store/user.h"

/* The types of comments. */
#define RC_COMMENT_NOTE "note"
#define RC_COMMENT_TODO "todo"

typedef struct rc_comment_t {
    apr_int64_t repo_id, user_id;
    const char *revision; /* full id */
    const char *message;
    const char *status;      /* set with the comment, or NULL */
    const char *type;        /* RC_COMMENT_NOTE or RC_COMMENT_TODO */
    apr_int64_t resolves_id; /* the to-do that it ends, or 0 */
} rc_comment_t;

/** Stores a comment. A status becomes the newest of its revision. */
rc_err_t *rc_store_comment_insert(rc_db_t *db, const rc_comment_t *comment);

/* Where a comment stands: at a pull request or, if that is 0, at a commit. */
typedef struct rc_comment_place_t {
    apr_int64_t pull_request_id, repo_id;
    const char *revision; /* full id */
} rc_comment_place_t;

/** Reads the type of the comment @a id if it stands at @a place, in @a pool; else NULL. */
rc_err_t *rc_store_comment_type(const char **type, rc_db_t *db, apr_int64_t id,
                                const rc_comment_place_t *place, apr_pool_t *pool);

/* A comment as it is shown. */
typedef struct rc_comment_row_t {
    apr_int64_t id;
    const char *username, *message;
    apr_int64_t created_on; /* microseconds */
    const char *status;     /* set with the comment, or NULL */
    bool current;           /* the status is the newest of its revision */
    const char *type;       /* as in rc_repo_comment_t */
    apr_int64_t resolved_by;
} rc_comment_row_t;

/** Reads comments on a revision (a full id), the oldest first: an array of rc_comment_row_t in
 * @a pool. @a slice: of the list from the newest to the oldest. */
rc_err_t *rc_store_comments(apr_array_header_t **comments, rc_db_t *db, apr_int64_t repo_id,
                            const char *revision, const rc_slice_t *slice, apr_pool_t *pool);

/* A comment on a commit or a pull request of a repository. */
typedef struct rc_repo_comment_t {
    apr_int64_t id, pull_request_id; /* pull_request_id: 0: it is on a commit */
    const char *type;                /* RC_COMMENT_NOTE or RC_COMMENT_TODO; or NULL */
    const char *message;
    const char *status;           /* set with it, or NULL */
    const char *f_path, *line_no; /* its place in the diff, or NULL */
    const rc_user_t *author;      /* id, username, names and active are set */
    apr_int64_t created_on;       /* microseconds */
    apr_int64_t resolved_by;      /* id of the comment that ends a to-do; 0: none */
    const char *revision;         /* full id; NULL: it is about a whole pull request */
    int version;                  /* number of the version that it is about; 0: the present one */
} rc_repo_comment_t;

/* Which of them; NULL and 0: all. */
typedef struct rc_repo_comments_t {
    apr_int64_t repo_id;
    const char *revision, *type;
    apr_int64_t user_id;
} rc_repo_comments_t;

/* Gets one comment, which lives until it returns. */
typedef rc_err_t *rc_repo_comment_fn_t(void *baton, const rc_repo_comment_t *comment,
                                       apr_pool_t *scratch);

/** Calls @a fn, which must not use @a db, for the comments that @a which selects, the oldest first.
 */
rc_err_t *rc_store_repo_comments_each(rc_db_t *db, const rc_repo_comments_t *which,
                                      rc_repo_comment_fn_t *fn, void *baton, apr_pool_t *pool);

/* A review status of a revision. */
typedef struct rc_review_t {
    const char *username, *status;
    apr_int64_t created_on; /* microseconds */
} rc_review_t;

/** Reads the newest status that each user has given a revision (a full id), the oldest first: an
 * array of rc_review_t in @a pool. */
rc_err_t *rc_store_reviews(apr_array_header_t **reviews, rc_db_t *db, apr_int64_t repo_id,
                           const char *revision, apr_pool_t *pool);

#endif
