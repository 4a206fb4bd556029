// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes what comments on commits and pull requests share. Private to src/faces/api.
 */
#ifndef RC_FACES_API_COMMENT_H
#define RC_FACES_API_COMMENT_H

#include "method.h"

#include "store/comment.h"

/** Writes the members of a comment: as get_repo_comments shows it (contract 02 §10) or, when not
 * @a of_repo, with less of its author, as get_pull_request_comments does (09 §2). */
void rc_render_comment(rc_json_t *out, const rc_repo_comment_t *comment, bool of_repo,
                       apr_pool_t *pool);

/** Reads the argument resolves_comment_id; 0: none. RC_E_ARG when it is no integer. */
rc_err_t *rc_comment_arg_resolved(apr_int64_t *id, rc_call_t *call);

#endif
