// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a changeset as `hg export --git` does, so that `hg import` makes the same one again.
 */
#include "change.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "base/hex.h"

/* hg shows times that 32 bits can hold. */
#define TIME_MOST  APR_INT64_C(0x7fffffff)
#define TIME_LEAST (-APR_INT64_C(0x80000000))

/* Returns the date as hg shows it, "Thu Jan 01 00:00:00 1970 +0000"; the zone is west. */
static const char *date_text(apr_int64_t date, apr_int64_t zone, apr_pool_t *pool)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    apr_int64_t minutes = (zone < 0 ? -zone : zone) / 60, local = date - zone;
    struct tm tm;
    time_t time;

    local = local > TIME_MOST ? TIME_MOST : local < TIME_LEAST ? TIME_LEAST : local;
    time = (time_t)local;
    gmtime_r(&time, &tm);
    return apr_psprintf(pool, "%s %s %02d %02d:%02d:%02d %d %c%02d%02d", days[tm.tm_wday],
                        months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                        tm.tm_year + 1900, zone > 0 ? '-' : '+', (int)(minutes / 60),
                        (int)(minutes % 60));
}

static rc_err_t *print_parents(rc_spool_t *spool, const rc_hg_snapshot_t *snapshot, int rev,
                               apr_pool_t *pool)
{
    rc_hg_row_t row;
    int i;

    rc_hg_row(&row, snapshot->log, rev);
    RC_TRY(rc_spool_printf(spool, "# Node ID %s\n", rc_hex_text(row.node, RC_HG_NODE, pool)));
    for (i = 0; i < 2; i++)
        if (!i || row.parent[i] >= 0)
            RC_TRY(rc_spool_printf(
                spool, "# Parent  %s\n",
                rc_hex_text(rc_hg_node(snapshot->log, row.parent[i]), RC_HG_NODE, pool)));
    return NULL;
}

static rc_err_t *print_message(rc_spool_t *spool, const char *message)
{
    apr_size_t len = strlen(message);

    while (len && isspace((unsigned char)message[len - 1]))
        len--;
    RC_TRY(rc_spool_write(spool, message, len));
    return rc_spool_puts(spool, "\n\n");
}

static rc_err_t *print_export(rc_spool_t *spool, rc_vcs_t *vcs, int rev,
                              const rc_diff_options_t *options, apr_pool_t *pool)
{
    rc_hg_printer_t printer = {
        .spool = spool, .vcs = vcs, .style = {options->context, options->ignore_space, false}};
    rc_hg_changeset_t changeset;
    rc_hg_snapshot_t *snapshot;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    RC_TRY(rc_hg_read_changeset(&changeset, vcs, rev, pool));
    RC_TRY(rc_spool_puts(spool, "# HG changeset patch\n"));
    RC_TRY(rc_spool_puts(spool, apr_pstrcat(pool, "# User ", changeset.user, "\n", NULL)));
    RC_TRY(rc_spool_printf(spool, "# Date %" APR_INT64_T_FMT " %" APR_INT64_T_FMT "\n#      %s\n",
                           changeset.time, changeset.zone,
                           date_text(changeset.time, changeset.zone, pool)));
    if (strcmp(changeset.branch, "default"))
        RC_TRY(rc_spool_puts(spool, apr_pstrcat(pool, "# Branch ", changeset.branch, "\n", NULL)));
    RC_TRY(print_parents(spool, snapshot, rev, pool));
    RC_TRY(print_message(spool, changeset.message));
    return rc_hg_print_changeset(&printer, rev, pool);
}

rc_err_t *rc_hg_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                     apr_pool_t *scratch)
{
    apr_pool_t *pool;
    rc_err_t *err;
    int rev;

    RC_TRY(rc_hg_rev_of(&rev, vcs, id));
    apr_pool_create(&pool, scratch);
    err = print_export(spool, vcs, rev, &mail->diff, pool);
    apr_pool_destroy(pool);
    return err;
}
