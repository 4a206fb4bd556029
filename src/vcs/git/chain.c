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
#include <unistd.h>

#include <apr_strings.h>
#include <zlib.h>

#include "objects.h"
#include "base/fs.h"

#define DEPTH_MOST 4095 /* deltas; git never writes a longer chain */
#define DEPTH_FEW  64   /* up to here (git's default) the cost is not computed */

#define FANOUT    (256 * 4)
#define V2_HEAD   8
#define V2_MAGIC  "\377tOc"
#define HEAD_MOST 64  /* more bytes than precede the compressed data */
#define SOME      256 /* compressed bytes that contain the start of a delta */
#define OFS_DELTA 6
#define REF_DELTA 7
#define GUESSES   6  /* looks into an index before its parts are halved */
#define NEAR      32 /* bytes by which the second guess is often wrong */

typedef struct pack_map_t {
    unsigned char *at;
    size_t size;
} pack_map_t;

struct rc_git_chain_t {
    pack_map_t index, pack;
    bool v2;
    apr_uint32_t count;
    git_oid last; /* found last, because its header is read before its content */
    apr_uint64_t last_at;
};

/* An object of the pack. */
typedef struct link_t {
    apr_uint64_t size, base; /* base: the offset of the object that a delta changes */
    const unsigned char *data;
    int type;
} link_t;

/* --- mapping --- */

