// SPDX-License-Identifier: Apache-2.0
/*
 * Reads which part of a list a client wants, and which members of its objects.
 */
#include "list.h"

#define MOST 10000 /* objects of a part */

static rc_err_t *read_limit(rc_slice_t *page, rc_call_t *call)
{
    if (!rc_arg_given(call, RC_P_LIMIT))
        return NULL;
    if (rc_value_id(&page->most, rc_arg_json(call, RC_P_LIMIT), true) && page->most >= 1 &&
        page->most <= MOST)
        return NULL;
    return rc_arg_fault(call,
                        rc_err(call->pool, RC_E_ARG, "limit must be a number from 1 to %d", MOST));
}

/* An object that has gone since still has its place: by its id, or by its name. */
static rc_err_t *read_after(rc_slice_t *page, rc_call_t *call, const rc_list_kind_t *kind)
{
    json_object *value = rc_arg_json(call, RC_P_AFTER);
    apr_int64_t id = 0;

    if (!rc_arg_given(call, RC_P_AFTER))
        return NULL;
    if (!rc_value_id(&id, value, false) && json_object_is_type(value, json_type_string))
        page->after_name = json_object_get_string(value);
    page->after_id = id;
    if (kind->find)
        RC_TRY(kind->find(&page->after_id, &page->after_name, call, value));
    if (kind->by_name ? page->after_name != NULL : page->after_id > 0)
        return NULL;
    return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG, "after names nothing of this list"));
}

static rc_err_t *read_fields(const apr_array_header_t **fields, rc_call_t *call)
{
    json_object *value = rc_arg_json(call, RC_P_FIELDS);
    apr_array_header_t *list;
    size_t i;

    *fields = NULL;
    if (!rc_arg_given(call, RC_P_FIELDS))
        return NULL;
    if (!json_object_is_type(value, json_type_array))
        return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG, "fields must be a list of names"));
    *fields = list = apr_array_make(call->pool, 8, sizeof(const char *));
    for (i = 0; i < json_object_array_length(value); i++) {
        json_object *name = json_object_array_get_idx(value, i);

        if (json_object_is_type(name, json_type_string))
            APR_ARRAY_PUSH(list, const char *) = json_object_get_string(name);
    }
    return NULL;
}

rc_err_t *rc_list_begin(rc_slice_t *page, rc_json_t *out, rc_call_t *call,
                        const rc_list_kind_t *kind)
{
    const apr_array_header_t *fields;

    *page = (rc_slice_t){0};
    RC_TRY(read_limit(page, call));
    RC_TRY(read_after(page, call, kind));
    RC_TRY(read_fields(&fields, call));
    rc_json_only(out, fields);
    rc_json_array_begin(out);
    return NULL;
}

void rc_list_end(rc_json_t *out)
{
    rc_json_array_end(out);
    rc_json_only(out, NULL);
}

static rc_err_t *find_listed_user(apr_int64_t *id, const char **name, rc_call_t *call,
                                  json_object *value)
{
    rc_user_t *user;

    RC_TRY(rc_find_user(&user, call, value));
    if (user) {
        *id = user->id;
        *name = user->username;
    }
    return NULL;
}

static rc_err_t *find_listed_repo(apr_int64_t *id, const char **name, rc_call_t *call,
                                  json_object *value)
{
    rc_repo_t *repo;

    RC_TRY(rc_find_repo(&repo, call, value));
    if (repo) {
        *id = repo->id;
        *name = repo->name;
    }
    return NULL;
}

static rc_err_t *find_listed_repo_group(apr_int64_t *id, const char **name, rc_call_t *call,
                                        json_object *value)
{
    rc_repo_group_t *group;

    RC_TRY(rc_find_repo_group(&group, call, value));
    if (group) {
        *id = group->id;
        *name = group->name;
    }
    return NULL;
}

static rc_err_t *find_listed_user_group(apr_int64_t *id, const char **name, rc_call_t *call,
                                        json_object *value)
{
    rc_user_group_t *group;

    RC_TRY(rc_find_user_group(&group, call, value));
    if (group) {
        *id = group->id;
        *name = group->name;
    }
    return NULL;
}

const rc_list_kind_t rc_list_of_users = {true, find_listed_user};
const rc_list_kind_t rc_list_of_repos = {false, find_listed_repo};
const rc_list_kind_t rc_list_of_repo_groups = {true, find_listed_repo_group};
const rc_list_kind_t rc_list_of_user_groups = {false, find_listed_user_group};
const rc_list_kind_t rc_list_of_gists = {false, NULL};
