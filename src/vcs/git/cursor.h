// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the entries of a git tree one by one, in the order and with the names that the object has,
 * even when git itself would not write such a tree.
 */
#ifndef RC_VCS_GIT_CURSOR_H
#define RC_VCS_GIT_CURSOR_H

#include "git.h"

#define RC_GIT_TYPE(mode)    ((mode)&0170000)
#define RC_GIT_REGULAR(mode) (RC_GIT_TYPE(mode) == 0100000)
#define RC_GIT_DIRECTORY     0040000
#define RC_GIT_LINK          0120000
#define RC_GIT_SUBMODULE     0160000

/* A file, link, directory or submodule. */
typedef struct rc_git_entry_t {
    const char *path;  /* relative to the directory that is listed; in a listing only the name */
    apr_uint32_t mode; /* one of those that git knows, whatever the tree says; 0: nothing there */
    git_oid id;
} rc_git_entry_t;

/* An open tree and its current entry. */
typedef struct rc_git_cursor_t {
    rc_git_t *git;
    git_odb_object *object;
    const char *p, *end; /* what follows the entry */
    rc_git_entry_t at;   /* its path points into the object; NULL at the end of the tree */
    size_t len;          /* of that path */
} rc_git_cursor_t;

/** Opens tree @a id at its first entry; a NULL @a id is an empty tree. Errors live in @a pool;
 * RC_E_LIMIT when the open trees together are too large. The caller must close the cursor, also
 * after an error. */
rc_err_t *rc_git_cursor_open(rc_git_cursor_t *cursor, rc_git_t *git, const git_oid *id,
                             apr_pool_t *pool);
void rc_git_cursor_close(rc_git_cursor_t *cursor);

/** Moves to the next entry. Returns false when the tree is damaged. */
bool rc_git_cursor_next(rc_git_cursor_t *cursor);

/** The same, but returns an error for the log, in @a pool. */
rc_err_t *rc_git_cursor_step(rc_git_cursor_t *cursor, const rc_git_t *git, apr_pool_t *pool);

/** Moves to the first entry of the open tree. Returns false when the tree is damaged there. */
bool rc_git_cursor_rewind(rc_git_cursor_t *cursor);

/** Finds the entry @a name (@a len bytes) of tree @a tree. When there is none, out->mode is 0 and
 * out->path is unchanged. Errors live in @a pool. */
rc_err_t *rc_git_cursor_find(rc_git_entry_t *out, rc_git_t *git, const git_oid *tree,
                             const char *name, size_t len, apr_pool_t *pool);

/* --- entry.c --- */

#endif
