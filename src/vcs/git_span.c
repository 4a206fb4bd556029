// SPDX-License-Identifier: Apache-2.0
/*
 * How similar two files are, in the measure of git: a content is cut into lines, long ones into
 * pieces of 64 bytes; equal sums of pieces count as equal pieces. The sums must be git's own, or
 * other pairs of files would be called renames.
 */
#include "git_diff.h"

#include <stdlib.h>
#include <string.h>

#define PIECE    64     /* longest piece, in bytes */
#define SUMS     107927 /* sums are taken modulo this */
#define HEAD_LEN 8000   /* a NUL in so many first bytes makes a file binary */

typedef struct span_t {
    apr_uint32_t sum;
    apr_uint32_t bytes; /* in all pieces of that sum */
} span_t;

struct rc_git_spans_t {
    apr_uint32_t count;
    span_t spans[]; /* by sum */
};

bool rc_git_is_binary(const void *data, size_t size)
{
    return memchr(data, '\0', size < HEAD_LEN ? size : HEAD_LEN) != NULL;
}

/*
 * Adds up the pieces; `bytes` has a place for each sum. Returns how many sums occur. What stands
 * after the last line end, shorter than a piece, is left out: so does git (before 2.44).
 */
static apr_uint32_t count_pieces(apr_uint32_t *bytes, const unsigned char *p, size_t size)
{
    const unsigned char *end = p + size;
    bool text = !rc_git_is_binary(p, size);
    apr_uint32_t low = 0, high = 0, sums = 0, len = 0;

    while (p < end) {
        apr_uint32_t c = *p++, old_low = low;

        if (text && c == '\r' && p < end && *p == '\n')
            continue; /* line ends of either kind are equal */
        low = (low << 7) ^ (high >> 25);
        high = (high << 7) ^ (old_low >> 25);
        low += c;
        if (++len < PIECE && c != '\n')
            continue;
        low = (low + high * 0x61) % SUMS;
        sums += bytes[low] == 0;
        bytes[low] += len;
        low = high = len = 0;
    }
    return sums;
}

rc_git_spans_t *rc_git_spans_make(const void *data, size_t size)
{
    apr_uint32_t *bytes = calloc(SUMS, sizeof(*bytes)), sums, sum;
    rc_git_spans_t *spans = NULL;

    if (!bytes)
        return NULL;
    sums = count_pieces(bytes, data, size);
    spans = malloc(sizeof(*spans) + sums * sizeof(span_t));
    if (spans) {
        spans->count = 0;
        for (sum = 0; sum < SUMS; sum++)
            if (bytes[sum])
                spans->spans[spans->count++] = (span_t){sum, bytes[sum]};
    }
    free(bytes);
    return spans;
}

apr_uint64_t rc_git_spans_copied(const rc_git_spans_t *before, const rc_git_spans_t *after)
{
    const span_t *b = before->spans, *b_end = b + before->count;
    const span_t *a = after->spans, *a_end = a + after->count;
    apr_uint64_t copied = 0;

    while (b < b_end && a < a_end) {
        if (b->sum < a->sum) {
            b++;
        } else if (b->sum > a->sum) {
            a++;
        } else {
            copied += b->bytes < a->bytes ? b->bytes : a->bytes;
            b++;
            a++;
        }
    }
    return copied;
}
