// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and changes open repositories of any type; library.h has what is done to them by their
 * path. Each type has a back end: a row of functions (src/vcs/backend.h). Error messages are for
 * the log, not for clients. "Not found" is a result (*out = NULL); every other failure is
 * RC_E_INTERNAL, unless a function says otherwise.
 */
#ifndef RC_VCS_VCS_H
#define RC_VCS_VCS_H

#include <stdbool.h>

#include <apr_tables.h>

#include "archive/archive.h"
#include "base/spool.h"
#include "vcs/library.h"

/* The open repositories of one process. Thread-safe. */
typedef struct rc_vcs_pool_t rc_vcs_pool_t;

/* One open repository, used by one thread at a time. */
typedef struct rc_vcs_t rc_vcs_t;

typedef struct rc_commit_t {
    const char *id;             /* full, in the form of its type */
    apr_int64_t revision;       /* index in the repository order (contract 02 §1.8), from 0 */
    const char *message;        /* whole message in valid UTF-8, trailing newline kept */
    apr_int64_t time;           /* committer time, epoch seconds */
    const char *author;         /* Name <mail>, valid UTF-8 */
    const char *const *parents; /* ids, ended by NULL */
    const char *branch;         /* first branch (ascending) whose head this commit is, or NULL */
} rc_commit_t;

typedef struct rc_diff_options_t {
    int context;       /* lines of context */
    bool ignore_space; /* git's -w */
} rc_diff_options_t;

typedef rc_err_t *rc_vcs_file_fn_t(void *baton, const rc_vcs_file_t *file);

/** Creates a pool that keeps at most @a max_idle unused repositories open. It is closed when
 * @a pool is destroyed. */
rc_err_t *rc_vcs_pool_create(rc_vcs_pool_t **out, int max_idle, apr_pool_t *pool);

/** Closes the handles that are too many, or have been idle for too long: some minutes, or a second
 * when the process keeps too much memory (base/kept.h). Frees what the back ends remember beyond
 * their limits of repositories that were not used for some seconds. */
void rc_vcs_pool_sweep(rc_vcs_pool_t *vcs_pool);

/** Closes the idle handles of @a path (the repository was renamed, replaced or deleted), and
 * discards what the back ends remember of it. */
void rc_vcs_pool_forget(rc_vcs_pool_t *vcs_pool, const char *path);

/** Returns what the type of an open repository can do. */
const rc_capabilities_t *rc_vcs_can(const rc_vcs_t *vcs);

/** Checks that branches and tags lead to existing objects, and that the repository's own settings
 * run no programs. Sets *@a problem as rc_vcs_check does. */
rc_err_t *rc_vcs_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool);

/** Discards everything cached about the repository at @a path: in this process, and in the cache
 * files on the disk. */
void rc_vcs_drop_cache(rc_vcs_pool_t *vcs_pool, const char *type, const char *path,
                       apr_pool_t *pool);

/**
 * Opens the repository of @a type at @a path, or reuses an idle handle that still matches the disk.
 * The handle returns to @a vcs_pool when @a pool is destroyed; with a NULL @a vcs_pool it is closed
 * then. Errors live in @a pool. Everything read through the handle counts against @a work, which
 * must live as long as @a pool (NULL: no limits).
 */
rc_err_t *rc_vcs_open(rc_vcs_t **out, rc_vcs_pool_t *vcs_pool, const char *type, const char *path,
                      rc_work_t *work, apr_pool_t *pool);

/**
 * Takes a new snapshot of branches, tags and the repository order. A handle reads them all from one
 * snapshot, which is taken at the first use after rc_vcs_open and at each rc_vcs_refresh.
 */
rc_err_t *rc_vcs_refresh(rc_vcs_t *vcs);

/** Sets *@a state to a fingerprint of all branches and tags and the commits they lead to, in
 * @a pool. It differs as soon as any of them differs. */
rc_err_t *rc_vcs_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool);

/** Returns the same fingerprint for the repository of @a type at @a path without opening it; NULL
 * unless this process has read its references before and file times show no change since, or
 * it is the one that the caller was @a told before. */
const char *rc_vcs_known_state(const char *type, const char *path, const char *told,
                               apr_pool_t *pool);

/* What is known of the answer to a command of the type's own clients. */
typedef struct rc_asked_t {
    bool answered;    /* it is complete */
    const char *same; /* else: a text that names the answer, for a cache; NULL: there is none */
} rc_asked_t;

