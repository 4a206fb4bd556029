// SPDX-License-Identifier: Apache-2.0
/*
 * Checks a Mercurial repository for damage: whether it can be opened, whether a writer was killed,
 * and whether its last changeset can be read. It does not walk the history; `hg verify` does. What
 * a killed writer has left is repaired.
 */
#include "hg.h"

#include <apr_strings.h>

#include "lock.h"
#include "vcs/hg_program.h"

#define LEFT                                                                                       \
    "a write of hg was interrupted, and what it left is in the way of the next one of hg itself; " \
    "--repair has hg undo it, as a strip or a pull does"
#define VERIFY "`hg -R %s verify` says what is damaged; restore it from a backup"

rc_err_t *rc_hg_check(const char **problem, const char *path, apr_pool_t *pool)
{
    rc_hg_layout_t layout;
    const char *why = NULL;

    *problem = NULL;
    switch (rc_hg_find(&layout, &why, path, pool)) {
    case RC_FOUND_UNUSABLE:
        *problem = apr_pstrcat(pool, "it is ", why, NULL);
        break;
    case RC_FOUND_REPOSITORY:
        if (!rc_hg_is_locked(&layout, pool) && rc_hg_is_interrupted(&layout, pool))
            *problem = LEFT;
        break;
    default:
        break;
    }
    return NULL;
}

rc_err_t *rc_hg_repair(const char **done, const char *path, const char *wanted, apr_pool_t *pool)
{
    bool recovered;

    (void)wanted;
    *done = NULL;
    RC_TRY(rc_hg_recover(&recovered, path, path, pool));
    if (recovered)
        *done = "what an interrupted write of hg had left was undone";
    return NULL;
}

static rc_err_t *read_tip(rc_vcs_t *vcs)
{
    rc_hg_snapshot_t *snapshot;
    rc_hg_text_t manifest;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    return rc_hg_read_manifest(&manifest, vcs, snapshot->tip);
}

rc_err_t *rc_hg_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool)
{
    rc_err_t *err = read_tip(vcs);

    *problem =
        err ? apr_psprintf(pool, "%s: " VERIFY, rc_err_log_text(err, pool), vcs->path) : NULL;
    return NULL;
}
