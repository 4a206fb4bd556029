// SPDX-License-Identifier: Apache-2.0
/*
 * The core types of the git back end: an open repository, its branches and tags at one moment, and
 * the repository order of its commits; and the functions that its files share.
 */
#ifndef RC_VCS_GIT_GIT_H
#define RC_VCS_GIT_GIT_H

#include <sys/types.h>

#include <apr_tables.h>
#include <apr_time.h>
#include <git2.h>

#include "../backend.h"
#include "base/stamps.h"

#define RC_GIT_RAW          20                /* bytes of an id */
#define RC_GIT_PATH_MOST    ((size_t)1 << 20) /* bytes of one path */
#define RC_GIT_OBJECT_LIMIT ((size_t)1 << 30) /* bytes of one object */

/* --- refs.c: branches and tags --- */

typedef struct rc_git_ref_t {
    git_oid target; /* what the reference holds: a commit or an annotated tag */
    git_oid commit; /* the commit it leads to */
    bool hidden;    /* broken: see refs.h */
    char name[];    /* without refs/heads/ or refs/tags/ */
} rc_git_ref_t;

/* All references at one moment. Immutable, shared by threads; lists of const rc_git_ref_t *. */
typedef struct rc_git_refs_t {
    apr_pool_t *pool;               /* its own; ends with it */
    apr_uint32_t users;             /* atomic */
    rc_stamps_t *watched;           /* the files and directories that were read */
    struct rc_git_packed_t *packed; /* owns some of the references below */
    apr_array_header_t *branches;   /* by name; only those that lead to commits */
    apr_array_header_t *tags;
    apr_array_header_t *heads;       /* the branches by commit, then by name */
    apr_array_header_t *others;      /* branches and tags that lead to no commit, with full names */
    apr_array_header_t *shallow;     /* of git_oid, sorted: commits without their parents */
    git_oid key;                     /* a digest of everything that decides the repository order */
    unsigned char state[RC_GIT_RAW]; /* a digest of that and of all names */
} rc_git_refs_t;

typedef struct rc_git_t rc_git_t;
typedef struct rc_git_objects_t rc_git_objects_t;

/** Reads branches and tags. What @a base (an earlier reading, or NULL) or the order of @a git
 * already contains is not read again. Without an object database, each is taken to lead to the
 * commit that the files name. */
rc_err_t *rc_git_refs_read(rc_git_refs_t **out, rc_git_t *git, const rc_git_refs_t *base,
                           apr_pool_t *pool);

/** Reads them for a caller that frees them before @a pool ends, and shares them with nobody. */
rc_err_t *rc_git_refs_read_once(rc_git_refs_t **out, rc_git_t *git, apr_pool_t *pool);
rc_git_refs_t *rc_git_refs_hold(rc_git_refs_t *refs);
void rc_git_refs_free(rc_git_refs_t *refs);

/* The least memory of a pool of its own, as apr_pool_create_unmanaged_ex makes it. */
#define RC_GIT_POOL ((apr_size_t)8192)

/** Returns the approximate memory size in bytes, with that of its pools. */
apr_size_t rc_git_refs_weight(const rc_git_refs_t *refs);

/* Of a reading only its state, and what it was read from. */
typedef struct rc_git_told_t {
    apr_uint32_t users; /* atomic */
    rc_stamps_t *watched;
    unsigned char state[RC_GIT_RAW];
} rc_git_told_t;

/** Makes that of @a refs; NULL without memory. */
rc_git_told_t *rc_git_told_make(const rc_git_refs_t *refs);
rc_git_told_t *rc_git_told_hold(rc_git_told_t *told);
void rc_git_told_free(rc_git_told_t *told);

/** Returns the memory size in bytes. */
apr_size_t rc_git_told_weight(const rc_git_told_t *told);

/** True when nothing that was read has changed since, as far as events and file times can tell. */
bool rc_git_refs_current(const rc_git_refs_t *refs);

