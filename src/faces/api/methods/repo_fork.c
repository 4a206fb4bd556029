// SPDX-License-Identifier: Apache-2.0
/*
 * Forks (contract 02 §5 fork_repo).
 */
#include "../new_repo.h"

#include <string.h>

static rc_err_t *check_free(rc_call_t *call, const char *name)
{
    rc_repo_t *taken;

    RC_TRY(rc_new_repo_taken(&taken, call, name));
    if (!taken)
        return NULL;
    return rc_err(call->pool, RC_E_ARG, "%s `%s` already exist",
                  taken->level && taken->fork_of ? "fork" : "repo", name);
}

/* What was copied must be what the argument names when the row is made. */
static rc_err_t *set_source(rc_call_t *call, rc_new_repo_t *repo)
{
    const rc_repo_t *source = rc_arg_repo(call, "repoid"), *copied = repo->source;

    if (copied && (copied->id != source->id || strcmp(copied->name, source->name)))
        return rc_err_failed(call->pool, "%s became another while it was copied", source->name);
    repo->source = source;
    return NULL;
}

/* The checks in their order, and the row that follows from the arguments. */
static rc_err_t *plan_fork(rc_call_t *call, rc_new_repo_t *repo)
{
    const char *name = rc_repo_name_clean(rc_arg_text(call, "fork_name"), call->pool);
    rc_repo_t *row = &repo->row;

    rc_arg_rename(call, "fork_name", name);
    RC_TRY(rc_new_repo_check_owner(call));
    RC_TRY(rc_new_repo_check_place(call, name));
    RC_TRY(check_free(call, name));
    RC_TRY(rc_new_repo_find_owner(&row->owner_id, call));
    RC_TRY(set_source(call, repo));
    row->name = name;
    row->type = repo->source->type;
    row->landing_rev = rc_arg_text(call, "landing_rev");
    row->description = rc_arg_text(call, "description");
    row->private_ = rc_arg_bool(call, "private");
    repo->copy_permissions = rc_arg_bool(call, "copy_permissions");
    return rc_new_repo_check_texts(call, row);
}

static rc_err_t *fork_repo(rc_call_t *call, rc_json_t *out)
{
    rc_new_repo_t repo = {.row.id = 0};

    RC_TRY(rc_new_repo_make(&repo, call, plan_fork));
    return rc_new_repo_answer(out, call, "Created fork of `{repoid.name}` as `{fork_name}`");
}

/* clang-format off */
const rc_method_t rc_methods_repo_fork[] = {
    {"fork_repo", fork_repo, RC_HOLDERS("hg.fork.repository"), RC_ALONE,
     RC_PARAMS(RC_OBJECT("repoid", RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG("fork_name", RC_NAME, RC_REQUIRED),
               RC_ARG("owner", RC_ANY, RC_CALLER),
               RC_ARG("description", RC_TEXT, "''"),
               RC_ARG("copy_permissions", RC_BOOL, "False"),
               RC_ARG("private", RC_BOOL, "False"),
               RC_ARG("landing_rev", RC_TEXT, "'rev:tip'")),
     "failed to fork repository `{repoid.name}` as `{fork_name}`",
     "Make a repository that is a copy of another one."},
    {.name = NULL},
};
/* clang-format on */
