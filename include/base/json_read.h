// SPDX-License-Identifier: Apache-2.0
/*
 * Builds json-c's objects from text that rc_json_scan has accepted.
 */
#ifndef RC_BASE_JSON_READ_H
#define RC_BASE_JSON_READ_H

#include <json-c/json.h>

#include "base/err.h"

typedef enum {
    RC_JSON_PLAIN, /* half of a pair of surrogates becomes U+FFFD */
    RC_JSON_EXACT  /* such a half stays, as three bytes, and a number keeps its text where an int64
                      would not print as it: for who prints the value again */
} rc_json_form_t;

/**
 * Reads @a text. *@a out (NULL: a JSON null) lives as long as @a pool. All of the text or nothing:
 * RC_E_INTERNAL when there is no memory for one member.
 */
rc_err_t *rc_json_read(json_object **out, const char *text, apr_size_t len, rc_json_form_t form,
                       apr_pool_t *pool);

#endif
