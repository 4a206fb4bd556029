// SPDX-License-Identifier: Apache-2.0
/*
 * The rules of .gitattributes files that keep files out of archives.
 */
#ifndef RC_VCS_GIT_ATTRIBUTES_H
#define RC_VCS_GIT_ATTRIBUTES_H

#include <stdbool.h>

#include <apr_tables.h>

/** An empty list of rules. Whoever leaves a folder sets its nelts back. */
apr_array_header_t *rc_git_attributes_make(apr_pool_t *pool);

/** Adds the rules of a .gitattributes file in the folder whose path (with a slash) is the first
 * @a base bytes of the paths below it. */
void rc_git_attributes_add(apr_array_header_t *rules, const char *data, size_t len, size_t base,
                           apr_pool_t *pool);

/** Is the file or folder @a path, whose last part is @a name, kept out? */
bool rc_git_attributes_ignore(const apr_array_header_t *rules, const char *path, const char *name,
                              bool is_folder);

#endif
