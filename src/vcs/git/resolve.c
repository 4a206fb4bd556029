// SPDX-License-Identifier: Apache-2.0
/*
 * Finds a commit by the name of a branch or tag, or by the start of its id.
 */
#include "table.h"

#include <string.h>

#include "base/hex.h"

/* Parses up to 40 digits into id and pads with zeros. Returns their number; -1 for any
 * other text. */
static int parse_hex(git_oid *id, const char *text)
{
    int n;

    memset(id, 0, sizeof(*id));
    for (n = 0; text[n]; n++) {
        int value = rc_hex_digit(text[n]);

        if (value < 0 || n == GIT_OID_HEXSZ)
            return -1;
        id->id[n / 2] |= (unsigned char)(n % 2 ? value : value << 4);
    }
    return n;
}

static bool has_prefix(const rc_git_order_t *order, apr_uint32_t at, const git_oid *prefix,
                       int digits)
{
    git_oid id;

    if (at >= order->count)
        return false;
    memcpy(id.id, order->ids + (size_t)order->by_id[at] * RC_GIT_RAW, RC_GIT_RAW);
    return git_oid_ncmp(&id, prefix, (size_t)digits) == 0;
}

/* Returns the number of the only commit whose id begins with @a prefix; -1 when there is none, or
 * more. */
static apr_int64_t by_digits(const rc_git_order_t *order, const git_oid *prefix, int digits)
{
    apr_uint32_t at = rc_git_order_lower(order, prefix->id);

    if (!has_prefix(order, at, prefix, digits) || has_prefix(order, at + 1, prefix, digits))
        return -1;
    return order->by_id[at];
}

rc_err_t *rc_git_resolve_prefix(apr_int64_t *index, rc_vcs_t *vcs, const char *prefix)
{
    rc_git_t *git = vcs->repo;
    git_oid id;
    int digits = parse_hex(&id, prefix);

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    *index = digits > 0 ? by_digits(git->order, &id, digits) : -1;
    return NULL;
}

rc_err_t *rc_git_resolve_name(apr_int64_t *index, rc_vcs_t *vcs, const char *name)
{
    rc_git_t *git = vcs->repo;
    const rc_git_ref_t *ref;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    ref = rc_git_ref_find(git->refs->branches, name);
    if (!ref)
        ref = rc_git_ref_find(git->refs->tags, name);
    *index = ref ? rc_git_order_find(git->order, ref->commit.id) : -1;
    return NULL;
}
