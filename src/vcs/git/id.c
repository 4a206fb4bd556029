// SPDX-License-Identifier: Apache-2.0
/*
 * Parses object ids in hex, and searches sorted lists of ids.
 */
#include "git.h"

#include <stdlib.h>
#include <string.h>

#define LANES 16
typedef unsigned char lanes_t __attribute__((vector_size(LANES)));

/* Reads sixteen digits as eight bytes; each byte of the result is 0 for a wrong digit. */
static lanes_t read_lanes(unsigned char *bytes, const char *hex)
{
    const lanes_t even = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
    lanes_t text, number, letter, is_number, is_letter, value;

    memcpy(&text, hex, LANES);
    number = text - '0';
    letter = (text | ('a' - 'A')) - 'a';
    is_number = (lanes_t)(number < 10);
    is_letter = (lanes_t)(letter < 6);
    value = (number & is_number) | ((letter + 10) & is_letter);
    value = __builtin_shuffle(value, value, even) << 4 | __builtin_shuffle(value, value, even + 1);
    memcpy(bytes, &value, LANES / 2);
    return is_number | is_letter;
}

bool rc_git_hex(git_oid *id, const char *hex)
{
    const apr_size_t last = RC_GIT_RAW - LANES / 2; /* the last part overlaps the one before */
    apr_uint64_t all[2];
    lanes_t good;

    if (strnlen(hex, GIT_OID_HEXSZ + 1) != GIT_OID_HEXSZ)
        return false;
    good = read_lanes(id->id, hex) & read_lanes(id->id + LANES / 2, hex + LANES);
    good &= read_lanes(id->id + last, hex + 2 * last);
    memcpy(all, &good, sizeof(all));
    return !~(all[0] & all[1]);
}

bool rc_git_whole_id(git_oid *id, const char *p, const char *end)
{
    return end - p == GIT_OID_HEXSZ && git_oid_fromstrn(id, p, GIT_OID_HEXSZ) == 0;
}

bool rc_git_digits_at(git_oid *id, const char *p, const char *end)
{
    return end - p >= GIT_OID_HEXSZ && git_oid_fromstrn(id, p, GIT_OID_HEXSZ) == 0;
}

static int compare_ids(const void *a, const void *b)
{
    return git_oid_cmp(a, b);
}

void rc_git_ids_sort(apr_array_header_t *ids)
{
    qsort(ids->elts, (size_t)ids->nelts, sizeof(git_oid), compare_ids);
}

bool rc_git_ids_hold(const apr_array_header_t *ids, const git_oid *id)
{
    return bsearch(id, ids->elts, (size_t)ids->nelts, sizeof(git_oid), compare_ids) != NULL;
}
