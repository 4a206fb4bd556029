/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin journal: lists the entries of the journal, and deletes old ones.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/journal.h"
#include "base/text.h"
#include "base/time.h"

#define LAST      50
#define LAST_MOST 1000000000
#define DAYS_MOST 36500
#define DAY_SECS  86400

static rc_err_t *print_entry(void *baton, const rc_journal_entry_t *entry, apr_pool_t *scratch)
{
    (void)baton;
    printf("%s\t%s\t%s\t%s\t%s\n", rc_time_local(entry->created_on, scratch), entry->username,
           entry->ip, entry->repo_name, entry->action);
    return NULL;
}

static int list(rc_admin_t *admin)
{
    const char *last = rc_admin_option(admin, "--last");
    apr_int64_t most = LAST;

    if (last && (!rc_text_int(&most, last) || most < 1 || most > LAST_MOST))
        return rc_admin_fail(RC_ADMIN_USAGE, "--last requires a number from 1 to %d", LAST_MOST);
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    rc_admin_head(admin, "TIME\tUSER\tADDRESS\tREPOSITORY\tACTION");
    return rc_admin_result(admin,
                           rc_store_journal_each(admin->db, most, print_entry, NULL, admin->pool));
}

typedef struct purge_t {
    apr_int64_t before; /* microseconds */
    apr_int64_t gone;
} purge_t;

static rc_err_t *purge_entries(void *baton, rc_db_t *db)
{
    purge_t *purge = baton;

    return rc_store_journal_purge(&purge->gone, db, purge->before);
}

static int purge(rc_admin_t *admin)
{
    bool yes = rc_admin_flag(admin, "--yes");
    const char *word = rc_admin_word(admin);
    apr_int64_t days;
    purge_t purge;
    int status;

    if (!word || !rc_text_int(&days, word) || days < 0 || days > DAYS_MOST)
        return rc_admin_fail(RC_ADMIN_USAGE, "purge requires a number of days from 0 to %d",
                             DAYS_MOST);
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if (!days && !yes && isatty(STDIN_FILENO) &&
        !rc_admin_confirm(admin, "Delete the whole journal? [y/n]"))
        return rc_admin_fail(RC_ADMIN_FAILED, "nothing was deleted");
    purge.before = apr_time_now() - apr_time_from_sec(days * DAY_SECS);
    status = rc_admin_apply(admin, purge_entries, &purge, "admin_purged_journal", word);
    if (status == RC_ADMIN_OK)
        printf("%" APR_INT64_T_FMT "\n", purge.gone);
    return status;
}

int rc_admin_journal(rc_admin_t *admin)
{
    const char *verb = rc_admin_word(admin);

    if (verb && !strcmp(verb, "list"))
        return list(admin);
    if (verb && !strcmp(verb, "purge"))
        return purge(admin);
    return rc_admin_fail(RC_ADMIN_USAGE, "journal requires list or purge");
}
