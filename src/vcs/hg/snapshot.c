// SPDX-License-Identifier: Apache-2.0
/*
 * Takes the snapshot of a repository: the index of the changelog, what is hidden, and bookmarks.
 *
 * Mercurial writes the phases of new changesets first, then the changelog, then bookmarks. This
 * reads in the opposite order: no secret changeset is ever taken for a public one, and bookmarks
 * lead to what is known.
 */
#include "hg.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

bool rc_hg_is_shown(const rc_hg_snapshot_t *snapshot, int rev)
{
    return rev >= 0 && rev < snapshot->log->count && !snapshot->hidden[rev];
}

int rc_hg_shown_rev(const rc_hg_snapshot_t *snapshot, const unsigned char *node)
{
    int rev = rc_hg_nodes_find(snapshot->nodes, node);

    return rc_hg_is_shown(snapshot, rev) ? rev : -1;
}

static int by_hg_ref_name(const void *a, const void *b)
{
    return strcmp(((const rc_hg_ref_t *)a)->name, ((const rc_hg_ref_t *)b)->name);
}

void rc_hg_sort_refs(apr_array_header_t *refs)
{
    qsort(refs->elts, (size_t)refs->nelts, sizeof(rc_hg_ref_t), by_hg_ref_name);
}

/* --- bookmarks --- */

/* Keeps all bookmarks that lead to a changeset, hidden or not. A line: node id, blank, name. */
static apr_array_header_t *read_bookmarks(const rc_hg_snapshot_t *snapshot, const char *text)
{
    apr_array_header_t *refs = apr_array_make(snapshot->pool, 8, sizeof(rc_hg_ref_t));
    unsigned char node[RC_HG_NODE];

    for (; text && *text; text = rc_text_next_line(text)) {
        const char *name = text + RC_HG_HEX + 1, *end = rc_text_line_end(text);
        rc_hg_ref_t ref = {.rev = -1};

        if (end <= name || name[-1] != ' ' || !rc_hg_read_node(node, text))
            continue;
        ref.rev = rc_hg_nodes_find(snapshot->nodes, node);
        ref.name = apr_pstrmemdup(snapshot->pool, name, (apr_size_t)(end - name));
        if (ref.rev >= 0)
            APR_ARRAY_PUSH(refs, rc_hg_ref_t) = ref;
    }
    rc_hg_sort_refs(refs);
    return refs;
}

/* --- the snapshot --- */

static rc_err_t *fill_snapshot(rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs, apr_pool_t *scratch)
{
    rc_hg_t *hg = vcs->repo;
    const char *store = hg->layout.store, *bookmarks;

    snapshot->files = rc_hg_watch(hg, snapshot->pool);
    snapshot->stamp = rc_hg_stamp(&hg->layout, snapshot->pool);
    RC_TRY(rc_hg_small_file(&bookmarks, vcs, hg->layout.hg, "/bookmarks", scratch));
    RC_TRY(rc_hg_revlog_open(&snapshot->log, vcs, hg->codec,
                             apr_pstrcat(scratch, store, "/00changelog.i", NULL),
                             apr_pstrcat(scratch, store, "/00changelog.d", NULL), snapshot->pool));
    snapshot->nodes = rc_hg_nodes_create(snapshot->log, snapshot->pool);
    snapshot->bookmarks = read_bookmarks(snapshot, bookmarks);
    RC_TRY(rc_hg_find_hidden(snapshot, vcs, scratch));
    return rc_hg_check_place(hg, vcs->pool);
}

static rc_err_t *take_snapshot(rc_hg_snapshot_t **out, rc_vcs_t *vcs)
{
    rc_hg_t *hg = vcs->repo;
    apr_pool_t *pool, *scratch;
    rc_err_t *err;

    apr_pool_create(&pool, hg->pool);
    apr_pool_create(&scratch, pool);
    *out = apr_pcalloc(pool, sizeof(**out));
    (*out)->pool = pool;
    err = fill_snapshot(*out, vcs, scratch);
    apr_pool_destroy(err ? pool : scratch);
    return err;
}

rc_err_t *rc_hg_snapshot(rc_hg_snapshot_t **out, rc_vcs_t *vcs)
{
    rc_hg_t *hg = vcs->repo;
    rc_hg_snapshot_t *snapshot;

    if (!hg->fresh && !(hg->snapshot && rc_stamps_same(hg->snapshot->files))) {
        RC_TRY(take_snapshot(&snapshot, vcs));
        if (hg->snapshot)
            apr_pool_destroy(hg->snapshot->pool);
        hg->snapshot = snapshot;
    }
    hg->fresh = true;
    *out = hg->snapshot;
    return NULL;
}