/** Returns the reference called @a name in @a list (branches or tags), or NULL. */
const rc_git_ref_t *rc_git_ref_find(const apr_array_header_t *list, const char *name);

/** Returns the name of the first branch whose head is @a commit, or NULL. */
const char *rc_git_head_name(const rc_git_refs_t *refs, const git_oid *commit);

/** True when the repository is shallow and lacks the parents of @a commit. */
bool rc_git_cut_off(const rc_git_refs_t *refs, const git_oid *commit);

/* --- order.c: keeps the order; graph.c: computes it; grow.c: extends it --- */

/*
 * The order as one block of memory, with the same layout as its file: see order.c. The number of a
 * commit is its position in the order.
 */
typedef struct rc_git_order_t {
    apr_uint32_t users; /* atomic; the order is immutable and shared by threads */
    void *block;
    size_t size;
    bool shallow;         /* of a shallow repository: some parents are missing */
    apr_uint32_t unsaved; /* so many commits are not in the file */
    apr_uint32_t count;
    const unsigned char *key; /* of the references it was made from */
    apr_uint64_t *time;       /* committer time, as git compares it */
    apr_uint32_t *by_id;      /* numbers, sorted by id */
    apr_uint32_t *parents_at; /* count + 1 places in parents */
    apr_uint32_t *parents;    /* numbers */
    unsigned char *ids;       /* RC_GIT_RAW bytes each */
} rc_git_order_t;

/** Allocates a block for @a count commits with @a parents parents; NULL = no memory. */
rc_git_order_t *rc_git_order_alloc(apr_uint32_t count, apr_uint32_t parents,
                                   const rc_git_refs_t *refs);
rc_git_order_t *rc_git_order_hold(rc_git_order_t *order);
void rc_git_order_free(rc_git_order_t *order);

/** Reads the order from the repository's file; NULL when there is no usable one. */
rc_git_order_t *rc_git_order_load(const rc_git_t *git, apr_pool_t *pool);

/** Writes that file. If that fails, the order stays in memory only. */
void rc_git_order_save(rc_git_order_t *order, const rc_git_t *git, apr_pool_t *pool);

/** Removes that file. */
void rc_git_order_forget(const char *git_dir, apr_pool_t *pool);

/** Computes the order of @a refs. Commits that @a known (may be NULL) contains are not
 * read again. */
rc_err_t *rc_git_order_make(rc_git_order_t **order, rc_git_t *git, const rc_git_refs_t *refs,
                            const rc_git_order_t *known, apr_pool_t *pool);

/** Extends @a known, of the same repository and not shallow, to the order of @a refs: *@a order is
 * the same as that of rc_git_order_make, or NULL when all must be sorted. Reads only new commits.
 */
rc_err_t *rc_git_order_grow(rc_git_order_t **order, rc_git_t *git, const rc_git_refs_t *refs,
                            const rc_git_order_t *known, apr_pool_t *pool);

/** Returns the number of commit @a id; -1 when it is not in the order. */
apr_int64_t rc_git_order_find(const rc_git_order_t *order, const unsigned char *id);

/** Returns the position in by_id of the first commit whose id is not less than @a id; count if
 * there is none. */
apr_uint32_t rc_git_order_lower(const rc_git_order_t *order, const unsigned char *id);

/* --- share.c: one set of references and one order per repository and process --- */

/* What the handles of one repository share. */
typedef struct rc_git_shared_t rc_git_shared_t;

rc_err_t *rc_git_share_startup(apr_pool_t *pool);

/** Frees all entries. No handle may be open and no thread may run. */
void rc_git_share_clear(void);

/** True when libgit2 keeps more objects than the references of this process leave room for. */
bool rc_git_share_is_over(void);

/** Frees, down to the memory limit, entries that nobody has used for some seconds. */
void rc_git_share_shrink(void);

/** Returns the shared entry of the repository at @a git->path; NULL = no memory. */
rc_git_shared_t *rc_git_share_enter(const rc_git_t *git);
void rc_git_share_leave(rc_git_shared_t *shared);

