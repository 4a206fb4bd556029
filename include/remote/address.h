// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of remote work share: a remote address taken apart, and which network addresses
 * are everybody's.
 */
#ifndef RC_REMOTE_ADDRESS_H
#define RC_REMOTE_ADDRESS_H

#include <sys/socket.h>

#include "remote/remote.h"

typedef struct rc_remote_url_t {
    const char *scheme;   /* http, https, git, ssh or file */
    bool url_form;        /* written scheme://…; else scp-like or a plain path */
    const char *user;     /* decoded; NULL = none */
    const char *password; /* the same */
    const char *host;     /* lower case or a numeric address, without brackets; NULL for file */
    bool numeric;         /* host is an address */
    int port;             /* 0 = the scheme's own */
    int default_port;     /* the scheme's own */
    const char *path;     /* as written; of a URL it begins with '/' */
    const char *plain;    /* the same, decoded as git decodes it */
    const apr_array_header_t *addresses; /* of const char *: numeric; empty for file */
} rc_remote_url_t;

/** Takes @a url apart, or says what is wrong with it (RC_E_FAILED). No addresses yet. */
rc_err_t *rc_remote_parse(rc_remote_url_t **out, const char *url, apr_pool_t *pool);

/** Parses @a url, applies @a policy and finds the addresses, all of which may be used, until
 * rc_clock() says @a deadline. */
rc_err_t *rc_remote_admit(rc_remote_url_t **out, const rc_remote_policy_t *policy, const char *url,
                          apr_time_t deadline, apr_pool_t *pool);

/** Finds the addresses of url->host, all of which @a policy must allow (RC_E_FAILED). */
rc_err_t *rc_remote_resolve(rc_remote_url_t *url, const rc_remote_policy_t *policy,
                            apr_time_t deadline, apr_pool_t *pool);

/**
 * Where @a url leads when its server answers the first request of a fetch with @a location: the
 * same host, port and scheme, or https in place of http; addresses and credentials stay.
 * RC_E_FAILED for all other places.
 */
rc_err_t *rc_remote_redirect(rc_remote_url_t **out, const rc_remote_url_t *url,
                             const char *location, apr_pool_t *pool);

/** True when the client of the fetch has gone. */
bool rc_remote_client_gone(const rc_remote_policy_t *policy);

/** True when @a address (IPv4 or IPv6) is one of the public Internet's ordinary ones. */
bool rc_remote_is_global(const struct sockaddr *address);

/** @a host as it stands in a URL: brackets around IPv6. */
const char *rc_remote_bracketed(const char *host, apr_pool_t *pool);

/** The address without its credentials, for messages. */
const char *rc_remote_shown(const rc_remote_url_t *url, apr_pool_t *pool);

#endif
