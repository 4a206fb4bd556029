// SPDX-License-Identifier: Apache-2.0
/*
 * The environment of a process that serves requests: settings, database, repositories, secret,
 * limits. Opened once per process (httpd child, program); read-only afterwards, shared by all
 * threads.
 */
#ifndef RC_DOMAIN_ENV_H
#define RC_DOMAIN_ENV_H

#include <sys/types.h>

#include "base/lru.h"
#include "base/spill.h"
#include "base/cache.h"
#include "db/db.h"
#include "db/lock.h"
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
    const char *site_title;         /* "" by default */
    bool reveal_keys;               /* whether any answer may show keys in clear */
    int expensive_max;              /* limit of archives and other costly answers made at once */
    int visitors_max;               /* the same for visitors, clones included */
    int clone_max;                  /* limit of clones that git makes at once */
    int password_max;               /* limit of passwords checked or hashed at once */
    int remote_max;                 /* limit of calls that wait for remotes, copies or locks */
    int remote_user_max;            /* the same for one user, over all processes */
    int waiting_max;                /* limit of threads that wait for another one's result */
    const char *archive_cache;      /* directory of finished files; NULL: no cache */
    apr_off_t archive_cache_size;   /* bytes */
    apr_off_t range_bytes;          /* limit of the answer for a range of commits; 0 = none */
    apr_interval_time_t range_time; /* limit of the time to make it; 0 = none */
    int vcs_idle;                   /* limit of idle repositories kept open */
    bool maintenance;               /* maintain repositories in the background (default) */
    bool svn_hooks;                 /* hooks of Subversion repositories may run */
    bool repair;                    /* recover from crashes when opened (default) */
    bool serves;                    /* needs the root of the database (default) */
    int tasks_max;                  /* limit of tasks that run at once, on all machines; 0: none */
    bool webhooks;                  /* httpd starts a process that sends events (default) */
    apr_interval_time_t webhook_retry;   /* from the first attempt to the second one */
    apr_interval_time_t webhook_timeout; /* of one attempt */
    rc_remote_policy_t remote;           /* work_dir is set by rc_env_open */
} rc_env_config_t;

typedef struct rc_env_t {
    const rc_env_config_t *config;
    dev_t root_device; /* of the repository root when the process started, if it serves */
    ino_t root_inode;
    rc_db_pool_t *db_pool;
    rc_db_pool_t *list_pool; /* half as many connections, for long lists alone */
    rc_db_locks_t *locks;    /* of paths below the root, for all machines; NULL: there is one */
    rc_spill_t *spill; /* entries of the journal that wait for a transaction; NULL: they are stored
                          at once */
    rc_vcs_pool_t *vcs_pool;
    const rc_secret_t *secret;
    rc_limit_t *expensive; /* costly answers made at once: RcapiExpensiveMax */
    rc_limit_t *visitors;  /* costly answers and clones for visitors: RcapiVisitorsMax */
    rc_limit_t *clones;    /* clones made at once: RcapiGitMax */
    rc_limit_t *exchanges; /* fetches and pushes at once: four times as many */
    rc_password_limits_t passwords;
    rc_limit_t *waiting;      /* threads that wait for another one's result */
    rc_lru_t *feeds;          /* finished feeds, by their ETag */
    rc_cache_t cache;         /* of finished archives and large files */
    const char *work_dir;     /* <root>/.rc_tmp */
    const char *places_dir;   /* a directory in it for the places of users, rc_fs_take_place */
    const char *waiting_file; /* marks the repositories whose lock somebody waits for, rc_fs_mark */
    struct rc_maintenance_queue_t *maintenance; /* domain/maintenance.h; NULL: none */
    struct rc_tidy_t *tidy;                     /* domain/tidy.h; NULL: none */
    rc_limit_t *remotes; /* calls that wait for remotes, copies or locks: RcapiRemoteMax */
} rc_env_t;

/** Sets @a config to the defaults of docs/configuration.md; paths stay NULL. */
void rc_env_defaults(rc_env_config_t *config);

/** Opens everything, for the life of @a pool. With config->repair also recovers from crashes; with
 * config->serves as well, refuses an empty root when the database has repositories. */
rc_err_t *rc_env_open(rc_env_t **out, const rc_env_config_t *config, apr_pool_t *pool);

/** Starts the work of one answer with the limits of the configuration, for the life of @a pool. @a
 * gone(@a baton) reports whether the client has gone; it may be NULL. */
void rc_env_work_begin(rc_work_t *work, const rc_env_t *env, bool (*gone)(void *baton), void *baton,
                       apr_pool_t *pool);

/** Returns the path of a repository on the disk in @a pool: the root and its name, which the caller
 * has checked. */
const char *rc_env_repo_path(const rc_env_t *env, const char *name, apr_pool_t *pool);

#endif
