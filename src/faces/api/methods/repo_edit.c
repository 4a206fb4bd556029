// SPDX-License-Identifier: Apache-2.0
/*
 * Changing a repository, and its extra fields (contract 02 §5 update_repo, *_field_*).
 */
#include "../method.h"

#include <string.h>

#include <apr_strings.h>

#include "store/repo_change.h"
#include "domain/repo.h"

/* --- update_repo --- */

typedef struct update_t {
    rc_repo_change_t change;
    const char *group;          /* the group it will be in; NULL = top level */
    rc_level_t group_level;     /* of the caller on it */
    apr_array_header_t *fields; /* to be set, or NULL */
    const char *locked_name;    /* set when the repository is locked, to be renamed */
    rc_disk_txn_t *moves;
    rc_json_t *out;
} update_t;

/* Check 3. A group that the caller may not see is none: the answer would tell the name of an id. */
/* The group in which the repository is already, and which the caller may not see, may be named. */
static bool stays(const update_t *update, rc_call_t *call, const char *sent)
{
    const rc_repo_t *from = update->change.from;
    const char *parent = rc_repo_name_parent(from->name, call->pool);

    return parent && (!strcmp(sent, parent) ||
                      !strcmp(sent, apr_psprintf(call->pool, "%" APR_INT64_T_FMT, from->group_id)));
}

static rc_err_t *set_group(update_t *update, rc_call_t *call, const rc_repo_group_t *group,
                           const char *sent)
{
    if (!group && !stays(update, call, sent))
        return rc_err(call->pool, RC_E_ARG, "repository group `%s` does not exist", sent);
    if (!group) {
        update->group = rc_repo_name_parent(update->change.from->name, call->pool);
        update->group_level = RC_NONE;
        return NULL;
    }
    update->group = group->name;
    update->group_level = group->level;
    update->change.to.group_id = group->id;
    return NULL;
}

static rc_err_t *find_group(rc_call_t *call, update_t *update)
{
    json_object *sent = rc_arg_json(call, "group");
    rc_repo_group_t *group;

    if (json_object_is_type(sent, json_type_string) && !json_object_get_string_len(sent)) {
        update->group = NULL;
        update->group_level = RC_NONE;
        update->change.to.group_id = 0;
        return NULL;
    }
    RC_TRY(rc_find_repo_group(&group, call, sent));
    return set_group(update, call, group, rc_arg_sent(call, "group"));
}

/* The last part of the new name. `repo_name`, as later versions call it, may be a whole path: then
 * it names the group, too. */
static rc_err_t *find_last(const char **last, rc_call_t *call, update_t *update)
{
    const char *name, *parent;
    rc_repo_group_t *group;

    *last = rc_repo_name_last(update->change.from->name);
    if (rc_arg_given(call, "name"))
        *last = rc_arg_text(call, "name");
    if (rc_arg_given(call, "name") || !rc_arg_given(call, "repo_name"))
        return NULL;
    name = rc_repo_name_clean(rc_arg_text(call, "repo_name"), call->pool);
    parent = rc_repo_name_parent(name, call->pool);
    *last = rc_repo_name_last(name);
    if (!parent || rc_arg_given(call, "group"))
        return NULL;
    RC_TRY(rc_store_repo_group_seen_by_name(&group, call->actor.db, call->actor.caller->user_id,
                                            parent, call->pool));
    return set_group(update, call, group, parent);
}

/* Check 4. */
static rc_err_t *find_parent(rc_call_t *call, rc_repo_t *to)
{
    rc_repo_t *parent;

    if (!rc_arg_given(call, "fork_of"))
        return NULL;
    RC_TRY(rc_find_repo(&parent, call, rc_arg_json(call, "fork_of")));
    if (!parent)
        return rc_err(call->pool, RC_E_ARG, "repository `%s` does not exist",
                      rc_arg_sent(call, "fork_of"));
    to->fork_id = parent->id;
    return NULL;
}

static rc_err_t *find_owner(rc_call_t *call, rc_repo_t *to)
{
    rc_user_t *owner;

    if (!rc_arg_given(call, "owner"))
        return NULL;
    RC_TRY(rc_find_user(&owner, call, rc_arg_json(call, "owner")));
    if (!owner)
        return rc_err_failed(call->pool, "unknown owner");
    to->owner_id = owner->id;
    to->owner = owner->username;
    return NULL;
}

