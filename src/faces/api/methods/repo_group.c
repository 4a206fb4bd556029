// SPDX-License-Identifier: Apache-2.0
/*
 * The methods for repository groups: get, list, create, update (contract 02 §7), delete (§10).
 */
#include "../list.h"

#include <apr_strings.h>

#include "base/text.h"
#include "store/group.h"
#include "domain/repo_group.h"
#include "domain/repo.h"

static rc_err_t *get_repo_group(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_group_t *group = rc_arg_repo_group(call, RC_P_REPOGROUPID);
    apr_array_header_t *repos;

    RC_TRY(rc_store_repo_group_repos(&repos, call->actor.db, rc_caller_viewer(call->actor.caller),
                                     group->id, call->pool));
    return rc_render_repo_group(out, call, group, repos, true);
}

typedef struct repo_group_list_t {
    rc_json_t *out;
    rc_call_t *call;
} repo_group_list_t;

static rc_err_t *write_group(void *baton, const rc_repo_group_t *group,
                             const apr_array_header_t *repos)
{
    repo_group_list_t *list = baton;

    return rc_render_repo_group(list->out, list->call, group, repos, false);
}

static rc_err_t *get_repo_groups(rc_call_t *call, rc_json_t *out)
{
    repo_group_list_t list = {out, call};
    rc_slice_t page;

    RC_TRY(rc_list_begin(&page, out, call, &rc_list_of_repo_groups));
    RC_TRY(rc_store_repo_groups_each(call->actor.db, rc_caller_viewer(call->actor.caller), &page,
                                     rc_json_wants(out, "repositories"), write_group, &list,
                                     call->pool));
    rc_list_end(out);
    return NULL;
}

/* Writes the group as it is after the change, at the end of the transaction. */
static rc_err_t *answer(rc_call_t *call, apr_int64_t id, const char *before, const char *after)
{
    rc_viewer_t viewer = rc_caller_viewer(call->actor.caller);
    rc_json_t *out = call->out;
    apr_array_header_t *repos;
    rc_repo_group_t *group;

    RC_TRY(rc_store_repo_group_by_id(&group, call->actor.db, viewer, id, call->pool));
    RC_TRY(rc_store_repo_group_repos(&repos, call->actor.db, viewer, id, call->pool));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", apr_pstrcat(call->pool, before, group->name, after, NULL));
    rc_json_key(out, "repo_group");
    RC_TRY(rc_render_repo_group(out, call, group, repos, false));
    rc_json_object_end(out);
    return NULL;
}

/* Joins the name and the argument `parent`, which Kallithea's clients send separately. */
static rc_err_t *plan_creation(rc_call_t *call, void *baton)
{
    rc_repo_group_creation_t *creation = baton;
    const char *name = rc_text_clean_path(rc_arg_text(call, RC_P_GROUP_NAME), call->pool);
    rc_repo_group_t *parent;

    *creation = (rc_repo_group_creation_t){
        .description = rc_arg_text(call, RC_P_DESCRIPTION),
        .copy_permissions = rc_arg_bool(call, RC_P_COPY_PERMISSIONS),
    };
    if (rc_arg_given(call, RC_P_PARENT) && *rc_arg_sent(call, RC_P_PARENT)) {
        RC_TRY(rc_find_repo_group(&parent, call, rc_arg_json(call, RC_P_PARENT)));
        creation->parent_sent = rc_arg_sent(call, RC_P_PARENT);
        creation->parent = parent;
        if (parent)
            name = apr_pstrcat(call->pool, parent->name, "/", name, NULL);
    }
    creation->name = name;
    if (!creation->parent_sent || creation->parent)
        rc_arg_rename(call, RC_P_GROUP_NAME, name);
    return rc_arg_owner(&creation->owner, call);
}

static rc_err_t *answer_creation(rc_call_t *call, void *baton)
{
    const rc_repo_group_creation_t *creation = baton;

    return answer(call, creation->id, "Created new repo group `", "`");
}

static rc_err_t *create_repo_group(rc_call_t *call, rc_json_t *out)
{
    rc_repo_group_creation_t creation;

    (void)out;
    RC_TRY(rc_call_plan(call, plan_creation, &creation));
    call->answer = answer_creation;
    return rc_repo_group_create(&call->actor, &creation);
}

