// SPDX-License-Identifier: Apache-2.0
/*
 * Writes users as JSON: user_obj (contract 02 §1.1).
 */
#include "kept.h"
#include "kept_keys.h"

#include "base/log.h"
#include "base/time.h"
#include "domain/user.h"

#define MASKED "****************************************"

rc_keys_t rc_call_own_keys(const rc_call_t *call)
{
    return rc_actor_is_full(&call->actor) ? RC_KEYS_CLEAR : RC_KEYS_MASKED;
}

rc_keys_t rc_call_keys(const rc_call_t *call)
{
    return call->actor.caller->admin ? rc_call_own_keys(call) : RC_KEYS_MASKED;
}

/* Returns a key in clear; NULL when it cannot be decrypted. */
static const char *clear_key(rc_call_t *call, const rc_user_key_t *key, apr_pool_t *pool)
{
    const char *clear = NULL;
    rc_err_t *err = rc_key_clear(&clear, rc_key_secret(call->env), key, pool);

    if (err)
        rc_log(RC_LOG_ERR, err->cause, "key %" APR_INT64_T_FMT ": %s", key->id,
               rc_err_log_text(err, pool));
    return clear;
}

/* Writes a key in clear, or the mask. */
static void write_key(rc_json_t *out, rc_call_t *call, const rc_user_key_t *key, const char *clear)
{
    rc_json_string(out, clear ? clear : MASKED);
    if (clear)
        rc_kept_key_written(call, out, key, clear);
    else
        call->has_secret = true; /* the next time it may be shown */
}

/* The main key is written twice, but decrypted once: a list of users has one for each. */
static void write_keys(rc_json_t *out, rc_call_t *call, const apr_array_header_t *list,
                       rc_keys_t keys, apr_pool_t *pool)
{
    bool shown = keys == RC_KEYS_CLEAR && rc_key_secret(call->env);
    const rc_user_key_t *key = (const rc_user_key_t *)list->elts;
    const rc_user_key_t *end = key + (shown ? list->nelts : 0);
    const rc_user_key_t *main = key < end && key->main ? key : NULL;
    const char *clear = main ? clear_key(call, main, pool) : NULL;

    rc_json_key(out, "api_key");
    if (main)
        write_key(out, call, main, clear);
    else
        rc_json_string(out, MASKED);
    rc_json_key(out, "api_keys");
    rc_json_array_begin(out);
    if (!shown)
        rc_json_string(out, MASKED);
    for (; key < end; key++)
        write_key(out, call, key, key == main ? clear : clear_key(call, key, pool));
    rc_json_array_end(out);
}

static void write_members(rc_json_t *out, rc_call_t *call, const rc_user_details_t *details,
                          rc_keys_t keys, apr_pool_t *pool)
{
    const rc_user_t *user = details->user;

    rc_json_member_int(out, "user_id", user->id);
    rc_json_member_string(out, "username", user->username);
    rc_json_member_string(out, "firstname", user->firstname);
    rc_json_member_string(out, "lastname", user->lastname);
    rc_json_member_string(out, "email", user->email);
    rc_json_member_strings(out, "emails", details->emails);
    write_keys(out, call, details->keys, keys, pool);
    rc_json_member_bool(out, "active", user->active);
    rc_json_member_bool(out, "admin", user->admin);
    rc_json_member_string(out, "extern_type", user->extern_type);
    rc_json_member_string(out, "extern_name", user->extern_name);
    rc_json_member_string(out, "last_login",
                          user->last_login ? rc_time_local(user->last_login, pool) : NULL);
    rc_json_member_strings(out, "ip_addresses", details->ips);
    rc_json_member_string(out, "language", user->language);
}

rc_err_t *rc_render_user_details(rc_json_t *out, rc_call_t *call, const rc_user_details_t *details,
                                 rc_keys_t keys, apr_pool_t *pool)
{
    rc_json_object_begin(out);
    write_members(out, call, details, keys, pool);
    rc_json_object_end(out);
    return rc_json_finish(out);
}

