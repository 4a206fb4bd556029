// SPDX-License-Identifier: Apache-2.0
/*
 * The Subversion back end's row in the table of back ends.
 */
#include "change.h"

/* libsvn finds changes of a repository itself; nothing of it is kept here but open handles. */
static void forget(const char *path)
{
    (void)path;
}

static void drop_cache(const char *path, apr_pool_t *pool)
{
    (void)path;
    (void)pool;
}

static const char *const schemes[] = {"http", "https", "svn", NULL};

const rc_backend_t rc_svn_backend = {
    .type = "svn",
    .capabilities = {.mails = true,
                     .pull = true,
                     .numbered = true,
                     .paths_as_refs = true,
                     .editable = true,
                     .short_length = 12,
                     .null_id = "0000000000000000000000000000000000000000"},
    .startup = rc_svn_startup,
    .detect = rc_svn_detect,
    .is_gone = rc_svn_is_gone,
    .create = rc_svn_create,
    .schemes = schemes,
    .fetch = rc_svn_fetch,
    .check_remote = rc_svn_check_remote,
    .copy = rc_svn_copy,
    .forget = forget,
    .drop_cache = drop_cache,
    .known_state = rc_svn_known_state,
    .check = rc_svn_check,
    .repair = rc_svn_repair,
    .open = rc_svn_open,
    .reuse = rc_svn_reuse,
    .set_work = rc_svn_set_work,
    .rest = rc_svn_rest,
    .close = rc_svn_close,
    .refresh = rc_svn_refresh,
    .state = rc_svn_state,
    .count = rc_svn_count,
    .resolve_name = rc_svn_resolve_name,
    .index_of = rc_svn_index_of,
    .id_at = rc_svn_id_at,
    .position = rc_svn_position,
    .series = rc_svn_series,
    .commit = rc_svn_commit,
    .refs = rc_svn_refs,
    .check_refs = rc_svn_check_refs,
    .entry = rc_svn_entry,
    .list = rc_svn_list,
    .size = rc_svn_size,
    .read = rc_svn_read,
    .content = rc_svn_content,
    .export = rc_svn_export,
    .changes = rc_svn_changes,
    .print = rc_svn_print,
    .stat = rc_svn_stat,
    .diff = rc_svn_diff,
    .diff_files = rc_svn_diff_files,
    .mail = rc_svn_mail,
};
