// SPDX-License-Identifier: Apache-2.0
/*
 * Making, describing and pulling repositories (contract 02 §2 pull, §5).
 */
#include "../method.h"

#include <apr_strings.h>

#include "domain/last_changeset.h"
#include "domain/repo.h"
#include "domain/repo_create.h"
#include "base/log.h"

typedef struct look_t {
    const rc_repo_t *repo;
    rc_work_t *work; /* what the look may cost; NULL: whatever it does */
    bool anyway;     /* read, whether the references moved or not */
    rc_last_t last;
} look_t;

static rc_err_t *look(rc_call_t *call, void *baton)
{
    look_t *look = baton;
    rc_vcs_t *vcs;

    RC_TRY(rc_model_repo_open(&vcs, call->env, look->repo, look->work, call->pool));
    if (look->anyway)
        return rc_last_read(&look->last, vcs, call->pool);
    return rc_last_if_moved(&look->last, vcs, look->repo, call->pool);
}

rc_err_t *rc_call_refresh(rc_call_t *call, const rc_repo_t *repo, const char *action,
                          const char *what)
{
    /* what is stored of a repository that was written to shall be true, whatever it costs */
    look_t the = {.repo = repo, .anyway = true};

    RC_TRY(rc_call_away(call, look, &the));
    RC_TRY(rc_db_begin_write(call->actor.db));
    RC_TRY(rc_store_repo_set_last(call->actor.db, repo, &the.last));
    if (action)
        RC_TRY(rc_call_journal(call, repo, action, what));
    return rc_db_commit(call->actor.db);
}

/* Reads what is newer than the stored copy, and stores it. A repository that cannot be read, or a
 * database that is busy, is for the log: the copy is answered. */
static rc_err_t *notice(rc_last_t *last, rc_call_t *call)
{
    look_t the = {.repo = rc_arg_repo(call, RC_P_REPOID), .work = &call->actor.work};
    rc_err_t *err = rc_call_away(call, look, &the);

    if (!call->actor.db)
        return err;
    if (!err && the.last.state)
        err = rc_last_keep(call->actor.db, the.repo, &the.last);
    if (err)
        rc_log(RC_LOG_WARNING, err->cause, "last changeset of %s: %s", the.repo->name,
               rc_err_log_text(err, call->pool));
    *last = the.last;
    return NULL;
}

/* Opens the repository, which may take a while: no transaction is open meanwhile. */
static rc_err_t *look_again(rc_last_t *last, rc_call_t *call)
{
    RC_TRY(rc_db_commit(call->actor.db));
    if (rc_arg_bool(call, RC_P_CACHE))
        RC_TRY(notice(last, call));
    else
        RC_TRY(rc_call_refresh(call, rc_arg_repo(call, RC_P_REPOID), NULL, NULL));
    RC_TRY(rc_db_begin_read(call->actor.db));
    return rc_args_bind(call);
}

static rc_err_t *get_repo(rc_call_t *call, rc_json_t *out)
{
    rc_last_t last = {NULL};
    rc_repo_t repo;

    if (!rc_arg_bool(call, RC_P_CACHE) ||
        !rc_last_is_current(rc_arg_repo(call, RC_P_REPOID), call->env, call->pool))
        RC_TRY(look_again(&last, call));
    repo = *rc_arg_repo(call, RC_P_REPOID);
    if (last.state) /* also when it could not be stored */
        repo.last = last;
    return rc_render_repo(out, call, &repo, true, call->pool);
}

/* The group `root` by its name; *readable is false when the caller may not see it. */
static rc_err_t *find_root(const char **root, bool *readable, rc_call_t *call)
{
    json_object *sent = rc_arg_json(call, RC_P_ROOT);
    rc_repo_group_t *group;

    *root = json_object_is_type(sent, json_type_string)
                ? rc_repo_name_clean(json_object_get_string(sent), call->pool)
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

/* A root that the caller may not see is one that does not exist, unless repositories below it that
 * are theirs to read tell its name anyway. */
static rc_err_t *get_repos(rc_call_t *call, rc_json_t *out)
{
    rc_repo_list_t list = {.call = call, .out = out};
    rc_repo_range_t range = {.nested = rc_arg_bool(call, RC_P_TRAVERSE)};
    bool readable;

    RC_TRY(find_root(&range.below, &readable, call));
    RC_TRY(rc_render_repos_begin(&list));
    if (range.below || readable)
        RC_TRY(rc_store_repos_each(call->actor.db, call->actor.caller->user_id, &range,
                                   rc_render_listed_repo, &list, call->pool));
    rc_render_repos_end(&list);
    if (!readable && !list.count)
        return rc_err(call->pool, RC_E_ARG, "Root repository group `%s` does not exist",
                      rc_arg_sent(call, RC_P_ROOT));
    return NULL;
}

static rc_err_t *fetch(rc_call_t *call, void *baton)
{
    return rc_model_pull(baton, call->pool);
}

rc_err_t *rc_call_pull(rc_call_t *call, const rc_repo_t *repo)
{
    rc_locks_t locks;
    rc_pull_t pull;

    RC_TRY(rc_actor_place(&call->actor));
    RC_TRY(rc_actor_lock_repo(&locks, &call->actor, repo));
    RC_TRY(rc_model_pull_begin(&pull, call->env, &locks, repo, &call->actor.work, call->pool));
    RC_TRY(rc_call_wait(call, fetch, &pull));
    return rc_call_refresh(call, repo, "push_remote", NULL);
}

static rc_err_t *pull(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);

    RC_TRY(rc_call_pull(call, repo));
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
        .name = rc_repo_name_clean(rc_arg_text(call, RC_P_REPO_NAME), call->pool),
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

static rc_err_t *create_repo(rc_call_t *call, rc_json_t *out)
{
    rc_repo_creation_t creation;

    RC_TRY(rc_call_plan(call, plan_repo, &creation));
    RC_TRY(rc_repo_create(&call->actor, &creation));
    return rc_call_answer_task(out, call, "Created new repository `{repo_name}`");
}

/* clang-format off */
const rc_method_t rc_methods_repo[] = {
    {"pull", pull, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT2(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN, "repo")),
     "Unable to pull changes from `{repoid.name}`", "Fetch from the repository's clone_uri."},
    {"get_repo", get_repo, RC_ANYONE, 0,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_CACHE, RC_BOOL, "True")),
     NULL, "Describe one repository."},
    {"get_repos", get_repos, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_ROOT, RC_ANY, "None"),
               RC_ARG(RC_P_TRAVERSE, RC_BOOL, "True")),
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
               RC_ARG(RC_P_COPY_PERMISSIONS, RC_BOOL, "False")),
     "failed to create repository `{repo_name}`", "Create a repository, empty or cloned."},
    {.name = NULL},
};
/* clang-format on */
