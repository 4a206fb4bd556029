// SPDX-License-Identifier: Apache-2.0
/*
 * Reads manifests, the lists of all files of a changeset: a line for each file, sorted by path.
 */
#include "hg.h"

#include <string.h>

#include <apr_strings.h>

#define KEPT_MOST ((apr_size_t)256 << 10) /* bytes of a manifest that an idle handle keeps */

/* A line: path, NUL, 40 digits, a letter for programs and links, line feed. */

static bool is_mark(char c)
{
    return c == 'x' || c == 'l';
}

static rc_err_t *bad_manifest(rc_vcs_t *vcs, int rev)
{
    return rc_err_internal(vcs->pool, APR_SUCCESS, "the manifest of changeset %d in %s is damaged",
                           rev, vcs->path);
}

static bool are_digits(const char *p)
{
    int i;

    for (i = 0; i < RC_HG_HEX; i++)
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
            return false;
    return true;
}

/* Checks all lines once: what reads them later trusts their form and order. */
static bool is_well(const rc_hg_text_t *text)
{
    const char *p = text->data, *end = text->data + text->len, *last = "";

    while (p < end) {
        const char *hex = (const char *)memchr(p, '\0', (size_t)(end - p));

        if (!hex || end - hex < RC_HG_HEX + 2 || !*p || strcmp(last, p) >= 0 ||
            !are_digits(hex + 1))
            return false;
        last = p;
        p = hex + 1 + RC_HG_HEX;
        p += is_mark(*p);
        if (*p++ != '\n')
            return false;
    }
    return true;
}

const char *rc_hg_read_line(rc_hg_file_t *file, const char *line)
{
    const char *hex = line + strlen(line) + 1, *end = hex + RC_HG_HEX;

    file->path = line;
    file->kind = *end == 'x' ? RC_ENTRY_PROGRAM : *end == 'l' ? RC_ENTRY_LINK : RC_ENTRY_FILE;
    rc_hg_read_node(file->node, hex);
    return end + is_mark(*end) + 1;
}

/* Returns the beginning of the line that holds the byte @a at: the digits of an id hold no line
 * feed, and no path does. */
static const char *begin_of(const rc_hg_text_t *text, const char *at)
{
    const char *before =
        at > text->data ? memrchr(text->data, '\n', (size_t)(at - text->data)) : NULL;

    return before ? before + 1 : text->data;
}

const char *rc_hg_find_line(const rc_hg_text_t *text, const char *path)
{
    const char *low = text->data, *high = text->data + text->len;

    while (low < high) {
        const char *line = begin_of(text, low + (high - low) / 2);
        int cmp = strcmp(line, path);

        if (!cmp)
            return line;
        if (cmp > 0)
            high = line;
        else
            low = (const char *)memchr(line, '\n', (size_t)(high - line)) + 1;
    }
    return low;
}

void rc_hg_find_file(rc_hg_file_t *file, const rc_hg_text_t *text, const char *path)
{
    const char *line = rc_hg_find_line(text, path);

    *file = (rc_hg_file_t){.kind = RC_ENTRY_NONE, .path = path};
    if (line < text->data + text->len && !strcmp(line, path))
        rc_hg_read_line(file, line);
}

/* --- manifests of the snapshot --- */

/* What the index of the changelog names is in that of the manifests, which is written before. */
static rc_err_t *open_manifests(rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs, apr_pool_t *scratch)
{
    const rc_hg_t *hg = vcs->repo;
    const char *store = hg->layout.store;

    if (snapshot->manifests)
        return NULL;
    return rc_hg_revlog_open(&snapshot->manifests, vcs, hg->codec,
                             apr_pstrcat(scratch, store, "/00manifest.i", NULL),
                             apr_pstrcat(scratch, store, "/00manifest.d", NULL), snapshot->pool);
}

static void drop_slot(rc_hg_snapshot_t *snapshot, int i)
{
    if (snapshot->manifest[i].pool)
        apr_pool_destroy(snapshot->manifest[i].pool);
    snapshot->manifest[i] = (rc_hg_manifest_t){.pool = NULL};
    snapshot->manifests->known[i].rev = -1;
}

void rc_hg_drop_manifests(rc_hg_snapshot_t *snapshot)
{
    int i;

    for (i = 0; i < RC_HG_KNOWN; i++)
        if (snapshot->manifest[i].pool && snapshot->manifest[i].text.len > KEPT_MOST)
            drop_slot(snapshot, i);
}

/* Reads the text of revision @a number of the manifests in place of the one that was read before
 * the last. */
static rc_err_t *read_slot(rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs, int rev, int number)
{
    int i = snapshot->next_manifest;
    rc_hg_manifest_t read;
    rc_err_t *err;

    apr_pool_create(&read.pool, snapshot->pool);
    err = rc_hg_read_text(&read.text, vcs, snapshot->manifests, number, read.pool);
    if (!err && !is_well(&read.text))
        err = bad_manifest(vcs, rev);
    if (err) {
        apr_pool_destroy(read.pool);
        return err;
    }
    drop_slot(snapshot, i);
    snapshot->manifest[i] = read;
    snapshot->manifests->known[i] = (rc_hg_known_t){number, read.text};
    return NULL;
}

/* Sets next_manifest to the slot after the one that has the text of revision @a number. */
static rc_err_t *find_slot(const rc_hg_text_t **text, rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs,
                           int rev, int number)
{
    int i;

    for (i = 0; i < RC_HG_KNOWN; i++)
        if (snapshot->manifests->known[i].rev == number)
            break;
    if (i == RC_HG_KNOWN) {
        i = snapshot->next_manifest;
        RC_TRY(read_slot(snapshot, vcs, rev, number));
    }
    snapshot->next_manifest = (i + 1) % RC_HG_KNOWN;
    *text = &snapshot->manifest[i].text;
    return NULL;
}

static rc_err_t *find_manifest(const rc_hg_text_t **text, rc_vcs_t *vcs, int rev,
                               apr_pool_t *scratch)
{
    rc_hg_changeset_t changeset;
    rc_hg_snapshot_t *snapshot;
    int number;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    RC_TRY(rc_hg_read_changeset(&changeset, vcs, rev, scratch));
    if (!memcmp(changeset.manifest, rc_hg_null_node, RC_HG_NODE))
        return NULL;
    RC_TRY(open_manifests(snapshot, vcs, scratch));
    number = rc_hg_find_node(snapshot->manifests, changeset.manifest, rev);
    return number < 0 ? bad_manifest(vcs, rev) : find_slot(text, snapshot, vcs, rev, number);
}

rc_err_t *rc_hg_read_manifest(rc_hg_text_t *text, rc_vcs_t *vcs, int rev)
{
    static const rc_hg_text_t empty = {"", 0};
    const rc_hg_text_t *found = &empty;
    apr_pool_t *scratch;
    rc_err_t *err;

    *text = empty;
    if (rev < 0)
        return NULL;
    apr_pool_create(&scratch, vcs->pool);
    err = find_manifest(&found, vcs, rev, scratch);
    apr_pool_destroy(scratch);
    *text = *found;
    return err;
}
