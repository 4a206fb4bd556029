// SPDX-License-Identifier: Apache-2.0
/*
 * A table of files by commit and path, of bounded size. Private to memo.c and share*.c.
 */
#ifndef RC_VCS_GIT_MEMO_H
#define RC_VCS_GIT_MEMO_H

#include "git.h"

/* Where a file is; allocated by malloc. */
typedef struct rc_git_place_t {
    git_oid commit;
    rc_entry_kind_t kind;
    git_oid id;
    apr_off_t size;
    char path[];
} rc_git_place_t;

typedef struct rc_git_memo_t rc_git_memo_t;

/** Makes an empty table; NULL = no memory. */
rc_git_memo_t *rc_git_memo_make(void);

/** Frees @a memo, which may be NULL. */
void rc_git_memo_free(rc_git_memo_t *memo);

/** Returns the approximate memory size in bytes; @a memo may be NULL. */
apr_size_t rc_git_memo_weight(const rc_git_memo_t *memo);

/** Returns the place of the file at @a path of @a commit, valid until the next call; or NULL. */
const rc_git_place_t *rc_git_memo_find(rc_git_memo_t *memo, const git_oid *commit,
                                       const char *path);

/** Adds @a place, which is the table's from now on. */
void rc_git_memo_keep(rc_git_memo_t *memo, rc_git_place_t *place);

#endif
