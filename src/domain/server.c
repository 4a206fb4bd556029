// SPDX-License-Identifier: Apache-2.0
/*
 * Changes settings of the server and anonymous access, and purges the journal.
 */
#include "domain/server.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/repo.h"
#include "store/repo_change.h"
#include "store/setting.h"
#include "store/user.h"

#define DAY_SECS 86400

/* --- settings --- */

const rc_setting_t rc_settings[] = {
    {"default_repo_enable_downloads", "default for new repositories", RC_SETTING_FLAG, ""},
    {"default_repo_enable_locking", "default for new repositories", RC_SETTING_FLAG, ""},
    {"default_repo_enable_statistics", "default for new repositories", RC_SETTING_FLAG, ""},
    {"default_repo_private", "default for new repositories", RC_SETTING_FLAG, ""},
    {"default_repo_type", "default for new repositories", RC_SETTING_TYPE, "git"},
    {"gist_alias_url", "URL of a gist, with {gistid} in it; empty: of this server", RC_SETTING_TEXT,
     ""},
    {"repository_fields", "whether extra fields are shown", RC_SETTING_FLAG, ""},
    {"svn_branch_patterns", "directories that are branches of Subversion repositories",
     RC_SETTING_PATTERNS, RC_SVN_BRANCHES},
    {"svn_tag_patterns", "directories that are tags of Subversion repositories",
     RC_SETTING_PATTERNS, RC_SVN_TAGS},
    {NULL, NULL, RC_SETTING_TEXT, NULL},
};

const rc_setting_t *rc_setting_find(const char *name)
{
    const rc_setting_t *setting = rc_settings;

    while (setting->name && strcmp(setting->name, name))
        setting++;
    return setting->name ? setting : NULL;
}

const char *rc_setting_rule(const rc_setting_t *setting)
{
    switch (setting->kind) {
    case RC_SETTING_FLAG:
        return "on or off";
    case RC_SETTING_TYPE:
        return "a type of repositories, git, hg or svn";
    default:
        return "paths with blanks between them, each with / at its start and at most one * as its "
               "last part";
    }
}

/* Words like /trunk and branches/ and a star; no text is valid, too. */
static bool are_patterns(const char *value)
{
    apr_size_t len;

    for (; *value; value += len) {
        value += strspn(value, " ");
        len = strcspn(value, " ");
        if (!len)
            break;
        if (*value != '/' || len < 2)
            return false;
        if (memchr(value, '*', len - 1) || (value[len - 1] == '*' && value[len - 2] != '/'))
            return false;
    }
    return true;
}

static const char *flag_form(const char *value)
{
    static const char *const yes[] = {"on", "true", "True", "yes", "1"};
    static const char *const no[] = {"off", "false", "False", "no", "0"};
    int i;

    for (i = 0; i < 5; i++) {
        if (!strcmp(value, yes[i]))
            return "True";
        if (!strcmp(value, no[i]))
            return "False";
    }
    return NULL;
}

const char *rc_setting_form(const rc_setting_t *setting, const char *value)
{
    switch (setting->kind) {
    case RC_SETTING_FLAG:
        return flag_form(value);
    case RC_SETTING_TYPE:
        return rc_vcs_known_type(value) ? value : NULL;
    case RC_SETTING_PATTERNS:
        return are_patterns(value) ? value : NULL;
    default:
        return value;
    }
}

typedef struct setting_change_t {
    const rc_setting_t *setting;
    const char *value;
} setting_change_t;

static rc_err_t *change_setting(rc_actor_t *actor, void *baton)
{
    const setting_change_t *change = baton;
    const char *name = change->setting->name;

    RC_TRY(rc_actor_require_admin(actor));
    RC_TRY(rc_store_setting_set(actor->db, name, change->value));
    return rc_actor_journal(actor, NULL, "admin_set",
                            apr_pstrcat(actor->pool, name, "=", change->value, NULL));
}

rc_err_t *rc_setting_change(rc_actor_t *actor, const rc_setting_t *setting, const char *value)
{
    setting_change_t change = {setting, rc_setting_form(setting, value)};

    if (!change.value)
        return rc_err(actor->pool, RC_E_ARG, "%s must be %s", setting->name,
                      rc_setting_rule(setting));
    return rc_actor_txn(actor, change_setting, &change);
}

bool rc_setting_is_of_repos(const rc_setting_t *setting)
{
    return setting->kind == RC_SETTING_PATTERNS;
}

typedef struct repo_setting_t {
    const rc_setting_t *setting;
    const rc_repo_t *repo;
    const char *value;
} repo_setting_t;

static rc_err_t *change_repo_setting(rc_actor_t *actor, void *baton)
{
    const repo_setting_t *change = baton;
    const char *name = change->setting->name, *value = change->value;

    RC_TRY(rc_actor_require_admin(actor));
    RC_TRY(rc_store_repo_setting_set(actor->db, change->repo->id, name, value));
    return rc_actor_journal(actor, change->repo, "admin_set",
                            apr_pstrcat(actor->pool, name, value ? "=" : " removed", value, NULL));
}

rc_err_t *rc_repo_setting_change(rc_actor_t *actor, const rc_setting_t *setting,
                                 const rc_repo_t *repo, const char *value)
{
    repo_setting_t change = {setting, repo, value ? rc_setting_form(setting, value) : NULL};

    if (!rc_setting_is_of_repos(setting) || (value && !change.value))
        return rc_err(actor->pool, RC_E_ARG, "%s must be %s", setting->name,
                      rc_setting_rule(setting));
    return rc_actor_txn(actor, change_repo_setting, &change);
}

/* --- anonymous access --- */

static rc_err_t *set_anonymous(rc_actor_t *actor, void *baton)
{
    const bool *on = baton;
    rc_user_t *user;

    RC_TRY(rc_actor_require_admin(actor));
    RC_TRY(rc_store_user_by_name(&user, actor->db, RC_DEFAULT_USER, actor->pool));
    if (!user)
        return rc_err(actor->pool, RC_E_NOTFOUND, "there is no default user; run init first");
    RC_TRY(rc_store_user_set_active(actor->db, user->id, *on));
    return rc_actor_journal(actor, NULL, "admin_set_anonymous",
                            *on ? RC_DEFAULT_USER ":on" : RC_DEFAULT_USER ":off");
}

rc_err_t *rc_anonymous_set(rc_actor_t *actor, bool on)
{
    return rc_actor_txn(actor, set_anonymous, &on);
}

/* --- journal --- */

typedef struct purge_t {
    apr_int64_t days, gone;
} purge_t;

static rc_err_t *purge_journal(rc_actor_t *actor, void *baton)
{
    purge_t *purge = baton;
    apr_time_t before = apr_time_now() - apr_time_from_sec(purge->days * DAY_SECS);

    RC_TRY(rc_actor_require_admin(actor));
    RC_TRY(rc_store_journal_take(actor->db)); /* entries that wait may be older */
    RC_TRY(rc_store_journal_purge(&purge->gone, actor->db, before));
    return rc_actor_journal(actor, NULL, "admin_purged_journal",
                            apr_psprintf(actor->pool, "%" APR_INT64_T_FMT, purge->days));
}

rc_err_t *rc_journal_purge(apr_int64_t *gone, rc_actor_t *actor, apr_int64_t days)
{
    purge_t purge = {days, 0};

    RC_TRY(rc_actor_txn(actor, purge_journal, &purge));
    *gone = purge.gone;
    return NULL;
}
