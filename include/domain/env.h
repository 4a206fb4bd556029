// SPDX-License-Identifier: Apache-2.0
/*
 * What a process that serves the API has in hand: settings, database, repositories, secret.
 * Opened once per process (httpd child, program); read-only afterwards, shared by all threads.
 */
#ifndef RC_DOMAIN_ENV_H
#define RC_DOMAIN_ENV_H

#include "base/lru.h"
#include "base/cache.h"
#include "db/db.h"
#include "base/limit.h"
#include "base/password.h"
#include "remote/remote.h"
#include "base/secret.h"
#include "vcs/vcs.h"
#include "base/work.h"

typedef struct rc_env_config_t {
    rc_db_config_t db;
    const char *repo_root; /* absolute path */
    const char *secret_file;
    const char *temp_dir;           /* for spools */
    apr_off_t temp_max;             /* bytes of all spools' files; 0 = no limit */
    const char *api_level;          /* answered as rhodecode_version */
    const char *site_title;         /* "" by default */
    bool reveal_keys;               /* may answers show clear keys at all */
    int expensive_max;              /* archives and other costly answers made at once */
    int password_max;               /* passwords checked or hashed at once */
    int remote_max;                 /* calls that wait for others at once: remotes, copies, locks */
    int remote_user_max;            /* of these, by one user, in all processes */
    int waiting_max;                /* who may wait for what another makes, at once */
    const char *archive_cache;      /* directory of finished files;    NULL: none are kept */
    apr_off_t archive_cache_size;   /* bytes */
    int feed_items;                 /* entries of a feed */
    bool feed_diff;                 /* do they hold the diff */
    int feed_diff_bytes;            /* of it at most */
    apr_off_t range_bytes;          /* of one range of commits; 0 = no limit */
    apr_interval_time_t range_time; /* of making one; 0 = no limit */
    int vcs_idle;                   /* repositories kept open */
    bool repair;                    /* finish or undo what a crash left (default); else leave it */
    rc_remote_policy_t remote;      /* work_dir is set by rc_env_open */
} rc_env_config_t;

typedef struct rc_env_t {
    const rc_env_config_t *config;
    rc_db_pool_t *db_pool;
    rc_vcs_pool_t *vcs_pool;
    const rc_secret_t *secret;
    rc_limit_t *expensive; /* costly answers made at once: RcapiExpensiveMax */
    rc_password_limits_t passwords;
    rc_limit_t *waiting;    /* threads that wait for what another makes */
    rc_lru_t *feeds;        /* finished ones, by their ETag */
    rc_cache_t cache;       /* of finished archives and large files */
    const char *work_dir;   /* <root>/.rc_tmp */
    const char *places_dir; /* a directory in it: places by user, rc_fs_take_place */
    rc_limit_t *remotes;    /* for calls that wait for others: RcapiRemoteMax */
} rc_env_t;

/** Sets the defaults of docs/configuration.md into @a config; paths stay NULL. */
void rc_env_defaults(rc_env_config_t *config);

/** Opens everything, for the life of @a pool. Repairs what a crash left half done. */
rc_err_t *rc_env_open(rc_env_t **out, const rc_env_config_t *config, apr_pool_t *pool);

/** Begins an answer that may cost what the configuration says, until @a pool ends. @a gone(@a
 * baton), or NULL, reports that the client has gone. */
void rc_env_work_begin(rc_work_t *work, const rc_env_t *env, bool (*gone)(void *baton), void *baton,
                       apr_pool_t *pool);

/** Path of a repository on the disk: root joined with its checked name. In @a pool. */
const char *rc_env_repo_path(const rc_env_t *env, const char *name, apr_pool_t *pool);

#endif
