// SPDX-License-Identifier: Apache-2.0
/*
 * Parses a remote address strictly: rejects what two programs could read differently, so that git,
 * curl and ssh use the host that was checked.
 */
#include "remote/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/text.h"

#define MAX_URL  2048
#define MAX_HOST 253

static const struct {
    const char *name;
    int port; /* 0 = no host */
    bool user, password;
} schemes[] = {
    {"http", 80, true, true}, {"https", 443, true, true}, {"git", 9418, false, false},
    {"ssh", 22, true, false}, {"svn", 3690, true, true},  {"file", 0, false, false},
};

static rc_err_t *bad(apr_pool_t *pool, const char *what)
{
    return rc_err_failed(pool, "remote address: %s", what);
}

/* ---- characters ---- */

static rc_err_t *check_characters(const char *url, apr_pool_t *pool)
{
    const unsigned char *p;

    if (!url || !*url)
        return bad(pool, "is empty");
    if (strlen(url) > MAX_URL)
        return bad(pool, "is too long");
    if (*url == '-')
        return bad(pool, "begins with '-'");
    for (p = (const unsigned char *)url; *p; p++)
        if (*p <= ' ' || *p == 0x7f || *p == '\\')
            return bad(pool, "holds a control character, blank or backslash");
    return NULL;
}

/* Percent-decodes @a text. Rejects an escaped control character, above all NUL. */
static rc_err_t *decode(const char **out, const char *text, apr_pool_t *pool)
{
    char *to = apr_pstrdup(pool, text);

    *out = to;
    for (; *text; text++, to++) {
        int byte = rc_hex_percent(text);

        if (*text == '%' && byte < 0)
            return bad(pool, "has an invalid percent escape");
        *to = byte < 0 ? *text : (char)byte;
        text += byte < 0 ? 0 : 2;
        if (apr_iscntrl(*to))
            return bad(pool, "contains an escaped control character");
    }
    *to = '\0';
    return NULL;
}

/* ---- parts ---- */

static rc_err_t *set_scheme(rc_remote_url_t *url, const char *name, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strcmp(schemes[i].name, name) == 0) {
            url->scheme = schemes[i].name;
            url->default_port = schemes[i].port;
            return NULL;
        }
    return bad(pool, "has an unknown scheme");
}

/* Checks which credentials a scheme may carry: git has none, and ssh cannot use a password. */
static rc_err_t *check_user(const rc_remote_url_t *url, apr_pool_t *pool)
{
    bool user = false, password = false;
    const char *p;
    apr_size_t i;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (schemes[i].name == url->scheme) {
            user = schemes[i].user;
            password = schemes[i].password;
        }
    if (url->user && !user)
        return bad(pool, "has a user, which its scheme does not allow");
    if (url->password && !password)
        return bad(pool, "has a password, which its scheme cannot use");
    if (url->user && strchr(url->user, ':'))
        return bad(pool, "has a colon in its user");
    if (url->user && !password) { /* the user becomes an argument of ssh */
        for (p = url->user; *p; p++)
            if (!apr_isalnum(*p) && !strchr("._-+", *p))
                return bad(pool, "has an invalid character in its user");
        if (!*url->user || *url->user == '-')
            return bad(pool, "has an invalid user");
    }
    return NULL;
}

/* Parses user[:password], which is still escaped. */
static rc_err_t *set_user(rc_remote_url_t *url, const char *info, apr_pool_t *pool)
{
    const char *colon = strchr(info, ':');

    if (strchr(info, '@'))
        return bad(pool, "has two '@'");
    if (colon) {
        info = apr_pstrmemdup(pool, info, (apr_size_t)(colon - info));
        RC_TRY(decode(&url->password, colon + 1, pool));
    }
    RC_TRY(decode(&url->user, info, pool));
    return check_user(url, pool);
}

static rc_err_t *set_port(rc_remote_url_t *url, const char *text, apr_pool_t *pool)
{
    if (!rc_text_digits(text) || strlen(text) > 5)
        return bad(pool, "has an invalid port");
    url->port = (int)strtol(text, NULL, 10);
    if (url->port < 1 || url->port > 65535)
        return bad(pool, "has an invalid port");
    if (url->port == url->default_port)
        url->port = 0;
    return NULL;
}