rc_err_t *rc_render_user_members(rc_json_t *out, rc_call_t *call, const rc_user_t *user,
                                 rc_keys_t keys)
{
    rc_user_details_t details;
    apr_pool_t *scratch;
    rc_err_t *err;

    apr_pool_create(&scratch, call->pool);
    if (!(err = rc_store_user_details(&details, call->actor.db, user, scratch))) {
        write_members(out, call, &details, keys, scratch);
        err = rc_json_finish(out);
    }
    apr_pool_destroy(scratch);
    return err;
}

rc_err_t *rc_render_user(rc_json_t *out, rc_call_t *call, const rc_user_t *user, rc_keys_t keys)
{
    rc_json_object_begin(out);
    RC_TRY(rc_render_user_members(out, call, user, keys));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

typedef struct user_list_t {
    rc_json_t *out;
    rc_call_t *call;
    rc_keys_t keys;
} user_list_t;

static rc_err_t *list_user(void *baton, const rc_user_details_t *details, apr_pool_t *scratch)
{
    user_list_t *list = baton;

    return rc_render_user_details(list->out, list->call, details, list->keys, scratch);
}

rc_err_t *rc_render_listed_users(rc_json_t *out, rc_call_t *call, rc_users_t which, apr_int64_t id,
                                 const rc_slice_t *page, rc_keys_t keys)
{
    bool wanted = rc_json_wants(out, "api_key") || rc_json_wants(out, "api_keys");
    user_list_t list = {out, call, wanted ? keys : RC_KEYS_MASKED};

    return rc_store_users_each(call->actor.db, which, id, page, list.keys == RC_KEYS_CLEAR,
                               list_user, &list, call->pool);
}

/* The most followers of which each is kept by itself, for all repositories: more would be read by
 * many statements, and have many of them in memory for one repository. */
#define FEW 4

/* Writes the user *@a baton with masked keys. */
static rc_err_t *render_follower(rc_json_t *out, rc_call_t *call, const void *baton)
{
    rc_user_details_t details;

    RC_TRY(rc_store_user_shown(&details, call->actor.db, *(const apr_int64_t *)baton, call->pool));
    return details.user ? rc_render_user_details(out, call, &details, RC_KEYS_MASKED, call->pool)
                        : NULL;
}

/* Writes the followers of repository *@a baton with masked keys. */
static rc_err_t *render_followers(rc_json_t *out, rc_call_t *call, const void *baton)
{
    return rc_render_users(out, call, RC_USERS_FOLLOWING, *(const apr_int64_t *)baton,
                           RC_KEYS_MASKED);
}

static rc_err_t *render_few(rc_json_t *out, rc_call_t *call, const apr_array_header_t *ids)
{
    rc_bytes_t text;
    int i;

    rc_json_array_begin(out);
    for (i = 0; i < ids->nelts; i++) {
        apr_int64_t id = APR_ARRAY_IDX(ids, i, apr_int64_t);
        const rc_memory_key_t key = {.kind = 'u', .id = id};

        RC_TRY(rc_call_keep_part(&text, call, &key, render_follower, &id));
        if (text.len)
            rc_json_raw(out, text.data, text.len);
    }
    rc_json_array_end(out);
    return NULL;
}

rc_err_t *rc_render_followers(rc_json_t *out, rc_call_t *call, apr_int64_t repo_id)
{
    const rc_memory_key_t key = {.kind = 'f', .id = repo_id};
    rc_keys_t keys = rc_call_keys(call);
    apr_array_header_t *ids;
    rc_bytes_t text;

    if (keys != RC_KEYS_MASKED)
        return rc_render_users(out, call, RC_USERS_FOLLOWING, repo_id, keys);
    RC_TRY(rc_store_followers(&ids, call->actor.db, repo_id, FEW, call->pool));
    if (ids)
        return render_few(out, call, ids);
    RC_TRY(rc_call_keep_part(&text, call, &key, render_followers, &repo_id));
    rc_json_raw(out, text.data, text.len);
    return NULL;
}

rc_err_t *rc_render_users(rc_json_t *out, rc_call_t *call, rc_users_t which, apr_int64_t id,
                          rc_keys_t keys)
{
    rc_json_array_begin(out);
    RC_TRY(rc_render_listed_users(out, call, which, id, NULL, keys));
    rc_json_array_end(out);
    return NULL;
}
