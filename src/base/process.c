// SPDX-License-Identifier: Apache-2.0
/*
 * Children of a threaded server. Everything that may allocate or lock happens before the fork:
 * between fork and exec only async-signal-safe calls are made. The child leads a session and so a
 * process group, which is what the deadline kills.
 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#define REPORT_FD    3   /* in the child: where it says why it could not become the program */
#define MAX_FILES    256 /* descriptors of the child */
#define CHECK_EVERY  apr_time_from_msec(250)
#define BLIND_WAIT   apr_time_from_msec(20) /* between looks, where there is no pidfd */
#define GROUP_GRACE  apr_time_from_msec(500)
#define FAR_FROM_STD 10

enum { IN, OUT, ERR, REPORT, CHILD_FDS };

/* One run. Descriptors that are not open are -1. */
typedef struct run_t {
    const rc_proc_t *proc;
    const char *file;        /* of the program */
    int child_fd[CHILD_FDS]; /* the child's ends */
    bool own_fd[CHILD_FDS];  /* opened by us, so closed by us */
    int text_fd, report_fd;  /* our ends */
    pid_t parent, pid;
    int pid_fd;
    bool timed_out, stopped, lost;
    int status; /* as waitpid gives it */
    char text[2 * RC_PROC_TEXT];
    apr_size_t used;
    bool cut; /* text no longer holds the beginning */
} run_t;

/* Why the child could not become the program. */
typedef struct report_t {
    char step[16];
    int error;
} report_t;

/* ---- in the child, between fork and exec ---- */

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

/* Lowers a limit for good; one that is lower already stays. */
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

/* 0, 1, 2, the report and what is kept; nothing else stays open. Ours may be among them, so up
 * first. */
static void set_descriptors(const run_t *run)
{
    int keep = run->proc->keep ? fcntl(run->proc->keep, F_DUPFD, FAR_FROM_STD) : -1;
    int high[CHILD_FDS];
    int i;

    for (i = 0; i < CHILD_FDS; i++)
        if ((high[i] = fcntl(run->child_fd[i], F_DUPFD, FAR_FROM_STD)) < 0)
            _exit(126);
    for (i = 0; i < CHILD_FDS; i++)
        if (dup2(high[i], i) < 0)
            _exit(126);
    fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    if (keep >= 0 && dup2(keep, REPORT_FD + 1) < 0)
        _exit(126);
    close_from(keep >= 0 ? REPORT_FD + 2 : REPORT_FD + 1);
}

/* The server's handlers and masks are no business of the program. All signals are blocked here. */
static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    int sig;

    for (sig = 1; sig < NSIG; sig++)
        sigaction(sig, &action, NULL); /* fails for SIGKILL, SIGSTOP and libc's own two */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const run_t *run)
{
    const rc_proc_t *proc = run->proc;

    setsid();
    set_descriptors(run);
    if (!proc->outlives_us && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        give_up("prctl");
    if (!proc->outlives_us && getppid() != run->parent)
        _exit(126); /* it died before it could take us along */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        give_up("prctl");
    reset_signals();
    if (chdir(proc->dir) < 0)
        give_up("chdir");
    set_limits(proc);
    execve(run->file, (char *const *)proc->argv, (char *const *)proc->env);
    give_up("execve");
}

/* ---- in the parent ---- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_child_fds(run_t *run)
{
    int i;

    for (i = 0; i < CHILD_FDS; i++)
        if (run->own_fd[i])
            close_fd(&run->child_fd[i]);
}

static void close_all(run_t *run)
{
    close_child_fds(run);
    close_fd(&run->text_fd);
    close_fd(&run->report_fd);
    close_fd(&run->pid_fd);
}

static rc_err_t *find_program(run_t *run, apr_pool_t *pool)
{
    const char *name = run->proc->argv[0];
    const char *dir = RC_PROC_PATH;

    run->file = name;
    if (strchr(name, '/'))
        return NULL;
    for (; dir; dir = strchr(dir, ':'), dir = dir ? dir + 1 : NULL) {
        run->file = apr_psprintf(pool, "%.*s/%s", (int)strcspn(dir, ":"), dir, name);
        if (access(run->file, X_OK) == 0)
            return NULL;
    }
    return rc_err_internal(pool, APR_ENOENT, "program %s is not installed", name);
}

/* A pipe from child to us; with @a blocking false our end never blocks. */
static bool open_pipe(run_t *run, int which, int *our_end, bool blocking)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return false;
    *our_end = fds[0];
    run->child_fd[which] = fds[1];
    run->own_fd[which] = true;
    return blocking || fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0;
}

