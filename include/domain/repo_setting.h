// SPDX-License-Identifier: Apache-2.0
/*
 * Settings of a repository that clients of the API read and change (contract 02 §10). Those that
 * RhodeCode knows have a preset; others are stored as they come. The server heeds the ones that
 * have a function here.
 */
#ifndef RC_DOMAIN_REPO_SETTING_H
#define RC_DOMAIN_REPO_SETTING_H

#include "domain/actor.h"

/* A setting and its value, which is JSON on one line. */
typedef struct rc_repo_option_t {
    const char *name;
    const char *value; /* NULL, in a change: the preset counts again */
} rc_repo_option_t;

/** Returns the preset of a setting that RhodeCode knows; NULL for another one. That of a flag is
 * true or false. */
const char *rc_repo_option_preset(const char *name);

/** Lists all settings of @a repo, by name: an array of rc_repo_option_t in the actor's pool. */
rc_err_t *rc_repo_options(apr_array_header_t **out, rc_actor_t *actor, const rc_repo_t *repo);

typedef struct rc_repo_options_change_t {
    const rc_repo_t *repo;
    const apr_array_header_t *options; /* rc_repo_option_t: those that change */
} rc_repo_options_change_t;

/** Changes settings. Returns RC_E_FAILED for a name that is empty or too long, a value over 64 KiB,
 * and beyond 100 settings. */
rc_err_t *rc_repo_options_set(rc_actor_t *actor, const rc_repo_options_change_t *request);

/** *@a may: the server merges pull requests into this repository (rhodecode_pr_merge_enabled). */
rc_err_t *rc_repo_may_merge(bool *may, rc_db_t *db, apr_int64_t repo_id, apr_pool_t *pool);

#define RC_REPO_OPTION "api." /* begins the names of their rows */

#endif
