// SPDX-License-Identifier: Apache-2.0
/*
 * Parses addresses of remote repositories, and checks the network addresses behind them. Shared by
 * the files of src/remote and by back ends that fetch.
 */
#ifndef RC_REMOTE_ADDRESS_H
#define RC_REMOTE_ADDRESS_H

#include <sys/socket.h>

#include "remote/remote.h"

typedef struct rc_remote_url_t {
    const char *scheme;   /* http, https, git, ssh, svn or file */
    bool url_form;        /* written scheme://…; else scp-like or a plain path */
    const char *user;     /* decoded; NULL = none */
    const char *password; /* the same */
    const char *host;     /* lower case or a numeric address, without brackets; NULL for file */
    bool numeric;         /* host is an address */
    int port;             /* 0 = the scheme's own */
    int default_port;     /* the scheme's own */
    const char *path;     /* as written; in a URL it begins with '/' */
    const char *plain;    /* the same, decoded as git decodes it */
    const apr_array_header_t *addresses; /* of const char *: numeric; empty for file */
} rc_remote_url_t;

/** Parses @a url without resolving its host. RC_E_FAILED says what is wrong with it. */
rc_err_t *rc_remote_parse(rc_remote_url_t **out, const char *url, apr_pool_t *pool);

/** Parses @a url, applies @a policy and resolves the host; the policy allows all of the addresses.
 * Fails when rc_clock() reaches @a deadline. */
rc_err_t *rc_remote_admit(rc_remote_url_t **out, const rc_remote_policy_t *policy, const char *url,
                          apr_time_t deadline, apr_pool_t *pool);

/** Resolves url->host into url->addresses. RC_E_FAILED when @a policy does not allow all
 * of them. */
rc_err_t *rc_remote_resolve(rc_remote_url_t *url, const rc_remote_policy_t *policy,
                            apr_time_t deadline, apr_pool_t *pool);

/** True when the server at @a from may redirect to @a to: the same host, port and scheme, or https
 * in place of http; no user. */
bool rc_remote_is_same_place(const rc_remote_url_t *from, const rc_remote_url_t *to);

/**
 * Applies a redirect @a location, the answer of the server at @a url to the first request of a
 * fetch. Only the same host, port and scheme are allowed, or https in place of http; addresses and
 * credentials stay. RC_E_FAILED for any other target.
 */
rc_err_t *rc_remote_redirect(rc_remote_url_t **out, const rc_remote_url_t *url,
                             const char *location, apr_pool_t *pool);

/** True when the client that requested the fetch has disconnected. */
bool rc_remote_client_gone(const rc_remote_policy_t *policy);

/** True when @a address (IPv4 or IPv6) is an ordinary address of the public Internet. */
bool rc_remote_is_global(const struct sockaddr *address);

/** Returns @a host as it stands in a URL: with brackets around IPv6. */
const char *rc_remote_bracketed(const char *host, apr_pool_t *pool);

/** Returns the credentials of an HTTP URL as they stand after "Authorization: Basic ", in @a pool;
 * NULL when it has none. */
const char *rc_remote_basic(const rc_remote_url_t *url, apr_pool_t *pool);

/** Returns the command, for a shell, that connects by ssh to the checked address of @a url; the
 * program that runs it adds the host. It holds only our own words, a checked host and a numeric
 * address. In @a pool. */
const char *rc_remote_ssh(const rc_remote_url_t *url, apr_pool_t *pool);

/** Returns the last @a max bytes of @a text, which a program printed, in one line and without the
 * credentials of @a url. */
const char *rc_remote_scrub(const char *text, const rc_remote_url_t *url, apr_size_t max,
                            apr_pool_t *pool);

/** The address without its credentials, for messages. */
const char *rc_remote_shown(const rc_remote_url_t *url, apr_pool_t *pool);

#endif
