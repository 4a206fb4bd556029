// SPDX-License-Identifier: Apache-2.0
/*
 * Makes a repository, empty, as a clone or as a fork: prepares it in .rc_tmp and inserts its row
 * and permissions (contract 02 create_repo, 01 §5 and §6). Also clone URIs and opening.
 */
#include "domain/repo.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/last_changeset.h"
#include "store/repo_change.h"
#include "store/setting.h"
#include "base/text.h"
#include "store/user.h"

rc_err_t *rc_repo_set_clone_uri(rc_repo_t *repo, const rc_env_t *env, const char *uri,
                                apr_pool_t *pool)
{
    repo->clone_uri = uri ? rc_remote_mask(uri, pool) : NULL;
    repo->clone_uri_sealed = NULL;
    repo->clone_uri_sealed_len = 0;
    if (!uri || !rc_remote_has_password(uri, pool))
        return NULL;
    return rc_secret_seal(&repo->clone_uri_sealed, &repo->clone_uri_sealed_len, env->secret, uri,
                          RC_CLONE_URI_CONTEXT, pool);
}

rc_err_t *rc_repo_clone_uri(const char **uri, const rc_env_t *env, const rc_repo_t *repo,
                            apr_pool_t *pool)
{
    *uri = repo->clone_uri;
    if (!repo->clone_uri_sealed)
        return NULL;
    return rc_secret_unseal(uri, env->secret, repo->clone_uri_sealed, repo->clone_uri_sealed_len,
                            RC_CLONE_URI_CONTEXT, pool);
}

rc_err_t *rc_repo_open(rc_vcs_t **vcs, rc_env_t *env, const rc_repo_t *repo, rc_work_t *work,
                       apr_pool_t *pool)
{
    RC_TRY(rc_vcs_open(vcs, env->vcs_pool, repo->type, rc_env_repo_path(env, repo->name, pool),
                       work, pool));
    rc_vcs_set_patterns(*vcs, repo->branch_patterns ? repo->branch_patterns : RC_SVN_BRANCHES,
                        repo->tag_patterns ? repo->tag_patterns : RC_SVN_TAGS);
    return NULL;
}

static rc_err_t *clone(rc_new_repo_t *repo, rc_env_t *env, const char *dir, const rc_work_t *work,
                       apr_pool_t *pool)
{
    rc_remote_policy_t policy = env->config->remote;

    policy.work_dir = dir;
    policy.work = work;
    policy.origin = &repo->origin;
    return rc_vcs_fetch(repo->row.type, &policy, repo->path, repo->clone_uri, true, pool);
}

static rc_err_t *copy(rc_new_repo_t *repo, const rc_env_t *env, rc_work_t *work, apr_pool_t *pool)
{
    const rc_repo_t *source = repo->source;

    rc_work_set_time(work, env->config->remote.timeout);
    return rc_vcs_copy(source->type, rc_env_repo_path(env, source->name, pool), repo->path, work,
                       pool);
}

static rc_err_t *make_content(rc_new_repo_t *repo, rc_env_t *env, rc_work_t *work, apr_pool_t *pool)
{
    const char *dir;

    RC_TRY(rc_work_dir(&dir, env, pool));
    repo->path = apr_pstrcat(pool, dir, "/new", NULL);
    if (repo->source)
        return copy(repo, env, work, pool);
    RC_TRY(rc_vcs_create(repo->row.type, repo->path, pool));
    return repo->clone_uri ? clone(repo, env, dir, work, pool) : NULL;
}

rc_err_t *rc_repo_prepare(rc_new_repo_t *repo, rc_env_t *env, rc_work_t *work, apr_pool_t *pool)
{
    rc_vcs_t *vcs;

    RC_TRY(make_content(repo, env, work, pool));
    RC_TRY(rc_vcs_open(&vcs, NULL, repo->row.type, repo->path, NULL, pool));
    return rc_last_read(&repo->row.last, vcs, pool);
}

