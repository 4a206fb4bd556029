// SPDX-License-Identifier: Apache-2.0
/*
 * Computes the attributes that the .gitattributes files of a commit give to its paths; only those
 * that matter for archives.
 */
#ifndef RC_VCS_GIT_ATTRIBUTES_H
#define RC_VCS_GIT_ATTRIBUTES_H

#include <git2.h>

#include "base/err.h"
#include <stdbool.h>

enum {
    RC_GIT_EXPORT_IGNORE,
    RC_GIT_TEXT,
    RC_GIT_CRLF,
    RC_GIT_EOL,
    RC_GIT_IDENT,
    RC_GIT_ENCODING, /* working-tree-encoding */
    RC_GIT_ATTRIBUTES
};

/* States other than "attribute=value". They are compared by address. */
extern const char rc_git_set[], rc_git_unset[], rc_git_unspecified[];

typedef struct rc_git_attributes_t rc_git_attributes_t;

/** Creates an empty set of rules for one commit. It and its errors live in @a pool. */
rc_git_attributes_t *rc_git_attributes_create(apr_pool_t *pool);

/**
 * Enters a directory whose .gitattributes file has the id @a id. The directory's path, with a
 * slash, is the first @a base bytes of all paths below it. When *@a known is false, nothing was
 * entered: the file has not been read before, so the caller reads it and calls
 * rc_git_attributes_add instead. RC_E_LIMIT when there are too many rules.
 */
rc_err_t *rc_git_attributes_enter(bool *known, rc_git_attributes_t *attributes, const git_oid *id,
                                  size_t base);
rc_err_t *rc_git_attributes_add(rc_git_attributes_t *attributes, const git_oid *id,
                                const char *data, size_t len, size_t base);

/** Returns the number of files entered; rc_git_attributes_leave goes back to that number. */
int rc_git_attributes_depth(const rc_git_attributes_t *attributes);
void rc_git_attributes_leave(rc_git_attributes_t *attributes, int depth);

/** Returns the states of the file or directory @a path, whose last part is @a name:
 * RC_GIT_ATTRIBUTES values, valid until the next call. RC_E_LIMIT when the comparisons cost too
 * much. */
rc_err_t *rc_git_attributes_of(const char *const **values, rc_git_attributes_t *attributes,
                               const char *path, const char *name, bool is_folder);

#endif
