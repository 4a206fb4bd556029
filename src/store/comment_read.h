// SPDX-License-Identifier: Apache-2.0
/*
 * Reads comments as they are shown, for the files of this folder.
 */
#ifndef RC_STORE_COMMENT_READ_H
#define RC_STORE_COMMENT_READ_H

#include "sql.h"

#include "store/comment.h"

/** Returns the id that all comments of the slice, which is one from the newest to the oldest, are
 * below. */
apr_int64_t rc_store_comments_below(const rc_slice_t *slice);

/** Calls @a fn, which must not use @a db, for the rows of REPO_COMMENTS or PULL_COMMENTS(_PART). */
rc_err_t *rc_store_comments_walk(rc_stmt_t *st, rc_db_t *db, rc_repo_comment_fn_t *fn, void *baton,
                                 apr_pool_t *pool);

#endif
