// SPDX-License-Identifier: Apache-2.0
/*
 * The common part of the grant_* and revoke_* methods of repositories, repository groups and user
 * groups (contract 02 §4, §6, §7).
 */
#ifndef RC_FACES_API_GRANT_H
#define RC_FACES_API_GRANT_H

#include "method.h"

/** Returns the kind of object that the row's first parameter names. */
rc_kind_t rc_grant_kind(const rc_call_t *call);

/** Returns RC_E_ARG (contract 02 §0, E-perm) unless @a name is one of the 30 permission names. */
rc_err_t *rc_grant_check_name(rc_call_t *call, const char *name);

/** Returns RC_E_ARG (E-prefix) unless @a name is a permission on the kind of object that the row's
 * first parameter names. */
rc_err_t *rc_grant_check_prefix(rc_call_t *call, const char *name);

/**
 * Runs such a method as its row describes it: the first parameter is the object, the second one the
 * user or user group; with the parameter `perm` the method grants, else it revokes; with
 * `apply_to_children` it also changes what is below a repository group. Answers with @a msg
 * (rc_call_text).
 */
rc_err_t *rc_grant(rc_call_t *call, rc_json_t *out, const char *msg);

#endif
