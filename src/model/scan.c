// SPDX-License-Identifier: Apache-2.0
/*
 * Walking the repository root (contract 02 rescan_repos, 04 §6 duty 8).
 */
#include "rc_scan.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "rc_fs.h"
#include "rc_log.h"
#include "rc_repo_model.h"
#include "rc_user.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A bare repository, as far as names tell; opening it would cost too much here. */
static bool is_repository(const char *path, apr_pool_t *pool)
{
    return rc_fs_exists(apr_pstrcat(pool, path, "/HEAD", NULL)) &&
           rc_fs_exists(apr_pstrcat(pool, path, "/objects", NULL)) &&
           rc_fs_exists(apr_pstrcat(pool, path, "/refs", NULL));
}

static rc_err_t *walk(apr_array_header_t *names, const char *root, const char *prefix,
                      apr_pool_t *pool)
{
    apr_finfo_t entry;
    apr_dir_t *dir;
    apr_status_t rv = apr_dir_open(&dir, apr_pstrcat(pool, root, "/", prefix, NULL), pool);

    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot read %s/%s", root, prefix);
    while (apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        const char *name = apr_pstrcat(pool, prefix, entry.name, NULL);

        if (entry.filetype != APR_DIR || *entry.name == '.' || !rc_repo_part_usable(entry.name))
            continue;
        if (is_repository(apr_pstrcat(pool, root, "/", name, NULL), pool))
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

typedef struct addition_t {
    const char *name;
    apr_int64_t owner_id;
    apr_pool_t *pool;
} addition_t;

static rc_err_t *add_one(void *baton, rc_db_t *db)
{
    addition_t *addition = baton;
    rc_new_repo_t repo = {.row = {.name = addition->name,
                                  .type = "git",
                                  .owner_id = addition->owner_id,
                                  .landing_rev = "rev:tip"}};

    repo.row.description =
        apr_pstrcat(addition->pool, rc_repo_name_last(addition->name), " repository", NULL);
    return rc_model_repo_insert(&repo, db, addition->pool);
}

rc_err_t *rc_model_scan_add(apr_array_header_t **added, rc_env_t *env, rc_db_t *db,
                            apr_pool_t *pool)
{
    apr_array_header_t *names;
    rc_user_t *owner;
    int i;

    *added = apr_array_make(pool, 8, sizeof(const char *));
    RC_TRY(rc_model_scan(&names, env, pool));
    RC_TRY(rc_store_first_admin(&owner, db, pool));
    for (i = 0; i < names->nelts && owner; i++) {
        addition_t addition = {APR_ARRAY_IDX(names, i, const char *), owner->id, pool};
        rc_repo_t *known;

        RC_TRY(rc_store_repo_by_name(&known, db, owner->id, addition.name, pool));
        if (known || !rc_repo_name_usable(addition.name))
            continue;
        RC_TRY(rc_db_txn(db, add_one, &addition));
        APR_ARRAY_PUSH(*added, const char *) = addition.name;
    }
    return NULL;
}
