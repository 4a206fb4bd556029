// SPDX-License-Identifier: Apache-2.0
/*
 * The views' face (contract 03): which view a URL names, who may see it, what it answers. One
 * request goes through rc_web_access, then prepare and write of its view.
 */
#ifndef RC_WEB_H
#define RC_WEB_H

#include "rc_auth.h"
#include "rc_env.h"
#include "rc_repo.h"
#include "rc_spool.h"

typedef struct rc_web_view_t rc_web_view_t;

typedef struct rc_web_request_t {
    const char *path;       /* below the mount, decoded, begins with "/" */
    const char *query;      /* raw query string as sent, or NULL */
    const char *header_key; /* from Authorization: Bearer or X-Api-Key, or NULL */
    bool key_in_query;      /* are keys in the query looked at? (RcapiKeyInQuery) */
    const char *client_ip;
    const char *base_url;                /* scheme://host[:port]<mount> */
    const apr_array_header_t *whitelist; /* of const char *: Controller:action globs */
} rc_web_request_t;

/* Everything known of one request; made by rc_web_access. */
typedef struct rc_web_call_t {
    rc_env_t *env;
    const rc_web_request_t *request;
    apr_pool_t *pool;
    rc_db_t *db;               /* acquired for the request */
    const rc_web_view_t *view; /* NULL: no such URL */
    const char *rev, *rest;    /* parts of the URL behind the repository's name */
    const rc_caller_t *caller; /* NULL: nobody */
    const rc_repo_t *repo;     /* NULL unless access is granted to a repository view */
    rc_vcs_t *vcs;             /* opened by the view */
    void *state;               /* the view's own, from prepare to write */
    /* the answer */
    int status;          /* 200, or why not */
    const char *message; /* short text of an error answer */
    const char *content_type, *disposition;
    const char *etag;          /* without quotes, or NULL */
    apr_int64_t last_modified; /* epoch seconds, 0 = none */
    bool immutable;            /* the URL names its content by a full id */
} rc_web_call_t;

/**
 * Finds the view, the identity and the repository, and decides (contract 03 §3 with OPEN-9 and
 * OPEN-10): call->status is 200 or the refusal, which looks the same for what does not exist and
 * for what the caller may not know of.
 */
rc_err_t *rc_web_access(rc_web_call_t **out, rc_env_t *env, const rc_web_request_t *request,
                        apr_pool_t *pool);

/**
 * Resolves what the URL names; sets validators, type and disposition, or status and message. Cheap:
 * reads no content, so that a conditional request can be answered after it.
 */
rc_err_t *rc_web_prepare(rc_web_call_t *call);

/** Writes the body. Only after prepare left the status at 200. */
rc_err_t *rc_web_write(rc_web_call_t *call, rc_spool_t *spool);

/** Value of the query parameter @a name, decoded, in @a pool; NULL when absent. */
const char *rc_web_parameter(const char *query, const char *name, apr_pool_t *pool);

/** @a query with the values of api_key and auth_token replaced by ***, in @a pool; the same
 * pointer when there are none. */
const char *rc_web_redact(const char *query, apr_pool_t *pool);

#endif
