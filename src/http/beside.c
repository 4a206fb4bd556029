// SPDX-License-Identifier: Apache-2.0
/*
 * Starts and watches a process beside httpd's children. It is a child of httpd's first process,
 * with the account of httpd's children. A restart ends it and starts another one; when httpd's
 * first process is gone, it ends by itself.
 */
#include "beside.h"

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

#define AGAIN apr_time_from_sec(1) /* between starts of a process that dies */

/* How long httpd waits, when it stops, before it removes its pid file and frees its addresses. */
#define STOP apr_time_from_sec(1)
#define STEP apr_time_from_msec(2)

/* --- the process --- */

static volatile sig_atomic_t ended;
static pid_t parent;

static void end(int unused)
{
    (void)unused;
    ended = 1;
}

bool rc_http_beside_is_ended(void)
{
    return ended;
}

bool rc_http_beside_goes_on(void *unused)
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

/* Never returns: the pools of httpd's first process are not this one's to end. */
static void begin_process(const rc_beside_t *it, bool early)
{
    set_signals();
    prctl(PR_SET_NAME, it->kind->title);
    ap_close_listeners();
    if (ap_run_drop_privileges(it->pool, it->s))
        _exit(1);
    rc_metrics_begin();
    rc_http_log_open();
    if (early)
        apr_sleep(AGAIN);
    it->kind->serve(it);
    _exit(0);
}

/* --- httpd's first process --- */

static void watch(int reason, void *data, int status);

static void start(rc_beside_t *it)
{
    bool early = it->started && rc_clock() - it->started < AGAIN;
    apr_status_t rv;

    it->started = rc_clock();
    parent = getpid();
    rv = apr_proc_fork(&it->proc, it->pool);
    if (rv == APR_INCHILD)
        begin_process(it, early);
    if (rv != APR_INPARENT) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, it->s, RCLOGNO(0091) "cannot start %s",
                     it->kind->what);
        return;
    }
    apr_pool_note_subprocess(it->pool, &it->proc, APR_KILL_AFTER_TIMEOUT);
    apr_proc_other_child_register(&it->proc, watch, it, NULL, it->pool);
}

static bool is_stopping(void)
{
    int state;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* Later, httpd's pool would wait for it: without a pid file, but still at its addresses, so that
 * another httpd could not be started at once. */
static void stop(rc_beside_t *it)
{
    apr_time_t since = rc_clock();

    apr_proc_other_child_unregister(it);
    if (apr_proc_kill(&it->proc, SIGTERM))
        return;
    while (apr_proc_wait(&it->proc, NULL, NULL, APR_NOWAIT) == APR_CHILD_NOTDONE &&
           rc_clock() - since < STOP)
        apr_sleep(STEP);
}

static void watch(int reason, void *data, int status)
{
    rc_beside_t *it = data;

    if (reason == APR_OC_REASON_RESTART)
        stop(it);
    if (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST)
        return;
    apr_proc_other_child_unregister(it);
    if (is_stopping())
        return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, it->s,
                 RCLOGNO(0092) "%s has ended (status %d) and is started again", it->kind->what,
                 status);
    start(it);
}

void rc_http_beside_start(const rc_beside_kind_t *kind, const rc_env_config_t *config,
                          server_rec *s, apr_pool_t *pconf)
{
    rc_beside_t *it = apr_pcalloc(pconf, sizeof(*it));

    it->kind = kind;
    it->config = config;
    it->s = s;
    it->pool = pconf;
    start(it);
}
