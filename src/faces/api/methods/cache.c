// SPDX-License-Identifier: Apache-2.0
/*
 * The methods invalidate_cache, rescan_repos and strip (contract 02 §2).
 */
#include "../method.h"

#include <apr_strings.h>

#include "domain/repo_sync.h"
#include "domain/scan.h"

/* Begins the object of an answer. */
static void answer_repo(rc_call_t *call, rc_json_t *out, const char *msg)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", rc_call_text(call, msg));
    rc_json_member_string(out, "repository", rc_arg_repo(call, RC_P_REPOID)->name);
}

static rc_err_t *invalidate_cache(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);

    RC_TRY(rc_repo_invalidate(&call->actor, repo));
    answer_repo(call, out, "Cache for repository `{repoid}` was invalidated");
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *strip(rc_call_t *call, rc_json_t *out)
{
    const rc_strip_t request = {rc_arg_repo(call, RC_P_REPOID), rc_arg_text(call, RC_P_BRANCH),
                                rc_arg_text(call, RC_P_REVISION)};

    apr_array_header_t *pulls;
    int i;

    RC_TRY(rc_repo_strip(&pulls, &call->actor, &request));
    answer_repo(call, out, "Stripped commit {revision} from repo `{repoid.name}`");
    if (pulls->nelts) {
        rc_json_key(out, "kept_by_pull_requests");
        rc_json_array_begin(out);
        for (i = 0; i < pulls->nelts; i++)
            rc_json_int(out, APR_ARRAY_IDX(pulls, i, apr_int64_t));
        rc_json_array_end(out);
    }
    rc_json_object_end(out);
    return NULL;
}

/* Writes the key "errors", which later versions of RhodeCode have too; the caller omits it when
 * there is nothing to report. */
static void write_skipped(rc_json_t *out, const apr_array_header_t *skipped, apr_pool_t *pool)
{
    int i;

    rc_json_key(out, "errors");
    rc_json_array_begin(out);
    for (i = 0; i < skipped->nelts; i++) {
        const rc_skipped_t *folder = &APR_ARRAY_IDX(skipped, i, rc_skipped_t);

        rc_json_string(out, apr_pstrcat(pool, folder->name, ": ", folder->why, NULL));
    }
    rc_json_array_end(out);
}

static rc_err_t *rescan_repos(rc_call_t *call, rc_json_t *out)
{
    rc_rescan_t found;

    RC_TRY(rc_rescan(&found, &call->actor, rc_arg_bool(call, RC_P_REMOVE_OBSOLETE)));
    rc_json_object_begin(out);
    rc_json_member_strings(out, "added", found.added);
    rc_json_member_strings(out, "removed", found.removed);
    if (found.skipped->nelts)
        write_skipped(out, found.skipped, call->pool);
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_cache[] = {
    {"invalidate_cache", invalidate_cache, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_WRITE),
               RC_ARG(RC_P_DELETE_KEYS, RC_BOOL, "False")),
     "Error occurred during cache invalidation action",
     "Discard the caches of a repository and read its last commit again."},
    {"strip", strip, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG(RC_P_REVISION, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_BRANCH, RC_TEXT, RC_REQUIRED)),
     "Unable to strip commit {revision} from repo `{repoid.name}`",
     "Remove a commit and its descendants from a branch."},
    {"rescan_repos", rescan_repos, RC_ADMINS, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_REMOVE_OBSOLETE, RC_BOOL, "False")),
     "Error occurred during rescan repositories action",
     "Add repositories found on the disk; remove those that are gone."},
    {.name = NULL},
};
/* clang-format on */
