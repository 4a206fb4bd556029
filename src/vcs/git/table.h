// SPDX-License-Identifier: Apache-2.0
/*
 * The functions in the git back end's row of the table of back ends. Only table.c names them there;
 * backend.h documents them.
 */
#ifndef RC_VCS_GIT_TABLE_H
#define RC_VCS_GIT_TABLE_H

#include "git.h"

/* handle.c */
rc_err_t *rc_git_open(void **repo, const char *path, apr_pool_t *pool);
bool rc_git_reuse(void *repo);
void rc_git_set_work(void *repo, rc_work_t *work);
void rc_git_close(void *repo);
const char *rc_git_known_state(const char *path, const char *told, apr_pool_t *pool);

/* lookup.c */
rc_err_t *rc_git_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool);
rc_err_t *rc_git_refs(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton);
rc_err_t *rc_git_count(apr_int64_t *count, rc_vcs_t *vcs);
rc_err_t *rc_git_id_at(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool);
rc_err_t *rc_git_position(rc_position_t *place, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool);
rc_err_t *rc_git_index_of(apr_int64_t *index, rc_vcs_t *vcs, const char *id);

/* new_commits.c */
rc_err_t *rc_git_new_commits(apr_array_header_t **ids, rc_vcs_t *vcs,
                             const apr_array_header_t *heads, const apr_array_header_t *old,
                             int most, apr_pool_t *pool);

/* series.c */
rc_err_t *rc_git_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool);

/* resolve.c */
rc_err_t *rc_git_resolve_name(apr_int64_t *index, rc_vcs_t *vcs, const char *name);
rc_err_t *rc_git_resolve_prefix(apr_int64_t *index, rc_vcs_t *vcs, const char *prefix);

/* commit.c */
rc_err_t *rc_git_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_size_t most,
                        apr_pool_t *pool);

/* files.c */
rc_err_t *rc_git_import(const char *path, const rc_import_t *import, apr_pool_t *pool);

/* diff/changes.c */
rc_err_t *rc_git_changes(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                         const char *parent, bool renames, apr_pool_t *pool);
rc_err_t *rc_git_print(rc_printed_t *printed, rc_spool_t *spool, rc_vcs_t *vcs,
                       const rc_pair_t *pair, const rc_diff_options_t *options,
                       apr_pool_t *scratch);

/* diff/stat.c */
rc_err_t *rc_git_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch);

/* entry.c */
rc_err_t *rc_git_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool);
rc_err_t *rc_git_list(rc_vcs_t *vcs, const char *id, const rc_entry_t *dir, rc_list_fn_t *fn,
                      void *baton, apr_pool_t *scratch);
rc_err_t *rc_git_size(apr_off_t *size, rc_vcs_t *vcs, const rc_entry_t *entry);
rc_err_t *rc_git_content_read(const char **data, rc_vcs_t *vcs, rc_entry_t *entry, apr_off_t most,
                              apr_pool_t *pool);

/* share_memo.c */
bool rc_git_recall(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool);
void rc_git_remember(rc_vcs_t *vcs, const char *id, const rc_entry_t *entry);

/* export.c */
rc_err_t *rc_git_export(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                        rc_item_fn_t *fn, void *baton, apr_pool_t *scratch);

/* check.c */
rc_err_t *rc_git_check(const char **problem, const char *path, apr_pool_t *pool);
rc_err_t *rc_git_repair(const char **done, const char *path, const char *wanted, apr_pool_t *pool);
rc_err_t *rc_git_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool);

/* copy.c */
rc_err_t *rc_git_copy(const char *from, const char *to, rc_work_t *work, apr_pool_t *pool);

/* maintain.c */
rc_err_t *rc_git_maintain(apr_array_header_t *actions, const char *path,
                          const rc_maintain_t *options, apr_pool_t *pool);

/* tally.c */
rc_err_t *rc_git_needs_maintenance(bool *needed, const char *path, apr_pool_t *pool);

/* sweep.c */
rc_err_t *rc_git_sweep(const char **done, const char *path, apr_pool_t *pool);

/* strip.c */
rc_err_t *rc_git_strip(rc_vcs_t *vcs, const char *branch, const char *id, int lock,
                       const char *work_dir, apr_pool_t *pool);

/* diff/diff.c */
rc_err_t *rc_git_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch);
rc_err_t *rc_git_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch);

/* diff/mail.c */
rc_err_t *rc_git_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch);

/* library.c */
rc_err_t *rc_git_startup(apr_pool_t *pool);

#endif
