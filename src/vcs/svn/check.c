// SPDX-License-Identifier: Apache-2.0
/*
 * Checks a Subversion repository for damage: whether it can be opened, and whether its last
 * revision can be read. It does not walk the history; `svnadmin verify` does. It repairs what a
 * backup that was made during a commit lacks.
 */
#include "svn.h"

#include <string.h>

#include <apr_strings.h>

#include <svn_dirent_uri.h>

#include "base/fs.h"

#define VERIFY "`svnadmin verify %s` says what is damaged; restore it from a backup"

rc_err_t *rc_svn_check(const char **problem, const char *path, apr_pool_t *pool)
{
    const char *why = NULL;
    rc_found_t found = rc_svn_detect(&why, path, pool);
    apr_int64_t last, there;

    *problem = NULL;
    if (found == RC_FOUND_UNUSABLE) /* whether hooks may run is the server's setting */
        *problem = apr_pstrcat(pool, "it is ", why, NULL);
    else if (rc_svn_lacks_last(&last, &there, path, pool))
        *problem =
            apr_psprintf(pool,
                         "db/current names revision %" APR_INT64_T_FMT
                         ", which is missing: --repair names %" APR_INT64_T_FMT ", the last one",
                         last, there);
    if (*problem || found < RC_FOUND_HOOKED)
        return NULL;
    RC_TRY(rc_svn_inspect(problem, path, pool));
    if (*problem)
        *problem = apr_pstrcat(pool, "it is ", *problem, "; restore that file from a backup", NULL);
    return NULL;
}

/* Replaces db/current by a rename, as libsvn does. */
static rc_err_t *write_current(const char *path, apr_int64_t rev, apr_pool_t *pool)
{
    const char *current = apr_pstrcat(pool, path, "/db/current", NULL);
    const char *text = apr_psprintf(pool, "%" APR_INT64_T_FMT "\n", rev);
    char *temp = apr_pstrcat(pool, current, ".XXXXXX", NULL);
    apr_file_t *file;
    apr_status_t rv =
        apr_file_mktemp(&file, temp, APR_CREATE | APR_EXCL | APR_WRITE | APR_BINARY, pool);

    if (rv != APR_SUCCESS)
        return rc_fs_status(pool, rv, "create", temp);
    rv = apr_file_write_full(file, text, strlen(text), NULL);
    if (rv == APR_SUCCESS)
        rv = apr_file_sync(file);
    apr_file_close(file);
    if (rv == APR_SUCCESS)
        rv = apr_file_perms_set(temp, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD |
                                          APR_FPROT_WREAD);
    if (rv == APR_SUCCESS)
        rv = apr_file_rename(temp, current, pool);
    if (rv == APR_SUCCESS)
        return rc_fs_sync_folder_of(current, pool);
    apr_file_remove(temp, pool);
    return rc_fs_status(pool, rv, "write", current);
}

/* Then libsvn forgets what else it has of the lost revisions, as in `svnadmin recover`. */
rc_err_t *rc_svn_repair(const char **done, const char *path, const char *wanted, apr_pool_t *pool)
{
    apr_int64_t last, there;

    (void)wanted;
    *done = NULL;
    if (!rc_svn_lacks_last(&last, &there, path, pool))
        return NULL;
    RC_TRY(write_current(path, there, pool));
    *done = apr_psprintf(pool, "db/current names revision %" APR_INT64_T_FMT " now", there);
    return rc_svn_err(RC_SVN(svn_repos_recover4(svn_dirent_internal_style(path, pool), TRUE, NULL,
                                                NULL, NULL, NULL, pool)),
                      pool, "cannot recover the repository %s", path);
}

static rc_err_t *read_youngest(rc_vcs_t *vcs, apr_pool_t *scratch)
{
    svn_revnum_t youngest;
    apr_hash_t *entries;
    rc_position_t place;

    RC_TRY(rc_svn_youngest(&youngest, vcs));
    RC_TRY(rc_svn_read_dir(&entries, vcs, youngest, "/", scratch));
    return youngest ? rc_svn_position(&place, vcs, youngest - 1, scratch) : NULL;
}

rc_err_t *rc_svn_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    rc_err_t *err;

    *problem = NULL;
    apr_pool_create(&scratch, pool);
    err = read_youngest(vcs, scratch);
    apr_pool_destroy(scratch);
    if (err)
        *problem = apr_psprintf(pool, "%s: " VERIFY, rc_err_log_text(err, pool), vcs->path);
    return NULL;
}
