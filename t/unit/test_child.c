// SPDX-License-Identifier: Apache-2.0
/* Tests programs that are written to and read from while they run. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "patience.h"
#include "base/process.h"

#define PIECE 50000

static apr_pool_t *pool;

static rc_child_t *start(const char *script, apr_interval_time_t time, apr_pool_t *in)
{
    static const char *const env[] = {"PATH=" RC_PROC_PATH, NULL};
    const char *argv[] = {"sh", "-c", script, NULL};
    rc_proc_t proc = {.argv = argv, .env = env, .dir = "/", .deadline = rc_clock() + time};
    rc_child_t *child;
    rc_err_t *err = rc_child_start(&child, &proc, in);

    if (err)
        fail_msg("%s", rc_err_log_text(err, pool));
    return child;
}

static rc_proc_result_t end(rc_child_t *child, bool at_once)
{
    rc_proc_result_t result;

    assert_null(rc_child_end(&result, child, at_once, pool));
    return result;
}

/* Waits for output, and with @a input until the child takes some. */
static bool wait_for(rc_child_t *child, bool input)
{
    return rc_child_wait(
        child, &(rc_child_wait_t){.output = true, .input = input, .longest = apr_time_from_sec(1)});
}

/* Reads until the end; returns the number of bytes. */
static apr_size_t read_all(rc_child_t *child)
{
    static char buf[PIECE];
    apr_size_t got, sum = 0;
    rc_child_io_t io;

    while ((io = rc_child_read(&got, child, buf, sizeof(buf))) != RC_CHILD_CLOSED) {
        assert_int_not_equal(io, RC_CHILD_BROKEN);
        sum += got;
        if (io == RC_CHILD_LATER && !wait_for(child, false))
            break;
    }
    return sum;
}

static void both_directions(void **state)
{
    rc_child_t *child = start("cat", patience(20), pool);
    char out[PIECE], in[PIECE];
    apr_size_t sent = 0, came = 0, n, total = 100 * sizeof(out);
    rc_child_io_t io;

    (void)state;
    memset(out, 'x', sizeof(out));
    while ((io = rc_child_read(&n, child, in, sizeof(in))) != RC_CHILD_CLOSED) {
        came += n;
        if (sent < total && rc_child_write(&n, child, out, sizeof(out)) == RC_CHILD_MOVED)
            sent += n;
        if (sent >= total)
            rc_child_end_input(child);
        assert_true(wait_for(child, sent < total));
    }
    assert_int_equal(came, sent);
    assert_int_equal(end(child, false).status, 0);
}

static void status_and_text(void **state)
{
    rc_child_t *child = start("echo out; echo err >&2; exit 3", patience(20), pool);
    rc_proc_result_t result;

    (void)state;
    assert_int_equal(read_all(child), 4);
    result = end(child, false);
    assert_int_equal(result.status, 3);
    assert_string_equal(result.text, "err\n");
    assert_int_equal(end(child, false).status, 3);
}

/* The program does not read its input: no signal, no blocking. */
static void closed_input(void **state)
{
    rc_child_t *child = start("exec 0<&-; echo x; sleep 0.1", patience(20), pool);
    apr_size_t n;

    (void)state;
    assert_int_equal(read_all(child), 2);
    assert_int_equal(rc_child_write(&n, child, "y", 1), RC_CHILD_CLOSED);
    assert_int_equal(end(child, false).status, 0);
}

/* A process that the program started keeps the pipe open; it is killed with the program. */
static void others_hold_the_pipe(void **state)
{
    rc_child_t *child = start("sleep 1000 & echo x", patience(20), pool);
    apr_time_t began = rc_clock();

    (void)state;
    assert_int_equal(read_all(child), 2);
    assert_int_equal(end(child, false).status, 0);
    assert_true(rc_clock() - began < patience(10));
}

static void deadline(void **state)
{
    rc_child_t *child = start("echo x; sleep 1000", patience(0.5), pool);
    rc_proc_result_t result;

    (void)state;
    assert_int_equal(read_all(child), 2);
    result = end(child, true);
    assert_true(result.timed_out);
    assert_int_equal(result.signal, SIGKILL);
}

/* Waits for the end of a program that does not end. */
static void deadline_at_the_end(void **state)
{
    rc_child_t *child = start("exec >&-; sleep 1000", apr_time_from_msec(200), pool);

    (void)state;
    assert_int_equal(read_all(child), 0);
    assert_true(end(child, false).timed_out);
}

static void ends_with_its_pool(void **state)
{
    apr_pool_t *sub;
    char buf[20];
    apr_size_t n;
    rc_child_t *child;
    pid_t pid;

    (void)state;
    apr_pool_create(&sub, pool);
    child = start("echo $$; sleep 1000", patience(20), sub);
    while (rc_child_read(&n, child, buf, sizeof(buf) - 1) == RC_CHILD_LATER)
        wait_for(child, false);
    buf[n] = '\0';
    pid = (pid_t)strtol(buf, NULL, 10);
    assert_int_equal(kill(pid, 0), 0);
    apr_pool_destroy(sub);
    assert_int_not_equal(kill(pid, 0), 0);
}

static void not_installed(void **state)
{
    const char *argv[] = {"no-such-program-here", NULL}, *env[] = {NULL};
    rc_proc_t proc = {.argv = argv, .env = env, .dir = "/", .deadline = rc_clock() + patience(5)};
    rc_child_t *child;
    apr_pool_t *sub;

    (void)state;
    apr_pool_create(&sub, pool);
    assert_non_null(rc_child_start(&child, &proc, sub));
    apr_pool_destroy(sub); /* kills no process */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions),    cmocka_unit_test(status_and_text),
        cmocka_unit_test(closed_input),       cmocka_unit_test(others_hold_the_pipe),
        cmocka_unit_test(deadline),           cmocka_unit_test(deadline_at_the_end),
        cmocka_unit_test(ends_with_its_pool), cmocka_unit_test(not_installed),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
