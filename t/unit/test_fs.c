// SPDX-License-Identifier: Apache-2.0
/*
 * Tests files, directories, and locks that exclude threads as well as processes.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/nfs.h"
#include "base/time.h"

static int flock_fails; /* errno; 0: it works */

/* Stands in front of the C library's. */
int flock(int fd, int how)
{
    if (!flock_fails)
        return (int)syscall(SYS_flock, fd, how);
    errno = flock_fails;
    return -1;
}

/* The same; a file called "open" stays, as on NFS while it is open: under another name. */
int remove(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash && !strcmp(slash, "/open"))
        return rename(path, apr_psprintf(pool, "%.*s/.nfs1", (int)(slash - path), path));
    if (!unlink(path))
        return 0;
    return errno == EISDIR ? rmdir(path) : -1;
}

static bool sh(const char *command)
{
    fflush(stdout);
    return system(apr_psprintf(pool, "cd '%s' && { %s\n}", unit_dir, command)) == 0;
}

static void trees(void **state)
{
    (void)state;
    ASSERT_OK(rc_fs_remove_tree(in_dir("nothing"), pool));
    assert_true(
        sh("echo x > file; mkdir -p a/b/c keep; echo x > a/b/c/f; echo x > keep/f;"
           "ln -s ../keep a/link; ln -s nowhere a/dangling; mkfifo a/fifo; touch 'a/ nl\n'"));
    ASSERT_OK(rc_fs_remove_tree(in_dir("file"), pool));
    ASSERT_OK(rc_fs_remove_tree(in_dir("a"), pool));
    assert_true(sh("test ! -e file -a ! -e a -a -f keep/f")); /* links are not followed */
    assert_true(sh("ln -s keep l"));
    ASSERT_OK(rc_fs_remove_tree(in_dir("l"), pool));
    assert_true(sh("test ! -L l -a -f keep/f"));
    assert_true(sh("mkdir -p b/a b/c/d b/e; touch b/1 b/2 b/a/1 b/c/1 b/c/open b/c/d/1 b/e/1"));
    assert_non_null(rc_fs_remove_tree(in_dir("b"), pool));
    assert_true(sh("test \"$(find b | sort | tr '\\n' ' ')\" = 'b b/c b/c/.nfs1 '"));
    ASSERT_OK(rc_fs_remove_tree(in_dir("b"), pool));
    assert_true(sh("test ! -e b"));
}

