// SPDX-License-Identifier: Apache-2.0
/*
 * Computes a delta: one content written as pieces of another, in the form that packs and binary
 * patches share (gitformat-pack, "Deltified representation"). Many deltas are possible; this finds
 * git's own, by the rules of diff-delta.c, so that the bytes are the same: which places of the old
 * content are indexed, how they are found again, and which of several matches is used. libgit2 does
 * not export its copy of that file. Figures: binary.c.
 */
#include "print.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK      16   /* bytes of the old content that one sum stands for */
#define BUCKET_MAX 64   /* blocks kept per bucket, chosen evenly from more */
#define GOOD       4096 /* a match of this length is not improved further */
#define LEAST      4    /* minimum length of a match; shorter ones cost more than they save */
#define COPY_MAX   0x10000
#define INSERT_MAX 0x7f

/* The sum of a block is its remainder modulo this polynomial of degree 31. */
#define POLYNOMIAL 0xab59b4d1u
#define TOP        23 /* the highest byte of a sum begins at this bit */

typedef struct block_t {
    apr_uint32_t sum;
    apr_uint32_t at; /* its last byte; a match is extended both ways from there */
} block_t;

typedef struct index_t {
    const unsigned char *old;
    size_t size;
    apr_uint32_t shifted[256]; /* the remainder of the bits that a shift moves out at the top */
    apr_uint32_t oldest[256];  /* the share of a block's first byte in its sum */
    block_t *blocks;           /* sorted by bucket, then by place */
    apr_uint32_t *buckets;     /* where each begins, and where the last one ends */
    apr_uint32_t mask;
} index_t;

typedef struct match_t {
    size_t at, size;
} match_t;

typedef struct output_t {
    unsigned char *data;
    size_t used, room, max;
    bool failed;
} output_t;

/* --- sums --- */

static apr_uint32_t add_byte(const index_t *index, apr_uint32_t sum, unsigned char byte)
{
    return (sum << 8 | byte) ^ index->shifted[sum >> TOP];
}

static apr_uint32_t sum_of(const index_t *index, const unsigned char *block)
{
    apr_uint32_t sum = 0;
    int i;

    for (i = 0; i < BLOCK; i++)
        sum = add_byte(index, sum, block[i]);
    return sum;
}

static void make_tables(index_t *index)
{
    unsigned byte;
    int bit, i;

    for (byte = 0; byte < 256; byte++) {
        apr_uint64_t moved = (apr_uint64_t)byte << 31, rest = moved;

        for (bit = 38; bit >= 31; bit--)
            if (rest >> bit & 1)
                rest ^= (apr_uint64_t)POLYNOMIAL << (bit - 31);
        index->shifted[byte] = (apr_uint32_t)(moved ^ rest);
    }
    for (byte = 0; byte < 256; byte++) {
        index->oldest[byte] = byte;
        for (i = 1; i < BLOCK; i++)
            index->oldest[byte] = add_byte(index, index->oldest[byte], 0);
    }
}

/* --- the index of the old content --- */

/* Computes the sums of all blocks; of equal ones in a row only the first counts. Returns how many
 * count. */
static apr_uint32_t read_blocks(const index_t *index, block_t *blocks, apr_uint32_t count)
{
    apr_uint32_t i, kept = 0, last = ~0u; /* no sum has its highest bit set */

    for (i = 0; i < count; i++) {
        apr_uint32_t sum = sum_of(index, index->old + (size_t)i * BLOCK + 1);

        if (sum == last)
            continue;
        blocks[kept].sum = last = sum;
        blocks[kept++].at = (i + 1) * BLOCK;
    }
    return kept;
}

static void sort_blocks(index_t *index, const block_t *blocks, apr_uint32_t count)
{
    apr_uint32_t i, *ends = index->buckets + 1;

    for (i = 0; i < count; i++)
        ends[blocks[i].sum & index->mask]++;
    for (i = 1; i <= index->mask; i++)
        ends[i] += ends[i - 1];
    for (i = count; i-- > 0;)
        index->blocks[--ends[blocks[i].sum & index->mask]] = blocks[i];
    /* Each of the ends is now a start, one place too far. */
    memmove(index->buckets, ends, ((size_t)index->mask + 1) * sizeof(*ends));
    index->buckets[index->mask + 1] = count;
}

/* Reduces each larger bucket to BUCKET_MAX blocks. */
static void thin_out(index_t *index)
{
    apr_uint32_t bucket, from, kept = 0;

    for (bucket = 0; bucket <= index->mask; bucket++) {
        apr_uint32_t end = index->buckets[bucket + 1];
        apr_int64_t surplus, debt = 0;

        from = index->buckets[bucket];
        surplus = end > from + BUCKET_MAX ? (apr_int64_t)(end - from) - BUCKET_MAX : 0;
        index->buckets[bucket] = kept;
        for (; from < end; from++) {
            index->blocks[kept++] = index->blocks[from];
            for (debt += surplus; debt > 0; debt -= BUCKET_MAX)
                from++;
        }
    }
    index->buckets[bucket] = kept;
}

static void drop_index(index_t *index)
{
    free(index->blocks);
    free(index->buckets);
}

