// SPDX-License-Identifier: Apache-2.0
/*
 * One request, as the server hands it to a face. The face only reads it.
 */
#ifndef RC_FACES_REQUEST_H
#define RC_FACES_REQUEST_H

#include "base/body.h"
#include "domain/env.h"

typedef struct rc_request_t {
    rc_env_t *env;    /* never NULL in decide and serve */
    apr_pool_t *pool; /* ends when the answer is made; that of a stream, when it is sent */

    const char *method;  /* as sent: "GET", "HEAD", "POST", ... */
    bool readonly, head; /* GET or HEAD; HEAD */
    const char *path;    /* below the mount, as sent (%XX), begins with "/" */
    const char *decoded; /* the same, decoded by the server */
    const char *query;   /* not decoded, or NULL; its keys may be *** */

    const char *query_key;  /* api_key or auth_token of the query, where they count; or NULL */
    const char *header_key; /* from Authorization: Bearer or X-Api-Key; or NULL */
    const char *login;      /* the user whom the server knows by their password, or NULL */
    const char *client_ip;
    const char *base_url; /* scheme://host[:port]<mount> */

    /* settings of the place */
    const apr_array_header_t *whitelist; /* of const char *: Controller:action globs */
    apr_size_t max_body;                 /* RcapiMaxRequestBody */

    /* What the client has sent; for faces with reads_body, and in serve only: it is not read before
     * (a client that sent Expect: 100-continue still waits). NULL elsewhere. */
    rc_body_t *body;

    void *server; /* the argument of what follows */

    /* The value of a header (name in any case), or NULL. Authorization only when it is no key. */
    const char *(*header)(void *server, const char *name);
    /* The server's media type for a file name without "/"; NULL when it knows none. */
    const char *(*type_of)(void *server, const char *name, apr_pool_t *pool);
    /* Has the client gone? Cheap; never blocks. */
    bool (*gone)(void *server);
} rc_request_t;

#endif
