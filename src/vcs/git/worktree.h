// SPDX-License-Identifier: Apache-2.0
/*
 * What git makes of a file's content when it leaves the repository for a work tree or an archive.
 */
#ifndef RC_VCS_GIT_WORKTREE_H
#define RC_VCS_GIT_WORKTREE_H

#include <stdbool.h>

#include "attributes.h"
#include "base/spool.h"

typedef struct rc_git_smudge_t {
    bool ident;           /* $Id$ names the blob */
    bool crlf;            /* lines end in CR LF */
    bool guess;           /* but only in what looks like text */
    const char *encoding; /* from UTF-8 to this one; NULL: as it is */
} rc_git_smudge_t;

/* A content: bytes that live as long as the pool, and the spool that holds them, or NULL. */
typedef struct rc_git_text_t {
    const char *data;
    size_t len;
    rc_spool_t *spool;
} rc_git_text_t;

/** The conversion that the attributes @a values require; *@a needed is false when none.
 * RC_E_NOTFOUND: git rejects them. */
rc_err_t *rc_git_smudge_of(bool *needed, rc_git_smudge_t *smudge, const char *const *values,
                           apr_pool_t *pool);

/** Does that to @a text, a blob with the id @a id. Errors are in @a err_pool. */
rc_err_t *rc_git_smudge(rc_git_text_t *text, const rc_git_smudge_t *smudge, const git_oid *id,
                        const char *temp_dir, apr_pool_t *err_pool, apr_pool_t *pool);

#endif
