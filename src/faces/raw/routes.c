// SPDX-License-Identifier: Apache-2.0
/*
 * The table of raw views, one row each. A new view is a row here and a file view_*.c.
 */
#include "view.h"

/* clang-format off */
static const rc_view_t views[] = {
    /* pattern, controller:action, flags, functions */
    {"changeset-diff/{rev}",     "ChangesetController:changeset_raw",      0,
     rc_raw_changeset_raw_prepare, rc_raw_changeset_diff_write},
    {"raw-changeset/{rev}",      "ChangesetController:changeset_raw",      0,
     rc_raw_changeset_raw_prepare, rc_raw_changeset_diff_write},
    {"changeset-download/{rev}", "ChangesetController:changeset_download", 0,
     rc_raw_changeset_download_prepare, rc_raw_changeset_diff_write},
    {"changeset-patch/{rev}",    "ChangesetController:changeset_patch",    0,
     rc_raw_changeset_patch_prepare, rc_raw_changeset_patch_write},
    {"raw/{rev}/{path}",     "FilesController:raw", 0, rc_raw_raw_prepare, rc_raw_file_write},
    {"rawfile/{rev}/{path}", "FilesController:rawfile", 0, rc_raw_rawfile_prepare, rc_raw_file_write},
    {"diff/{path}",          "FilesController:diff", 0, rc_raw_file_diff_prepare, rc_raw_file_diff_write},
    {"feed/rss",  "FeedController:rss",  RC_VIEW_FEED, rc_raw_feed_prepare, rc_raw_feed_write},
    {"feed/atom", "FeedController:atom", RC_VIEW_FEED, rc_raw_feed_prepare, rc_raw_feed_write},
    {"archive/{rev}",        "FilesController:archivefile",       0, rc_raw_archive_prepare,   rc_raw_archive_write},
    {"/_admin/journal/rss",         "JournalController:journal_rss",         RC_VIEW_FEED | RC_VIEW_LOGIN,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/journal/atom",        "JournalController:journal_atom",        RC_VIEW_FEED | RC_VIEW_LOGIN,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/public_journal/rss",  "JournalController:public_journal_rss",  RC_VIEW_FEED,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/public_journal/atom", "JournalController:public_journal_atom", RC_VIEW_FEED,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/public_journal_rss",  "JournalController:public_journal_rss",  RC_VIEW_FEED,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/public_journal_atom", "JournalController:public_journal_atom", RC_VIEW_FEED,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/gists/{id}/{rev}/raw",        "GistsController:show", 0, rc_raw_gist_prepare, rc_raw_gist_write},
    {"/_admin/gists/{id}/{rev}/raw/{path}", "GistsController:show", 0, rc_raw_gist_prepare, rc_raw_gist_write},
};
/* clang-format on */

const rc_view_table_t rc_raw_views = {views, sizeof(views) / sizeof(*views)};
