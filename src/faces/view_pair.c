// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the two versions of a file that the URL of its diff names.
 */
#include "faces/view_pair.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"

static void read_side(rc_view_side_t *side, const rc_view_call_t *call, const char *name)
{
    const char *value = rc_query_parameter(call->request->query, name, call->pool);
    const char *at = value ? strrchr(value, '@') : NULL;

    side->path = at ? apr_pstrmemdup(call->pool, value, (apr_size_t)(at - value)) : call->rest;
    side->rev = at ? at + 1 : value ? value : "";
}

void rc_view_pair_read(rc_view_side_t *before, rc_view_side_t *after, rc_view_call_t *call)
{
    read_side(before, call, "diff1");
    read_side(after, call, "diff2");
    if (!*before->rev && !*after->rev)
        rc_view_refuse(call, 400,
                       "Need query parameter \"diff1\" or \"diff2\" to generate a diff.");
}

rc_err_t *rc_view_side_find(rc_view_side_t *side, rc_view_call_t *call)
{
    if (!*side->rev || call->status != 200)
        return NULL;
    RC_TRY(rc_vcs_resolve(&side->found, call->vcs, side->rev, call->pool));
    if (!side->found.id)
        return rc_view_refuse(call, 404, RC_VIEW_NO_SUCH_COMMIT);
    RC_TRY(rc_vcs_entry(&side->entry, call->vcs, side->found.id, side->path, call->pool));
    if (side->entry.kind == RC_ENTRY_DIR || side->entry.kind == RC_ENTRY_SUBMODULE)
        return rc_view_refuse(call, 404, RC_VIEW_IS_DIRECTORY);
    return NULL;
}