static rc_err_t *set_host6(rc_remote_url_t *url, const char *text, apr_pool_t *pool)
{
    struct in6_addr address;
    char plain[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, text, &address) != 1)
        return bad(pool, "has an invalid IPv6 address");
    url->host = apr_pstrdup(pool, inet_ntop(AF_INET6, &address, plain, sizeof(plain)));
    url->numeric = true;
    return NULL;
}

/* True when the last label is a number: the host is then an IPv4 address in some spelling, or
 * invalid. */
static bool ends_in_number(const char *host)
{
    const char *label = strrchr(host, '.');

    label = label ? label + 1 : host;
    if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
        return true;
    return rc_text_digits(label);
}

/* Parses a name, or an IPv4 address in any spelling of inet_aton (127.1, 0x7f.1, 2130706433), which
 * is rewritten in its usual form so that all programs read the same. */
static rc_err_t *set_host(rc_remote_url_t *url, const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    struct in_addr address;
    char plain[INET_ADDRSTRLEN];
    const char *p;

    for (p = text; *p; p++)
        if (!apr_isalnum(*p) && *p != '.' && *p != '-')
            return bad(pool, "has an invalid character in its host");
    if (len == 0 || len > MAX_HOST || *text == '-' || *text == '.' || text[len - 1] == '.' ||
        strstr(text, ".."))
        return bad(pool, "has an invalid host");
    url->host = rc_text_lower(text, pool);
    if (!ends_in_number(text))
        return NULL;
    if (!inet_aton(text, &address))
        return bad(pool, "has an invalid IPv4 address");
    url->host = apr_pstrdup(pool, inet_ntop(AF_INET, &address, plain, sizeof(plain)));
    url->numeric = true;
    return NULL;
}

/* Parses host or [host]; *@a rest is the text after it. */
static rc_err_t *take_host(rc_remote_url_t *url, const char **rest, const char *text,
                           apr_pool_t *pool)
{
    apr_size_t len = strcspn(text, *text == '[' ? "]" : ":");

    *rest = text + len;
    if (*text != '[')
        return set_host(url, apr_pstrmemdup(pool, text, len), pool);
    if (**rest != ']')
        return bad(pool, "has an unclosed bracket");
    (*rest)++;
    return set_host6(url, apr_pstrmemdup(pool, text + 1, len - 1), pool);
}

/* Parses [user[:password]@]host[:port]. */
static rc_err_t *set_authority(rc_remote_url_t *url, const char *text, apr_pool_t *pool)
{
    const char *at = strrchr(text, '@');
    const char *rest;

    if (at) {
        RC_TRY(set_user(url, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)), pool));
        text = at + 1;
    }
    RC_TRY(take_host(url, &rest, text, pool));
    if (*rest == ':')
        return set_port(url, rest + 1, pool);
    return *rest ? bad(pool, "has something after its host") : NULL;
}

/* git decodes the path of git, ssh and file URLs itself, so the decoded form is kept for checks. */
static rc_err_t *set_path(rc_remote_url_t *url, const char *path, apr_pool_t *pool)
{
    if (strpbrk(path, "?#"))
        return bad(pool, "has a query or fragment");
    url->plain = url->path = apr_pstrdup(pool, path);
    if (url->url_form)
        RC_TRY(decode(&url->plain, path, pool));
    return NULL;
}

/* ---- forms ---- */

/* Parses scheme://authority/path; @a sep points to "://". */
static rc_err_t *parse_url(rc_remote_url_t *url, const char *text, const char *sep,
                           apr_pool_t *pool)
{
    const char *authority = sep + 3;
    const char *path = strchr(authority, '/');

    url->url_form = true;
    RC_TRY(set_scheme(
        url, rc_text_lower(apr_pstrmemdup(pool, text, (apr_size_t)(sep - text)), pool), pool));
    if (!path)
        return bad(pool, "has no path");
    RC_TRY(set_path(url, path, pool));
    authority = apr_pstrmemdup(pool, authority, (apr_size_t)(path - authority));
    if (url->default_port)
        return set_authority(url, authority, pool);
    return *authority ? bad(pool, "names a host for a file") : NULL;
}