/** Answers the command @a command of the type's own clients without a program, into @a spool, if it
 * can; else a program of rc_vcs_serve must. @a arguments: a query string. Memory in @a pool. */
rc_err_t *rc_vcs_ask(rc_asked_t *asked, rc_spool_t *spool, rc_vcs_t *vcs, const char *command,
                     const char *arguments, apr_pool_t *pool);

/** Number of commits in the repository order: reachable from branches and tags. 0 = empty. In a
 * repository of Mercurial some below it may be hidden: no commit has such an index. */
rc_err_t *rc_vcs_count(apr_int64_t *count, rc_vcs_t *vcs);

/* A commit of the repository order. */
typedef struct rc_rev_t {
    apr_int64_t index; /* from 0; -1: no such commit */
    const char *id;    /* full; NULL: no such commit */
} rc_rev_t;

/**
 * Finds the commit that @a text names (contract 02 §1.8): tip, full id, index, branch, bookmark,
 * tag or unambiguous prefix; NULL and "" name the tip. rev->id is NULL when there is none, else in
 * @a pool.
 */
rc_err_t *rc_vcs_resolve(rc_rev_t *rev, rc_vcs_t *vcs, const char *text, apr_pool_t *pool);

/** Finds the commit at @a index of the repository order; rev->id is NULL when out of range or
 * hidden, else in @a pool. */
rc_err_t *rc_vcs_rev_at(rc_rev_t *rev, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool);

/** Reads the commit @a rev into @a pool. It must exist: rev->id is not NULL. */
rc_err_t *rc_vcs_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_pool_t *pool);

/** The same, with message and author cut to RC_VCS_SHORT bytes each. */
#define RC_VCS_SHORT ((apr_size_t)64 << 10)
rc_err_t *rc_vcs_commit_short(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev,
                              apr_pool_t *pool);

/** Reads the last commit of the repository order, as rc_vcs_commit_short does; *@a out is NULL for
 * an empty repository. */
rc_err_t *rc_vcs_last_commit(rc_commit_t **out, rc_vcs_t *vcs, apr_pool_t *pool);

/** Returns @a id cut to the length of a short id of @a type, in @a pool. */
const char *rc_vcs_short_id(const char *type, const char *id, apr_pool_t *pool);

/* What the repository order stores about a commit. */
typedef struct rc_position_t {
    const char *id;   /* NULL: no commit has this index */
    apr_int64_t time; /* committer time, epoch seconds */
    int parents;
    const char *digest; /* differs as soon as anything of the commit differs; NULL: the id does */
} rc_position_t;

/** Describes the commit at @a index of the repository order, with the texts in @a pool. Reads no
 * object. */
rc_err_t *rc_vcs_position(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                          apr_pool_t *pool);

/**
 * Lists the commits from @a first to @a last in the order in which they are sent as mails (for git:
 * those of `first^..last`): an array of apr_int64_t in @a pool. *@a indexes is NULL when @a first
 * is not reachable from @a last. Only for types with capability mails. Reads no object.
 */
rc_err_t *rc_vcs_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool);

/**
 * Lists the commits that @a heads reach and @a old do not (arrays of full ids, const char *),
 * oldest first: an array of ids in @a pool; of more than @a most the newest ones. An id that names
 * nothing is ignored; an old one may lead to a commit that no reference reaches. Empty for a type
 * that does not know.
 */
rc_err_t *rc_vcs_new_commits(apr_array_header_t **ids, rc_vcs_t *vcs,
                             const apr_array_header_t *heads, const apr_array_header_t *old,
                             int most, apr_pool_t *pool);

/** Sets *@a time to the committer time (epoch seconds) of the commit @a rev. Reads no object. */
rc_err_t *rc_vcs_time(apr_int64_t *time, rc_vcs_t *vcs, const rc_rev_t *rev);

/**
 * Appends to @a spool the diff of the commit against its first parent (a root commit: against
 * nothing), in the form of its type; for git what `git diff -U<n> --full-index --binary -p -M`
 * prints, byte for byte. After an error the spool may hold a part of it. Returns RC_E_LIMIT when
 * the commit changes too many files, the spool is full, or the work is used up.
 */
rc_err_t *rc_vcs_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch);

