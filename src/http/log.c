// SPDX-License-Identifier: Apache-2.0
/*
 * Messages of the parts below, which know no httpd, into httpd's log; while a request runs they
 * are lines of that request, with its client and its log id.
 */
#include "http.h"

#include "rc_log.h"

static _Thread_local const request_rec *current;

static void log_message(void *baton, rc_log_level_t level, apr_status_t status, const char *text)
{
    static const int levels[] = {[RC_LOG_ERR] = APLOG_ERR,
                                 [RC_LOG_WARNING] = APLOG_WARNING,
                                 [RC_LOG_INFO] = APLOG_INFO,
                                 [RC_LOG_DEBUG] = APLOG_DEBUG};

    (void)baton;
    if (current)
        ap_log_rerror(APLOG_MARK, levels[level], status, current, RCLOGNO(0020) "%s", text);
    else
        ap_log_error(APLOG_MARK, levels[level], status, ap_server_conf, RCLOGNO(0021) "%s", text);
}

void rc_http_log_open(void)
{
    rc_log_set(log_message, NULL);
}

void rc_http_log_request(const request_rec *r)
{
    current = r;
}

void rc_http_log_err(const request_rec *r, const rc_err_t *err)
{
    int level = err->kind == RC_E_INTERNAL ? APLOG_ERR
                : err->kind == RC_E_BUSY   ? APLOG_WARNING
                                           : APLOG_INFO;

    ap_log_rerror(APLOG_MARK, level, err->cause, r, RCLOGNO(0022) "%s",
                  rc_err_log_text(err, r->pool));
}
