// SPDX-License-Identifier: Apache-2.0
/*
 * Helpers for the tests of remotes: a temporary directory, a policy, repositories made by git,
 * servers on loopback. Everything ends with the test.
 */
#ifndef TEST_REMOTE_H
#define TEST_REMOTE_H

#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "patience.h"
#include "temp.h"
#include "remote/remote.h"
#include "vcs/vcs.h"
#include "base/unconst.h"

typedef struct fixture_t {
    apr_pool_t *pool;
    const char *dir;  /* temporary directory, holds everything */
    const char *work; /* of the policy */
    rc_remote_policy_t policy;
} fixture_t;

static __attribute__((unused)) int remove_one(const char *path, const struct stat *info, int type,
                                              struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Runs a shell command in the directory of @a f; it must succeed. */
static __attribute__((unused, format(printf, 2, 3))) void shell(fixture_t *f, const char *fmt, ...)
{
    va_list ap;
    const char *command;

    va_start(ap, fmt);
    command = apr_pvsprintf(f->pool, fmt, ap);
    va_end(ap);
    command = apr_psprintf(f->pool, "cd '%s' && { set -e; %s\n} >>log 2>&1", f->dir, command);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

/* Returns the first line that a shell command prints. */
static __attribute__((unused, format(printf, 2, 3))) const char *shell_line(fixture_t *f,
                                                                            const char *fmt, ...)
{
    va_list ap;
    const char *command;
    char line[4096] = "";
    FILE *pipe;

    va_start(ap, fmt);
    command = apr_pvsprintf(f->pool, fmt, ap);
    va_end(ap);
    pipe = popen(apr_psprintf(f->pool, "cd '%s' && { %s\n} 2>>log", f->dir, command), "r");
    assert_non_null(pipe);
    if (!fgets(line, sizeof(line), pipe))
        line[0] = '\0';
    pclose(pipe);
    line[strcspn(line, "\n")] = '\0';
    return apr_pstrdup(f->pool, line);
}

static __attribute__((unused)) const apr_array_header_t *schemes(apr_pool_t *pool, const char *list)
{
    apr_array_header_t *array = apr_array_make(pool, 5, sizeof(const char *));
    char *rest = apr_pstrdup(pool, list), *word;

    while ((word = apr_strtok(rest, " ", &rest)))
        APR_ARRAY_PUSH(array, const char *) = word;
    return array;
}

/* Writes what git of the tests reads: for the user, without `git maintenance` after each commit and
 * without the samples of hooks. */
static __attribute__((unused)) void write_config(fixture_t *f)
{
    FILE *config = fopen(apr_pstrcat(f->pool, f->dir, "/.gitconfig", NULL), "w");

    assert_non_null(config);
    fputs("[user]\nname = T\nemail = t@t\n[init]\ndefaultBranch = main\ntemplateDir =\n"
          "[maintenance]\nauto = false\n[gc]\nauto = 0\n[core]\ncompression = 0\n",
          config);
    assert_int_equal(fclose(config), 0);
}

static __attribute__((unused)) int set_up(void **state)
{
    apr_pool_t *pool;
    fixture_t *f;

    apr_pool_create(&pool, NULL);
    f = apr_pcalloc(pool, sizeof(*f));
    f->pool = pool;
    f->dir = temp_dir(pool);
    assert_non_null(f->dir);
    f->work = apr_pstrcat(pool, f->dir, "/work", NULL);
    setenv("HOME", f->dir, 1); /* for the git of the tests; ours has its own */
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    setenv("GIT_AUTHOR_DATE", "2024-01-01T00:00:00Z", 1);
    setenv("GIT_COMMITTER_DATE", "2024-01-01T00:00:00Z", 1);
    f->policy.schemes = schemes(pool, "http https git ssh file");
    f->policy.private_addresses = true;
    f->policy.timeout = apr_time_from_sec(20);
    f->policy.work_dir = f->work;
    write_config(f);
    shell(f, "mkdir work; git init -q src; git init -q --bare dst");
    *state = f;
    return 0;
}

static __attribute__((unused)) int tear_down(void **state)
{
    fixture_t *f = *state;

    nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    apr_pool_destroy(f->pool);
    return 0;
}

/* Checks after every fetch that the work directory is empty. */
static __attribute__((unused)) void assert_no_quarantine(fixture_t *f)
{
    assert_int_equal(apr_dir_remove(f->work, f->pool),
                     APR_SUCCESS); /* fails when it holds anything */
    assert_int_equal(apr_dir_make(f->work, APR_FPROT_OS_DEFAULT, f->pool), APR_SUCCESS);
}

/* Fetches into the repository dst. */
static __attribute__((unused)) rc_err_t *fetch(fixture_t *f, const char *url, bool set_head)
{
    rc_err_t *err = rc_vcs_fetch("git", &f->policy, apr_pstrcat(f->pool, f->dir, "/dst", NULL), url,
                                 set_head, f->pool);

    assert_no_quarantine(f);
    return err;
}

static __attribute__((unused)) const char *source(fixture_t *f)
{
    return apr_pstrcat(f->pool, "file://", f->dir, "/src", NULL);
}

/* Starts a program in its own process group; end_server ends it. It dies with the test. */
static __attribute__((unused)) pid_t start_server(fixture_t *f, int out, const char *const *argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        int log =
            open(apr_pstrcat(f->pool, f->dir, "/log", NULL), O_WRONLY | O_APPEND | O_CREAT, 0600);

        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out >= 0 ? out : log, 1);
        dup2(log, 2);
        execvp(argv[0], rc_unconst(argv));
        _exit(127);
    }
    assert_true(pid > 0);
    setpgid(pid, pid);
    return pid;
}

static __attribute__((unused)) void end_server(pid_t pid)
{
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

#define assert_ok(expr)                                                                            \
    do {                                                                                           \
        rc_err_t *ok_err_ = (expr);                                                                \
        if (ok_err_)                                                                               \
            fail_msg("%s", rc_err_log_text(ok_err_, f->pool));                                     \
    } while (0)

#define assert_failed(expr, words)                                                                 \
    do {                                                                                           \
        rc_err_t *bad_err_ = (expr);                                                               \
        assert_non_null(bad_err_);                                                                 \
        if (bad_err_->kind != RC_E_FAILED || !strstr(bad_err_->detail, words))                     \
            fail_msg("kind %d, not about '%s': %s", (int)bad_err_->kind, words,                    \
                     rc_err_log_text(bad_err_, f->pool));                                          \
    } while (0)

#endif
