// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the hunks of a text diff by libgit2's xdiff, and corrects what git does differently
 * (xemit.c for headings, xdiff-interface.c for equal tails).
 */
#include "print.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"

#define HEADING_MAX 80        /* bytes of a hunk's heading */
#define CONTEXT_MAX (1 << 28) /* more lines than any file has */
#define TAIL_BLOCK  1024      /* git cuts equal tails in blocks of this size */

typedef struct hunk_t {
    const rc_git_printer_t *printer;
    const char *head; /* the header that is still to be printed; NULL after that */
    rc_err_t *err;

    /* The text for xdiff when it is not the content itself: same length, other bytes. */
    const char *masked_before, *masked_after;
    const rc_git_content_t *before, *after;

    /* The search for headings: the position in the old text up to which lines were searched. */
    const char *seen;
    int seen_lines;
    const char *heading;
    size_t heading_len;
} hunk_t;

static void put_text(hunk_t *hunk, const char *data, size_t len)
{
    if (!hunk->err && !hunk->printer->count_only)
        hunk->err = rc_spool_write(hunk->printer->spool, data, len);
}

/* Counts the lines with the mark @a sign. */
static void count_sign(const hunk_t *hunk, char sign, int lines)
{
    rc_git_tally_t *tally = hunk->printer->tally;

    if (tally && sign == '+')
        tally->added += (apr_uint64_t)lines;
    else if (tally && sign == '-')
        tally->deleted += (apr_uint64_t)lines;
}

static void put_head(hunk_t *hunk)
{
    if (!hunk->head)
        return;
    put_text(hunk, hunk->head, strlen(hunk->head));
    hunk->head = NULL;
    if (hunk->printer->tally)
        hunk->printer->tally->hunks = rc_spool_size(hunk->printer->spool);
}

/* --- headings: the last line before the hunk that looks like a definition --- */

/* Returns the length up to the first byte that is not UTF-8; like git, it treats U+FFFE and U+FFFF
 * as invalid, too. */
static size_t utf8_part(const char *text, size_t len)
{
    const char *p = text, *end = text + len;
    int n;

    while ((n = rc_utf8_length(p, end)) > 0) {
        if (n == 3 && (!memcmp(p, "\xef\xbf\xbe", 3) || !memcmp(p, "\xef\xbf\xbf", 3)))
            break;
        p += n;
    }
    return (size_t)(p - text);
}

static void set_heading(hunk_t *hunk, const char *line, size_t len)
{
    if (!apr_isalpha(*line) && *line != '_' && *line != '$')
        return;
    if (len > HEADING_MAX)
        len = HEADING_MAX;
    while (len && rc_text_is_blank(line[len - 1]))
        len--;
    hunk->heading = line;
    hunk->heading_len = utf8_part(line, len);
}

static void look_for_heading(hunk_t *hunk, int lines)
{
    const char *end = hunk->before->data + hunk->before->size;

    while (hunk->seen_lines < lines && hunk->seen < end) {
        const char *stop = memchr(hunk->seen, '\n', (size_t)(end - hunk->seen));

        stop = stop ? stop + 1 : end;
        set_heading(hunk, hunk->seen, (size_t)(stop - hunk->seen));
        hunk->seen = stop;
        hunk->seen_lines++;
    }
}

static void put_hunk_line(hunk_t *hunk, int old_start, int old_lines, int new_start, int new_lines)
{
    char line[128];
    int n = apr_snprintf(line, sizeof(line), "@@ -%d", old_start);

    if (old_lines != 1)
        n += apr_snprintf(line + n, sizeof(line) - (size_t)n, ",%d", old_lines);
    n += apr_snprintf(line + n, sizeof(line) - (size_t)n, " +%d", new_start);
    if (new_lines != 1)
        n += apr_snprintf(line + n, sizeof(line) - (size_t)n, ",%d", new_lines);
    n += apr_snprintf(line + n, sizeof(line) - (size_t)n, " @@");
    put_text(hunk, line, (size_t)n);
    if (hunk->heading_len) {
        put_text(hunk, " ", 1);
        put_text(hunk, hunk->heading, hunk->heading_len);
    }
    put_text(hunk, "\n", 1);
}

