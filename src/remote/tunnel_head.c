// SPDX-License-Identifier: Apache-2.0
/*
 * Decides where the first request of a program to its proxy may lead. Later requests of the
 * connection need no look: they go to the same place, whatever they name.
 */
#include "tunnel.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#define TLS_PORT 443
#define DIGITS   5 /* of a port */

static int port_of(const rc_remote_url_t *url)
{
    return url->port ? url->port : url->default_port;
}

static bool is_tls(const rc_remote_url_t *url)
{
    return !strcmp(url->scheme, "https");
}

/* True when the @a len bytes @a place are "host" or "host:port" of the remote, without a user. */
static bool names_host(int *port, const char *place, apr_size_t len, const char *host)
{
    apr_size_t host_len = strlen(host);
    bool six = strchr(host, ':') != NULL;
    const char *rest = place + host_len + (six ? 2 : 0), *end = place + len;

    if (rest > end || strncasecmp(place + (six ? 1 : 0), host, host_len))
        return false;
    if (six && (*place != '[' || rest[-1] != ']'))
        return false;
    if (rest == end)
        return true;
    *port = *rest == ':' ? (int)strtol(rest + 1, NULL, 10) : 0;
    return *rest == ':' && end - rest <= DIGITS + 1 &&
           (apr_size_t)(end - rest - 1) == strspn(rest + 1, "0123456789");
}

static bool may_lead(const rc_remote_url_t *url, bool tunnel, int port)
{
    if (!tunnel)
        return !is_tls(url) && port == port_of(url);
    return port == port_of(url) || (!is_tls(url) && port == TLS_PORT);
}

static rc_head_t judge_place(int *port, rc_tunnels_t *shared, const char *place, apr_size_t len,
                             bool tunnel)
{
    *port = tunnel ? TLS_PORT : 80;
    if (names_host(port, place, len, shared->url->host) && may_lead(shared->url, tunnel, *port))
        return tunnel ? RC_HEAD_TUNNEL : RC_HEAD_PLAIN;
    apr_snprintf(shared->refused, sizeof(shared->refused), "%.*s", (int)len, place);
    return RC_HEAD_BAD;
}

rc_head_t rc_tunnel_head(int *port, apr_size_t *used, rc_tunnels_t *shared, const char *text,
                         apr_size_t len)
{
    static const char scheme[] = "http://";
    const char *end = memmem(text, len, "\r\n\r\n", 4), *target;

    if (!end)
        return RC_HEAD_PART;
    *used = (apr_size_t)(end + 4 - text);
    target = memchr(text, ' ', (apr_size_t)(end - text));
    if (!target++)
        return RC_HEAD_BAD;
    if (!strncmp(text, "CONNECT ", 8))
        return judge_place(port, shared, target, strcspn(target, " \r"), true);
    if (strncasecmp(target, scheme, sizeof(scheme) - 1))
        return RC_HEAD_BAD;
    target += sizeof(scheme) - 1;
    return judge_place(port, shared, target, strcspn(target, "/ \r"), false);
}

bool rc_tunnel_single(char *text, apr_size_t *len, apr_size_t room)
{
    static const char last[] = "\r\nConnection: close";
    apr_size_t added = sizeof(last) - 1;
    char *target = (char *)memchr(text, ' ', *len) + 1;
    char *path = target + strlen("http://"), *end = text + *len, *line;

    path += strcspn(path, "/ \r");
    if (*path != '/' || *len - (apr_size_t)(path - target) + added > room)
        return false;
    memmove(target, path, (apr_size_t)(end - path));
    end -= path - target;
    line = memchr(target, '\r', (apr_size_t)(end - target));
    memmove(line + added, line, (apr_size_t)(end - line));
    memcpy(line, last, added);
    *len = (apr_size_t)(end - text) + added;
    return true;
}
