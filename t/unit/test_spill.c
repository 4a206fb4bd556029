// SPDX-License-Identifier: Apache-2.0
/*
 * Tests entries of the journal that wait in a file: whoever dies at whatever system call, and
 * however many processes add and take them, each that was acknowledged is stored once.
 */
#include "dying.h"
#include "env_fixture.h"

#include <sys/wait.h>

#include "base/spill.h"
#include "domain/actor.h"
#include "domain/journal.h"

#define ADDED 40

static rc_caller_t user = {.username = "a\tb%\n", .active = true};
static rc_repo_t repo = {.name = "re%20po"};
static const char *spill;

/* Opens a database of its own for the next test. */
static void open_data(const char *name)
{
    rc_env_config_t config;

    rc_env_defaults(&config);
    config.db.path = in_dir(name);
    config.db.create = true;
    config.repo_root = unit_dir;
    config.secret_file = in_dir("secret");
    ASSERT_OK(rc_env_open(&env, &config, pool));
    spill = rc_db_spill_path(&config.db, pool);
}

static int begin(void **state)
{
    return unit_begin(state) || rc_secret_create(in_dir("secret"), pool);
}

static rc_err_t *add(const char *action, apr_interval_time_t within)
{
    rc_actor_t actor = {.env = env, .pool = pool, .caller = &user, .ip = "::1"};

    return rc_actor_journal_late(&actor, &repo, action, within);
}

static rc_err_t *count_entry(void *baton, const rc_journal_entry_t *entry, apr_pool_t *scratch)
{
    int *counts = baton, n = atoi(entry->action);

    (void)scratch;
    assert_string_equal(entry->username, user.username);
    assert_string_equal(entry->repo_name, repo.name);
    assert_string_equal(entry->ip, "::1");
    counts[n]++;
    return NULL;
}

/* Stores what waits, and sets counts[n] to the number of entries with the action n. */
static void count(int *counts)
{
    rc_db_t *db;

    ASSERT_OK(rc_db_acquire(&db, env->db_pool, pool));
    ASSERT_OK(rc_store_journal_settle(db, true));
    ASSERT_OK(rc_store_journal_each(db, 100000, count_entry, counts, pool));
    rc_db_release(db);
}

/* A process with an environment of its own, as a child of httpd has. */
static pid_t start(void (*run)(int from, int to), const char *name, int from, int to)
{
    pid_t pid = fork();

    if (pid)
        return pid;
    apr_pool_create(&pool, NULL);
    open_data(name);
    run(from, to);
    _exit(0);
}

static void settle_now(void)
{
    rc_db_t *db;

    if (rc_db_acquire(&db, env->db_pool, pool))
        return;
    rc_journal_settle(db, false, pool);
    rc_db_release(db);
}

/* Says on the pipe what was acknowledged. */
static void add_and_settle(int from, int to)
{
    int n;

    calls = 0;
    for (n = 0; n < 4; n++) {
        if (!add(apr_itoa(pool, n), 0))
            syscall(SYS_write, to, &n, sizeof(n));
        if (n == 1 || n == 3)
            settle_now();
    }
    die_at = -1;
    _exit(from);
}

static void killed_at_each_step(void **state)
{
    int status = DIED << 8, turn, out[2], n;

    (void)state;
    for (turn = 0; WIFEXITED(status) && WEXITSTATUS(status) == DIED; turn++) {
        const char *name = apr_psprintf(pool, "killed%d", turn);
        int counts[4] = {0};

        assert_int_equal(pipe(out), 0);
        die_at = turn;
        assert_true(waitpid(start(add_and_settle, name, 0, out[1]), &status, 0) > 0);
        die_at = -1;
        close(out[1]);
        open_data(name);
        count(counts);
        while (read(out[0], &n, sizeof(n)) == sizeof(n)) {
            assert_int_equal(counts[n], 1);
            counts[n] = 0;
        }
        close(out[0]);
        for (n = 0; n < 4; n++) /* perhaps it died between the write and our notice */
            assert_true(counts[n] <= 1);
    }
    assert_true(turn > 20);
}

