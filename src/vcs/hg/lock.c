// SPDX-License-Identifier: Apache-2.0
/*
 * Mercurial's lock is a symbolic link that names its owner, "host/namespace:process". hg itself
 * breaks the lock of a process of this host that has ended.
 */
#include "lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/time.h"

#define PACE apr_time_from_msec(50) /* between two attempts */

static apr_status_t unlock(void *path)
{
    unlink(path);
    return APR_SUCCESS;
}

/* Processes of another container with the same name have other numbers: the namespace tells. */
static const char *owner(apr_pool_t *pool)
{
    char host[256] = "";
    struct stat st;

    gethostname(host, sizeof(host) - 1);
    if (stat("/proc/self/ns/pid", &st))
        return apr_psprintf(pool, "%s:%ld", host, (long)getpid());
    return apr_psprintf(pool, "%s/%lx:%ld", host, (unsigned long)st.st_ino, (long)getpid());
}

rc_err_t *rc_hg_lock(const char *store, apr_interval_time_t patience, rc_work_t *work,
                     apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, store, "/lock", NULL), *name = owner(pool);
    apr_time_t until = rc_clock() + patience;

    while (symlink(name, path)) {
        if (errno != EEXIST)
            return rc_fs_err(pool, "create", path);
        if (rc_clock() > until)
            return rc_err_failed(pool, "hg holds the lock %s", path);
        RC_TRY(rc_work_look(work, pool));
        apr_sleep(PACE);
    }
    apr_pool_cleanup_register(pool, path, unlock, apr_pool_cleanup_null);
    return NULL;
}
