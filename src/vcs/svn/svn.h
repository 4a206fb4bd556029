// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what the files of the Subversion back end share: the open repository, the errors of
 * libsvn, and the functions of table.c's row. Rules: contract 07 §5 and §6.
 */
#ifndef RC_VCS_SVN_SVN_H
#define RC_VCS_SVN_SVN_H

#include <sys/stat.h>

#include <svn_fs.h>
#include <svn_repos.h>

#include "../backend.h"
#include "base/stamps.h"
#include "guard.h"

/* Paths are as libsvn has them: "/" or "/trunk/x". Revision N has the index N-1. */

#define RC_SVN_ROOTS 2 /* a revision and the one before */

typedef struct rc_svn_root_t {
    svn_revnum_t rev;
    svn_fs_root_t *root; /* NULL: unused */
    apr_pool_t *pool;
} rc_svn_root_t;

/* Bytes for what revisions change, of an open repository, and of one revision. */
#define RC_SVN_KNOWN_MOST ((apr_size_t)1 << 20)
#define RC_SVN_KNOWN_ONE  (RC_SVN_KNOWN_MOST / 64)

#define RC_SVN_SHARDS 64 /* directories with properties of revisions */

/* What such a directory looked like when its properties were read. */
typedef struct rc_svn_shard_t {
    apr_int64_t number;
    apr_uint64_t use; /* the use of the repository that looked at it */
    ino_t inode;      /* 0: it may have changed since */
    struct timespec changed;
} rc_svn_shard_t;

/* An open repository. */
typedef struct rc_svn_t {
    char *path;
    apr_pool_t *pool; /* with an allocator of its own */
    svn_repos_t *repos;
    svn_fs_t *fs;
    struct stat db, uuid;   /* as they were when it was opened */
    apr_int64_t shard_size; /* revisions that share a directory; 0: all of them do */
    svn_revnum_t youngest;  /* of this use; SVN_INVALID_REVNUM: not read yet */
    svn_revnum_t seen;      /* of an earlier use */
    rc_stamps_t *files;     /* what seen was read from, and the UUID; NULL: nothing yet */
    apr_pool_t *files_pool;
    rc_svn_root_t roots[RC_SVN_ROOTS];
    int next_root;    /* the one that is replaced next */
    apr_uint64_t use; /* counts the uses, from 1 */
    rc_svn_shard_t shards[RC_SVN_SHARDS];
    apr_hash_t *known; /* of svn_revnum_t to arrays of rc_svn_change_t; NULL: nothing yet */
    apr_pool_t *known_pool;
    apr_size_t known_bytes;
    rc_work_t *work;
    bool broken; /* libsvn gave up in the middle of a call */
} rc_svn_t;

/* -- error.c -- */

/**
 * Turns @a err, which it clears, into an RC_E_INTERNAL in @a pool: the formatted text and all
 * messages of the chain. Returns NULL for NULL.
 */
rc_err_t *rc_svn_err(svn_error_t *err, apr_pool_t *pool, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A baton of rc_svn_go_on: what stops long work of libsvn. */
typedef struct rc_svn_going_t {
    rc_work_t *work;
    apr_pool_t *pool;
    rc_err_t *err; /* why the work was stopped; NULL: it was not */
} rc_svn_going_t;

/** An svn_cancel_func_t: stops when the time of the work is over or its client has gone. */
svn_error_t *rc_svn_go_on(void *baton);

/* -- layout.c, library.c, create.c, check.c, settle.c: by path -- */

rc_err_t *rc_svn_startup(apr_pool_t *pool);
rc_found_t rc_svn_detect(const char **why, const char *path, apr_pool_t *pool);

/** As rc_svn_detect, but a repository with hooks counts as usable: it can be read. */
rc_found_t rc_svn_find(const char **why, const char *path, apr_pool_t *pool);

bool rc_svn_is_gone(const char *path, apr_pool_t *pool);
const char *rc_svn_known_state(const char *path, const char *told, apr_pool_t *pool);
rc_err_t *rc_svn_create(const char *path, apr_pool_t *pool);
rc_err_t *rc_svn_copy(const char *from, const char *to, rc_work_t *work, apr_pool_t *pool);
rc_err_t *rc_svn_check(const char **problem, const char *path, apr_pool_t *pool);
rc_err_t *rc_svn_inspect(const char **problem, const char *path, apr_pool_t *pool);
rc_err_t *rc_svn_repair(const char **done, const char *path, const char *wanted, apr_pool_t *pool);

/** Returns a fingerprint of a repository, in @a pool: its UUID, its last revision, and when the
 * properties of the last revisions changed. */
const char *rc_svn_state_text(const char *path, const char *uuid, apr_int64_t youngest,
                              apr_int64_t shard_size, apr_pool_t *pool);

rc_err_t *rc_svn_settle(const char *path, apr_pool_t *pool);
rc_err_t *rc_svn_mark_commit(const char *path, apr_pool_t *pool);

/** Returns the number of the last revision by db/current; -1 when that file says none. */
apr_int64_t rc_svn_current(const char *path, apr_pool_t *pool);

/** Returns whether revisions are indexed: where their parts are is not a matter of bytes. */
bool rc_svn_has_index(const char *path, apr_pool_t *pool);

/** Returns how many revisions share a directory; 0: all of them do. */
apr_int64_t rc_svn_shard_size(const char *path, apr_pool_t *pool);

/** True when the files of the last revisions do not exist, as in a copy that was made during a
 * commit: *@a last is the number of the last revision, *@a there that of the last one with a file.
 */
bool rc_svn_lacks_last(apr_int64_t *last, apr_int64_t *there, const char *path, apr_pool_t *pool);

/* -- fetch.c -- */

rc_err_t *rc_svn_check_remote(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_time_t deadline, apr_pool_t *pool);
rc_err_t *rc_svn_fetch(const rc_remote_policy_t *policy, const char *path,
                       const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                       apr_pool_t *pool);

/* -- handle.c -- */

rc_err_t *rc_svn_open(void **repo, const char *path, apr_pool_t *pool);

/**
 * Returns, in @a pool, a text that tells a repository from another one with the same UUID, by the
 * file with that. What was loaded from a filtered dump keeps the UUID, and so do all that were
 * fetched from one remote.
 */
const char *rc_svn_files_text(const struct stat *uuid, apr_pool_t *pool);

rc_err_t *rc_svn_lend(void **repository, const char *path, apr_pool_t *pool);
bool rc_svn_reuse(void *repo);
void rc_svn_set_work(void *repo, rc_work_t *work);
void rc_svn_rest(void *repo);
void rc_svn_close(void *repo);
rc_err_t *rc_svn_refresh(rc_vcs_t *vcs);

/** Sets *@a root to the tree of revision @a rev; it is valid until two others were used. */
rc_err_t *rc_svn_root(svn_fs_root_t **root, rc_vcs_t *vcs, svn_revnum_t rev);

/** Returns an internal error when something else is at the path of the repository than was opened:
 * to be called after what takes long. */
rc_err_t *rc_svn_check_place(rc_vcs_t *vcs);

/** Sets *@a youngest to the last revision of the snapshot. */
rc_err_t *rc_svn_youngest(svn_revnum_t *youngest, rc_vcs_t *vcs);

/* -- revision.c, revprops.c -- */

rc_err_t *rc_svn_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool);
rc_err_t *rc_svn_count(apr_int64_t *count, rc_vcs_t *vcs);
rc_err_t *rc_svn_index_of(apr_int64_t *index, rc_vcs_t *vcs, const char *id);
rc_err_t *rc_svn_id_at(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool);
rc_err_t *rc_svn_position(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                          apr_pool_t *pool);
rc_err_t *rc_svn_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool);
rc_err_t *rc_svn_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_size_t most,
                        apr_pool_t *pool);

