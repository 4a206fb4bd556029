// SPDX-License-Identifier: Apache-2.0
/*
 * What a type of repository does: one row of functions. types.c lists the rows; the functions have
 * the meaning that vcs/vcs.h gives to their public namesakes.
 */
#ifndef RC_VCS_BACKEND_H
#define RC_VCS_BACKEND_H

#include "remote/address.h"
#include "vcs/vcs.h"

typedef rc_err_t *rc_list_fn_t(void *baton, const rc_entry_t *entry);

/* One path before and after a commit; a side of kind RC_ENTRY_NONE is not there. */
typedef struct rc_pair_t {
    rc_entry_t before, after;
    const void *detail; /* the back end's own */
} rc_pair_t;

/* What a printed change holds. */
typedef struct rc_printed_t {
    apr_off_t head;             /* bytes before the first hunk; 0: there are no hunks */
    apr_int64_t added, deleted; /* lines of the hunks */
} rc_printed_t;

typedef struct rc_backend_t {
    const char *type;
    rc_capabilities_t capabilities;

    /* --- the library: no handle is needed --- */

    rc_err_t *(*startup)(apr_pool_t *pool);
    /* Is there a repository of this type at @a path? As rc_vcs_detect. */
    rc_found_t (*detect)(const char **why, const char *path, apr_pool_t *pool);
    /* True when there certainly is none; false, too, when nobody can tell. */
    bool (*is_gone)(const char *path, apr_pool_t *pool);
    /* A text that the repository has of itself, or NULL; the function may be NULL. */
    const char *(*description)(const char *path, apr_pool_t *pool);
    rc_err_t *(*create)(const char *path, apr_pool_t *pool);
    rc_err_t *(*copy)(const char *from, const char *to, rc_work_t *work, apr_pool_t *pool);
    /* Fetches from @a url, which may be fetched from, until rc_clock() says @a deadline; NULL when
     * the type cannot. */
    rc_err_t *(*fetch)(const rc_remote_policy_t *policy, const char *path,
                       const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                       apr_pool_t *pool);
    /* May @a url be fetched from, beyond its address? As rc_vcs_check_remote. */
    rc_err_t *(*check_remote)(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_time_t deadline, apr_pool_t *pool);
    void (*forget)(const char *path); /* what this process remembers of it */
    void (*drop_cache)(const char *path, apr_pool_t *pool);
    const char *(*known_state)(const char *path, apr_pool_t *pool);
    rc_err_t *(*check)(const char **problem, const char *path, apr_pool_t *pool);
    rc_err_t *(*repair)(const char **done, const char *path, const char *wanted, apr_pool_t *pool);

    /* --- one repository --- */

    /* A handle of the back end's own, kept by the handle pool between uses; errors in @a pool. */
    rc_err_t *(*open)(void **repo, const char *path, apr_pool_t *pool);
    /* Is the idle handle still true to the disk? Called before each reuse. */
    bool (*reuse)(void *repo);
    /* From now on reading counts against @a work; NULL: no limits. */
    void (*set_work)(void *repo, rc_work_t *work);
    /* The use of the handle has ended: it keeps nothing that is large. */
    void (*rest)(void *repo);
    void (*close)(void *repo);

    rc_err_t *(*refresh)(rc_vcs_t *vcs);
    rc_err_t *(*state)(const char **state, rc_vcs_t *vcs, apr_pool_t *pool);
    rc_err_t *(*count)(apr_int64_t *count, rc_vcs_t *vcs);
    /* Index of the commit that a branch, bookmark or tag of this name leads to; -1: there is none.
     * A branch goes before a tag. */
    rc_err_t *(*resolve_name)(apr_int64_t *index, rc_vcs_t *vcs, const char *name);
    /* Index of the only commit whose id begins so; -1: there is none, or more than one. */
    rc_err_t *(*resolve_prefix)(apr_int64_t *index, rc_vcs_t *vcs, const char *prefix);
    /* @a most: bytes of message and author */
    rc_err_t *(*commit)(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_size_t most,
                        apr_pool_t *pool);
    /* Id of the commit at this index of the repository order; NULL when out of range. */
    rc_err_t *(*id_at)(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool);
    rc_err_t *(*position)(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                          apr_pool_t *pool);
    rc_err_t *(*series)(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool);
    /* Index of the commit with the full id @a id; -1 when it is not in the order, or no id. */
    rc_err_t *(*index_of)(apr_int64_t *index, rc_vcs_t *vcs, const char *id);
    rc_err_t *(*import)(const char *path, const rc_import_t *import, apr_pool_t *pool);
    /* What differs between @a id and @a parent (NULL: everything is added), in any order: of
     * rc_pair_t, in @a pool. @a renames: a renamed file is one pair, else two. */
    rc_err_t *(*changes)(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                         const char *parent, bool renames, apr_pool_t *pool);
    /* Appends one of these pairs in git's form of a diff, beginning with "diff --git". A side that
     * has become RC_ENTRY_NONE is printed as not there; if both are there they are of one type. */
    rc_err_t *(*print)(rc_printed_t *printed, rc_spool_t *spool, rc_vcs_t *vcs,
                       const rc_pair_t *pair, const rc_diff_options_t *options,
                       apr_pool_t *scratch);
    rc_err_t *(*stat)(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch);
    /* What stands at entry->path, without a slash too many: kind and id; both stay when nothing
     * does. */
    rc_err_t *(*entry)(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool);
    /* Calls @a fn for each entry of the directory @a dir, in any order: entry->path is its name
     * alone, and its texts are gone after the call. */
    rc_err_t *(*list)(rc_vcs_t *vcs, const char *id, const rc_entry_t *dir, rc_list_fn_t *fn,
                      void *baton, apr_pool_t *scratch);
    /* Bytes of the file @a entry. */
    rc_err_t *(*size)(apr_off_t *size, rc_vcs_t *vcs, const rc_entry_t *entry);
    /* The content of a file that is not large (RC_VCS_LARGE), until @a pool ends. */
    rc_err_t *(*read)(const char **data, apr_size_t *len, rc_vcs_t *vcs, const rc_entry_t *entry,
                      apr_pool_t *pool);
    rc_err_t *(*content)(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry);
    rc_err_t *(*diff_files)(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch);
    rc_err_t *(*export)(rc_vcs_t *vcs, const char *id, const char *temp_dir, rc_item_fn_t *fn,
                        void *baton, apr_pool_t *scratch);
    rc_err_t *(*refs)(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton);
    rc_err_t *(*diff)(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch);
    rc_err_t *(*mail)(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch);
    rc_err_t *(*check_refs)(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool);
    rc_err_t *(*strip)(rc_vcs_t *vcs, const char *branch, const char *id, int lock,
                       apr_pool_t *pool);
} rc_backend_t;

/* One use of a handle: from rc_vcs_open to the end of the pool it was given. */
struct rc_vcs_t {
    const rc_backend_t *backend;
    void *repo;       /* the back end's handle */
    apr_pool_t *pool; /* the user's: errors live here */
    const char *path; /* as it was opened */
    rc_work_t *work;  /* what reading counts against; NULL: no limits */
};

extern const rc_backend_t rc_git_backend;

/** Adds a type of repository. Before rc_vcs_startup, and before threads start; at most eight types
 * in all, git among them. */
void rc_vcs_register(const rc_backend_t *backend);

/** The back end with this number, from 0; NULL after the last. */
const rc_backend_t *rc_vcs_backend_at(int number);

/** The back end of @a type; NULL when there is none. */
const rc_backend_t *rc_vcs_backend(const char *type);

/** The same; an unknown type is RC_E_INTERNAL. */
rc_err_t *rc_vcs_need_backend(const rc_backend_t **out, const char *type, apr_pool_t *pool);

/** Lets go what back ends remember of the repository at @a path, beside open handles. */
void rc_vcs_forget(const char *path);

#endif
