// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the contents of files. In front of a text there may be a block that says which file it was
 * copied from.
 */
#include "hg.h"

#include <string.h>

#include <apr_strings.h>

#define MARK     "\1\n" /* begins and ends the block */
#define MARK_LEN 2

rc_err_t *rc_hg_open_filelog(rc_hg_revlog_t **log, rc_vcs_t *vcs, const char *path,
                             apr_pool_t *pool)
{
    const rc_hg_t *hg = vcs->repo;
    const rc_hg_layout_t *layout = &hg->layout;
    const char *index = rc_hg_store_name(path, ".i", layout->names, pool);
    const char *data = rc_hg_store_name(path, ".d", layout->names, pool);

    return rc_hg_revlog_open(log, vcs, hg->codec,
                             apr_pstrcat(pool, layout->store, "/", index, NULL),
                             apr_pstrcat(pool, layout->store, "/", data, NULL), pool);
}

/* Reads the lines "copy: path" and "copyrev: node". */
static void read_block(rc_hg_origin_t *origin, const char *p, const char *end, apr_pool_t *pool)
{
    const char *path = NULL;
    bool has_node = false;

    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));

        stop = stop ? stop : end;
        if (!strncmp(p, "copy: ", 6) && stop > p + 6)
            path = apr_pstrmemdup(pool, p + 6, (apr_size_t)(stop - p - 6));
        else if (!strncmp(p, "copyrev: ", 9))
            has_node = rc_hg_read_node(origin->node, p + 9);
        p = stop + 1;
    }
    origin->path = has_node ? path : NULL;
}

void rc_hg_take_origin(rc_hg_origin_t *origin, rc_hg_text_t *text, apr_pool_t *pool)
{
    const char *begin = text->data + MARK_LEN, *end;

    origin->path = NULL;
    if (text->len < 2 * MARK_LEN || memcmp(text->data, MARK, MARK_LEN))
        return;
    end = memmem(begin, text->len - MARK_LEN, MARK, MARK_LEN);
    if (!end)
        return;
    read_block(origin, begin, end, pool);
    text->len -= (apr_size_t)(end + MARK_LEN - text->data);
    text->data = end + MARK_LEN;
}

rc_err_t *rc_hg_load_file(rc_hg_text_t *text, rc_vcs_t *vcs, const rc_hg_file_t *file,
                          apr_pool_t *pool)
{
    rc_hg_origin_t origin;
    rc_hg_revlog_t *log;
    apr_pool_t *scratch;
    rc_err_t *err;
    int rev = -1;

    apr_pool_create(&scratch, pool);
    err = rc_hg_open_filelog(&log, vcs, file->path, scratch);
    if (!err)
        rev = rc_hg_find_node(log, file->node, -1);
    if (!err && rev < 0)
        err = rc_err_internal(vcs->pool, APR_SUCCESS, "a revision of %s is missing in %s",
                              file->path, vcs->path);
    if (!err)
        err = rc_hg_read_text(text, vcs, log, rev, pool);
    if (!err)
        rc_hg_take_origin(&origin, text, scratch);
    apr_pool_destroy(scratch);
    return err;
}

/* --- the file that was read last --- */

static bool is_last(const rc_hg_last_t *last, const rc_hg_file_t *file)
{
    return last->pool && !strcmp(last->path, file->path) &&
           !memcmp(last->node, file->node, RC_HG_NODE);
}

rc_err_t *rc_hg_read_file(rc_hg_text_t *text, rc_vcs_t *vcs, const rc_hg_file_t *file)
{
    rc_hg_t *hg = vcs->repo;
    rc_hg_last_t *last = &hg->last, read = {NULL};
    rc_err_t *err;

    if (!is_last(last, file)) {
        if (last->pool)
            apr_pool_destroy(last->pool);
        last->pool = NULL;
        apr_pool_create(&read.pool, hg->pool);
        read.path = apr_pstrdup(read.pool, file->path);
        memcpy(read.node, file->node, RC_HG_NODE);
        if ((err = rc_hg_load_file(&read.text, vcs, file, read.pool))) {
            apr_pool_destroy(read.pool);
            return err;
        }
        *last = read;
    }
    *text = last->text;
    return NULL;
}
