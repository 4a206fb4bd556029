// SPDX-License-Identifier: Apache-2.0
/*
 * The face of the JSON-RPC API: it answers one call with one JSON envelope (contract 00).
 */
#ifndef RC_FACES_API_H
#define RC_FACES_API_H

#include "domain/env.h"
#include "faces/face.h"
#include "base/spool.h"

/** The API's row in the table of faces. */
extern const rc_face_t rc_face_api;

#define RC_API_LEVEL "3.0.0" /* the default of RcapiApiLevel */

/* A call with its complete body, from the server or from a program. */
typedef struct rc_api_request_t {
    const char *http_method; /* as sent */
    const char *body;        /* with a NUL after it; NULL = no Content-Length, not chunked */
    apr_size_t len;
    apr_size_t too_large;      /* not 0: the limit that the body exceeded; body is ignored */
    const char *header_key;    /* from Authorization: Bearer or X-Api-Key; the body's key wins */
    const char *client_ip;     /* text */
    const char *base_url;      /* scheme://host[:port]<mount>, for url fields */
    const char *level;         /* RcapiApiLevel: the version that get_server_info returns */
    const char *actor;         /* name in the journal when the caller is not a user; or NULL */
    bool (*gone)(void *baton); /* returns whether the client has gone; NULL: no client */
    void *gone_baton;
} rc_api_request_t;

/**
 * Serves one call: always writes a complete envelope into @a out. Returns an error only when the
 * spool fails, and RC_E_BUSY without a text for clients, with the envelope, when the client may try
 * again because the database was away or busy. Internal errors are logged by rc_log with their
 * detail.
 */
rc_err_t *rc_api_serve(rc_spool_t *out, rc_env_t *env, const rc_api_request_t *request,
                       apr_pool_t *pool);

/**
 * Calls a method locally as the first super-admin, for rcapi-admin: @a args is the JSON text of the
 * argument object. Writes the envelope (id 1) into @a out; errors as above.
 */
rc_err_t *rc_api_call_local(rc_spool_t *out, rc_env_t *env, const char *method, const char *args,
                            apr_pool_t *pool);

/** Checks the method table, for example for duplicate names. An error stops the server at start. */
rc_err_t *rc_api_check_table(apr_pool_t *pool);

#endif
