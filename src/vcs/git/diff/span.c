// SPDX-License-Identifier: Apache-2.0
/*
 * Measures how similar two files are, as git does (diffcore-delta.c): cuts a content into lines,
 * and long lines into pieces of 64 bytes; equal sums of pieces count as equal pieces. The sums must
 * be git's own, or other pairs of files would become renames.
 */
#include "span.h"

#include <stdlib.h>
#include <string.h>

#define PIECE    64     /* longest piece, in bytes */
#define SUMS     107927 /* sums are taken modulo this */
#define HEAD_LEN 8000   /* a NUL among the first HEAD_LEN bytes makes a file binary */

typedef struct span_t {
    apr_uint32_t sum;
    apr_uint32_t bytes; /* in all pieces with that sum */
} span_t;

struct rc_git_spans_t {
    apr_uint32_t count;
    span_t spans[]; /* by sum */
};

bool rc_git_is_binary(const void *data, size_t size)
{
    return memchr(data, '\0', size < HEAD_LEN ? size : HEAD_LEN) != NULL;
}

/* Between two uses all values are zero. */
struct rc_git_sums_t {
    apr_uint32_t bytes[SUMS];             /* in pieces with that sum */
    apr_uint64_t occur[(SUMS + 63) / 64]; /* a bit for each sum that is not 0 */
};

rc_git_sums_t *rc_git_sums_make(void)
{
    return calloc(1, sizeof(rc_git_sums_t));
}

static apr_uint32_t add_piece(rc_git_sums_t *sums, apr_uint32_t sum, apr_uint32_t len)
{
    bool first = sums->bytes[sum] == 0;

    sums->bytes[sum] += len;
    sums->occur[sum / 64] |= (apr_uint64_t)1 << sum % 64;
    return first;
}

/*
 * Adds up the pieces; returns how many different sums occur. Text after the last line end, shorter
 * than a piece, is left out, as in git before 2.44.
 */
static apr_uint32_t add_pieces(rc_git_sums_t *sums, const unsigned char *p, size_t size)
{
    const unsigned char *end = p + size;
    bool text = !rc_git_is_binary(p, size);
    apr_uint32_t low = 0, high = 0, count = 0, len = 0;

    while (p < end) {
        apr_uint32_t c = *p++, old_low = low;

        if (text && c == '\r' && p < end && *p == '\n')
            continue; /* both kinds of line ends are equal */
        low = (low << 7) ^ (high >> 25);
        high = (high << 7) ^ (old_low >> 25);
        low += c;
        if (++len < PIECE && c != '\n')
            continue;
        count += add_piece(sums, (low + high * 0x61) % SUMS, len);
        low = high = len = 0;
    }
    return count;
}

/* Moves the sums in their order to @a spans and resets the work area to zeros. */
static void take_sums(rc_git_spans_t *spans, rc_git_sums_t *sums)
{
    apr_uint32_t i, sum;

    for (i = 0; i < sizeof(sums->occur) / sizeof(*sums->occur); i++)
        for (; sums->occur[i]; sums->occur[i] &= sums->occur[i] - 1) {
            sum = i * 64 + (apr_uint32_t)__builtin_ctzll(sums->occur[i]);
            if (spans)
                spans->spans[spans->count++] = (span_t){sum, sums->bytes[sum]};
            sums->bytes[sum] = 0;
        }
}

rc_git_spans_t *rc_git_spans_make(rc_git_sums_t *sums, const void *data, size_t size)
{
    apr_uint32_t count = add_pieces(sums, data, size);
    rc_git_spans_t *spans = malloc(sizeof(*spans) + count * sizeof(span_t));

    if (spans)
        spans->count = 0;
    take_sums(spans, sums);
    return spans;
}

size_t rc_git_spans_bytes(const rc_git_spans_t *spans)
{
    return sizeof(*spans) + spans->count * sizeof(span_t);
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
