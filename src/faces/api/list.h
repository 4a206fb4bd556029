// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of objects in parts, and with some of their members (contract 12 §4). Private to
 * src/faces/api.
 */
#ifndef RC_FACES_API_LIST_H
#define RC_FACES_API_LIST_H

#include "method.h"

/* The parameters that each list has. */
#define RC_LIST_PARAMS                                                                             \
    RC_ARG(RC_P_LIMIT, RC_ANY, "None"), RC_ARG(RC_P_AFTER, RC_ANY, "None"),                        \
        RC_ARG(RC_P_FIELDS, RC_ANY, "None")

/* A kind of objects in lists. */
typedef struct rc_list_kind_t {
    bool by_name; /* the list is ordered by names, else by ids */
    /* finds the object that a client names as the last one seen: sets its id and its name, unless
     * there is none that the caller may read; NULL: objects have only ids */
    rc_err_t *(*find)(apr_int64_t *id, const char **name, rc_call_t *call, json_object *value);
} rc_list_kind_t;

extern const rc_list_kind_t rc_list_of_users, rc_list_of_repos, rc_list_of_repo_groups,
    rc_list_of_user_groups, rc_list_of_gists;

/** Reads `limit`, `after` and `fields`, and begins the list. Returns RC_E_ARG with a text for
 * clients. */
rc_err_t *rc_list_begin(rc_slice_t *page, rc_json_t *out, rc_call_t *call,
                        const rc_list_kind_t *kind);

/** Ends the list. */
void rc_list_end(rc_json_t *out);

#endif