typedef struct rc_mail_t {
    rc_diff_options_t diff;
    apr_int64_t number, total; /* [PATCH number/total]; total 0: [PATCH] */
} rc_mail_t;

/**
 * Appends to @a spool the commit as a mail. Returns RC_E_FAILED for a type without mails. For git
 * it is the output of `git format-patch --stdout --full-index --binary`, byte for byte except the
 * signature; a merge is printed as if its first parent were its only one. As in git, a commit
 * without changes has no mail, and blank lines precede a mail that is not the first in the spool.
 */
rc_err_t *rc_vcs_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch);

/** Calls @a fn for each file in the top directory of commit @a id, sorted by name. The file's texts
 * are valid during the call only. */
rc_err_t *rc_vcs_files(rc_vcs_t *vcs, const char *id, rc_vcs_file_fn_t *fn, void *baton,
                       apr_pool_t *scratch);

/* What a commit does to one path. */
typedef struct rc_change_t {
    const char *path; /* of a rename, the new path; bytes as the repository stores them */
    char op;          /* A, M or D */
    /* the rest is set with RC_CHANGES_DIFFS only; rc_vcs_stat sets added, deleted and hunks */
    const char *old_id, *new_id; /* of the contents; the null id for a missing side; NULL when the
                                    contents are the same or have no id */
    const char *diff; /* the hunks; without hunks, all that follows the words "diff --git" */
    apr_size_t diff_len;
    apr_int64_t added, deleted; /* lines */
    bool hunks;                 /* the diff has hunks; rc_vcs_stat: lines were counted */
} rc_change_t;

typedef rc_err_t *rc_change_fn_t(void *baton, const rc_change_t *change);

typedef enum {
    RC_CHANGES_NAMES, /* against every parent (with capability merges_plain: the first): all A,
                         then M, then D, each sorted by path */
    RC_CHANGES_DIFFS  /* against the first parent, a rename as one M: all A, then M, then D */
} rc_changes_t;

/**
 * Calls @a fn for each path that @a commit changes (contract 02 §1.7). A root commit adds all its
 * files. A diff too large for memory is written to a file in @a temp_dir.
 */
rc_err_t *rc_vcs_changes(rc_vcs_t *vcs, const rc_commit_t *commit, rc_changes_t what,
                         const char *temp_dir, rc_change_fn_t *fn, void *baton,
                         apr_pool_t *scratch);

/* Limits of rc_vcs_stat, which subtracts what it has used. */
typedef struct rc_stat_limits_t {
    int entries;      /* files and directories to compare */
    apr_size_t bytes; /* of contents to read */
} rc_stat_limits_t;

/**
 * Calls @a fn for the paths that commit @a id changes against its first parent, in the order of the
 * type, without rename detection, with the numbers of lines added and deleted in text files that
 * are not too large. Sets *@a more when a limit was reached, so that changes may be left out.
 */
rc_err_t *rc_vcs_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch);

typedef struct rc_node_t {
    const char *path; /* from the root of the repository */
    bool is_dir;
    bool missing;     /* its content cannot be read: data and len are undefined */
    const char *data; /* of a file; a link's target */
    apr_size_t len;
    const unsigned char *md5; /* of the data; NULL: not computed */
} rc_node_t;

typedef rc_err_t *rc_node_fn_t(void *baton, const rc_node_t *node);

/* What rc_vcs_nodes lists. */
typedef enum {
    RC_NODES_FILES, /* files with their contents */
    RC_NODES_NAMES, /* files without their contents: data is NULL */
    RC_NODES_DIRS
} rc_nodes_t;

/**
 * Calls @a fn for each node of kind @a what below @a root in commit @a id: the entries of a
 * directory by name, then those of its sub-directories; no submodules. A large content is not held
 * in memory: it is mapped from an unnamed file in @a temp_dir. Sets *@a found to false when nothing
 * is at @a root; a file there has an empty list. With a NULL @a fn only *@a found is set. An entry
 * that cannot be read does not end the list: it is marked as missing, and even a list of files
 * includes such a directory.
 */
rc_err_t *rc_vcs_nodes(bool *found, rc_vcs_t *vcs, const char *id, const char *root,
                       rc_nodes_t what, const char *temp_dir, rc_node_fn_t *fn, void *baton,
                       apr_pool_t *scratch);

