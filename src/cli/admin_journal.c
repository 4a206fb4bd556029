/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin journal: lists and exports the entries of the journal, and deletes old ones.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "domain/journal.h"
#include "domain/server.h"
#include "faces/audit.h"
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

/* --- export --- */

static rc_err_t *print_object(void *baton, const rc_audit_t *entry)
{
    rc_admin_t *admin = baton;
    apr_pool_t *scratch;
    const char *text;
    rc_spool_t *spool;
    rc_json_t json;
    rc_err_t *err;

    apr_pool_create(&scratch, admin->pool);
    spool = rc_spool_create(admin->config.temp_dir, scratch);
    rc_json_init(&json, spool);
    rc_audit_write(&json, entry, scratch);
    err = rc_json_finish(&json);
    if (!err)
        err = rc_spool_string(&text, spool, scratch);
    if (err)
        err = rc_err_copy(err, admin->pool);
    else
        puts(text);
    apr_pool_destroy(scratch);
    return err;
}

/* Reads "YYYY-MM-DD" or "YYYY-MM-DDTHH:MM:SS", in UTC. */
static bool read_moment(apr_int64_t *since, const char *text, apr_pool_t *pool)
{
    apr_int64_t seconds;

    if (!strchr(text, 'T'))
        text = apr_pstrcat(pool, text, "T00:00:00", NULL);
    if (!rc_time_read_utc(&seconds, text))
        return false;
    *since = apr_time_from_sec(seconds);
    return true;
}

static int export_all(rc_admin_t *admin)
{
    const char *text = rc_admin_option(admin, "--since");
    apr_int64_t since = 0;

    if (!rc_admin_flag(admin, "--jsonl"))
        return rc_admin_fail(RC_ADMIN_USAGE, "export requires --jsonl");
    if (text && !read_moment(&since, text, admin->pool))
        return rc_admin_fail(RC_ADMIN_USAGE,
                             "--since requires YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, in UTC");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    rc_journal_settle(admin->actor.db, false, admin->pool);
    return rc_admin_result(
        admin, rc_store_audit_since(admin->actor.db, since, print_object, admin, admin->pool));
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
    if (verb && !strcmp(verb, "export"))
        return export_all(admin);
    if (verb && !strcmp(verb, "purge"))
        return purge(admin);
    return rc_admin_fail(RC_ADMIN_USAGE, "journal requires list, export or purge");
}