/* From where it is to where it shall be: may the caller? */
static rc_err_t *plan_place(rc_call_t *call, update_t *update)
{
    const rc_repo_t *from = update->change.from;
    const char *last;
    bool may_anywhere;

    RC_TRY(rc_call_has_global(&may_anywhere, call, "hg.create.repository"));
    update->group = rc_repo_name_parent(from->name, call->pool);
    if (rc_arg_given(call, "group"))
        RC_TRY(find_group(call, update));
    RC_TRY(find_last(&last, call, update));
    RC_TRY(find_parent(call, &update->change.to));
    if (update->change.to.group_id != from->group_id && !may_anywhere &&
        update->group_level < RC_ADMIN)
        return rc_err_failed(call->pool, "no right to move it there");
    if (strchr(last, '/'))
        return rc_err_failed(call->pool, "the name has a slash: a path goes into repo_name");
    if (!rc_repo_part_usable(last))
        return rc_err_failed(call->pool, "the name is empty, hidden or reserved");
    if (update->group)
        last = apr_pstrcat(call->pool, update->group, "/", last, NULL);
    update->change.to.name = last;
    return NULL;
}

static rc_err_t *plan_texts(rc_call_t *call, rc_repo_t *to)
{
    const char *uri = rc_arg_text(call, "clone_uri");

    if (rc_arg_given(call, "description"))
        to->description = rc_arg_text(call, "description");
    if (rc_arg_given(call, "landing_rev"))
        to->landing_rev = rc_arg_text(call, "landing_rev");
    if (!strchr(to->landing_rev, ':'))
        return rc_err_failed(call->pool, "landing_rev without a colon");
    if (!rc_arg_present(call, "clone_uri"))
        return NULL;
    if (!rc_arg_given(call, "clone_uri") || !*uri)
        return rc_model_set_clone_uri(to, call->env, NULL, call->pool);
    if (to->clone_uri && !strcmp(to->clone_uri, uri))
        return NULL; /* as it is shown, its password masked: unchanged */
    return rc_model_set_clone_uri(to, call->env, uri, call->pool);
}

static void plan_flags(rc_call_t *call, rc_repo_change_t *change)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"private", &change->to.private_},
        {"enable_statistics", &change->to.enable_statistics},
        {"enable_locking", &change->to.enable_locking},
        {"enable_downloads", &change->to.enable_downloads},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(flags) / sizeof(*flags); i++)
        if (rc_arg_given(call, flags[i].name))
            *flags[i].flag = rc_arg_bool(call, flags[i].name);
    change->close = rc_arg_given(call, "private") && change->to.private_;
}

static rc_err_t *plan_update(rc_call_t *call, update_t *update)
{
    rc_repo_change_t *change = &update->change;

    change->from = rc_arg_repo(call, "repoid");
    change->to = *change->from;
    RC_TRY(plan_place(call, update));
    RC_TRY(find_owner(call, &change->to));
    plan_flags(call, change);
    return plan_texts(call, &change->to);
}

