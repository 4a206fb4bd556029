// SPDX-License-Identifier: Apache-2.0
/*
 * Starts and watches the process that sends events to webhooks (domain/deliver.h). It is a child of
 * httpd's first process, with the account of httpd's children. A restart ends it and starts another
 * one; when httpd's first process is gone, it ends by itself.
 */
#include "sender.h"

#include <http_log.h>
#include <ap_listen.h>
#include <ap_mpm.h>
#include <mpm_common.h>

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <apr_signal.h>
#include <apr_thread_proc.h>

#include "base/metrics.h"
#include "base/time.h"
#include "faces/event.h"

#define AGAIN apr_time_from_sec(1) /* between starts of a process that dies */
#define RETRY apr_time_from_sec(3) /* while the environment cannot be opened */

/* How long httpd waits, when it stops, before it removes its pid file and frees its addresses. */
#define STOP apr_time_from_sec(1)
#define STEP apr_time_from_msec(2)

typedef struct sender_t {
    const rc_env_config_t *config;
    server_rec *s;
    apr_pool_t *pool;
    apr_proc_t proc;
    apr_time_t started; /* rc_clock() */
} sender_t;

/* --- the process --- */

static volatile sig_atomic_t ended;
static pid_t parent;

static void end(int unused)
{
    (void)unused;
    ended = 1;
}

static bool goes_on(void *unused)
{
    (void)unused;
    return !ended && getppid() == parent;
}

/* Signals for all processes of httpd are for the others. */
static void set_signals(void)
{
    static const int ignored[] = {SIGHUP, SIGINT, SIGUSR1, SIGWINCH, SIGPIPE};
    apr_size_t i;

    for (i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
        apr_signal(ignored[i], SIG_IGN);
    apr_signal(SIGTERM, end);
    apr_signal(SIGCHLD, SIG_DFL);
}

static rc_err_t *serve_once(const sender_t *sender, apr_pool_t *pool)
{
    static const rc_sender_config_t config = {.render = rc_event_render,
                                              .agent = "RhodeCode-webhook-caller/" RCAPI_VERSION,
                                              .go_on = goes_on};
    rc_env_t *env;

    RC_TRY(rc_env_open(&env, sender->config, pool));
    return rc_deliver(env, &config, pool);
}

static void send_forever(const sender_t *sender)
{
    apr_pool_t *pool;

    while (goes_on(NULL)) {
        rc_err_t *err;

        apr_pool_create(&pool, NULL);
        apr_pool_tag(pool, "rcapi sender");
        err = serve_once(sender, pool);
        if (err)
            ap_log_error(APLOG_MARK, APLOG_ERR, err->cause, sender->s,
                         RCLOGNO(0090) "cannot send events to webhooks: %s",
                         rc_err_log_text(err, pool));
        apr_pool_destroy(pool);
        if (err)
            apr_sleep(RETRY);
    }
}

/* Never returns: the pools of httpd's first process are not this one's to end. */
static void become_sender(const sender_t *sender, bool early)
{
    set_signals();
    prctl(PR_SET_NAME, "rcapi-webhooks");
    ap_close_listeners();
    if (ap_run_drop_privileges(sender->pool, sender->s))
        _exit(1);
    rc_metrics_begin();
    rc_http_log_open();
    if (early)
        apr_sleep(AGAIN);
    send_forever(sender);
    _exit(0);
}

/* --- httpd's first process --- */

static void watch(int reason, void *data, int status);

static void start(sender_t *sender)
{
    bool early = sender->started && rc_clock() - sender->started < AGAIN;
    apr_status_t rv;

    sender->started = rc_clock();
    parent = getpid();
    rv = apr_proc_fork(&sender->proc, sender->pool);
    if (rv == APR_INCHILD)
        become_sender(sender, early);
    if (rv != APR_INPARENT) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, sender->s,
                     RCLOGNO(0091) "cannot start the process that sends events to webhooks");
        return;
    }
    apr_pool_note_subprocess(sender->pool, &sender->proc, APR_KILL_AFTER_TIMEOUT);
    apr_proc_other_child_register(&sender->proc, watch, sender, NULL, sender->pool);
}

static bool is_stopping(void)
{
    int state;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* Later, httpd's pool would wait for it: without a pid file, but still at its addresses, so that
 * another httpd could not be started at once. */
static void stop(sender_t *sender)
{
    apr_time_t since = rc_clock();

    apr_proc_other_child_unregister(sender);
    if (apr_proc_kill(&sender->proc, SIGTERM))
        return;
    while (apr_proc_wait(&sender->proc, NULL, NULL, APR_NOWAIT) == APR_CHILD_NOTDONE &&
           rc_clock() - since < STOP)
        apr_sleep(STEP);
}

static void watch(int reason, void *data, int status)
{
    sender_t *sender = data;

    if (reason == APR_OC_REASON_RESTART)
        stop(sender);
    if (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST)
        return;
    apr_proc_other_child_unregister(sender);
    if (is_stopping())
        return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, sender->s,
                 RCLOGNO(0092) "the process that sends events to webhooks has ended (status %d) "
                               "and is started again",
                 status);
    start(sender);
}

void rc_http_sender_start(const rc_env_config_t *config, server_rec *s, apr_pool_t *pconf)
{
    sender_t *sender;

    if (!config->webhooks)
        return;
    sender = apr_pcalloc(pconf, sizeof(*sender));
    sender->config = config;
    sender->s = s;
    sender->pool = pconf;
    start(sender);
}
