// SPDX-License-Identifier: Apache-2.0
/*
 * Compares two texts by git in a child. xdiff's time grows faster than its input (lines of one
 * letter: half a minute for two files of 1 MiB) and xdiff cannot be stopped; the child ends at the
 * deadline, or when the client disconnects.
 */
#include "print.h"

#include <string.h>

#include <apr_strings.h>

#include "../run.h"

#define NEAR ((size_t)256 << 10) /* bytes of both texts, without common text at start and end */

bool rc_git_is_far(const rc_git_content_t *before, const rc_git_content_t *after)
{
    size_t least = before->size < after->size ? before->size : after->size, head = 0, tail = 0;

    if (!before->blob || !after->blob || before->size + after->size <= NEAR)
        return false;
    while (head < least && before->data[head] == after->data[head])
        head++;
    while (tail < least - head &&
           before->data[before->size - tail - 1] == after->data[after->size - tail - 1])
        tail++;
    return before->size + after->size - 2 * (head + tail) > NEAR;
}

static void count_signs(rc_git_tally_t *tally, const char *p, const char *end)
{
    for (; p && p < end; p = (p = memchr(p, '\n', (size_t)(end - p))) ? p + 1 : NULL) {
        tally->added += *p == '+';
        tally->deleted += *p == '-';
    }
}

/* Writes git's diff of both into a new spool. */
static rc_err_t *run_git(rc_spool_t **out, const rc_git_printer_t *printer,
                         const rc_git_content_t *before, const rc_git_content_t *after)
{
    apr_pool_t *pool = printer->scratch;
    const char *context = apr_psprintf(pool, "-U%d", printer->options->context);
    const char *from = apr_pstrdup(pool, git_oid_tostr_s(git_blob_id(before->blob)));
    const char *to = apr_pstrdup(pool, git_oid_tostr_s(git_blob_id(after->blob)));
    const char *const argv[] = {"git", "-c", "diff.suppressBlankEmpty=false", "diff", "--text",
                                "--no-color", "--no-ext-diff", "--no-textconv",
                                "--diff-algorithm=default", "--indent-heuristic",
                                "--inter-hunk-context=0", context,
                                /* repeats the context option where blanks count */
                                printer->options->ignore_space ? "-w" : context, from, to, NULL};
    apr_off_t most = 4 * (apr_off_t)(before->size + after->size) + (1 << 20);
    rc_git_t *git = printer->git;
    apr_file_t *file;

    *out = rc_spool_beside(printer->spool, pool);
    RC_TRY(rc_work_costly(git->work, printer->err_pool));
    RC_TRY(rc_spool_lend(&file, *out));
    RC_TRY(rc_git_output(file, most, git->path, argv, git->work, printer->err_pool));
    return rc_spool_take_back(*out);
}

rc_err_t *rc_git_print_far(const rc_git_printer_t *printer, const char *head,
                           const rc_git_content_t *before, const rc_git_content_t *after)
{
    const char *text, *end, *hunks;
    rc_spool_t *spool;

    RC_TRY(run_git(&spool, printer, before, after));
    RC_TRY(rc_spool_view(&text, spool, printer->scratch));
    end = text + rc_spool_size(spool);
    hunks = memmem(text, (size_t)(end - text), "\n@@ ", 4);
    if (!hunks++) /* the texts differ only in blanks */
        return NULL;
    if (printer->tally)
        count_signs(printer->tally, hunks, end);
    if (printer->count_only)
        return NULL;
    RC_TRY(rc_spool_puts(printer->spool, head));
    if (printer->tally)
        printer->tally->hunks = rc_spool_size(printer->spool);
    return rc_spool_write(printer->spool, hunks, (apr_size_t)(end - hunks));
}
