// SPDX-License-Identifier: Apache-2.0
/*
 * Sends a POST to a URL that a user has named, to addresses that the policy allows alone: for
 * webhooks (contract 12 §1).
 */
#ifndef RC_REMOTE_POST_H
#define RC_REMOTE_POST_H

#include "remote/remote.h"

typedef struct rc_post_t {
    const char *url;            /* http or https; may have a user, a password and a query */
    const char *const *headers; /* "Name: value", ended by NULL */
    const char *body;
    apr_size_t len;
    const char *agent; /* the User-Agent */
    apr_interval_time_t timeout;
} rc_post_t;

/** Sets up the library. Once in a process, before its threads start. */
void rc_post_startup(void);

/** Returns RC_E_FAILED, with what is wrong, for a URL that cannot be sent to. Resolves no host. */
rc_err_t *rc_post_check(const char *url, apr_pool_t *pool);

/**
 * Sends @a post as @a policy allows: to addresses that it admits, which are looked up each time,
 * with certificates verified, without a proxy and without following redirects. Sets *@a status to
 * that of the answer, 0 without one. Returns RC_E_FAILED unless it is from 200 to 299; the message
 * names neither URL nor body. Thread-safe.
 */
rc_err_t *rc_post_send(int *status, const rc_post_t *post, const rc_remote_policy_t *policy,
                       apr_pool_t *pool);

#endif