/** Reads the properties of a revision into @a pool: names to svn_string_t *. Later in the same use
 * of the repository they are as they were read first. */
rc_err_t *rc_svn_revision_props(apr_hash_t **props, rc_vcs_t *vcs, svn_revnum_t rev,
                                apr_pool_t *pool);

/** Returns the revision of an id, or of an entry's id, which begins with it; SVN_INVALID_REVNUM
 * when @a id begins with none. */
svn_revnum_t rc_svn_rev_of(const char *id);

/* -- refs.c -- */

rc_err_t *rc_svn_resolve_name(apr_int64_t *index, rc_vcs_t *vcs, const char *name);
rc_err_t *rc_svn_refs(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton);

/* -- entry.c -- */

rc_err_t *rc_svn_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, apr_pool_t *pool);
rc_err_t *rc_svn_list(rc_vcs_t *vcs, const char *id, const rc_entry_t *dir, rc_list_fn_t *fn,
                      void *baton, apr_pool_t *scratch);

/** Reads the directory @a path of revision @a rev into @a pool: names to svn_fs_dirent_t *. */
rc_err_t *rc_svn_read_dir(apr_hash_t **entries, rc_vcs_t *vcs, svn_revnum_t rev, const char *path,
                          apr_pool_t *pool);

/** Returns @a path as libsvn has it: "trunk/x" -> "/trunk/x", in @a pool. */
const char *rc_svn_fspath(const char *path, apr_pool_t *pool);

/* A file in one revision. */
typedef struct rc_svn_file_t {
    rc_entry_kind_t kind; /* RC_ENTRY_NONE: there is none */
    svn_revnum_t rev;
    const char *path;  /* as libsvn has it */
    bool binary;       /* svn:mime-type says so */
    apr_hash_t *props; /* of const char * to svn_string_t *; never NULL after rc_svn_look */
} rc_svn_file_t;

/** Fills @a file, whose rev and path are set, from the properties of the node there, in @a pool. */
rc_err_t *rc_svn_look(rc_svn_file_t *file, rc_vcs_t *vcs, apr_pool_t *pool);

/* -- content.c -- */

rc_err_t *rc_svn_size(apr_off_t *size, rc_vcs_t *vcs, const rc_entry_t *entry);
rc_err_t *rc_svn_read(const char **data, rc_vcs_t *vcs, rc_entry_t *entry, apr_off_t most,
                      apr_pool_t *pool);
rc_err_t *rc_svn_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry);

/** Sets *@a size to the bytes of @a file, or of a link's target. */
rc_err_t *rc_svn_length(apr_off_t *size, rc_vcs_t *vcs, const rc_svn_file_t *file,
                        apr_pool_t *scratch);

/** Appends the content of @a file, or a link's target, to @a spool. */
rc_err_t *rc_svn_write(rc_spool_t *spool, rc_vcs_t *vcs, const rc_svn_file_t *file,
                       apr_pool_t *scratch);

/** Reads the content of @a file, or a link's target, of less than RC_VCS_LARGE bytes, with a NUL
 * after it, into @a pool. */
rc_err_t *rc_svn_read_file(const char **data, apr_size_t *len, rc_vcs_t *vcs,
                           const rc_svn_file_t *file, apr_pool_t *pool);

/* -- export.c -- */

rc_err_t *rc_svn_export(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                        rc_item_fn_t *fn, void *baton, apr_pool_t *scratch);

/* -- check.c -- */

rc_err_t *rc_svn_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool);

#endif
