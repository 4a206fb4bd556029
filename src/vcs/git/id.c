// SPDX-License-Identifier: Apache-2.0
/*
 * Parses object ids in hex.
 */
#include "git.h"

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
