// SPDX-License-Identifier: Apache-2.0
#ifndef RC_FACES_API_OPENRPC_H
#define RC_FACES_API_OPENRPC_H

#include "base/json.h"

/* The method of JSON-RPC 2.0 that returns the document. */
#define RC_DISCOVER "rpc.discover"

/** Writes the OpenRPC document of the API (contract 10 §4), generated from the method table.
 * @a base_url: as in rc_api_request_t. */
rc_err_t *rc_openrpc_write(rc_json_t *out, const char *base_url, apr_pool_t *pool);

#endif
