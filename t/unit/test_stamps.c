// SPDX-License-Identifier: Apache-2.0
/*
 * Tests that a change of files is noticed, by events and without them, and that no file is looked
 * at when events say that there is none.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/notify.h"
#include "base/stamps.h"

static int looks, parts; /* calls of fstatat, and directories in their names */
static bool no_descriptor, no_watch, network;

/* The next four stand in front of the C library's. */
int fstatat(int dir, const char *name, struct stat *st, int flags)
{
    looks++;
    for (const char *at = name; (at = strchr(at, '/')); at++)
        parts++;
    return (int)syscall(SYS_newfstatat, dir, name, st, flags);
}

int statfs(const char *path, struct statfs *fs)
{
    int n = (int)syscall(SYS_statfs, path, fs);

    if (network)
        fs->f_type = 0x6969; /* NFS */
    return n;
}

int inotify_init1(int flags)
{
    errno = EMFILE;
    return no_descriptor ? -1 : (int)syscall(SYS_inotify_init1, flags);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    errno = ENOSPC;
    return no_watch ? -1 : (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}

static void sh(const char *command)
{
    fflush(stdout);
    assert_int_equal(system(apr_psprintf(pool, "cd '%s' && { %s\n}", unit_dir, command)), 0);
}

/* Returns how many files are looked at to see that nothing has changed. */
static int cost(rc_stamps_t *list)
{
    looks = 0;
    assert_true(rc_stamps_same(list));
    return looks;
}

/* Compares a list as often as it is not watched yet. */
static rc_stamps_t *look_first(rc_stamps_t *list)
{
    int i;

    for (i = 0; i < RC_STAMPS_LOOKS; i++)
        assert_true(cost(list));
    return list;
}

/* Makes a folder whose files are too old for a change to be overlooked by its time. Ends the list
 * before. */
static rc_stamps_t *make_list(const char *more)
{
    static apr_pool_t *lists;
    rc_stamps_t *list;

    if (!lists)
        apr_pool_create(&lists, pool);
    apr_pool_clear(lists);
    sh("chmod -R u+w . && rm -rf r r2 && mkdir -p r/refs/heads r/refs/tags r/objects/pack && cd r "
       "&& touch "
       "HEAD &&"
       "echo one > packed && echo one > objects/pack/p && echo one > other");
    sh(more);
    sh("find . -exec touch -h -d 2020-01-01 '{}' +");
    list = rc_stamps_create(in_dir("r"), lists);
    rc_stamps_add_existence(list, "HEAD");
    rc_stamps_add_absence(list, "inner");
    rc_stamps_add(list, "packed");
    rc_stamps_add(list, "refs/heads");
    rc_stamps_add(list, "refs/tags");
    rc_stamps_add(list, "objects/pack");
    rc_stamps_add(list, "objects/pack/p");
    rc_stamps_add(list, "objects/info/alternates");
    rc_stamps_add(list, "missing");
    return look_first(list);
}

static const char *const changes[] = {
    "echo two2 > r/packed",
    "echo two > r/new; mv r/new r/packed",
    "sleep 0.02; echo two > r/packed; touch -d 2020-01-01 r/packed", /* only ctime tells */
    "sleep 0.02; echo x > r/refs/heads/a; touch -d 2020-01-01 r/refs/heads",
    "sleep 0.02; mv r/refs r/refs2; mkdir r/refs; mv r/refs2/heads r/refs/; "
    "touch -d 2020-01-01 r/refs/heads",
    "echo two2 >> r/objects/pack/p",
    ": > r/objects/pack/p",
    "mv r/objects/pack/p r/objects/pack/q",
    "rm r/packed",
    "rm r/HEAD",
    "mv r/HEAD r/HEAD.lock",
    "echo x > r/missing",
    "mkdir r/inner",
    "mkdir other; mv other r/inner",
    "ln -s nowhere r/inner",
    "mkdir r/objects/info; echo x > r/objects/info/alternates",
    "echo x > r/refs/heads/a",
    "echo x > r/refs/tags/a",
    "mkdir r/refs/heads/a",
    "ln -s a r/refs/heads/b",
    "rmdir r/refs/heads",
    "rmdir r/refs/heads; mkdir r/refs/heads",
    "mv r/refs r/refs2; mkdir -p r/refs/heads r/refs/tags",
    "mv r r2",
    "mv r r2; mkdir -p r/refs/heads r/refs/tags; echo one > r/packed; touch r/HEAD",
    "mv r/objects r/o; cp -a r/o r/objects", /* the same names, sizes and times */
    "rm -r r/refs; ln -s objects r/refs",
    NULL};

/* Each change is noticed whether the list was watched before or not; by a copy of it, too. */
static void notice_changes(bool events)
{
    const char *const *change;
    int asked;

    for (change = changes; *change; change++)
        for (asked = 0; asked < 3; asked += 2) {
            rc_stamps_t *list = make_list(":"), *copy = look_first(rc_stamps_copy(list));
            int i;

            assert_in_range(rc_stamps_size(copy), 500, 2000);
            for (i = 0; i < asked; i++) {
                assert_int_equal(cost(list) > 0, i == 0 || !events);
                assert_int_equal(cost(copy) > 0, i == 0 || !events);
            }
            sh(*change);
            assert_false(rc_stamps_same(list));
            assert_false(rc_stamps_same(list));
            assert_false(rc_stamps_same(copy));
            rc_stamps_free(copy);
        }
}

static void events(void **state)
{
    (void)state;
    notice_changes(true);
}

/* What a child of this process finds, which has no descriptor yet: 0 = a change, by looking. */
static int looks_each_time(bool *fault)
{
    rc_stamps_t *list = make_list(":");

    *fault = true;
    looks = 0;
    if (!rc_stamps_same(list) || !rc_stamps_same(list) || looks < 2 * rc_stamps_count(list) - 4)
        return 1;
    sh("echo two2 > r/packed");
    return rc_stamps_same(list) ? 2 : 0;
}

static void without_events(void **state)
{
    bool *const faults[] = {&no_descriptor, &no_watch, &network};
    size_t i;
    int status;
    pid_t pid;

    (void)state;
    rc_notify_limit(0);
    notice_changes(false);
    rc_notify_limit(1000);
    for (i = 0; i < ROWS(faults); i++) {
        if (!(pid = fork()))
            _exit(looks_each_time(faults[i]));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

/* What makes events, but changes nothing that was added. */
static void other_events(void **state)
{
    rc_stamps_t *list = make_list(":");

    (void)state;
    assert_true(cost(list) && !cost(list));
    sh("echo two2 > r/other; touch r/objects/y");
    assert_true(cost(list) && !cost(list));
    sh("mkdir r/objects/incoming; rmdir r/objects/incoming");
    assert_true(cost(list) && !cost(list));
    sh("mv r/refs r/refs2; mv r/refs2 r/refs"); /* the watches must be those of today's folders */
    assert_true(cost(list) && !cost(list));
    sh("echo x > r/refs/heads/a");
    assert_false(rc_stamps_same(list));
}

/* Where events do not tell everything. */
static void elsewhere(void **state)
{
    static const char *const makes[] = {"mv r/refs r2; ln -s ../r2 r/refs",
                                        "mkdir r2; mv r/packed r2; ln -s ../r2/packed r/packed",
                                        NULL};
    const char *const *more;
    rc_stamps_t *list;
    int i;

    (void)state;
    for (more = makes; *more; more++) {
        list = make_list(*more);
        assert_true(cost(list) && cost(list));
        sh("if [ -e r2/heads ]; then echo x > r2/heads/a; else echo two2 > r2/packed; fi");
        assert_false(rc_stamps_same(list));
    }
    list = make_list("for i in $(seq 100); do mkdir r/refs/heads/$i; done");
    for (i = 1; i <= 100; i++)
        rc_stamps_add(list, apr_psprintf(pool, "refs/heads/%d", i));
    assert_true(cost(list) && cost(list));
    sh("echo x > r/refs/heads/100/a");
    assert_false(rc_stamps_same(list));
}

/* A file that has another name changes without an event in its folder. */
static void hard_links(void **state)
{
    rc_stamps_t *list = make_list("ln r/objects/pack/p r2");

    (void)state;
    assert_true(cost(list) && !cost(list));
    sh("echo two2 >> r2");
    assert_false(rc_stamps_same(list));
}

/* Files of one directory are looked at from there: NFS asks for each part of a path. */
static void short_names(void **state)
{
    rc_stamps_t *list;

    (void)state;
    make_list("echo x > r/objects/pack/q; echo x > r/other");
    list = rc_stamps_create(in_dir("r"), pool);
    rc_stamps_add(list, "packed");
    rc_stamps_add(list, "objects/pack/p");
    rc_stamps_add(list, "objects/pack/q");
    rc_stamps_add(list, "refs/heads");
    rc_stamps_add(list, "refs/tags");
    rc_stamps_add(list, "other");
    parts = 0;
    assert_int_equal(cost(list), 6);
    assert_int_equal(parts, 0);
    rc_stamps_add(list, "refs/none/a");
    rc_stamps_add(list, "refs/none/b");
    assert_true(cost(list));
    sh("mkdir r/refs/none; echo x > r/refs/none/b; touch -d 2020-01-01 r/refs");
    assert_false(rc_stamps_same(list));
}

/* The root may be a link, and is compared by the caller when it is another one. */
static void linked_root(void **state)
{
    rc_stamps_t *list;

    (void)state;
    make_list("mv r r2; ln -s r2 r");
    list = rc_stamps_create(in_dir("r"), pool);
    rc_stamps_add(list, "packed");
    look_first(list);
    assert_true(cost(list) && !cost(list));
    sh("echo two2 > r2/packed");
    assert_false(rc_stamps_same(list));
    sh("rm r; mv r2 r");
}

/* More events of another directory than the kernel keeps, and then one that it does not. */
static void lost_events(void **state)
{
    rc_stamps_t *list = make_list("mkdir -p other"), *other;
    const char *a = in_dir("other/a"), *b = in_dir("other/b"), *text;
    apr_size_t len;
    int most;

    (void)state;
    assert_true(cost(list) && !cost(list));
    ASSERT_OK(rc_fs_read(&text, &len, "/proc/sys/fs/inotify/max_queued_events", 0, 100, pool));
    sh("echo > other/a; touch -d 2020-01-01 other/a other");
    other = rc_stamps_create(in_dir("other"), pool);
    rc_stamps_add(other, "b");
    look_first(other);
    assert_true(cost(other) && !cost(other));
    for (most = atoi(text); most > 0; most -= 4) {
        assert_int_equal(rename(a, b), 0);
        assert_int_equal(rename(b, a), 0);
    }
    sh("echo two2 >> r/objects/pack/p");
    assert_false(rc_stamps_same(list));
    list = make_list(":");
    assert_true(cost(list) && !cost(list));
}

/* A child neither takes its parent's events nor rests on them. */
static void children(void **state)
{
    rc_stamps_t *list = make_list(":");
    int status;
    pid_t pid;

    (void)state;
    assert_true(cost(list) && !cost(list));
    sh("echo two2 > r/packed");
    if (!(pid = fork()))
        _exit(rc_stamps_same(list) ? 1 : 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_false(rc_stamps_same(list));
    list = make_list(":");
    assert_true(cost(list) && !cost(list));
    if (!(pid = fork())) {
        looks = 0; /* the list of the parent is looked at each time; new ones are watched */
        if (!rc_stamps_same(list) || !rc_stamps_same(list) || looks < 2)
            _exit(2);
        list = make_list(":");
        _exit(cost(list) && !cost(list) ? 0 : 3);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Watches end with their lists: the limit is not reached. */
static void bounded(void **state)
{
    int i;

    (void)state;
    rc_notify_limit(20);
    for (i = 0; i < 10; i++) {
        rc_stamps_t *list = make_list(":");

        assert_true(cost(list) && !cost(list));
    }
    rc_notify_limit(1000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(events),      cmocka_unit_test(without_events), cmocka_unit_test(other_events),
    cmocka_unit_test(elsewhere),   cmocka_unit_test(hard_links),     cmocka_unit_test(linked_root),
    cmocka_unit_test(short_names), cmocka_unit_test(lost_events),    cmocka_unit_test(children),
    cmocka_unit_test(bounded),
};

UNIT_MAIN(tests)
