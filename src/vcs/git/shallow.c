// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the list of commits whose parents a shallow repository lacks.
 */
#include "refs.h"

#include <string.h>

#include "base/fs.h"

#define SHALLOW_MOST ((apr_size_t)256 << 20)

rc_err_t *rc_git_shallow_read(apr_array_header_t *list, rc_git_reading_t *reading)
{
    const char *path = rc_stamps_add(reading->watched, "shallow"), *p, *end;
    apr_size_t len;
    git_oid id;

    if (rc_stamps_last_missing(reading->watched))
        return NULL;
    RC_TRY(rc_fs_read(&p, &len, path, 0, SHALLOW_MOST, reading->scratch));
    for (end = p ? p + len : NULL; p < end; p += strspn(p, "\r\n")) {
        if (!rc_git_digits_at(&id, p, end))
            return rc_err_internal(reading->scratch, APR_SUCCESS, "%s is damaged", path);
        APR_ARRAY_PUSH(list, git_oid) = id;
        p += GIT_OID_HEXSZ;
    }
    rc_git_ids_sort(list);
    return NULL;
}

bool rc_git_cut_off(const rc_git_refs_t *refs, const git_oid *commit)
{
    return rc_git_ids_hold(refs->shallow, commit);
}
