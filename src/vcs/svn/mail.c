// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a revision as a mail that `git am` accepts, in the form that git's own mails have
 * (contract 07 §5).
 */
#include "change.h"

#include <string.h>

#include <apr_strings.h>

#include "base/mail.h"

#define NO_AUTHOR  "(no author)" /* as svn shows it */
#define NO_MESSAGE "(no message)"

/* A line end in a name would begin another header. */
static const char *author_of(const rc_commit_t *commit, apr_pool_t *pool)
{
    char *name = apr_pstrdup(pool, *commit->author ? commit->author : NO_AUTHOR), *p;

    for (p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == '<' || *p == '>')
            *p = ' ';
    return name;
}

static bool is_blank(const char *text)
{
    return !text[strspn(text, " \t\r\n")];
}

static rc_err_t *print_head(rc_spool_t *spool, const rc_commit_t *commit, const rc_mail_t *mail,
                            apr_pool_t *pool)
{
    const char *message = is_blank(commit->message) ? NO_MESSAGE : commit->message;
    apr_uint64_t time = commit->time > 0 ? (apr_uint64_t)commit->time : 0;

    RC_TRY(rc_spool_printf(spool, "%sFrom %s Mon Sep 17 00:00:00 2001\n",
                           rc_spool_size(spool) ? "\n" : "", commit->id));
    RC_TRY(rc_spool_puts(spool, rc_mail_from(author_of(commit, pool), "", pool)));
    RC_TRY(rc_spool_puts(spool, rc_mail_date(time, 0, pool)));
    return rc_spool_puts(
        spool, rc_mail_message(rc_mail_prefix(mail->number, mail->total, pool), message, pool));
}

static rc_err_t *print_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                            apr_pool_t *pool)
{
    svn_revnum_t rev = rc_svn_rev_of(id);
    rc_rev_t named = {rev - 1, id};
    rc_svn_printer_t printer = {.spool = rc_spool_beside(spool, pool),
                                .vcs = vcs,
                                .options = &mail->diff,
                                .properties = true,
                                .rows = apr_array_make(pool, 8, sizeof(rc_stat_row_t))};
    rc_commit_t *commit;

    RC_TRY(rc_svn_print_revision(&printer, rev, pool));
    if (!printer.rows->nelts) /* as in git: without changes, for git, there is no mail */
        return NULL;
    RC_TRY(rc_svn_commit(&commit, vcs, &named, APR_SIZE_MAX, pool));
    RC_TRY(print_head(spool, commit, mail, pool));
    return rc_patch_end_mail(spool, printer.rows, printer.spool, pool);
}

rc_err_t *rc_svn_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch)
{
    apr_pool_t *pool;
    rc_err_t *err;

    apr_pool_create(&pool, scratch);
    err = print_mail(spool, vcs, id, mail, pool);
    apr_pool_destroy(pool);
    return err;
}
