// SPDX-License-Identifier: Apache-2.0
/*
 * The face of the raw views (contract 03): finds the view of a URL, checks the caller's rights, and
 * makes the answer. One request passes rc_raw_access, then prepare and write of its view.
 */
#ifndef RC_FACES_RAW_H
#define RC_FACES_RAW_H

#include "domain/auth.h"
#include "domain/actor.h"
#include "domain/env.h"
#include "faces/face.h"
#include "store/repo.h"
#include "base/spool.h"

typedef struct rc_raw_view_t rc_raw_view_t;

/* What the directives of the views set. */
typedef struct rc_raw_settings_t {
    const apr_array_header_t *whitelist; /* of const char *: Controller:action globs; or NULL */
    int feed_items;                      /* entries of a feed */
    bool feed_diff;                      /* whether entries show the diff */
    int feed_diff_bytes;                 /* limit of a diff in an entry */
} rc_raw_settings_t;

/* The state of one request; created by rc_raw_access. */
typedef struct rc_raw_call_t {
    rc_env_t *env;
    const rc_request_t *request;
    const rc_raw_settings_t *settings;
    apr_pool_t *pool;
    rc_actor_t actor;            /* holds the connection and the caller; no caller: NULL */
    const rc_raw_view_t *view;   /* NULL: no view has this URL */
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
} rc_raw_call_t;

/** The views' row in the table of faces. */
extern const rc_face_t rc_face_raw;

/**
 * Finds the view, the caller and the repository, and checks the rights (contract 03 §3 with 05
 * OPEN-9 and OPEN-10). call->status is 200 or that of a refusal, which is the same for missing and
 * for hidden repositories. The call lives in the pool of @a request.
 */
rc_err_t *rc_raw_access(rc_raw_call_t **out, const apr_array_header_t *routes,
                        const rc_request_t *request);

/**
 * Resolves what the URL names, and sets ETag and date, or status and message. It reads no content,
 * so that a conditional request can be answered cheaply after it.
 */
rc_err_t *rc_raw_prepare(rc_raw_call_t *call);

/** Writes the body into @a spool, and sets type and disposition. To be called only when prepare
 * left the status at 200; may change the status. */
rc_err_t *rc_raw_write(rc_raw_call_t *call, rc_spool_t *spool);

/**
 * Adds the entries of @a text (separated by commas, blanks, line ends, quotes or lone backslashes)
 * to
 * @a list of const char *; "None" empties it. Returns an error message, or NULL. Copies into
 * @a pool.
 */
const char *rc_raw_whitelist_add(apr_array_header_t *list, const char *text, apr_pool_t *pool);

/** Returns what is unusual about an entry that matches no view of this server; else NULL. */
const char *rc_raw_whitelist_doubt(const char *entry);

/** Returns whether an entry of @a list (NULL: empty) matches @a action, "Controller:action". */
bool rc_raw_whitelist_has(const apr_array_header_t *list, const char *action);

#endif
