// SPDX-License-Identifier: Apache-2.0
/*
 * Starts libsvn and configures it for this process.
 */
#include "svn.h"

#include <svn_cache_config.h>
#include <svn_dso.h>
#include <svn_utf.h>
#include <svn_version.h>

#include "base/versions.h"

/* The size of libsvn's cache: per process, for all handles together, and for mod_dav_svn in the
 * same process. Whoever sets another one by SVNInMemoryCacheSize gets it. */
#define CACHE_BYTES ((apr_uint64_t)64 << 20)
#define SVN_BYTES   ((apr_uint64_t)16 << 20) /* libsvn's own choice */
#define CACHE_FILES 16

/* libsvn keeps its data in @a process. */
static rc_err_t *start_libsvn(apr_pool_t *process, apr_pool_t *pool)
{
    svn_cache_config_t cache = {.cache_size = svn_cache_config_get()->cache_size,
                                .file_handle_count = CACHE_FILES,
                                .single_threaded = FALSE};

    if (cache.cache_size == SVN_BYTES)
        cache.cache_size = CACHE_BYTES;
    svn_error_set_malfunction_handler(svn_error_raise_on_malfunction); /* instead of abort() */
    svn_utf_initialize2(TRUE, process); /* the server's locale is no matter of the paths */
    svn_cache_config_set(&cache);
    RC_TRY(rc_svn_guard_startup(pool));
    RC_TRY(rc_svn_err(svn_dso_initialize2(), pool, "cannot start libsvn"));
    return rc_svn_err(svn_fs_initialize(process), pool, "cannot start libsvn");
}

static apr_pool_t *process; /* what libsvn keeps for all its users; NULL: it has ended */
static int users;

/* At the end of the program all pools without a parent end, this one perhaps before its users. */
static apr_status_t forget(void *unused)
{
    (void)unused;
    process = NULL;
    return APR_SUCCESS;
}

/* libsvn's own cleanups are in that pool: they run before the module, and libsvn with it, are
 * unloaded. */
static apr_status_t end_library(void *unused)
{
    (void)unused;
    if (!--users && process)
        apr_pool_destroy(process);
    return APR_SUCCESS;
}

rc_err_t *rc_svn_startup(apr_pool_t *pool)
{
    users++;
    apr_pool_cleanup_register(pool, NULL, end_library, apr_pool_cleanup_null);
    if (!process) {
        apr_pool_create(&process, NULL);
        apr_pool_cleanup_register(process, NULL, forget, apr_pool_cleanup_null);
        RC_TRY(start_libsvn(process, pool));
    }
    rc_version_add("libsvn", SVN_VER_NUMBER);
    return NULL;
}