/** Drops the places of files that are remembered. */
void rc_git_memo_drop(rc_git_shared_t *shared);

/** Frees the shared data of the repository at @a path. */
void rc_git_share_forget(const char *path);

/** Returns the state (rc_git_state) of the repository at @a git->path, which is the directory
 * git->dev and ino, in @a pool, if a comparison of file times is enough to know it; else NULL. */
const char *rc_git_share_state(const rc_git_t *git, apr_pool_t *pool);

/** Keeps references for that alone: their objects have not been looked at. */
void rc_git_share_told(rc_git_shared_t *shared, const rc_git_refs_t *refs);

/** Ends the current use of @a git: releases its references and order. */
void rc_git_rest(rc_git_t *git);

/** Updates the references of @a git, unless that has happened in this use; @a force: even then. */
rc_err_t *rc_git_look(rc_git_t *git, bool force, apr_pool_t *pool);

/** Updates references and order in the same way. */
rc_err_t *rc_git_refresh(rc_git_t *git, bool force, apr_pool_t *pool);

/* --- id.c --- */

/** Reads an id: exactly 40 hex digits of either case. */
bool rc_git_hex(git_oid *id, const char *hex);
bool rc_git_whole_id(git_oid *id, const char *p, const char *end);

/** Reads the 40 digits at @a p; other text may follow. */
bool rc_git_digits_at(git_oid *id, const char *p, const char *end);

/** Sorts a list of git_oid. */
void rc_git_ids_sort(apr_array_header_t *ids);

/** True when the sorted list @a ids contains @a id. */
bool rc_git_ids_hold(const apr_array_header_t *ids, const git_oid *id);

/* --- commit.c --- */

/** Converts @a text, @a len bytes in the encoding that a commit names, to UTF-8 in @a pool. Returns
 * NULL when the encoding is unknown or the text is invalid in it. */
const char *rc_git_convert(const char *text, size_t len, const char *encoding,
                           const char *encoding_end, apr_pool_t *pool);

/** Returns the tree of commit @a id and that of its first parent (if *@a has_parent), for
 * a diff. */
rc_err_t *rc_git_commit_trees(git_oid *tree, git_oid *parent_tree, bool *has_parent, rc_git_t *git,
                              const char *id, apr_pool_t *pool);

/* --- header.c --- */

/* The header of a commit object; the pointers lead into the object. */
typedef struct rc_git_header_t {
    git_oid tree;
    apr_array_header_t *parents;     /* of git_oid; NULL when the caller gave none to fill */
    apr_uint64_t time;               /* git orders commits by it; 0: unreadable */
    apr_uint64_t date;               /* the committer's, as git shows it; 0: unreadable */
    const char *author, *author_end; /* Name <mail> */
    const char *encoding, *encoding_end;
    const char *message, *end;
} rc_git_header_t;

/** Parses a raw commit. Returns false when it is not one. */
bool rc_git_header_parse(rc_git_header_t *header, const char *raw, size_t len);

/** Reads the date after the last '>' of "Name <mail> seconds zone", as git shows it. Returns false,
 * and zeros, when the number or the zone is missing. */
bool rc_git_ident_date(apr_uint64_t *seconds, int *zone, const char *ident, const char *end);

/* --- format.c --- */

/** Returns RC_E_FAILED, with a text for clients, when the repository has an unsupported format. */
rc_err_t *rc_git_check_format(const char *git_dir, apr_pool_t *pool);

/* --- handle.c, table.h --- */

