// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the markers of obsolete changesets: which ones were rewritten, or dropped.
 */
#include "hg.h"

#include <fcntl.h>
#include <string.h>

#include "bytes.h"
#include "base/fs.h"

#define MARKERS_MOST ((apr_size_t)256 << 20) /* bytes of the file */
#define HEAD_0       6                       /* number of successors, bytes of metadata, flags */
#define HEAD_1       19 /* bytes of the marker, date, zone, flags, numbers of what follows */
#define LONG_NODES   2  /* a flag of version 1: ids of 32 bytes */

/* Returns the marker after the one at @a p, and in @a node what is obsolete; NULL: damaged. */
static const unsigned char *next_marker_0(const unsigned char **node, const unsigned char *p,
                                          const unsigned char *end)
{
    apr_size_t len;

    if (end - p < HEAD_0 + RC_HG_NODE)
        return NULL;
    len = HEAD_0 + RC_HG_NODE + (apr_size_t)p[0] * RC_HG_NODE + rc_hg_u32(p + 1);
    *node = p + HEAD_0;
    return len > (apr_size_t)(end - p) ? NULL : p + len;
}

static const unsigned char *next_marker_1(const unsigned char **node, const unsigned char *p,
                                          const unsigned char *end)
{
    apr_size_t len;

    if (end - p < HEAD_1 + RC_HG_NODE)
        return NULL;
    len = rc_hg_u32(p);
    *node = (p[14] << 8 | p[15]) & LONG_NODES ? NULL : p + HEAD_1;
    return len < HEAD_1 + RC_HG_NODE || len > (apr_size_t)(end - p) ? NULL : p + len;
}

rc_err_t *rc_hg_each_obsolete(rc_vcs_t *vcs, const char *path,
                              void (*fn)(void *baton, const unsigned char *node), void *baton,
                              apr_pool_t *scratch)
{
    const unsigned char *p, *end, *node;
    const char *text;
    apr_size_t len;
    rc_err_t *err = rc_fs_read(&text, &len, path, O_NOFOLLOW, MARKERS_MOST, scratch);

    if (err)
        return rc_err_copy(err, vcs->pool);
    if (!text || !len)
        return NULL;
    RC_TRY(rc_work_spend(vcs->work, (apr_off_t)len, vcs->pool));
    if (*text != 0 && *text != 1)
        return rc_err_internal(vcs->pool, APR_SUCCESS, "%s has the unknown version %d", path,
                               *text);
    p = (const unsigned char *)text + 1;
    end = (const unsigned char *)text + len;
    while (p < end) {
        p = *text ? next_marker_1(&node, p, end) : next_marker_0(&node, p, end);
        if (!p)
            return rc_err_internal(vcs->pool, APR_SUCCESS, "%s is damaged", path);
        if (node)
            fn(baton, node);
    }
    return NULL;
}
