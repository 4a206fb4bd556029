// SPDX-License-Identifier: Apache-2.0
/*
 * How hg and Python programs of Mercurial are run: environment, settings, arguments. No file can
 * make such a program run another one: neither settings of the account, nor .hg/hgrc of a
 * repository (contract 08 §6).
 */
#ifndef RC_VCS_HG_PROGRAM_H
#define RC_VCS_HG_PROGRAM_H

#include <stdbool.h>

#include "base/err.h"

/** Returns the whole environment of a program of Mercurial, ended by NULL, in @a pool. It writes
 * temporary files to the directory @a temp, which is ours. */
const char *const *rc_hg_environment(const char *temp, apr_pool_t *pool);

/** Returns the settings of every program of Mercurial, each "section.name=value", ended by NULL:
 * hg gets them after --config. */
const char *const *rc_hg_settings(void);

/** Returns the arguments that run the command @a command (ended by NULL) of hg on the repository at
 * @a path, an absolute path, ended by NULL, in @a pool. @a settings: more than those of
 * rc_hg_settings, in the same form; or NULL. They can be seen by other users of the machine. */
const char *const *rc_hg_arguments(const char *path, const char *const *settings,
                                   const char *const *command, apr_pool_t *pool);

/**
 * Undoes what a writer that was killed has left in the repository at @a path: without that hg
 * refuses to write. *@a recovered: whether there was something. @a temp is a directory of ours.
 * Writers that live are waited for, at most ten seconds. RC_E_FAILED with hg's messages.
 */
rc_err_t *rc_hg_recover(bool *recovered, const char *path, const char *temp, apr_pool_t *pool);

/** Sets *@a words to what runs Python as hg does, from the first line of the program: a path and
 * maybe options, ended by NULL, in @a pool. RC_E_INTERNAL when hg is not installed, or is no
 * script. */
rc_err_t *rc_hg_interpreter(const char *const **words, apr_pool_t *pool);

#endif
