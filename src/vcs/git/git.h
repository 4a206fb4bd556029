// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of the git back end share: one open repository, its branches and tags at one
 * moment, and the repository order that follows from them.
 */
#ifndef RC_VCS_GIT_GIT_H
#define RC_VCS_GIT_GIT_H

#include <sys/types.h>

#include <apr_tables.h>
#include <apr_time.h>
#include <git2.h>

#include "../backend.h"

#define RC_GIT_RAW          20                /* bytes of an id */
#define RC_GIT_PATH_MOST    ((size_t)1 << 20) /* bytes of one path */
#define RC_GIT_OBJECT_LIMIT ((size_t)1 << 30) /* bytes of one object */

/* --- watch.c: has anything changed on the disk? --- */

/** An empty list of what is watched. */
apr_array_header_t *rc_git_watch_list(apr_pool_t *pool);

/** Remembers in @a list what the file or directory @a path, which may be missing, looks like. */
void rc_git_watch(apr_array_header_t *list, const char *path);

/** True when all in @a list, looked at from @a taken on, is as it was, as far as file times tell.
 */
bool rc_git_watch_same(const apr_array_header_t *list, apr_time_t taken);

/** Watches the packs of a repository, and where else its objects are, before libgit2 looks. */
void rc_git_watch_packs(apr_array_header_t *list, const char *git_dir);

/* --- refs.c: branches and tags --- */

typedef struct rc_git_ref_t {
    const char *name; /* without refs/heads/ or refs/tags/ */
    git_oid target;   /* what the reference holds: a commit or an annotated tag */
    git_oid commit;   /* the commit it leads to */
    bool hidden;      /* broken: see refs.h */
} rc_git_ref_t;

/* All references at one moment. Shared by threads, never changed; lists of const rc_git_ref_t *. */
typedef struct rc_git_refs_t {
    apr_pool_t *pool;               /* its own; ends with it */
    apr_uint32_t users;             /* atomic */
    apr_time_t taken;               /* when reading began */
    apr_array_header_t *watched;    /* for watch.c: the files and directories that were read */
    struct rc_git_packed_t *packed; /* owns a part of the references below */
    apr_array_header_t *branches;   /* by name; only those that lead to commits */
    apr_array_header_t *tags;
    apr_array_header_t *heads;       /* the branches by commit, then by name */
    apr_array_header_t *others;      /* branches and tags of no commit, with their full names */
    apr_array_header_t *shallow;     /* of git_oid, sorted: commits whose parents are cut off */
    git_oid key;                     /* of all that decides the repository order */
    unsigned char state[RC_GIT_RAW]; /* a digest of that and of all names */
} rc_git_refs_t;

typedef struct rc_git_t rc_git_t;

/** Reads branches and tags. What @a base, an earlier reading or NULL, and the order of @a git know
 * already is not read again. */
rc_err_t *rc_git_refs_read(rc_git_refs_t **out, rc_git_t *git, const rc_git_refs_t *base,
                           apr_pool_t *pool);
rc_git_refs_t *rc_git_refs_hold(rc_git_refs_t *refs);
void rc_git_refs_free(rc_git_refs_t *refs);

/** About how many bytes it takes. */
apr_size_t rc_git_refs_weight(const rc_git_refs_t *refs);

/** True when nothing that was read has changed since, as far as file times can tell. */
bool rc_git_refs_current(const rc_git_refs_t *refs);

/** The reference called @a name in @a list (branches or tags), or NULL. */
const rc_git_ref_t *rc_git_ref_find(const apr_array_header_t *list, const char *name);

/** Name of the first branch whose head is @a commit, or NULL. */
const char *rc_git_head_name(const rc_git_refs_t *refs, const git_oid *commit);

/** True when the parents of @a commit are left out of a shallow repository. */
bool rc_git_cut_off(const rc_git_refs_t *refs, const git_oid *commit);

/* --- order.c: keeping the order; graph.c: making it --- */

/*
 * The order as one block of memory, the same in a file: see order.c. Commits are numbered by
 * their place in the order.
 */
