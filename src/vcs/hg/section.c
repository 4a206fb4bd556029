// SPDX-License-Identifier: Apache-2.0
/*
 * Prints changed files as `hg diff --git` does, byte for byte.
 */
#include "change.h"

#include <string.h>

#include <apr_strings.h>

#include "base/literal.h"

#define GIT   "diff --git"
#define NO_ID "0000000000000000000000000000000000000000"

/* Both sides of one file, while it is printed. */
typedef struct hg_sides_t {
    const rc_hg_change_t *change;
    const rc_hg_file_t *before, *after;
    const char *from, *to; /* paths; those of the other side when one is missing */
    rc_hg_text_t old, new;
} hg_sides_t;

/* --- the head --- */

static unsigned mode_of_file(const rc_hg_file_t *file)
{
    return file->kind == RC_ENTRY_LINK      ? 0120000
           : file->kind == RC_ENTRY_PROGRAM ? 0100755
                                            : 0100644;
}

static bool is_file(const rc_hg_file_t *file)
{
    return file->kind != RC_ENTRY_NONE;
}

/* The lines of the head after the first one; "" when there are none. */
static const char *more_lines(const hg_sides_t *sides, apr_pool_t *pool)
{
    unsigned old = mode_of_file(sides->before), new = mode_of_file(sides->after);
    const char *modes = "", *copy = "", *what;

    if (!is_file(sides->before))
        return apr_psprintf(pool, "new file mode %06o\n", new);
    if (!is_file(sides->after))
        return apr_psprintf(pool, "deleted file mode %06o\n", old);
    if (old != new)
        modes = apr_psprintf(pool, "old mode %06o\nnew mode %06o\n", old, new);
    if (sides->change->copied != RC_HG_NOT_COPIED) {
        what = sides->change->copied == RC_HG_RENAMED ? "rename" : "copy";
        copy = apr_pstrcat(pool, what, " from ", sides->from, "\n", what, " to ", sides->to, "\n",
                           NULL);
    }
    return apr_pstrcat(pool, modes, copy, NULL);
}

/* A tab ends a name with a blank. */
static const char *label_line(const char *mark, const char *path, const rc_hg_file_t *file,
                              apr_pool_t *pool)
{
    if (!is_file(file))
        return apr_pstrcat(pool, *mark == '-' ? "---" : "+++", " /dev/null\n", NULL);
    return apr_pstrcat(pool, mark, path, strchr(path, ' ') ? "\t\n" : "\n", NULL);
}

/* --- contents --- */

static rc_err_t *load_side(rc_hg_text_t *text, const rc_hg_printer_t *printer,
                           const rc_hg_file_t *file)
{
    *text = (rc_hg_text_t){"", 0};
    return is_file(file) ? rc_hg_load_file(text, printer->vcs, file, printer->scratch) : NULL;
}

static bool is_binary_text(const rc_hg_text_t *text)
{
    return text->len && memchr(text->data, 0, text->len);
}

static bool same_texts(const hg_sides_t *sides)
{
    return sides->old.len == sides->new.len &&
           !memcmp(sides->old.data, sides->new.data, sides->old.len);
}

static const char *shown_id(const rc_hg_file_t *file, const rc_hg_text_t *text, apr_pool_t *pool)
{
    return is_file(file) ? rc_literal_id(text->data, text->len, pool) : NO_ID;
}

static rc_err_t *print_binary_side(rc_hg_printer_t *printer, const char *head,
                                   const hg_sides_t *sides)
{
    apr_pool_t *pool = printer->scratch;

    RC_TRY(rc_spool_puts(printer->spool, head));
    RC_TRY(rc_spool_printf(printer->spool, "index %s..%s\nGIT binary patch\n",
                           shown_id(sides->before, &sides->old, pool),
                           shown_id(sides->after, &sides->new, pool)));
    return rc_literal_print(printer->spool, printer->vcs->work, sides->new.data, sides->new.len,
                            RC_LITERAL_DEFAULT, printer->vcs->pool);
}

static rc_err_t *print_text_side(rc_hg_printer_t *printer, const char *head, const char *more,
                                 const hg_sides_t *sides)
{
    apr_pool_t *pool = printer->scratch;
    rc_hg_compare_t compare = {printer->vcs->work, printer->vcs->pool, pool};
    const char *labels = apr_pstrcat(pool, label_line("--- a/", sides->from, sides->before, pool),
                                     label_line("+++ b/", sides->to, sides->after, pool), NULL);

    if (*more)
        RC_TRY(rc_spool_puts(printer->spool, head));
    head = apr_pstrcat(pool, *more ? "" : head, labels, NULL);
    printer->hunks_at = rc_spool_size(printer->spool) + (apr_off_t)strlen(head);
    return rc_hg_print_hunks(&printer->tally, printer->spool, head, &sides->old, &sides->new,
                             &printer->style, &compare);
}

static rc_err_t *print_sides_of(rc_hg_printer_t *printer, const hg_sides_t *sides)
{
    apr_pool_t *pool = printer->scratch;
    const char *more = more_lines(sides, pool);
    const char *head =
        apr_pstrcat(pool, GIT " a/", sides->from, " b/", sides->to, "\n", more, NULL);

    printer->words_at = rc_spool_size(printer->spool) + (apr_off_t)strlen(GIT);
    if (same_texts(sides))
        return *more ? rc_spool_puts(printer->spool, head) : NULL;
    if (is_binary_text(&sides->old) || is_binary_text(&sides->new))
        return print_binary_side(printer, head, sides);
    return print_text_side(printer, head, more, sides);
}

static rc_err_t *count_sides(rc_hg_printer_t *printer, const hg_sides_t *sides)
{
    rc_hg_compare_t compare = {printer->vcs->work, printer->vcs->pool, printer->scratch};

    if (same_texts(sides) || is_binary_text(&sides->old) || is_binary_text(&sides->new))
        return NULL;
    return rc_hg_print_hunks(&printer->tally, NULL, "", &sides->old, &sides->new, &printer->style,
                             &compare);
}

rc_err_t *rc_hg_print_change(rc_hg_printer_t *printer, const rc_hg_change_t *change)
{
    hg_sides_t sides = {.change = change, .before = &change->before, .after = &change->after};

    sides.from = is_file(sides.before) ? sides.before->path : sides.after->path;
    sides.to = is_file(sides.after) ? sides.after->path : sides.before->path;
    printer->words_at = printer->hunks_at = 0;
    printer->tally = (rc_hg_tally_t){0};
    RC_TRY(load_side(&sides.old, printer, sides.before));
    RC_TRY(load_side(&sides.new, printer, sides.after));
    return printer->count_only ? count_sides(printer, &sides) : print_sides_of(printer, &sides);
}

rc_err_t *rc_hg_print_changeset(rc_hg_printer_t *printer, int rev, apr_pool_t *pool)
{
    apr_array_header_t *changes;
    rc_err_t *err = NULL;
    int i, parent;

    RC_TRY(rc_hg_changeset_changes(&changes, &parent, printer->vcs, rev, pool));
    RC_TRY(rc_hg_find_copies(changes, printer->vcs, parent, pool));
    apr_pool_create(&printer->scratch, pool);
    for (i = 0; !err && i < changes->nelts; i++) {
        apr_pool_clear(printer->scratch);
        err = rc_hg_print_change(printer, &APR_ARRAY_IDX(changes, i, rc_hg_change_t));
    }
    apr_pool_destroy(printer->scratch);
    return err;
}
