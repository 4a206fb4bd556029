// SPDX-License-Identifier: Apache-2.0
/*
 * What the answers of git's URLs have in common: headers, and what is required of a body.
 */
#include "call.h"

#include <string.h>

#include <apr_strings.h>

/* As git's own server sends them. */
static const char *const no_cache[] = {
    "Expires",       "Fri, 01 Jan 1980 00:00:00 GMT",        "Pragma", "no-cache",
    "Cache-Control", "no-cache, max-age=0, must-revalidate", NULL};

static const char *media_type(const rc_face_git_call_t *call, const char *what)
{
    return apr_pstrcat(call->pool, "application/x-", rc_wire_service_name(call->service), "-", what,
                       NULL);
}

void rc_face_git_headers(rc_face_git_call_t *call, const char *what)
{
    call->answer->type = media_type(call, what);
    call->answer->packed = true;
    rc_answer_headers(call->answer, no_cache);
}

/* Returns whether the body has this media type, whatever its parameters are. */
static bool has_type(const rc_face_git_call_t *call, const char *type)
{
    const char *sent = call->request->header(call->request->server, "Content-Type");
    apr_size_t len = strlen(type);

    return sent && !strncasecmp(sent, type, len) && (!sent[len] || strchr("; \t", sent[len]));
}

bool rc_face_git_body(rc_face_git_call_t *call, apr_off_t most)
{
    const char *type = media_type(call, "request");

    if (!has_type(call, type))
        rc_answer_refuse(call->answer, 415,
                         apr_psprintf(call->pool, "The body must be of the type %s", type), NULL);
    else if (!rc_body_inflate(call->request->body, most))
        rc_answer_refuse(call->answer, 415, "The body may be encoded as gzip only", NULL);
    return call->answer->status == 200;
}
