// SPDX-License-Identifier: Apache-2.0
/*
 * The interface of a back end: one row of functions for each type of repository. types.c lists the
 * rows. Each function does what vcs/vcs.h says of the public function with the same name.
 */
#ifndef RC_VCS_BACKEND_H
#define RC_VCS_BACKEND_H

#include "remote/address.h"
#include "vcs/merge.h"
#include "vcs/vcs.h"

typedef rc_err_t *rc_list_fn_t(void *baton, const rc_entry_t *entry);

/* One path before and after a commit; the kind of a missing side is RC_ENTRY_NONE. */
typedef struct rc_pair_t {
    rc_entry_t before, after;
    const void *detail; /* private data of the back end */
} rc_pair_t;

/* The parts of a printed change. */
typedef struct rc_printed_t {
    bool hunks;
    apr_off_t skip; /* bytes at the beginning that the API's diff leaves out (contract 02 §1.7) */
    apr_int64_t added, deleted; /* lines of the hunks */
} rc_printed_t;

/* What pull requests need; each function does what vcs/merge.h says of its namesake. */
typedef struct rc_merging_t {
    rc_err_t *(*offered)(rc_offered_t *offered, const rc_offer_t *offer, apr_pool_t *pool);
    /* NULL: what an open repository shows is all that it has. */
    rc_err_t *(*has)(bool *has, const char *path, const char *id, apr_pool_t *pool);
    rc_err_t *(*keep)(const rc_offer_t *offer, int lock, apr_pool_t *pool);
    rc_err_t *(*is_kept)(bool *kept, const char *path, const char *id, apr_pool_t *pool);
    rc_err_t *(*kept_before)(apr_array_header_t *ids, const char *path, apr_time_t before,
                             const char *work_dir, apr_pool_t *pool);
    rc_err_t *(*unkeep)(const char *path, const char *id, int lock, apr_pool_t *pool);
    /* NULL: it does not know. */
    rc_err_t *(*keepers)(const char **ids, const char *path, const char *id, const char *work_dir,
                         apr_pool_t *pool);
    rc_err_t *(*try_merge)(rc_merge_reason_t *reason, const rc_merge_t *merge, apr_pool_t *pool);
    rc_err_t *(*merge)(rc_merge_reason_t *reason, const char **id, const rc_merge_t *merge,
                       apr_pool_t *pool);
    rc_err_t *(*diff)(rc_spool_t *spool, const rc_merge_t *merge, apr_off_t most, apr_pool_t *pool);
} rc_merging_t;

