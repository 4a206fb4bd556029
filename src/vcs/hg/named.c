// SPDX-License-Identifier: Apache-2.0
/*
 * Remembers which branch each changeset is on: only its text tells, and all of them are needed to
 * find one tip. What is known stays while the handle is open, so that after a push only the new
 * changesets are read.
 */
#include "hg.h"

#include <string.h>

#include <apr_strings.h>

#include "bytes.h"

/* Returns the place of @a rev; it may be empty, or of another changeset that had this number. */
static rc_hg_named_t *place_of(rc_hg_t *hg, int rev)
{
    if (!hg->named) {
        apr_pool_create(&hg->named_pool, hg->pool);
        hg->named = apr_array_make(hg->named_pool, 64, sizeof(rc_hg_named_t));
        hg->names = apr_hash_make(hg->named_pool);
    }
    while (hg->named->nelts <= rev)
        APR_ARRAY_PUSH(hg->named, rc_hg_named_t) = (rc_hg_named_t){0, NULL, false};
    return &APR_ARRAY_IDX(hg->named, rev, rc_hg_named_t);
}

/* Returns the same text for the same name. */
static const char *one_name(rc_hg_t *hg, const char *name)
{
    const char *known = apr_hash_get(hg->names, name, APR_HASH_KEY_STRING);

    if (!known) {
        known = apr_pstrdup(hg->named_pool, name);
        apr_hash_set(hg->names, known, APR_HASH_KEY_STRING, known);
    }
    return known;
}

rc_err_t *rc_hg_branch_of(rc_hg_named_t *named, rc_vcs_t *vcs, int rev, apr_pool_t *scratch)
{
    rc_hg_t *hg = vcs->repo;
    rc_hg_named_t *place = place_of(hg, rev);
    apr_uint64_t id = rc_hg_u64(rc_hg_node(hg->snapshot->log, rev));
    rc_hg_changeset_t changeset;

    if (!place->name || place->id != id) {
        RC_TRY(rc_hg_read_changeset(&changeset, vcs, rev, scratch));
        *place = (rc_hg_named_t){id, one_name(hg, changeset.branch), changeset.closes};
    }
    *named = *place;
    return NULL;
}

void rc_hg_forget_branches(rc_hg_t *hg)
{
    if (hg->named)
        apr_pool_destroy(hg->named_pool);
    hg->named = NULL;
}
