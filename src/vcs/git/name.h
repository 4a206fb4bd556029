// SPDX-License-Identifier: Apache-2.0
/*
 * Names in trees that git does not check out, because some file system takes them for the
 * repository itself.
 */
#ifndef RC_VCS_GIT_NAME_H
#define RC_VCS_GIT_NAME_H

#include <stdbool.h>

/** True when @a name, one part of a path, may stand in a work tree on every system that git knows;
 * @a is_link: it names a symbolic link. */
bool rc_git_name_allowed(const char *name, bool is_link);

#endif
