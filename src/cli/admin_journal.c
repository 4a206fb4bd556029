/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin journal: lists the entries of the journal, and deletes old ones.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "domain/journal.h"
#include "domain/server.h"
#include "base/text.h"
#include "base/time.h"

#define LAST      50
#define LAST_MOST 1000000000
#define DAYS_MOST 36500

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
    rc_journal_settle(admin->actor.db, false, admin->pool);
    rc_admin_head(admin, "TIME\tUSER\tADDRESS\tREPOSITORY\tACTION");
    return rc_admin_result(
        admin, rc_store_journal_each(admin->actor.db, most, print_entry, NULL, admin->pool));
}

static int purge(rc_admin_t *admin)
{
    bool yes = rc_admin_flag(admin, "--yes");
    const char *word = rc_admin_word(admin);
    apr_int64_t days, gone;
    rc_err_t *err;

    if (!word || !rc_text_int(&days, word) || days < 0 || days > DAYS_MOST)
        return rc_admin_fail(RC_ADMIN_USAGE, "purge requires a number of days from 0 to %d",
                             DAYS_MOST);
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if (!days && !yes && isatty(STDIN_FILENO) &&
        !rc_admin_confirm(admin, "Delete the whole journal? [y/n]"))
        return rc_admin_fail(RC_ADMIN_FAILED, "nothing was deleted");
    if ((err = rc_journal_purge(&gone, &admin->actor, days)))
        return rc_admin_result(admin, err);
    printf("%" APR_INT64_T_FMT "\n", gone);
    return RC_ADMIN_OK;
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
