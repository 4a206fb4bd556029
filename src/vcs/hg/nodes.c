// SPDX-License-Identifier: Apache-2.0
/*
 * A hash table of node ids. Where an id begins its search depends on a number that differs in each
 * process, so that nobody can make commits that meet there.
 */
#include "nodes.h"

#include <string.h>

#include <apr_general.h>

#include "bytes.h"

struct rc_hg_nodes_t {
    const rc_hg_revlog_t *log;
    int *slots; /* revisions; -1: empty */
    int bits;   /* of the number of slots */
    apr_uint64_t seed;
};

static apr_uint32_t slot_of(const rc_hg_nodes_t *nodes, const unsigned char *node)
{
    apr_uint64_t mixed = (rc_hg_u64(node) ^ rc_hg_u64(node + 8)) * nodes->seed;

    return (apr_uint32_t)(mixed >> (64 - nodes->bits));
}

rc_hg_nodes_t *rc_hg_nodes_create(const rc_hg_revlog_t *log, apr_pool_t *pool)
{
    rc_hg_nodes_t *nodes = apr_pcalloc(pool, sizeof(*nodes));
    apr_uint32_t mask;
    int rev;

    nodes->log = log;
    for (nodes->bits = 4; (1 << nodes->bits) / 2 < log->count; nodes->bits++)
        ;
    if (apr_generate_random_bytes((unsigned char *)&nodes->seed, sizeof(nodes->seed)))
        nodes->seed = 0x9e3779b97f4a7c15u;
    nodes->seed |= 1;
    mask = (1u << nodes->bits) - 1;
    nodes->slots = apr_palloc(pool, sizeof(int) << nodes->bits);
    memset(nodes->slots, 0xff, sizeof(int) << nodes->bits);
    for (rev = 0; rev < log->count; rev++) {
        apr_uint32_t at = slot_of(nodes, rc_hg_node(log, rev));

        while (nodes->slots[at] >= 0)
            at = (at + 1) & mask;
        nodes->slots[at] = rev;
    }
    return nodes;
}

int rc_hg_nodes_find(const rc_hg_nodes_t *nodes, const unsigned char *node)
{
    apr_uint32_t mask = (1u << nodes->bits) - 1, at = slot_of(nodes, node);

    for (; nodes->slots[at] >= 0; at = (at + 1) & mask)
        if (!memcmp(rc_hg_node(nodes->log, nodes->slots[at]), node, RC_HG_NODE))
            return nodes->slots[at];
    return -1;
}
