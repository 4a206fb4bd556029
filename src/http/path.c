// SPDX-License-Identifier: Apache-2.0
/*
 * Handles escaped slashes in URLs. In /team%2Fapp/changeset-diff/fix%2F7 the first one separates
 * the parts of a repository's name, the second one belongs to the name of a branch. Both are
 * decoded before httpd looks for the <Location>, so that no section can be evaded; the views read
 * the URL as sent. Without AllowEncodedSlashes, httpd answers 404 to all of them.
 */
#include "http.h"

#include <http_core.h>
#include <string.h>

#include <apr_strings.h>

#include "base/redact.h"

/* Returns whether a segment is empty, "." or "..", which httpd only removes when it is not escaped.
 */
static bool has_odd_segment(const char *path)
{
    const char *p;

    for (p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
        apr_size_t len = strcspn(p + 1, "/");

        if ((!len && p[1]) || (len == 1 && p[1] == '.') || (len == 2 && p[1] == '.' && p[2] == '.'))
            return true;
    }
    return false;
}

/* Decodes the escaped slashes of @a path in place. */
static void open_slashes(char *path)
{
    const char *from;

    for (from = path; *from; path++)
        if (!strncasecmp(from, "%2f", 3)) {
            *path = '/';
            from += 3;
        } else {
            *path = *from++;
        }
    *path = '\0';
}

/* A hook that runs before httpd decodes the URL. */
int rc_http_keep_path(request_rec *r)
{
    /* of the server: core loses this setting when it merges sections */
    const core_dir_config *core = ap_get_core_module_config(r->server->lookup_defaults);
    rc_note_t *note;

    if (!r->uri || !strchr(r->uri, '%') || !rc_http_may_be_ours(r))
        return DECLINED;
    note = rc_http_early_note(r);
    if (!note->sent_uri)
        note->sent_uri = apr_pstrdup(r->pool, r->uri);
    if (!core->allow_encoded_slashes || !strcasestr(r->uri, "%2f"))
        return DECLINED;
    open_slashes(r->uri);
    return has_odd_segment(r->uri) ? HTTP_NOT_FOUND : DECLINED;
}

/* Returns whether @a path is the decoded @a sent; another module may have changed the URL. */
static bool is_same(const char *sent, const char *path, apr_pool_t *pool)
{
    char *plain = apr_pstrdup(pool, rc_redact_path(sent, pool)); /* as by keys.c */

    open_slashes(plain);
    return ap_unescape_url(plain) == OK && !strcmp(plain, path);
}

const char *rc_http_sent_path(request_rec *r)
{
    const char *path = rc_http_path(r), *sent = rc_http_note(r)->sent_uri;

    if (sent && (sent = rc_http_behind(rc_http_dir_conf(r)->mount, sent)) &&
        is_same(sent, path, r->pool))
        return sent;
    return strchr(path, '%') ? ap_os_escape_path(r->pool, path, 1) : path;
}

char *rc_http_whole_uri(request_rec *r)
{
    const char *sent = rc_http_note(r)->sent_uri;
    char *whole;

    if (!sent || !strstr(r->uri, RC_HIDDEN) || !is_same(sent, r->uri, r->pool))
        return r->uri;
    whole = apr_pstrdup(r->pool, sent);
    open_slashes(whole);
    ap_unescape_url(whole);
    return whole;
}

/* The directory walk that these two functions skip costs as much as a whole API call. */
int rc_http_translate_name(request_rec *r)
{
    if (!rc_http_path(r))
        return DECLINED;
    if (!r->filename) /* other modules print the file name */
        r->filename = apr_pstrcat(r->pool, "rcapi:", r->uri, NULL);
    return OK;
}

int rc_http_map_to_storage(request_rec *r)
{
    return r->filename && !strncmp(r->filename, "rcapi:", 6) ? OK : DECLINED;
}
