// SPDX-License-Identifier: Apache-2.0
/*
 * What a method and a URL of a Subversion client mean (contract 07 §5 and §6).
 */
#include <string.h>

#include <apr_strings.h>

#include "call.h"
#include "domain/repo_url.h"

#define SPECIAL "!svn" /* below a repository's URL, what is no file of the newest revision */

typedef struct method_t {
    const char *name;
    bool reads;
    bool own; /* no view and no page has it */
} method_t;

static const method_t methods[] = {
    {"GET", true, false},
    {"HEAD", true, false},
    {"OPTIONS", true, true},
    {"PROPFIND", true, true},
    {"REPORT", true, true},
    {"PROPPATCH", false, true},
    {"MKCOL", false, true},
    {"COPY", false, true},
    {"MOVE", false, true},
    {"LOCK", false, true},
    {"UNLOCK", false, true},
    {"CHECKOUT", false, true},
    {"CHECKIN", false, true},
    {"UNCHECKOUT", false, true},
    {"MKACTIVITY", false, true},
    {"MERGE", false, true},
    {"UPDATE", false, true},
    {"LABEL", false, true},
    {"MKWORKSPACE", false, true},
    {"VERSION-CONTROL", false, true},
    {"BASELINE-CONTROL", false, true},
};

static const method_t *find_method(const char *name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (!strcmp(methods[i].name, name))
            return &methods[i];
    return NULL;
}

bool rc_face_svn_writes(const rc_request_t *request)
{
    const method_t *method = find_method(request->method);

    return !method || !method->reads;
}

/* Clients send the "!" as it is. Somebody who wants the file "!svn/x" of another repository in a
 * view can escape it. */
bool rc_face_svn_is_special(const rc_request_t *request)
{
    const char *found = request->path;
    apr_size_t len = strlen("/" SPECIAL);

    while ((found = strstr(found, "/" SPECIAL))) {
        found += len;
        if (!*found || *found == '/')
            return true;
    }
    return false;
}

bool rc_face_svn_is_client(const rc_request_t *request)
{
    const method_t *method = find_method(request->method);

    return (method && method->own) || rc_face_svn_is_special(request);
}

apr_int64_t rc_face_svn_id(const char **path, apr_pool_t *pool)
{
    const char *end = *path + 1 + strcspn(*path + 1, "/");
    rc_repo_url_t url;

    if (!rc_repo_url_read(&url, *path + 1, (apr_size_t)(end - *path) - 1, pool) || url.id <= 0)
        return 0;
    *path = end;
    return url.id;
}

const char *rc_face_svn_next_name(const char **end, const char *decoded, apr_pool_t *pool)
{
    const char *name;

    if (!**end)
        return NULL;
    *end += 1 + strcspn(*end + 1, "/");
    name = apr_pstrmemdup(pool, decoded + 1, (apr_size_t)(*end - decoded) - 1);
    return *name && rc_repo_name_fits(name) ? name : NULL;
}

bool rc_face_svn_in_commit(const char *inside)
{
    static const char *const places[] = {"wrk", "wbl", "txn", "txr", "vtxn", "vtxr"};
    apr_size_t special = strlen("/" SPECIAL "/"), i;

    if (strncmp(inside, "/" SPECIAL "/", special))
        return false;
    inside += special;
    for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
        apr_size_t len = strlen(places[i]);

        if (!strncmp(inside, places[i], len) && inside[len] == '/')
            return true;
    }
    return false;
}
