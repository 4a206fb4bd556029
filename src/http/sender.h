// SPDX-License-Identifier: Apache-2.0
/*
 * The process that sends events to webhooks. Private to src/http.
 */
#ifndef RC_SRC_HTTP_SENDER_H
#define RC_SRC_HTTP_SENDER_H

#include "http.h"

/** Starts the process that sends events to webhooks, for the life of @a pconf, if @a config wants
 * one. It is started again when it dies. */
void rc_http_sender_start(const rc_env_config_t *config, server_rec *s, apr_pool_t *pconf);

#endif
