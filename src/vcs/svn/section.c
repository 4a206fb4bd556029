// SPDX-License-Identifier: Apache-2.0
/*
 * Prints changed paths as `svn diff --git` does, except where git could not apply that (contract
 * 07 §6): missing sides are /dev/null, links have the mode 120000, binary files are git's binary
 * patches with whole ids, and a change of properties alone has no lines for git.
 */
#include "change.h"

#include <string.h>

#include <apr_strings.h>

#include "base/literal.h"
#include "base/quote.h"

#define RULER     "===================================================================\n"
#define GIT       "diff --git"
#define TEXT_MOST ((apr_size_t)512 << 20) /* as in git, a larger file counts as binary */
#define NO_ID     "0000000000000000000000000000000000000000"
#define ID_SHOWN  8 /* digits of the ids of a link's targets, as svn prints them */

/* Both sides of one file, while it is printed. */
typedef struct sides_t {
    const rc_svn_file_t *before, *after;
    const char *name;      /* without the leading slash */
    const char *from, *to; /* "a/name" and "b/name" */
    rc_svn_text_t old, new;
} sides_t;

/* --- names and modes --- */

/* git reads names as they are, unless a character ends them or begins a quoted one. */
static const char *label(const char *prefix, const char *name, apr_pool_t *pool)
{
    const char *p;

    for (p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '"')
            return rc_quote(prefix, name, pool);
    return apr_pstrcat(pool, prefix, name, NULL);
}

static int mode_of(const rc_svn_file_t *file)
{
    return file->kind == RC_ENTRY_LINK      ? 0120000
           : file->kind == RC_ENTRY_PROGRAM ? 0100755
                                            : 0100644;
}

static bool exists(const rc_svn_file_t *file)
{
    return file->kind != RC_ENTRY_NONE;
}

static const char *mode_lines(const sides_t *sides, apr_pool_t *pool)
{
    int old = mode_of(sides->before), new = mode_of(sides->after);

    if (!exists(sides->before))
        return apr_psprintf(pool, "new file mode %06o\n", (unsigned)new);
    if (!exists(sides->after))
        return apr_psprintf(pool, "deleted file mode %06o\n", (unsigned)old);
    if (old != new)
        return apr_psprintf(pool, "old mode %06o\nnew mode %06o\n", (unsigned)old, (unsigned)new);
    return "";
}

static const char *file_label(const char *mark, const char *name, const rc_svn_file_t *file,
                              apr_pool_t *pool)
{
    if (!exists(file))
        return apr_pstrcat(pool, mark, " /dev/null\n", NULL);
    return apr_psprintf(pool, "%s %s\t(revision %ld)\n", mark, name, file->rev);
}

/* --- contents --- */

/* Reads the content of @a file (kind NONE: empty) until the scratch pool is cleared. */
static rc_err_t *load(rc_svn_text_t *text, const rc_svn_printer_t *printer,
                      const rc_svn_file_t *file)
{
    apr_off_t size;
    rc_spool_t *spool;

    *text = (rc_svn_text_t){"", 0};
    if (!exists(file))
        return NULL;
    RC_TRY(rc_svn_length(&size, printer->vcs, file, printer->scratch));
    if (size < RC_VCS_LARGE)
        return rc_svn_read_file(&text->data, &text->len, printer->vcs, file, printer->scratch);
    spool = rc_spool_beside(printer->spool, printer->scratch);
    RC_TRY(rc_svn_write(spool, printer->vcs, file, printer->scratch));
    text->len = (apr_size_t)rc_spool_size(spool);
    return rc_spool_view(&text->data, spool, printer->scratch);
}

static bool is_binary(const rc_svn_file_t *file, const rc_svn_text_t *text)
{
    return exists(file) && (file->binary || text->len > TEXT_MOST ||
                            (text->len && memchr(text->data, 0, text->len)));
}

static const char *blob_id(const rc_svn_file_t *file, const rc_svn_text_t *text, apr_pool_t *pool)
{
    return exists(file) ? rc_literal_id(text->data, text->len, pool) : NO_ID;
}

