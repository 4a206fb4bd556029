// SPDX-License-Identifier: Apache-2.0
/*
 * Parses object ids in hex, and searches sorted lists of ids.
 */
#include "git.h"

#include <stdlib.h>
#include <string.h>

/* One more than the value of a hex digit; 0 for all else. */
static const unsigned char digits[256] = {
    ['0'] = 1, 2,  3,  4,  5,  6,          7,  8,  9,  10, ['A'] = 11,
    12,        13, 14, 15, 16, ['a'] = 11, 12, 13, 14, 15, 16};

bool rc_git_hex(git_oid *id, const char *hex)
{
    const unsigned char *p = (const unsigned char *)hex;
    unsigned value, all = 0; /* all: has higher bits than those of a byte after a wrong digit */
    int i;

    if (strnlen(hex, GIT_OID_HEXSZ + 1) != GIT_OID_HEXSZ)
        return false;
    for (i = 0; i < RC_GIT_RAW; i++, p += 2) {
        value = (digits[p[0]] - 1U) << 4 | (digits[p[1]] - 1U);
        all |= value;
        id->id[i] = (unsigned char)value;
    }
    return all <= 0xff;
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
