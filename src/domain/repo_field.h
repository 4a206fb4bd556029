// SPDX-License-Identifier: Apache-2.0
/*
 * The extra fields of repositories in the form of update_repo. Private to src/domain.
 */
#ifndef RC_DOMAIN_REPO_FIELD_H
#define RC_DOMAIN_REPO_FIELD_H

#include <apr_tables.h>

#include "db/db.h"

typedef struct rc_field_value_t {
    const char *key, *value;
} rc_field_value_t;

/** Parses "key=value,key=value", where "\," stands for a comma in a value, into an array of
 * rc_field_value_t in @a pool. Returns RC_E_FAILED for more than RC_FIELDS_MOST. */
rc_err_t *rc_repo_fields_read(apr_array_header_t **fields, const char *text, apr_pool_t *pool);

/** Sets the values of existing extra fields; ignores other keys. */
rc_err_t *rc_repo_fields_set(rc_db_t *db, apr_int64_t repo_id, const apr_array_header_t *fields);

#endif
