// SPDX-License-Identifier: Apache-2.0
/*
 * Finds packed objects, and checks their headers before libgit2 unpacks one: libgit2 follows a
 * chain of deltas without checking that it ends, and copies the whole object for each delta.
 */
#include "chain.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <apr_strings.h>
#include <zlib.h>

#include "objects.h"
#include "search.h"

#define DEPTH_MOST 4095 /* deltas; git never writes a longer chain */
#define DEPTH_FEW  64   /* up to here (git's default) the cost is not computed */

#define HEAD_MOST 64  /* more bytes than precede the compressed data */
#define SOME      256 /* compressed bytes that contain the start of a delta */
#define OFS_DELTA 6
#define REF_DELTA 7
#define AHEAD     16  /* objects that are searched for in turn */
#define PLACES    128 /* objects that have been found before they are read; at most 256 */

typedef struct pack_map_t {
    unsigned char *at;
    size_t size;
} pack_map_t;

typedef struct located_t {
    git_oid id;
    apr_uint64_t at;
} located_t;

/* Objects that will be read soon. */
typedef struct ahead_t {
    rc_git_search_t begun[AHEAD];
    unsigned calls;
    located_t found[PLACES]; /* by the last byte of their ids; at is 0 for none */
} ahead_t;

struct rc_git_chain_t {
    rc_git_index_t index;
    pack_map_t pack;
    located_t last; /* found last, because its header is read before its content */
    ahead_t *ahead; /* NULL: nothing has been expected yet */
};

/* An object of the pack. */
typedef struct link_t {
    apr_uint64_t size, base; /* base: the offset of the object that a delta changes */
    const unsigned char *data;
    int type;
} link_t;

/* --- mapping --- */

static bool map(unsigned char **to, size_t *size, int fd, off_t bytes)
{
    void *at;

    *size = (size_t)bytes;
    at = *size ? mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (at == MAP_FAILED)
        return false;
    *to = at;
    return true;
}

/* Returns whether the index is that of this pack: with as many objects, and the checksum that ends
 * the pack before its own at its end. libgit2 checks the same before it reads. */
static bool pack_fits(const rc_git_chain_t *chain)
{
    const unsigned char *pack = chain->pack.at, *end = chain->index.at + chain->index.size;

    return chain->pack.size > RC_GIT_RAW && !memcmp(pack, "PACK", 4) &&
           rc_git_number(pack + 8) == chain->index.count &&
           !memcmp(pack + chain->pack.size - RC_GIT_RAW, end - 2 * RC_GIT_RAW, RC_GIT_RAW);
}

rc_git_chain_t *rc_git_chain_open(int index, off_t index_size, int pack, off_t pack_size)
{
    rc_git_chain_t *chain = calloc(1, sizeof(*chain));
    bool good;

    if (!chain)
        return NULL;
    rc_git_mapped_begin();
    good = map(&chain->index.at, &chain->index.size, index, index_size) &&
           map(&chain->pack.at, &chain->pack.size, pack, pack_size) &&
           rc_git_index_read(&chain->index) && pack_fits(chain);
    if (rc_git_mapped_end() && good)
        return chain;
    rc_git_chain_close(chain);
    return NULL;
}

void rc_git_chain_close(rc_git_chain_t *chain)
{
    if (!chain)
        return;
    if (chain->index.at)
        munmap(chain->index.at, chain->index.size);
    if (chain->pack.at)
        munmap(chain->pack.at, chain->pack.size);
    free(chain->ahead);
    free(chain);
}

/* --- the pack --- */

static const unsigned char *read_object_head(link_t *link, const unsigned char *p)
{
    int shift = 4;

    link->type = *p >> 4 & 7;
    link->size = *p & 15;
    while (*p++ & 0x80) {
        if (shift > 60)
            return NULL;
        link->size |= (apr_uint64_t)(*p & 0x7f) << shift;
        shift += 7;
    }
    return p;
}

/* Reads how far the base is before the delta. */
static const unsigned char *read_distance(apr_uint64_t *distance, const unsigned char *p)
{
    int i;

    *distance = *p & 0x7f;
    for (i = 0; *p++ & 0x80; i++) {
        if (i == 8)
            return NULL;
        *distance = (*distance + 1) << 7 | (*p & 0x7f);
    }
    return p;
}

static bool read_link(link_t *link, const rc_git_chain_t *chain, apr_uint64_t offset)
{
    apr_uint64_t end = chain->pack.size - RC_GIT_RAW,
                 distance; /* where the pack's checksum begins */
    unsigned char copy[HEAD_MOST] = "";
    const unsigned char *head = chain->pack.at + offset, *p;

    if (!offset || offset >= end)
        return false;
    if (end - offset < HEAD_MOST)
        head = memcpy(copy, head, end - offset);
    p = read_object_head(link, head);
    if (p && link->type == OFS_DELTA) {
        p = read_distance(&distance, p);
        link->base = p && distance < offset ? offset - distance : 0;
    } else if (p && link->type == REF_DELTA) {
        link->base = rc_git_index_find(&chain->index, p);
        p += RC_GIT_RAW;
    }
    if (!p || (apr_uint64_t)(p - head) >= end - offset)
        return false;
    link->data = chain->pack.at + offset + (p - head);
    return link->type < OFS_DELTA || (link->base && link->base != offset);
}

