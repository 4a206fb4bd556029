// SPDX-License-Identifier: Apache-2.0
/*
 * What can be done to a repository by its path and type, without opening it: detect, create, copy,
 * fetch, check and repair; and what each type can do at all.
 */
#ifndef RC_VCS_LIBRARY_H
#define RC_VCS_LIBRARY_H

#include <stdbool.h>

#include "base/process.h"
#include "base/work.h"
#include "remote/remote.h"

/* What a type of repository can do, and what its ids look like. */
typedef struct rc_capabilities_t {
    bool mails;           /* can print commits as mails to be applied (rc_vcs_mail, _series) */
    bool strip;           /* rc_vcs_strip */
    bool pull;            /* rc_vcs_fetch */
    bool maintenance;     /* rc_vcs_maintain */
    bool merges;          /* vcs/merge.h */
    bool named_branches;  /* a commit belongs to one branch, permanently */
    bool bookmarks;       /* has references of kind RC_BOOKMARKS */
    bool closed_branches; /* has references of kind RC_CLOSED_BRANCHES */
    bool numbered;        /* ids are numbers: a number names a revision, never an index */
    bool paths_as_refs;   /* branches and tags are directories; they lead to the last commit, and
                             none belongs to a commit; one can be archived alone */
    bool tip_tag;         /* the last commit is listed as the tag "tip" */
    bool merges_plain;    /* merges are commits like all others: what they change is against their
                             first parent, and they have mails */
    bool ranges_reached;  /* every range holds what rc_vcs_series says, not only one of mails */
    bool editable;        /* author, date and message of a commit can change */
    bool one_push;        /* one push at a time: what it has changed is found by comparing */
    int id_length;        /* characters of a full id; 0: the length varies */
    int short_length;     /* characters of a short id */
    int prefix_least;     /* minimum characters of an id prefix; 0: prefixes name no commit */
    const char *null_id;  /* the id of a missing commit or content; NULL: the type has none */
} rc_capabilities_t;

typedef struct rc_vcs_file_t {
    const char *name;
    const char *data;
    apr_size_t len;
} rc_vcs_file_t;

/* How rc_vcs_maintain works on a repository. */
typedef struct rc_maintain_t {
    int lock; /* of the repository: a program that may not be killed keeps it; 0 = none */
    apr_time_t deadline; /* on rc_clock() */
    int nice;            /* the priority of its programs, 1 to 19; 0 = that of this process */
    bool prune_now;      /* removes what nothing reaches at once, not after two weeks */
    bool (*go_on)(void *baton); /* false stops it; called four times a second. Or NULL */
    void (*progress)(void *baton, const char *action); /* before each action; or NULL */
    void *baton;
} rc_maintain_t;

/* A first commit to be made by rc_vcs_import: files at the top, no directories. */
typedef struct rc_import_t {
    const rc_vcs_file_t *files; /* names without slashes */
    int n_files;
    const char *author, *email, *message;
} rc_import_t;

/* One request of the type's own clients, to be answered by a program. */
typedef struct rc_serve_t {
    const char *path;                  /* of the repository */
    const char *home;                  /* a directory of ours, also for temporary files */
    const apr_array_header_t *request; /* of const char *: its variables of CGI, "NAME=value" */
    bool writes;                       /* the caller may change the repository */
    apr_off_t max_push;                /* bytes of its body when unpacked; 0 = no limit */
    apr_off_t max_memory;              /* bytes of memory of the program; 0 = no limit */
    apr_time_t deadline;               /* rc_clock() */
} rc_serve_t;

/* Exit statuses of such a program. */
#define RC_SERVE_REJECTED 65 /* the request is none of the protocol, or not allowed */
#define RC_SERVE_MOVED    69 /* the path leads to another repository than at the start, or to none */
#define RC_SERVE_BUSY     75 /* another process writes to the repository */

/** Initializes the libraries of all back ends. Call once per process, before threads start. */
rc_err_t *rc_vcs_startup(apr_pool_t *pool);

