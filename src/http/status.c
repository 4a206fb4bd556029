// SPDX-License-Identifier: Apache-2.0
/*
 * Creates the memory of the counters, before children are forked, and shows some sums in the page
 * of mod_status. The memory belongs to the server's process, so that counters go on over graceful
 * restarts. Another version of the module begins with a memory of its own.
 */
#include "measure.h"

#include <string.h>

#include <http_protocol.h>

#include <apr_optional_hooks.h>
#include <apr_shm.h>
#include <mod_status.h>

#include "base/metrics.h"

#define KEY "rcapi metrics " RCAPI_VERSION

void rc_http_measure_open(server_rec *s)
{
    apr_pool_t *pool = s->process->pool;
    void *known = NULL;
    apr_shm_t *shm;

    apr_pool_userdata_get(&known, KEY, pool);
    shm = known;
    if (shm && apr_shm_size_get(shm) != rc_metrics_size())
        shm = NULL;
    if (!shm && apr_shm_create(&shm, rc_metrics_size(), NULL, pool) == APR_SUCCESS) {
        memset(apr_shm_baseaddr_get(shm), 0, rc_metrics_size());
        apr_pool_userdata_set(shm, KEY, NULL, pool); /* copies KEY, which a restart unloads */
    }
    rc_metrics_use(shm ? apr_shm_baseaddr_get(shm) : NULL);
}

/* The lines of mod_status: for `?auto` without markup. */
static int show_status(request_rec *r, int flags)
{
    static const struct {
        const char *name;
        rc_metric_t metric;
    } sums[] = {{"Answers", RC_METRIC_REQUESTS},
                {"Calls", RC_METRIC_CALLS},
                {"RefusedCredentials", RC_METRIC_REFUSED},
                {"Programs", RC_METRIC_PROGRAMS}};
    bool plain = flags & AP_STATUS_SHORT;
    apr_size_t i;

    if (!plain)
        ap_rputs("<hr>\n<h2>mod_rcapi</h2>\n<dl>\n", r);
    for (i = 0; i < sizeof(sums) / sizeof(*sums); i++)
        ap_rprintf(r,
                   plain ? "Rcapi%s: %" APR_UINT64_T_FMT "\n"
                         : "<dt>Rcapi%s: %" APR_UINT64_T_FMT "</dt>\n",
                   sums[i].name, rc_metric_sum(sums[i].metric));
    ap_rprintf(r,
               plain ? "RcapiProgramsRunning: %" APR_INT64_T_FMT "\n"
                     : "<dt>RcapiProgramsRunning: %" APR_INT64_T_FMT "</dt>\n</dl>\n",
               rc_gauge_sum(RC_GAUGE_RUNNING));
    return OK;
}

void rc_http_register_status(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, show_status, NULL, NULL, APR_HOOK_MIDDLE);
}
