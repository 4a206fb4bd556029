// SPDX-License-Identifier: Apache-2.0
/*
 * Counts the files and lines that a commit changes, for feeds; cheap and within limits for every
 * commit. Lines that both texts share at start and end are not passed to xdiff, which would hash
 * all of them; mostly little or nothing is left for it.
 */
#include "change.h"

#include <string.h>

#include <apr_strings.h>

#include "../table.h"
#include "span.h"

#define FILE_MOST ((size_t)256 << 10) /* bytes; lines of larger files are not counted */

typedef struct text_t {
    git_odb_object *object; /* NULL: missing, or a submodule */
    const char *p, *end;
    char line[80]; /* the text of a submodule */
} text_t;

static apr_int64_t lines_of(const text_t *text)
{
    const char *p = text->p;
    apr_int64_t lines = 0;

    for (; p < text->end; lines++) {
        p = memchr(p, '\n', (size_t)(text->end - p));
        if (!p)
            return lines + 1;
        p++;
    }
    return lines;
}

/* Cuts off the lines that both texts share at start and end. */
static void trim(text_t *a, text_t *b)
{
    const char *p = a->p, *q = b->p, *line = p;
    size_t same;

    for (; p < a->end && q < b->end && *p == *q; p++, q++)
        if (*p == '\n')
            line = p + 1;
    if (p == a->end && q == b->end)
        line = p;
    b->p += line - a->p;
    a->p = line;
    for (p = a->end, q = b->end; p > a->p && q > b->p && p[-1] == q[-1]; p--, q--)
        ;
    same = (size_t)(a->end - p);
    line = same ? memchr(p, '\n', same) : NULL;
    if (!line)
        return;
    b->end -= a->end - (line + 1);
    a->end = line + 1;
}

static int count_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
                      const git_diff_line *line, void *baton)
{
    rc_change_t *change = baton;

    (void)delta;
    (void)hunk;
    change->added += line->origin == GIT_DIFF_LINE_ADDITION;
    change->deleted += line->origin == GIT_DIFF_LINE_DELETION;
    return 0;
}

static rc_err_t *count_both(rc_change_t *change, text_t *before, text_t *after, rc_vcs_t *vcs)
{
    git_diff_options options;

    trim(before, after);
    change->hunks = true;
    if (before->p == before->end || after->p == after->end) {
        change->added = lines_of(after);
        change->deleted = lines_of(before);
        return NULL;
    }
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.context_lines = 0;
    options.flags = GIT_DIFF_FORCE_TEXT;
    if (git_diff_buffers(before->p, (size_t)(before->end - before->p), "", after->p,
                         (size_t)(after->end - after->p), "", &options, NULL, NULL, NULL,
                         count_line, change) < 0)
        return rc_git_err(vcs->pool, "cannot compare two files of %s",
                          ((rc_git_t *)vcs->repo)->path);
    return NULL;
}

/* True for a text within the limits; subtracts its size from them. */
static bool within(rc_stat_limits_t *limits, rc_git_t *git, const rc_git_entry_t *side)
{
    git_object_t type;
    size_t size;

    if (!side->mode || side->mode == RC_GIT_SUBMODULE)
        return true;
    if (git_odb_read_header(&size, &type, git->odb, &side->id) < 0 || size > FILE_MOST ||
        size > limits->bytes)
        return false;
    limits->bytes -= size;
    return true;
}

static rc_err_t *load_text(text_t *text, rc_vcs_t *vcs, const rc_git_entry_t *side)
{
    text->p = text->end = "";
    if (!side->mode)
        return NULL;
    if (side->mode == RC_GIT_SUBMODULE) {
        text->end = text->line + apr_snprintf(text->line, sizeof(text->line),
                                              "Subproject commit %s\n", git_oid_tostr_s(&side->id));
        text->p = text->line;
        return NULL;
    }
    RC_TRY(rc_git_read(&text->object, vcs->repo, &side->id, GIT_OBJECT_BLOB, vcs->pool));
    text->p = git_odb_object_data(text->object);
    text->end = text->p + git_odb_object_size(text->object);
    return NULL;
}

static bool is_text(const text_t *text)
{
    return !rc_git_is_binary(text->p, (size_t)(text->end - text->p));
}

static rc_err_t *count_change(rc_change_t *change, rc_vcs_t *vcs, const rc_git_change_t *from,
                              rc_stat_limits_t *limits)
{
    text_t before = {NULL}, after = {NULL};
    rc_err_t *err;

    if (!within(limits, vcs->repo, &from->before) || !within(limits, vcs->repo, &from->after))
        return NULL;
    err = load_text(&before, vcs, &from->before);
    if (!err)
        err = load_text(&after, vcs, &from->after);
    if (!err && is_text(&before) && is_text(&after))
        err = count_both(change, &before, &after, vcs);
    git_odb_object_free(before.object);
    git_odb_object_free(after.object);
    return err;
}

static rc_err_t *pass_change(const rc_git_change_t *from, rc_vcs_t *vcs, rc_stat_limits_t *limits,
                             rc_change_fn_t *fn, void *baton)
{
    rc_change_t change = {.path = from->after.mode ? from->after.path : from->before.path,
                          .op = !from->before.mode  ? 'A'
                                : !from->after.mode ? 'D'
                                                    : 'M'};

    RC_TRY(count_change(&change, vcs, from, limits));
    return fn(baton, &change);
}

rc_err_t *rc_git_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    apr_array_header_t *changes;
    git_oid tree, parent;
    bool has_parent;
    int i;

    RC_TRY(rc_git_commit_trees(&tree, &parent, &has_parent, vcs->repo, id, vcs->pool));
    RC_TRY(rc_git_tree_changes_some(&changes, &limits->entries, vcs->repo,
                                    has_parent ? &parent : NULL, &tree, vcs->pool, scratch));
    *more = limits->entries == 0;
    for (i = 0; i < changes->nelts; i++)
        RC_TRY(pass_change(&APR_ARRAY_IDX(changes, i, rc_git_change_t), vcs, limits, fn, baton));
    return NULL;
}
