// SPDX-License-Identifier: Apache-2.0
/*
 * Starts a program from a threaded server. The child borrows the memory of the server until it
 * executes the program (vfork): to copy the tables of a large process would cost more than a small
 * program. So between vfork and exec it writes nothing that others read, and calls only
 * async-signal-safe functions; the thread that starts it waits, the others go on. The child leads
 * a new session, and so a process group, which can be killed as a whole.
 */
#include "spawn.h"
#include "base/metrics.h"
#include "base/unconst.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <apr_strings.h>

#define REPORT_FD    3   /* in the child: the pipe for a report_t */
#define MAX_FILES    256 /* RLIMIT_NOFILE of the child */
#define FAR_FROM_STD 10

static int kept_with = -1; /* see rc_proc_keep_with */

void rc_proc_keep_with(int fd)
{
    int own = __atomic_load_n(&kept_with, __ATOMIC_ACQUIRE);

    if (own < 0)
        __atomic_store_n(&kept_with, fcntl(fd, F_DUPFD_CLOEXEC, FAR_FROM_STD), __ATOMIC_RELEASE);
    else
        dup3(fd, own, O_CLOEXEC); /* at no time is it another file */
}

/* Sent by the child when it cannot execute the program: the call that failed, and errno. */
typedef struct report_t {
    char step[16];
    int error;
} report_t;

/* ---- in the child, between vfork and exec ---- */

static _Noreturn void give_up(const char *step)
{
    report_t report = {.error = errno};
    apr_size_t i;

    for (i = 0; i < sizeof(report.step) - 1 && step[i]; i++)
        report.step[i] = step[i];
    if (write(REPORT_FD, &report, sizeof(report)) < 0)
        _exit(126);
    _exit(127);
}

/* Lowers a resource limit; never raises it. */
static void limit(int resource, apr_off_t soft, apr_off_t hard)
{
    struct rlimit now;

    if (getrlimit(resource, &now) < 0)
        give_up("getrlimit");
    if ((rlim_t)hard < now.rlim_max)
        now.rlim_max = (rlim_t)hard;
    now.rlim_cur = (rlim_t)soft < now.rlim_max ? (rlim_t)soft : now.rlim_max;
    if (setrlimit(resource, &now) < 0)
        give_up("setrlimit");
}

/* A server may run with a lower priority already, and only root may raise it again. */
static void lower_priority(int nice)
{
    if (getpriority(PRIO_PROCESS, 0) < nice && setpriority(PRIO_PROCESS, 0, nice) < 0)
        give_up("setpriority");
}

static void set_limits(const rc_proc_t *proc)
{
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_NOFILE, MAX_FILES, MAX_FILES);
    if (proc->max_file)
        limit(RLIMIT_FSIZE, proc->max_file, proc->max_file);
    if (proc->max_memory)
        limit(RLIMIT_DATA, proc->max_memory, proc->max_memory);
    if (proc->max_cpu)
        limit(RLIMIT_CPU, proc->max_cpu, proc->max_cpu + 2);
}

static void close_from(int first)
{
    struct rlimit files;
    int i;

    if (syscall(SYS_close_range, first, ~0U, 0) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0) /* a kernel before 5.9 */
        give_up("getrlimit");
    for (i = first; i < (int)files.rlim_cur; i++)
        close(i);
}

/* Sets up descriptors 0, 1, 2, the report and the kept one, and closes all others. The parent's
 * descriptors may have these numbers, so they are duplicated to higher ones first. */
static void set_descriptors(const rc_run_t *run)
{
    int keep = run->proc->keep ? fcntl(run->proc->keep, F_DUPFD, FAR_FROM_STD) : -1;
    int with = run->proc->keep ? fcntl(kept_with, F_DUPFD, FAR_FROM_STD) : -1; /* -1: none */
    int high[RC_RUN_FDS];
    int i;

    for (i = 0; i < RC_RUN_FDS; i++)
        if ((high[i] = fcntl(run->child_fd[i], F_DUPFD, FAR_FROM_STD)) < 0)
            _exit(126);
    for (i = 0; i < RC_RUN_FDS; i++)
        if (dup2(high[i], i) < 0)
            _exit(126);
    fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    if (keep >= 0 && dup2(keep, REPORT_FD + 1) < 0)
        _exit(126);
    if (with >= 0 && dup2(with, REPORT_FD + 2) < 0)
        _exit(126);
    close_from(REPORT_FD + 1 + (keep >= 0) + (with >= 0));
}

/* Resets the server's signal handlers and mask. All signals are blocked until then. */
static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    int sig;

    for (sig = 1; sig < NSIG; sig++)
        sigaction(sig, &action, NULL); /* fails for SIGKILL, SIGSTOP and two signals of libc */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const rc_run_t *run)
{
    const rc_proc_t *proc = run->proc;

    setsid();
    set_descriptors(run);
    if (!proc->outlives_us && prctl(PR_SET_PDEATHSIG, proc->gentle ? SIGTERM : SIGKILL) < 0)
        give_up("prctl");
    if (!proc->outlives_us && getppid() != run->parent)
        _exit(126); /* the parent died before prctl */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        give_up("prctl");
    reset_signals();
    if (chdir(proc->dir) < 0)
        give_up("chdir");
    set_limits(proc);
    lower_priority(proc->nice);
    execve(run->file, rc_unconst(proc->argv), rc_unconst(proc->env));
    give_up("execve");
}