/* Parses user@host:path, the syntax of scp. The user is required: too much else would match without
 * it. */
static rc_err_t *parse_scp(rc_remote_url_t *url, const char *text, apr_pool_t *pool)
{
    const char *at = strchr(text, '@');
    const char *rest;

    RC_TRY(set_scheme(url, "ssh", pool));
    if (!at || memchr(text, '/', (apr_size_t)(at - text)))
        return bad(pool, "is neither a URL nor user@host:path");
    RC_TRY(set_user(url, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)), pool));
    RC_TRY(take_host(url, &rest, at + 1, pool));
    if (*rest != ':' || !rest[1] || rest[1] == '-')
        return bad(pool, "has no path, or one that begins with '-'");
    return set_path(url, rest + 1, pool);
}

rc_err_t *rc_remote_parse(rc_remote_url_t **out, const char *url, apr_pool_t *pool)
{
    const char *after;

    *out = apr_pcalloc(pool, sizeof(**out));
    RC_TRY(check_characters(url, pool));
    for (after = url; apr_isalnum(*after) || (*after && strchr("+.-", *after)); after++)
        ;
    if (after > url && strncmp(after, "://", 3) == 0)
        return parse_url(*out, url, after, pool);
    if (strncmp(after, "::", 2) == 0)
        return bad(pool, "names a remote helper");
    if (*url != '/')
        return parse_scp(*out, url, pool);
    RC_TRY(set_scheme(*out, "file", pool));
    return set_path(*out, url, pool);
}

/* ---- redirects ---- */

static int port_of(const rc_remote_url_t *url)
{
    return url->port ? url->port : url->default_port;
}

bool rc_remote_is_same_place(const rc_remote_url_t *from, const rc_remote_url_t *to)
{
    bool same_port = port_of(from) == port_of(to);

    if (to->user || !to->host || strcmp(from->host, to->host) != 0)
        return false;
    if (strcmp(from->scheme, to->scheme) == 0)
        return same_port;
    return strcmp(from->scheme, "http") == 0 && strcmp(to->scheme, "https") == 0 &&
           (same_port || !to->port);
}

/* The path that the first request of a fetch appends to the repository's address. */
#define FIRST_REQUEST "/info/refs"

rc_err_t *rc_remote_redirect(rc_remote_url_t **out, const rc_remote_url_t *url,
                             const char *location, apr_pool_t *pool)
{
    const char *host = rc_remote_bracketed(url->host, pool);
    apr_size_t len = strcspn(location, "?#"), tail = strlen(FIRST_REQUEST);
    rc_remote_url_t *to;

    if (len <= tail || strncmp(location + len - tail, FIRST_REQUEST, tail) != 0)
        return bad(pool, "redirects to a URL that is not a repository");
    location = apr_pstrmemdup(pool, location, len - tail);
    if (location[0] == '/' && location[1] == '/')
        location = apr_pstrcat(pool, url->scheme, ":", location, NULL);
    else if (location[0] == '/')
        location = apr_psprintf(pool, "%s://%s:%d%s", url->scheme, host, port_of(url), location);
    RC_TRY(rc_remote_parse(&to, location, pool));
    if (!rc_remote_is_same_place(url, to))
        return bad(pool, "redirects to another scheme, host, port or user: not followed");
    to->user = url->user;
    to->password = url->password;
    to->addresses = url->addresses;
    *out = to;
    return NULL;
}

/* ---- back to text ---- */

const char *rc_remote_bracketed(const char *host, apr_pool_t *pool)
{
    return strchr(host, ':') ? apr_pstrcat(pool, "[", host, "]", NULL) : host;
}

const char *rc_remote_shown(const rc_remote_url_t *url, apr_pool_t *pool)
{
    const char *host = url->host ? rc_remote_bracketed(url->host, pool) : "";
    const char *port = url->port ? apr_psprintf(pool, ":%d", url->port) : "";

    if (!url->url_form && url->host)
        return apr_pstrcat(pool, host, ":", url->path, NULL);
    return apr_pstrcat(pool, url->scheme, "://", host, port, url->path, NULL);
}
