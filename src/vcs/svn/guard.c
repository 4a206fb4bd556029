// SPDX-License-Identifier: Apache-2.0
/*
 * Survives libsvn when it ends the process. Damaged repositories hold sizes that libsvn believes:
 * it asks for terabytes, gets none, and calls abort(). The handler of SIGABRT returns to where the
 * call began, which C allows for this signal (C11 7.22.4.1), and the call becomes an error.
 */
#include "guard.h"

#include <errno.h>
#include <signal.h>

#include <svn_error_codes.h>

static __thread sigjmp_buf place;
static __thread volatile sig_atomic_t guarded, aborted;
static struct sigaction before;

static void on_abort(int number, siginfo_t *info, void *context)
{
    if (guarded) {
        guarded = 0;
        aborted = 1;
        siglongjmp(place, 1);
    }
    if (before.sa_flags & SA_SIGINFO)
        before.sa_sigaction(number, info, context);
    else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
        before.sa_handler(number);
}

rc_err_t *rc_svn_guard_startup(apr_pool_t *pool)
{
    /* SA_NODEFER: the signal is not blocked after the jump */
    struct sigaction action = {.sa_sigaction = on_abort, .sa_flags = SA_SIGINFO | SA_NODEFER}, now;

    sigemptyset(&action.sa_mask);
    if (sigaction(SIGABRT, NULL, &now))
        return rc_err_internal(pool, APR_FROM_OS_ERROR(errno),
                               "cannot query the handler of SIGABRT");
    if (now.sa_flags & SA_SIGINFO && now.sa_sigaction == on_abort)
        return NULL;
    before = now;
    return sigaction(SIGABRT, &action, NULL)
               ? rc_err_internal(pool, APR_FROM_OS_ERROR(errno), "cannot handle SIGABRT")
               : NULL;
}

sigjmp_buf *rc_svn_guard_enter(void)
{
    guarded = 1;
    return &place;
}

void rc_svn_guard_leave(void)
{
    guarded = 0;
}

svn_error_t *rc_svn_guard_error(void)
{
    return svn_error_create(SVN_ERR_FS_CORRUPT, NULL,
                            "libsvn gave up: the repository is damaged, or memory is short");
}

bool rc_svn_guard_tripped(void)
{
    bool was = aborted;

    aborted = 0;
    return was;
}
