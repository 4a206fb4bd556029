// SPDX-License-Identifier: Apache-2.0
/*
 * Reads manifests, the lists of all files of a changeset: a line for each file, sorted by path.
 */
#include "hg.h"

#include <string.h>

#include <apr_strings.h>

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

/* --- manifests of this use --- */

static rc_err_t *open_manifests(rc_vcs_t *vcs)
{
    rc_hg_t *hg = vcs->repo;
    const char *store = hg->layout.store;

    if (hg->manifests)
        return NULL;
    if (!hg->manifest_pool)
        apr_pool_create(&hg->manifest_pool, hg->pool);
    return rc_hg_revlog_open(&hg->manifests, vcs, hg->codec,
                             apr_pstrcat(hg->manifest_pool, store, "/00manifest.i", NULL),
                             apr_pstrcat(hg->manifest_pool, store, "/00manifest.d", NULL),
                             hg->manifest_pool);
}

/* Reads the text of revision @a number of the manifests in place of the one that was read before
 * the last. */
static rc_err_t *read_slot(rc_hg_manifest_t **out, rc_vcs_t *vcs, int rev, int number)
{
    rc_hg_t *hg = vcs->repo;
    rc_hg_manifest_t *slot = &hg->manifest[hg->next_manifest], old = *slot;
    rc_hg_manifest_t read = {.rev = number};

    apr_pool_create(&read.pool, hg->manifest_pool);
    RC_TRY(rc_hg_read_text(&read.text, vcs, hg->manifests, number, read.pool));
    if (!is_well(&read.text))
        return bad_manifest(vcs, rev);
    *slot = read;
    hg->manifests->known[hg->next_manifest] = (rc_hg_known_t){read.rev, read.text};
    hg->next_manifest = (hg->next_manifest + 1) % RC_HG_KNOWN;
    if (old.pool)
        apr_pool_destroy(old.pool);
    *out = slot;
    return NULL;
}

static rc_err_t *find_slot(rc_hg_manifest_t **out, rc_vcs_t *vcs, int rev, int number)
{
    rc_hg_t *hg = vcs->repo;
    int i;

    for (i = 0; i < RC_HG_KNOWN; i++)
        if (hg->manifest[i].rev == number) {
            hg->next_manifest = (i + 1) % RC_HG_KNOWN;
            *out = &hg->manifest[i];
            return NULL;
        }
    return read_slot(out, vcs, rev, number);
}

rc_err_t *rc_hg_read_manifest(rc_hg_text_t *text, rc_vcs_t *vcs, int rev)
{
    rc_hg_t *hg = vcs->repo;
    rc_hg_changeset_t changeset;
    rc_hg_manifest_t *slot = NULL;
    apr_pool_t *scratch;
    rc_err_t *err;
    int number;

    *text = (rc_hg_text_t){"", 0};
    if (rev < 0)
        return NULL;
    apr_pool_create(&scratch, vcs->pool);
    err = rc_hg_read_changeset(&changeset, vcs, rev, scratch);
    apr_pool_destroy(scratch);
    if (err)
        return err;
    if (!memcmp(changeset.manifest, rc_hg_null_node, RC_HG_NODE))
        return NULL;
    RC_TRY(open_manifests(vcs));
    number = rc_hg_find_node(hg->manifests, changeset.manifest, rev);
    if (number < 0)
        return bad_manifest(vcs, rev);
    RC_TRY(find_slot(&slot, vcs, rev, number));
    *text = slot->text;
    return NULL;
}
