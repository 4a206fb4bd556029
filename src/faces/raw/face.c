// SPDX-License-Identifier: Apache-2.0
/*
 * Connects the views with the server: the row of the views in the table of faces, whose functions
 * turn the result of a view into an answer.
 */
#include "view.h"

#include <string.h>

#include "faces/face.h"

static const rc_raw_settings_t defaults = {.feed_items = 20, .feed_diff_bytes = 32768};

/* clang-format off */
static const rc_directive_t rows[] = {
    {"RcapiFeedItems", "entries of a feed (default 20)",
     RC_SERVER, RC_NUMBER(rc_raw_settings_t, feed_items, 1, 1000)},
    {"RcapiFeedIncludeDiff", "whether the entries of a repository's feed hold the diff (default Off)",
     RC_SERVER, RC_FLAG(rc_raw_settings_t, feed_diff)},
    {"RcapiFeedCutOff", "bytes after which a diff in a feed is cut (default 32768)",
     RC_SERVER, RC_NUMBER(rc_raw_settings_t, feed_diff_bytes, 1, 1 << 20)},
};
/* clang-format on */

static const rc_directives_t directives = RC_DIRECTIVES(rows, defaults);

static bool claims(void **state, const rc_request_t *request)
{
    apr_array_header_t *routes = rc_view_routes(&rc_raw_views, request->path, request->pool);

    *state = routes;
    return routes->nelts > 0;
}

const rc_raw_settings_t *rc_raw_settings(const rc_view_call_t *call)
{
    return call->request->settings;
}

/* Returns the reason of a refusal for the log. */
static const char *reason(const rc_view_call_t *call)
{
    return call->why             ? call->why
           : call->message       ? call->message
           : call->status == 405 ? "not a method of a view"
                                 : "no right";
}

/* Turns a status other than 200 into a refusal. */
static void take_status(rc_answer_t *answer, const rc_view_call_t *call)
{
    if (call->status != 200)
        rc_answer_refuse(answer, call->status, call->message, reason(call));
}

static rc_err_t *decide(rc_answer_t *answer, const rc_request_t *request)
{
    rc_view_call_t *call;

    RC_TRY(rc_view_access(&call, answer->state, request));
    answer->state = call;
    answer->repo = call->repo;
    if (call->actor.caller && !call->actor.caller->anonymous)
        answer->user = call->actor.caller->username;
    answer->view = call->view ? call->view->action : NULL;
    take_status(answer, call);
    return NULL;
}

/* Sets the headers that can depend on the content. */
static void describe_content(rc_answer_t *answer, const rc_view_call_t *call)
{
    answer->type = call->content_type;
    answer->etag = call->etag;
    answer->length = call->length;
    if (!call->disposition)
        return;
    rc_answer_header(answer, "Content-Disposition", call->disposition);
    if (!strncmp(call->disposition, "attachment", 10)) /* pages of other sites cannot embed it */
        rc_answer_header(answer, "Cross-Origin-Resource-Policy", "same-origin");
}

static rc_err_t *write_body(rc_answer_t *answer, const rc_request_t *request)
{
    rc_view_call_t *call = answer->state;

    (void)request;
    RC_TRY(rc_view_write(call, answer->spool));
    describe_content(answer, call);
    take_status(answer, call); /* writing can still refuse, for example when too large */
    return NULL;
}

/* Sets validators and the headers that the URL alone decides, before any content is read. */
static void describe(rc_answer_t *answer, const rc_view_call_t *call)
{
    /* a browser's cache must not reuse what it keeps for the next user who logs in */
    static const char *const kept[] = {"Cache-Control", "private, max-age=31536000, immutable",
                                       "Vary", "Authorization, X-Api-Key, Cookie", NULL};
    static const char *const asked[] = {"Cache-Control", "private, no-cache", NULL};

    rc_answer_headers(answer, rc_answer_sandbox);
    rc_answer_headers(answer, call->immutable && answer->user ? kept : asked);
    answer->ranges = answer->conditional = true;
    answer->etag = call->etag;
    answer->last_modified = call->last_modified;
    answer->write = write_body;
}

static rc_err_t *serve(rc_answer_t *answer, const rc_request_t *request)
{
    rc_view_call_t *call = answer->state;

    (void)request;
    RC_TRY(call->view->prepare(call));
    take_status(answer, call);
    if (call->status == 200)
        describe(answer, call);
    return NULL;
}

const rc_face_t rc_face_raw = {
    .name = "raw",
    .query_keys = rc_view_query_keys,
    .directives = &directives,
    .views = &rc_raw_views,
    .claims = claims,
    .decide = decide,
    .serve = serve,
};
