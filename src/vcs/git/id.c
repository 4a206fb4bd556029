// SPDX-License-Identifier: Apache-2.0
/*
 * Parses object ids in hex, and searches sorted lists of ids.
 */
#include "git.h"

#include <stdlib.h>
#include <string.h>

bool rc_git_hex(git_oid *id, const char *hex)
{
    return strlen(hex) == GIT_OID_HEXSZ && git_oid_fromstr(id, hex) == 0;
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
