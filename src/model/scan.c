// SPDX-License-Identifier: Apache-2.0
/*
 * Walking the repository root (contract 02 rescan_repos, 04 §6 duty 8), and making the database
 * follow it.
 */
#include "rc_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "rc_fs.h"
#include "rc_log.h"
#include "rc_moves.h"
#include "rc_repo_change.h"
#include "rc_repo_model.h"
#include "rc_text.h"
#include "rc_user.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A folder HEAD is a repository of that name in a group. */
static bool has_head(const char *path, apr_pool_t *pool)
{
    struct stat st;

    return !lstat(apr_pstrcat(pool, path, "/HEAD", NULL), &st) && !S_ISDIR(st.st_mode);
}

static bool has_folders(const char *path, apr_pool_t *pool)
{
    return rc_fs_exists(apr_pstrcat(pool, path, "/objects", NULL)) &&
           rc_fs_exists(apr_pstrcat(pool, path, "/refs", NULL));
}

static bool is_git_folder(const char *path, apr_pool_t *pool)
{
    return has_head(path, pool) && has_folders(path, pool);
}

bool rc_model_could_be_repository(const char *path, apr_pool_t *pool)
{
    return has_folders(path, pool) || has_folders(apr_pstrcat(pool, path, "/.git", NULL), pool);
}

bool rc_model_is_repository(const char *path, apr_pool_t *pool)
{
    return is_git_folder(path, pool) || is_git_folder(apr_pstrcat(pool, path, "/.git", NULL), pool);
}

static rc_err_t *walk(apr_array_header_t *names, const char *root, const char *prefix,
                      apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, root, "/", prefix, NULL);
    apr_finfo_t entry;
    apr_dir_t *dir;
    apr_status_t rv = apr_dir_open(&dir, path, pool);

    if (rv != APR_SUCCESS && !*prefix)
        return rc_err_internal(pool, rv, "cannot read %s", path);
    if (rv != APR_SUCCESS) { /* lost+found, or gone meanwhile */
        rc_log(RC_LOG_WARNING, rv, "cannot read %s", path);
        return NULL;
    }
    while (apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        const char *name = apr_pstrcat(pool, prefix, entry.name, NULL);

        if (entry.filetype != APR_DIR || !rc_repo_part_usable(entry.name))
            continue;
        if (rc_model_is_repository(apr_pstrcat(pool, root, "/", name, NULL), pool))
            APR_ARRAY_PUSH(names, const char *) = name;
        else
            RC_TRY(walk(names, root, apr_pstrcat(pool, name, "/", NULL), pool));
    }
    apr_dir_close(dir);
    return NULL;
}

rc_err_t *rc_model_scan(apr_array_header_t **names, const rc_env_t *env, apr_pool_t *pool)
{
    *names = apr_array_make(pool, 32, sizeof(const char *));
    RC_TRY(walk(*names, env->config->repo_root, "", pool));
    qsort((*names)->elts, (size_t)(*names)->nelts, sizeof(const char *), by_text);
    return NULL;
}

/* --- adding --- */

typedef struct addition_t {
    rc_new_repo_t repo;
    rc_env_t *env;
    const rc_actor_t *actor;
    apr_pool_t *pool;
    bool done;
} addition_t;

/* Git's own text for a new repository says nothing. */
static const char *read_description(const char *path, const char *name, apr_pool_t *pool)
{
    const char *const places[] = {"/description", "/.git/description"};
    char line[1024];
    int i;

    for (i = 0; i < 2; i++) {
        FILE *file = fopen(apr_pstrcat(pool, path, places[i], NULL), "re");
        size_t len = file ? fread(line, 1, sizeof(line) - 1, file) : 0;
        const char *text = line;

        if (file)
            fclose(file);
        while (len && isspace((unsigned char)line[len - 1]))
            len--;
        line[len] = '\0';
        while (isspace((unsigned char)*text))
            text++;
        if (*text && strncmp(text, "Unnamed repository", 18))
            return rc_utf8_repair(apr_pstrdup(pool, text), pool);
    }
    return apr_pstrcat(pool, name, " repository", NULL);
}

/* Under the write lock nobody is half-way through a change: look again. */
static rc_err_t *add_one(void *baton, rc_db_t *db)
{
    addition_t *addition = baton;
    rc_repo_t *row = &addition->repo.row, *known;
    apr_pool_t *pool = addition->pool;

    RC_TRY(rc_store_repo_by_name(&known, db, row->owner_id, row->name, pool));
    if (known || !rc_model_is_repository(rc_env_repo_path(addition->env, row->name, pool), pool))
        return NULL;
    RC_TRY(rc_model_repo_defaults(row, db, pool));
    addition->done = true;
    RC_TRY(rc_model_repo_insert(&addition->repo, db, pool));
    return rc_store_journal_add(db, addition->actor, row->id, row->name, "admin_created_repo");
}

static rc_err_t *prepare_one(addition_t *addition, rc_changeset_json_fn *changeset_json)
{
    rc_repo_t *row = &addition->repo.row;
    const char *path = rc_env_repo_path(addition->env, row->name, addition->pool);
    rc_commit_t *last;
    rc_vcs_t *vcs;

    row->type = "git";
    row->landing_rev = "rev:tip";
    row->description = read_description(path, row->name, addition->pool);
    RC_TRY(rc_vcs_open(&vcs, NULL, row->type, path, NULL, addition->pool));
    RC_TRY(rc_vcs_last_commit(&last, vcs, addition->pool));
    return changeset_json(&row->last_changeset, last, addition->env, addition->pool);
}