static int on_hunk(const git_diff_delta *delta, const git_diff_hunk *at, void *baton)
{
    hunk_t *hunk = baton;

    (void)delta;
    put_head(hunk);
    /* libgit2's own heading keeps blanks that git trims, and trims others. */
    look_for_heading(hunk, at->old_lines ? at->old_start - 1 : at->old_start);
    put_hunk_line(hunk, at->old_start, at->old_lines, at->new_start, at->new_lines);
    return hunk->err ? GIT_EUSER : 0;
}

/* Returns the original text for a pointer that xdiff reports. */
static const char *true_bytes(const hunk_t *hunk, const char *p)
{
    if (hunk->masked_before && p >= hunk->masked_before &&
        p < hunk->masked_before + hunk->before->size)
        return hunk->before->data + (p - hunk->masked_before);
    if (hunk->masked_after && p >= hunk->masked_after && p < hunk->masked_after + hunk->after->size)
        return hunk->after->data + (p - hunk->masked_after);
    return p;
}

static int on_line(const git_diff_delta *delta, const git_diff_hunk *at, const git_diff_line *line,
                   void *baton)
{
    hunk_t *hunk = baton;

    (void)delta;
    (void)at;
    count_sign(hunk, line->origin, 1);
    /* Other origins are lines like "\ No newline at end of file", with their content. */
    if (line->origin == GIT_DIFF_LINE_CONTEXT || line->origin == GIT_DIFF_LINE_ADDITION ||
        line->origin == GIT_DIFF_LINE_DELETION)
        put_text(hunk, &line->origin, 1);
    put_text(hunk, true_bytes(hunk, line->content), line->content_len);
    return hunk->err ? GIT_EUSER : 0;
}

/* --- one side only: all lines are new, or all are deleted --- */

static int count_lines(const rc_git_content_t *content)
{
    const char *p = content->data, *end = p + content->size;
    int lines = 0;

    for (; p && p < end; lines++) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (p)
            p++;
    }
    return lines;
}

static rc_err_t *print_one_side(hunk_t *hunk, const rc_git_content_t *content, char sign)
{
    const char *p = content->data, *end = p + content->size, *stop;
    int lines = count_lines(content);

    if (!lines)
        return NULL;
    count_sign(hunk, sign, lines);
    put_head(hunk);
    if (sign == '+')
        put_hunk_line(hunk, 0, 0, 1, lines);
    else
        put_hunk_line(hunk, 1, lines, 0, 0);
    for (; p < end && !hunk->err; p = stop) {
        stop = memchr(p, '\n', (size_t)(end - p));
        stop = stop ? stop + 1 : end;
        put_text(hunk, &sign, 1);
        put_text(hunk, p, (size_t)(stop - p));
    }
    if (end[-1] != '\n')
        put_text(hunk, "\n\\ No newline at end of file\n", 29);
    return hunk->err;
}

/* --- both sides --- */

/*
 * xdiff uses the C library's definition of a blank and so counts form feeds and vertical tabs as
 * blanks, which git does not. A text that contains them is replaced by a copy with two other bytes,
 * which occur nowhere in it.
 */
static bool has_odd_blanks(const rc_git_content_t *content)
{
    return memchr(content->data, '\f', content->size) || memchr(content->data, '\v', content->size);
}

static void note_bytes(bool *used, const rc_git_content_t *content)
{
    size_t i;

    for (i = 0; i < content->size; i++)
        used[(unsigned char)content->data[i]] = true;
}

static char *mask(const rc_git_content_t *content, char form_feed, char tab, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, content->size + 1);
    size_t i;

    for (i = 0; i < content->size; i++) {
        char c = content->data[i];

        copy[i] = c == '\f' ? form_feed : c == '\v' ? tab : c;
    }
    return copy;
}

