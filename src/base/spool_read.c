// SPDX-License-Identifier: Apache-2.0
/*
 * Reads what a spool holds, in the form that the reader needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "spool_data.h"

rc_err_t *rc_spool_parts(rc_spool_part_t parts[RC_SPOOL_PARTS], rc_spool_t *spool)
{
    rc_spool_part_t *part = parts;
    apr_file_t *file = spool->joined;

    memset(parts, 0, RC_SPOOL_PARTS * sizeof(*parts));
    if (!file) {
        part->size = rc_spool_size(spool);
        return rc_spool_content(&part->data, &part->file, spool);
    }
    if (spool->joined_at)
        *part++ = (rc_spool_part_t){.data = spool->buf, .size = (apr_off_t)spool->joined_at};
    *part++ = (rc_spool_part_t){.file = file, .size = spool->joined_size};
    *part = (rc_spool_part_t){.data = spool->buf + spool->joined_at,
                              .size = (apr_off_t)(spool->used - spool->joined_at)};
    return NULL;
}

bool rc_spool_link(rc_spool_t *spool, const char *path)
{
    char link[RC_FS_LINK];
    const char *data;
    apr_file_t *file;
    apr_os_file_t fd;

    if (!spool->file || spool->taken != -1 || rc_spool_content(&data, &file, spool))
        return false;
    apr_os_file_get(&fd, file);
    apr_snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    return !linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

rc_err_t *rc_spool_has_nul(bool *found, rc_spool_t *spool)
{
    char buf[16 * 1024];
    const char *data;
    apr_file_t *file;
    apr_os_file_t fd;
    apr_off_t at = 0;
    ssize_t n = 0;

    RC_TRY(rc_spool_content(&data, &file, spool));
    *found = !file && memchr(data, '\0', (apr_size_t)rc_spool_size(spool));
    if (!file)
        return NULL;
    apr_os_file_get(&fd, file);
    for (; !*found && (n = pread(fd, buf, sizeof(buf), at)) > 0; at += n)
        *found = memchr(buf, '\0', (size_t)n);
    return *found || n == 0 ? NULL
                            : rc_err_internal(spool->err_pool, APR_FROM_OS_ERROR(errno),
                                              "cannot read a temporary file");
}

rc_err_t *rc_spool_view(const char **data, rc_spool_t *spool, apr_pool_t *pool)
{
    apr_os_file_t fd;
    apr_file_t *file;

    RC_TRY(rc_spool_content(data, &file, spool));
    if (!file)
        return NULL;
    apr_os_file_get(&fd, file);
    return rc_fs_map(data, fd, (apr_size_t)spool->flushed, pool);
}

rc_err_t *rc_spool_string(const char **text, rc_spool_t *spool, apr_pool_t *pool)
{
    apr_size_t len = (apr_size_t)rc_spool_size(spool);
    char *copy = apr_palloc(pool, len + 1);
    const char *data;
    apr_file_t *file;
    apr_off_t start = 0;
    apr_status_t rv;

    RC_TRY(rc_spool_content(&data, &file, spool));
    if (!file) {
        memcpy(copy, data, len);
    } else if ((rv = apr_file_seek(file, APR_SET, &start)) ||
               (rv = apr_file_read_full(file, copy, len, NULL))) {
        return rc_err_internal(spool->err_pool, rv, "cannot read a temporary file");
    }
    copy[len] = '\0';
    *text = copy;
    return NULL;
}
