// SPDX-License-Identifier: Apache-2.0
/*
 * What the .gitattributes files of a commit say of its paths, as far as archives depend on it.
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

/* States beside "attribute=value"; compare addresses. */
extern const char rc_git_set[], rc_git_unset[], rc_git_unspecified[];

typedef struct rc_git_attributes_t rc_git_attributes_t;

/** No rules, for one commit. Lives in @a pool, as its errors do. */
rc_git_attributes_t *rc_git_attributes_create(apr_pool_t *pool);

/**
 * Enters a directory that has a .gitattributes file with the id @a id; the directory's path, with a
 * slash, is the first @a base bytes of the paths below it. When *@a known is false, nothing
 * happened: the file is read for the first time, and rc_git_attributes_add is to be called in place
 * of this. RC_E_LIMIT: there are too many rules.
 */
rc_err_t *rc_git_attributes_enter(bool *known, rc_git_attributes_t *attributes, const git_oid *id,
                                  size_t base);
rc_err_t *rc_git_attributes_add(rc_git_attributes_t *attributes, const git_oid *id,
                                const char *data, size_t len, size_t base);

/** The number of files entered, and going back to that number. */
int rc_git_attributes_depth(const rc_git_attributes_t *attributes);
void rc_git_attributes_leave(rc_git_attributes_t *attributes, int depth);

/** The states of the file or directory @a path, whose last part is @a name: RC_GIT_ATTRIBUTES
 * values that are true until the next call. RC_E_LIMIT: there is too much to compare. */
rc_err_t *rc_git_attributes_of(const char *const **values, rc_git_attributes_t *attributes,
                               const char *path, const char *name, bool is_folder);

#endif
