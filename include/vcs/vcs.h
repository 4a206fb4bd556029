// SPDX-License-Identifier: Apache-2.0
/*
 * Reads repositories, whatever their type. Each type has a back end, a row of functions
 * (src/vcs/backend.h). No message here is for clients: "not there" is an answer (*out = NULL), and
 * everything else an internal error, unless a function says otherwise.
 */
#ifndef RC_VCS_VCS_H
#define RC_VCS_VCS_H

#include <stdbool.h>

#include <apr_tables.h>

#include "archive/archive.h"
#include "base/spool.h"
#include "base/work.h"
#include "remote/remote.h"

/* The open repositories of one process. Thread-safe. */
typedef struct rc_vcs_pool_t rc_vcs_pool_t;

/* One open repository, used by one thread at a time. */
typedef struct rc_vcs_t rc_vcs_t;

typedef struct rc_commit_t {
    const char *id;             /* full, in the form that the type gives it */
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

typedef struct rc_vcs_file_t {
    const char *name;
    const char *data;
    apr_size_t len;
} rc_vcs_file_t;

/* What a type of repository can do, and what its ids look like. */
typedef struct rc_capabilities_t {
    bool mails;           /* commits as mails that can be applied (rc_vcs_mail, rc_vcs_series) */
    bool strip;           /* rc_vcs_strip */
    bool pull;            /* rc_vcs_fetch */
    bool named_branches;  /* each commit is on a branch for good */
    bool bookmarks;       /* RC_BOOKMARKS may be there */
    bool closed_branches; /* RC_CLOSED_BRANCHES may be there */
    int id_length;        /* characters of a full id; 0: they differ */
    int short_length;     /* characters of a short id */
    int prefix_least;     /* characters of a prefix that names a commit; 0: none does */
    const char *null_id;  /* of what is not there; NULL: there is none */
} rc_capabilities_t;

/* A commit to be made of files alone. */
typedef struct rc_import_t {
    const rc_vcs_file_t *files; /* names without slashes */
    int n_files;
    const char *author, *email, *message;
} rc_import_t;

typedef rc_err_t *rc_vcs_file_fn_t(void *baton, const rc_vcs_file_t *file);

/** Prepares the libraries behind the back ends. Once per process, before threads start. */
rc_err_t *rc_vcs_startup(apr_pool_t *pool);

/** A pool that keeps at most @a max_idle unused repositories open. Closed with @a pool. */
rc_err_t *rc_vcs_pool_create(rc_vcs_pool_t **out, int max_idle, apr_pool_t *pool);

/** Forgets idle handles of @a path (the repository was renamed, replaced or deleted). */
void rc_vcs_pool_forget(rc_vcs_pool_t *vcs_pool, const char *path);

/** True when there is a back end for @a type. */
bool rc_vcs_known_type(const char *type);

/** What @a type can do; NULL for an unknown one. */
const rc_capabilities_t *rc_vcs_capabilities(const char *type);

/** The same for an open repository. */
const rc_capabilities_t *rc_vcs_can(const rc_vcs_t *vcs);

/** Makes an empty bare repository of @a type at @a path, which must not exist. What it, the import
 * and the copy write is not synced: the caller syncs the finished tree (rc_disk_txn_made). */
rc_err_t *rc_vcs_create(const char *type, const char *path, apr_pool_t *pool);

/** Makes the first commit of the empty repository at @a path. A name that the type can not hold is
 * RC_E_FAILED. */
rc_err_t *rc_vcs_import(const char *type, const char *path, const rc_import_t *import,
                        apr_pool_t *pool);

/**
 * Makes @a to, which must not exist, a bare copy of the repository at @a from: all branches and
 * tags, and all that they lead to. It borrows nothing from the source. Others may write
 * to the source meanwhile. Ends with the time or the client of @a work.
 */
rc_err_t *rc_vcs_copy(const char *type, const char *from, const char *to, rc_work_t *work,
                      apr_pool_t *pool);

/* What a directory is. */
typedef enum {
    RC_FOUND_NOTHING,
    RC_FOUND_DAMAGED,   /* like a repository, but not whole; rc_vcs_repair may mend it */
    RC_FOUND_UNUSABLE,  /* a repository that cannot be served */
    RC_FOUND_REPOSITORY /* one that can, as far as names tell */
} rc_found_t;

typedef struct rc_detected_t {
    rc_found_t found;
    const char *type; /* NULL: nothing, or a type without a back end */
    const char *why;  /* why it cannot be served, for the administrator; else NULL */
} rc_detected_t;

/** Which repository is in the directory @a path? Opens none. */
void rc_vcs_detect(rc_detected_t *detected, const char *path, apr_pool_t *pool);

/** True when no repository is at @a path any more; false, too, when that cannot be looked at. */
bool rc_vcs_is_gone(const char *path, apr_pool_t *pool);

/** The text that the repository of @a type at @a path has of itself; NULL: none. */
const char *rc_vcs_description(const char *type, const char *path, apr_pool_t *pool);

/** Can the repository at @a path be opened? *@a problem is NULL, or says what is wrong and what
 * rc_vcs_repair makes of it. */
rc_err_t *rc_vcs_check(const char **problem, const char *type, const char *path, apr_pool_t *pool);

/** Mends what rc_vcs_check finds; *@a done says what, or is NULL. @a wanted: the branch that is to
 * be the first one, if there is a choice, or NULL. */
rc_err_t *rc_vcs_repair(const char **done, const char *type, const char *path, const char *wanted,
                        apr_pool_t *pool);

/**
 * Fetches all branches and tags of @a url over those of the repository of @a type at @a path. With
 * @a set_head its first branch follows the remote's (after a clone). What is fetched is moved in
 * only when complete; references change all or none. Refusals, time-outs and failures of the other
 * side are RC_E_FAILED; so is a type that is not fetched. The caller holds the repository's write
 * lock. ssh uses the keys and known hosts of the server's user, and only known hosts.
 */
rc_err_t *rc_vcs_fetch(const char *type, const rc_remote_policy_t *policy, const char *path,
                       const char *url, bool set_head, apr_pool_t *pool);

/**
 * May a repository of @a type fetch from @a url? Checks form, scheme, every address its host has
 * now, and what a file remote leads to, which takes bounded time. RC_E_FAILED says why not (its
 * detail never holds the URL's credentials).
 */
rc_err_t *rc_vcs_check_remote(const char *type, const rc_remote_policy_t *policy, const char *url,
                              apr_pool_t *pool);

/** Do branches and tags lead to objects that are there? *@a problem as above. */
rc_err_t *rc_vcs_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool);

