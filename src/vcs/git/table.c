// SPDX-License-Identifier: Apache-2.0
/*
 * The git back end's row in the table of back ends.
 */
#include "fetch.h"
#include "merge.h"
#include "table.h"

static void drop_cache(const char *path, apr_pool_t *pool)
{
    const char *git_dir = rc_git_dir(path, pool);

    rc_git_share_forget(path);
    rc_git_order_forget(git_dir, pool);
}

static void rest(void *repo)
{
    rc_git_rest(repo);
}

static rc_err_t *refresh(rc_vcs_t *vcs)
{
    return rc_git_refresh(vcs->repo, true, vcs->pool);
}

static const char *const schemes[] = {"http", "https", "git", "ssh", "file", NULL};

static const rc_merging_t merging = {
    .offered = rc_git_offered,
    .has = rc_git_has_commit,
    .keep = rc_git_keep,
    .is_kept = rc_git_is_kept,
    .kept_before = rc_git_kept_before,
    .unkeep = rc_git_unkeep,
    .keepers = rc_git_keepers,
    .try_merge = rc_git_try_merge,
    .merge = rc_git_merge,
    .diff = rc_git_kept_diff,
};

const rc_backend_t rc_git_backend = {
    .type = "git",
    .capabilities = {.mails = true,
                     .strip = true,
                     .pull = true,
                     .maintenance = true,
                     .merges = true,
                     .id_length = GIT_OID_HEXSZ,
                     .short_length = 12,
                     .prefix_least = 7,
                     .null_id = GIT_OID_HEX_ZERO},
    .startup = rc_git_startup,
    .detect = rc_git_detect,
    .is_gone = rc_git_is_gone,
    .description = rc_git_description,
    .create = rc_git_create,
    .schemes = schemes,
    .fetch = rc_git_fetch,
    .check_remote = rc_git_check_remote,
    .copy = rc_git_copy,
    .forget = rc_git_share_forget,
    .known_state = rc_git_known_state,
    .drop_cache = drop_cache,
    .check = rc_git_check,
    .repair = rc_git_repair,
    .maintain = rc_git_maintain,
    .needs_maintenance = rc_git_needs_maintenance,
    .sweep = rc_git_sweep,
    .merging = &merging,
    .open = rc_git_open,
    .reuse = rc_git_reuse,
    .keeps_too_much = rc_git_share_is_over,
    .shrink = rc_git_share_shrink,
    .rest = rest,
    .set_work = rc_git_set_work,
    .close = rc_git_close,
    .refresh = refresh,
    .state = rc_git_state,
    .count = rc_git_count,
    .resolve_name = rc_git_resolve_name,
    .resolve_prefix = rc_git_resolve_prefix,
    .commit = rc_git_commit,
    .id_at = rc_git_id_at,
    .position = rc_git_position,
    .series = rc_git_series,
    .new_commits = rc_git_new_commits,
    .index_of = rc_git_index_of,
    .import = rc_git_import,
    .changes = rc_git_changes,
    .print = rc_git_print,
    .stat = rc_git_stat,
    .entry = rc_git_entry,
    .recall = rc_git_recall,
    .remember = rc_git_remember,
    .list = rc_git_list,
    .size = rc_git_size,
    .read = rc_git_content_read,
    .content = rc_git_content,
    .diff_files = rc_git_diff_files,
    .export = rc_git_export,
    .refs = rc_git_refs,
    .diff = rc_git_diff,
    .mail = rc_git_mail,
    .check_refs = rc_git_check_refs,
    .strip = rc_git_strip,
};
