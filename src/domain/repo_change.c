// SPDX-License-Identifier: Apache-2.0
/*
 * Changing, renaming and deleting repositories: database and disk together (contract
 * 02 update_repo, delete_repo).
 */
#include "domain/repo.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "store/repo_change.h"
#include "store/user.h"

/* --- update --- */

static rc_err_t *check_name(const rc_repo_t *to, rc_db_t *db, apr_pool_t *pool)
{
    rc_repo_group_t *same;

    RC_TRY(rc_repo_name_check(to->name, pool));
    RC_TRY(rc_store_repo_group_by_name(&same, db, to->owner_id, to->name, pool));
    return same ? rc_err_failed(pool, "%s is a group", to->name) : NULL;
}

/* A repository is no fork of itself, nor of its own forks. */
static rc_err_t *check_parent(const rc_repo_t *to, rc_db_t *db, apr_pool_t *pool)
{
    apr_array_header_t *below;
    int i;

    RC_TRY(rc_store_repo_with_forks(&below, db, to->id, pool));
    for (i = 0; i < below->nelts; i++)
        if (APR_ARRAY_IDX(below, i, rc_named_t).id == to->fork_id)
            return rc_err_failed(pool, "%s would be a fork of itself", to->name);
    return NULL;
}

static rc_err_t *close_to_all(rc_db_t *db, apr_int64_t repo_id, apr_pool_t *pool)
{
    rc_user_t *anyone;

    RC_TRY(rc_store_user_by_name(&anyone, db, "default", pool));
    if (!anyone)
        return NULL;
    return rc_rule_grant_user(db, RC_KIND_REPO, repo_id, anyone->id, RC_NONE);
}

rc_err_t *rc_model_repo_update(const rc_repo_change_t *change, rc_env_t *env, rc_disk_txn_t *moves,
                               rc_db_t *db, apr_pool_t *pool)
{
    const rc_repo_t *from = change->from, *to = &change->to;
    bool renamed = strcmp(from->name, to->name) != 0;

    if (renamed)
        RC_TRY(check_name(to, db, pool));
    if (to->fork_id != from->fork_id)
        RC_TRY(check_parent(to, db, pool));
    RC_TRY(rc_store_repo_update(db, to));
    if (change->close)
        RC_TRY(close_to_all(db, to->id, pool));
    if (!renamed)
        return NULL;
    rc_disk_txn_add(moves, rc_env_repo_path(env, from->name, pool),
                    rc_env_repo_path(env, to->name, pool));
    return rc_disk_txn_apply(moves, db);
}

/* Cuts the next "key=value" off *@a text, with its "\," turned to commas; in place. */
static char *next_field(char **text)
{
    char *field = *text, *in = field, *out = field;

    for (; *in && *in != ','; in++) {
        if (in[0] == '\\' && in[1] == ',')
            in++;
        *out++ = *in;
    }
    *text = *in ? in + 1 : in;
    *out = '\0';
    return field;
}

rc_err_t *rc_model_repo_read_fields(apr_array_header_t **out, const char *text, apr_pool_t *pool)
{
    apr_array_header_t *fields = apr_array_make(pool, 4, sizeof(rc_field_value_t));
    char *rest = apr_pstrdup(pool, text);

    while (*rest) {
        char *field = next_field(&rest), *equals = strchr(field, '=');

        if (!equals)
            continue;
        if (fields->nelts == RC_FIELDS_MOST)
            return rc_err_failed(pool, "more than %d fields", RC_FIELDS_MOST);
        *equals = '\0';
        APR_ARRAY_PUSH(fields, rc_field_value_t) =
            (rc_field_value_t){field + strspn(field, " "), equals + 1};
    }
    *out = fields;
    return NULL;
}

rc_err_t *rc_model_repo_set_fields(rc_db_t *db, apr_int64_t repo_id,
                                   const apr_array_header_t *fields)
{
    int i;

    for (i = 0; i < fields->nelts; i++) {
        const rc_field_value_t *field = &APR_ARRAY_IDX(fields, i, rc_field_value_t);

        RC_TRY(rc_store_repo_field_set(db, repo_id, field->key, field->value));
    }
    return NULL;
}

/* --- delete --- */

rc_err_t *rc_model_repo_doomed(apr_array_header_t **doomed, rc_db_t *db, const rc_repo_t *repo,
                               apr_int64_t user_id, bool with_forks, apr_pool_t *pool)
{
    if (with_forks)
        return rc_store_repo_with_forks_of(doomed, db, user_id, repo->id, pool);
    *doomed = apr_array_make(pool, 1, sizeof(rc_named_t));
    APR_ARRAY_PUSH(*doomed, rc_named_t) = (rc_named_t){repo->id, repo->name};
    return NULL;
}

rc_err_t *rc_model_repo_lock_doomed(rc_locks_t *locks, rc_env_t *env, rc_db_t *db,
                                    const apr_array_header_t *doomed)
{
    bool there;
    int i;

    for (i = 0; i < doomed->nelts; i++) {
        const rc_named_t *repo = &APR_ARRAY_IDX(doomed, i, rc_named_t);

        RC_TRY(rc_model_repo_on_disk(&there, env, db, repo->name, locks->pool));
        if (there)
            RC_TRY(rc_model_repo_lock(locks, env, db, repo->id, repo->name));
    }
    return NULL;
}

/* Where a repository goes when it is deleted; rc_repo_part_usable knows such names. */
static const char *removed_name(const char *name, apr_pool_t *pool)
{
    const char *parent = rc_repo_name_parent(name, pool);
    const char *last = rc_repo_name_removed(RC_REMOVED_REPO, rc_repo_name_last(name), pool);

    return parent ? apr_pstrcat(pool, parent, "/", last, NULL) : last;
}

rc_err_t *rc_model_repo_delete(const apr_array_header_t *doomed, rc_env_t *env,
                               rc_disk_txn_t *moves, rc_db_t *db, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < doomed->nelts; i++) {
        const rc_named_t *repo = &APR_ARRAY_IDX(doomed, i, rc_named_t);
        const char *path = rc_env_repo_path(env, repo->name, pool);

        RC_TRY(rc_store_repo_delete(db, repo->id));
        if (rc_fs_exists(path))
            rc_disk_txn_add(moves, path,
                            rc_env_repo_path(env, removed_name(repo->name, pool), pool));
    }
    return rc_disk_txn_apply(moves, db);
}
