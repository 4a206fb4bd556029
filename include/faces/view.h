// SPDX-License-Identifier: Apache-2.0
/*
 * Views: answers to GET below the URL of a repository, in tables of rows (contract 03 §1). This is
 * what the faces of views share: which views a URL can name, and who may open them. One request
 * passes rc_view_routes, rc_view_access, then prepare and write of its view.
 */
#ifndef RC_FACES_VIEW_H
#define RC_FACES_VIEW_H

#include "domain/auth.h"
#include "domain/actor.h"
#include "domain/env.h"
#include "faces/request.h"
#include "store/repo.h"
#include "base/spool.h"

typedef struct rc_view_t rc_view_t;

/* The state of one request; created by rc_view_access. */
typedef struct rc_view_call_t {
    rc_env_t *env;
    const rc_request_t *request;
    apr_pool_t *pool;
    rc_actor_t actor;            /* holds the connection and the caller; no caller: NULL */
    const rc_view_t *view;       /* NULL: no view has this URL */
    const char *id, *rev, *rest; /* parts of the URL that the view's pattern names */
    bool by_id;                  /* its repository is named by its id, which outlives its name */
    const rc_repo_t *repo;       /* NULL unless access is granted to a repository view */
    rc_vcs_t *vcs;               /* opened by the view */
    void *state;                 /* private to the view, from prepare to write */
    /* the answer */
    int status;          /* 200, or the status of a refusal */
    const char *message; /* text of a refusal; NULL: the default text of the status */
    const char *why;     /* of a refusal, for the log only: reveals what exists */
    const char *content_type, *disposition;
    apr_off_t length; /* of a body that write did not make (HEAD); -1: it is in the spool */
    const char *etag; /* without quotes, or NULL */
    apr_int64_t last_modified; /* epoch seconds, 0 = none */
    bool immutable;            /* the URL has a full id, so its content never changes */
} rc_view_call_t;

/* Texts of refusals with 404. */
#define RC_VIEW_NO_SUCH_COMMIT "No such commit exists for this repository"
#define RC_VIEW_IS_DIRECTORY   "The given path is a directory"

/** The parameters of a query that hold a key: rc_face_t.query_keys. */
extern const char *const rc_view_query_keys[];

/* Flags of a view. */
#define RC_VIEW_FEED  1u /* keys and feed tokens open it, independent of the whitelist */
#define RC_VIEW_LOGIN 2u /* closed to anonymous visitors */

/* One row of a table. */
struct rc_view_t {
    const char *pattern; /* of the URL after the repository's name, or with a leading slash of the
                            whole URL: words, then also {id} and {rev} for a segment, {path} for the
                            rest; "": the repository's URL itself */
    const char *action;  /* Controller:action, for the whitelist */
    unsigned flags;
    /* Resolves what the URL names, and sets ETag and date, or status and message. It reads no
     * content, so that a conditional request can be answered cheaply after it. */
    rc_err_t *(*prepare)(rc_view_call_t *call);
    /* Writes the body into @a spool, and sets type and disposition. Called only when prepare left
     * the status at 200; may change the status. */
    rc_err_t *(*write)(rc_view_call_t *call, rc_spool_t *spool);
};

typedef struct rc_view_table_t {
    const rc_view_t *views;
    int count;
} rc_view_table_t;

/* One way to read a URL; there can be several, because a repository's name can contain slashes. */
typedef struct rc_view_route_t {
    const rc_view_t *view;
    const char *repo;     /* full name; NULL when the URL has the repository's id */
    apr_int64_t repo_id;  /* 0 and no name: a view without a repository */
    const char *id, *rev; /* decoded; NULL where the pattern has none */
    const char *rest;     /* {path}, not decoded, points into the path; NULL when not in it */
} rc_view_route_t;

/**
 * Returns all routes of @a path, which is not decoded: an array of rc_view_route_t in @a pool, the
 * longest repository name first. A path with a repository's id has only the routes at the first
 * place where a view matches. An escaped slash counts as a slash in a repository's name and in
 * {path}, but as an ordinary character in {rev} and {id}.
 */
apr_array_header_t *rc_view_routes(const rc_view_table_t *table, const char *path,
                                   apr_pool_t *pool);

/**
 * Finds the view, the caller and the repository, and checks the rights (contract 03 §3 with 05
 * OPEN-9 and OPEN-10). call->status is 200 or that of a refusal, which is the same for missing and
 * for hidden repositories. The call lives in the pool of @a request.
 */
rc_err_t *rc_view_access(rc_view_call_t **out, const apr_array_header_t *routes,
                         const rc_request_t *request);

/** Refuses @a call: sets @a status and the text for the client (NULL: the standard text of the
 * status). Returns NULL. */
rc_err_t *rc_view_refuse(rc_view_call_t *call, int status, const char *message);

/** Runs write of the call's view, and updates the stored last commit of its repository if need be.
 * Holds no connection to the database meanwhile. */
rc_err_t *rc_view_write(rc_view_call_t *call, rc_spool_t *spool);

#endif
