// SPDX-License-Identifier: Apache-2.0
/*
 * Calls libsvn so that a call that would end the process fails instead.
 */
#ifndef RC_VCS_SVN_GUARD_H
#define RC_VCS_SVN_GUARD_H

#include <setjmp.h>
#include <stdbool.h>

#include <svn_error.h>

#include "base/err.h"

/** Handles SIGABRT from now on. Call it before threads start. */
rc_err_t *rc_svn_guard_startup(apr_pool_t *pool);

/* Used by RC_SVN alone. */
sigjmp_buf *rc_svn_guard_enter(void);
void rc_svn_guard_leave(void);
svn_error_t *rc_svn_guard_error(void);

/** Returns whether a call of this thread was given up since the last time; what it worked on must
 * not be used again. */
bool rc_svn_guard_tripped(void);

/** The value of @a call, a call of libsvn that returns svn_error_t *, or an error when libsvn calls
 * abort() in it. Calls must not be nested. */
#define RC_SVN(call)                                                                               \
    ({                                                                                             \
        svn_error_t *rc_svn_err_ =                                                                 \
            sigsetjmp(*rc_svn_guard_enter(), 0) ? rc_svn_guard_error() : (call);                   \
        rc_svn_guard_leave();                                                                      \
        rc_svn_err_;                                                                               \
    })

#endif
