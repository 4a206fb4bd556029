// SPDX-License-Identifier: Apache-2.0
/*
 * The API's face: one call in, one JSON envelope out (contract 00).
 */
#ifndef RC_FACES_API_H
#define RC_FACES_API_H

#include "domain/env.h"
#include "faces/face.h"
#include "base/spool.h"

/** The API's row in the table of faces. */
extern const rc_face_t rc_face_api;

/* A call with its whole body, from the server or from a program. */
typedef struct rc_rpc_request_t {
    const char *http_method; /* as sent */
    const char *body; /* a NUL behind it; NULL = length unknown (no Content-Length, not chunked) */
    apr_size_t len;
    apr_size_t too_large;      /* non-zero: the limit that the body passed; body is not looked at */
    const char *header_key;    /* from Authorization: Bearer or X-Api-Key; the body's key wins */
    const char *client_ip;     /* text */
    const char *base_url;      /* scheme://host[:port]<mount>, for url fields */
    const char *actor;         /* who acts, for the journal, when it is no user; or NULL */
    bool (*gone)(void *baton); /* has the client gone? NULL: there is none */
    void *gone_baton;
} rc_rpc_request_t;

/**
 * Serves one call: writes the whole envelope into @a out, whatever happens. Returns an error only
 * when the spool itself fails. Internal errors are logged, with their detail, through rc_log.
 */
rc_err_t *rc_rpc_serve(rc_spool_t *out, rc_env_t *env, const rc_rpc_request_t *request,
                       apr_pool_t *pool);

/**
 * Calls a method locally as the first super-admin, for command-line use: @a args is the JSON text
 * of the argument object. Writes the envelope (id 1).
 */
rc_err_t *rc_rpc_call_local(rc_spool_t *out, rc_env_t *env, const char *method, const char *args,
                            apr_pool_t *pool);

/** Checks the method table (no name twice ...); an error stops the server at start. */
rc_err_t *rc_rpc_check_table(apr_pool_t *pool);

#endif
