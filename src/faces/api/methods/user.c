// SPDX-License-Identifier: Apache-2.0
/*
 * Users (contract 02 §3).
 */
#include "../method.h"

#include <string.h>

#include <apr_strings.h>

#include "store/gist.h"
#include "domain/gist.h"
#include "store/rule.h"
#include "domain/user.h"

#define RANDOM_PASSWORD_LENGTH 16
#define RANDOM_PASSWORD_OF     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

typedef struct levels_t {
    rc_json_t *out;
    rc_kind_t kind;
    bool none; /* also of objects that the user may not read */
} levels_t;

static rc_err_t *write_level(void *baton, const char *name, rc_level_t level)
{
    const levels_t *levels = baton;

    if (!level && !levels->none)
        return NULL;
    rc_json_key_text(levels->out, name);
    rc_json_string(levels->out, rc_permission_name(levels->kind, level));
    return levels->out->err;
}

static rc_err_t *write_globals(rc_json_t *out, rc_call_t *call, const rc_user_t *user)
{
    apr_array_header_t *names;
    int i;

    RC_TRY(rc_rule_global_names(&names, call->actor.db, user->id, user->admin, call->pool));
    rc_json_key(out, "global");
    rc_json_array_begin(out);
    for (i = 0; i < names->nelts; i++)
        rc_json_string(out, APR_ARRAY_IDX(names, i, const char *));
    rc_json_array_end(out);
    return NULL;
}