static bool map(pack_map_t *mapping, const char *path)
{
    struct stat st;
    int fd = rc_fs_open_regular(&st, path, 0);
    void *at;

    if (fd < 0)
        return false;
    mapping->size = (size_t)st.st_size;
    at = mapping->size ? mmap(NULL, mapping->size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (at == MAP_FAILED)
        return false;
    mapping->at = at;
    return true;
}

static apr_uint32_t number(const unsigned char *p)
{
    return (apr_uint32_t)p[0] << 24 | (apr_uint32_t)p[1] << 16 | (apr_uint32_t)p[2] << 8 | p[3];
}

static const unsigned char *fanout(const rc_git_chain_t *chain)
{
    return chain->index.at + (chain->v2 ? V2_HEAD : 0);
}

static bool read_count(rc_git_chain_t *chain)
{
    size_t least = V2_HEAD + FANOUT, entry;

    if (chain->index.size < least || chain->pack.size <= RC_GIT_RAW)
        return false;
    chain->v2 = !memcmp(chain->index.at, V2_MAGIC, 4) && number(chain->index.at + 4) == 2;
    chain->count = number(fanout(chain) + FANOUT - 4);
    entry = RC_GIT_RAW + (chain->v2 ? 8 : 4);
    return chain->index.size >= (chain->v2 ? least : FANOUT) + chain->count * entry;
}

/* Returns whether the index is that of this pack: with as many objects, and the checksum that ends
 * the pack before its own at its end. libgit2 checks the same before it reads. */
static bool pack_fits(const rc_git_chain_t *chain)
{
    const unsigned char *pack = chain->pack.at, *end = chain->index.at + chain->index.size;

    return !memcmp(pack, "PACK", 4) && number(pack + 8) == chain->count &&
           !memcmp(pack + chain->pack.size - RC_GIT_RAW, end - 2 * RC_GIT_RAW, RC_GIT_RAW);
}

rc_git_chain_t *rc_git_chain_open(const char *index, apr_pool_t *scratch)
{
    rc_git_chain_t *chain = calloc(1, sizeof(*chain));
    const char *pack =
        apr_pstrcat(scratch, apr_pstrndup(scratch, index, strlen(index) - 4), ".pack", NULL);
    bool good;

    if (!chain)
        return NULL;
    rc_git_mapped_begin();
    good = map(&chain->index, index) && map(&chain->pack, pack) && read_count(chain) &&
           pack_fits(chain);
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
    free(chain);
}

/* --- the index --- */

static const unsigned char *v2_offsets(const rc_git_chain_t *chain)
{
    return fanout(chain) + FANOUT + (size_t)chain->count * (RC_GIT_RAW + 4);
}

static apr_uint64_t offset_at(const rc_git_chain_t *chain, apr_uint32_t n)
{
    const unsigned char *end = chain->index.at + chain->index.size, *offsets, *large;
    apr_uint32_t offset;

    if (!chain->v2)
        return number(chain->index.at + FANOUT + (size_t)n * (4 + RC_GIT_RAW));
    offsets = v2_offsets(chain);
    offset = number(offsets + (size_t)n * 4);
    if (!(offset & 0x80000000))
        return offset;
    large = offsets + (size_t)chain->count * 4 + (size_t)(offset & 0x7fffffff) * 8;
    return end - large < 8 ? 0 : (apr_uint64_t)number(large) << 32 | number(large + 4);
}

/* Compares two ids as memcmp does; the first bytes nearly always differ. */
static int id_order(const unsigned char *a, const unsigned char *b)
{
    apr_uint32_t x = number(a), y = number(b);

    return x == y ? memcmp(a, b, RC_GIT_RAW) : x < y ? -1 : 1;
}

/* A part of the sorted ids, in which one is searched. */
typedef struct range_t {
    apr_uint32_t low, high;   /* places; the id is before high */
    apr_uint32_t first, last; /* no id in it begins with less or more */
} range_t;

/* Returns where an id that begins with @a start is, if ids are spread evenly, as digests are. */
static apr_uint32_t guess(const range_t *range, apr_uint32_t start)
{
    apr_uint64_t span = (apr_uint64_t)range->last - range->first + 1;

    return range->low +
           (apr_uint32_t)((apr_uint64_t)(start - range->first) * (range->high - range->low) / span);
}

/* The ids that begin with the first byte of @a id; none when the index is damaged. */
static range_t range_of(const rc_git_chain_t *chain, const unsigned char *id)
{
    range_t range = {.first = (apr_uint32_t)*id << 24, .last = (apr_uint32_t)*id << 24 | 0xffffff};

    range.low = *id ? number(fanout(chain) + (*id - 1) * 4) : 0;
    range.high = number(fanout(chain) + *id * 4);
    if (range.high > chain->count)
        range.high = range.low;
    return range;
}

/* The id at the place @a at of the sorted ones. */
static const unsigned char *id_at(const rc_git_chain_t *chain, apr_uint32_t at)
{
    const unsigned char *first = fanout(chain) + FANOUT;

    return chain->v2 ? first + (size_t)at * RC_GIT_RAW : first + 4 + (size_t)at * (RC_GIT_RAW + 4);
}

/* Looks for @a id at the place @a at of the range; returns whether it is there. Else the range
 * becomes the part before or after that place. */
static bool narrow(range_t *range, const rc_git_chain_t *chain, apr_uint32_t at,
                   const unsigned char *id)
{
    const unsigned char *there = id_at(chain, at);
    int cmp = id_order(there, id);

    if (cmp < 0) {
        range->low = at + 1;
        range->first = number(there);
    } else if (cmp > 0) {
        range->high = at;
        range->last = number(there);
    }
    return !cmp;
}

/* Returns the offset of object @a id in the pack; 0 when it is not there. A few guesses need fewer
 * looks than halving does, each of which waits for memory; ids that are not spread are halved. */
static apr_uint64_t find_offset(const rc_git_chain_t *chain, const unsigned char *id)
{
    range_t range = range_of(chain, id);
    int looks;

    for (looks = 0; range.low < range.high; looks++) {
        apr_uint32_t at =
            looks < GUESSES ? guess(&range, number(id)) : range.low + (range.high - range.low) / 2;

        if (narrow(&range, chain, at, id))
            return offset_at(chain, at);
    }
    return 0;
}

void rc_git_chain_expect(const rc_git_chain_t *chain, const git_oid *id, bool again)
{
    range_t range = range_of(chain, id->id);
    apr_uint32_t at;

    if (range.low >= range.high)
        return;
    at = guess(&range, number(id->id));
    if (!again) {
        __builtin_prefetch(id_at(chain, at));
        return;
    }
    if (!narrow(&range, chain, at, id->id) && range.low < range.high)
        at = guess(&range, number(id->id));
    __builtin_prefetch(id_at(chain, at) - NEAR);
    __builtin_prefetch(id_at(chain, at) + NEAR);
    if (chain->v2)
        __builtin_prefetch(v2_offsets(chain) + (size_t)at * 4);
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
    unsigned char head[HEAD_MOST] = "";
    const unsigned char *p;

    if (!offset || offset >= end)
        return false;
    memcpy(head, chain->pack.at + offset, end - offset < HEAD_MOST ? end - offset : HEAD_MOST);
    p = read_object_head(link, head);
    if (p && link->type == OFS_DELTA) {
        p = read_distance(&distance, p);
        link->base = p && distance < offset ? offset - distance : 0;
    } else if (p && link->type == REF_DELTA) {
        link->base = find_offset(chain, p);
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

/* The offset of @a id, which is remembered for the next question. */
static apr_uint64_t find_again(rc_git_chain_t *chain, const git_oid *id)
{
    if (!chain->last_at || memcmp(&chain->last, id, sizeof(*id))) {
        chain->last_at = find_offset(chain, id->id);
        chain->last = *id;
    }
    return chain->last_at;
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
