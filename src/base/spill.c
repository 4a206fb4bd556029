// SPDX-License-Identifier: Apache-2.0
/*
 * Adds lines to a file from which another process takes them, and makes them durable within a
 * second. A shared lock of the file says that a line is being added; the file is removed only
 * under an exclusive one.
 */
#include "base/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "base/fs.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/thread.h"
#include "spill_file.h"

#define LONGEST    (16 * RC_SPILL_FULL)
#define TRIES      5
#define SYNC_AFTER apr_time_from_msec(500) /* the sync itself takes some time, too */

struct rc_spill_t {
    const char *path;
    apr_pool_t *pool; /* of the thread */
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
    apr_thread_t *thread; /* NULL: not started */
    bool dirty, stop;     /* with the mutex held */
};

/* --- the thread that makes lines durable --- */

/* A file that was taken over and removed needs no sync. */
static void sync_lines_of(const char *path)
{
    struct stat st;
    apr_pool_t *scratch;
    rc_err_t *err;
    int fd = rc_fs_open_regular(&st, path, O_NOFOLLOW);

    if (fd < 0)
        return;
    if (fdatasync(fd))
        rc_log(RC_LOG_ERR, APR_FROM_OS_ERROR(errno), "cannot sync %s", path);
    close(fd);
    apr_pool_create(&scratch, NULL);
    if ((err = rc_fs_sync_folder_of(path, scratch)))
        rc_log(RC_LOG_ERR, err->cause, "%s", rc_err_log_text(err, scratch));
    apr_pool_destroy(scratch);
}

static void *APR_THREAD_FUNC sync_lines(apr_thread_t *thread, void *baton)
{
    rc_spill_t *spill = baton;

    (void)thread;
    apr_thread_mutex_lock(spill->mutex);
    while (spill->dirty || !spill->stop) {
        if (!spill->dirty) {
            apr_thread_cond_wait(spill->changed, spill->mutex);
            continue;
        }
        if (!spill->stop)
            apr_thread_cond_timedwait(spill->changed, spill->mutex, SYNC_AFTER);
        spill->dirty = false;
        apr_thread_mutex_unlock(spill->mutex);
        sync_lines_of(spill->path);
        apr_thread_mutex_lock(spill->mutex);
    }
    apr_thread_mutex_unlock(spill->mutex);
    return NULL;
}

static void sync_soon(rc_spill_t *spill)
{
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(spill->mutex);
    if (!spill->thread)
        rv = rc_thread_start(&spill->thread, sync_lines, spill, spill->pool);
    if (!spill->dirty)
        apr_thread_cond_signal(spill->changed);
    spill->dirty = !rv;
    apr_thread_mutex_unlock(spill->mutex);
    if (rv)
        sync_lines_of(spill->path);
}

static apr_status_t end_thread(void *baton)
{
    rc_spill_t *spill = baton;

    rc_thread_end(&spill->thread, &spill->stop, spill->mutex, spill->changed);
    return APR_SUCCESS;
}

rc_err_t *rc_spill_open(rc_spill_t **out, const char *path, apr_pool_t *pool)
{
    rc_spill_t *spill = apr_pcalloc(pool, sizeof(*spill));
    apr_status_t rv;

    spill->path = apr_pstrdup(pool, path);
    apr_pool_create(&spill->pool, pool);
    apr_pool_tag(spill->pool, "rc_spill");
    rv = apr_thread_mutex_create(&spill->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (!rv)
        rv = apr_thread_cond_create(&spill->changed, pool);
    if (rv)
        return rc_err_internal(pool, rv, "cannot prepare %s", path);
    apr_pool_pre_cleanup_register(pool, spill, end_thread);
    *out = spill;
    return NULL;
}

/* --- lines --- */

/* The file appears with its first line, which names it. */
static rc_err_t *create_file(const char *path, apr_pool_t *pool)
{
    unsigned char bytes[RC_SPILL_ID / 2];
    char link[RC_FS_LINK];
    const char *head;
    int fd = rc_fs_unnamed(link, rc_fs_folder(path, pool)), n = 0;

    if (fd < 0)
        return rc_fs_err(pool, "create", path);
    apr_generate_random_bytes(bytes, sizeof(bytes));
    head = apr_pstrcat(pool, RC_SPILL_HEAD, rc_hex_text(bytes, sizeof(bytes), pool), "\n", NULL);
    if (write(fd, head, RC_SPILL_START) != RC_SPILL_START ||
        linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW))
        n = errno;
    close(fd);
    errno = n;
    return n && n != EEXIST ? rc_fs_err(pool, "create", path) : NULL;
}

/* Opens the file and locks it. Returns -1 with errno; ENOENT when it has just been removed. */
static int open_shared(struct stat *st, const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), n;

    if (fd < 0)
        return -1;
    n = flock(fd, LOCK_SH | LOCK_NB) || fstat(fd, st)             ? errno
        : !st->st_nlink                                           ? ENOENT
        : !S_ISREG(st->st_mode) || st->st_uid != geteuid()        ? EPERM
        : st->st_nlink > 1 || (st->st_mode & (S_IRWXG | S_IRWXO)) ? EPERM
        : st->st_size >= LONGEST                                  ? EFBIG
                                                                  : 0;
    if (!n)
        return fd;
    close(fd);
    errno = n;
    return -1;
}

/* Opens the file, and creates it when there is none. */
static rc_err_t *open_or_create(int *fd, struct stat *st, const char *path, apr_pool_t *pool)
{
    int tries = TRIES;

    while ((*fd = open_shared(st, path)) < 0 && tries--) {
        if (errno == ENOENT)
            RC_TRY(create_file(path, pool));
        else if (errno == EWOULDBLOCK)
            apr_sleep(apr_time_from_msec(1));
        else
            break;
    }
    return *fd < 0 ? rc_fs_err(pool, "add a line to", path) : NULL;
}

rc_err_t *rc_spill_add(apr_off_t *size, rc_spill_t *spill, const char *line, apr_pool_t *pool)
{
    /* the first line feed ends what a full disk has cut short before */
    const char *text = apr_pstrcat(pool, "\n", line, "\n", NULL);
    apr_size_t len = strlen(text);
    struct stat st;
    ssize_t n;
    int fd;

    RC_TRY(open_or_create(&fd, &st, spill->path, pool));
    n = write(fd, text, len); /* one write: lines of several processes do not mix */
    close(fd);
    if (n != (ssize_t)len) {
        errno = n < 0 ? errno : ENOSPC;
        return rc_fs_err(pool, "add a line to", spill->path);
    }
    *size = st.st_size + n;
    sync_soon(spill);
    return NULL;
}
