// SPDX-License-Identifier: Apache-2.0
/*
 * Recognises Subversion repositories by their files, rejects those that cannot be served, and makes
 * a fingerprint of their state, all without libsvn.
 */
#include "svn.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"

#define SMALL     4096 /* bytes of a file that describes a repository */
#define LOST_MOST 100  /* revisions; when more are lost, a folder may be missing */

/* The formats that libsvn 1.14 reads: of the repository, and of its file system FSFS. */
static const int repo_formats[] = {3, 5, 0};
static const int fs_formats[] = {1, 2, 3, 4, 5, 6, 7, 8, 0};

/* Returns the content of a small file of the repository; NULL when it has none. */
static const char *small_file(const char *path, const char *name, apr_pool_t *pool)
{
    const char *text;
    apr_size_t len;

    if (rc_fs_read(&text, &len, apr_pstrcat(pool, path, name, NULL), 0, SMALL, pool))
        return NULL;
    return text;
}

static bool in_list(const int *list, const char *number)
{
    for (; *list; list++)
        if (apr_atoi64(number) == *list)
            return true;
    return false;
}

static const char *first_line(const char *text, apr_pool_t *pool)
{
    return rc_utf8_repair(apr_pstrmemdup(pool, text, strnlen(text, strcspn(text, "\r\n"))), pool);
}

/* --- what cannot be served --- */

static const char *bad_format(const char *what, const char *text, const int *known,
                              apr_pool_t *pool)
{
    if (!text)
        return apr_psprintf(pool, "a Subversion repository without the file %s", what);
    if (in_list(known, text))
        return NULL;
    return apr_psprintf(pool, "a Subversion repository whose %s is %s, which is not supported",
                        what, first_line(text, pool));
}

/* Returns why the repository cannot be read; NULL when it can. */
static const char *problem_of(const char *path, const char *type, apr_pool_t *pool)
{
    const char *why;

    if (strcmp(type, "fsfs"))
        return apr_psprintf(pool, "a Subversion repository of type %s; only fsfs is served", type);
    why = bad_format("format", small_file(path, "/format", pool), repo_formats, pool);
    if (!why)
        why = bad_format("db/format", small_file(path, "/db/format", pool), fs_formats, pool);
    return why;
}

static bool looks_like_one(const char *path, apr_pool_t *pool)
{
    static const char *const names[] = {"/format", "/db", "/hooks"};
    int i;

    for (i = 0; i < 3; i++)
        if (!rc_fs_exists(apr_pstrcat(pool, path, names[i], NULL)))
            return false;
    return true;
}

rc_found_t rc_svn_find(const char **why, const char *path, apr_pool_t *pool)
{
    const char *type = small_file(path, "/db/fs-type", pool);

    if (!type && small_file(path, "/db/DB_CONFIG", pool)) /* as before Subversion 1.1 */
        type = "bdb";
    if (!type && looks_like_one(path, pool))
        *why = "a Subversion repository without the file db/fs-type";
    if (!type)
        return *why ? RC_FOUND_UNUSABLE : RC_FOUND_NOTHING;
    *why = problem_of(path, first_line(type, pool), pool);
    return *why ? RC_FOUND_UNUSABLE : RC_FOUND_REPOSITORY;
}

/* Reading runs no hook, but commits by svn's clients would. */
rc_found_t rc_svn_detect(const char **why, const char *path, apr_pool_t *pool)
{
    rc_found_t found = rc_svn_find(why, path, pool);
    const char *hook = found == RC_FOUND_REPOSITORY ? rc_vcs_find_hook(path, pool) : NULL;

    if (!hook)
        return found;
    *why = apr_psprintf(pool,
                        "a Subversion repository with a hook that a commit would run: hooks/%s; "
                        "move it away, remove its executable bits, or set RcapiSvnHooks On",
                        hook);
    return RC_FOUND_HOOKED;
}

bool rc_svn_is_gone(const char *path, apr_pool_t *pool)
{
    return rc_fs_is_missing(apr_pstrcat(pool, path, "/format", NULL)) &&
           rc_fs_is_missing(apr_pstrcat(pool, path, "/db", NULL));
}

/* --- state --- */

#define NO_STAMP "-"

