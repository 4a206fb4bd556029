// SPDX-License-Identifier: Apache-2.0
/*
 * Checks a caller's address against their IP entries (contract 01 §9).
 */
#include "caller.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <apr_network_io.h>
#include <apr_strings.h>

#include "store/caller.h"
#include "base/text.h"

typedef struct network_t {
    int family;
    unsigned char first[16], last[16];
    unsigned size; /* of an address: 4 or 16 bytes */
} network_t;

/* "address" or "address/bits" or "a.b.c.d/m.m.m.m"; host bits are ignored. */
static bool parse_mask(int *bits, const char *text, const network_t *net)
{
    unsigned char mask[4];
    apr_int64_t n;
    int i;

    if (rc_text_digits(text) && rc_text_int(&n, text)) {
        *bits = (int)n;
        return n <= (apr_int64_t)net->size * 8;
    }
    if (net->family != AF_INET || inet_pton(AF_INET, text, mask) != 1)
        return false;
    for (i = 0, *bits = 0; i < 32 && mask[i / 8] & (0x80 >> i % 8); i++)
        (*bits)++;
    for (; i < 32; i++)
        if (mask[i / 8] & (0x80 >> i % 8))
            return false;
    return true;
}

static bool parse_network(network_t *net, const char *entry, apr_pool_t *pool)
{
    char *address = apr_pstrdup(pool, entry), *slash = strchr(address, '/');
    unsigned i;
    int bits;

    if (slash)
        *slash++ = '\0';
    net->family = strchr(address, ':') ? AF_INET6 : AF_INET;
    net->size = net->family == AF_INET6 ? 16 : 4;
    if (inet_pton(net->family, address, net->first) != 1)
        return false;
    bits = (int)net->size * 8;
    if (slash && !parse_mask(&bits, slash, net))
        return false;
    for (i = 0; i < net->size; i++) {
        int kept = bits - (int)i * 8;
        unsigned char host = (unsigned char)(kept >= 8 ? 0 : kept <= 0 ? 0xff : 0xff >> kept);

        net->first[i] &= (unsigned char)~host;
        net->last[i] = net->first[i] | host;
    }
    return true;
}

bool rc_auth_ip_valid(const char *entry, apr_pool_t *pool)
{
    network_t net;

    return parse_network(&net, entry, pool);
}

void rc_auth_ip_range(const char **first, const char **last, const char *entry, apr_pool_t *pool)
{
    char text[INET6_ADDRSTRLEN];
    network_t net;

    *first = *last = NULL;
    if (!parse_network(&net, entry, pool))
        return;
    *first = apr_pstrdup(pool, inet_ntop(net.family, net.first, text, sizeof(text)));
    *last = apr_pstrdup(pool, inet_ntop(net.family, net.last, text, sizeof(text)));
}

static bool contains(const network_t *net, const network_t *client)
{
    return net->family == client->family && memcmp(client->first, net->first, net->size) >= 0 &&
           memcmp(client->first, net->last, net->size) <= 0;
}

bool rc_auth_ip_within(const char *entry, const char *ip, apr_pool_t *pool)
{
    network_t net, client;

    return parse_network(&net, entry, pool) && parse_network(&client, ip, pool) &&
           contains(&net, &client);
}

rc_err_t *rc_auth_ip_allowed(bool *allowed, rc_db_t *db, const rc_caller_t *caller, const char *ip,
                             apr_pool_t *pool)
{
    apr_array_header_t *entries;
    network_t client, net;
    int i;

    *allowed = !caller->restricted;
    if (*allowed || !ip || !parse_network(&client, ip, pool))
        return NULL;
    RC_TRY(rc_store_caller_ips(&entries, db, caller->user_id, caller->inherits, pool));
    for (i = 0; i < entries->nelts && !*allowed; i++)
        if (parse_network(&net, APR_ARRAY_IDX(entries, i, const char *), pool))
            *allowed = contains(&net, &client);
    return NULL;
}