static rc_err_t *open_descriptors(run_t *run, apr_pool_t *pool)
{
    const rc_proc_t *proc = run->proc;

    if (!open_pipe(run, ERR, &run->text_fd, false) ||
        !open_pipe(run, REPORT, &run->report_fd, true))
        return rc_err_internal(pool, errno, "cannot make a pipe");
    run->child_fd[OUT] = proc->out >= 0 ? proc->out : run->child_fd[ERR];
    run->child_fd[IN] = proc->in;
    if (proc->in < 0) {
        run->child_fd[IN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        run->own_fd[IN] = true;
        if (run->child_fd[IN] < 0)
            return rc_err_internal(pool, errno, "cannot open /dev/null");
    }
    return NULL;
}

static rc_err_t *start(run_t *run, apr_pool_t *pool)
{
    sigset_t all, before;
    int error;

    run->parent = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of ours may run in the child */
    run->pid = fork();
    error = errno;
    if (run->pid == 0)
        become(run);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close_child_fds(run);
    if (run->pid < 0)
        return rc_err_internal(pool, error, "cannot fork");
    run->pid_fd = (int)syscall(SYS_pidfd_open, run->pid, 0); /* -1 on kernels before 5.3 */
    return NULL;
}

/* The report ends without a word when the program starts: exec closes its pipe. */
static rc_err_t *await_exec(run_t *run, apr_pool_t *pool)
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

/* Takes what is there to read, keeping the end. True while there may be more at once. */
static bool read_text(run_t *run)
{
    ssize_t n;

    if (run->text_fd < 0)
        return false;
    if (run->used > RC_PROC_TEXT) {
        memmove(run->text, run->text + run->used - RC_PROC_TEXT, RC_PROC_TEXT);
        run->used = RC_PROC_TEXT;
        run->cut = true;
    }
    n = read(run->text_fd, run->text + run->used, sizeof(run->text) - run->used);
    if (n < 0)
        return errno == EINTR;
    if (n == 0)
        close_fd(&run->text_fd);
    run->used += (apr_size_t)n;
    return n > 0;
}

/* Has it ended? It stays a zombie, so that its group's number stays taken. */
static bool has_ended(run_t *run)
{
    siginfo_t info = {.si_pid = 0};
    int n;

    do
        n = waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    while (n < 0 && errno == EINTR);
    run->lost = n < 0; /* someone else in this process waited for it, or ignores SIGCHLD */
    return run->lost || info.si_pid == run->pid;
}

static void sleep_until_something(run_t *run, apr_time_t until)
{
    struct pollfd fds[2] = {{.fd = run->text_fd, .events = POLLIN},
                            {.fd = run->pid_fd, .events = POLLIN}};
    apr_time_t wait = until - rc_clock();

    if (run->pid_fd < 0 && wait > BLIND_WAIT)
        wait = BLIND_WAIT;
    if (wait > 0)
        poll(fds, 2, (int)apr_time_as_msec(wait) + 1);
}

/* Until it ends, is late, or is told to stop. */
static void attend(run_t *run)
{
    const rc_proc_t *proc = run->proc;
    apr_time_t next_check = rc_clock() + CHECK_EVERY;

    while (!has_ended(run)) {
        apr_time_t now = rc_clock();

        run->timed_out = now >= proc->deadline;
        if (!run->timed_out && now >= next_check) {
            run->stopped = proc->check && !proc->check(proc->baton);
            next_check = now + CHECK_EVERY;
        }
        if (run->timed_out || run->stopped)
            return;
        sleep_until_something(run, next_check < proc->deadline ? next_check : proc->deadline);
        read_text(run);
    }
}

/* Kills what is left of the group while its leader still holds the number, then reaps the leader.
 */
static void finish(run_t *run)
{
    bool killed = run->timed_out || run->stopped;
    apr_time_t until = rc_clock() + GROUP_GRACE;
    struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    pid_t n;

    if (!run->lost)
        kill(-run->pid, SIGKILL);
    do
        n = waitpid(run->pid, &run->status, 0);
    while (n < 0 && errno == EINTR);
    run->lost = run->lost || n < 0;
    while (killed && kill(-run->pid, 0) == 0 && rc_clock() < until)
        nanosleep(&pause, NULL); /* the others may still be writing; init reaps them */
    while (read_text(run))
        ;
}

/* The kept text, without a line whose beginning is lost (a secret cut in half has no mask). */
static const char *kept_text(const run_t *run, apr_pool_t *pool)
{
    const char *from = run->text;
    const char *end = run->text + run->used;
    char *text, *p;

    if (run->used > RC_PROC_TEXT)
        from = end - RC_PROC_TEXT;
    if (run->cut || from > run->text) {
        from = memchr(from, '\n', (apr_size_t)(end - from));
        from = from ? from + 1 : end;
    }
    text = apr_pstrmemdup(pool, from, (apr_size_t)(end - from));
    for (p = text; p < text + (end - from); p++)
        if (*p == '\0')
            *p = '?';
    return text;
}

static rc_err_t *run_it(run_t *run, apr_pool_t *pool)
{
    rc_err_t *err;

    RC_TRY(find_program(run, pool));
    RC_TRY(open_descriptors(run, pool));
    RC_TRY(start(run, pool));
    err = await_exec(run, pool);
    if (!err)
        attend(run);
    finish(run);
    if (!err && run->lost)
        err = rc_err_internal(pool, APR_SUCCESS, "lost sight of %s: someone else waits for it",
                              run->file);
    return err;
}

rc_err_t *rc_proc_run(rc_proc_result_t *result, const rc_proc_t *proc, apr_pool_t *pool)
{
    run_t *run = apr_pcalloc(pool, sizeof(*run));
    rc_err_t *err;
    int i;

    run->proc = proc;
    run->text_fd = run->report_fd = run->pid_fd = -1;
    for (i = 0; i < CHILD_FDS; i++)
        run->child_fd[i] = -1;
    err = run_it(run, pool);
    close_all(run);
    memset(result, 0, sizeof(*result));
    result->status = WIFEXITED(run->status) ? WEXITSTATUS(run->status) : -1;
    result->signal = WIFSIGNALED(run->status) ? WTERMSIG(run->status) : 0;
    result->timed_out = run->timed_out;
    result->stopped = run->stopped;
    result->text = kept_text(run, pool);
    return err;
}
