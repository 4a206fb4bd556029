// SPDX-License-Identifier: Apache-2.0
/*
 * Runs hg for work inside one repository, above all the one that an interrupted write makes
 * necessary.
 */
#include "run.h"

#include <apr_strings.h>

#include "hg.h"
#include "base/fs.h"
#include "base/process.h"
#include "vcs/hg_program.h"

#define LONGEST apr_time_from_sec(3600)

rc_err_t *rc_hg_run(const char *path, const char *temp, const char *const *command,
                    apr_pool_t *pool)
{
    rc_proc_t proc = {.argv = rc_hg_arguments(path, NULL, command, pool),
                      .env = rc_hg_environment(temp, pool),
                      .dir = temp,
                      .in = -1,
                      .out = -1,
                      .gentle = true};
    rc_proc_result_t result;

    proc.max_memory = RC_HG_MEMORY;
    proc.deadline = rc_clock() + LONGEST;
    RC_TRY(rc_proc_run(&result, &proc, pool));
    if (result.status == 0)
        return NULL;
    return rc_err_failed(pool, "hg %s in %s ended with %s", command[0], path,
                         rc_proc_end_text(&result, pool));
}

bool rc_hg_is_interrupted(const rc_hg_layout_t *layout, apr_pool_t *pool)
{
    return rc_fs_exists(apr_pstrcat(pool, layout->store, "/journal", NULL));
}

/* The journal may be one of somebody who writes just now: hg waits for them, and then there is
 * none. */
rc_err_t *rc_hg_recover(bool *recovered, const char *path, const char *temp, apr_pool_t *pool)
{
    static const char *const command[] = {"recover", NULL};
    rc_hg_layout_t layout;
    const char *why = NULL;
    rc_err_t *err;

    *recovered = false;
    if (rc_hg_find(&layout, &why, path, pool) != RC_FOUND_REPOSITORY)
        return rc_err_failed(pool, "%s is %s", path, why ? why : "no Mercurial repository");
    if (!rc_hg_is_interrupted(&layout, pool))
        return NULL;
    err = rc_hg_run(path, temp, command, pool);
    if (err && rc_hg_is_interrupted(&layout, pool))
        return err;
    *recovered = !err;
    return NULL;
}
