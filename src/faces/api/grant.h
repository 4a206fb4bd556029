// SPDX-License-Identifier: Apache-2.0
/*
 * What the grant_* and revoke_* methods of repositories, repository groups and user groups have
 * in common (contract 02 §4, §6, §7).
 */
#ifndef RC_FACES_API_GRANT_H
#define RC_FACES_API_GRANT_H

#include "method.h"

/** The kind of object that the row's first parameter names. */
rc_kind_t rc_grant_kind(const rc_call_t *call);

/** E-perm: @a name must be one of the 30 permission names. */
rc_err_t *rc_grant_check_name(rc_call_t *call, const char *name);

/** E-prefix: @a name must be a level on what the row's first parameter names. */
rc_err_t *rc_grant_check_prefix(rc_call_t *call, const char *name);

/**
 * The body of such a method. Its row says what to do: the first parameter is the object, the
 * second one the user or user group; a row with the parameter `perm` grants, else it revokes;
 * one with `apply_to_children` goes down a repository group. Answers @a msg (rc_call_text).
 */
rc_err_t *rc_grant(rc_call_t *call, rc_json_t *out, const char *msg);

#endif