/** True when there is a back end for @a type. */
bool rc_vcs_known_type(const char *type);

/** Returns why there is no back end for @a type, for the log, in @a pool. */
const char *rc_vcs_unknown_type(const char *type, apr_pool_t *pool);

/** Returns what @a type can do; NULL for an unknown type. */
const rc_capabilities_t *rc_vcs_capabilities(const char *type);

/** Creates an empty bare repository of @a type at @a path, which must not exist. rc_vcs_create,
 * rc_vcs_import and rc_vcs_copy do not sync what they write: the caller syncs the finished tree
 * (rc_disk_txn_made). */
rc_err_t *rc_vcs_create(const char *type, const char *path, apr_pool_t *pool);

/** Makes the first commit of the empty repository at @a path. Returns RC_E_FAILED for a file name
 * that the type cannot store. */
rc_err_t *rc_vcs_import(const char *type, const char *path, const rc_import_t *import,
                        apr_pool_t *pool);

/**
 * Copies the repository at @a from to @a to, which must not exist, as a bare repository: all
 * branches and tags, and everything reachable from them. The copy does not depend on the
 * source afterwards. Others may write to the source meanwhile. Fails when the time of @a work is
 * over or its client has disconnected.
 */
rc_err_t *rc_vcs_copy(const char *type, const char *from, const char *to, rc_work_t *work,
                      apr_pool_t *pool);

/* What a directory holds; the greater value wins when two types match. */
typedef enum {
    RC_FOUND_NOTHING,
    RC_FOUND_DAMAGED,   /* an incomplete repository; rc_vcs_repair may repair it */
    RC_FOUND_UNUSABLE,  /* a repository that cannot be served */
    RC_FOUND_HOOKED,    /* a repository that can be read; who writes to it runs its programs */
    RC_FOUND_REPOSITORY /* a repository that can be served, judged by file names only */
} rc_found_t;

typedef struct rc_detected_t {
    rc_found_t found;
    const char *type; /* NULL: nothing, or a type without a back end */
    const char *why;  /* the reason it cannot be served, for the administrator; else NULL */
} rc_detected_t;

/** Detects which type of repository is in the directory @a path, without opening it. */
void rc_vcs_detect(rc_detected_t *detected, const char *path, apr_pool_t *pool);

/** True when there is certainly no repository at @a path any more; false also when the path cannot
 * be examined. */
bool rc_vcs_is_gone(const char *path, apr_pool_t *pool);

/** Returns the name of a program in the directory hooks of the repository at @a path, valid UTF-8
 * in @a pool; NULL when there is none. libsvn runs it when it writes to the repository (contract 07
 * §5). */
const char *rc_vcs_find_hook(const char *path, apr_pool_t *pool);

/** Returns the description stored inside the repository of @a type at @a path, in @a pool; NULL
 * when it has none. */
const char *rc_vcs_description(const char *type, const char *path, apr_pool_t *pool);

/** Looks for what would make reading a repository of unknown origin harmful; sets *@a problem to
 * it, in @a pool, NULL: nothing. Takes time for each commit; for repositories that are added. */
rc_err_t *rc_vcs_inspect(const char **problem, const char *type, const char *path,
                         apr_pool_t *pool);

/** Checks whether the repository at @a path can be opened. Sets *@a problem to NULL, or to a text
 * in @a pool: what is wrong, and what rc_vcs_repair would do about it. */
rc_err_t *rc_vcs_check(const char **problem, const char *type, const char *path, apr_pool_t *pool);

/** Repairs what rc_vcs_check finds. Sets *@a done to a description of the repair, or to NULL when
 * nothing was done. @a wanted: the preferred default branch when there is a choice, or NULL. */
rc_err_t *rc_vcs_repair(const char **done, const char *type, const char *path, const char *wanted,
                        apr_pool_t *pool);

