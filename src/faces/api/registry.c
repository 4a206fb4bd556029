// SPDX-License-Identifier: Apache-2.0
/*
 * All methods: the groups listed once, and found by name.
 */
#include "method.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/versions.h"

static const rc_method_t *const groups[] = {
#define X(group) rc_methods_##group,
#include "methods.def"
#undef X
};

#define GROUPS (sizeof(groups) / sizeof(*groups))

const rc_method_t *rc_method_find(const char *name, bool old)
{
    const rc_method_t *method, *found = NULL;
    apr_size_t i;

    for (i = 0; i < GROUPS; i++)
        for (method = groups[i]; method->name; method++) {
            if (strcmp(method->name, name))
                continue;
            if (!(method->flags & RC_OLD) == !old)
                return method;
            if (!(method->flags & RC_OLD))
                found = method; /* serves both dialects, unless an old row follows */
        }
    return found;
}

rc_err_t *rc_methods_each(rc_err_t *(*fn)(void *baton, const rc_method_t *method), void *baton)
{
    const rc_method_t *method;
    apr_size_t i;

    for (i = 0; i < GROUPS; i++)
        for (method = groups[i]; method->name; method++)
            RC_TRY(fn(baton, method));
    return NULL;
}

typedef struct check_t {
    apr_hash_t *seen;
    apr_pool_t *pool;
} check_t;

static rc_err_t *check_row(void *baton, const rc_method_t *method)
{
    check_t *check = baton;
    const char *key =
        apr_pstrcat(check->pool, method->name, method->flags & RC_OLD ? " 1.2" : "", NULL);
    const rc_param_t *param;
    int n = 0;

    if (apr_hash_get(check->seen, key, APR_HASH_KEY_STRING))
        return rc_err_internal(check->pool, APR_SUCCESS, "two methods are named %s", key);
    apr_hash_set(check->seen, key, APR_HASH_KEY_STRING, method);
    for (param = method->params; param->name; param++)
        n++;
    if (n > RC_MAX_PARAMS)
        return rc_err_internal(check->pool, APR_SUCCESS, "%s has too many parameters", key);
    return NULL;
}

rc_err_t *rc_rpc_check_table(apr_pool_t *pool)
{
    check_t check = {apr_hash_make(pool), pool};

    rc_version_add("json-c", json_c_version());
    return rc_methods_each(check_row, &check);
}
