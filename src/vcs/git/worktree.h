// SPDX-License-Identifier: Apache-2.0
/*
 * Converts a file's content as git does when it writes the file to a work tree or an archive.
 */
#ifndef RC_VCS_GIT_WORKTREE_H
#define RC_VCS_GIT_WORKTREE_H

#include <stdbool.h>

#include "attributes.h"
#include "base/spool.h"

typedef struct rc_git_smudge_t {
    bool ident;           /* $Id$ names the blob */
    bool crlf;            /* lines end in CR LF */
    bool guess;           /* convert line ends only in what looks like text */
    const char *encoding; /* the target encoding, from UTF-8; NULL: unchanged */
} rc_git_smudge_t;

/* A content: bytes that live as long as the pool, and the spool that holds them, or NULL. */
typedef struct rc_git_text_t {
    const char *data;
    size_t len;
    rc_spool_t *spool;
} rc_git_text_t;

/** Computes the conversion for the attributes @a values; *@a needed is false when there is none.
 * RC_E_NOTFOUND when git rejects the values. */
rc_err_t *rc_git_smudge_of(bool *needed, rc_git_smudge_t *smudge, const char *const *values,
                           apr_pool_t *pool);

/** Applies the conversion to @a text, a blob with the id @a id. Errors live in @a err_pool. */
rc_err_t *rc_git_smudge(rc_git_text_t *text, const rc_git_smudge_t *smudge, const git_oid *id,
                        const char *temp_dir, apr_pool_t *err_pool, apr_pool_t *pool);

#endif
