// SPDX-License-Identifier: Apache-2.0
/*
 * Prints one change completely: the header lines as git writes them (fill_metainfo and builtin_diff
 * in its diff.c), then hunks or a binary patch.
 */
#include "print.h"

#include <string.h>

#include <apr_strings.h>

#include "span.h"
#include "base/quote.h"

#define SIZE_MAX_TEXT ((size_t)512 << 20) /* git treats larger files as binary */

static const rc_git_entry_t nothing;

/* --- header lines --- */

static const char *index_line(const rc_git_entry_t *before, const rc_git_entry_t *after,
                              apr_pool_t *pool)
{
    char from[GIT_OID_HEXSZ + 1], to[GIT_OID_HEXSZ + 1];

    if (git_oid_equal(&before->id, &after->id)) /* zeros when missing */
        return "";
    git_oid_tostr(from, sizeof(from), &before->id);
    git_oid_tostr(to, sizeof(to), &after->id);
    if (before->mode == after->mode)
        return apr_psprintf(pool, "index %s..%s %06o\n", from, to, after->mode);
    return apr_psprintf(pool, "index %s..%s\n", from, to);
}

static const char *mode_lines(const rc_git_entry_t *before, const rc_git_entry_t *after,
                              apr_pool_t *pool)
{
    if (!before->mode)
        return apr_psprintf(pool, "new file mode %06o\n", after->mode);
    if (!after->mode)
        return apr_psprintf(pool, "deleted file mode %06o\n", before->mode);
    if (before->mode != after->mode)
        return apr_psprintf(pool, "old mode %06o\nnew mode %06o\n", before->mode, after->mode);
    return "";
}

static const char *rename_lines(const rc_git_change_t *change, apr_pool_t *pool)
{
    if (!change->renamed)
        return "";
    return apr_psprintf(pool, "similarity index %d%%\nrename from %s\nrename to %s\n",
                        change->score * 100 / RC_GIT_SCORE_MAX,
                        rc_quote("", change->before.path, pool),
                        rc_quote("", change->after.path, pool));
}

/* Prints "--- a/name" or "+++ b/name"; a tab marks the end of a name with blanks. */
static const char *file_line(const char *mark, const char *label, apr_pool_t *pool)
{
    return apr_pstrcat(pool, mark, label, strchr(label, ' ') ? "\t\n" : "\n", NULL);
}

/* --- contents --- */

static void drop_content(rc_git_content_t *content)
{
    git_blob_free(content->blob);
    content->blob = NULL;
}

static void drop_both(rc_git_content_t contents[2])
{
    drop_content(&contents[0]);
    drop_content(&contents[1]);
}

static rc_err_t *load(rc_git_content_t *content, const rc_git_printer_t *printer,
                      const rc_git_entry_t *side)
{
    memset(content, 0, sizeof(*content));
    content->data = "";
    if (!side->mode)
        return NULL;
    if (side->mode == RC_GIT_SUBMODULE) {
        content->data = apr_pstrcat(printer->scratch, "Subproject commit ",
                                    git_oid_tostr_s(&side->id), "\n", NULL);
        content->size = strlen(content->data);
        return NULL;
    }
    RC_TRY(rc_git_spend(printer->git, &side->id, printer->err_pool));
    if (git_blob_lookup(&content->blob, printer->git->repo, &side->id) < 0)
        return rc_git_err(printer->err_pool, "cannot read %s in %s", git_oid_tostr_s(&side->id),
                          printer->git->path);
    content->data = git_blob_rawcontent(content->blob);
    content->size = (size_t)git_blob_rawsize(content->blob);
    return NULL;
}

/* Loads both contents; the caller frees them by drop_both. After an error there is nothing
 * to free. */
static rc_err_t *load_both(rc_git_content_t contents[2], const rc_git_printer_t *printer,
                           const rc_git_change_t *change)
{
    rc_err_t *err;

    memset(contents, 0, 2 * sizeof(*contents));
    err = load(&contents[0], printer, &change->before);
    if (!err)
        err = load(&contents[1], printer, &change->after);
    if (err)
        drop_both(contents);
    return err;
}

static bool binary(const rc_git_content_t *content)
{
    return content->size > SIZE_MAX_TEXT || rc_git_is_binary(content->data, content->size);
}

