// SPDX-License-Identifier: Apache-2.0
/*
 * For whom the permission rule is evaluated (src/store/sql/00-rule.sql).
 */
#ifndef RC_STORE_VIEWER_H
#define RC_STORE_VIEWER_H

#include <stdbool.h>

#include <apr.h>

/* A user, or a scoped token of theirs, which reaches one repository or one repository group only.
 * It is a type of its own, so that no id of a user takes its place by mistake. */
typedef struct rc_viewer_t {
    apr_int64_t id; /* of the user; of the token, negative; 0: nobody */
} rc_viewer_t;

/** Returns the user with this id as a viewer, with everything that they may read. */
rc_viewer_t rc_viewer_user(apr_int64_t user_id);

/** Returns the scoped token with this id as a viewer. */
rc_viewer_t rc_viewer_token(apr_int64_t key_id);

/** True for a scoped token. */
bool rc_viewer_is_token(rc_viewer_t viewer);

#endif