/* ---- in the parent ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_child_fds(rc_run_t *run)
{
    int i;

    for (i = 0; i < RC_RUN_FDS; i++)
        if (run->own_fd[i])
            close_fd(&run->child_fd[i]);
}

void rc_run_close(rc_run_t *run)
{
    if (run->counted)
        rc_gauge_add(RC_GAUGE_RUNNING, -1);
    run->counted = false;
    close_child_fds(run);
    close_fd(&run->text_fd);
    close_fd(&run->report_fd);
    close_fd(&run->in_fd);
    close_fd(&run->out_fd);
    close_fd(&run->pid_fd);
}

rc_err_t *rc_proc_find(const char **file, const char *name, apr_pool_t *pool)
{
    const char *dir = RC_PROC_PATH;

    *file = name;
    if (strchr(name, '/'))
        return NULL;
    for (; dir; dir = strchr(dir, ':'), dir = dir ? dir + 1 : NULL) {
        *file = apr_psprintf(pool, "%.*s/%s", (int)strcspn(dir, ":"), dir, name);
        if (access(*file, X_OK) == 0)
            return NULL;
    }
    return rc_err_internal(pool, APR_ENOENT, "program %s is not installed", name);
}

/* Opens a pipe from the child to this process; with @a blocking false, reading never blocks. */
static bool open_pipe(rc_run_t *run, int which, int *our_end, bool blocking)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return false;
    *our_end = fds[0];
    run->child_fd[which] = fds[1];
    run->own_fd[which] = true;
    return blocking || fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0;
}

/* Opens the child's input as a socket: unlike with a pipe, send() to a child that closed it raises
 * no signal. */
static bool open_input(rc_run_t *run)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return false;
    run->in_fd = fds[0];
    run->child_fd[RC_RUN_IN] = fds[1];
    run->own_fd[RC_RUN_IN] = true;
    return shutdown(fds[0], SHUT_RD) == 0 && shutdown(fds[1], SHUT_WR) == 0;
}

static rc_err_t *open_given(rc_run_t *run, apr_pool_t *pool)
{
    const rc_proc_t *proc = run->proc;

    run->child_fd[RC_RUN_OUT] = proc->out >= 0 ? proc->out : run->child_fd[RC_RUN_ERR];
    run->child_fd[RC_RUN_IN] = proc->in;
    if (proc->in >= 0)
        return NULL;
    run->child_fd[RC_RUN_IN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    run->own_fd[RC_RUN_IN] = true;
    return run->child_fd[RC_RUN_IN] < 0 ? rc_err_internal(pool, errno, "cannot open /dev/null")
                                        : NULL;
}

static rc_err_t *open_descriptors(rc_run_t *run, bool piped, apr_pool_t *pool)
{
    if (!open_pipe(run, RC_RUN_ERR, &run->text_fd, false) ||
        !open_pipe(run, RC_RUN_REPORT, &run->report_fd, true))
        return rc_err_internal(pool, errno, "cannot open a pipe");
    if (!piped)
        return open_given(run, pool);
    if (!open_input(run) || !open_pipe(run, RC_RUN_OUT, &run->out_fd, false))
        return rc_err_internal(pool, errno, "cannot open a pipe");
    return NULL;
}

static void count_start(rc_run_t *run)
{
    const char *slash = strrchr(run->file, '/');

    rc_metric_add(RC_METRIC_PROGRAMS, slash ? slash + 1 : run->file, NULL, 1);
    rc_gauge_add(RC_GAUGE_RUNNING, 1);
    run->counted = true;
}

static rc_err_t *start_child(rc_run_t *run, apr_pool_t *pool)
{
    sigset_t all, before;
    pid_t pid;
    int error;

    run->parent = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the child must not run handlers of the server */
    pid = vfork();
    if (pid == 0)
        become(run);
    error = errno;
    run->pid = pid;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close_child_fds(run);
    if (run->pid < 0)
        return rc_err_internal(pool, error, "cannot fork");
    count_start(run);
    run->pid_fd = (int)syscall(SYS_pidfd_open, run->pid, 0); /* -1 on kernels before 5.3 */
    return NULL;
}

/* Waits for the exec, which closes the report's pipe, or for a report. */
static rc_err_t *await_exec(rc_run_t *run, apr_pool_t *pool)
{
    report_t report;
    ssize_t n;

    do
        n = read(run->report_fd, &report, sizeof(report));
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(report))
        return NULL;
    report.step[sizeof(report.step) - 1] = '\0';
    return rc_err_internal(pool, report.error, "cannot run %s: %s", run->file, report.step);
}

rc_run_t *rc_run_create(const rc_proc_t *proc, apr_pool_t *pool)
{
    rc_run_t *run = apr_pcalloc(pool, sizeof(*run));
    int i;

    run->proc = proc;
    run->text_fd = run->report_fd = run->in_fd = run->out_fd = run->pid_fd = -1;
    for (i = 0; i < RC_RUN_FDS; i++)
        run->child_fd[i] = -1;
    return run;
}

rc_err_t *rc_run_start(rc_run_t *run, bool piped, apr_pool_t *pool)
{
    RC_TRY(rc_proc_find(&run->file, run->proc->argv[0], pool));
    RC_TRY(open_descriptors(run, piped, pool));
    RC_TRY(start_child(run, pool));
    return await_exec(run, pool);
}
