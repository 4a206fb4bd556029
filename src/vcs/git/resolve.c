// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the commit that a client names (contract 02 §1.8, 05 "Revisions"). Every form is looked up
 * in what we have read ourselves; no text of a client ever reaches git's own revision syntax.
 */
#include "git.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"

#define INDEX_DIGITS 11 /* longer strings of digits are no index, unless all zeros */
#define PREFIX_MIN   7

static bool is_tip(const char *rev)
{
    return !rev || !*rev || !strcmp(rev, "tip") || !strcmp(rev, "HEAD") || !strcmp(rev, "head");
}

static bool is_index(const char *rev)
{
    return rc_text_digits(rev) && (strlen(rev) <= INDEX_DIGITS || rev[strspn(rev, "0")] == '\0');
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Up to 40 digits into id, the rest zeros. Number of digits; -1 when anything else is there. */
static int parse_hex(git_oid *id, const char *text)
{
    int n;

    memset(id, 0, sizeof(*id));
    for (n = 0; text[n]; n++) {
        int value = hex_value(text[n]);

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

/* Number of the one commit whose id begins so; -1 when there is none or more than one. */
static apr_int64_t by_digits(const rc_git_order_t *order, const git_oid *prefix, int digits)
{
    apr_uint32_t at = rc_git_order_lower(order, prefix->id);

    if (!has_prefix(order, at, prefix, digits) || has_prefix(order, at + 1, prefix, digits))
        return -1;
    return order->by_id[at];
}

static const rc_git_ref_t *by_name(const rc_git_refs_t *refs, const char *rev)
{
    const rc_git_ref_t *ref = rc_git_ref_find(refs->branches, rev);

    return ref ? ref : rc_git_ref_find(refs->tags, rev);
}

/* The index that @a rev, a string of digits, names; -1 when it is none, or out of range. */
static apr_int64_t by_index(const rc_git_order_t *order, const char *rev)
{
    apr_int64_t index;

    if (!is_index(rev))
        return -1;
    index = strlen(rev) <= INDEX_DIGITS ? apr_atoi64(rev) : 0;
    return index < (apr_int64_t)order->count ? index : -1;
}

/* Index of the commit in the order; -1 = unknown. A full id comes before names: whoever may push
 * could call a branch like the id of another commit. A number out of range may be a name (tags are
 * often dates) or a short id without letters. */
static apr_int64_t find(const rc_git_t *git, const char *rev)
{
    const rc_git_order_t *order = git->order;
    const rc_git_ref_t *ref;
    apr_int64_t index = -1;
    git_oid prefix;
    int digits;

    if (is_tip(rev))
        return (apr_int64_t)order->count - 1;
    digits = parse_hex(&prefix, rev);
    if (digits == GIT_OID_HEXSZ)
        index = rc_git_order_find(order, prefix.id);
    if (index < 0)
        index = by_index(order, rev);
    if (index >= 0)
        return index;
    ref = by_name(git->refs, rev);
    if (ref)
        return rc_git_order_find(order, ref->commit.id);
    return digits >= PREFIX_MIN ? by_digits(order, &prefix, digits) : -1;
}

rc_err_t *rc_git_resolve(const char **id, rc_vcs_t *vcs, const char *rev, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    return rc_git_id_at(id, vcs, find(git, rev), pool);
}
