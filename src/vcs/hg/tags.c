// SPDX-License-Identifier: Apache-2.0
/*
 * Finds tags. They stand in the file .hgtags of every head, where a tag's last line counts. When
 * heads differ, the one that knows of the other's changeset wins, or the longer history.
 */
#include "hg.h"

#include <ctype.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

#define TAGS_FILE  ".hgtags"
#define LINES_MOST 1000000 /* of all heads together */

/* All node ids that a tag had, the current one last in a file, and apart from them when merged. */
typedef struct history_t {
    const unsigned char *node;
    apr_array_header_t *older; /* of const unsigned char * */
} history_t;

typedef struct tagging_t {
    rc_hg_snapshot_t *snapshot;
    rc_vcs_t *vcs;
    apr_hash_t *tags; /* name -> history_t * */
    apr_hash_t *seen; /* node ids of .hgtags that were read */
    int lines;
    apr_pool_t *pool;
} tagging_t;

/* --- one file --- */

static void add_tag_line(apr_hash_t *file, const char *name, apr_size_t len, const char *hex,
                         apr_pool_t *pool)
{
    unsigned char *node = apr_palloc(pool, RC_HG_NODE);
    history_t *history = apr_hash_get(file, name, (apr_ssize_t)len);

    if (!rc_hg_read_node(node, hex))
        return;
    if (!history) {
        history = apr_pcalloc(pool, sizeof(*history));
        history->older = apr_array_make(pool, 1, sizeof(const unsigned char *));
        apr_hash_set(file, apr_pstrmemdup(pool, name, len), (apr_ssize_t)len, history);
    } else
        APR_ARRAY_PUSH(history->older, const unsigned char *) = history->node;
    history->node = node;
}

/* A line: node id, blank, name. Others are ignored, as hg does. */
static rc_err_t *read_tag_file(apr_hash_t *file, tagging_t *all, const rc_hg_text_t *text)
{
    const char *line = text->data, *stop = text->data + text->len, *end, *next;

    for (; line < stop; line = next) {
        const char *name = line + RC_HG_HEX + 1;

        end = memchr(line, '\n', (size_t)(stop - line));
        next = end ? end + 1 : stop;
        end = end ? end : stop;
        if (all->lines++ >= LINES_MOST)
            return rc_err(all->vcs->pool, RC_E_LIMIT, "The repository has too many tags");
        if (end <= name || name[-1] != ' ')
            continue;
        while (name < end && isspace((unsigned char)*name))
            name++;
        while (end > name && isspace((unsigned char)end[-1]))
            end--;
        add_tag_line(file, name, (apr_size_t)(end - name), line, all->pool);
    }
    return NULL;
}

/* --- all files --- */

static bool holds(const apr_array_header_t *nodes, const unsigned char *node)
{
    int i;

    for (i = 0; i < nodes->nelts; i++)
        if (!memcmp(APR_ARRAY_IDX(nodes, i, const unsigned char *), node, RC_HG_NODE))
            return true;
    return false;
}

/* Merges what a later head says of a tag into @a old. */
static rc_err_t *merge_history(const tagging_t *all, history_t *old, const history_t *new)
{
    apr_array_header_t *merged = apr_array_copy(old->older->pool, new->older);
    int i;

    if (!memcmp(old->node, new->node, RC_HG_NODE) || !holds(old->older, new->node) ||
        (holds(new->older, old->node) && old->older->nelts <= new->older->nelts))
        old->node = new->node;
    for (i = 0; i < old->older->nelts; i++) {
        const unsigned char *node = APR_ARRAY_IDX(old->older, i, const unsigned char *);

        RC_TRY(rc_work_spend(all->vcs->work, 0, all->vcs->pool));
        if (!holds(new->older, node))
            APR_ARRAY_PUSH(merged, const unsigned char *) = node;
    }
    old->older = merged;
    return NULL;
}

