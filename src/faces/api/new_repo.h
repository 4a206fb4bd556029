// SPDX-License-Identifier: Apache-2.0
/*
 * What create_repo and fork_repo have in common (contract 02 §5): checks, and the way from a
 * prepared directory to a row.
 */
#ifndef RC_FACES_API_NEW_REPO_H
#define RC_FACES_API_NEW_REPO_H

#include "method.h"
#include "domain/repo.h"

/** May the caller make something called @a name there? E-forbid, or that the parent group does
 * not exist. */
rc_err_t *rc_new_repo_check_place(rc_call_t *call, const char *name);

/** May the caller copy the rights on the group in @a name? They are told by copying. */
rc_err_t *rc_new_repo_may_copy(bool *may, rc_call_t *call, const char *name);

/** E-owner: only super-admins may send the argument `owner`. */
rc_err_t *rc_new_repo_check_owner(rc_call_t *call);

/** The argument `owner`, or whoever calls; E-user. */
rc_err_t *rc_new_repo_find_owner(apr_int64_t *owner_id, rc_call_t *call);

/** What has the name already; NULL when it is free. */
rc_err_t *rc_new_repo_taken(rc_repo_t **taken, rc_call_t *call, const char *name);

/** RC_E_FAILED for a name or landing_rev that cannot be. */
rc_err_t *rc_new_repo_check_texts(rc_call_t *call, const rc_repo_t *row);

/**
 * Makes the repository: @a plan fills @a repo from the arguments, now and again inside the
 * transaction; the content is prepared between the two.
 */
rc_err_t *rc_new_repo_make(rc_new_repo_t *repo, rc_call_t *call,
                           rc_err_t *(*plan)(rc_call_t *call, rc_new_repo_t *repo));

/** {"msg": @a msg, "success": true, "task": null} */
rc_err_t *rc_new_repo_answer(rc_json_t *out, rc_call_t *call, const char *msg);

#endif
