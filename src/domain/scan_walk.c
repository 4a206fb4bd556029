// SPDX-License-Identifier: Apache-2.0
/*
 * Walks the repository root and lists which directories are repositories, and which ones look like
 * a repository but cannot be served, with the reason.
 */
#include "domain/scan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "domain/repo.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const rc_skipped_t *)a)->name, ((const rc_skipped_t *)b)->name);
}

static rc_detected_t detect(const char *path, apr_pool_t *pool)
{
    rc_detected_t detected;

    rc_vcs_detect(&detected, path, pool);
    return detected;
}

bool rc_is_repository(const char *path, apr_pool_t *pool)
{
    return detect(path, pool).found >= RC_FOUND_HOOKED;
}

const char *rc_near_miss(const char *path, apr_pool_t *pool)
{
    return detect(path, pool).why;
}

bool rc_could_be_repository(const char *path, apr_pool_t *pool)
{
    rc_found_t found = detect(path, pool).found;

    return found >= RC_FOUND_HOOKED || found == RC_FOUND_DAMAGED;
}

bool rc_holds_repository(const char *path, apr_pool_t *pool)
{
    return detect(path, pool).found >= RC_FOUND_UNUSABLE;
}

typedef struct folder_walk_t {
    rc_scan_t *scan;
    const char *root;
    bool hooks; /* programs of repositories may run */
    apr_pool_t *pool;
} folder_walk_t;

static void skip(folder_walk_t *walk, const char *name, const char *why)
{
    *(rc_skipped_t *)apr_array_push(walk->scan->skipped) = (rc_skipped_t){name, why};
}

static rc_err_t *read_folder(folder_walk_t *walk, const char *prefix);

static rc_err_t *look_at(folder_walk_t *walk, const char *name)
{
    const char *path = apr_pstrcat(walk->pool, walk->root, "/", name, NULL), *why;
    rc_detected_t detected = detect(path, walk->pool);

    if (detected.found == RC_FOUND_HOOKED && walk->hooks)
        detected.found = RC_FOUND_REPOSITORY;
    if (detected.found == RC_FOUND_REPOSITORY) {
        if ((why = rc_repo_name_problem(name)))
            skip(walk, name, apr_pstrcat(walk->pool, "the name ", why, "; rename it", NULL));
        else
            APR_ARRAY_PUSH(walk->scan->names, const char *) = name;
        return NULL;
    }
    if (detected.found == RC_FOUND_UNUSABLE || detected.found == RC_FOUND_HOOKED) {
        skip(walk, name, detected.why);
        return NULL;
    }
    return read_folder(walk, apr_pstrcat(walk->pool, name, "/", NULL));
}

/* Ignores files, hidden directories and removed repositories. Links to directories are listed as
 * skipped. */
static rc_err_t *look_at_entry(folder_walk_t *walk, const char *prefix, const apr_finfo_t *entry)
{
    const char *name = apr_pstrcat(walk->pool, prefix, entry->name, NULL);
    struct stat st;

    if (!rc_repo_part_usable(entry->name))
        return NULL;
    if (entry->filetype == APR_DIR)
        return look_at(walk, name);
    if (entry->filetype == APR_LNK &&
        !stat(apr_pstrcat(walk->pool, walk->root, "/", name, NULL), &st) && S_ISDIR(st.st_mode))
        skip(walk, name, "a symbolic link; move the folder here, or mount it");
    return NULL;
}

static rc_err_t *read_folder(folder_walk_t *walk, const char *prefix)
{
    const char *path = apr_pstrcat(walk->pool, walk->root, "/", prefix, NULL);
    apr_finfo_t entry;
    apr_dir_t *dir;
    char why[120];
    apr_status_t rv = apr_dir_open(&dir, path, walk->pool);

    if (rv != APR_SUCCESS && !*prefix)
        return rc_fs_status(walk->pool, rv, "read", path);
    if (rv != APR_SUCCESS && strcmp(prefix, "lost+found/")) /* that of the file system is ignored */
        skip(walk, apr_pstrmemdup(walk->pool, prefix, strlen(prefix) - 1),
             apr_psprintf(walk->pool, "%s (%s)", apr_strerror(rv, why, sizeof(why)),
                          rc_fs_rights(path, walk->pool)));
    if (rv != APR_SUCCESS)
        return NULL;
    while (apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS)
        RC_TRY(look_at_entry(walk, prefix, &entry));
    apr_dir_close(dir);
    return NULL;
}

rc_err_t *rc_scan_root(rc_scan_t *scan, const rc_env_t *env, apr_pool_t *pool)
{
    folder_walk_t walk = {scan, env->config->repo_root, env->config->svn_hooks, pool};

    scan->names = apr_array_make(pool, 32, sizeof(const char *));
    scan->skipped = apr_array_make(pool, 4, sizeof(rc_skipped_t));
    RC_TRY(read_folder(&walk, ""));
    qsort(scan->names->elts, (size_t)scan->names->nelts, sizeof(const char *), by_text);
    qsort(scan->skipped->elts, (size_t)scan->skipped->nelts, sizeof(rc_skipped_t), by_name);
    return NULL;
}
