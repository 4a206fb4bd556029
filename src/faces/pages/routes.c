// SPDX-License-Identifier: Apache-2.0
/*
 * The table of pages, one row each. The names are those of RhodeCode, for the whitelist (contract
 * 10 §6); rows with the same functions are addresses that other programs use.
 */
#include "page.h"

/* clang-format off */
static const rc_view_t views[] = {
    /* pattern, controller:action, flags, functions; first the only one without words */
    {"",                     "SummaryController:index",   0, rc_page_summary_prepare,   rc_page_summary_write},
    {"/",                    "HomeController:index",      0, rc_page_home_prepare,      rc_page_home_write},
    {"summary",              "SummaryController:index",   0, rc_page_summary_prepare,   rc_page_summary_write},
    {"refs",                 "SummaryController:index",   0, rc_page_refs_prepare,      rc_page_refs_write},
    {"pull-request",         "PullrequestsController:show_all", 0, rc_page_pulls_prepare,  rc_page_pulls_write},
    {"pull-request/{id}",    "PullrequestsController:show",     0, rc_page_pull_prepare,   rc_page_pull_write},
    {"changelog",            "ChangelogController:index", 0, rc_page_changelog_prepare, rc_page_changelog_write},
    {"changelog/{rev}",      "ChangelogController:index", 0, rc_page_changelog_prepare, rc_page_changelog_write},
    {"commits",              "ChangelogController:index", 0, rc_page_changelog_prepare, rc_page_changelog_write},
    {"commits/{rev}",        "ChangelogController:index", 0, rc_page_changelog_prepare, rc_page_changelog_write},
    {"changeset/{rev}",      "ChangesetController:index", 0, rc_page_changeset_prepare, rc_page_changeset_write},
    {"files",                "FilesController:index",     0, rc_page_files_prepare,     rc_page_files_write},
    {"files/{rev}/{path}",   "FilesController:index",     0, rc_page_files_prepare,     rc_page_files_write},
    {"annotate/{rev}/{path}", "FilesController:index",    0, rc_page_files_prepare,     rc_page_files_write},
    {"diff/{path}",          "FilesController:diff",      0, rc_page_file_diff_prepare, rc_page_file_diff_write},
    {"/_admin/gists/{id}",   "GistsController:show",      0, rc_page_gist_prepare,      rc_page_gist_write},
};
/* clang-format on */

const rc_view_table_t rc_page_views = {views, sizeof(views) / sizeof(*views)};
const rc_view_table_t rc_page_word_views = {views + 1, sizeof(views) / sizeof(*views) - 1};