typedef struct rc_git_order_t {
    apr_uint32_t users; /* atomic; shared by threads, never changed */
    void *block;
    size_t size;
    bool shallow; /* some parents are cut off */
    apr_uint32_t count;
    const unsigned char *key; /* of the references it was made from */
    apr_uint64_t *time;       /* committer time, as git compares it */
    apr_uint32_t *by_id;      /* numbers, sorted by id */
    apr_uint32_t *parents_at; /* count + 1 places in parents */
    apr_uint32_t *parents;    /* numbers */
    unsigned char *ids;       /* RC_GIT_RAW bytes each */
} rc_git_order_t;

/** Lays out a block for @a count commits with @a parents parents; NULL = no memory. */
rc_git_order_t *rc_git_order_alloc(apr_uint32_t count, apr_uint32_t parents,
                                   const rc_git_refs_t *refs);
rc_git_order_t *rc_git_order_hold(rc_git_order_t *order);
void rc_git_order_free(rc_git_order_t *order);

/** The order that stands in the repository's file; NULL when there is none that can be used. */
rc_git_order_t *rc_git_order_load(const rc_git_t *git, apr_pool_t *pool);

/** Writes that file. Where it cannot be written, the order stays in memory. */
void rc_git_order_save(rc_git_order_t *order, const rc_git_t *git, apr_pool_t *pool);

/** Removes that file. */
void rc_git_order_forget(const char *git_dir, apr_pool_t *pool);

/** Makes the order of @a refs; what @a known (or NULL) has is not read again. */
rc_err_t *rc_git_order_make(rc_git_order_t **order, rc_git_t *git, const rc_git_refs_t *refs,
                            const rc_git_order_t *known, apr_pool_t *pool);

/** Number of the commit @a id; -1 when it is not in the order. */
apr_int64_t rc_git_order_find(const rc_git_order_t *order, const unsigned char *id);

/** Place in by_id of the first commit whose id is not less than @a id; count = none is. */
apr_uint32_t rc_git_order_lower(const rc_git_order_t *order, const unsigned char *id);

/* --- share.c: references and orders, one of each per repository and process --- */

/* What the handles of one repository share. */
typedef struct rc_git_shared_t rc_git_shared_t;

rc_err_t *rc_git_share_startup(apr_pool_t *pool);

/** Frees all, when no handle is open any more and no thread runs. */
void rc_git_share_clear(void);

/** What is shared of the repository at @a git->path; NULL = no memory. */
rc_git_shared_t *rc_git_share_enter(const rc_git_t *git);
void rc_git_share_leave(rc_git_shared_t *shared);

/** Frees what is shared of the repository at @a path. */
void rc_git_share_forget(const char *path);

/** The state (rc_git_state) of the repository at @a path, if comparing file times suffices to know
 * it; else NULL. In @a pool. */
const char *rc_git_known_state(const char *path, apr_pool_t *pool);

/** The use of @a git has ended: it holds no references and no order any more. */
void rc_git_rest(rc_git_t *git);

/** Makes the references of @a git those of now, unless that happened in this use. */
rc_err_t *rc_git_look(rc_git_t *git, bool force, apr_pool_t *pool);

/** The same for references and order. */
rc_err_t *rc_git_refresh(rc_git_t *git, bool force, apr_pool_t *pool);

/* --- id.c --- */

/** Reads an id: 40 hex digits of either case, and no more. */
bool rc_git_hex(git_oid *id, const char *hex);
bool rc_git_whole_id(git_oid *id, const char *p, const char *end);

/** Reads the 40 digits at @a p; others may follow. */
bool rc_git_digits_at(git_oid *id, const char *p, const char *end);

/* --- commit.c --- */

/** @a text, @a len bytes of an encoding that a commit names, as UTF-8 in @a pool; NULL when the
 * encoding is unknown or the text is not of it. */
const char *rc_git_convert(const char *text, size_t len, const char *encoding,
                           const char *encoding_end, apr_pool_t *pool);

/** The tree of commit @a id and that of its first parent (@a *has_parent), for a diff. */
rc_err_t *rc_git_commit_trees(git_oid *tree, git_oid *parent_tree, bool *has_parent, rc_git_t *git,
                              const char *id, apr_pool_t *pool);

