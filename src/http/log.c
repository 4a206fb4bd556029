// SPDX-License-Identifier: Apache-2.0
/*
 * Writes messages of rc_log into httpd's log; while a request runs, as messages of that request
 * with its client. A warning or an error also holds the request's log id (%L, UNIQUE_ID), which the
 * answer carries in a header. Keys are redacted.
 */
#include "http.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/redact.h"

#define REQUEST_ID "X-Request-Id"

static _Thread_local const request_rec *current;

const char *rc_http_request_id(const request_rec *r)
{
    return apr_table_get(r->err_headers_out, REQUEST_ID);
}

/* Returns the log id, or NULL. A second call returns the same: httpd derives it from the request.
 */
static const char *make_id(const request_rec *r)
{
    const char *id = rc_http_request_id(r);

    if (!id && !(id = r->log_id) && ap_run_generate_log_id(r->connection, r, &id) != OK)
        return NULL;
    return id;
}

const char *rc_http_request_words(const request_rec *r)
{
    const char *id = make_id(r);

    return id ? apr_psprintf(r->pool, " (request %s)", id) : "";
}

/* Returns the text that identifies the request in a message. For a warning or an error, the answer
 * carries the id as well, so that users can report it. (Not for a refusal at info: it must look the
 * same for hidden and missing objects.) */
static const char *name_request(const request_rec *r, int level)
{
    const char *id = level <= APLOG_WARNING ? make_id(r) : NULL;

    if (id)
        apr_table_set(r->err_headers_out, REQUEST_ID, id);
    return level <= APLOG_INFO ? rc_http_request_words(r) : "";
}

static const int levels[] = {[RC_LOG_ERR] = APLOG_ERR,
                             [RC_LOG_WARNING] = APLOG_WARNING,
                             [RC_LOG_INFO] = APLOG_INFO,
                             [RC_LOG_DEBUG] = APLOG_DEBUG};

/* Returns @a text without keys and without line ends behind it, which programs print. */
static const char *shown(const char *text, apr_pool_t *pool)
{
    const char *end = text + strlen(text);

    while (end > text && end[-1] == '\n')
        end--;
    return rc_redact(apr_pstrmemdup(pool, text, (apr_size_t)(end - text)), pool);
}

static void log_message(void *baton, rc_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    if (current)
        ap_log_rerror(APLOG_MARK, levels[level], status, current, RCLOGNO(0020) "%s%s",
                      shown(text, current->pool), name_request(current, levels[level]));
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
    int level = levels[rc_err_log_level(err->kind)];

    ap_log_rerror(APLOG_MARK, level, err->cause, r, RCLOGNO(0022) "%s%s",
                  shown(rc_err_log_text(err, r->pool), r->pool), name_request(r, level));
}
