// SPDX-License-Identifier: Apache-2.0
/*
 * One request, as the server passes it to a face. The face only reads it.
 */
#ifndef RC_FACES_REQUEST_H
#define RC_FACES_REQUEST_H

#include "base/body.h"
#include "domain/env.h"

typedef struct rc_request_t {
    rc_env_t *env;    /* never NULL in decide and serve */
    apr_pool_t *pool; /* ends when the answer is complete; with a stream, when it is sent */

    const char *method;  /* as sent: "GET", "HEAD", "POST", ... */
    bool readonly, head; /* GET or HEAD; HEAD */
    const char *path;    /* after the mount, as sent (%XX), with a leading "/" */
    const char *decoded; /* the same, decoded by the server */
    const char *query;   /* not decoded, or NULL; keys in it may be *** */

    const char *query_key;  /* of the face's query_keys, if accepted; or NULL */
    const char *header_key; /* from Authorization: Bearer or X-Api-Key; or NULL */
    const char *login;      /* the user that the server has authenticated, or NULL */
    const char *basic_user; /* of Authorization: Basic, for a face with basic, and unless the server
                               has checked it; else NULL. Not checked, "" if it cannot be read */
    const char *basic_password;          /* beside basic_user; never in a log */
    const apr_array_header_t *whitelist; /* of const char *: views that keys open; or NULL */
    bool has_basic; /* the client sent Authorization: Basic, which the server has not checked */
    const char *client_ip;
    const char *base_url; /* scheme://host[:port]<mount> */

    /* What the face's directives set here: the struct of its rc_directives_t; NULL: it has none. */
    const void *settings;

    /* The body, for faces with reads_body and only in serve; else NULL. It is not read before serve
     * (a client that sent Expect: 100-continue still waits). */
    rc_body_t *body;

    void *server; /* the argument of the functions below */

    /* Returns the value of a header (name in any case), or NULL. Keys are removed. */
    const char *(*header)(void *server, const char *name);
    /* Returns the server's media type for a file name without "/", or NULL. */
    const char *(*type_of)(void *server, const char *name, apr_pool_t *pool);
    /* Returns whether clients of repositories of a type (git, hg, svn) are served at this place. */
    bool (*has_clients)(void *server, const char *type);
    /* Returns whether the client has gone. Cheap; never blocks. */
    bool (*gone)(void *server);
} rc_request_t;

#endif
