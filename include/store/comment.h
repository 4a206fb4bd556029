// SPDX-License-Identifier: Apache-2.0
/*
 * Comments on commits, and review statuses.
 */
#ifndef RC_STORE_COMMENT_H
#define RC_STORE_COMMENT_H

#include "db/db.h"

typedef struct rc_comment_t {
    apr_int64_t repo_id, user_id;
    const char *revision; /* full id */
    const char *message;
    const char *status; /* set with the comment, or NULL */
} rc_comment_t;

/** Stores a comment. A status becomes the newest of its revision (version 0). */
rc_err_t *rc_store_comment_insert(rc_db_t *db, const rc_comment_t *comment);

#endif
