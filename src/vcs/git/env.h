// SPDX-License-Identifier: Apache-2.0
/*
 * The environment git runs in: nothing of the server's, all settings through GIT_CONFIG_*
 * variables, so that no secret stands in an argument that every user of the machine can read.
 */
#ifndef RC_VCS_GIT_ENV_H
#define RC_VCS_GIT_ENV_H

#include "remote/address.h"

typedef struct rc_git_env_t rc_git_env_t;

/** For work on the bare repository at @a git_dir; @a home is a directory of our own. */
rc_git_env_t *rc_git_env(const char *git_dir, const char *home, apr_pool_t *pool);

/** Adds a variable. */
void rc_git_env_set(rc_git_env_t *env, const char *name, const char *value);

/** Adds a git setting. */
void rc_git_env_config(rc_git_env_t *env, const char *key, const char *value);

/** Adds what fetching from @a url needs: its one protocol, its pinned addresses, its credentials.
 */
void rc_git_env_remote(rc_git_env_t *env, const rc_remote_url_t *url);

/** The finished environment, ended by NULL. */
const char *const *rc_git_env_list(rc_git_env_t *env);

/** The form of @a url that git gets: no credentials, the pinned address where git resolves by
 * itself. */
const char *rc_git_env_url(const rc_remote_url_t *url, apr_pool_t *pool);

/** @a text in one line of at most @a max bytes (its end), without the credentials of @a url. */
const char *rc_git_env_scrub(const char *text, const rc_remote_url_t *url, apr_size_t max,
                             apr_pool_t *pool);

#endif
