// SPDX-License-Identifier: Apache-2.0
/*
 * The process that sends events to webhooks (domain/deliver.h).
 */
#include "beside.h"

#include <http_log.h>

#include "faces/event.h"

#define RETRY apr_time_from_sec(3) /* while the environment cannot be opened */

static rc_err_t *serve_once(const rc_beside_t *it, apr_pool_t *pool)
{
    static const rc_sender_config_t config = {.render = rc_event_render,
                                              .agent = "RhodeCode-webhook-caller/" RCAPI_VERSION,
                                              .go_on = rc_http_beside_goes_on};
    rc_env_t *env;

    RC_TRY(rc_env_open(&env, it->config, pool));
    return rc_deliver(env, &config, pool);
}

static void send_forever(const rc_beside_t *it)
{
    apr_pool_t *pool;

    while (rc_http_beside_goes_on(NULL)) {
        rc_err_t *err;

        apr_pool_create(&pool, NULL);
        apr_pool_tag(pool, "rcapi sender");
        err = serve_once(it, pool);
        if (err)
            ap_log_error(APLOG_MARK, APLOG_ERR, err->cause, it->s,
                         RCLOGNO(0090) "cannot send events to webhooks: %s",
                         rc_err_log_text(err, pool));
        apr_pool_destroy(pool);
        if (err)
            apr_sleep(RETRY);
    }
}

void rc_http_sender_start(const rc_env_config_t *config, server_rec *s, apr_pool_t *pconf)
{
    static const rc_beside_kind_t kind = {
        "rcapi-webhooks", "the process that sends events to webhooks", send_forever};

    if (config->webhooks)
        rc_http_beside_start(&kind, config, s, pconf);
}