/* The kind of entry at one path of a commit. */
typedef enum {
    RC_ENTRY_NONE, /* nothing */
    RC_ENTRY_FILE,
    RC_ENTRY_PROGRAM, /* an executable file */
    RC_ENTRY_LINK,
    RC_ENTRY_DIR,
    RC_ENTRY_SUBMODULE
} rc_entry_kind_t;

typedef struct rc_entry_t {
    rc_entry_kind_t kind;
    const char *path; /* without empty parts: "/a//b/" -> "a/b" */
    const char *id;   /* of the entry, in the form of the back end */
    apr_off_t size;   /* bytes of a file, or of a link's target */
} rc_entry_t;

/* Contents of this many bytes or more are costly; they are not read into memory as a whole. */
#define RC_VCS_LARGE ((apr_off_t)8 << 20)

/** Finds the entry at @a path of commit @a id. Reads no content. Texts live in @a pool. */
rc_err_t *rc_vcs_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, const char *path,
                       apr_pool_t *pool);

/** Lists the entries of the directory @a dir (rc_vcs_entry) of commit @a id, sorted by name: an
 * array of rc_entry_t in @a pool, whose paths are names and whose sizes are not set. */
rc_err_t *rc_vcs_directory(apr_array_header_t **entries, rc_vcs_t *vcs, const char *id,
                           const rc_entry_t *dir, apr_pool_t *pool);

/** Appends the content of a file, or a link's target, to @a spool. Uses less memory than twice
 * RC_VCS_LARGE, whatever the size. After an error the spool may hold a part of it. */
rc_err_t *rc_vcs_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry);

/** Appends the diff (git: `git diff -U<n> --full-index --binary`) of two files or links, one of
 * which may be RC_ENTRY_NONE. Errors as of rc_vcs_diff. */
rc_err_t *rc_vcs_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch);

/**
 * Calls @a fn for each directory, file and link of commit @a id below the directory @a top, with
 * paths from there, a directory before its entries, in the order of the trees. @a top is "" except
 * for types with capability paths_as_refs. Leaves out submodules and what .gitattributes keeps out
 * of archives; contents are converted as the attributes say. A large content is passed as an
 * unnamed file in @a temp_dir. No path leads out of the directory where the archive is unpacked.
 * Reads all directories before the first call: returns RC_E_NOTFOUND, with a text for clients, when
 * the commit cannot be exported.
 */
rc_err_t *rc_vcs_export(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                        rc_item_fn_t *fn, void *baton, apr_pool_t *scratch);

/** Sets which directories are branches and tags, for types with capability paths_as_refs: paths
 * with blanks between them; a final * stands for any name. Both texts must live as long as
 * @a vcs. */
void rc_vcs_set_patterns(rc_vcs_t *vcs, const char *branches, const char *tags);

typedef enum { RC_BRANCHES, RC_CLOSED_BRANCHES, RC_BOOKMARKS, RC_TAGS } rc_refs_t;

/** Sets *@a id, in @a pool, to the commit that the reference @a name of one kind leads to; NULL
 * when there is none. */
rc_err_t *rc_vcs_ref(const char **id, rc_vcs_t *vcs, rc_refs_t kind, const char *name,
                     apr_pool_t *pool);

/** Finds the commit that the reference @a name of a kind leads to, whatever else has that name; rev
 * as by rc_vcs_resolve. */
rc_err_t *rc_vcs_resolve_ref(rc_rev_t *rev, rc_vcs_t *vcs, rc_refs_t kind, const char *name,
                             apr_pool_t *pool);

/** Calls @a fn for each reference of a kind, sorted by name, with the id of the commit it leads to.
 * A kind that the type does not have is empty. */
rc_err_t *rc_vcs_refs(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton);

/**
 * Sets @a branch to the only parent of the commit that @a text names, so that this commit and its
 * descendants leave the branch; with capability named_branches they leave the repository, and an
 * empty @a branch is accepted. Returns RC_E_FAILED when the branch does not contain such a commit
 * (or does not exist), or another writer changed it meanwhile. The caller must hold the
 * repository's write lock through the descriptor @a lock, which stays open until the work is done,
 * even when this process dies. @a work_dir: an empty directory of ours on the same file system.
 */
rc_err_t *rc_vcs_strip(rc_vcs_t *vcs, const char *branch, const char *text, int lock,
                       const char *work_dir, apr_pool_t *pool);

#endif