/* Returns the size of a delta's result, which is the second number in the delta. */
static apr_uint64_t made_size(const rc_git_chain_t *chain, const link_t *link)
{
    unsigned char out[20], *p = out;
    apr_uint64_t size = 0;
    z_stream z = {.next_in = link->data, .next_out = out};
    ptrdiff_t left;
    int shift = 0;

    left = chain->pack.at + chain->pack.size - link->data;
    z.avail_in = (uInt)(left < SOME ? left : SOME);
    z.avail_out = sizeof(out);
    if (inflateInit(&z) != Z_OK)
        return 0;
    inflate(&z, Z_SYNC_FLUSH);
    inflateEnd(&z);
    while (p < z.next_out && *p++ & 0x80)
        ;
    for (; p < z.next_out && shift < 60; shift += 7) {
        size |= (apr_uint64_t)(*p & 0x7f) << shift;
        if (!(*p++ & 0x80))
            break;
    }
    return size;
}

/* Follows the chain; *@a first is the object itself. *@a bytes, unless NULL, is the sum of the
 * sizes of all objects in it. */
static bool walk(link_t *first, int *depth, apr_uint64_t *bytes, const rc_git_chain_t *chain,
                 apr_uint64_t offset)
{
    link_t link = {.base = offset};

    *depth = 0;
    do {
        if (!read_link(&link, chain, link.base) || ++*depth > DEPTH_MOST)
            return false;
        if (*depth == 1)
            *first = link;
        if (bytes)
            *bytes += link.type < OFS_DELTA ? link.size : made_size(chain, &link);
    } while (link.type >= OFS_DELTA);
    return true;
}

static located_t *location_of(rc_git_chain_t *chain, const git_oid *id)
{
    return chain->ahead ? &chain->ahead->found[id->id[RC_GIT_RAW - 1] % PLACES] : &chain->last;
}

/* The offset of @a id, which is remembered for the next question. */
static apr_uint64_t find_again(rc_git_chain_t *chain, const git_oid *id)
{
    located_t *place = location_of(chain, id);

    if (!place->at || memcmp(&place->id, id, sizeof(*id)))
        *place = (located_t){*id, rc_git_index_find(&chain->index, id->id)};
    return place->at;
}

/* Ends the search that was begun AHEAD calls ago, and continues the one that is half as old. */
void rc_git_chain_expect(rc_git_chain_t *chain, const git_oid *id)
{
    rc_git_search_t *search;
    ahead_t *ahead = chain->ahead;
    apr_uint64_t offset;

    if (!ahead && !(ahead = chain->ahead = calloc(1, sizeof(*ahead))))
        return;
    search = &ahead->begun[ahead->calls % AHEAD];
    if ((offset = rc_git_search_end(search, &chain->index))) {
        *location_of(chain, &search->id) = (located_t){search->id, offset};
        if (offset < chain->pack.size)
            __builtin_prefetch(chain->pack.at + offset);
    }
    *search = (rc_git_search_t){.low = 0};
    if (id)
        rc_git_search_begin(search, &chain->index, id->id);
    rc_git_search_continue(&ahead->begun[(ahead->calls++ + AHEAD / 2) % AHEAD], &chain->index);
}

void rc_git_chain_expect_all(rc_git_chain_t *chain)
{
    int i;

    for (i = 0; i < AHEAD; i++)
        rc_git_chain_expect(chain, NULL);
}

static void set_whole(rc_git_packed_t *packed, const rc_git_chain_t *chain, const link_t *link)
{
    packed->data = link->data;
    packed->most = (size_t)(chain->pack.at + chain->pack.size - RC_GIT_RAW - link->data);
    packed->size = link->size;
    packed->type = link->type;
}

int rc_git_chain_find(rc_git_packed_t *packed, rc_git_chain_t *chain, const git_oid *id)
{
    apr_uint64_t offset = find_again(chain, id);
    link_t first;
    int depth;

    *packed = (rc_git_packed_t){.data = NULL};
    if (!offset)
        return GIT_ENOTFOUND;
    if (walk(&first, &depth, NULL, chain, offset) &&
        (depth <= DEPTH_FEW || walk(&first, &depth, &packed->copied, chain, offset))) {
        if (depth == 1 && git_object_typeisloose(first.type))
            set_whole(packed, chain, &first);
        return 0;
    }
    git_error_set_str(GIT_ERROR_ODB, "a packed object is damaged, or its deltas have no end");
    return GIT_ERROR;
}
