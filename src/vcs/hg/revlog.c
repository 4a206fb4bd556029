// SPDX-License-Identifier: Apache-2.0
/*
 * Opens revlogs and reads the rows of their indexes. An index is read once, as long as it is then:
 * what others append meanwhile is not seen. All rows are checked before any is used.
 */
#include "revlog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "bytes.h"
#include "base/fs.h"

#define INDEX_MOST ((apr_off_t)1 << 30) /* bytes of an index: 16 million revisions */

/* The first number of an index: its version, and above it what it has. */
#define VERSION  1u
#define TOGETHER (1u << 16)
#define GENERAL  (1u << 17)

static rc_err_t *bad_index(rc_vcs_t *vcs, const rc_hg_revlog_t *log, const char *why)
{
    return rc_err_internal(vcs->pool, APR_SUCCESS, "the index %s %s", log->name, why);
}

/* --- rows --- */

void rc_hg_row(rc_hg_row_t *row, const rc_hg_revlog_t *log, int rev)
{
    const unsigned char *p = log->rows + (apr_size_t)rev * RC_HG_ROW;
    apr_uint64_t first = rc_hg_u64(p);

    row->flags = (int)(first & 0xffff);
    row->offset = rev ? first >> 16 : 0; /* the number of the format is in the first row */
    if (log->together)
        row->offset += ((apr_uint64_t)rev + 1) * RC_HG_ROW;
    row->stored = (int)rc_hg_u32(p + 8);
    row->size = (int)rc_hg_u32(p + 12);
    row->base = (int)rc_hg_u32(p + 16);
    row->link = (int)rc_hg_u32(p + 20);
    row->parent[0] = (int)rc_hg_u32(p + 24);
    row->parent[1] = (int)rc_hg_u32(p + 28);
    row->node = p + 32;
}

const unsigned char *rc_hg_node(const rc_hg_revlog_t *log, int rev)
{
    return rev < 0 ? rc_hg_null_node : log->rows + (apr_size_t)rev * RC_HG_ROW + 32;
}

static bool has_node(const rc_hg_revlog_t *log, int rev, const unsigned char *node)
{
    return rev >= 0 && rev < log->count && !memcmp(rc_hg_node(log, rev), node, RC_HG_NODE);
}

int rc_hg_find_node(const rc_hg_revlog_t *log, const unsigned char *node, int hint)
{
    int far;

    if (hint < 0 || hint >= log->count)
        hint = log->count - 1;
    for (far = 0; far < log->count; far++) {
        if (has_node(log, hint - far, node))
            return hint - far;
        if (has_node(log, hint + far, node))
            return hint + far;
    }
    return -1;
}

static bool is_older(int number, int rev)
{
    return number >= -1 && number < rev;
}

static rc_err_t *check_rows(rc_vcs_t *vcs, const rc_hg_revlog_t *log)
{
    rc_hg_row_t row;
    int rev;

    for (rev = 0; rev < log->count; rev++) {
        rc_hg_row(&row, log, rev);
        if (row.stored < 0 || row.size < 0 || !is_older(row.base, rev + 1) ||
            !is_older(row.parent[0], rev) || !is_older(row.parent[1], rev))
            return bad_index(vcs, log, apr_psprintf(vcs->pool, "is damaged in row %d", rev));
    }
    return NULL;
}

/* --- files --- */

static apr_status_t close_file(void *data)
{
    rc_hg_revlog_t *log = data;

    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
    return APR_SUCCESS;
}

/* Moves the rows in @a p, each of which is followed by its chunk, to its beginning; returns their
 * number. A writer may not have finished the last one. */
static int gather_rows(unsigned char *p, apr_size_t size)
{
    apr_size_t at = 0;
    int n = 0;

    for (; size - at >= RC_HG_ROW; n++) {
        apr_size_t stored = rc_hg_u32(p + at + 8);

        if (stored > size - at - RC_HG_ROW)
            break;
        memmove(p + (apr_size_t)n * RC_HG_ROW, p + at, RC_HG_ROW);
        at += RC_HG_ROW + stored;
    }
    return n;
}

static rc_err_t *read_index(rc_hg_revlog_t *log, rc_vcs_t *vcs, apr_off_t size, apr_pool_t *pool)
{
    unsigned char *rows;
    apr_uint32_t format;

    if (size > INDEX_MOST)
        return bad_index(vcs, log, "is too large");
    if (size < RC_HG_ROW)
        return NULL;
    RC_TRY(rc_work_spend(vcs->work, size, vcs->pool));
    rows = apr_palloc(pool, (apr_size_t)size);
    if (!rc_fs_read_full(log->fd, rows, (apr_size_t)size))
        return bad_index(vcs, log, "became shorter while it was read");
    format = rc_hg_u32(rows);
    if ((format & ~(TOGETHER | GENERAL)) != VERSION)
        return bad_index(vcs, log, apr_psprintf(vcs->pool, "has the unknown format %x", format));
    log->together = format & TOGETHER;
    log->general = format & GENERAL;
    log->rows = rows;
    log->count = log->together ? gather_rows(rows, (apr_size_t)size) : (int)(size / RC_HG_ROW);
    return check_rows(vcs, log);
}

/* A revlog whose texts are all empty has no file of data. */
static rc_err_t *open_data(rc_hg_revlog_t *log, rc_vcs_t *vcs, const char *data)
{
    struct stat st;

    if (log->together)
        return NULL;
    close(log->fd);
    log->fd = rc_fs_open_regular(&st, data, O_NOFOLLOW);
    return log->fd >= 0 || errno == ENOENT ? NULL : rc_fs_err(vcs->pool, "open", data);
}

static rc_err_t *open_files(rc_hg_revlog_t *log, rc_vcs_t *vcs, const char *index, const char *data,
                            apr_pool_t *pool)
{
    struct stat st;

    log->fd = rc_fs_open_regular(&st, index, O_NOFOLLOW);
    if (log->fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? NULL : rc_fs_err(vcs->pool, "open", index);
    apr_pool_cleanup_register(pool, log, close_file, apr_pool_cleanup_null);
    RC_TRY(read_index(log, vcs, st.st_size, pool));
    return open_data(log, vcs, data);
}

rc_err_t *rc_hg_revlog_open(rc_hg_revlog_t **out, rc_vcs_t *vcs, rc_hg_codec_t *codec,
                            const char *index, const char *data, apr_pool_t *pool)
{
    rc_hg_revlog_t *log = apr_pcalloc(pool, sizeof(*log));
    int i;

    *out = NULL;
    log->name = apr_pstrdup(pool, index);
    log->codec = codec;
    for (i = 0; i < RC_HG_KNOWN; i++)
        log->known[i].rev = -1;
    RC_TRY(open_files(log, vcs, index, data, pool));
    *out = log;
    return NULL;
}