/**
 * Removes from the repository at @a path what a writer that was killed left in the way of the next
 * one. Call it before a program, or another module of httpd, writes to the repository. The caller
 * holds at least the shared lock of the repository; other writers may be at work.
 */
rc_err_t *rc_vcs_settle(const char *type, const char *path, apr_pool_t *pool);

/** Says, until @a pool ends, that a commit is being made in the repository at @a path. If this
 * process is killed before, rc_vcs_settle undoes what the commit has begun. */
rc_err_t *rc_vcs_mark_commit(const char *type, const char *path, apr_pool_t *pool);

/**
 * Opens the repository at @a path in @a pool for another module of httpd, so that this does not
 * see what the process remembers of another one which was there. Sets *@a repository to what the
 * library of this type calls an open repository (of Subversion: svn_repos_t), or to NULL where no
 * module serves it.
 */
rc_err_t *rc_vcs_lend(void **repository, const char *type, const char *path, apr_pool_t *pool);

/**
 * Makes the repository at @a path small and fast to serve: one pack with an index of what each
 * commit reaches, no leftovers of programs that were interrupted, nothing that no reference has
 * reached for two weeks (contract 06 §3, §6). *@a actions: what was done, an array of texts in
 * @a pool, also after an error. Readers and pushes may go on meanwhile; the caller holds at least
 * the shared lock of the repository, with @a options->prune_now the exclusive one. RC_E_GONE when
 * go_on() stopped it; RC_E_FAILED when a program failed, time was over, the disk has too little
 * room, or the type has no maintenance.
 */
rc_err_t *rc_vcs_maintain(apr_array_header_t **actions, const char *type, const char *path,
                          const rc_maintain_t *options, apr_pool_t *pool);

/** Sets *@a needed to whether maintenance is due: the repository has many packs or loose objects,
 * or is large and has never had any. Takes a bounded look at file names. */
rc_err_t *rc_vcs_needs_maintenance(bool *needed, const char *type, const char *path,
                                   apr_pool_t *pool);

/** Removes what programs that were interrupted left in the repository, and nothing has changed for
 * two hours. *@a done: a text in @a pool, or NULL when there was nothing. */
rc_err_t *rc_vcs_sweep(const char **done, const char *type, const char *path, apr_pool_t *pool);

/**
 * Fetches all branches and tags of @a url into the repository of @a type at @a path,
 * overwriting those of the same name. With @a set_head the default branch becomes the remote's
 * (after a clone). Fetched objects are moved in only when complete; either all references change or
 * none. Returns RC_E_FAILED when the remote is refused, times out or fails, and for a type that
 * cannot fetch. The caller must hold the repository's write lock. ssh uses the keys and the known
 * hosts of the server's user, and connects to known hosts only.
 */
rc_err_t *rc_vcs_fetch(const char *type, const rc_remote_policy_t *policy, const char *path,
                       const char *url, bool set_head, apr_pool_t *pool);

/**
 * Sets @a proc up to answer one request of the clients of @a type: program, arguments, environment,
 * directory and limits; memory in @a pool. The caller sets input (the body), output, lock and
 * check. The program prints the media type of the answer, a line end, and the answer: of what is at
 * the path now, and of nothing that replaces it later. All settings are ours. Returns RC_E_FAILED
 * for a repository or type that cannot be served so, and RC_E_INTERNAL when the program is not
 * installed.
 */
rc_err_t *rc_vcs_serve(rc_proc_t *proc, const char *type, const rc_serve_t *serve,
                       apr_pool_t *pool);

/**
 * Checks whether a repository of @a type may fetch from @a url: the form, the scheme, every address
 * that its host has now, and the target of a file remote. Takes bounded time. Returns RC_E_FAILED
 * with the reason (its detail never holds the URL's credentials).
 */
rc_err_t *rc_vcs_check_remote(const char *type, const rc_remote_policy_t *policy, const char *url,
                              apr_pool_t *pool);

#endif
