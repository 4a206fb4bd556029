// SPDX-License-Identifier: Apache-2.0
/*
 * Which remotes may be fetched from: by scheme and by address. Also how credentials are kept from
 * readers. Taking a URL apart is url.c, finding the addresses of a host resolve.c.
 */
#include "remote/address.h"

#include <netinet/in.h>
#include <string.h>

#include <apr_strings.h>

#include "base/time.h"

#define MASK "*****"

/* ---- masking ---- */

static bool is_http(const char *url)
{
    return !strncasecmp(url, "http://", 7) || !strncasecmp(url, "https://", 8);
}

/* Where the password in @a url is: from @a *from up to @a *to. Must work on any text, also on what
 * would be refused: better too much masked than too little. A user without a password, by HTTP, is
 * a token. */
static bool find_password(const char **from, const char **to, const char *url)
{
    const char *sep = strstr(url, "://");
    const char *text = sep ? sep + 3 : url;
    const char *end = text + strcspn(text, "/?# \t\r\n");
    const char *at = memrchr(text, '@', (apr_size_t)(end - text));
    const char *colon = memchr(text, ':', (apr_size_t)((at ? at : end) - text));

    if (!colon && at && is_http(url)) {
        *from = text;
        *to = at;
        return at > text;
    }
    if (!colon || (!sep && memchr(text, '@', (apr_size_t)(colon - text))))
        return false; /* user@host:path, as scp writes it */
    if (!at && colon + 1 + strspn(colon + 1, "0123456789") < end)
        at = strrchr(end, '@'); /* user:pa/ss@host: what follows the colon is no port */
    *from = colon + 1;
    *to = at;
    return at != NULL;
}

const char *rc_remote_mask(const char *url, apr_pool_t *pool)
{
    const char *from, *to;

    if (!url || !find_password(&from, &to, url))
        return url ? apr_pstrdup(pool, url) : NULL;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, url, (apr_size_t)(from - url)), MASK, to, NULL);
}

bool rc_remote_has_password(const char *url, apr_pool_t *pool)
{
    const char *from, *to;

    (void)pool;
    return url && find_password(&from, &to, url);
}

/* ---- addresses ---- */

typedef struct net4_t {
    unsigned char net[4];
    int bits;
} net4_t;

typedef struct net6_t {
    unsigned char net[16];
    int bits;
} net6_t;

/* clang-format off */
/* From the IANA special-purpose registries: all that is not globally reachable, and multicast. */
static const net4_t special4[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* carrier-grade NAT */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local, cloud metadata */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* 6to4 relays */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarks */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast */
    {{240}, 4},           /* reserved, broadcast */
};

/* Within 2000::/3, outside of which nothing is global. */
static const net6_t special6[] = {
    {{0x20, 0x01, 0x00}, 23},             /* protocol assignments: Teredo, benchmarks, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
    {{0x3f, 0xff}, 20},                   /* documentation */
};

/* IPv6 ranges that hold an IPv4 address, which then decides; `at` is its first byte. */
static const struct {
    net6_t range;
    int at;
} embedding[] = {
    {{{[10] = 0xff, 0xff}, 96}, 12},              /* ::ffff:a.b.c.d */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},         /* NAT64 */
    {{{0x20, 0x02}, 16}, 2},                      /* 6to4 */
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static bool within(const unsigned char *address, const unsigned char *net, int bits)
{
    int bytes = bits / 8, rest = bits % 8;

    if (memcmp(address, net, (apr_size_t)bytes) != 0)
        return false;
    return rest == 0 || ((address[bytes] ^ net[bytes]) >> (8 - rest)) == 0;
}

static bool is_global4(const unsigned char *address)
{
    apr_size_t i;

    for (i = 0; i < COUNT(special4); i++)
        if (within(address, special4[i].net, special4[i].bits))
            return false;
    return true;
}

static bool is_global6(const unsigned char *address)
{
    static const unsigned char unicast[16] = {0x20};
    apr_size_t i;

    for (i = 0; i < COUNT(embedding); i++)
        if (within(address, embedding[i].range.net, embedding[i].range.bits))
            return is_global4(address + embedding[i].at);
    for (i = 0; i < COUNT(special6); i++)
        if (within(address, special6[i].net, special6[i].bits))
            return false;
    return within(address, unicast, 3);
}

bool rc_remote_is_global(const struct sockaddr *address)
{
    struct sockaddr_in6 in6;
    struct sockaddr_in in4;

    if (address->sa_family == AF_INET) {
        memcpy(&in4, address, sizeof(in4));
        return is_global4((const unsigned char *)&in4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof(in6));
        return is_global6((const unsigned char *)&in6.sin6_addr);
    }
    return false;
}

/* ---- policy ---- */

static rc_err_t *check_scheme(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_pool_t *pool)
{
    int i;

    for (i = 0; policy->schemes && i < policy->schemes->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(policy->schemes, i, const char *), url->scheme) == 0)
            return NULL;
    return rc_err_failed(pool, "remote address: scheme %s is not allowed here", url->scheme);
}

bool rc_remote_client_gone(const rc_remote_policy_t *policy)
{
    return policy->work && policy->work->gone && policy->work->gone(policy->work->baton);
}

rc_err_t *rc_remote_admit(rc_remote_url_t **out, const rc_remote_policy_t *policy, const char *url,
                          apr_time_t deadline, apr_pool_t *pool)
{
    RC_TRY(rc_remote_parse(out, url, pool));
    RC_TRY(check_scheme(policy, *out, pool));
    RC_TRY(rc_remote_check_file(policy, *out, deadline, pool));
    return rc_remote_resolve(*out, policy, deadline, pool);
}

rc_err_t *rc_remote_check(const rc_remote_policy_t *policy, const char *url, apr_pool_t *pool)
{
    rc_remote_url_t *parsed;

    return rc_remote_admit(&parsed, policy, url, rc_clock() + policy->timeout, pool);
}
