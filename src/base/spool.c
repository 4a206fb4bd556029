// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the spool: a buffer that grows to 64 KiB in the pool. Then it becomes the write buffer
 * of a temporary file, which has no name as soon as it is open. A file of the cache has a larger
 * one.
 */
#include "base/spool.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "spool_data.h"
#include "spool_total.h"

#define FIRST_SIZE (4 * 1024)

/* Buffer of a file that is kept. Such a file is sent often: ext4 has larger pages in memory for one
 * that was written in larger pieces. */
#define KEPT_SIZE (1024 * 1024)

rc_spool_t *rc_spool_create(const char *temp_dir, apr_pool_t *pool)
{
    rc_spool_t *spool = apr_pcalloc(pool, sizeof(*spool));

    spool->pool = spool->err_pool = pool;
    spool->temp_dir = apr_pstrdup(pool, temp_dir);
    spool->taken = -1;
    spool->most = RC_SPOOL_MEMORY;
    return spool;
}

rc_spool_t *rc_spool_beside(const rc_spool_t *other, apr_pool_t *pool)
{
    rc_spool_t *spool = rc_spool_create(other->temp_dir, pool);

    spool->err_pool = other->err_pool;
    spool->limit = other->limit;
    return spool;
}

void rc_spool_set_limit(rc_spool_t *spool, apr_off_t limit)
{
    spool->limit = limit;
}

/* --- the total --- */

/* Counts bytes of the file in the total. Such files hold what slow clients have not read yet. */
static rc_err_t *count(rc_spool_t *spool, apr_off_t bytes)
{
    RC_TRY(rc_spool_total_add(bytes, spool->err_pool));
    spool->counted += bytes;
    return NULL;
}

static apr_status_t uncount(void *data)
{
    rc_spool_t *spool = data;

    rc_spool_total_give(spool->counted);
    spool->counted = 0;
    return APR_SUCCESS;
}

/* --- writing --- */

static void grow(rc_spool_t *spool, apr_size_t want)
{
    apr_size_t size = spool->size ? spool->size : FIRST_SIZE;
    char *buf;

    while (size < want)
        size *= 4;
    if (size > spool->most)
        size = spool->most;
    buf = apr_palloc(spool->pool, size);
    if (spool->used)
        memcpy(buf, spool->buf, spool->used);
    spool->buf = buf;
    spool->size = size;
}

/* Opens a file without a name. */
static apr_status_t open_unnamed(rc_spool_t *spool)
{
    char link[RC_FS_LINK];
    int fd = rc_fs_unnamed(link, spool->temp_dir);
    apr_status_t rv = APR_ENOTIMPL;

    if (fd >= 0) {
        rv = apr_file_open(&spool->file, link, APR_READ | APR_WRITE | APR_BINARY, 0, spool->pool);
        close(fd);
    }
    return rv;
}

/* Opens a file and removes its name. */
static apr_status_t open_named(rc_spool_t *spool)
{
    char *name = apr_pstrcat(spool->pool, spool->temp_dir, "/rcapi-spool-XXXXXX", NULL);
    apr_status_t rv = apr_file_mktemp(
        &spool->file, name, APR_CREATE | APR_EXCL | APR_READ | APR_WRITE | APR_BINARY, spool->pool);

    if (rv == APR_SUCCESS)
        apr_file_remove(name, spool->pool);
    return rv;
}

static rc_err_t *open_file(rc_spool_t *spool)
{
    apr_status_t rv = open_unnamed(spool);

    if (rv != APR_SUCCESS)
        rv = open_named(spool);
    if (rv != APR_SUCCESS)
        return rc_err_internal(spool->err_pool, rv, "cannot create a temporary file in %s",
                               spool->temp_dir);
    apr_pool_cleanup_register(spool->pool, spool, uncount, apr_pool_cleanup_null);
    return NULL;
}

static rc_err_t *check_limit(const rc_spool_t *spool, apr_off_t more)
{
    if (!spool->limit || spool->flushed + more <= spool->limit)
        return NULL;
    return rc_err(spool->err_pool, RC_E_LIMIT, "The answer is larger than %" APR_OFF_T_FMT " bytes",
                  spool->limit);
}