/* Returns false = no memory. */
static bool make_index(index_t *index, const void *old, size_t size)
{
    apr_uint32_t count = (apr_uint32_t)((size - 1) / BLOCK), room = 16;
    block_t *blocks;

    index->old = old;
    index->size = size;
    make_tables(index);
    while (room < count / 4)
        room *= 2;
    index->mask = room - 1;
    index->buckets = calloc((size_t)room + 1, sizeof(*index->buckets));
    index->blocks = malloc((count + 1) * sizeof(block_t));
    blocks = malloc((count + 1) * sizeof(block_t));
    if (!index->buckets || !index->blocks || !blocks) {
        drop_index(index);
        free(blocks);
        return false;
    }
    sort_blocks(index, blocks, read_blocks(index, blocks, count));
    free(blocks);
    thin_out(index);
    return true;
}

/* --- the delta --- */

static void put_bytes(output_t *out, const void *data, size_t len)
{
    size_t room = out->room ? out->room : 1024;
    unsigned char *grown;

    while (room < out->used + len)
        room *= 2;
    if (room > out->room) {
        grown = realloc(out->data, room);
        if (!grown) {
            out->failed = true;
            return;
        }
        out->data = grown;
        out->room = room;
    }
    memcpy(out->data + out->used, data, len);
    out->used += len;
}

static void put_size(output_t *out, size_t size)
{
    unsigned char byte;

    for (; size >= 0x80; size >>= 7) {
        byte = (unsigned char)(size | 0x80);
        put_bytes(out, &byte, 1);
    }
    byte = (unsigned char)size;
    put_bytes(out, &byte, 1);
}

static void put_insert(output_t *out, const unsigned char *data, size_t len)
{
    unsigned char head = (unsigned char)len;

    if (!len)
        return;
    put_bytes(out, &head, 1);
    put_bytes(out, data, len);
}

/* Writes an insert when the pending text fills one; returns how many bytes it wrote. */
static size_t put_full_insert(output_t *out, const unsigned char *from, const unsigned char *p)
{
    if (p - from < INSERT_MAX)
        return 0;
    put_insert(out, from, INSERT_MAX);
    return INSERT_MAX;
}

static size_t insert_size(const unsigned char *from, const unsigned char *p)
{
    return p > from ? (size_t)(p - from) + 1 : 0;
}

static void put_copy(output_t *out, size_t at, size_t size)
{
    unsigned char text[8] = {0x80};
    size_t n = 1;
    int i;

    for (i = 0; i < 6; i++) { /* four bytes of the place, two of the size (0 = COPY_MAX) */
        unsigned char byte = (unsigned char)(i < 4 ? at >> 8 * i : size >> 8 * (i - 4));

        if (!byte)
            continue;
        text[0] |= (unsigned char)(1 << i);
        text[n++] = byte;
    }
    put_bytes(out, text, n);
}

/* Replaces @a best by a longer match between the text at @a p and a block with sum @a sum. */
static void improve_match(match_t *best, const index_t *index, apr_uint32_t sum,
                          const unsigned char *p, const unsigned char *end)
{
    const block_t *block = index->blocks + index->buckets[sum & index->mask];
    const block_t *last = index->blocks + index->buckets[(sum & index->mask) + 1];

    for (; block < last && best->size < GOOD; block++) {
        size_t most = index->size - block->at, n = 0;

        if (block->sum != sum)
            continue;
        if (most > (size_t)(end - p))
            most = (size_t)(end - p);
        if (most <= best->size)
            return;
        while (n < most && p[n] == index->old[block->at + n])
            n++;
        if (n > best->size) {
            best->size = n;
            best->at = block->at;
        }
    }
}

/* Writes the pending text from @a from on, then the match at @a p, extended backwards. */
static const unsigned char *put_match(output_t *out, const index_t *index, match_t *match,
                                      const unsigned char *from, const unsigned char *p)
{
    size_t size;

    while (p > from && match->at && index->old[match->at - 1] == p[-1]) {
        match->at--;
        match->size++;
        p--;
    }
    put_insert(out, from, (size_t)(p - from));
    size = match->size < COPY_MAX ? match->size : COPY_MAX;
    put_copy(out, match->at, size);
    match->at += size;
    match->size -= size;
    return p + size;
}

static void write_delta(output_t *out, const index_t *index, const unsigned char *data, size_t size)
{
    const unsigned char *from = data, *end = data + size;
    const unsigned char *p = data + (size < BLOCK ? size : BLOCK);
    apr_uint32_t sum = size < BLOCK ? 0 : sum_of(index, data);
    match_t match = {0, 0};

    put_size(out, index->size);
    put_size(out, size);
    while (p < end) {
        if (match.size < GOOD) {
            sum = add_byte(index, sum ^ index->oldest[p[-BLOCK]], *p);
            improve_match(&match, index, sum, p, end);
        }
        if (match.size >= LEAST) {
            from = p = put_match(out, index, &match, from, p);
            if (match.size < GOOD)
                sum = sum_of(index, p - BLOCK);
        } else {
            match.size = 0;
            from += put_full_insert(out, from, ++p);
        }
        /* The pending text counts, although a match could still cover some of it. */
        if (out->failed || out->used + insert_size(from, p) > out->max)
            break;
    }
    put_insert(out, from, (size_t)(p - from));
}

bool rc_git_delta(void **delta, size_t *len, const rc_git_content_t *before,
                  const rc_git_content_t *after, size_t max)
{
    output_t out = {.max = max};
    index_t index;

    *delta = NULL;
    if (!before->size || !after->size || before->size > APR_UINT32_MAX ||
        after->size > APR_UINT32_MAX)
        return true;
    if (!make_index(&index, before->data, before->size))
        return false;
    write_delta(&out, &index, (const unsigned char *)after->data, after->size);
    drop_index(&index);
    if (out.failed || out.used > max) {
        free(out.data);
        return !out.failed;
    }
    *delta = out.data;
    *len = out.used;
    return true;
}