typedef struct rc_backend_t {
    const char *type;
    rc_capabilities_t capabilities;

    /* --- functions of the library: they need no handle --- */

    rc_err_t *(*startup)(apr_pool_t *pool);
    /* Detects a repository of this type at @a path; *@a why as of rc_vcs_detect. */
    rc_found_t (*detect)(const char **why, const char *path, apr_pool_t *pool);
    /* True when there is certainly none; false also when this cannot be determined. */
    bool (*is_gone)(const char *path, apr_pool_t *pool);
    /* The description stored in the repository, or NULL; this function may be NULL. */
    const char *(*description)(const char *path, apr_pool_t *pool);
    rc_err_t *(*create)(const char *path, apr_pool_t *pool);
    rc_err_t *(*copy)(const char *from, const char *to, rc_work_t *work, apr_pool_t *pool);
    /* The schemes that fetch can use, of those of a policy; ended by NULL. NULL without capability
     * pull. */
    const char *const *schemes;
    /* Fetches from @a url, which has been checked, until @a deadline (rc_clock()); calls
     * policy->confirm before it publishes. May be NULL without capability pull. */
    rc_err_t *(*fetch)(const rc_remote_policy_t *policy, const char *path,
                       const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                       apr_pool_t *pool);
    /* Checks @a url beyond its form, scheme and address; errors as of rc_vcs_check_remote. */
    rc_err_t *(*check_remote)(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_time_t deadline, apr_pool_t *pool);
    /* The next two are NULL when nothing is kept but open handles, which find changes. */
    void (*forget)(const char *path); /* discards what this process remembers of it */
    void (*drop_cache)(const char *path, apr_pool_t *pool);
    /* True while all handles together keep more than they may; idle ones are closed then. NULL:
     * they keep little. */
    bool (*keeps_too_much)(void);
    /* Called while nobody asks: frees what is remembered beyond its limit of repositories that were
     * not used for some seconds. NULL: nothing is. */
    void (*shrink)(void);
    const char *(*known_state)(const char *path, const char *told, apr_pool_t *pool);
    /* Finds out why a repository of unknown origin must not be served; NULL when each reading
     * stands hostile files. */
    rc_err_t *(*inspect)(const char **problem, const char *path, apr_pool_t *pool);
    rc_err_t *(*check)(const char **problem, const char *path, apr_pool_t *pool);
    rc_err_t *(*repair)(const char **done, const char *path, const char *wanted, apr_pool_t *pool);
    /* The next two are NULL when a killed writer leaves nothing in the way of the next one. */
    rc_err_t *(*settle)(const char *path, apr_pool_t *pool);
    rc_err_t *(*mark_commit)(const char *path, apr_pool_t *pool);
    /* NULL: no module of httpd serves clients of this type. */
    rc_err_t *(*lend)(void **repository, const char *path, apr_pool_t *pool);
    /* The next three may be NULL without capability maintenance. */
    rc_err_t *(*maintain)(apr_array_header_t *actions, const char *path,
                          const rc_maintain_t *options, apr_pool_t *pool);
    rc_err_t *(*needs_maintenance)(bool *needed, const char *path, apr_pool_t *pool);
    rc_err_t *(*sweep)(const char **done, const char *path, apr_pool_t *pool);

    const rc_merging_t *merging; /* NULL without capability merges */

    /* NULL: clients of this type are not served by a program that rc_vcs_serve starts. */
    rc_err_t *(*serve)(rc_proc_t *proc, const rc_serve_t *serve, apr_pool_t *pool);

    /* --- one repository --- */

    /* Makes a handle of the back end's own type; the handle pool keeps it between uses. Errors live
     * in @a pool, the handle does not. */
    rc_err_t *(*open)(void **repo, const char *path, apr_pool_t *pool);
    /* True when the idle handle still matches the disk. Called before each reuse. */
    bool (*reuse)(void *repo);
    /* From now on reading counts against @a work; NULL: no limits. */
    void (*set_work)(void *repo, rc_work_t *work);
    /* Called when a use of the handle ends: releases everything large. */
    void (*rest)(void *repo);
    void (*close)(void *repo);

    rc_err_t *(*refresh)(rc_vcs_t *vcs);
    rc_err_t *(*state)(const char **state, rc_vcs_t *vcs, apr_pool_t *pool);
    /* NULL: programs answer all that clients ask. @a asked is zeroed. */
    rc_err_t *(*ask)(rc_asked_t *asked, rc_spool_t *spool, rc_vcs_t *vcs, const char *command,
                     const char *arguments, apr_pool_t *pool);
    rc_err_t *(*count)(apr_int64_t *count, rc_vcs_t *vcs);
    /* Index of the commit that a branch, bookmark or tag of this name leads to; -1 when there is
     * none. A branch takes precedence over a tag. */
    rc_err_t *(*resolve_name)(apr_int64_t *index, rc_vcs_t *vcs, const char *name);
    /* Index of the only commit whose id begins with @a prefix; -1 when none or several do. */
    rc_err_t *(*resolve_prefix)(apr_int64_t *index, rc_vcs_t *vcs, const char *prefix);
    /* @a most: maximum bytes of the message, and of the author */
    rc_err_t *(*commit)(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_size_t most,
                        apr_pool_t *pool);
    /* Id of the commit at this index of the repository order; NULL when out of range. */
    rc_err_t *(*id_at)(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool);
    /* Fills @a position, which is zeroed; its id stays NULL when the index is out of range. */
    rc_err_t *(*position)(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                          apr_pool_t *pool);
    rc_err_t *(*series)(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool);
    /* NULL: pushes to this type are not recorded by it. */
    rc_err_t *(*new_commits)(apr_array_header_t **ids, rc_vcs_t *vcs,
                             const apr_array_header_t *heads, const apr_array_header_t *old,
                             int most, apr_pool_t *pool);
    /* Index of the commit with the full id @a id; -1 when it is not in the repository order or
     * @a id is not an id. */
    rc_err_t *(*index_of)(apr_int64_t *index, rc_vcs_t *vcs, const char *id);
    rc_err_t *(*import)(const char *path, const rc_import_t *import, apr_pool_t *pool);
    /* Lists the paths that differ between @a parent (NULL: every path is added) and @a id, in any
     * order: an array of rc_pair_t in @a pool. With @a renames a renamed file is one pair, else
     * two. */
    rc_err_t *(*changes)(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                         const char *parent, bool renames, apr_pool_t *pool);
    /* Appends the diff of one of these pairs in the unified format, with a head of the type. The
     * caller may have set one side to RC_ENTRY_NONE: it is printed as missing. Two existing sides
     * have the same type. */
    rc_err_t *(*print)(rc_printed_t *printed, rc_spool_t *spool, rc_vcs_t *vcs,
                       const rc_pair_t *pair, const rc_diff_options_t *options,
                       apr_pool_t *scratch);
    rc_err_t *(*stat)(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch);
    /* Sets kind and id of the entry at entry->path, which has no superfluous slashes; leaves both
     * unchanged when there is nothing. */
    rc_err_t *(*entry)(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool);
    /* Both NULL: nothing is remembered. Recall sets kind, id and size of the file at entry->path as
     * they were when remember was called; false: it does not know. */
    bool (*recall)(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool);
    void (*remember)(rc_vcs_t *vcs, const char *id, const rc_entry_t *entry);
    /* Calls @a fn for each entry of the directory @a dir, in any order. entry->path is the name
     * alone; the texts of the entry are valid during the call only. */
    rc_err_t *(*list)(rc_vcs_t *vcs, const char *id, const rc_entry_t *dir, rc_list_fn_t *fn,
                      void *baton, apr_pool_t *scratch);
    /* Sets *@a size to the bytes of the file @a entry. */
    rc_err_t *(*size)(apr_off_t *size, rc_vcs_t *vcs, const rc_entry_t *entry);
    /* Sets entry->size, and reads the content of the file into @a pool; when it has @a most bytes
     * or more, *@a data is NULL instead. */
    rc_err_t *(*read)(const char **data, rc_vcs_t *vcs, rc_entry_t *entry, apr_off_t most,
                      apr_pool_t *pool);
    rc_err_t *(*content)(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry);
    rc_err_t *(*diff_files)(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch);
    rc_err_t *(*export)(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                        rc_item_fn_t *fn, void *baton, apr_pool_t *scratch);
    rc_err_t *(*refs)(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton);
    rc_err_t *(*diff)(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch);
    rc_err_t *(*mail)(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch);
    rc_err_t *(*check_refs)(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool);
    rc_err_t *(*strip)(rc_vcs_t *vcs, const char *branch, const char *id, int lock,
                       const char *work_dir, apr_pool_t *pool);
} rc_backend_t;