struct rc_git_t {
    git_odb *odb;              /* see objects.c */
    rc_git_objects_t *objects; /* those of odb */
    git_repository *repo;      /* gives access to the objects of odb only */
    char *path;                /* <directory> without a slash at the end */
    dev_t dev;
    ino_t ino;
    apr_pool_t *packs_pool; /* of packs; ends with the library side */
    rc_stamps_t *packs;     /* they, and what decides which are used */
    size_t open_trees;      /* bytes, counted by cursor.c */
    rc_work_t *work;        /* of this use; NULL: no limits */
    rc_git_shared_t *shared;
    rc_git_refs_t *refs;        /* of this use; NULL: not read yet */
    rc_git_order_t *order;      /* the order of refs, or an earlier one until it is needed */
    bool ordered;               /* order is the order of refs */
    struct rc_git_wire_t *wire; /* of this use: see wire.h; NULL: not read yet */
};

/* --- directory.c --- */

rc_err_t *rc_git_create(const char *path, apr_pool_t *pool);
rc_found_t rc_git_detect(const char **why, const char *path, apr_pool_t *pool);
bool rc_git_is_gone(const char *path, apr_pool_t *pool);
const char *rc_git_description(const char *path, apr_pool_t *pool);

/** True when the directory that was opened is still in its place. */
bool rc_git_is_in_place(const rc_git_t *git);

/** Rejects a repository whose directory is no longer the one that was opened: renamed or deleted
 * meanwhile, it would look as if it had no references. Called after reading them. */
rc_err_t *rc_git_check_place(const rc_git_t *git, apr_pool_t *pool);

/* --- error.c --- */

/** Returns RC_E_INTERNAL with the formatted text and libgit2's reason for the failure. */
rc_err_t *rc_git_err(apr_pool_t *pool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- reader.c --- */

#define RC_GIT_INNER ".git"

/** Returns the git directory of the repository at @a path: the path itself, or the .git in it. In
 * @a pool. */
const char *rc_git_dir(const char *path, apr_pool_t *pool);

/** Charges the object @a id to the limits of this use, before memory for it is allocated. */
rc_err_t *rc_git_spend(rc_git_t *git, const git_oid *id, apr_pool_t *pool);

/** Reads an object of type @a type. The caller frees it by git_odb_object_free. */
rc_err_t *rc_git_read(git_odb_object **out, rc_git_t *git, const git_oid *id, git_object_t type,
                      apr_pool_t *pool);

/** Sets *@a size to the bytes of blob @a id, and reads it when they are fewer than @a most; else
 * *@a data is NULL. They are charged afterwards. The data is freed with @a pool, which may be NULL
 * when @a most is 0; errors live in @a err_pool. */
rc_err_t *rc_git_blob_look(const char **data, apr_off_t *size, const rc_git_t *git,
                           const git_oid *id, size_t most, apr_pool_t *err_pool, apr_pool_t *pool);

/** Reads a blob of @a size bytes, which are charged before memory is allocated. The data is freed
 * with @a pool; errors live in @a err_pool. */
rc_err_t *rc_git_blob_read(const char **data, rc_git_t *git, const git_oid *id, apr_off_t size,
                           apr_pool_t *err_pool, apr_pool_t *pool);

/** Opens the repository in libgit2. Closes an open one first, which frees the memory of its caches.
 * After an error it is closed. */
rc_err_t *rc_git_reopen(rc_git_t *git, apr_pool_t *pool);

/** Closes the repository in libgit2. */
void rc_git_shut(rc_git_t *git);

/* --- entry.c: one file or directory --- */

/** Returns the id of the tree of commit @a id. Errors live in @a pool. */
rc_err_t *rc_git_root(git_oid *tree, rc_git_t *git, const char *id, apr_pool_t *pool);

/** Returns the kind of a tree entry with this mode; mode 0 is no entry. */
rc_entry_kind_t rc_git_kind(apr_uint32_t mode);

rc_err_t *rc_git_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry);

/* --- diff/diff.c --- */

/** Returns the changes of commit @a id, with renames (diff/change.h: rc_git_change_t), in
 * @a pool. */
rc_err_t *rc_git_diff_changes(apr_array_header_t **changes, rc_git_t *git, const char *id,
                              apr_pool_t *err_pool, apr_pool_t *pool);

#endif
