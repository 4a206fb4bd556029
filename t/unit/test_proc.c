// SPDX-License-Identifier: Apache-2.0
/* Tests running programs: what they inherit (nothing), their limits, and that they end. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "patience.h"
#include "temp.h"
#include "base/process.h"

static apr_pool_t *pool;

/* Runs a shell script as a program. */
static rc_proc_result_t run_script(rc_proc_t *proc, const char *script)
{
    static const char *const env[] = {"PATH=" RC_PROC_PATH, "ONLY=this", NULL};
    const char *argv[] = {"sh", "-c", script, NULL};
    rc_proc_result_t result;
    rc_err_t *err;

    proc->argv = argv;
    proc->env = env;
    proc->dir = proc->dir ? proc->dir : "/";
    if (!proc->deadline)
        proc->deadline = rc_clock() + patience(20);
    err = rc_proc_run(&result, proc, pool);
    if (err)
        fail_msg("%s", rc_err_log_text(err, pool));
    return result;
}

static int open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

#define NEW_PROC                                                                                   \
    {                                                                                              \
        .in = -1, .out = -1                                                                        \
    }

static void status_and_text(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result = run_script(&proc, "echo out; echo err >&2; exit 7");

    (void)state;
    assert_int_equal(result.status, 7);
    assert_int_equal(result.signal, 0);
    assert_false(result.timed_out);
    assert_string_equal(result.text, "out\nerr\n");
}

static void signal_is_reported(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result = run_script(&proc, "kill -USR1 $$");

    (void)state;
    assert_int_equal(result.status, -1);
    assert_int_equal(result.signal, SIGUSR1);
}

