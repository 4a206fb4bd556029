// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the httpd of a test: a crash leaves its stack in the file $RCAPI_CRASH.<pid>, so
 * that a test can tell whose it was. httpd's own handler would only name the signal.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
static char prefix[4000];

/* backtrace() was called once before: it loads and allocates nothing now. */
static void tell(int sig)
{
    char name[sizeof(prefix) + 20];
    void *frames[64];
    int fd;

    signal(sig, SIG_DFL);
    snprintf(name, sizeof(name), "%s.%d", prefix, (int)getpid());
    fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0)
        backtrace_symbols_fd(frames, backtrace(frames, 64), fd);
    raise(sig);
}

static int is_crash(int sig)
{
    for (unsigned i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
        if (crashes[i] == sig)
            return 1;
    return 0;
}

/* httpd's handlers of these signals would take the place of ours; one that asks where it happened
 * mends what it can, and gives the rest back to us. */
static int is_httpds(int sig, const struct sigaction *act)
{
    return *prefix && is_crash(sig) && act && !(act->sa_flags & SA_SIGINFO) &&
           act->sa_handler != tell;
}

int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
    static int (*real)(int, const struct sigaction *, struct sigaction *);

    if (!real)
        real = dlsym(RTLD_NEXT, "sigaction");
    return real(sig, is_httpds(sig, act) ? NULL : act, old);
}

__attribute__((constructor)) static void start(void)
{
    struct sigaction act = {.sa_handler = tell};
    const char *to = getenv("RCAPI_CRASH");
    void *frame;

    if (!to || strlen(to) >= sizeof(prefix))
        return;
    backtrace(&frame, 1);
    for (unsigned i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
        sigaction(crashes[i], &act, NULL);
    strcpy(prefix, to);
}
