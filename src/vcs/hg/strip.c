// SPDX-License-Identifier: Apache-2.0
/*
 * Removes a changeset and all its descendants, in a shadow of the repository: hg itself would lose
 * unrelated changesets when it is killed while it has taken them out.
 */
#include "hg.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "run.h"
#include "shadow.h"
#include "vcs/hg_program.h"

/* An empty name stands for all branches (contract 08 §5). */
static rc_err_t *check_branch(rc_vcs_t *vcs, const char *branch, apr_pool_t *pool)
{
    rc_hg_snapshot_t *snapshot;
    int i;

    if (!branch || !*branch)
        return NULL;
    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    RC_TRY(rc_hg_find_branches(snapshot, vcs));
    for (i = 0; i < snapshot->branches->nelts; i++) {
        const rc_hg_ref_t *ref = &APR_ARRAY_IDX(snapshot->branches, i, rc_hg_ref_t);

        if (!ref->closed && !strcmp(ref->name, branch))
            return NULL;
    }
    return rc_err_failed(pool, "no such revision or branch");
}

/* Without a backup, and without touching a work tree. */
static rc_err_t *run_strip(const rc_hg_shadow_t *shadow, const char *id, const char *dir,
                           apr_pool_t *pool)
{
    const char *revision = apr_pstrcat(pool, "id(", id, ")", NULL);
    const char *const command[] = {"debugstrip", "--no-backup", "--keep", "--force",
                                   "-r",         revision,      NULL};
    bool recovered;

    RC_TRY(rc_hg_recover(&recovered, shadow->copy, dir, pool));
    RC_TRY(rc_hg_run(shadow->copy, dir, command, pool));
    rmdir(apr_pstrcat(pool, shadow->copy, "/.hg/strip-backup", NULL)); /* if it is empty */
    return NULL;
}

rc_err_t *rc_hg_strip(rc_vcs_t *vcs, const char *branch, const char *id, int lock,
                      const char *work_dir, apr_pool_t *pool)
{
    rc_hg_shadow_t *shadow;

    (void)lock; /* nobody writes to the repository when this process has died */
    RC_TRY(check_branch(vcs, branch, pool));
    RC_TRY(rc_hg_shadow_make(&shadow, vcs->path, work_dir, vcs->work, pool));
    RC_TRY(run_strip(shadow, id, work_dir, pool));
    RC_TRY(rc_hg_shadow_publish(shadow));
    return rc_hg_refresh(vcs);
}
