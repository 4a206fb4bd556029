// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the key of a request: in its body, else in its header (contract 00 §2, 05 "Identity").
 */
#include "rpc2.h"

static const char *text_member(json_object *body, const char *key)
{
    json_object *value;

    if (!json_object_object_get_ex(body, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string_len(value) ? json_object_get_string(value) : NULL;
}

const char *rc_request_key(json_object *body, const rc_api_request_t *request)
{
    static const char *const names[] = {"api_key", "auth_token"};
    json_object *value;
    const char *text;
    int i;

    for (i = 0; i < 2; i++) {
        if ((text = text_member(body, names[i])))
            return text;
        if (json_object_object_get_ex(body, names[i], &value) && value &&
            !json_object_is_type(value, json_type_string))
            return "?";
    }
    return request->header_key && *request->header_key ? request->header_key : NULL;
}