static rc_err_t *write_to_file(rc_spool_t *spool, const void *data, apr_size_t len)
{
    apr_status_t rv;

    RC_TRY(check_limit(spool, (apr_off_t)len));
    RC_TRY(count(spool, (apr_off_t)len));
    rv = apr_file_write_full(spool->file, data, len, NULL);
    if (rv != APR_SUCCESS)
        return rc_err_internal(spool->err_pool, rv, "cannot write a temporary file%s%s",
                               spool->taken == -1 ? " in " : "",
                               spool->taken == -1 ? spool->temp_dir : "");
    spool->flushed += (apr_off_t)len;
    return NULL;
}

/* Writes what is before the joined file, and its content. */
static rc_err_t *write_joined(rc_spool_t *spool)
{
    apr_off_t size = spool->joined_size;
    const char *data;
    apr_os_file_t fd;

    apr_os_file_get(&fd, spool->joined);
    spool->joined = NULL;
    spool->joined_size = 0;
    RC_TRY(rc_fs_map(&data, fd, (apr_size_t)size, spool->pool));
    RC_TRY(write_to_file(spool, spool->buf, spool->joined_at));
    spool->used -= spool->joined_at;
    if (spool->used) /* else there may be no memory yet */
        memmove(spool->buf, spool->buf + spool->joined_at, spool->used);
    return write_to_file(spool, data, (apr_size_t)size);
}

static rc_err_t *flush(rc_spool_t *spool)
{
    apr_size_t used;

    if (!spool->file)
        RC_TRY(open_file(spool));
    if (spool->joined)
        RC_TRY(write_joined(spool));
    used = spool->used;
    spool->used = 0;
    return used ? write_to_file(spool, spool->buf, used) : NULL;
}

/* Makes room in memory for @a len (up to RC_SPOOL_MEMORY) more bytes. */
static rc_err_t *make_room(rc_spool_t *spool, apr_size_t len)
{
    if (spool->used + len > spool->most)
        RC_TRY(flush(spool));
    if (spool->used + len > spool->size)
        grow(spool, spool->used + len);
    return NULL;
}

rc_err_t *rc_spool_room(char **room, rc_spool_t *spool, apr_size_t len)
{
    if (spool->used + len > spool->size)
        RC_TRY(make_room(spool, len));
    *room = spool->buf + spool->used;
    return NULL;
}

void rc_spool_fill(rc_spool_t *spool, const char *end)
{
    spool->used = (apr_size_t)(end - spool->buf);
}

rc_err_t *rc_spool_write(rc_spool_t *spool, const void *data, apr_size_t len)
{
    char *room;

    if (!len)
        return NULL;
    if (len >= RC_SPOOL_MEMORY / 2 && spool->used + len > spool->most) {
        RC_TRY(flush(spool));
        return write_to_file(spool, data, len);
    }
    RC_TRY(rc_spool_room(&room, spool, len));
    memcpy(room, data, len);
    spool->used += len;
    return NULL;
}

rc_err_t *rc_spool_puts(rc_spool_t *spool, const char *text)
{
    return rc_spool_write(spool, text, strlen(text));
}

rc_err_t *rc_spool_printf(rc_spool_t *spool, const char *fmt, ...)
{
    char buf[512];
    va_list ap;
    int n;
    char *text = buf;

    va_start(ap, fmt);
    n = apr_vsnprintf(buf, sizeof(buf), fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof(buf) - 1) {
        va_start(ap, fmt);
        text = apr_pvsprintf(spool->pool, fmt, ap);
        va_end(ap);
    }
    return rc_spool_puts(spool, text);
}

rc_err_t *rc_spool_append(rc_spool_t *spool, rc_spool_t *other)
{
    apr_off_t left = rc_spool_size(other), start = 0;
    char buf[16 * 1024];
    const char *data;
    apr_file_t *file;

    RC_TRY(rc_spool_content(&data, &file, other));
    if (!file)
        return rc_spool_write(spool, data, (apr_size_t)left);
    apr_file_seek(file, APR_SET, &start);
    while (left) {
        apr_size_t len = left < (apr_off_t)sizeof(buf) ? (apr_size_t)left : sizeof(buf);
        apr_status_t rv = apr_file_read_full(file, buf, len, NULL);

        if (rv)
            return rc_err_internal(spool->err_pool, rv, "cannot read a temporary file");
        RC_TRY(rc_spool_write(spool, buf, len));
        left -= (apr_off_t)len;
    }
    return NULL;
}