/* Adds what is called @a name unless it is known; what is damaged or cannot be is left out. */
static rc_err_t *add_name(bool *done, addition_t *addition, rc_db_t *db,
                          rc_changeset_json_fn *changeset_json)
{
    const rc_repo_t *row = &addition->repo.row;
    rc_repo_t *known;
    rc_err_t *err;

    *done = false;
    RC_TRY(rc_store_repo_by_name(&known, db, row->owner_id, row->name, addition->pool));
    if (known || !rc_repo_name_usable(row->name))
        return NULL;
    if (!(err = prepare_one(addition, changeset_json)))
        err = rc_db_txn(db, add_one, addition);
    *done = !err && addition->done;
    if (err && err->kind != RC_E_BUSY)
        rc_log(RC_LOG_WARNING, err->cause, "%s is not added: %s", row->name,
               rc_err_log_text(err, addition->pool));
    return err && err->kind == RC_E_BUSY ? err : NULL;
}

rc_err_t *rc_model_scan_add(apr_array_header_t **added, rc_env_t *env, rc_db_t *db,
                            const rc_actor_t *actor, rc_changeset_json_fn *changeset_json,
                            apr_pool_t *pool)
{
    apr_array_header_t *names;
    apr_pool_t *scratch;
    rc_user_t *owner;
    bool done;
    int i;

    *added = apr_array_make(pool, 8, sizeof(const char *));
    RC_TRY(rc_moves_settle(&done, env, db, pool)); /* what a crash left half done is not new */
    RC_TRY(rc_model_scan(&names, env, pool));
    RC_TRY(rc_store_first_admin(&owner, db, pool));
    apr_pool_create(&scratch, pool);
    for (i = 0; i < names->nelts && owner; i++) {
        addition_t addition = {.env = env, .actor = actor, .pool = scratch};

        apr_pool_clear(scratch);
        addition.repo.row.name = APR_ARRAY_IDX(names, i, const char *);
        addition.repo.row.owner_id = owner->id;
        RC_TRY(add_name(&done, &addition, db, changeset_json));
        if (done)
            APR_ARRAY_PUSH(*added, const char *) = addition.repo.row.name;
    }
    apr_pool_destroy(scratch);
    return NULL;
}

/* --- removing --- */

typedef struct removal_t {
    apr_array_header_t *removed;
    const rc_env_t *env;
    const rc_actor_t *actor;
    apr_pool_t *pool;
} removal_t;

/* Only what is certainly not there; what cannot be looked at stays. */
static bool is_gone(const char *path)
{
    struct stat st;

    return stat(path, &st) && (errno == ENOENT || errno == ENOTDIR);
}

static bool repo_is_gone(const char *path, apr_pool_t *pool)
{
    return is_gone(apr_pstrcat(pool, path, "/HEAD", NULL)) &&
           is_gone(apr_pstrcat(pool, path, "/.git/HEAD", NULL));
}

static rc_err_t *remove_repos(removal_t *removal, rc_db_t *db)
{
    apr_array_header_t *repos;
    int i;

    RC_TRY(rc_store_repo_names(&repos, db, removal->pool));
    for (i = 0; i < repos->nelts; i++) {
        const rc_named_t *repo = &APR_ARRAY_IDX(repos, i, rc_named_t);

        if (!repo_is_gone(rc_env_repo_path(removal->env, repo->name, removal->pool), removal->pool))
            continue;
        RC_TRY(
            rc_store_journal_add(db, removal->actor, repo->id, repo->name, "admin_deleted_repo"));
        RC_TRY(rc_store_repo_delete(db, repo->id));
        APR_ARRAY_PUSH(removal->removed, const char *) = repo->name;
    }
    return NULL;
}

static rc_err_t *remove_groups(removal_t *removal, rc_db_t *db)
{
    apr_array_header_t *groups;
    bool deleted;
    int i;

    RC_TRY(rc_store_repo_groups_deepest(&groups, db, removal->pool));
    for (i = 0; i < groups->nelts; i++) {
        const rc_named_t *group = &APR_ARRAY_IDX(groups, i, rc_named_t);

        if (!is_gone(rc_env_repo_path(removal->env, group->name, removal->pool)))
            continue;
        RC_TRY(rc_store_repo_group_delete_empty(&deleted, db, group->id));
        if (deleted)
            APR_ARRAY_PUSH(removal->removed, const char *) = group->name;
    }
    return NULL;
}

static rc_err_t *remove_all(void *baton, rc_db_t *db)
{
    removal_t *removal = baton;

    /* A root that is not there, perhaps not mounted, does not mean that all is gone. */
    if (is_gone(removal->env->work_dir))
        return rc_err_internal(removal->pool, APR_ENOENT, "%s is gone", removal->env->work_dir);
    RC_TRY(remove_repos(removal, db));
    return remove_groups(removal, db);
}

rc_err_t *rc_model_scan_remove(apr_array_header_t **removed, rc_env_t *env, rc_db_t *db,
                               const rc_actor_t *actor, apr_pool_t *pool)
{
    removal_t removal = {apr_array_make(pool, 8, sizeof(const char *)), env, actor, pool};

    *removed = removal.removed;
    return rc_db_txn(db, remove_all, &removal);
}
