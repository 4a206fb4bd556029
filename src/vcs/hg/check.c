// SPDX-License-Identifier: Apache-2.0
/*
 * Checks a Mercurial repository for damage: whether it can be opened, and whether its last
 * changeset can be read. It does not walk the history; `hg verify` does. It repairs nothing.
 */
#include "hg.h"

#include <apr_strings.h>

#define VERIFY "`hg -R %s verify` says what is damaged; restore it from a backup"

rc_err_t *rc_hg_check(const char **problem, const char *path, apr_pool_t *pool)
{
    const char *why = NULL;

    *problem = NULL;
    if (rc_hg_detect(&why, path, pool) == RC_FOUND_UNUSABLE)
        *problem = apr_pstrcat(pool, "it is ", why, NULL);
    return NULL;
}

rc_err_t *rc_hg_repair(const char **done, const char *path, const char *wanted, apr_pool_t *pool)
{
    (void)path;
    (void)wanted;
    (void)pool;
    *done = NULL;
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