/* Opens the file of @a other once more, with the life of @a spool. */
static rc_err_t *open_again(rc_spool_t *spool, const rc_spool_t *other)
{
    apr_status_t rv = apr_file_dup(&spool->joined, other->file, spool->pool);

    return rv ? rc_err_internal(spool->err_pool, rv, "cannot use a temporary file") : NULL;
}

rc_err_t *rc_spool_join(rc_spool_t *spool, rc_spool_t *other)
{
    apr_off_t size = rc_spool_size(other);

    if (!other->file || spool->file || spool->joined)
        return rc_spool_append(spool, other);
    RC_TRY(flush(other));
    RC_TRY(check_limit(spool, size));
    RC_TRY(count(spool, size));
    apr_pool_cleanup_register(spool->pool, spool, uncount, apr_pool_cleanup_null);
    RC_TRY(open_again(spool, other));
    spool->joined_size = size;
    spool->joined_at = spool->used;
    return NULL;
}

static apr_status_t close_taken(void *data)
{
    rc_spool_t *spool = data;

    close(spool->taken);
    spool->taken = -1;
    spool->file = NULL;
    return APR_SUCCESS;
}

rc_err_t *rc_spool_take_fd(rc_spool_t *spool, int fd, apr_off_t size)
{
    apr_int32_t flags = APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_BINARY;
    apr_status_t rv;

    spool->taken = fd;
    spool->most = KEPT_SIZE;
    apr_pool_cleanup_register(spool->pool, spool, uncount, apr_pool_cleanup_null);
    apr_pool_cleanup_register(spool->pool, spool, close_taken, apr_pool_cleanup_null);
    if ((rv = apr_os_file_put(&spool->file, &fd, flags, spool->pool)))
        return rc_err_internal(spool->err_pool, rv, "cannot use a file as an answer");
    spool->flushed = size;
    return NULL;
}

/* What is written next is an answer of its own: it has no more room in memory than others. */
static void drop_taken(rc_spool_t *spool)
{
    apr_pool_cleanup_run(spool->pool, spool, close_taken);
    spool->most = RC_SPOOL_MEMORY;
    if (spool->size > spool->most)
        spool->size = spool->most;
}

rc_err_t *rc_spool_reset(rc_spool_t *spool)
{
    apr_off_t start = 0;
    apr_status_t rv = APR_SUCCESS;

    uncount(spool);
    if (spool->taken != -1)
        drop_taken(spool);
    else if (spool->file && (rv = apr_file_trunc(spool->file, 0)) == APR_SUCCESS)
        rv = apr_file_seek(spool->file, APR_SET, &start);
    spool->used = 0;
    spool->flushed = 0;
    spool->joined = NULL;
    spool->joined_size = 0;
    return rv ? rc_err_internal(spool->err_pool, rv, "cannot empty a temporary file") : NULL;
}

apr_off_t rc_spool_size(const rc_spool_t *spool)
{
    return spool->flushed + spool->joined_size + (apr_off_t)spool->used;
}

rc_err_t *rc_spool_content(const char **data, apr_file_t **file, rc_spool_t *spool)
{
    *file = NULL;
    *data = spool->used ? spool->buf : "";
    if (!spool->file && !spool->joined)
        return NULL;
    RC_TRY(flush(spool));
    *data = NULL;
    *file = spool->file;
    return NULL;
}

rc_err_t *rc_spool_lend(apr_file_t **file, rc_spool_t *spool)
{
    RC_TRY(flush(spool));
    *file = spool->file;
    return NULL;
}

rc_err_t *rc_spool_take_back(rc_spool_t *spool)
{
    apr_off_t end = 0;
    apr_status_t rv = apr_file_seek(spool->file, APR_END, &end);

    if (rv != APR_SUCCESS)
        return rc_err_internal(spool->err_pool, rv, "cannot use a temporary file");
    RC_TRY(count(spool, end - spool->flushed));
    spool->flushed = end;
    return NULL;
}
