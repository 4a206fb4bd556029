// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the lines of a file to which other processes add, and removes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/spill.h"
#include "spill_file.h"

static apr_status_t close_file(void *baton)
{
    const rc_spilled_t *spilled = baton;

    close(spilled->fd);
    return APR_SUCCESS;
}

static rc_err_t *foreign(const char *path, const char *why, apr_pool_t *pool)
{
    return rc_err_internal(pool, APR_SUCCESS, "%s %s: it is not read", path, why);
}

static rc_err_t *read_id(rc_spilled_t *out, apr_pool_t *pool)
{
    char head[RC_SPILL_START];
    apr_size_t words = strlen(RC_SPILL_HEAD);

    if (pread(out->fd, head, sizeof(head), 0) != sizeof(head) ||
        memcmp(head, RC_SPILL_HEAD, words) || head[sizeof(head) - 1] != '\n')
        return foreign(out->path, "is no file of this program", pool);
    out->id = apr_pstrmemdup(pool, head + words, RC_SPILL_ID);
    out->start = sizeof(head);
    return NULL;
}

rc_err_t *rc_spilled_open(rc_spilled_t *out, const char *path, uid_t owner, apr_pool_t *pool)
{
    struct stat st;

    *out = (rc_spilled_t){.fd = rc_fs_open_regular(&st, path, O_NOFOLLOW), .path = path};
    if (out->fd < 0)
        return errno == ENOENT  ? NULL
               : errno == ELOOP ? foreign(path, "is a link", pool)
                                : rc_fs_err(pool, "read", path);
    apr_pool_cleanup_register(pool, apr_pmemdup(pool, out, sizeof(*out)), close_file,
                              apr_pool_cleanup_null);
    if (st.st_uid != geteuid() && st.st_uid != owner)
        return foreign(path, "belongs to another account", pool);
    out->length = st.st_size;
    return read_id(out, pool);
}

/* A power cut can leave zeros where lines were. They make one damaged line, not the end of all. */
static void replace_zeros(char *text, apr_size_t len)
{
    char *zero;

    while ((zero = memchr(text, '\0', len))) {
        *zero = '?';
        len -= (apr_size_t)(zero - text);
        text = zero;
    }
}

rc_err_t *rc_spilled_read(char **text, rc_spilled_t *spilled, apr_off_t *at, apr_pool_t *pool)
{
    char *buf = apr_palloc(pool, (apr_size_t)RC_SPILL_FULL + 1), *end;
    ssize_t n = pread(spilled->fd, buf, (apr_size_t)RC_SPILL_FULL, *at);

    *text = "";
    if (n < 0)
        return rc_fs_err(pool, "read", spilled->path);
    if (!n || !(end = memrchr(buf, '\n', (apr_size_t)n)))
        return NULL;
    replace_zeros(buf, (apr_size_t)(end - buf));
    end[1] = '\0';
    *at += end + 1 - buf;
    *text = buf;
    return NULL;
}

bool rc_spilled_is_removed(const rc_spilled_t *spilled)
{
    struct stat st;

    return !fstat(spilled->fd, &st) && !st.st_nlink;
}

void rc_spilled_remove(const rc_spilled_t *spilled, apr_off_t at)
{
    struct stat st;

    if (!flock(spilled->fd, LOCK_EX | LOCK_NB) && !fstat(spilled->fd, &st) && st.st_nlink &&
        st.st_size == at)
        unlink(spilled->path);
    flock(spilled->fd, LOCK_UN);
}
