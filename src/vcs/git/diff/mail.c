// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a commit as a mail, as git's format-patch does (pretty.c, log-tree.c), including its
 * treatment of unusual headers, blank lines and encodings.
 */
#include "print.h"

#include <string.h>

#include <apr_strings.h>

#include "../table.h"
#include "base/mail.h"
#include "base/patch_stat.h"
#include "base/text.h"

/* --- the commit's text --- */

/* Finds the header line that begins with @a word, from @a text on; returns the text after the word,
 * or NULL. */
static const char *head_line(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (; *text && *text != '\n'; text = rc_text_next_line(text))
        if (!strncmp(text, word, len))
            return text + len;
    return NULL;
}

/* Returns the commit object in UTF-8, or unchanged if conversion fails. Like git, it ends at
 * a NUL. */
static rc_err_t *read_commit(const char **text, rc_git_t *git, const char *id, apr_pool_t *err_pool,
                             apr_pool_t *pool)
{
    const char *encoding, *converted;
    git_odb_object *object;
    git_oid oid;

    if (!rc_git_hex(&oid, id))
        return rc_err_internal(err_pool, APR_SUCCESS, "'%s' is not the id of a commit", id);
    RC_TRY(rc_git_read(&object, git, &oid, GIT_OBJECT_COMMIT, err_pool));
    *text = apr_pstrndup(pool, git_odb_object_data(object), git_odb_object_size(object));
    git_odb_object_free(object);
    encoding = head_line(*text, "encoding ");
    if (!encoding)
        return NULL;
    converted = rc_git_convert(*text, strlen(*text), encoding, rc_text_line_end(encoding), pool);
    if (converted)
        *text = converted;
    return NULL;
}

/* --- author --- */

/* Returns the lines "From:" and "Date:" for an author line; an empty text when it has
 * no address. */
static const char *author_lines(const char *line, apr_pool_t *pool)
{
    const char *end = rc_text_line_end(line), *mail = memchr(line, '<', (size_t)(end - line));
    const char *name_end = mail, *mail_end;
    apr_uint64_t seconds;
    int zone;

    if (!mail || !(mail_end = memchr(mail, '>', (size_t)(end - mail))))
        return "";
    while (name_end > line && rc_text_is_blank(name_end[-1]))
        name_end--;
    rc_git_ident_date(&seconds, &zone, line, end);
    return apr_pstrcat(
        pool,
        rc_mail_from(apr_pstrmemdup(pool, line, (apr_size_t)(name_end - line)),
                     apr_pstrmemdup(pool, mail + 1, (apr_size_t)(mail_end - mail - 1)), pool),
        rc_mail_date(seconds, zone > -1000000 && zone < 1000000 ? zone : 0, pool), NULL);
}

static rc_err_t *print_message(rc_spool_t *spool, const char *id, const char *text,
                               const rc_mail_t *mail, apr_pool_t *pool)
{
    const char *message = strstr(text, "\n\n"), *line = text, *prefix;

    RC_TRY(rc_spool_printf(spool, "%sFrom %s Mon Sep 17 00:00:00 2001\n",
                           rc_spool_size(spool) ? "\n" : "", id));
    for (; (line = head_line(line, "author ")); line = rc_text_next_line(line))
        RC_TRY(rc_spool_puts(spool, author_lines(line, pool)));
    prefix = rc_mail_prefix(mail->number, mail->total, pool);
    return rc_spool_puts(spool, rc_mail_message(prefix, message ? message + 1 : NULL, pool));
}

/* --- changes --- */

static rc_stat_row_t row_of(const rc_git_change_t *change, const rc_git_tally_t *tally)
{
    return (rc_stat_row_t){.old_path = change->before.path,
                           .new_path = change->after.path,
                           .old_mode = change->before.mode,
                           .new_mode = change->after.mode,
                           .renamed = change->renamed,
                           .similarity = change->score * 100 / RC_GIT_SCORE_MAX,
                           .binary = tally->binary,
                           .added = tally->added,
                           .deleted = tally->deleted};
}

/* Prints each change into @a diff; @a rows (rc_stat_row_t) get their sizes. */
static rc_err_t *print_changes(apr_array_header_t **rows, rc_spool_t *diff, rc_vcs_t *vcs,
                               const apr_array_header_t *changes, const rc_diff_options_t *options,
                               apr_pool_t *pool)
{
    rc_git_printer_t printer = {
        .spool = diff, .git = vcs->repo, .options = options, .err_pool = vcs->pool};
    rc_err_t *err = NULL;
    int i;

    *rows = apr_array_make(pool, changes->nelts, sizeof(rc_stat_row_t));
    apr_pool_create(&printer.scratch, pool);
    for (i = 0; i < changes->nelts && !err; i++) {
        const rc_git_change_t *change = &APR_ARRAY_IDX(changes, i, rc_git_change_t);
        rc_git_tally_t tally = {.binary = false};

        if (change->moved)
            continue;
        apr_pool_clear(printer.scratch);
        printer.tally = &tally;
        err = rc_git_print_change(&printer, change);
        APR_ARRAY_PUSH(*rows, rc_stat_row_t) = row_of(change, &tally);
    }
    apr_pool_destroy(printer.scratch);
    return err;
}

static rc_err_t *print_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                            apr_pool_t *pool)
{
    apr_array_header_t *changes, *rows;
    rc_spool_t *diff;
    const char *text = "";

    RC_TRY(rc_git_diff_changes(&changes, vcs->repo, id, vcs->pool, pool));
    if (!changes->nelts)
        return NULL;
    diff = rc_spool_beside(spool, pool); /* the table of sizes precedes the changes */
    RC_TRY(print_changes(&rows, diff, vcs, changes, &mail->diff, pool));
    RC_TRY(read_commit(&text, vcs->repo, id, vcs->pool, pool));
    RC_TRY(print_message(spool, id, text, mail, pool));
    return rc_patch_end_mail(spool, rows, diff, pool);
}

rc_err_t *rc_git_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch)
{
    apr_pool_t *pool;
    rc_err_t *err;

    apr_pool_create(&pool, scratch);
    apr_pool_tag(pool, "rc_git_mail");
    err = print_mail(spool, vcs, id, mail, pool);
    apr_pool_destroy(pool);
    return err;
}
