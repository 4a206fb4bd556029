// SPDX-License-Identifier: Apache-2.0
/*
 * Parses JSON that rc_json_scan has accepted into objects of json-c.
 */
#ifndef RC_BASE_JSON_READ_H
#define RC_BASE_JSON_READ_H

#include <apr_tables.h>
#include <json-c/json.h>

#include "base/err.h"

typedef enum {
    RC_JSON_PLAIN, /* half of a surrogate pair becomes U+FFFD */
    RC_JSON_EXACT  /* such a half is kept, as three bytes, and a number keeps its text when an int64
                      would print differently: for callers that print the value again */
} rc_json_form_t;

/**
 * Parses @a text. *@a out (NULL: a JSON null) lives as long as @a pool. RC_E_INTERNAL when memory
 * is short; then *@a out is incomplete and must not be used.
 */
rc_err_t *rc_json_read(json_object **out, const char *text, apr_size_t len, rc_json_form_t form,
                       apr_pool_t *pool);

/** Reads the texts in a list of them (const char *, in @a pool), but for empty ones and values of
 * other types; none when @a json is no list or no JSON. Errors as above. */
rc_err_t *rc_json_texts(apr_array_header_t **texts, const char *json, apr_pool_t *pool);

#endif
