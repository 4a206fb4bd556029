// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the entries of a git tree one after the other, in the order and with the names that stand
 * in the object, whether git would write such a tree or not.
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
    const char *path;  /* from the directory on that is being read: there, its name alone */
    apr_uint32_t mode; /* one of those that git knows, whatever the tree says; 0: nothing there */
    git_oid id;
} rc_git_entry_t;

/* A tree and the entry that the cursor stands at. */
typedef struct rc_git_cursor_t {
    rc_git_t *git;
    git_odb_object *object;
    const char *p, *end; /* what follows the entry */
    rc_git_entry_t at;   /* its path is the object's, and NULL at the end of the tree */
    size_t len;          /* of that path */
} rc_git_cursor_t;

/** Opens tree @a id at its first entry; a NULL @a id is an empty tree. Errors are in @a pool;
 * RC_E_LIMIT: the trees that are open are too large together. The caller closes the cursor, after
 * an error too. */
rc_err_t *rc_git_cursor_open(rc_git_cursor_t *cursor, rc_git_t *git, const git_oid *id,
                             apr_pool_t *pool);
void rc_git_cursor_close(rc_git_cursor_t *cursor);

/** Goes to the next entry. False: the tree is damaged. */
bool rc_git_cursor_next(rc_git_cursor_t *cursor);

/** The same with an error for the log, in @a pool. */
rc_err_t *rc_git_cursor_step(rc_git_cursor_t *cursor, const rc_git_t *git, apr_pool_t *pool);

/** Goes to the first entry of the open tree. False: the tree is damaged there. */
bool rc_git_cursor_rewind(rc_git_cursor_t *cursor);

/** What tree @a tree holds under @a name (@a len bytes); out->mode is 0 when nothing, and out->path
 * stays. Errors are in @a pool. */
rc_err_t *rc_git_cursor_find(rc_git_entry_t *out, rc_git_t *git, const git_oid *tree,
                             const char *name, size_t len, apr_pool_t *pool);

/* --- entry.c --- */

/** What commit @a id holds at entry->path, a clean one; entry->mode is 0 when nothing. */
rc_err_t *rc_git_path_find(rc_git_entry_t *entry, rc_git_t *git, const char *id,
                           apr_pool_t *err_pool);

#endif
