// SPDX-License-Identifier: Apache-2.0
/*
 * JSON-RPC 2.0, which the API speaks besides RhodeCode's dialect (contract 10 §5, §6). Private to
 * src/faces/api.
 */
#ifndef RC_FACES_API_RPC2_H
#define RC_FACES_API_RPC2_H

#include "base/json_scan.h"
#include "method.h"

/** Returns whether a body is a request of JSON-RPC 2.0, or an array, which is a batch of them. */
bool rc_rpc2_claims(json_object *body);

/** Returns whether a text that is not JSON was meant as one. */
bool rc_rpc2_looks_so(const char *text, apr_size_t len);

/** Answers a text that is not JSON. */
rc_err_t *rc_rpc2_parse_error(rc_spool_t *out, const rc_json_scan_t *scan);

/** Serves a body that rc_rpc2_claims; @a id is the text of its id. Writes nothing into @a out when
 * all requests are notifications. Errors are those of the spool. */
rc_err_t *rc_rpc2_serve(rc_spool_t *out, rc_env_t *env, const rc_api_request_t *request,
                        json_object *body, const char *id, apr_pool_t *pool);

/** Returns the key of a request, of its body or of its header; NULL: none. A key that is not text
 * counts as an invalid key. */
const char *rc_request_key(json_object *body, const rc_api_request_t *request);

#endif