static rc_err_t *merge_file(tagging_t *all, apr_hash_t *file)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(all->pool, file); at; at = apr_hash_next(at)) {
        const void *name = apr_hash_this_key(at);
        apr_ssize_t len = apr_hash_this_key_len(at);
        history_t *new = apr_hash_this_val(at), *old = apr_hash_get(all->tags, name, len);

        if (old)
            RC_TRY(merge_history(all, old, new));
        else
            apr_hash_set(all->tags, name, len, new);
    }
    return NULL;
}

/* Reads .hgtags of a head, unless another head has the same one. */
static rc_err_t *read_tags_of(tagging_t *all, int rev)
{
    rc_hg_text_t manifest, text;
    unsigned char *node = apr_palloc(all->pool, RC_HG_NODE);
    apr_hash_t *tags = apr_hash_make(all->pool);
    rc_hg_file_t file;

    RC_TRY(rc_hg_read_manifest(&manifest, all->vcs, rev));
    rc_hg_find_file(&file, &manifest, TAGS_FILE);
    memcpy(node, file.node, RC_HG_NODE);
    if (file.kind == RC_ENTRY_NONE || apr_hash_get(all->seen, node, RC_HG_NODE))
        return NULL;
    apr_hash_set(all->seen, node, RC_HG_NODE, node);
    RC_TRY(rc_hg_read_file(&text, all->vcs, &file));
    RC_TRY(read_tag_file(tags, all, &text));
    return merge_file(all, tags);
}

static rc_err_t *read_heads(tagging_t *all)
{
    const rc_hg_snapshot_t *snapshot = all->snapshot;
    unsigned char *has_child = apr_pcalloc(all->pool, (apr_size_t)snapshot->log->count + 1);
    rc_hg_row_t row;
    int rev, i;

    for (rev = 0; rev <= snapshot->tip; rev++) {
        rc_hg_row(&row, snapshot->log, rev);
        for (i = 0; i < 2; i++)
            if (!snapshot->hidden[rev] && row.parent[i] >= 0)
                has_child[row.parent[i]] = 1;
    }
    for (rev = 0; rev <= snapshot->tip; rev++)
        if (!snapshot->hidden[rev] && !has_child[rev])
            RC_TRY(read_tags_of(all, rev));
    return NULL;
}

/* A tag of the null id was removed; one of an unknown or hidden changeset is not shown. */
static void keep_tags(apr_array_header_t *refs, const tagging_t *all)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(all->pool, all->tags); at; at = apr_hash_next(at)) {
        const history_t *history = apr_hash_this_val(at);
        rc_hg_ref_t ref = {.rev = rc_hg_shown_rev(all->snapshot, history->node)};

        ref.name = apr_pstrmemdup(refs->pool, apr_hash_this_key(at),
                                  (apr_size_t)apr_hash_this_key_len(at));
        if (ref.rev >= 0 && strcmp(ref.name, "tip"))
            APR_ARRAY_PUSH(refs, rc_hg_ref_t) = ref;
    }
    rc_hg_sort_refs(refs);
}

/* Without a revlog of .hgtags no head has the file, and no manifest has to be read. */
static rc_err_t *find_all_tags(apr_array_header_t *refs, tagging_t *all)
{
    rc_hg_revlog_t *log;

    all->tags = apr_hash_make(all->pool);
    all->seen = apr_hash_make(all->pool);
    RC_TRY(rc_hg_open_filelog(&log, all->vcs, TAGS_FILE, all->pool));
    if (log->count)
        RC_TRY(read_heads(all));
    keep_tags(refs, all);
    return NULL;
}

rc_err_t *rc_hg_find_tags(rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs)
{
    tagging_t all = {.snapshot = snapshot, .vcs = vcs};
    apr_array_header_t *refs = apr_array_make(snapshot->pool, 8, sizeof(rc_hg_ref_t));
    rc_err_t *err;

    if (snapshot->tags)
        return NULL;
    apr_pool_create(&all.pool, snapshot->pool);
    err = find_all_tags(refs, &all);
    apr_pool_destroy(all.pool);
    if (!err)
        snapshot->tags = refs;
    return err;
}
