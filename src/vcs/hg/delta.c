// SPDX-License-Identifier: Apache-2.0
/*
 * Follows a text back through deltas. A chain is read from its end: each delta brings some parts of
 * the text, and says where the others are in the version before. So no version in between is ever
 * built, and the time grows with the parts, not with the texts.
 *
 * A delta is a list of changes: start and end in the older version, length, and as many bytes.
 */
#include "revlog.h"

#include <string.h>

#include "bytes.h"

#define HEAD 12 /* bytes before those of a change */

typedef struct back_t {
    apr_array_header_t *left;
    char *out;
    const apr_array_header_t *pieces;
    int piece;       /* the next one */
    apr_size_t done; /* bytes of it */
    apr_size_t at;   /* in the newer version */
} back_t;

/* Adds a piece; neighbours become one. */
static void add_piece(apr_array_header_t *left, apr_size_t at, apr_size_t from, apr_size_t len)
{
    rc_hg_piece_t *last = left->nelts ? &APR_ARRAY_IDX(left, left->nelts - 1, rc_hg_piece_t) : NULL;

    if (last && last->at + last->len == at && last->from + last->len == from)
        last->len += len;
    else
        APR_ARRAY_PUSH(left, rc_hg_piece_t) = (rc_hg_piece_t){at, from, len};
}

/* Handles the next @a len bytes of the newer version: they are @a bytes or, when that is NULL,
 * those at @a from in the older one. */
static void pass_span(back_t *back, apr_size_t len, const char *bytes, apr_size_t from)
{
    apr_size_t end = back->at + len;

    while (back->piece < back->pieces->nelts) {
        const rc_hg_piece_t *piece = &APR_ARRAY_IDX(back->pieces, back->piece, rc_hg_piece_t);
        apr_size_t start = piece->from + back->done, n = piece->len - back->done;

        if (start >= end)
            break;
        if (n > end - start)
            n = end - start;
        if (bytes)
            memcpy(back->out + piece->at + back->done, bytes + (start - back->at), n);
        else
            add_piece(back->left, piece->at + back->done, from + (start - back->at), n);
        back->done += n;
        if (back->done == piece->len) {
            back->done = 0;
            back->piece++;
        }
    }
    back->at = end;
}

bool rc_hg_step_back(apr_array_header_t *left, char *out, const apr_array_header_t *pieces,
                     const rc_hg_text_t *delta, apr_size_t older, apr_size_t newer)
{
    back_t back = {.left = left, .out = out, .pieces = pieces};
    const char *p = delta->data, *stop = delta->data + delta->len;
    apr_size_t at = 0; /* in the older version */

    while (stop - p >= HEAD) {
        const unsigned char *head = (const unsigned char *)p;
        apr_size_t start = rc_hg_u32(head), end = rc_hg_u32(head + 4), len = rc_hg_u32(head + 8);

        p += HEAD;
        if (start < at || end < start || end > older || len > (apr_size_t)(stop - p) ||
            back.at + (start - at) + len > newer)
            return false;
        pass_span(&back, start - at, NULL, at);
        pass_span(&back, len, p, 0);
        p += len;
        at = end;
    }
    if (p != stop || back.at + (older - at) != newer)
        return false;
    pass_span(&back, older - at, NULL, at);
    return true;
}
