// SPDX-License-Identifier: Apache-2.0
/*
 * Processes beside httpd's children, which serve no requests. Private to src/http.
 */
#ifndef RC_SRC_HTTP_BESIDE_H
#define RC_SRC_HTTP_BESIDE_H

#include "http.h"

typedef struct rc_beside_t rc_beside_t;

/* What such a process is. */
typedef struct rc_beside_kind_t {
    const char *title;                    /* as ps shows it */
    const char *what;                     /* in messages: "the process that ..." */
    void (*serve)(const rc_beside_t *it); /* until rc_http_beside_goes_on returns false */
} rc_beside_kind_t;

struct rc_beside_t {
    const rc_beside_kind_t *kind;
    const rc_env_config_t *config;
    server_rec *s;
    apr_pool_t *pool;
    apr_proc_t proc;
    apr_time_t started; /* rc_clock() */
};

/** Starts such a process, for the life of @a pconf: with the account of httpd's children, and again
 * when it dies. A restart of httpd ends it; when httpd's first process is gone, it ends by itself.
 */
void rc_http_beside_start(const rc_beside_kind_t *kind, const rc_env_config_t *config,
                          server_rec *s, apr_pool_t *pconf);

/** In the process: false when it is to end. */
bool rc_http_beside_goes_on(void *unused);

/** In the process, or in one that it has forked: true when SIGTERM has come. */
bool rc_http_beside_is_ended(void);

/** Starts the process that sends events to webhooks, if @a config wants one. sender.c */
void rc_http_sender_start(const rc_env_config_t *config, server_rec *s, apr_pool_t *pconf);

/** Starts the process whose children run tasks, if @a config wants one. tasks.c */
void rc_http_tasks_start(const rc_env_config_t *config, server_rec *s, apr_pool_t *pconf);

#endif
