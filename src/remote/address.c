// SPDX-License-Identifier: Apache-2.0
/*
 * Decides whether a network address belongs to the public Internet.
 */
#include "remote/address.h"

#include <netinet/in.h>
#include <string.h>

typedef struct net4_t {
    unsigned char net[4];
    int bits;
} net4_t;

typedef struct net6_t {
    unsigned char net[16];
    int bits;
} net6_t;

/* clang-format off */
/* From the IANA special-purpose registries: all ranges that are not globally reachable, and
 * multicast. */
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

/* Exceptions within 2000::/3; nothing outside of it is global. */
static const net6_t special6[] = {
    {{0x20, 0x01, 0x00}, 23},             /* protocol assignments: Teredo, benchmarks, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
    {{0x3f, 0xff}, 20},                   /* documentation */
};

/* IPv6 ranges that embed an IPv4 address, which is then checked instead; `at` is its first byte. */
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
