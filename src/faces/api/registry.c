// SPDX-License-Identifier: Apache-2.0
/*
 * Finds an API method by its name, and checks the rows of all methods when the server starts.
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

/* True when @a word, "arg" or "arg.name", names a parameter of the row. */
static bool has_word(const rc_method_t *method, const char *word, apr_size_t len)
{
    const char *dot = memchr(word, '.', len);
    apr_size_t name_len = dot ? (apr_size_t)(dot - word) : len;
    const rc_param_t *param;

    for (param = method->params; param->id; param++) {
        const char *name = rc_param_name(param->id);

        if (strlen(name) == name_len && !strncmp(name, word, name_len))
            return true;
    }
    return false;
}

/* Checks that the words in braces of the failure text (rc_call_text) name parameters of the row. */
static rc_err_t *check_failure(const rc_method_t *method, apr_pool_t *pool)
{
    const char *open = method->failure, *close;

    while (open && (open = strchr(open, '{')) && (close = strchr(open, '}'))) {
        if (!has_word(method, open + 1, (apr_size_t)(close - open - 1)))
            return rc_err_internal(pool, APR_SUCCESS, "%s has no parameter for %.*s", method->name,
                                   (int)(close - open + 1), open);
        open = close;
    }
    return NULL;
}

static rc_err_t *check_params(const rc_method_t *method, apr_pool_t *pool)
{
    bool seen[RC_P_COUNT] = {false};
    const rc_param_t *param;

    for (param = method->params; param->id; param++) {
        if (seen[param->id])
            return rc_err_internal(pool, APR_SUCCESS, "%s has the parameter %s twice", method->name,
                                   rc_param_name(param->id));
        seen[param->id] = true;
    }
    return NULL;
}

rc_err_t *rc_method_check(const rc_method_t *method, apr_pool_t *pool)
{
    RC_TRY(check_params(method, pool));
    return check_failure(method, pool);
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

    if (apr_hash_get(check->seen, key, APR_HASH_KEY_STRING))
        return rc_err_internal(check->pool, APR_SUCCESS, "two methods are named %s", key);
    apr_hash_set(check->seen, key, APR_HASH_KEY_STRING, method);
    return rc_method_check(method, check->pool);
}

rc_err_t *rc_api_check_table(apr_pool_t *pool)
{
    check_t check = {apr_hash_make(pool), pool};

    rc_version_add("json-c", json_c_version());
    return rc_methods_each(check_row, &check);
}
