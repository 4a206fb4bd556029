// SPDX-License-Identifier: Apache-2.0
/*
 * What the methods of pull requests share (contract 09). Private to src/faces/api.
 */
#ifndef RC_FACES_API_PULL_REQUEST_H
#define RC_FACES_API_PULL_REQUEST_H

#include "method.h"

#include "domain/pull_request.h"

/* The parameters that name a pull request. */
#define RC_PULL_PARAMS                                                                             \
    RC_OBJECT(RC_P_REPOID, RC_REPO, "None", RC_READ),                                              \
        RC_ARG(RC_P_PULLREQUESTID, RC_ANY, RC_REQUIRED)

/**
 * Reads the arguments repoid, pullrequestid and userid into the request @a act, in the order of
 * contract 09 §2, "Common start". Returns RC_E_ARG with the texts of the contract. In a snapshot or
 * a transaction.
 */
rc_err_t *rc_pull_arg(rc_pull_act_t *act, rc_call_t *call);

/** Returns the error for a repository that the acting user may not use (E-repo): the one that the
 * client named, else the target of @a pull. */
rc_err_t *rc_pull_no_repo(const rc_call_t *call, const rc_pull_request_t *pull);

/** Runs rc_call_plan in one snapshot. */
rc_err_t *rc_pull_plan(rc_call_t *call, rc_call_fn_t *plan, void *request);

/** Reads the argument `reviewers`: an array of rc_pull_invited_t, each user once; NULL when it is
 * absent or null. */
rc_err_t *rc_pull_arg_reviewers(const apr_array_header_t **reviewers, rc_call_t *call);

/** Reads a list of reviewers, or one of them; NULL: none. *@a reviewers: rc_pull_invited_t, each
 * user once. */
rc_err_t *rc_pull_read_reviewers(apr_array_header_t **reviewers, rc_call_t *call,
                                 json_object *value);

/** Returns RC_E_ARG for more reviewers than a pull request may have. */
rc_err_t *rc_pull_check_reviewers(apr_size_t count, apr_pool_t *pool);

/** Writes a pr_obj (contract 09 §1). */
rc_err_t *rc_render_pull(rc_json_t *out, const rc_call_t *call, const rc_pull_request_t *pull,
                         const rc_mergeable_t *mergeable, apr_pool_t *pool);

/** Writes a pull request as Kallithea does (contract 02 §10). */
rc_err_t *rc_render_kallithea_pull(rc_json_t *out, rc_call_t *call, const rc_pull_request_t *pull,
                                   apr_pool_t *pool);

/** Reads the pull request @a id again, finds out whether it can be merged, unless the argument
 * merge_state is false, and writes it. */
rc_err_t *rc_render_pull_now(rc_json_t *out, rc_call_t *call, const rc_pull_request_t *pull);

#endif