static void mask_odd_blanks(hunk_t *hunk)
{
    bool used[256] = {false};
    char free_bytes[2];
    int c, n = 0;

    if (!has_odd_blanks(hunk->before) && !has_odd_blanks(hunk->after))
        return;
    note_bytes(used, hunk->before);
    note_bytes(used, hunk->after);
    for (c = 255; c > ' ' && n < 2; c--)
        if (!used[c])
            free_bytes[n++] = (char)c;
    if (n < 2)
        return; /* all byte values occur: hardly a text */
    hunk->masked_before = mask(hunk->before, free_bytes[0], free_bytes[1], hunk->printer->scratch);
    hunk->masked_after = mask(hunk->after, free_bytes[0], free_bytes[1], hunk->printer->scratch);
}

/*
 * Returns how many bytes to leave out at the end. Without context git first cuts the common tail,
 * in blocks, back to a line end; that can move a hunk.
 */
static size_t equal_tail(const rc_git_content_t *before, const rc_git_content_t *after)
{
    size_t smaller = before->size < after->size ? before->size : after->size, cut = 0;
    const char *a = before->data + before->size, *b = after->data + after->size, *line;

    while (cut + TAIL_BLOCK <= smaller &&
           !memcmp(a - cut - TAIL_BLOCK, b - cut - TAIL_BLOCK, TAIL_BLOCK))
        cut += TAIL_BLOCK;
    if (!cut)
        return 0;
    line = memchr(a - cut, '\n', cut);
    return line ? (size_t)(a - line - 1) : 0;
}

static void set_options(git_diff_options *options, const rc_diff_options_t *wanted)
{
    int context = wanted->context < 0 ? 0 : wanted->context;

    git_diff_options_init(options, GIT_DIFF_OPTIONS_VERSION);
    options->context_lines = (uint32_t)(context < CONTEXT_MAX ? context : CONTEXT_MAX);
    options->flags = GIT_DIFF_INDENT_HEURISTIC | GIT_DIFF_FORCE_TEXT;
    if (wanted->ignore_space)
        options->flags |= GIT_DIFF_IGNORE_WHITESPACE;
    options->max_size = -1;
}

/* An empty name keeps libgit2 from searching for attributes. */
static int run_xdiff(hunk_t *hunk, const git_diff_options *options)
{
    const rc_git_content_t *before = hunk->before, *after = hunk->after;
    size_t tail = options->context_lines ? 0 : equal_tail(before, after);

    if (before->blob && after->blob && !tail && !hunk->masked_before)
        return git_diff_blobs(before->blob, "", after->blob, "", options, NULL, NULL, on_hunk,
                              on_line, hunk);
    return git_diff_buffers(hunk->masked_before ? hunk->masked_before : before->data,
                            before->size - tail, "",
                            hunk->masked_after ? hunk->masked_after : after->data,
                            after->size - tail, "", options, NULL, NULL, on_hunk, on_line, hunk);
}

rc_err_t *rc_git_print_hunks(const rc_git_printer_t *printer, const char *head,
                             const rc_git_content_t *before, const rc_git_content_t *after)
{
    hunk_t hunk = {.printer = printer, .head = head, .before = before, .after = after};
    git_diff_options options;
    int n;

    if (!before->size)
        return print_one_side(&hunk, after, '+');
    if (!after->size)
        return print_one_side(&hunk, before, '-');
    if (rc_git_is_far(before, after))
        return rc_git_print_far(printer, head, before, after);
    hunk.seen = before->data;
    mask_odd_blanks(&hunk);
    set_options(&options, printer->options);
    n = run_xdiff(&hunk, &options);
    if (hunk.err)
        return hunk.err;
    return n < 0
               ? rc_git_err(printer->err_pool, "cannot compare two files of %s", printer->git->path)
               : NULL;
}