/* @a digits: of each id */
static const char *index_line(const sides_t *sides, int digits, apr_pool_t *pool)
{
    const char *from = blob_id(sides->before, &sides->old, pool);
    const char *to = blob_id(sides->after, &sides->new, pool);
    int old = mode_of(sides->before), new = mode_of(sides->after);

    if (exists(sides->before) && exists(sides->after) && old == new)
        return apr_psprintf(pool, "index %.*s..%.*s %06o\n", digits, from, digits, to,
                            (unsigned)new);
    return apr_psprintf(pool, "index %.*s..%.*s\n", digits, from, digits, to);
}

/* --- one file --- */

/* Adds the file to the table of a mail. */
static void add_row(const rc_svn_printer_t *printer, const sides_t *sides)
{
    bool binary = printer->binary;

    if (!printer->rows)
        return;
    APR_ARRAY_PUSH(printer->rows, rc_stat_row_t) = (rc_stat_row_t){
        .old_path = sides->name,
        .new_path = sides->name,
        .old_mode = exists(sides->before) ? (apr_uint32_t)mode_of(sides->before) : 0,
        .new_mode = exists(sides->after) ? (apr_uint32_t)mode_of(sides->after) : 0,
        .binary = binary,
        .added = binary ? sides->new.len : (apr_uint64_t)printer->tally.added,
        .deleted = binary ? sides->old.len : (apr_uint64_t)printer->tally.deleted};
}

static rc_err_t *print_binary(rc_svn_printer_t *printer, const char *head, const sides_t *sides)
{
    rc_work_t *work = printer->vcs->work;
    apr_pool_t *err_pool = printer->vcs->pool;

    printer->binary = true;
    RC_TRY(rc_spool_puts(printer->spool, head));
    RC_TRY(rc_spool_puts(printer->spool, index_line(sides, 40, printer->scratch)));
    RC_TRY(rc_spool_puts(printer->spool, "GIT binary patch\n"));
    RC_TRY(rc_literal_print(printer->spool, work, sides->new.data, sides->new.len, RC_LITERAL_FAST,
                            err_pool));
    return rc_literal_print(printer->spool, work, sides->old.data, sides->old.len, RC_LITERAL_FAST,
                            err_pool);
}

static rc_err_t *print_text(rc_svn_printer_t *printer, const char *head, const char *modes,
                            const sides_t *sides)
{
    apr_pool_t *pool = printer->scratch;
    const char *labels = apr_pstrcat(pool, file_label("---", sides->from, sides->before, pool),
                                     file_label("+++", sides->to, sides->after, pool), NULL);
    rc_svn_style_t style = {"@@", "file", printer->options->context,
                            printer->options->ignore_space};
    rc_svn_compare_t compare = {style.ignore_space, printer->vcs->work, printer->vcs->pool, pool};
    apr_off_t start;

    if (sides->after->kind == RC_ENTRY_LINK && exists(sides->before))
        head = apr_pstrcat(pool, head, index_line(sides, ID_SHOWN, pool), NULL);
    if (*modes)
        RC_TRY(rc_spool_puts(printer->spool, head));
    head = apr_pstrcat(pool, *modes ? "" : head, labels, NULL);
    start = rc_spool_size(printer->spool) + (apr_off_t)strlen(head);
    RC_TRY(rc_svn_print_hunks(&printer->tally, printer->spool, head, &sides->old, &sides->new,
                              &style, &compare));
    if (printer->tally.hunks)
        printer->hunks_at = start;
    return NULL;
}

static bool same_text(const sides_t *sides)
{
    return exists(sides->before) && exists(sides->after) && sides->old.len == sides->new.len &&
           (!sides->old.len || !memcmp(sides->old.data, sides->new.data, sides->old.len));
}

static rc_err_t *count_file(rc_svn_printer_t *printer, const sides_t *sides)
{
    rc_svn_style_t style = {.context = 0};
    rc_svn_compare_t compare = {false, printer->vcs->work, printer->vcs->pool, printer->scratch};

    if (same_text(sides) || is_binary(sides->before, &sides->old) ||
        is_binary(sides->after, &sides->new))
        return NULL;
    return rc_svn_print_hunks(&printer->tally, NULL, "", &sides->old, &sides->new, &style,
                              &compare);
}

