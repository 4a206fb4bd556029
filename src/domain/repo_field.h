// SPDX-License-Identifier: Apache-2.0
/*
 * Extra fields of repositories as update_repo sets them. Private to src/domain.
 */
#ifndef RC_DOMAIN_REPO_FIELD_H
#define RC_DOMAIN_REPO_FIELD_H

#include <apr_tables.h>

#include "db/db.h"

typedef struct rc_field_value_t {
    const char *key, *value;
} rc_field_value_t;

/** Takes "key=value,key=value" apart, where "\," stands for a comma in a value: an array of
 * rc_field_value_t. More than RC_FIELDS_MOST are RC_E_FAILED. */
rc_err_t *rc_repo_fields_read(apr_array_header_t **fields, const char *text, apr_pool_t *pool);

/** Sets the extra fields that exist; the others are ignored. */
rc_err_t *rc_repo_fields_set(rc_db_t *db, apr_int64_t repo_id, const apr_array_header_t *fields);

#endif