static void cannot_start(void **state)
{
    static const char *const env[] = {NULL};
    static const char *const missing[] = {"no-such-program-of-rcapi", NULL};
    static const char *const not_there[] = {"/nonexistent/program", NULL};
    static const char *const fine[] = {"true", NULL};
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;
    int before = open_files();
    rc_err_t *err;

    (void)state;
    proc.env = env;
    proc.dir = "/";
    proc.deadline = rc_clock() + patience(5);
    proc.argv = missing;
    err = rc_proc_run(&result, &proc, pool);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_INTERNAL);
    proc.argv = not_there;
    err = rc_proc_run(&result, &proc, pool);
    assert_non_null(err);
    assert_non_null(strstr(err->detail, "execve"));
    proc.argv = fine;
    proc.dir = "/dev/null/none";
    err = rc_proc_run(&result, &proc, pool);
    assert_non_null(err);
    assert_non_null(strstr(err->detail, "chdir"));
    assert_int_equal(open_files(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void environment_is_not_inherited(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;

    (void)state;
    setenv("RC_TEST_SECRET", "leak", 1);
    result = run_script(&proc, "tr '\\0' '\\n' </proc/self/environ; pwd; cat; echo end");
    assert_string_equal(result.text, "PATH=" RC_PROC_PATH "\nONLY=this\n/\nend\n");
}

/* Open: 0, 1, 2 and the directory that ls reads, even when our own directory is open without
 * CLOEXEC. */
static void descriptors_are_closed(void **state)
{
    rc_proc_t proc = NEW_PROC;
    int before, i, leaks[20];

    (void)state;
    for (i = 0; i < 20; i++)
        leaks[i] = open("/dev/null", O_RDONLY);
    before = open_files();
    assert_string_equal(run_script(&proc, "exec ls /proc/self/fd").text, "0\n1\n2\n3\n");
    assert_int_equal(open_files(), before);
    for (i = 0; i < 20; i++)
        close(leaks[i]);
}

static void low_descriptors_may_be_closed(void **state)
{
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0) { /* a server started with 0, 1 and 2 closed: the pipes get those numbers */
        rc_proc_t proc = NEW_PROC;
        rc_proc_result_t result;

        close(0);
        close(1);
        close(2);
        result = run_script(&proc, "echo out; echo err >&2; cat; exec ls /proc/self/fd");
        _exit(strcmp(result.text, "out\nerr\n0\n1\n2\n3\n") == 0 ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

static void input_and_output_files(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;
    FILE *in = tmpfile(), *out = tmpfile();
    char line[64];

    (void)state;
    fputs("through\n", in);
    rewind(in);
    proc.in = fileno(in);
    proc.out = fileno(out);
    result = run_script(&proc, "cat; echo note >&2");
    assert_string_equal(result.text, "note\n");
    rewind(out);
    assert_non_null(fgets(line, sizeof(line), out));
    assert_string_equal(line, "through\n");
    fclose(in);
    fclose(out);
}

static void signals_are_reset(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;
    sigset_t set;

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    /* below posix_spawn (make's), libc's own two signals are ignored and stay so */
    result = run_script(&proc, "sed -nE 's/0000000180000000/0000000000000000/; /Sig(Blk|Ign)/p' "
                               "/proc/self/status");
    assert_string_equal(result.text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    assert_int_equal(sigismember(&set, SIGTERM), 1); /* ours is as it was */
    assert_int_equal(sigismember(&set, SIGUSR1), 0);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGPIPE, SIG_DFL);
}

/* ---- limits ---- */

static void limits_are_set(void **state)
{
    rc_proc_t proc = NEW_PROC;

    (void)state;
    proc.max_file = 1024 * 1024;
    proc.max_memory = (apr_off_t)1 << 30;
    proc.max_cpu = 33;
    assert_string_equal(run_script(&proc,
                                   "ulimit -Hc; ulimit -Sc; ulimit -Hn; ulimit -Hf; ulimit -Hd;"
                                   "ulimit -St; grep NoNewPrivs /proc/self/status")
                            .text,
                        "0\n0\n256\n2048\n1048576\n33\nNoNewPrivs:\t1\n");
}

static void file_size_is_limited(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;
    char *dir = temp_dir(pool), *path;
    struct stat info;

    (void)state;
    assert_non_null(dir);
    proc.dir = dir;
    proc.max_file = 64 * 1024;
    result = run_script(&proc, "exec dd if=/dev/zero of=big bs=4096 count=100");
    assert_int_equal(result.signal, SIGXFSZ);
    path = apr_pstrcat(pool, dir, "/big", NULL);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 64 * 1024);
    unlink(path);
    rmdir(dir);
}

static void processor_time_is_limited(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;

    (void)state;
    proc.max_cpu = 1;
    result = run_script(&proc, "while :; do :; done");
    assert_int_equal(result.signal, SIGXCPU);
}

static void memory_is_limited(void **state)
{
    rc_proc_t proc = NEW_PROC;

    (void)state;
    proc.max_memory = 64 * 1024 * 1024;
    assert_int_not_equal(run_script(&proc, "perl -e '$x = \"a\" x 200_000_000; print 1'").status,
                         0);
}

static void lower_limits_stay(void **state)
{
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0) {
        struct rlimit low = {.rlim_cur = 64, .rlim_max = 64};
        rc_proc_t proc = NEW_PROC;

        setrlimit(RLIMIT_NOFILE, &low);
        _exit(strcmp(run_script(&proc, "ulimit -Hn").text, "64\n") == 0 ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

/* The niceness of a program with that of proc->nice, run by a process of niceness @a own. */
static int niceness_below(int own, int nice)
{
    rc_proc_t proc = NEW_PROC;
    pid_t pid = fork();
    int status = 0;

    if (!pid) {
        proc.nice = nice;
        if (setpriority(PRIO_PROCESS, 0, own) < 0)
            _exit(100);
        _exit(atoi(run_script(&proc, "nice").text));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void priority_is_only_lowered(void **state)
{
    (void)state;
    assert_int_equal(niceness_below(17, 18), 18);
    assert_int_equal(niceness_below(17, 0), 17);
    assert_int_equal(niceness_below(17, 10), 17);
}

static void text_is_bounded(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;
    const char *p;

    (void)state;
    result = run_script(&proc, "i=0; while [ $i -lt 5000 ]; do echo line$i; i=$((i+1)); done");
    assert_int_equal(result.status, 0);
    assert_true(strlen(result.text) <= RC_PROC_TEXT);
    assert_true(strlen(result.text) > RC_PROC_TEXT - 20);
    assert_memory_equal(result.text, "line", 4); /* no half lines at the beginning */
    p = strstr(result.text, "line4999\n");
    assert_non_null(p);
    assert_int_equal(p[9], '\0');
    result = run_script(&proc, "head -c 100000 /dev/zero | tr '\\0' x");
    assert_string_equal(result.text, "");
    result = run_script(&proc, "printf 'a\\000b\\n'");
    assert_string_equal(result.text, "a?b\n");
}

/* ---- the end ---- */

static bool alive(pid_t pid)
{
    char path[64], state = 'X', line[256];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (!file)
        return false;
    if (fgets(line, sizeof(line), file) && strrchr(line, ')'))
        state = strrchr(line, ')')[2];
    fclose(file);
    return state != 'Z' && state != 'X';
}

/* A child and a grandchild that ignore all signals they can; the grandchild keeps the pipe open. */
static void deadline_ends_grandchildren_too(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;
    apr_time_t start = rc_clock();
    int one = 0, two = 0;

    (void)state;
    proc.deadline = start + patience(1);
    result = run_script(&proc, "trap '' TERM INT HUP; sh -c \"trap '' TERM INT HUP; echo \\$\\$;"
                               "sleep 600; sleep 600\" & echo $$; sleep 600; sleep 600");
    assert_true(result.timed_out);
    assert_int_equal(result.signal, SIGKILL);
    assert_true(rc_clock() - start < patience(5));
    assert_int_equal(sscanf(result.text, "%d %d", &one, &two), 2);
    assert_false(alive(one));
    assert_false(alive(two));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombies of ours */
}

static void remaining_processes_are_killed(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;
    apr_time_t start = rc_clock();
    int straggler = 0, tries;

    (void)state;
    result = run_script(&proc, "sleep 600 & echo $!");
    assert_int_equal(result.status, 0);
    assert_true(rc_clock() - start < patience(5));
    assert_int_equal(sscanf(result.text, "%d", &straggler), 1);
    for (tries = 0; alive(straggler) && tries < 100; tries++)
        usleep(10000);
    assert_false(alive(straggler));
}

/* A process that leaves the group keeps the pipe open, but the call does not wait for it. */
static void a_process_that_leaves_the_group_is_not_awaited(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;
    apr_time_t start = rc_clock();
    int fugitive = 0;

    (void)state;
    result = run_script(&proc, "setsid sleep 600 & echo $!; sleep 0.2");
    assert_int_equal(result.status, 0);
    assert_true(rc_clock() - start < patience(3));
    assert_int_equal(sscanf(result.text, "%d", &fugitive), 1);
    kill(fugitive, SIGKILL);
}

static void deadline_in_the_past(void **state)
{
    rc_proc_t proc = NEW_PROC;

    (void)state;
    proc.deadline = rc_clock() - 1;
    assert_true(run_script(&proc, "sleep 600").timed_out);
}

static bool third_time_no(void *baton)
{
    int *calls = baton;

    return ++*calls < 3;
}

static void check_can_stop_it(void **state)
{
    rc_proc_t proc = NEW_PROC;
    rc_proc_result_t result;
    int calls = 0;

    (void)state;
    proc.check = third_time_no;
    proc.baton = &calls;
    result = run_script(&proc, "sleep 600");
    assert_true(result.stopped);
    assert_false(result.timed_out);
    assert_int_equal(calls, 3);
}

/* The program dies with the child that started it, unless it may outlive that child. */
static void dies_with_its_parent(void **state)
{
    int pipes[2], outlives;

    (void)state;
    for (outlives = 0; outlives < 2; outlives++) {
        char text[16] = "";
        ssize_t n;
        pid_t pid;

        assert_int_equal(pipe(pipes), 0);
        if ((pid = fork()) == 0) {
            rc_proc_t proc = NEW_PROC;

            close(pipes[0]);
            proc.out = pipes[1];
            proc.outlives_us = outlives != 0;
            run_script(&proc, "echo up; sleep 1; echo down");
            _exit(0);
        }
        close(pipes[1]);
        assert_int_equal(read(pipes[0], text, 3), 3);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        n = read(pipes[0], text, sizeof(text));
        assert_int_equal(n, outlives ? 5 : 0);
        close(pipes[0]);
    }
}

static bool not_while_there(void *baton)
{
    return access(baton, F_OK) != 0;
}

/* Runs a program that removes its file at SIGTERM, and stops it when the file is there: by check()
 * or by the death of the parent. */
static void run_untidy(const char *file, bool gentle, bool dies)
{
    const char *script = apr_psprintf(pool,
                                      "trap 'rm %s; exit 1' TERM; echo > %s; "
                                      "while :; do sleep 0.01; done",
                                      file, file);
    rc_proc_t proc = NEW_PROC;
    pid_t pid = dies ? fork() : 0;

    proc.gentle = gentle;
    proc.check = dies ? NULL : not_while_there;
    proc.baton = (void *)(intptr_t)file;
    if (pid == 0)
        run_script(&proc, script);
    if (pid == 0 && dies)
        _exit(0);
    while (dies && access(file, F_OK))
        usleep(1000);
    if (dies) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

/* A gentle program removes its file before it ends. */
static void gentle_programs_clean_up(void **state)
{
    const char *file = apr_psprintf(pool, "/tmp/rcapi-gentle-%d", (int)getpid());
    apr_time_t until;
    int how;

    (void)state;
    for (how = 0; how < 4; how++) {
        bool gentle = how % 2, dies = how / 2;

        run_untidy(file, gentle, dies);
        until = rc_clock() + (gentle ? patience(20) : apr_time_from_msec(100));
        while (dies && !access(file, F_OK) && rc_clock() < until)
            usleep(1000);
        assert_int_equal(access(file, F_OK), gentle ? -1 : 0);
        unlink(file);
    }
}

static void *many_runs(void *data)
{
    apr_pool_t *mine;
    int *wrong = data;
    int i;

    apr_pool_create(&mine, NULL);
    for (i = 0; i < 10; i++) {
        static const char *const argv[] = {"sh", "-c", "echo hello; exit 3", NULL};
        static const char *const env[] = {"PATH=" RC_PROC_PATH, NULL};
        rc_proc_t proc = {.argv = argv, .env = env, .dir = "/", .in = -1, .out = -1};
        rc_proc_result_t result;

        proc.deadline = rc_clock() + patience(20);
        if (rc_proc_run(&result, &proc, mine) || result.status != 3 ||
            strcmp(result.text, "hello\n") != 0)
            (*wrong)++;
    }
    apr_pool_destroy(mine);
    return NULL;
}

static void from_many_threads(void **state)
{
    pthread_t threads[8];
    int wrong[8] = {0}, before = open_files(), i;

    (void)state;
    for (i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, many_runs, &wrong[i]);
    for (i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
    assert_int_equal(open_files(), before);
}

static void nothing(int sig)
{
    (void)sig;
}

static void interruptions_do_not_matter(void **state)
{
    struct sigaction action = {.sa_handler = nothing}; /* no SA_RESTART */
    rc_proc_t proc = NEW_PROC;
    pid_t self = getpid(), pest;

    (void)state;
    sigaction(SIGUSR2, &action, NULL);
    if ((pest = fork()) == 0)
        for (;;) {
            kill(self, SIGUSR2);
            usleep(500);
        }
    assert_string_equal(run_script(&proc, "echo a; sleep 0.5; echo b").text, "a\nb\n");
    kill(pest, SIGKILL);
    waitpid(pest, NULL, 0);
    signal(SIGUSR2, SIG_DFL);
}

/* With SIGCHLD ignored the kernel reaps children and the status is lost: an error, not a hang. */
static void ignored_children_are_an_error(void **state)
{
    static const char *const argv[] = {"true", NULL};
    static const char *const env[] = {NULL};
    rc_proc_t proc = {.argv = argv, .env = env, .dir = "/", .in = -1, .out = -1};
    rc_proc_result_t result;
    rc_err_t *err;

    (void)state;
    signal(SIGCHLD, SIG_IGN);
    proc.deadline = rc_clock() + patience(5);
    err = rc_proc_run(&result, &proc, pool);
    signal(SIGCHLD, SIG_DFL);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_and_text),
        cmocka_unit_test(signal_is_reported),
        cmocka_unit_test(cannot_start),
        cmocka_unit_test(environment_is_not_inherited),
        cmocka_unit_test(descriptors_are_closed),
        cmocka_unit_test(low_descriptors_may_be_closed),
        cmocka_unit_test(input_and_output_files),
        cmocka_unit_test(signals_are_reset),
        cmocka_unit_test(limits_are_set),
        cmocka_unit_test(file_size_is_limited),
        cmocka_unit_test(processor_time_is_limited),
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(lower_limits_stay),
        cmocka_unit_test(priority_is_only_lowered),
        cmocka_unit_test(text_is_bounded),
        cmocka_unit_test(deadline_ends_grandchildren_too),
        cmocka_unit_test(remaining_processes_are_killed),
        cmocka_unit_test(a_process_that_leaves_the_group_is_not_awaited),
        cmocka_unit_test(deadline_in_the_past),
        cmocka_unit_test(check_can_stop_it),
        cmocka_unit_test(dies_with_its_parent),
        cmocka_unit_test(gentle_programs_clean_up),
        cmocka_unit_test(from_many_threads),
        cmocka_unit_test(interruptions_do_not_matter),
        cmocka_unit_test(ignored_children_are_an_error),
    };
    int n;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    n = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return n;
}
