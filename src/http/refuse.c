// SPDX-License-Identifier: Apache-2.0
/*
 * Refuses a request from a provider of httpd's logins and rights with any status and a plain text:
 * a provider can only make httpd answer 401, 403 or 500, and a page in HTML.
 */
#include "http.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include <stdlib.h>

#include <apr_strings.h>

#define STATUS_NOTE "rcapi-status"
#define FILTER      "rcapi-plain-text"

static const int replaced[] = {HTTP_UNAUTHORIZED, HTTP_FORBIDDEN, HTTP_INTERNAL_SERVER_ERROR};

#define REPLACED (sizeof(replaced) / sizeof(*replaced))

void rc_http_refuse_as(request_rec *r, int status, const char *text)
{
    apr_size_t i;

    apr_table_setn(r->notes, STATUS_NOTE, apr_itoa(r->pool, status));
    for (i = 0; i < REPLACED; i++)
        ap_custom_response(r, replaced[i], text ? text : ap_get_status_line(status));
}

void rc_http_refuse_not(request_rec *r)
{
    apr_table_unset(r->notes, STATUS_NOTE);
}

void rc_http_refuse_quietly(request_rec *r)
{
    const module *authz = ap_find_linked_module("mod_authz_core.c");
    const struct ap_logconf *levels = r->log               ? r->log
                                      : r->connection->log ? r->connection->log
                                                           : &r->server->log;
    struct ap_logconf *quiet;

    if (!authz || ap_get_request_module_loglevel(r, authz->module_index) >= APLOG_DEBUG)
        return;
    quiet = ap_new_log_config(r->pool, levels);
    ap_set_module_loglevel(r->pool, quiet, authz->module_index, APLOG_CRIT);
    r->log = quiet;
}

void rc_http_change_status(request_rec *r)
{
    const char *status = apr_table_get(r->notes, STATUS_NOTE);
    apr_size_t i;

    for (i = 0; status && i < REPLACED; i++)
        if (r->status == replaced[i]) {
            r->status = (int)strtol(status, NULL, 10);
            r->status_line = NULL;
            if (r->status != HTTP_UNAUTHORIZED)
                apr_table_unset(r->err_headers_out, "WWW-Authenticate");
            ap_add_output_filter(FILTER, NULL, r, r->connection);
            return;
        }
}

/* Runs once, before the header is made. */
static apr_status_t make_plain(ap_filter_t *filter, apr_bucket_brigade *bb)
{
    ap_set_content_type(filter->r, "text/plain; charset=utf-8");
    apr_table_setn(filter->r->headers_out, "X-Content-Type-Options", "nosniff");
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, bb);
}

void rc_http_register_refusals(void)
{
    ap_register_output_filter(FILTER, make_plain, NULL, AP_FTYPE_RESOURCE);
}