/* One use of a handle: from rc_vcs_open until the caller's pool is destroyed. */
struct rc_vcs_t {
    const rc_backend_t *backend;
    void *repo;                                 /* the back end's handle */
    apr_pool_t *pool;                           /* the caller's: errors live here */
    const char *path;                           /* as it was opened */
    rc_work_t *work;                            /* what reading counts against; NULL: no limits */
    const char *branch_patterns, *tag_patterns; /* of rc_vcs_set_patterns; NULL: no reference */
};

extern const rc_backend_t rc_git_backend;
extern const rc_backend_t rc_svn_backend; /* only in a build with libsvn */
extern const rc_backend_t rc_hg_backend;  /* only in a build with libzstd */

/** Adds a type of repository. Call it before rc_vcs_startup and before threads start. At most eight
 * types, git included; others are ignored. */
void rc_vcs_register(const rc_backend_t *backend);

/** Returns the back end with this number, from 0; NULL after the last. */
const rc_backend_t *rc_vcs_backend_at(int number);

/** Returns the back end of @a type; NULL when there is none. */
const rc_backend_t *rc_vcs_backend(const char *type);

/** The same; returns RC_E_INTERNAL for an unknown type. */
rc_err_t *rc_vcs_need_backend(const rc_backend_t **out, const char *type, apr_pool_t *pool);

/** Makes all back ends discard what they remember of the repository at @a path; open handles are
 * not affected. */
void rc_vcs_forget(const char *path);

/** Makes all back ends free what they remember beyond their limits of repositories that were not
 * used for some seconds. */
void rc_vcs_shrink(void);

#endif