static void count_bytes(rc_git_tally_t *tally, const rc_git_content_t contents[2])
{
    if (!tally)
        return;
    tally->binary = true;
    tally->deleted = contents[0].size;
    tally->added = contents[1].size;
}

/* Prints @a head in any case when @a always, else only before a hunk. */
static rc_err_t *print_contents(const rc_git_printer_t *printer, const char *head, bool always,
                                const char *labels, const rc_git_content_t contents[2])
{
    const rc_git_content_t *before = &contents[0], *after = &contents[1];

    if (binary(before) || binary(after)) {
        count_bytes(printer->tally, contents);
        RC_TRY(rc_spool_puts(printer->spool, head));
        return rc_git_print_binary(printer, before, after);
    }
    if (!always)
        return rc_git_print_hunks(printer, apr_pstrcat(printer->scratch, head, labels, NULL),
                                  before, after);
    RC_TRY(rc_spool_puts(printer->spool, head));
    return rc_git_print_hunks(printer, labels, before, after);
}

/* Prints a change whose content is the same on both sides. */
static rc_err_t *print_same(const rc_git_printer_t *printer, const char *head,
                            const rc_git_entry_t *side)
{
    rc_git_content_t content;

    if (printer->tally) {
        RC_TRY(load(&content, printer, side));
        printer->tally->binary = binary(&content);
        drop_content(&content);
    }
    return rc_spool_puts(printer->spool, head);
}

/* Prints a change whose sides are of one kind, or one is missing. */
static rc_err_t *print_pair(const rc_git_printer_t *printer, const rc_git_change_t *change)
{
    const rc_git_entry_t *before = &change->before, *after = &change->after;
    apr_pool_t *pool = printer->scratch;
    const char *from = rc_quote("a/", before->mode ? before->path : after->path, pool);
    const char *to = rc_quote("b/", after->mode ? after->path : before->path, pool);
    const char *head =
        apr_pstrcat(pool, RC_GIT_DIFF " ", from, " ", to, "\n", mode_lines(before, after, pool),
                    rename_lines(change, pool), index_line(before, after, pool), NULL);
    const char *labels =
        apr_pstrcat(pool, file_line("--- ", before->mode ? from : "/dev/null", pool),
                    file_line("+++ ", after->mode ? to : "/dev/null", pool), NULL);
    bool always = before->mode != after->mode || change->renamed;
    rc_git_content_t contents[2];
    rc_err_t *err;

    if (before->mode && after->mode && git_oid_equal(&before->id, &after->id))
        return print_same(printer, head, after);
    RC_TRY(load_both(contents, printer, change));
    err = print_contents(printer, head, always, labels, contents);
    drop_both(contents);
    return err;
}

/* Only counts the differences between both sides. */
static rc_err_t *count_pair(const rc_git_printer_t *printer, const rc_git_change_t *change)
{
    rc_git_printer_t counter = *printer;
    rc_git_content_t contents[2];
    rc_err_t *err = NULL;

    counter.count_only = true;
    RC_TRY(load_both(contents, printer, change));
    if (git_oid_equal(&change->before.id, &change->after.id))
        printer->tally->binary = binary(&contents[0]); /* git's --stat shows no change */
    else if (binary(&contents[0]) || binary(&contents[1]))
        count_bytes(printer->tally, contents);
    else
        err = rc_git_print_hunks(&counter, "", &contents[0], &contents[1]);
    drop_both(contents);
    return err;
}

/* Prints a change of type, for example from a file to a symbolic link: git prints a deletion and an
 * addition, but counts one change. */
static rc_err_t *print_new_type(const rc_git_printer_t *printer, const rc_git_change_t *change)
{
    rc_git_printer_t halves = *printer;
    rc_git_change_t half = *change;

    if (printer->tally)
        RC_TRY(count_pair(printer, change));
    halves.tally = NULL;
    half.after = nothing;
    RC_TRY(print_pair(&halves, &half));
    half.before = nothing;
    half.after = change->after;
    return print_pair(&halves, &half);
}

rc_err_t *rc_git_print_change(const rc_git_printer_t *printer, const rc_git_change_t *change)
{
    if (!change->before.mode || !change->after.mode ||
        RC_GIT_TYPE(change->before.mode) == RC_GIT_TYPE(change->after.mode))
        return print_pair(printer, change);
    return print_new_type(printer, change);
}