static rc_err_t *answer(rc_call_t *call, rc_json_t *out, apr_int64_t id)
{
    rc_repo_t *repo;

    RC_TRY(rc_store_repo_by_id(&repo, call->actor.db, call->actor.caller->user_id, id, call->pool));
    rc_json_object_begin(out);
    rc_json_member_string(
        out, "msg",
        apr_psprintf(call->pool, "updated repo ID:%" APR_INT64_T_FMT " %s", id, repo->name));
    rc_json_key(out, "repository");
    RC_TRY(rc_render_repo(out, call, repo, false, call->pool));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

/* What changed about who may do what: the new owner, open or private; NULL: nothing. */
static const char *describe(const rc_repo_change_t *change, apr_pool_t *pool)
{
    const rc_repo_t *from = change->from, *to = &change->to;
    const char *private_ = to->private_ ? "private" : "not private";
    const char *owner = apr_pstrcat(pool, "owner ", to->owner, NULL);

    if (to->owner_id == from->owner_id)
        return to->private_ == from->private_ ? NULL : private_;
    return to->private_ == from->private_ ? owner : apr_pstrcat(pool, owner, ", ", private_, NULL);
}

static rc_err_t *update_in_txn(rc_call_t *call, void *baton)
{
    update_t *update = baton;
    const rc_repo_t *from;

    RC_TRY(plan_update(call, update));
    from = update->change.from;
    if (strcmp(from->name, update->change.to.name) &&
        (!update->locked_name || strcmp(update->locked_name, from->name)))
        return rc_err_failed(call->pool, "%s was renamed meanwhile", from->name);
    if (update->fields)
        RC_TRY(rc_model_repo_set_fields(call->actor.db, from->id, update->fields));
    RC_TRY(rc_model_repo_update(&update->change, call->env, update->moves, call->actor.db,
                                call->pool));
    RC_TRY(rc_call_journal(call, &update->change.to, "user_updated_repo",
                           describe(&update->change, call->pool)));
    return answer(call, update->out, from->id);
}

static rc_err_t *check_uri(rc_call_t *call, void *uri)
{
    rc_remote_policy_t policy = call->env->config->remote;

    policy.work = &call->actor.work;
    return rc_remote_check(&policy, uri, call->pool);
}

/* What may take its time, before the transaction: the lock of the directory, the look at the host.
 */
static rc_err_t *prepare_update(rc_call_t *call, update_t *update)
{
    const rc_repo_t *from;
    const char *uri = rc_arg_text(call, "clone_uri");
    rc_locks_t locks;

    RC_TRY(plan_update(call, update));
    if (rc_arg_given(call, "fields"))
        RC_TRY(rc_model_repo_read_fields(&update->fields, rc_arg_text(call, "fields"), call->pool));
    from = update->change.from;
    if (uri && *uri && (!from->clone_uri || strcmp(uri, from->clone_uri)))
        RC_TRY(rc_call_wait(call, check_uri, (void *)uri));
    if (!strcmp(from->name, update->change.to.name))
        return NULL;
    update->locked_name = from->name;
    return rc_actor_lock_repo(&locks, &call->actor, from);
}

static rc_err_t *update_repo(rc_call_t *call, rc_json_t *out)
{
    update_t update = {.moves = rc_disk_txn_begin(call->env, call->pool), .out = out};
    rc_err_t *err;

    RC_TRY(prepare_update(call, &update));
    err = rc_call_txn(call, update_in_txn, &update);
    rc_disk_txn_end(update.moves, !err);
    if (!err && update.locked_name)
        rc_vcs_pool_forget(call->env->vcs_pool,
                           rc_env_repo_path(call->env, update.locked_name, call->pool));
    return err;
}

/* --- fields --- */

static rc_err_t *answer_success(rc_call_t *call, rc_json_t *out, const char *msg)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", rc_call_text(call, msg));
    rc_json_member_bool(out, "success", true);
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *add_field(rc_call_t *call, rc_json_t *out)
{
    const char *key = rc_arg_text(call, "key"), *label = rc_arg_text(call, "label");
    rc_err_t *err;

    if (!*key)
        return rc_err_failed(call->pool, "a field needs a key");
    err = rc_store_repo_field_insert(call->actor.db, rc_arg_repo(call, "repoid")->id, key,
                                     *label ? label : key, rc_arg_text(call, "description"));
    if (err && err->kind == RC_E_CONFLICT)
        return rc_err(call->pool, RC_E_ARG, "%s",
                      rc_call_text(call, "Field with key `{key}` exists for repo `{repoid}`"));
    RC_TRY(err);
    RC_TRY(rc_call_journal(call, rc_arg_repo(call, "repoid"), "user_updated_repo", NULL));
    return answer_success(call, out, "Added new repository field `{key}`");
}

static rc_err_t *remove_field(rc_call_t *call, rc_json_t *out)
{
    bool deleted;

    RC_TRY(rc_store_repo_field_delete(&deleted, call->actor.db, rc_arg_repo(call, "repoid")->id,
                                      rc_arg_text(call, "key")));
    if (!deleted)
        return rc_err(
            call->pool, RC_E_ARG, "%s",
            rc_call_text(call, "Field with key `{key}` does not exists for repo `{repoid}`"));
    RC_TRY(rc_call_journal(call, rc_arg_repo(call, "repoid"), "user_updated_repo", NULL));
    return answer_success(call, out, "Deleted repository field `{key}`");
}

/* clang-format off */
const rc_method_t rc_methods_repo_edit[] = {
    {"update_repo", update_repo, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT("repoid", RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG("name", RC_NAME, "None"),
               RC_ARG("repo_name", RC_NAME, "None"),
               RC_ARG("owner", RC_ANY, "None"),
               RC_ARG("group", RC_ANY, "None"),
               RC_ARG("fork_of", RC_ANY, "None"),
               RC_ARG("description", RC_TEXT, "None"),
               RC_ARG("private", RC_BOOL, "None"),
               RC_ARG("clone_uri", RC_TEXT, "None"),
               RC_ARG("landing_rev", RC_TEXT, "None"),
               RC_ARG("enable_statistics", RC_BOOL, "None"),
               RC_ARG("enable_locking", RC_BOOL, "None"),
               RC_ARG("enable_downloads", RC_BOOL, "None"),
               RC_ARG("fields", RC_TEXT, "None")),
     "failed to update repo `{repoid}`", "Change, rename or move a repository."},
    {"add_field_to_repo", add_field, RC_ANYONE, RC_WRITES,
     RC_PARAMS(RC_OBJECT("repoid", RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG("key", RC_NAME, RC_REQUIRED),
               RC_ARG("label", RC_TEXT, "''"),
               RC_ARG("description", RC_TEXT, "''")),
     "failed to create new field for repository `{repoid}`", "Add an extra field."},
    {"remove_field_from_repo", remove_field, RC_ANYONE, RC_WRITES,
     RC_PARAMS(RC_OBJECT("repoid", RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG("key", RC_TEXT, RC_REQUIRED)),
     "failed to delete field for repository `{repoid}`", "Remove an extra field."},
    {.name = NULL},
};
/* clang-format on */
