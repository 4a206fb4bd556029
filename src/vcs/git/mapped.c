// SPDX-License-Identifier: Apache-2.0
/*
 * Survives a pack that is truncated while libgit2 reads it through a mapping. The kernel then
 * raises SIGBUS; the handler maps a page of zeros there, so that libgit2 continues and reports
 * damage, and the caller learns that the data is invalid.
 */
#include "objects.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static __thread volatile sig_atomic_t reading, lost;
static uintptr_t page_size;
static struct sigaction before;

static void on_bus(int number, siginfo_t *info, void *context)
{
    uintptr_t page = (uintptr_t)info->si_addr & ~(page_size - 1);

    (void)number;
    (void)context;
    /* mmap is a plain system call, so a signal handler can use it */
    if (reading && info->si_code == BUS_ADRERR &&
        mmap((void *)page, page_size, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) !=
            MAP_FAILED) {
        lost = 1;
        return;
    }
    sigaction(SIGBUS, &before,
              NULL); /* the access faults again and ends the process, as without this handler */
}

rc_err_t *rc_git_mapped_startup(apr_pool_t *pool)
{
    struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO}, now;

    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGBUS, NULL, &now))
        return rc_err_internal(pool, APR_FROM_OS_ERROR(errno),
                               "cannot query the handler of SIGBUS");
    if (now.sa_flags & SA_SIGINFO && now.sa_sigaction == on_bus)
        return NULL;
    before = now;
    return sigaction(SIGBUS, &action, NULL)
               ? rc_err_internal(pool, APR_FROM_OS_ERROR(errno), "cannot handle SIGBUS")
               : NULL;
}

void rc_git_mapped_begin(void)
{
    lost = 0;
    reading = 1;
}

bool rc_git_mapped_end(void)
{
    reading = 0;
    return !lost;
}
