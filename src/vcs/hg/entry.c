// SPDX-License-Identifier: Apache-2.0
/*
 * Finds files and directories of a changeset, and reads files. Directories are made of the paths in
 * the manifest. The id of a file is its node id; that of a directory is the changeset's.
 */
#include "hg.h"

#include <string.h>

#include <apr_strings.h>

#include "base/hex.h"

static rc_err_t *manifest_of(rc_hg_text_t *text, rc_vcs_t *vcs, const char *id)
{
    int rev;

    RC_TRY(rc_hg_rev_of(&rev, vcs, id));
    return rc_hg_read_manifest(text, vcs, rev);
}

static const char *end_of(const rc_hg_text_t *text)
{
    return text->data + text->len;
}

static bool begins(const char *line, const rc_hg_text_t *text, const char *prefix)
{
    return line < end_of(text) && !strncmp(line, prefix, strlen(prefix));
}

rc_err_t *rc_hg_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool)
{
    const char *below = apr_pstrcat(pool, entry->path, "/", NULL);
    rc_hg_text_t text;
    rc_hg_file_t file;

    RC_TRY(manifest_of(&text, vcs, id));
    rc_hg_find_file(&file, &text, entry->path);
    if (file.kind != RC_ENTRY_NONE) {
        entry->kind = file.kind;
        entry->id = rc_hex_text(file.node, RC_HG_NODE, pool);
    } else if (!*entry->path || begins(rc_hg_find_line(&text, below), &text, below)) {
        entry->kind = RC_ENTRY_DIR;
        entry->id = apr_pstrdup(pool, id);
    }
    return NULL;
}

/* --- lists --- */

/* The paths of a directory, while its entries are passed. */
typedef struct listed_t {
    rc_hg_text_t text; /* their lines */
    const char *prefix;
    const char *id; /* of the changeset */
    rc_list_fn_t *fn;
    void *baton;
    apr_pool_t *scratch; /* of one entry */
} listed_t;

/* Finds the lines of the paths that begin with list->prefix. */
static void find_lines(listed_t *list, const rc_hg_text_t *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(list->prefix);
    char *after = apr_pstrdup(pool, list->prefix);

    list->text = *text;
    if (!len)
        return;
    after[len - 1]++; /* '0' follows the slash */
    list->text.data = rc_hg_find_line(text, list->prefix);
    list->text.len = (apr_size_t)(rc_hg_find_line(text, after) - list->text.data);
}

/* Passes a file, or the directory whose first path it is; returns the line after it. */
static rc_err_t *pass_line(const char **next, const listed_t *list, const char *line)
{
    apr_size_t len = strlen(list->prefix);
    rc_entry_t entry = {.kind = RC_ENTRY_DIR, .id = list->id};
    const char *slash = strchr(line + len, '/');
    rc_hg_file_t file;
    char *below;

    *next = rc_hg_read_line(&file, line);
    entry.path = line + len;
    if (slash) {
        entry.path = apr_pstrmemdup(list->scratch, entry.path, (apr_size_t)(slash - entry.path));
        below = apr_pstrmemdup(list->scratch, line, (apr_size_t)(slash - line) + 1);
        below[slash - line]++;
        *next = rc_hg_find_line(&list->text, below);
    } else {
        entry.kind = file.kind;
        entry.id = rc_hex_text(file.node, RC_HG_NODE, list->scratch);
    }
    return list->fn(list->baton, &entry);
}

rc_err_t *rc_hg_list(rc_vcs_t *vcs, const char *id, const rc_entry_t *dir, rc_list_fn_t *fn,
                     void *baton, apr_pool_t *scratch)
{
    listed_t list = {.id = id, .fn = fn, .baton = baton};
    const char *line;
    rc_hg_text_t text;

    list.prefix = *dir->path ? apr_pstrcat(scratch, dir->path, "/", NULL) : "";
    RC_TRY(manifest_of(&text, vcs, id));
    find_lines(&list, &text, scratch);
    apr_pool_create(&list.scratch, scratch);
    for (line = list.text.data; line < end_of(&list.text);) {
        apr_pool_clear(list.scratch);
        RC_TRY(pass_line(&line, &list, line));
    }
    apr_pool_destroy(list.scratch);
    return NULL;
}

/* --- contents --- */

static rc_err_t *read_file_of(rc_hg_text_t *text, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    rc_hg_file_t file = {.kind = entry->kind, .path = entry->path};

    if (strlen(entry->id) != RC_HG_HEX || !rc_hg_read_node(file.node, entry->id))
        return rc_err_internal(vcs->pool, APR_SUCCESS, "%s is no id of a file", entry->id);
    return rc_hg_read_file(text, vcs, &file);
}

/* What is in front of a text has a size that only the text tells. */
rc_err_t *rc_hg_size(apr_off_t *size, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    rc_hg_text_t text;

    RC_TRY(read_file_of(&text, vcs, entry));
    *size = (apr_off_t)text.len;
    return NULL;
}

rc_err_t *rc_hg_read(const char **data, rc_vcs_t *vcs, rc_entry_t *entry, apr_off_t most,
                     apr_pool_t *pool)
{
    rc_hg_text_t text;

    RC_TRY(read_file_of(&text, vcs, entry));
    entry->size = (apr_off_t)text.len;
    *data = entry->size < most ? apr_pstrmemdup(pool, text.data, text.len) : NULL;
    return NULL;
}

rc_err_t *rc_hg_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    rc_hg_text_t text;

    RC_TRY(read_file_of(&text, vcs, entry));
    return rc_spool_write(spool, text.data, text.len);
}