/* --- header.c --- */

/* A commit object's head lines; pointers into the object. */
typedef struct rc_git_header_t {
    git_oid tree;
    apr_array_header_t *parents;     /* of git_oid; NULL when the caller gave none to fill */
    apr_uint64_t time;               /* by which git orders commits; 0: unreadable */
    apr_uint64_t date;               /* of the committer, as git shows it; 0: unreadable */
    const char *author, *author_end; /* Name <mail> */
    const char *encoding, *encoding_end;
    const char *message, *end;
} rc_git_header_t;

/** Takes a raw commit apart. False when it is none. */
bool rc_git_header_parse(rc_git_header_t *header, const char *raw, size_t len);

/** The date in "Name <mail> seconds zone", as git shows it: behind the last '>'. False, and zeros,
 * without a number and a zone there. */
bool rc_git_ident_date(apr_uint64_t *seconds, int *zone, const char *ident, const char *end);

/* --- format.c --- */

/** RC_E_FAILED with a text for clients when the repository is of a format that we do not read. */
rc_err_t *rc_git_check_format(const char *git_dir, apr_pool_t *pool);

/* --- handle.c, table.h --- */

struct rc_git_t {
    git_odb *odb;         /* see objects.c */
    git_repository *repo; /* nothing but the objects of odb */
    char *path;           /* <directory> without a slash at the end */
    dev_t dev;
    ino_t ino;
    apr_pool_t *packs_pool; /* of packs; ends with the library side */
    apr_array_header_t *packs;
    apr_time_t packs_taken;
    size_t open_trees; /* bytes, of cursor.c */
    rc_work_t *work;   /* of this use; NULL: no limits */
    rc_git_shared_t *shared;
    rc_git_refs_t *refs;   /* of this use; NULL: not looked at yet */
    rc_git_order_t *order; /* that of refs, or an earlier one until that is needed */
    bool ordered;          /* it is that of refs */
};

/* --- directory.c --- */

rc_err_t *rc_git_create(const char *path, apr_pool_t *pool);
rc_found_t rc_git_detect(const char **why, const char *path, apr_pool_t *pool);
bool rc_git_is_gone(const char *path, apr_pool_t *pool);
const char *rc_git_description(const char *path, apr_pool_t *pool);

/* --- error.c --- */

/** RC_E_INTERNAL with the formatted words and what libgit2 says about the failure. */
rc_err_t *rc_git_err(apr_pool_t *pool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- reader.c --- */

/** The git directory of the repository at @a path: itself, or the .git within. In @a pool. */
const char *rc_git_dir(const char *path, apr_pool_t *pool);

/** Counts the object @a id, which is about to be read: before there is memory for it. */
rc_err_t *rc_git_spend(rc_git_t *git, const git_oid *id, apr_pool_t *pool);

/** Reads an object of type @a type; free it by git_odb_object_free. */
rc_err_t *rc_git_read(git_odb_object **out, rc_git_t *git, const git_oid *id, git_object_t type,
                      apr_pool_t *pool);

/** Opens libgit2's side; one that is open is closed first, which frees what its caches gathered.
 * After an error it is closed. */
rc_err_t *rc_git_reopen(rc_git_t *git, apr_pool_t *pool);

/** Closes libgit2's side. */
void rc_git_shut(rc_git_t *git);

/* --- entry.c: one file or directory --- */

/** The tree of commit @a id. Errors are in @a pool. */
rc_err_t *rc_git_root(git_oid *tree, rc_git_t *git, const char *id, apr_pool_t *pool);

/** What an entry of a tree is; of mode 0: nothing. */
rc_entry_kind_t rc_git_kind(apr_uint32_t mode);

rc_err_t *rc_git_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry);

/* --- diff/diff.c --- */

/** The changes of commit @a id, renames found, in @a pool (diff/change.h: rc_git_change_t). */
rc_err_t *rc_git_diff_changes(apr_array_header_t **changes, rc_git_t *git, const char *id,
                              apr_pool_t *err_pool, apr_pool_t *pool);

#endif