/** Forgets what is cached of the repository at @a path, in this process and beside it. */
void rc_vcs_drop_cache(rc_vcs_pool_t *vcs_pool, const char *type, const char *path,
                       apr_pool_t *pool);

/**
 * Opens the repository of @a type at @a path, or reuses an idle handle that is still true to the
 * disk. The handle goes back to @a vcs_pool when @a pool ends; errors live in @a pool. A NULL @a
 * vcs_pool keeps nothing: the handle is closed with @a pool. All that is read through it counts
 * against @a work, which lives as long as @a pool (NULL: without limits).
 */
rc_err_t *rc_vcs_open(rc_vcs_t **out, rc_vcs_pool_t *vcs_pool, const char *type, const char *path,
                      rc_work_t *work, apr_pool_t *pool);

/**
 * Looks at the disk again. What a handle answers about branches, tags and the order is of one
 * moment: that of the first question after rc_vcs_open, or of the last rc_vcs_refresh.
 */
rc_err_t *rc_vcs_refresh(rc_vcs_t *vcs);

/** A word for what branches and tags there are and where they lead, in @a pool: another one as soon
 * as any of it is another. */
rc_err_t *rc_vcs_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool);

/** The same word for the repository of @a type at @a path, without opening it: when this process
 * has read its references and nothing has changed since, as far as file times tell; else NULL. */
const char *rc_vcs_known_state(const char *type, const char *path, apr_pool_t *pool);

/** Number of commits in the repository order: reachable from branches and tags. 0 = empty. */
rc_err_t *rc_vcs_count(apr_int64_t *count, rc_vcs_t *vcs);

/* A commit of the repository order. */
typedef struct rc_rev_t {
    apr_int64_t index; /* from 0; -1: there is none */
    const char *id;    /* full; NULL: there is none */
} rc_rev_t;

/**
 * The commit that @a text names (contract 02 §1.8): tip, index, branch, tag, full id, unambiguous
 * prefix. rev->id is NULL when there is none, else in @a pool. NULL or "" = tip.
 */
rc_err_t *rc_vcs_resolve(rc_rev_t *rev, rc_vcs_t *vcs, const char *text, apr_pool_t *pool);

/** The commit at @a index of the repository order; rev->id is NULL when out of range. */
rc_err_t *rc_vcs_rev_at(rc_rev_t *rev, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool);

