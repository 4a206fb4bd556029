// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that describe, create and pull repositories (contract 02 §5, §2 pull).
 */
#include "../kept.h"
#include "../later.h"
#include "../list.h"

#include <apr_strings.h>

#include "base/text.h"
#include "domain/last_changeset.h"
#include "domain/repo.h"
#include "domain/repo_create.h"
#include "domain/repo_sync.h"

static rc_err_t *render_whole(rc_json_t *out, rc_call_t *call, const void *repo)
{
    return rc_render_repo(out, call, repo, true, call->pool);
}

/* Reading the last commit from the repository can take long, so the rows are loaded again after it.
 * What it has read is shown even when it could not be stored. */
static rc_err_t *render_anew(rc_json_t *out, rc_call_t *call, bool anew)
{
    rc_last_t last = {NULL};
    rc_repo_t repo;

    RC_TRY(rc_repo_look(&last, &call->actor, rc_arg_repo(call, RC_P_REPOID), anew));
    RC_TRY(rc_args_bind(call));
    repo = *rc_arg_repo(call, RC_P_REPOID);
    if (last.state)
        repo.last = last;
    return render_whole(out, call, &repo);
}

static rc_err_t *get_repo(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    bool anew = !rc_arg_bool(call, RC_P_CACHE);

    if (anew || !rc_last_is_current(repo, call->env, call->pool))
        return render_anew(out, call, anew);
    return rc_call_keep(out, call, render_whole, repo);
}

/* Sets *@a root to the name of the group `root`; *readable is false when the caller may not read
 * it. */
static rc_err_t *find_root(const char **root, bool *readable, rc_call_t *call)
{
    json_object *sent = rc_arg_json(call, RC_P_ROOT);
    rc_repo_group_t *group;

    *root = json_object_is_type(sent, json_type_string)
                ? rc_text_clean_path(json_object_get_string(sent), call->pool)
                : NULL;
    *readable = !sent || (*root && !**root);
    if (*readable)
        return NULL;
    RC_TRY(rc_find_repo_group(&group, call, sent));
    *readable = group != NULL;
    if (*readable)
        *root = group->name;
    return NULL;
}

/* A root that the caller may not read is answered as one that does not exist, unless the caller may
 * read repositories below it, whose names reveal it anyway. */
static rc_err_t *get_repos(rc_call_t *call, rc_json_t *out)
{
    rc_repo_list_t list = {.call = call, .out = out};
    rc_repo_range_t range = {.nested = rc_arg_bool(call, RC_P_TRAVERSE)};
    bool readable;

    RC_TRY(find_root(&range.below, &readable, call));
    RC_TRY(rc_list_begin(&range.page, out, call, &rc_list_of_repos));
    RC_TRY(rc_render_repos_begin(&list));
    if (range.below || readable)
        RC_TRY(rc_store_repos_each(call->actor.db, rc_caller_viewer(call->actor.caller), &range,
                                   list.fields, rc_render_listed_repo, &list, call->pool));
    rc_list_end(out);
    if (!readable && !list.count)
        return rc_err(call->pool, RC_E_ARG, "Root repository group `%s` does not exist",
                      rc_arg_sent(call, RC_P_ROOT));
    return NULL;
}

/* Returns the address that the client names in place of clone_uri; NULL for none. */
static const char *sent_uri(const rc_call_t *call)
{
    const char *uri = rc_arg_given_text(call, RC_P_REMOTE_URI);

    return uri && *uri ? uri : NULL;
}

