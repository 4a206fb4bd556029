// SPDX-License-Identifier: Apache-2.0
/*
 * Starts libgit2 and configures it for this process.
 */
#include "objects.h"

#include "table.h"
#include "wire.h"
#include "base/kept.h"
#include "base/versions.h"

/* Limits per process, for all handles together. */
#define MAPPED_LIMIT ((size_t)4 << 30) /* bytes of packs mapped at a time */
#define FILE_LIMIT   ((size_t)128)     /* packs open at a time; libgit2's default is no limit */

static rc_err_t *set_search_paths(apr_pool_t *pool)
{
    int level;

    /* Without this, diffs fail where HOME is unreadable, and results depend on the
     * server's user. */
    for (level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
        if (git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "") < 0)
            return rc_git_err(pool, "cannot empty libgit2's search path %d", level);
    return NULL;
}

static int users; /* how many server configurations of this process use the library */

static apr_status_t end_library(void *unused)
{
    (void)unused;
    if (!__atomic_sub_fetch(&users, 1, __ATOMIC_ACQ_REL))
        rc_git_share_clear();
    git_libgit2_shutdown();
    return APR_SUCCESS;
}

/* The data that all open repositories share lives until the process exits, because the
 * configuration of one server can end before that of another. */
static rc_err_t *start_shared(void)
{
    static apr_pool_t *process;

    if (process)
        return NULL;
    apr_pool_create(&process, NULL);
    RC_TRY(rc_git_packs_startup(process));
    RC_TRY(rc_git_caps_startup(process));
    return rc_git_share_startup(process);
}

/* Limits the size of an object in a pack. Debian 12's first libgit2, before 1.5.1+ds-1+deb12u2 of
 * its security archive, has no such limit; its version says so in the log. */
static int limit_objects(void)
{
#ifdef RCAPI_GIT_LIMIT
    rc_version_add("libgit2", LIBGIT2_VERSION);
    return git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, RC_GIT_OBJECT_LIMIT);
#else
    rc_version_add("libgit2", LIBGIT2_VERSION " without a limit of objects in packs");
    return 0;
#endif
}

/* libgit2 is never connected to a server here. With mbed TLS, as in Debian, it has read all
 * certificates of the system, 400 KiB of each process; there are none in this directory. */
static void drop_certificates(void)
{
    git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, NULL, "/proc/self/task");
}

rc_err_t *rc_git_startup(apr_pool_t *pool)
{
    if (git_libgit2_init() < 0)
        return rc_git_err(pool, "cannot start libgit2");
    __atomic_add_fetch(&users, 1, __ATOMIC_ACQ_REL);
    apr_pool_cleanup_register(pool, NULL, end_library, apr_pool_cleanup_null);
    drop_certificates();
    RC_TRY(set_search_paths(pool));
    RC_TRY(start_shared());
    RC_TRY(rc_git_mapped_startup(pool));
    /* git does not verify hashes on reading either; zlib's checksum is still checked. */
    if (git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0) < 0 ||
        /* The administrator chooses the repositories, whoever owns them. */
        git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) < 0 ||
        git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, FILE_LIMIT) < 0 ||
        git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, MAPPED_LIMIT) < 0 ||
        limit_objects() < 0 ||
        git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)RC_KEPT_GIT) < 0 ||
        git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_BLOB, (size_t)0) < 0 ||
        /* A walk over the history would fill the cache with commits that are not needed again. */
        git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_COMMIT, (size_t)0) < 0)
        return rc_git_err(pool, "cannot set up libgit2");
    return NULL;
}
