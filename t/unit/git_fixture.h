// SPDX-License-Identifier: Apache-2.0
/*
 * Provides a temporary directory for the tests of the git back end, runs real git in it, and reads
 * its output.
 */
#ifndef GIT_FIXTURE_H
#define GIT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "temp.h"
#include "vcs/vcs.h"

typedef struct fixture_t {
    apr_pool_t *pool;
    rc_vcs_pool_t *handles;
    char *dir; /* the temporary directory; git's commands run in it */
} fixture_t;

static fixture_t fixture;

#define ASSERT_OK(expr)                                                                            \
    do {                                                                                           \
        rc_err_t *err_ = (expr);                                                                   \
        if (err_)                                                                                  \
            fail_msg("%s: %s", #expr, rc_err_log_text(err_, fixture.pool));                        \
    } while (0)

/* Runs a shell command in the directory; returns false when it fails. */
__attribute__((format(printf, 1, 2), unused)) static int try_sh(const char *fmt, ...)
{
    va_list ap;
    char *command;

    va_start(ap, fmt);
    command = apr_pvsprintf(fixture.pool, fmt, ap);
    va_end(ap);
    fflush(stdout);
    return system(apr_psprintf(fixture.pool, "cd '%s' && { %s\n}", fixture.dir, command)) == 0;
}

#define sh(...) assert_true(try_sh(__VA_ARGS__))

/* Returns the output of a shell command; its length in *len, unless NULL. */
__attribute__((format(printf, 2, 3), unused)) static char *output(size_t *len, const char *fmt, ...)
{
    size_t size = 1 << 16, n = 0, got;
    char *text = malloc(size), *command;
    va_list ap;
    FILE *pipe;

    va_start(ap, fmt);
    command = apr_pvsprintf(fixture.pool, fmt, ap);
    va_end(ap);
    pipe = popen(apr_psprintf(fixture.pool, "cd '%s' && { %s\n}", fixture.dir, command), "r");
    assert_non_null(pipe);
    while ((got = fread(text + n, 1, size - n - 1, pipe)) > 0) {
        n += got;
        if (n + 1 == size)
            text = realloc(text, size *= 2);
    }
    text[n] = '\0';
    assert_int_equal(pclose(pipe), 0);
    if (len)
        *len = n;
    return text;
}

/* Returns only the first line, in the fixture's pool. */
__attribute__((format(printf, 1, 2), unused)) static const char *line(const char *fmt, ...)
{
    va_list ap;
    char *text, *copy;

    va_start(ap, fmt);
    text = output(NULL, "%s", apr_pvsprintf(fixture.pool, fmt, ap));
    va_end(ap);
    copy = apr_pstrmemdup(fixture.pool, text, strcspn(text, "\n"));
    free(text);
    return copy;
}

__attribute__((unused)) static const char *in_dir(const char *name)
{
    return apr_pstrcat(fixture.pool, fixture.dir, "/", name, NULL);
}

/* Without `git maintenance`, two processes after each commit and push, which find nothing to do,
 * and without the samples of hooks that git copies into each repository. */
static void quiet_git(void)
{
    FILE *config = fopen(in_dir(".gitconfig"), "w");

    assert_non_null(config);
    fputs("[maintenance]\nauto = false\n[receive]\nautogc = false\n[init]\ntemplateDir =\n",
          config);
    assert_int_equal(fclose(config), 0);
    setenv("HOME", fixture.dir, 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    setenv("GIT_AUTHOR_NAME", "Ann Author", 1);
    setenv("GIT_AUTHOR_EMAIL", "ann@example.com", 1);
    setenv("GIT_COMMITTER_NAME", "Carl Committer", 1);
    setenv("GIT_COMMITTER_EMAIL", "carl@example.com", 1);
    setenv("LC_ALL", "C", 1);
    unsetenv("GIT_DIR");
    unsetenv("GIT_WORK_TREE");
}

static int fixture_begin(void **state)
{
    (void)state;
    apr_initialize();
    apr_pool_create(&fixture.pool, NULL);
    fixture.dir = temp_dir(fixture.pool);
    if (!fixture.dir)
        return -1;
    quiet_git();
    if (rc_vcs_startup(fixture.pool))
        return -1;
    return rc_vcs_pool_create(&fixture.handles, 4, fixture.pool) ? -1 : 0;
}

static int fixture_end(void **state)
{
    int n = system(apr_psprintf(fixture.pool, "rm -rf '%s'", fixture.dir));

    (void)state;
    apr_pool_destroy(fixture.pool);
    apr_terminate();
    return n ? -1 : 0;
}

#endif