/* Returns the stamp of a file or directory. */
static const char *stamp_of(const char *path, apr_pool_t *pool)
{
    struct stat st;

    if (stat(path, &st))
        return NO_STAMP;
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT ".%" APR_INT64_T_FMT ".%ld",
                        (apr_uint64_t)st.st_ino, (apr_int64_t)st.st_mtim.tv_sec,
                        st.st_mtim.tv_nsec);
}

/* Before format 3 the file holds more than a number. */
apr_int64_t rc_svn_current(const char *path, apr_pool_t *pool)
{
    const char *current = small_file(path, "/db/current", pool);

    return current && strspn(current, "0123456789") > 0 ? apr_atoi64(current) : -1;
}

bool rc_svn_has_index(const char *path, apr_pool_t *pool)
{
    const char *format = small_file(path, "/db/format", pool);

    return format && strstr(format, "addressing logical");
}

apr_int64_t rc_svn_shard_size(const char *path, apr_pool_t *pool)
{
    const char *format = small_file(path, "/db/format", pool);
    const char *layout = format ? strstr(format, "layout sharded ") : NULL;

    return layout ? apr_atoi64(layout + strlen("layout sharded ")) : 0;
}

/*
 * Revision properties are replaced by renames, so the time of their directory changes with them: of
 * that of the last revision, and of the one before it. Properties of older revisions can change
 * unseen; nothing that is kept by state shows them.
 */
static const char *properties_stamp(const char *path, apr_int64_t youngest, apr_int64_t size,
                                    apr_pool_t *pool)
{
    const char *stamp = "", *folder, *one;
    apr_int64_t shard, i;

    if (size <= 0)
        return stamp_of(apr_pstrcat(pool, path, "/db/revprops", NULL), pool);
    shard = youngest / size;
    for (i = shard; i >= 0 && i >= shard - 1; i--) {
        folder = apr_psprintf(pool, "%s/db/revprops/%" APR_INT64_T_FMT, path, i);
        one = stamp_of(folder, pool);
        if (!strcmp(one, NO_STAMP))
            one = stamp_of(apr_pstrcat(pool, folder, ".pack", NULL), pool);
        stamp = apr_pstrcat(pool, stamp, ":", one, NULL);
    }
    return stamp;
}

const char *rc_svn_state_text(const char *path, const char *uuid, apr_int64_t youngest,
                              apr_int64_t shard_size, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:%" APR_INT64_T_FMT "%s", uuid, youngest,
                        properties_stamp(path, youngest, shard_size, pool));
}

const char *rc_svn_known_state(const char *path, const char *told, apr_pool_t *pool)
{
    const char *uuid = small_file(path, "/db/uuid", pool);
    const char *current = small_file(path, "/db/current", pool);

    (void)told;
    if (!uuid || !current || !*current)
        return NULL;
    return rc_svn_state_text(path, first_line(uuid, pool), apr_atoi64(current),
                             rc_svn_shard_size(path, pool), pool);
}

/* True when the file of a revision does not exist for certain. */
static bool is_lost(const char *path, apr_int64_t size, apr_int64_t rev, apr_pool_t *pool)
{
    const char *revs = apr_pstrcat(pool, path, "/db/revs/", NULL), *shard;

    if (size <= 0)
        return rc_fs_is_missing(apr_psprintf(pool, "%s%" APR_INT64_T_FMT, revs, rev));
    shard = apr_psprintf(pool, "%s%" APR_INT64_T_FMT, revs, rev / size);
    return rc_fs_is_missing(apr_psprintf(pool, "%s/%" APR_INT64_T_FMT, shard, rev)) &&
           rc_fs_is_missing(apr_pstrcat(pool, shard, ".pack", NULL));
}

bool rc_svn_lacks_last(apr_int64_t *last, apr_int64_t *there, const char *path, apr_pool_t *pool)
{
    const char *current = small_file(path, "/db/current", pool);
    apr_int64_t size = rc_svn_shard_size(path, pool);

    /* Before format 3 the file holds more than a number. */
    if (!current || !*current || current[strspn(current, "0123456789")] != '\n')
        return false;
    *last = apr_atoi64(current);
    for (*there = *last; *there > 0 && *last - *there <= LOST_MOST; (*there)--)
        if (!is_lost(path, size, *there, pool))
            break;
    return *there < *last && *last - *there <= LOST_MOST;
}