/* Prints the contents of both sides, or counts their lines. */
static rc_err_t *print_sides(rc_svn_printer_t *printer, const char *head, const char *modes,
                             const sides_t *sides)
{
    if (same_text(sides))
        return *modes ? rc_spool_puts(printer->spool, head) : NULL;
    if (is_binary(sides->before, &sides->old) || is_binary(sides->after, &sides->new))
        return print_binary(printer, head, sides);
    return print_text(printer, head, modes, sides);
}

static rc_err_t *print_file(rc_svn_printer_t *printer, const rc_svn_file_t *before,
                            const rc_svn_file_t *after)
{
    apr_pool_t *pool = printer->scratch;
    sides_t sides = {.before = before, .after = after, .name = after->path + 1};
    const char *index = apr_psprintf(pool, "Index: %s\n" RULER, sides.name), *modes, *head;
    apr_off_t start;

    printer->binary = false;
    printer->tally = (rc_svn_tally_t){0};
    RC_TRY(load(&sides.old, printer, before));
    RC_TRY(load(&sides.new, printer, after));
    if (printer->count_only)
        return count_file(printer, &sides);
    start = rc_spool_size(printer->spool);
    sides.from = label("a/", before->path + 1, pool);
    sides.to = label("b/", sides.name, pool);
    modes = mode_lines(&sides, pool);
    head = apr_pstrcat(pool, index, GIT " ", sides.from, " ", sides.to, "\n", modes, NULL);
    printer->words_at = start + (apr_off_t)strlen(index) + (apr_off_t)strlen(GIT);
    RC_TRY(print_sides(printer, head, modes, &sides));
    if (rc_spool_size(printer->spool) > start) {
        index = "";
        add_row(printer, &sides);
    }
    if (!printer->properties)
        return NULL;
    return rc_svn_print_properties(printer, index, sides.name, before, after);
}

/* --- one change --- */

static rc_err_t *look_side(rc_svn_file_t *out, const rc_svn_printer_t *printer,
                           const rc_svn_file_t *file)
{
    *out = *file;
    return exists(file) ? rc_svn_look(out, printer->vcs, printer->scratch) : NULL;
}

/* svn names the root "." in the first line, and not at all in the second. */
static rc_err_t *print_folder(const rc_svn_printer_t *printer, const rc_svn_file_t *before,
                              const rc_svn_file_t *after)
{
    const char *name = after->path + 1;
    const char *head = apr_psprintf(printer->scratch, "Index: %s\n" RULER, *name ? name : ".");

    if (!printer->properties)
        return NULL;
    return rc_svn_print_properties(printer, head, name, before, after);
}

rc_err_t *rc_svn_print_change(rc_svn_printer_t *printer, const rc_svn_change_t *change)
{
    rc_svn_file_t before, after, none;

    printer->words_at = printer->hunks_at = 0;
    RC_TRY(look_side(&before, printer, &change->before));
    RC_TRY(look_side(&after, printer, &change->after));
    if (before.kind == RC_ENTRY_DIR || after.kind == RC_ENTRY_DIR)
        return print_folder(printer, &before, &after);
    if (!exists(&before) || !exists(&after) ||
        (!change->replaced && (before.kind == RC_ENTRY_LINK) == (after.kind == RC_ENTRY_LINK)))
        return print_file(printer, &before, &after);
    none = after;
    none.kind = RC_ENTRY_NONE;
    RC_TRY(print_file(printer, &before, &none));
    none = before;
    none.kind = RC_ENTRY_NONE;
    return print_file(printer, &none, &after);
}

rc_err_t *rc_svn_print_revision(rc_svn_printer_t *printer, svn_revnum_t rev, apr_pool_t *pool)
{
    apr_array_header_t *changes;
    rc_err_t *err = NULL;
    int i;

    RC_TRY(rc_svn_revision_changes(&changes, printer->vcs, rev, pool));
    apr_pool_create(&printer->scratch, pool);
    for (i = 0; !err && i < changes->nelts; i++) {
        apr_pool_clear(printer->scratch);
        err = rc_svn_print_change(printer, &APR_ARRAY_IDX(changes, i, rc_svn_change_t));
    }
    apr_pool_destroy(printer->scratch);
    return err;
}
