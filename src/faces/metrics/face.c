// SPDX-License-Identifier: Apache-2.0
/*
 * Answers the counters of all processes to monitoring programs: those that send a key of a
 * super-admin with the role api, or come from an address of RcapiMetricsFrom.
 */
#include "faces/metrics.h"

#include <string.h>

#include <apr_strings.h>

#include "base/metrics.h"
#include "domain/actor.h"
#include "domain/identify.h"

#define SEPARATORS " \t,"

static const char *const headers[] = {"X-Content-Type-Options", "nosniff", "Cache-Control",
                                      "no-store", NULL};

typedef struct metrics_settings_t {
    const apr_array_header_t *from; /* of const char *: addresses and networks; or NULL */
} metrics_settings_t;

static const metrics_settings_t defaults;

static const char *add_addresses(apr_array_header_t *list, const char *line, apr_pool_t *pool)
{
    for (line += strspn(line, SEPARATORS); *line; line += strspn(line, SEPARATORS)) {
        const char *entry = apr_pstrmemdup(pool, line, strcspn(line, SEPARATORS));

        if (!rc_auth_ip_valid(entry, pool))
            return apr_psprintf(pool, "'%s' is not an address or a network", entry);
        APR_ARRAY_PUSH(list, const char *) = entry;
        line += strlen(entry);
    }
    return NULL;
}

/* clang-format off */
static const rc_directive_t rows[] = {
    {"RcapiMetricsFrom", "addresses and networks that read /_admin/metrics without a key (default: none)",
     RC_PLACE, RC_LIST(metrics_settings_t, from, add_addresses, NULL)},
};
/* clang-format on */

static const rc_directives_t directives = RC_DIRECTIVES(rows, defaults);

static bool claims_metrics(void **state, const rc_request_t *request)
{
    (void)state;
    return !strcmp(request->decoded, "/_admin/metrics");
}

static bool is_from(const rc_request_t *request)
{
    const metrics_settings_t *settings = request->settings;
    int i;

    for (i = 0; settings->from && i < settings->from->nelts; i++)
        if (rc_auth_ip_within(APR_ARRAY_IDX(settings->from, i, const char *), request->client_ip,
                              request->pool))
            return true;
    return false;
}

typedef struct monitor_t {
    rc_answer_t *answer;
    const rc_request_t *request;
} monitor_t;

static rc_err_t *check_reader(rc_actor_t *actor, void *baton)
{
    const monitor_t *reader = baton;
    const rc_credentials_t credentials = {.key = reader->request->header_key,
                                          .only_key = true,
                                          .roles = RC_ROLE_ALL | RC_ROLE_API,
                                          .ip = actor->ip};
    rc_identity_t who;

    RC_TRY(rc_identify(&who, actor->db, &credentials, actor->pool));
    if (who.refusal)
        return rc_answer_refuse(reader->answer, 401, NULL, "the key is unknown or expired");
    if (!who.caller->admin)
        return rc_answer_refuse(reader->answer, 403, NULL, "not a super-admin");
    rc_actor_is(actor, who.caller);
    reader->answer->user = apr_pstrdup(reader->answer->pool, who.caller->username);
    return NULL;
}

static rc_err_t *decide_reader(rc_answer_t *answer, const rc_request_t *request)
{
    rc_actor_t actor = {.env = request->env, .pool = request->pool, .ip = request->client_ip};
    monitor_t reader = {answer, request};

    if (!request->readonly)
        return rc_answer_refuse(answer, 405, NULL, "not a method of this URL");
    if (is_from(request))
        return NULL;
    if (!request->header_key)
        return rc_answer_refuse(answer, 401, NULL,
                                "no key, and not an address of RcapiMetricsFrom");
    return rc_actor_read(&actor, check_reader, &reader);
}

static rc_err_t *serve_metrics(rc_answer_t *answer, const rc_request_t *request)
{
    answer->type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    rc_answer_headers(answer, headers);
    return rc_metrics_write(answer->spool, request->pool);
}

static rc_err_t *refuse_reader(rc_answer_t *answer, const rc_request_t *request)
{
    (void)request;
    if (answer->status == 401)
        rc_answer_header(answer, "WWW-Authenticate", "Bearer realm=\"metrics\"");
    if (answer->status == 405)
        rc_answer_header(answer, "Allow", "GET, HEAD");
    return NULL;
}

const rc_face_t rc_face_metrics = {
    .name = "metrics",
    .directives = &directives,
    .claims = claims_metrics,
    .decide = decide_reader,
    .serve = serve_metrics,
    .refuse = refuse_reader,
};
