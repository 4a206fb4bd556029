// SPDX-License-Identifier: Apache-2.0
#ifndef RC_FACES_API_READ_JSON_H
#define RC_FACES_API_READ_JSON_H

#include "method.h"

/**
 * Reads @a text, which rc_json_scan has accepted. *@a out (NULL: a JSON null) lives as long as
 * @a pool. All of the text or nothing: without memory for one member the whole call fails.
 */
rc_err_t *rc_read_json(json_object **out, const char *text, apr_size_t len, apr_pool_t *pool);

/** What @a text is, when it is a kind of body that clients send by mistake ("gzip data"); NULL when
 * nothing can be told. */
const char *rc_body_kind(const char *text, apr_size_t len);

/** Bytes of the byte-order mark (UTF-8) at the start of @a text: 3 or 0. */
apr_size_t rc_body_mark(const char *text, apr_size_t len);

#endif
