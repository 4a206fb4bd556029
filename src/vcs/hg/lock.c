// SPDX-License-Identifier: Apache-2.0
/*
 * Mercurial's lock is a symbolic link that names its owner, "host/namespace:process". The lock of a
 * process of this host that has ended is broken, as hg does, and hg breaks ours.
 */
#include "lock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"

#define OWNER_MOST 512
#define PACE       apr_time_from_msec(50) /* between two attempts */

typedef struct held_t {
    const char *path;
    dev_t device;
    ino_t inode;
} held_t;

/* The lock may have moved away with its repository (shadow.c): what is there then is another's. */
static apr_status_t unlock(void *baton)
{
    const held_t *held = baton;
    struct stat st;

    if (!lstat(held->path, &st) && st.st_dev == held->device && st.st_ino == held->inode)
        unlink(held->path);
    return APR_SUCCESS;
}

static rc_err_t *hold(const char *path, apr_pool_t *pool)
{
    held_t *held = apr_palloc(pool, sizeof(*held));
    struct stat st;

    if (lstat(path, &st))
        return rc_fs_err(pool, "read", path);
    *held = (held_t){apr_pstrdup(pool, path), st.st_dev, st.st_ino};
    apr_pool_cleanup_register(pool, held, unlock, apr_pool_cleanup_null);
    return NULL;
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

/* --- locks that nobody holds --- */

/* Reads a link; false when there is none. */
static bool read_owner(char *text, size_t size, const char *path)
{
    ssize_t len = readlink(path, text, size - 1);

    text[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* True when the process that @a holder names is one of this host, as @a self is, and has ended. */
static bool has_ended(const char *holder, const char *self)
{
    const char *colon = strrchr(holder, ':');
    size_t host = (size_t)(strrchr(self, ':') - self);

    if (!colon || (size_t)(colon - holder) != host || strncmp(holder, self, host) ||
        !rc_text_digits(colon + 1) || strlen(colon) > 10)
        return false;
    return kill((pid_t)apr_atoi64(colon + 1), 0) && errno == ESRCH;
}

/* Removes the lock when its owner has ended. A second lock makes sure that it is still that one:
 * others may have broken it and taken it anew. */
static void break_lock(const char *path, const char *self, apr_pool_t *pool)
{
    const char *breaking = apr_pstrcat(pool, path, ".break", NULL);
    char holder[OWNER_MOST];

    if (!read_owner(holder, sizeof(holder), path) || !has_ended(holder, self) ||
        symlink(self, breaking))
        return;
    if (read_owner(holder, sizeof(holder), path) && has_ended(holder, self))
        unlink(path);
    unlink(breaking);
}

rc_err_t *rc_hg_lock(const char *path, apr_interval_time_t patience, rc_work_t *work,
                     apr_pool_t *pool)
{
    const char *name = owner(pool);
    apr_time_t until = rc_clock() + patience;

    while (symlink(name, path)) {
        if (errno != EEXIST)
            return rc_fs_err(pool, "create", path);
        break_lock(path, name, pool);
        if (rc_clock() > until)
            return rc_err_failed(pool, "hg holds the lock %s", path);
        RC_TRY(rc_work_look(work, pool));
        apr_sleep(PACE);
    }
    return hold(path, pool);
}

rc_err_t *rc_hg_lock_store(const rc_hg_layout_t *layout, rc_work_t *work, apr_pool_t *pool)
{
    return rc_hg_lock(apr_pstrcat(pool, layout->store, "/lock", NULL), RC_HG_PATIENCE, work, pool);
}

rc_err_t *rc_hg_lock_all(const rc_hg_layout_t *layout, rc_work_t *work, apr_pool_t *pool)
{
    RC_TRY(rc_hg_lock(apr_pstrcat(pool, layout->hg, "/wlock", NULL), RC_HG_PATIENCE, work, pool));
    return rc_hg_lock_store(layout, work, pool);
}

bool rc_hg_is_locked(const rc_hg_layout_t *layout, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, layout->store, "/lock", NULL);
    char holder[OWNER_MOST];

    return read_owner(holder, sizeof(holder), path) && !has_ended(holder, owner(pool));
}
