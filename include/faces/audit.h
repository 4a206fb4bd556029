// SPDX-License-Identifier: Apache-2.0
/*
 * An entry of the journal as JSON, for the API and for `rcapi-admin journal export` (contract 12
 * §2).
 */
#ifndef RC_FACES_AUDIT_H
#define RC_FACES_AUDIT_H

#include "base/json.h"
#include "store/audit.h"

/** Writes @a entry as an object with RhodeCode's keys, and id and auth_token_id. */
void rc_audit_write(rc_json_t *out, const rc_audit_t *entry, apr_pool_t *scratch);

#endif
