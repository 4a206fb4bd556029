// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases on the server as a whole: its settings, anonymous access, and old entries of the
 * journal (contract 04 §7). Only super-admins may run them.
 */
#ifndef RC_DOMAIN_SERVER_H
#define RC_DOMAIN_SERVER_H

#include "domain/actor.h"

typedef enum {
    RC_SETTING_FLAG,
    RC_SETTING_TEXT,
    RC_SETTING_TYPE,    /* a type of repositories */
    RC_SETTING_PATTERNS /* paths of directories, see rc_vcs_set_patterns */
} rc_setting_kind_t;

/* A server setting that can be changed. */
typedef struct rc_setting_t {
    const char *name; /* NULL: the end of the table */
    const char *help;
    rc_setting_kind_t kind;
    const char *preset; /* its value while it is not set */
} rc_setting_t;

extern const rc_setting_t rc_settings[];

/** Returns the row of a setting; NULL when there is none of this name. */
const rc_setting_t *rc_setting_find(const char *name);

/** Returns what a value of a setting of this kind must be, for messages. */
const char *rc_setting_rule(const rc_setting_t *setting);

/** Returns the stored form of a value; NULL for an invalid one. */
const char *rc_setting_form(const rc_setting_t *setting, const char *value);

/** Sets a setting. Returns RC_E_ARG for an invalid value. */
rc_err_t *rc_setting_change(rc_actor_t *actor, const rc_setting_t *setting, const char *value);

/** True when single repositories can have a value of their own. */
bool rc_setting_is_of_repos(const rc_setting_t *setting);

/** Sets such a setting for one repository; NULL: the server's counts again. RC_E_ARG for an invalid
 * value, or a setting that repositories do not have. */
rc_err_t *rc_repo_setting_change(rc_actor_t *actor, const rc_setting_t *setting,
                                 const rc_repo_t *repo, const char *value);

/** Turns anonymous access on or off. */
rc_err_t *rc_anonymous_set(rc_actor_t *actor, bool on);

/** Deletes the entries of the journal that are older than @a days; *@a gone is their number. */
rc_err_t *rc_journal_purge(apr_int64_t *gone, rc_actor_t *actor, apr_int64_t days);

#endif