/** Reads the commit @a rev, which must be one that is there. */
rc_err_t *rc_vcs_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_pool_t *pool);

/** The same, with at most RC_VCS_SHORT bytes of message and of author, however long they are. */
#define RC_VCS_SHORT ((apr_size_t)64 << 10)
rc_err_t *rc_vcs_commit_short(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev,
                              apr_pool_t *pool);

/** The last commit of the repository order, short; NULL in an empty repository. */
rc_err_t *rc_vcs_last_commit(rc_commit_t **out, rc_vcs_t *vcs, apr_pool_t *pool);

/** The first characters of an id, as many as a short one of @a type has. In @a pool. */
const char *rc_vcs_short_id(const char *type, const char *id, apr_pool_t *pool);

/* What the repository order knows of a commit. */
typedef struct rc_position_t {
    const char *id;   /* NULL: no commit has this index */
    apr_int64_t time; /* committer time, epoch seconds */
    int parents;
} rc_position_t;

/** The commit at @a index of the repository order; the id is in @a pool. No object is read. */
rc_err_t *rc_vcs_position(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                          apr_pool_t *pool);

/**
 * The commits from one to another, in the order in which they are sent as mails (for git: those of
 * `first^..last`): of apr_int64_t, in @a pool. Only for types with mails. *@a indexes is NULL when
 * @a last does not reach @a first. No object is read.
 */
rc_err_t *rc_vcs_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool);

/** Committer time (epoch seconds) of the commit @a rev; reads no object. */
rc_err_t *rc_vcs_time(apr_int64_t *time, rc_vcs_t *vcs, const rc_rev_t *rev);

/**
 * Appends to @a spool the diff of the commit against its first parent (a root commit: against
 * nothing), in the form of its type; for git what `git diff -U<n> --full-index --binary -p -M`
 * prints, byte for byte. After an error
 * a part of it may stand in the spool. RC_E_LIMIT: the commit changes too many files, the spool is
 * full, or the work is used up.
 */
rc_err_t *rc_vcs_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch);

typedef struct rc_mail_t {
    rc_diff_options_t diff;
    apr_int64_t number, total; /* [PATCH number/total]; total 0: [PATCH] */
} rc_mail_t;

/**
 * Appends to @a spool the commit as a mail; RC_E_FAILED for a type without mails. For git it is the
 * one that `git format-patch --stdout --full-index --binary` makes, byte for byte but for the
 * signature, and a merge as if its first parent was its only one. As git does: nothing for a commit
 * without changes, and blank lines before a mail that is not the first in the spool.
 */
rc_err_t *rc_vcs_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch);

/** Calls @a fn for each file at the top of commit @a id, by name. */
rc_err_t *rc_vcs_files(rc_vcs_t *vcs, const char *id, rc_vcs_file_fn_t *fn, void *baton,
                       apr_pool_t *scratch);

/* What a commit does to one path. */
typedef struct rc_change_t {
    const char *path; /* the new one of a rename; bytes as the repository has them */
    char op;          /* A, M or D */
    /* the rest only with RC_CHANGES_DIFFS; rc_vcs_stat sets added, deleted and hunks */
    const char *old_id, *new_id; /* of the contents; the null id when not there; NULL: they are the
                                    same, or have none */
    const char *diff; /* the hunks; without hunks all that follows the words "diff --git" */
    apr_size_t diff_len;
    apr_int64_t added, deleted; /* lines */
    bool hunks;                 /* rc_vcs_stat: lines were counted */
} rc_change_t;

typedef rc_err_t *rc_change_fn_t(void *baton, const rc_change_t *change);

typedef enum {
    RC_CHANGES_NAMES, /* against every parent: all A, then M, then D, each by path */
    RC_CHANGES_DIFFS  /* against the first parent, renames found (they are M): all A, then M, D */
} rc_changes_t;

/**
 * Calls @a fn for each path that @a commit changes (contract 02 §1.7). A root commit adds all its
 * files. @a temp_dir receives a diff too large for memory.
 */
rc_err_t *rc_vcs_changes(rc_vcs_t *vcs, const rc_commit_t *commit, rc_changes_t what,
                         const char *temp_dir, rc_change_fn_t *fn, void *baton,
                         apr_pool_t *scratch);

/* How far rc_vcs_stat goes; it takes off what it has used. */
typedef struct rc_stat_limits_t {
    int entries;      /* files and directories to be compared */
    apr_size_t bytes; /* of contents to be read */
} rc_stat_limits_t;

