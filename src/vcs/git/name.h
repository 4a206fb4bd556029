// SPDX-License-Identifier: Apache-2.0
/*
 * Rejects names in trees that git refuses to check out, because some file system takes them for the
 * .git directory.
 */
#ifndef RC_VCS_GIT_NAME_H
#define RC_VCS_GIT_NAME_H

#include <stdbool.h>

/** True when @a name, one component of a path, is allowed in a work tree on every system that git
 * supports; @a is_link: it names a symbolic link. */
bool rc_git_name_allowed(const char *name, bool is_link);

#endif
