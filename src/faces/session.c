// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and sets the cookie of a session, and checks where a form comes from.
 */
#include "faces/session.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

static bool is_secure(const rc_request_t *request)
{
    return !strncmp(request->base_url, "https:", 6);
}

/* Returns the path of the mount, without a slash at its end. */
static const char *mount_of(const rc_request_t *request)
{
    const char *host = strstr(request->base_url, "://"),
               *path = host ? strchr(host + 3, '/') : NULL;

    return path && path[1] ? path : "";
}

/* A browser accepts a name with one of these prefixes only from the host itself, over https. */
static const char *cookie_name(const rc_request_t *request, rc_cookie_t which)
{
    const char *prefix = !is_secure(request) ? "" : *mount_of(request) ? "__Secure-" : "__Host-";

    return apr_pstrcat(request->pool, prefix, which == RC_COOKIE_FORM ? "rcapi-form" : "rcapi",
                       NULL);
}

const char *rc_face_cookie(const rc_request_t *request, rc_cookie_t which)
{
    const char *sent = request->header(request->server, "Cookie"), *name;
    apr_size_t len;

    if (!sent)
        return NULL;
    name = cookie_name(request, which);
    len = strlen(name);
    while (*sent) {
        sent += strspn(sent, " ;");
        if (!strncmp(sent, name, len) && sent[len] == '=') {
            sent += len + 1;
            len = strcspn(sent, "; ");
            return len ? apr_pstrmemdup(request->pool, sent, len) : NULL;
        }
        sent += strcspn(sent, ";");
    }
    return NULL;
}

void rc_face_set_cookie(rc_answer_t *answer, const rc_request_t *request, rc_cookie_t which,
                        const char *value)
{
    const char *mount = mount_of(request);

    rc_answer_header(
        answer, "Set-Cookie",
        apr_pstrcat(request->pool, cookie_name(request, which), "=", value ? value : "",
                    "; Path=", *mount ? mount : "/", "; HttpOnly; SameSite=Strict",
                    is_secure(request) ? "; Secure" : "", value ? "" : "; Max-Age=0", NULL));
}

/* Returns whether @a url begins with the scheme and the host of the base URL, and ends there. */
static bool is_own_origin(const rc_request_t *request, const char *url)
{
    const char *host = strstr(request->base_url, "://");
    apr_size_t len = host ? (apr_size_t)(host - request->base_url) + 3 + strcspn(host + 3, "/") : 0;

    return strlen(url) == len && !strncasecmp(url, request->base_url, len);
}

bool rc_face_same_origin(const rc_request_t *request)
{
    const char *site = request->header(request->server, "Sec-Fetch-Site");
    const char *origin = request->header(request->server, "Origin");

    return (!site || !strcmp(site, "same-origin")) && (!origin || is_own_origin(request, origin));
}

bool rc_face_same_secret(const char *a, const char *b)
{
    apr_size_t len, i;
    unsigned char differs = 0;

    if (!a || !b || !*a || (len = strlen(a)) != strlen(b))
        return false;
    for (i = 0; i < len; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return !differs;
}
