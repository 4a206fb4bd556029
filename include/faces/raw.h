// SPDX-License-Identifier: Apache-2.0
/*
 * The views' face (contract 03): which view a URL names, who may see it, what it answers. One
 * request goes through rc_web_access, then prepare and write of its view.
 */
#ifndef RC_FACES_RAW_H
#define RC_FACES_RAW_H

#include "domain/auth.h"
#include "domain/actor.h"
#include "domain/env.h"
#include "faces/face.h"
#include "store/repo.h"
#include "base/spool.h"

typedef struct rc_web_view_t rc_web_view_t;

/* Everything known of one request; made by rc_web_access. */
typedef struct rc_web_call_t {
    rc_env_t *env;
    const rc_request_t *request;
    apr_pool_t *pool;
    rc_actor_t actor;            /* has the connection and the caller, NULL: nobody */
    const rc_web_view_t *view;   /* NULL: no such URL */
    const char *id, *rev, *rest; /* parts of the URL that the view's pattern names */
    bool by_id;                  /* its repository is named by its id, which outlives its name */
    const rc_repo_t *repo;       /* NULL unless access is granted to a repository view */
    rc_vcs_t *vcs;               /* opened by the view */
    void *state;                 /* the view's own, from prepare to write */
    /* the answer */
    int status;          /* 200, or why not */
    const char *message; /* short text of an error answer; NULL: the status' own words */
    const char *why;     /* of a refusal, for the log only: reveals what exists */
    const char *content_type, *disposition;
    apr_off_t length;          /* of the body that write left out (HEAD); -1: it is in the spool */
    const char *etag;          /* without quotes, or NULL */
    apr_int64_t last_modified; /* epoch seconds, 0 = none */
    bool immutable;            /* the URL names its content by a full id */
} rc_web_call_t;

/** The views' row in the table of faces. */
extern const rc_face_t rc_face_raw;

/**
 * Finds the view, the identity and the repository, and decides (contract 03 §3 with OPEN-9 and
 * OPEN-10): call->status is 200 or the refusal, which looks the same for what does not exist and
 * for what the caller may not know of.
 */
rc_err_t *rc_web_access(rc_web_call_t **out, const apr_array_header_t *routes,
                        const rc_request_t *request);

/**
 * Resolves what the URL names; sets validators, or status and message. Cheap: reads no content, so
 * that a conditional request can be answered after it.
 */
rc_err_t *rc_web_prepare(rc_web_call_t *call);

/** Writes the body; type and disposition are set then at the latest. Only after prepare left the
 * status at 200; may still change it. */
rc_err_t *rc_web_write(rc_web_call_t *call, rc_spool_t *spool);

/** Value of the query parameter @a name, decoded, in @a pool: the first that is not empty, else ""
 * when there is one at all, else NULL. */
const char *rc_web_parameter(const char *query, const char *name, apr_pool_t *pool);

/** The key of a query: `auth_token`, else `api_key`; NULL when neither has a value. */
const char *rc_web_query_key(const char *query, apr_pool_t *pool);

/**
 * Adds the entries in @a text (commas, blanks, line ends, quotes and lone backslashes between them)
 * to @a list of const char *; "None" empties it. Returns what is wrong, or NULL. Copies into @a
 * pool.
 */
const char *rc_web_whitelist_add(apr_array_header_t *list, const char *text, apr_pool_t *pool);

/** True when @a entry of a whitelist fits a view that is served here. */
bool rc_web_whitelist_fits(const char *entry);

/** True when an entry of @a list (NULL: there is none) matches @a action, "Controller:action". */
bool rc_web_whitelist_has(const apr_array_header_t *list, const char *action);

#endif