static rc_err_t *pull_later(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    rc_task_order_t order;

    RC_TRY(rc_call_order(&order, call));
    RC_TRY(rc_repo_pull_later(&call->actor, repo, sent_uri(call), &order));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", rc_call_text(call, "Pulling from `{repoid.name}`"));
    rc_json_member_string(out, "repository", repo->name);
    rc_json_member_string(out, "task", order.name);
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *pull(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);

    if (rc_arg_bool(call, RC_P_BACKGROUND))
        return pull_later(call, out);
    RC_TRY(rc_repo_pull(&call->actor, repo, sent_uri(call)));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", apr_psprintf(call->pool, "Pulled from `%s`", repo->name));
    rc_json_member_string(out, "repository", repo->name);
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *plan_repo(rc_call_t *call, void *baton)
{
    rc_repo_creation_t *creation = baton;

    *creation = (rc_repo_creation_t){
        .name = rc_text_clean_path(rc_arg_text(call, RC_P_REPO_NAME), call->pool),
        .type = rc_arg_text(call, RC_P_REPO_TYPE),
        .description = rc_arg_text(call, RC_P_DESCRIPTION),
        .landing_rev = rc_arg_text(call, RC_P_LANDING_REV),
        .clone_uri = rc_arg_text(call, RC_P_CLONE_URI),
        .private_ = rc_arg_flag(call, RC_P_PRIVATE),
        .enable_statistics = rc_arg_flag(call, RC_P_ENABLE_STATISTICS),
        .enable_locking = rc_arg_flag(call, RC_P_ENABLE_LOCKING),
        .enable_downloads = rc_arg_flag(call, RC_P_ENABLE_DOWNLOADS),
        .copy_permissions = rc_arg_bool(call, RC_P_COPY_PERMISSIONS),
    };
    rc_arg_rename(call, RC_P_REPO_NAME, creation->name);
    return rc_arg_owner(&creation->owner, call);
}

#define CREATED "Created new repository `{repo_name}`" /* also of a task that has only begun */

static rc_err_t *answer_created(rc_call_t *call, void *unused)
{
    (void)unused;
    return rc_call_answer_task(call->out, call, CREATED, NULL);
}

static rc_err_t *create_repo(rc_call_t *call, rc_json_t *out)
{
    rc_repo_creation_t creation;
    rc_task_order_t order;

    RC_TRY(rc_call_plan(call, plan_repo, &creation));
    if (rc_arg_bool(call, RC_P_BACKGROUND)) {
        RC_TRY(rc_call_order(&order, call));
        RC_TRY(rc_repo_create_later(&call->actor, &creation, &order));
        return rc_call_answer_task(out, call, CREATED, order.name);
    }
    call->answer = answer_created;
    return rc_repo_create(&call->actor, &creation);
}

/* clang-format off */
const rc_method_t rc_methods_repo[] = {
    {"pull", pull, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT2(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN, "repo"),
               RC_ARG(RC_P_BACKGROUND, RC_BOOL, "False"),
               RC_ARG2(RC_P_REMOTE_URI, RC_TEXT, "None", "clone_uri")),
     "Unable to pull changes from `{repoid.name}`",
     "Fetch from the repository's clone_uri, or from another address."},
    {"get_repo", get_repo, RC_ANYONE, RC_KEPT | RC_RESULTS,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_CACHE, RC_BOOL, "True"),
               RC_ARG(RC_P_WITH_REVISION_NAMES, RC_BOOL, "False"),
               RC_ARG(RC_P_WITH_PULLREQUESTS, RC_BOOL, "False")),
     NULL, "Describe one repository."},
    {"get_repos", get_repos, RC_ANYONE, RC_LISTS,
     RC_PARAMS(RC_ARG(RC_P_ROOT, RC_ANY, "None"),
               RC_ARG(RC_P_TRAVERSE, RC_BOOL, "True"), RC_LIST_PARAMS),
     NULL, "Describe all repositories that the caller may read, or those of one group."},
    {"create_repo", create_repo, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_REPO_NAME, RC_NAME, RC_REQUIRED),
               RC_ARG(RC_P_REPO_TYPE, RC_TEXT, "None"),
               RC_ARG(RC_P_OWNER, RC_ANY, RC_CALLER),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_PRIVATE, RC_BOOL, "False"),
               RC_ARG(RC_P_CLONE_URI, RC_TEXT, "None"),
               RC_ARG(RC_P_LANDING_REV, RC_TEXT, "'rev:tip'"),
               RC_ARG(RC_P_ENABLE_STATISTICS, RC_BOOL, "False"),
               RC_ARG(RC_P_ENABLE_LOCKING, RC_BOOL, "False"),
               RC_ARG(RC_P_ENABLE_DOWNLOADS, RC_BOOL, "False"),
               RC_ARG(RC_P_COPY_PERMISSIONS, RC_BOOL, "False"),
               RC_ARG(RC_P_BACKGROUND, RC_BOOL, "False")),
     "failed to create repository `{repo_name}`", "Create a repository, empty or cloned."},
    {.name = NULL},
};
/* clang-format on */