static void add_many(int from, int to)
{
    for (; from < to; from++)
        if (add(apr_itoa(pool, from), 0))
            _exit(1);
}

static void many_processes(void **state)
{
    int counts[4 * ADDED] = {0}, status, i;
    pid_t pids[4];

    (void)state;
    open_data("many");
    for (i = 0; i < 4; i++)
        pids[i] = start(add_many, "many", i * ADDED, (i + 1) * ADDED);
    for (i = 0; i < 4; i++) {
        while (!waitpid(pids[i], &status, WNOHANG))
            settle_now();
        assert_int_equal(status, 0);
    }
    count(counts);
    for (i = 0; i < 4 * ADDED; i++)
        assert_int_equal(counts[i], 1);
    assert_int_not_equal(access(spill, F_OK), 0);
}

/* Who opened a file that others stored and removed must not store it again. */
static void removed_meanwhile(void **state)
{
    int counts[2] = {0};
    rc_spilled_t spilled;

    (void)state;
    open_data("removed");
    ASSERT_OK(add("1", 0));
    ASSERT_OK(rc_spilled_open(&spilled, spill, geteuid(), pool));
    assert_false(rc_spilled_is_removed(&spilled));
    count(counts);
    ASSERT_OK(add("1", 0)); /* in another file */
    assert_true(rc_spilled_is_removed(&spilled));
}

static void append(const char *text)
{
    FILE *f = fopen(spill, "a");

    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void append_zeros(void)
{
    const char zeros[4096] = {0};
    FILE *f = fopen(spill, "a");

    assert_int_equal(fwrite(zeros, sizeof(zeros), 1, f), 1);
    assert_int_equal(fclose(f), 0);
}

/* What a full disk or a power cut leaves is left out, and nothing after it. */
static void damaged(void **state)
{
    int counts[4] = {0};

    (void)state;
    open_data("damaged");
    ASSERT_OK(add("1", 0));
    append("journal\t1\t0\t1\t0\tx\t1\ty\t::1\t2");
    append_zeros();
    ASSERT_OK(add("3", 0));
    append("journal\t1\t0\t1\t0\tx\t1\ty\t::1\t2\t.\t.\nother\n");
    count(counts);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 0);
    assert_int_equal(counts[3], 1);
}

/* Stores at once what cannot wait, and leaves the other file as it was. */
static void rejected(const char *why)
{
    int counts[2] = {0};

    ASSERT_OK(add("1", 0));
    count(counts);
    if (counts[1] != 1)
        fail_msg("%s: %d entries", why, counts[1]);
}

static void foreign_files(void **state)
{
    const char *target = in_dir("target");

    (void)state;
    write_text(target, "mine\n");
    open_data("link");
    assert_int_equal(symlink(target, spill), 0);
    rejected("a link");
    open_data("hardlink");
    assert_int_equal(link(target, spill), 0);
    rejected("a second name");
    open_data("open");
    write_text(spill, "");
    assert_int_equal(chmod(spill, 0620), 0);
    rejected("others may write");
    open_data("directory");
    assert_int_equal(mkdir(spill, 0700), 0);
    rejected("a directory");
    open_data("large");
    write_text(spill, "");
    assert_int_equal(chmod(spill, 0600) | truncate(spill, 64 << 20), 0);
    rejected("a full one");
    assert_int_equal(system(apr_pstrcat(pool, "echo mine | cmp - ", target, NULL)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_each_step), cmocka_unit_test(many_processes),
        cmocka_unit_test(removed_meanwhile),   cmocka_unit_test(damaged),
        cmocka_unit_test(foreign_files),
    };

    return cmocka_run_group_tests(tests, begin, unit_end);
}
