/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin deliver: sends events to webhooks, for servers that do not (RcapiWebhooks Off), and
 * for tests.
 */
#include "admin.h"

#include "faces/event.h"

int rc_admin_deliver(rc_admin_t *admin)
{
    rc_sender_config_t config = {.render = rc_event_render,
                                 .agent = "RhodeCode-webhook-caller/" RCAPI_VERSION};

    config.once = rc_admin_flag(admin, "--once");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    rc_actor_close(&admin->actor);
    return rc_admin_result(admin, rc_deliver(admin->env, &config, admin->pool));
}