/* Names of what they may not read are told to super-admins only. */
static rc_err_t *write_permissions(rc_json_t *out, rc_call_t *call, const rc_user_t *user)
{
    static const struct {
        const char *key;
        rc_kind_t kind;
    } parts[] = {
        {"repositories", RC_KIND_REPO},
        {"repositories_groups", RC_KIND_REPO_GROUP},
        {"user_groups", RC_KIND_USER_GROUP},
    };
    levels_t levels = {.out = out, .none = call->actor.caller->admin};
    int i;

    rc_json_object_begin(out);
    RC_TRY(write_globals(out, call, user));
    for (i = 0; i < 3; i++) {
        levels.kind = parts[i].kind;
        rc_json_key(out, parts[i].key);
        rc_json_object_begin(out);
        RC_TRY(rc_rule_levels(call->actor.db, levels.kind, user->id, write_level, &levels,
                              call->pool));
        rc_json_object_end(out);
    }
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *get_user(rc_call_t *call, rc_json_t *out)
{
    const rc_user_t *user = rc_arg_user(call, RC_P_USERID);

    rc_json_object_begin(out);
    RC_TRY(rc_render_user_members(out, call, user, RC_KEYS_CLEAR));
    rc_json_key(out, "permissions");
    RC_TRY(write_permissions(out, call, user));
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *get_users(rc_call_t *call, rc_json_t *out)
{
    return rc_render_users(out, call, RC_USERS_ALL, 0, RC_KEYS_CLEAR);
}

static rc_err_t *answer(rc_json_t *out, rc_call_t *call, const char *msg, const rc_user_t *user)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", msg);
    rc_json_key(out, "user");
    RC_TRY(rc_render_user(out, call, user, RC_KEYS_CLEAR));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

/* A taken name is for the client to know; the other failures are the method's failure text. */
static rc_err_t *tell_conflict(rc_err_t *err)
{
    if (err && err->kind == RC_E_CONFLICT && err->msg)
        err->kind = RC_E_ARG;
    return err;
}

typedef struct create_t {
    rc_json_t *out;
    const char *password_hash;
} create_t;

static rc_err_t *create_in_txn(rc_call_t *call, void *baton)
{
    const create_t *create = baton;
    rc_new_user_t new_user = {
        .username = rc_arg_given(call, RC_P_USERNAME) ? rc_arg_text(call, RC_P_USERNAME) : "",
        .email = rc_arg_given(call, RC_P_EMAIL) ? rc_arg_text(call, RC_P_EMAIL) : "",
        .password_hash = create->password_hash,
        .firstname = rc_arg_text(call, RC_P_FIRSTNAME),
        .lastname = rc_arg_text(call, RC_P_LASTNAME),
        .extern_type = rc_arg_text(call, RC_P_EXTERN_TYPE),
        .extern_name = rc_arg_text(call, RC_P_EXTERN_NAME),
        .active = rc_arg_bool(call, RC_P_ACTIVE),
        .admin = rc_arg_bool(call, RC_P_ADMIN),
        .force_password_change = rc_arg_bool(call, RC_P_FORCE_PASSWORD_CHANGE),
    };
    rc_user_t *user;

    RC_TRY(tell_conflict(rc_model_user_create(&user, call->actor.db, rc_model_key_secret(call->env),
                                              &new_user, call->pool)));
    RC_TRY(rc_call_journal(call, NULL, "admin_created_user", user->username));
    return answer(create->out, call,
                  apr_psprintf(call->pool, "created new user `%s`", user->username), user);
}

/* Whoever logs in elsewhere gets a password that nobody knows. */
static rc_err_t *choose_password(const char **password, rc_call_t *call)
{
    const char *extern_name = rc_arg_text(call, RC_P_EXTERN_NAME);

    *password = rc_arg_text(call, RC_P_PASSWORD);
    if (!*extern_name || !strcmp(extern_name, "rhodecode"))
        return NULL;
    return rc_random_text(password, RANDOM_PASSWORD_OF, RANDOM_PASSWORD_LENGTH, call->pool);
}

static rc_err_t *create_user(rc_call_t *call, rc_json_t *out)
{
    create_t create = {out, NULL};
    const char *password;

    RC_TRY(choose_password(&password, call));
    RC_TRY(rc_password_hash(&create.password_hash, &call->env->passwords, password, call->pool));
    return rc_call_txn(call, create_in_txn, &create);
}

/* The text of an argument that was sent, else NULL: leave it as it is. */
static const char *text_if_given(const rc_call_t *call, rc_param_id_t id)
{
    return rc_arg_given(call, id) ? rc_arg_text(call, id) : NULL;
}

/* As above, but null and "" put the default back. */
static const char *extern_if_present(const rc_call_t *call, rc_param_id_t id)
{
    if (!rc_arg_present(call, id))
        return NULL;
    return rc_arg_given(call, id) ? rc_arg_text(call, id) : "";
}

/* What changed about what the user may do; NULL: nothing. */
static const char *describe(const rc_user_t *from, const rc_user_t *to, apr_pool_t *pool)
{
    const char *admin = to->admin ? "admin" : "no admin";
    const char *active = to->active ? "active" : "not active";

    if (to->admin == from->admin)
        return to->active == from->active ? NULL : active;
    return to->active == from->active ? admin : apr_pstrcat(pool, admin, ", ", active, NULL);
}

static rc_err_t *update_in_txn(rc_call_t *call, void *baton)
{
    const create_t *update = baton;
    bool active = rc_arg_bool(call, RC_P_ACTIVE), admin = rc_arg_bool(call, RC_P_ADMIN);
    rc_user_change_t change = {
        .username = text_if_given(call, RC_P_USERNAME),
        .email = text_if_given(call, RC_P_EMAIL),
        .password_hash = update->password_hash,
        .firstname = text_if_given(call, RC_P_FIRSTNAME),
        .lastname = text_if_given(call, RC_P_LASTNAME),
        .extern_type = extern_if_present(call, RC_P_EXTERN_TYPE),
        .extern_name = extern_if_present(call, RC_P_EXTERN_NAME),
        .active = rc_arg_given(call, RC_P_ACTIVE) ? &active : NULL,
        .admin = rc_arg_given(call, RC_P_ADMIN) ? &admin : NULL,
    };
    const rc_user_t *user = rc_arg_user(call, RC_P_USERID);
    rc_user_t *updated;

    if (!strcmp(user->username, RC_DEFAULT_USER))
        return rc_err(call->pool, RC_E_ARG, "editing default user is forbidden");
    if (change.firstname && !*change.firstname)
        change.firstname = NULL;
    RC_TRY(rc_model_user_update(&updated, call->actor.db, user, &change, call->pool));
    RC_TRY(rc_call_journal_named(call, "admin_updated_user", updated->username,
                                 describe(user, updated, call->pool)));
    return answer(update->out, call,
                  apr_psprintf(call->pool, "updated user ID:%" APR_INT64_T_FMT " %s", updated->id,
                               updated->username),
                  updated);
}

static rc_err_t *update_user(rc_call_t *call, rc_json_t *out)
{
    create_t update = {out, NULL};

    if (rc_arg_given(call, RC_P_PASSWORD)) {
        RC_TRY(rc_password_hash(&update.password_hash, &call->env->passwords,
                                rc_arg_text(call, RC_P_PASSWORD), call->pool));
        if (!update.password_hash)
            update.password_hash = "";
    }
    return rc_call_txn(call, update_in_txn, &update);
}

/* His gists' repositories go with their rows. */
typedef struct removal_t {
    const char *work;
    rc_disk_txn_t *moves;
    rc_call_t *call;
} removal_t;

static rc_err_t *remove_gist(void *baton, const rc_gist_t *gist, apr_pool_t *scratch)
{
    removal_t *removal = baton;

    (void)scratch;
    rc_model_gist_remove(removal->moves, removal->call->env, gist->access_id, removal->work,
                         removal->call->pool);
    return NULL;
}

static rc_err_t *delete_in_txn(rc_call_t *call, void *baton)
{
    const rc_user_t *user = rc_arg_user(call, RC_P_USERID);
    removal_t *removal = baton;

    if (user->id == call->actor.caller->user_id)
        return rc_err_failed(call->pool, "nobody deletes himself");
    RC_TRY(rc_store_gists_each(call->actor.db, user->id, true, remove_gist, removal, call->pool));
    RC_TRY(rc_model_user_delete(call->actor.db, user, call->pool));
    RC_TRY(rc_call_journal(call, NULL, "admin_deleted_user", user->username));
    return rc_disk_txn_apply(removal->moves, call->actor.db);
}

static rc_err_t *delete_user(rc_call_t *call, rc_json_t *out)
{
    removal_t removal = {.moves = rc_disk_txn_begin(call->env, call->pool), .call = call};
    const rc_user_t *user;
    rc_err_t *err;

    RC_TRY(rc_work_dir(&removal.work, call->env, call->pool));
    err = rc_call_txn(call, delete_in_txn, &removal);
    rc_disk_txn_end(removal.moves, !err);
    RC_TRY(err);
    user = rc_arg_user(call, RC_P_USERID);
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg",
                          apr_psprintf(call->pool, "deleted user ID:%" APR_INT64_T_FMT " %s",
                                       user->id, user->username));
    rc_json_member_null(out, "user");
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_user[] = {
    {"get_user", get_user, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER)),
     NULL, "Describe a user, with keys and permissions."},
    {"get_users", get_users, RC_ADMINS, 0, RC_NO_PARAMS,
     NULL, "Describe all users."},
    {"create_user", create_user, RC_ADMINS, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_USERNAME, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_EMAIL, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_PASSWORD, RC_TEXT, "''"),
               RC_ARG(RC_P_FIRSTNAME, RC_TEXT, "''"),
               RC_ARG(RC_P_LASTNAME, RC_TEXT, "''"),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "True"),
               RC_ARG(RC_P_ADMIN, RC_BOOL, "False"),
               RC_ARG(RC_P_EXTERN_NAME, RC_TEXT, "'rhodecode'"),
               RC_ARG(RC_P_EXTERN_TYPE, RC_TEXT, "'rhodecode'"),
               RC_ARG(RC_P_FORCE_PASSWORD_CHANGE, RC_BOOL, "False")),
     "failed to create user `{username}`", "Create a user."},
    {"update_user", update_user, RC_ADMINS, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED),
               RC_ARG(RC_P_USERNAME, RC_TEXT, "None"),
               RC_ARG(RC_P_EMAIL, RC_TEXT, "None"),
               RC_ARG(RC_P_PASSWORD, RC_TEXT, "None"),
               RC_ARG(RC_P_FIRSTNAME, RC_TEXT, "None"),
               RC_ARG(RC_P_LASTNAME, RC_TEXT, "None"),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "None"),
               RC_ARG(RC_P_ADMIN, RC_BOOL, "None"),
               RC_ARG(RC_P_EXTERN_TYPE, RC_TEXT, "None"),
               RC_ARG(RC_P_EXTERN_NAME, RC_TEXT, "None")),
     "failed to update user `{userid}`", "Change a user."},
    {"delete_user", delete_user, RC_ADMINS, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED)),
     "failed to delete user ID:{userid.id} {userid.name}", "Delete a user."},
    {.name = NULL},
};
/* clang-format on */