static void folders(void **state)
{
    struct stat st;

    (void)state;
    umask(0);
    ASSERT_OK(rc_fs_make_folders(in_dir("p/q/r"), pool));
    ASSERT_OK(rc_fs_make_folders(in_dir("p/q/r"), pool));
    assert_int_equal(stat(in_dir("p/q"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(in_dir("p/q/r"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    ASSERT_OK(rc_fs_make_folders("/", pool));
    write_text(in_dir("p/file"), "x");
    assert_non_null(rc_fs_make_folders(in_dir("p/file/x"), pool));
    assert_true(rc_fs_exists(in_dir("p/file")));
    assert_false(rc_fs_exists(in_dir("p/none")));
    assert_int_equal(symlink("none", in_dir("p/link")), 0);
    assert_true(rc_fs_exists(in_dir("p/link"))); /* dangling, but there */
    ASSERT_OK(rc_fs_sync_folder_of(in_dir("p/anything"), pool));
    assert_non_null(rc_fs_sync_folder_of(in_dir("none/anything"), pool));
    ASSERT_OK(rc_fs_sync_folders(in_dir("p/q/r/s"), in_dir("p"), pool));
    assert_non_null(rc_fs_sync_folders(in_dir("p/none/r"), in_dir("p"), pool));
    assert_true(sh("mkfifo p/q/fifo; touch p/q/r/f; cp p/q/r/f p/q/r/g; chmod 0400 p/q/r/g"));
    ASSERT_OK(rc_fs_sync_tree(in_dir("p"), pool)); /* with a dangling link and a fifo in it */
    ASSERT_OK(rc_fs_sync_tree(in_dir("p/file"), pool));
    assert_non_null(rc_fs_sync_tree(in_dir("p/none"), pool));
    assert_true(sh("i=0; while [ $i -lt 200 ]; do : > p/q/$i; i=$((i+1)); done"));
    ASSERT_OK(rc_fs_sync_tree(in_dir("p"), pool));
}

static bool lock(const char *path, int ms, apr_pool_t *in)
{
    bool locked;

    ASSERT_OK(rc_fs_lock(&locked, path, apr_time_from_msec(ms), in));
    return locked;
}

static void one_process(void **state)
{
    const char *path = in_dir("lock");
    apr_pool_t *holder;
    apr_time_t start;

    (void)state;
    assert_false(lock(path, 0, pool)); /* missing */
    write_text(path, "");
    apr_pool_create(&holder, pool);
    assert_true(lock(path, 0, holder));
    assert_false(lock(path, 0, pool)); /* not even by the same process */
    start = rc_clock();
    assert_false(lock(path, 150, pool));
    assert_true(rc_clock() - start >= apr_time_from_msec(150));
    apr_pool_destroy(holder);
    apr_pool_create(&holder, pool);
    assert_true(lock(path, 0, holder));
    apr_pool_destroy(holder);
    apr_pool_create(&holder, pool);
    assert_true(lock(unit_dir, 0, holder)); /* works for directories, too */
    assert_false(lock(unit_dir, 0, pool));
    apr_pool_destroy(holder);
}

static bool share(const char *path, apr_pool_t *in)
{
    bool shared;

    ASSERT_OK(rc_fs_share(&shared, path, 0, in));
    return shared;
}

static void sharing(void **state)
{
    const char *path = in_dir("shared");
    apr_pool_t *one, *two;

    (void)state;
    assert_false(share(path, pool)); /* missing */
    write_text(path, "");
    apr_pool_create(&one, pool);
    apr_pool_create(&two, pool);
    assert_true(share(path, one));
    assert_true(share(path, two));
    assert_false(lock(path, 0, pool));
    apr_pool_destroy(one);
    assert_false(lock(path, 0, pool));
    apr_pool_destroy(two);
    apr_pool_create(&one, pool);
    assert_true(lock(path, 0, one));
    assert_false(share(path, pool));
    apr_pool_destroy(one);
}

typedef struct shared_t {
    const char *path;
    pthread_mutex_t mutex;
    int inside, most, done;
} shared_t;

static void *contend(void *data)
{
    shared_t *shared = data;
    apr_pool_t *own;
    bool locked;
    int i;

    for (i = 0; i < 20; i++) {
        apr_pool_create(&own, NULL);
        if (!rc_fs_lock(&locked, shared->path, apr_time_from_sec(30), own) && locked) {
            pthread_mutex_lock(&shared->mutex);
            if (++shared->inside > shared->most)
                shared->most = shared->inside;
            pthread_mutex_unlock(&shared->mutex);
            apr_sleep(500);
            pthread_mutex_lock(&shared->mutex);
            shared->inside--;
            shared->done++;
            pthread_mutex_unlock(&shared->mutex);
        }
        apr_pool_destroy(own);
    }
    return NULL;
}

static void threads(void **state)
{
    shared_t shared = {.path = in_dir("threads"), .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t ids[6];
    int i;

    (void)state;
    write_text(shared.path, "");
    for (i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, contend, &shared), 0);
    for (i = 0; i < 6; i++)
        pthread_join(ids[i], NULL);
    assert_int_equal(shared.most, 1);
    assert_int_equal(shared.done, 120);
}

/* Increments a number in a file; only the lock keeps it correct. */
static void count_up(const char *path, int times)
{
    int i;

    for (i = 0; i < times; i++) {
        apr_pool_t *own;
        char text[32] = "";
        int fd;

        apr_pool_create(&own, NULL);
        if (!lock(path, 30000, own))
            _exit(1);
        fd = open(path, O_RDWR);
        if (pread(fd, text, sizeof(text) - 1, 0) < 0)
            _exit(2);
        apr_snprintf(text, sizeof(text), "%d\n", atoi(text) + 1);
        if (pwrite(fd, text, strlen(text), 0) < 0)
            _exit(3);
        close(fd);
        apr_pool_destroy(own);
    }
}

static void processes(void **state)
{
    const char *path = in_dir("count");
    char text[32] = "";
    int i, status, fd;

    (void)state;
    write_text(path, "0\n");
    fflush(stdout);
    for (i = 0; i < 5; i++)
        if (!fork()) {
            count_up(path, 100);
            _exit(0);
        }
    for (i = 0; i < 5; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    fd = open(path, O_RDONLY);
    assert_true(read(fd, text, sizeof(text) - 1) > 0);
    close(fd);
    assert_int_equal(atoi(text), 500);
}

static void killed_holder(void **state)
{
    const char *path = in_dir("held");
    int told[2], status;
    char c;
    pid_t pid;

    (void)state;
    write_text(path, "");
    assert_int_equal(pipe(told), 0);
    fflush(stdout);
    if (!(pid = fork())) {
        c = lock(path, 0, pool) ? 'y' : 'n';
        if (write(told[1], &c, 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(told[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    assert_false(lock(path, 0, pool));
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    assert_true(lock(path, 0, pool));
    close(told[0]);
    close(told[1]);
}

/* The lock ends with its holder, not with a program that the holder started meanwhile. */
static void not_inherited(void **state)
{
    const char *path = in_dir("inherited");
    apr_pool_t *holder;
    pid_t pid;
    int status;

    (void)state;
    write_text(path, "");
    apr_pool_create(&holder, pool);
    assert_true(lock(path, 0, holder));
    fflush(stdout);
    if (!(pid = fork())) {
        execl("/bin/sleep", "sleep", "20", NULL);
        _exit(127);
    }
    apr_sleep(200000);
    apr_pool_destroy(holder);
    assert_true(lock(path, 0, pool));
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

/* "Held by another" is an answer; that the file system cannot lock at all is an error. */
static void no_locks(void **state)
{
    const char *path = in_dir("no-locks");
    bool got = true;
    int fd = 7;

    (void)state;
    write_text(path, "");
    flock_fails = EWOULDBLOCK;
    assert_false(lock(path, 0, pool));
    ASSERT_OK(rc_fs_take_place(&got, unit_dir, "place", 2, pool));
    assert_false(got);
    flock_fails = ENOLCK;
    got = true;
    assert_non_null(rc_fs_lock(&got, path, 0, pool));
    assert_false(got);
    got = true;
    assert_non_null(rc_fs_share(&got, path, 0, pool));
    assert_false(got);
    assert_non_null(rc_fs_lock_fd(&fd, path, 0, pool));
    assert_int_equal(fd, -1);
    got = true;
    assert_non_null(rc_fs_take_place(&got, unit_dir, "place", 2, pool));
    assert_false(got);
    flock_fails = 0;
    assert_true(lock(path, 0, pool));
}

/* A mark is seen by others as long as its holder lives, and only for its directory. */
static void marks(void **state)
{
    const char *file = in_dir("marks"), *dir = in_dir("marked"), *other = in_dir("unmarked");
    apr_pool_t *first, *second;
    pid_t pid;

    (void)state;
    assert_true(sh("mkdir marked unmarked"));
    apr_pool_create(&first, pool);
    apr_pool_create(&second, pool);
    assert_false(rc_fs_is_marked(file, dir));
    ASSERT_OK(rc_fs_mark(file, dir, first));
    ASSERT_OK(rc_fs_mark(file, dir, second));
    assert_true(rc_fs_is_marked(file, dir) && !rc_fs_is_marked(file, other));
    apr_pool_destroy(first);
    assert_true(sh("mv marked renamed") && rc_fs_is_marked(file, in_dir("renamed")));
    apr_pool_destroy(second);
    assert_false(rc_fs_is_marked(file, in_dir("renamed")));
    if (!(pid = fork())) {
        rc_fs_mark(file, other, pool);
        raise(SIGKILL);
    }
    waitpid(pid, NULL, 0);
    assert_false(rc_fs_is_marked(file, other));
    ASSERT_OK(rc_fs_mark(file, in_dir("missing"), pool));
    assert_false(rc_fs_is_marked(file, in_dir("missing")));
}

static void nfs_mounts(void **state)
{
    (void)state;
    assert_null(rc_nfs_option_faults(
        "rw,vers=4.2,acregmin=0,acregmax=0,acdirmin=0,acdirmax=0,hard,lookupcache=pos", pool));
    assert_null(rc_nfs_option_faults("rw,vers=4.1,noac,lookupcache=none", pool));
    assert_string_equal(rc_nfs_option_faults("rw,vers=4.2,hard", pool),
                        "acregmax=0 is missing; acdirmax=0 is missing");
    assert_string_equal(
        rc_nfs_option_faults("vers=3,soft,nolock,local_lock=all,acregmax=0,acdirmax=1", pool),
        "soft loses writes: use hard; nolock: locks do not reach the server; local_lock: locks do "
        "not reach the server; use vers=4.1 or later; acdirmax=0 is missing");
    assert_false(rc_nfs_is("/"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(trees),         cmocka_unit_test(folders),    cmocka_unit_test(one_process),
    cmocka_unit_test(threads),       cmocka_unit_test(processes),  cmocka_unit_test(killed_holder),
    cmocka_unit_test(not_inherited), cmocka_unit_test(sharing),    cmocka_unit_test(marks),
    cmocka_unit_test(no_locks),      cmocka_unit_test(nfs_mounts),
};

UNIT_MAIN(tests)
