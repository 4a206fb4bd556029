// SPDX-License-Identifier: Apache-2.0
/*
 * Finds which changesets are shown: those that Mercurial serves (contract 08 §8). Not shown are
 * secret ones, and obsolete ones that nothing shown descends from and nothing holds.
 */
#include "hg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"

#define ARCHIVED 32 /* phases from here on are secret, and hidden from everybody */

/* What is known of a revision while hidden ones are searched. */
enum { HELD = 1, INTERNAL = 2 };

typedef struct hiding_t {
    rc_hg_snapshot_t *snapshot;
    unsigned char *marks; /* of each revision */
} hiding_t;

/* --- phases --- */

/* A line: phase, blank, node id. All descendants of a root are in its phase, or in a higher one. */
static void read_roots(hiding_t *search, const char *text)
{
    rc_hg_snapshot_t *snapshot = search->snapshot;
    unsigned char node[RC_HG_NODE];

    for (; text && *text; text = rc_text_next_line(text)) {
        apr_size_t digits = strspn(text, "0123456789");
        apr_int64_t phase = apr_atoi64(text);
        int rev;

        if (!digits || text[digits] != ' ' || !rc_hg_read_node(node, text + digits + 1))
            continue;
        rev = rc_hg_nodes_find(snapshot->nodes, node);
        if (rev < 0)
            continue;
        if (phase >= ARCHIVED)
            search->marks[rev] |= INTERNAL;
        if (phase > snapshot->phase[rev])
            snapshot->phase[rev] = phase >= RC_HG_SECRET ? RC_HG_SECRET : RC_HG_DRAFT;
    }
}

static void spread_phases(hiding_t *search)
{
    rc_hg_snapshot_t *snapshot = search->snapshot;
    rc_hg_row_t row;
    int rev, i;

    for (rev = 0; rev < snapshot->log->count; rev++) {
        rc_hg_row(&row, snapshot->log, rev);
        for (i = 0; i < 2; i++) {
            if (row.parent[i] < 0)
                continue;
            if (snapshot->phase[row.parent[i]] > snapshot->phase[rev])
                snapshot->phase[rev] = snapshot->phase[row.parent[i]];
            search->marks[rev] |= search->marks[row.parent[i]] & INTERNAL;
        }
    }
}

/* --- obsolete changesets --- */

static void mark_obsolete(void *baton, const unsigned char *node)
{
    hiding_t *search = baton;
    int rev = rc_hg_nodes_find(search->snapshot->nodes, node);

    if (rev >= 0 && search->snapshot->phase[rev] != RC_HG_PUBLIC)
        search->snapshot->obsolete[rev] = 1;
}

static void hold(hiding_t *search, const unsigned char *node)
{
    int rev = rc_hg_nodes_find(search->snapshot->nodes, node);

    if (rev >= 0)
        search->marks[rev] |= HELD;
}

/* The last line of a tag counts. */
static void hold_local_tags(hiding_t *search, const char *text, apr_pool_t *scratch)
{
    apr_hash_t *tags = apr_hash_make(scratch);
    unsigned char node[RC_HG_NODE];
    apr_hash_index_t *at;

    for (; text && *text; text = rc_text_next_line(text)) {
        const char *name = text + RC_HG_HEX, *end = rc_text_line_end(text);

        if (rc_hg_read_node(node, text) && end > name)
            apr_hash_set(tags, name, end - name, text);
    }
    for (at = apr_hash_first(scratch, tags); at; at = apr_hash_next(at)) {
        rc_hg_read_node(node, apr_hash_this_val(at));
        hold(search, node);
    }
}

/* The parents of the work tree are the first bytes of its state. */
static void hold_work_tree(hiding_t *search, const char *path)
{
    unsigned char nodes[2][RC_HG_NODE];
    struct stat st;
    int fd = rc_fs_open_regular(&st, path, O_NOFOLLOW);

    if (fd < 0)
        return;
    if (rc_fs_read_full(fd, nodes, sizeof(nodes))) {
        hold(search, nodes[0]);
        hold(search, nodes[1]);
    }
    close(fd);
}

static void hold_bookmarks(hiding_t *search)
{
    const apr_array_header_t *refs = search->snapshot->bookmarks;
    int i;

    for (i = 0; i < refs->nelts; i++)
        search->marks[APR_ARRAY_IDX(refs, i, rc_hg_ref_t).rev] |= HELD;
}

static bool can_hide(const hiding_t *search, int rev)
{
    return (search->snapshot->obsolete[rev] || search->marks[rev] & INTERNAL) &&
           !(search->marks[rev] & HELD);
}

/* A changeset that is not obsolete, and not public, holds its ancestors; so do those it holds. */
static void hold_ancestors(hiding_t *search)
{
    const rc_hg_snapshot_t *snapshot = search->snapshot;
    rc_hg_row_t row;
    int rev, i;

    for (rev = snapshot->log->count - 1; rev >= 0; rev--) {
        if (snapshot->phase[rev] == RC_HG_PUBLIC || can_hide(search, rev))
            continue;
        rc_hg_row(&row, snapshot->log, rev);
        for (i = 0; i < 2; i++)
            if (row.parent[i] >= 0)
                search->marks[row.parent[i]] |= HELD;
    }
}

/* --- both --- */

static void hide(hiding_t *search)
{
    rc_hg_snapshot_t *snapshot = search->snapshot;
    int rev;

    snapshot->tip = -1;
    for (rev = 0; rev < snapshot->log->count; rev++) {
        snapshot->hidden[rev] = snapshot->phase[rev] == RC_HG_SECRET || can_hide(search, rev);
        if (!snapshot->hidden[rev])
            snapshot->tip = rev;
    }
}

static rc_err_t *find_obsolete(hiding_t *search, rc_vcs_t *vcs, apr_pool_t *scratch)
{
    const rc_hg_layout_t *layout = &((rc_hg_t *)vcs->repo)->layout;
    const char *tags;

    RC_TRY(rc_hg_each_obsolete(vcs, apr_pstrcat(scratch, layout->store, "/obsstore", NULL),
                               mark_obsolete, search, scratch));
    RC_TRY(rc_hg_small_file(&tags, vcs, layout->hg, "/localtags", scratch));
    hold_local_tags(search, tags, scratch);
    hold_work_tree(search, apr_pstrcat(scratch, layout->hg, "/dirstate", NULL));
    hold_bookmarks(search);
    hold_ancestors(search);
    return NULL;
}

rc_err_t *rc_hg_find_hidden(rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs, apr_pool_t *scratch)
{
    const rc_hg_layout_t *layout = &((rc_hg_t *)vcs->repo)->layout;
    apr_size_t count = (apr_size_t)snapshot->log->count;
    hiding_t search = {snapshot, apr_pcalloc(scratch, count + 1)};
    const char *roots;

    snapshot->phase = apr_pcalloc(snapshot->pool, count + 1);
    snapshot->hidden = apr_pcalloc(snapshot->pool, count + 1);
    snapshot->obsolete = apr_pcalloc(snapshot->pool, count + 1);
    RC_TRY(rc_hg_small_file(&roots, vcs, layout->store, "/phaseroots", scratch));
    read_roots(&search, roots);
    spread_phases(&search);
    RC_TRY(find_obsolete(&search, vcs, scratch));
    hide(&search);
    return NULL;
}
