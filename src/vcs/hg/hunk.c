// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the differences between two texts in the unified format, as `hg diff` does.
 */
#include "lines.h"

#include <ctype.h>
#include <string.h>

#include <apr_tables.h>

#include "base/text.h"

#define FUNCTION_MOST 40 /* bytes of a function's line that is shown, if it is ASCII */

typedef struct hg_hunks_t {
    rc_spool_t *spool;
    const rc_hg_style_t *style;
    const apr_array_header_t *differences;
    rc_hg_lines_t old, new;
    int searched;                 /* up to here the old text was searched for functions */
    const rc_hg_line_t *function; /* the last one that was found; NULL: none */
} hg_hunks_t;

static const rc_hg_block_t *difference_at(const hg_hunks_t *hunks, int i)
{
    return &APR_ARRAY_IDX(hunks->differences, i, rc_hg_block_t);
}

static int at_least_0(int number)
{
    return number < 0 ? 0 : number;
}

/* Prints the lines from @a start to before @a end behind @a sign. */
static rc_err_t *put_lines_of(const hg_hunks_t *hunks, const rc_hg_lines_t *lines, char sign,
                              int start, int end)
{
    for (; start < end; start++) {
        const rc_hg_line_t *line = &lines->line[start];

        RC_TRY(rc_spool_write(hunks->spool, &sign, 1));
        RC_TRY(rc_spool_write(hunks->spool, line->text, line->len));
        if (line->text[line->len - 1] != '\n')
            RC_TRY(rc_spool_puts(hunks->spool, "\n\\ No newline at end of file\n"));
    }
    return NULL;
}

/* --- functions --- */

/* Finds the last line before @a start that begins with a letter or digit. Lines before the last
 * hunk were searched for that one. */
static void find_function(hg_hunks_t *hunks, int start)
{
    int i;

    for (i = start - 1; i >= hunks->searched; i--)
        if (isalnum((unsigned char)*hunks->old.line[i].text)) {
            hunks->function = &hunks->old.line[i];
            break;
        }
    hunks->searched = start;
}

static bool is_ascii(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static rc_err_t *put_function(const hg_hunks_t *hunks)
{
    const rc_hg_line_t *line = hunks->function;
    apr_size_t len = line ? line->len : 0;

    if (!line)
        return NULL;
    while (len && isspace((unsigned char)line->text[len - 1]))
        len--;
    if (len > FUNCTION_MOST && is_ascii(line->text, len))
        len = FUNCTION_MOST;
    RC_TRY(rc_spool_puts(hunks->spool, " "));
    return rc_spool_write(hunks->spool, line->text, len);
}

/* --- hunks --- */

/* Returns the number of the last difference whose context touches that of those from @a first
 * on. */
static int last_of(const hg_hunks_t *hunks, int first)
{
    int last = first, context = hunks->style->context;

    while (last + 1 < hunks->differences->nelts &&
           at_least_0(difference_at(hunks, last + 1)->old_start - context) <=
               difference_at(hunks, last)->old_end + context)
        last++;
    return last;
}

static rc_err_t *put_differences(const hg_hunks_t *hunks, int first, int last, int at, int end)
{
    int i;

    for (i = first; i <= last; i++) {
        const rc_hg_block_t *block = difference_at(hunks, i);

        RC_TRY(put_lines_of(hunks, &hunks->old, ' ', at, block->old_start));
        RC_TRY(put_lines_of(hunks, &hunks->old, '-', block->old_start, block->old_end));
        RC_TRY(put_lines_of(hunks, &hunks->new, '+', block->new_start, block->new_end));
        at = block->old_end;
    }
    return put_lines_of(hunks, &hunks->old, ' ', at, end);
}

/* An empty range stands behind the line before it. */
static rc_err_t *put_hunk_of(hg_hunks_t *hunks, int first, int last)
{
    const rc_hg_block_t *from = difference_at(hunks, first), *to = difference_at(hunks, last);
    int context = hunks->style->context, old_start = at_least_0(from->old_start - context);
    int new_start = at_least_0(from->new_start - context);
    int rest = hunks->old.count - to->old_end, after = rest < context ? rest : context;
    int old_len = to->old_end + after - old_start, new_len = to->new_end + after - new_start;

    if (hunks->style->functions)
        find_function(hunks, old_start);
    RC_TRY(rc_spool_printf(hunks->spool, "@@ -%d,%d +%d,%d @@", old_start + (old_len > 0), old_len,
                           new_start + (new_len > 0), new_len));
    RC_TRY(put_function(hunks));
    RC_TRY(rc_spool_puts(hunks->spool, "\n"));
    return put_differences(hunks, first, last, old_start, to->old_end + after);
}

static void count_differences(rc_hg_tally_t *tally, const apr_array_header_t *differences)
{
    int i;

    for (i = 0; i < differences->nelts; i++) {
        const rc_hg_block_t *block = &APR_ARRAY_IDX(differences, i, rc_hg_block_t);

        tally->deleted += block->old_end - block->old_start;
        tally->added += block->new_end - block->new_start;
    }
    tally->hunks = differences->nelts > 0;
}

rc_err_t *rc_hg_print_hunks(rc_hg_tally_t *tally, rc_spool_t *spool, const char *head,
                            const rc_hg_text_t *before, const rc_hg_text_t *after,
                            const rc_hg_style_t *style, const rc_hg_compare_t *compare)
{
    hg_hunks_t hunks = {.spool = spool, .style = style};
    apr_array_header_t *differences;
    int first, last;

    RC_TRY(rc_hg_differences(&differences, before, after, style->ignore_space, compare));
    count_differences(tally, differences);
    if (!differences->nelts || !spool)
        return NULL;
    hunks.differences = differences;
    RC_TRY(rc_hg_split(&hunks.old, before, compare));
    RC_TRY(rc_hg_split(&hunks.new, after, compare));
    RC_TRY(rc_spool_puts(spool, head));
    for (first = 0; first < differences->nelts; first = last + 1) {
        last = last_of(&hunks, first);
        RC_TRY(put_hunk_of(&hunks, first, last));
    }
    return NULL;
}