/**
 * Calls @a fn for the paths that commit @a id changes against its first parent, in the order of the
 * type, without looking for renames, and with the lines added and deleted in text files that are
 * not too large. *@a more: the limits were reached, there may be others.
 */
rc_err_t *rc_vcs_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch);

typedef struct rc_node_t {
    const char *path; /* from the root of the repository */
    bool is_dir;
    bool missing;     /* what it holds cannot be read: data and len mean nothing */
    const char *data; /* of a file; a link's target */
    apr_size_t len;
} rc_node_t;

typedef rc_err_t *rc_node_fn_t(void *baton, const rc_node_t *node);

/* What rc_vcs_nodes lists. */
typedef enum {
    RC_NODES_FILES, /* with their contents */
    RC_NODES_NAMES, /* files without their contents: data is NULL */
    RC_NODES_DIRS
} rc_nodes_t;

/**
 * Calls @a fn for @a what is below @a root of commit @a id: a directory's entries by name before
 * those of its sub-directories; no submodules. A large content is not in memory, but in a file
 * without a name in @a temp_dir that is mapped. *@a found is false when there is nothing at @a
 * root; a file there has nothing below it. A NULL @a fn: only *@a found is wanted. An entry that
 * cannot be read does not end the list: it is marked as missing, and a list of files names such a
 * directory, too.
 */
rc_err_t *rc_vcs_nodes(bool *found, rc_vcs_t *vcs, const char *id, const char *root,
                       rc_nodes_t what, const char *temp_dir, rc_node_fn_t *fn, void *baton,
                       apr_pool_t *scratch);

/* What stands at one path of a commit. */
typedef enum {
    RC_ENTRY_NONE, /* nothing */
    RC_ENTRY_FILE,
    RC_ENTRY_PROGRAM, /* a file that may be run */
    RC_ENTRY_LINK,
    RC_ENTRY_DIR,
    RC_ENTRY_SUBMODULE
} rc_entry_kind_t;

typedef struct rc_entry_t {
    rc_entry_kind_t kind;
    const char *path; /* without empty parts: "/a//b/" -> "a/b" */
    const char *id;   /* of what stands there, in the back end's words */
    apr_off_t size;   /* bytes of a file, or of a link's target */
} rc_entry_t;

/* A content of this many bytes is costly to get. */
#define RC_VCS_LARGE ((apr_off_t)8 << 20)

/** Finds what stands at @a path of commit @a id. Reads no content. Texts live in @a pool. */
rc_err_t *rc_vcs_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, const char *path,
                       apr_pool_t *pool);

/** Appends the content of a file, or a link's target, to @a spool. Memory stays below twice
 * RC_VCS_LARGE however large it is. After an error a part of it may stand in the spool. */
rc_err_t *rc_vcs_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry);

/** Appends the diff (git: `git diff -U<n> --full-index --binary`) of two files (or links); either
 * may be RC_ENTRY_NONE. As rc_vcs_diff. */
rc_err_t *rc_vcs_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch);
/**
 * Calls @a fn for each file and link of commit @a id, and before what it holds for each directory,
 * in the order of the trees; no submodules, nothing that .gitattributes keeps out of archives,
 * contents as the attributes convert them. A large content comes in a file without a name in @a
 * temp_dir. No path leads out of the directory that they all are unpacked in. Before the first call
 * all directories were read: RC_E_NOTFOUND, with a text for clients, when the commit cannot be
 * exported.
 */
rc_err_t *rc_vcs_export(rc_vcs_t *vcs, const char *id, const char *temp_dir, rc_item_fn_t *fn,
                        void *baton, apr_pool_t *scratch);

typedef enum { RC_BRANCHES, RC_CLOSED_BRANCHES, RC_BOOKMARKS, RC_TAGS } rc_refs_t;

/** Calls @a fn for each reference of a kind, by name, with the commit it leads to; never for a kind
 * that the type does not have. */
rc_err_t *rc_vcs_refs(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton);

/**
 * Sets @a branch to the one parent of the commit that @a text names: the commit and its descendants
 * leave the branch. RC_E_FAILED when the branch does not hold such a commit, or somebody else
 * changed it just now. The caller holds the repository's write lock by the descriptor @a lock,
 * which is kept until the work is over, even when this process dies.
 */
rc_err_t *rc_vcs_strip(rc_vcs_t *vcs, const char *branch, const char *text, int lock,
                       apr_pool_t *pool);

#endif
