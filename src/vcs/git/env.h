// SPDX-License-Identifier: Apache-2.0
/*
 * Builds the environment of a git child process: nothing of the server's own environment, and all
 * settings in GIT_CONFIG_* variables, because every user of the machine can read a process's
 * arguments.
 */
#ifndef RC_VCS_GIT_ENV_H
#define RC_VCS_GIT_ENV_H

#include "remote/address.h"

typedef struct rc_git_env_t rc_git_env_t;

/* Key and value of a git setting. */
typedef const char *rc_git_setting_t[2];

/** Creates the environment for work on the bare repository at @a git_dir; @a home is an empty
 * directory of ours. In @a pool. */
rc_git_env_t *rc_git_env(const char *git_dir, const char *home, apr_pool_t *pool);

/** Adds a variable. */
void rc_git_env_set(rc_git_env_t *env, const char *name, const char *value);

/** Adds a git setting. */
void rc_git_env_config(rc_git_env_t *env, const char *key, const char *value);

/** Adds the @a count settings of a table. */
void rc_git_env_settings(rc_git_env_t *env, const rc_git_setting_t *added, apr_size_t count);

/** Ignores the faults of old tools in objects: adds settings whose names begin with @a prefix,
 * "fetch.fsck." (as rc_git_env does) or "receive.fsck.". */
void rc_git_env_ignore_faults(rc_git_env_t *env, const char *prefix);

/** Returns an option of git index-pack that checks objects and ignores these faults:
 * "OPTION=badDate=ignore,...", in @a pool. */
const char *rc_git_env_strict(const char *option, apr_pool_t *pool);

/** Adds what a fetch from @a url needs: its protocol, its pinned addresses, its credentials. */
void rc_git_env_remote(rc_git_env_t *env, const rc_remote_url_t *url);

/** Returns the finished environment, terminated by NULL. */
const char *const *rc_git_env_list(rc_git_env_t *env);

/** Returns @a url in the form for git: without credentials, and with the pinned address where git
 * resolves the host itself. */
const char *rc_git_env_url(const rc_remote_url_t *url, apr_pool_t *pool);

#endif