static rc_err_t *make_group(rc_repo_group_t **out, rc_db_t *db, const char *name,
                            apr_int64_t parent_id, apr_pool_t *pool)
{
    rc_repo_group_t *group = apr_pcalloc(pool, sizeof(*group));
    rc_user_t *owner;

    RC_TRY(rc_store_first_admin(&owner, db, pool));
    if (!owner)
        return rc_err_failed(pool, "no super-admin to own the group %s", name);
    group->name = name;
    group->parent_id = parent_id;
    group->owner_id = owner->id;
    group->description = apr_pstrcat(pool, name, " group", NULL);
    RC_TRY(rc_store_repo_group_insert(group, db));
    *out = group;
    return rc_grant_everyone(db, RC_KIND_REPO_GROUP, group->id, false, pool);
}

static bool setting_truth(const char *value)
{
    return value && rc_text_truth(value);
}

rc_err_t *rc_repo_defaults(rc_repo_t *repo, rc_db_t *db, apr_pool_t *pool)
{
    const char *statistics, *locking, *downloads, *private_;

    RC_TRY(rc_store_setting(&statistics, db, "default_repo_enable_statistics", pool));
    RC_TRY(rc_store_setting(&locking, db, "default_repo_enable_locking", pool));
    RC_TRY(rc_store_setting(&downloads, db, "default_repo_enable_downloads", pool));
    RC_TRY(rc_store_setting(&private_, db, "default_repo_private", pool));
    repo->enable_statistics = setting_truth(statistics);
    repo->enable_locking = setting_truth(locking);
    repo->enable_downloads = setting_truth(downloads);
    repo->private_ = setting_truth(private_);
    return NULL;
}

/* Finds the group with this path, or creates it and its missing parents; NULL when @a name is. */
static rc_err_t *need_group(rc_repo_group_t **out, rc_db_t *db, apr_int64_t user_id,
                            const char *name, apr_pool_t *pool)
{
    rc_repo_group_t *parent;
    rc_repo_t *repo;

    *out = NULL;
    if (!name)
        return NULL;
    RC_TRY(rc_store_repo_group_by_name(out, db, rc_viewer_user(user_id), name, pool));
    if (*out)
        return NULL;
    RC_TRY(rc_store_repo_by_name(&repo, db, rc_viewer_user(user_id), name, pool));
    if (repo)
        return rc_err_failed(pool, "%s is a repository, not a group", name);
    RC_TRY(need_group(&parent, db, user_id, rc_repo_name_parent(name, pool), pool));
    return make_group(out, db, name, parent ? parent->id : 0, pool);
}

static rc_err_t *set_permissions(const rc_new_repo_t *repo, rc_db_t *db, apr_pool_t *pool)
{
    const rc_repo_t *row = &repo->row;

    if (repo->copy_permissions && repo->source)
        RC_TRY(rc_rule_copy_repo(db, repo->source->id, row->id));
    else if (repo->copy_permissions && row->group_id)
        RC_TRY(rc_rule_copy_group_to_repo(db, row->group_id, row->id));
    if (repo->copy_permissions && (repo->source || row->group_id) && !row->private_)
        return NULL;
    return rc_grant_everyone(db, RC_KIND_REPO, row->id, row->private_, pool);
}

rc_err_t *rc_repo_insert(rc_new_repo_t *repo, rc_db_t *db, apr_pool_t *pool)
{
    apr_int64_t user_id = repo->row.owner_id; /* look-ups need a user; the level is not used */
    rc_repo_group_t *group, *same;

    RC_TRY(rc_store_repo_group_by_name(&same, db, rc_viewer_user(user_id), repo->row.name, pool));
    if (same)
        return rc_err_failed(pool, "%s is a group", repo->row.name);
    RC_TRY(need_group(&group, db, user_id, rc_repo_name_parent(repo->row.name, pool), pool));
    repo->row.group_id = group ? group->id : 0;
    if (group)
        repo->row.enable_locking = group->enable_locking;
    if (repo->source)
        repo->row.fork_id = repo->source->id;
    repo->row.created_on = apr_time_now();
    RC_TRY(rc_store_repo_insert(&repo->row, db));
    RC_TRY(rc_store_repo_set_origin(db, repo->row.id, &repo->origin));
    RC_TRY(set_permissions(repo, db, pool));
    return rc_store_follow_repo(db, repo->row.owner_id, repo->row.id);
}