static rc_err_t *plan_update(rc_call_t *call, void *baton)
{
    rc_repo_group_update_t *update = baton;
    rc_repo_group_t *parent;

    *update = (rc_repo_group_update_t){
        .group = rc_arg_repo_group(call, RC_P_REPOGROUPID),
        .may_move = rc_arg_present(call, RC_P_GROUP_NAME) || rc_arg_present(call, RC_P_PARENT),
        .last = rc_arg_given_text(call, RC_P_GROUP_NAME),
        .description = rc_arg_given_text(call, RC_P_DESCRIPTION),
        .enable_locking = rc_arg_flag(call, RC_P_ENABLE_LOCKING),
    };
    if (rc_arg_present(call, RC_P_PARENT))
        update->parent_sent = rc_arg_given(call, RC_P_PARENT) ? rc_arg_sent(call, RC_P_PARENT) : "";
    if (update->parent_sent && *update->parent_sent) {
        RC_TRY(rc_find_repo_group(&parent, call, rc_arg_json(call, RC_P_PARENT)));
        update->parent = parent;
    }
    return rc_arg_owner(&update->owner, call);
}

static rc_err_t *answer_update(rc_call_t *call, void *baton)
{
    const rc_repo_group_update_t *update = baton;

    return answer(call, update->group->id,
                  apr_psprintf(call->pool, "updated repository group ID:%" APR_INT64_T_FMT " ",
                               update->group->id),
                  "");
}

static rc_err_t *update_repo_group(rc_call_t *call, rc_json_t *out)
{
    rc_repo_group_update_t update;

    (void)out;
    RC_TRY(rc_call_plan(call, plan_update, &update));
    call->answer = answer_update;
    return rc_repo_group_update(&call->actor, &update);
}

static rc_err_t *plan_deletion(rc_call_t *call, void *baton)
{
    rc_repo_group_deletion_t *deletion = baton;

    deletion->group = rc_arg_repo_group(call, RC_P_REPOGROUPID);
    return NULL;
}

static rc_err_t *delete_repo_group(rc_call_t *call, rc_json_t *out)
{
    rc_repo_group_deletion_t deletion;

    RC_TRY(rc_call_plan(call, plan_deletion, &deletion));
    RC_TRY(rc_repo_group_delete(&call->actor, &deletion));
    rc_json_object_begin(out);
    rc_json_member_string(
        out, "msg",
        rc_call_text(call, "deleted repo group ID:{repogroupid.id} {repogroupid.name}"));
    rc_json_member_null(out, "repo_group");
    rc_json_object_end(out);
    return NULL;
}

#define GROUP(level) RC_OBJECT(RC_P_REPOGROUPID, RC_REPO_GROUP, RC_REQUIRED, level)

/* clang-format off */
const rc_method_t rc_methods_repo_group[] = {
    {"get_repo_group", get_repo_group, RC_ANYONE, 0, RC_PARAMS(GROUP(RC_READ)),
     NULL, "Describe a repository group, its repositories and rights on it."},
    {"get_repo_groups", get_repo_groups, RC_ANYONE, RC_LISTS, RC_PARAMS(RC_LIST_PARAMS),
     NULL, "Describe all repository groups that the caller may read."},
    {"create_repo_group", create_repo_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_GROUP_NAME, RC_NAME, RC_REQUIRED),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_OWNER, RC_ANY, RC_CALLER),
               RC_ARG(RC_P_PARENT, RC_ANY, "None"),
               RC_ARG(RC_P_COPY_PERMISSIONS, RC_BOOL, "False")),
     "failed to create repo group `{group_name}`", "Create a repository group."},
    {"update_repo_group", update_repo_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(GROUP(RC_ADMIN),
               RC_ARG(RC_P_GROUP_NAME, RC_NAME, "None"),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "None"),
               RC_ARG(RC_P_OWNER, RC_ANY, "None"),
               RC_ARG(RC_P_PARENT, RC_ANY, "None"),
               RC_ARG(RC_P_ENABLE_LOCKING, RC_BOOL, "None")),
     "failed to update repository group `{repogroupid}`",
     "Change, rename or move a repository group."},
    {"delete_repo_group", delete_repo_group, RC_ANYONE, RC_ALONE, RC_PARAMS(GROUP(RC_ADMIN)),
     "failed to delete repo group ID:{repogroupid.id} {repogroupid.name}",
     "Delete an empty repository group."},
    {.name = NULL},
};
/* clang-format on */
