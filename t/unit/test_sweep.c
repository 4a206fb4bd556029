// SPDX-License-Identifier: Apache-2.0
/*
 * Tests what the cache of finished files removes: the least recently used ones, so that all
 * processes together stay below the limit, and what a crash left.
 */
#include "cache_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/wait.h>

static void least_recently_used_is_evicted(void **state)
{
    rc_cache_t cache = cache_in("oldest", 25);
    maker_t maker = {.text = "0123456789"}, large = {.text = "0123456789012345678901234567"};

    (void)state;
    assert_got(&cache, "a", &maker, maker.text);
    apr_sleep(20 * 1000);
    assert_got(&cache, "b", &maker, maker.text);
    apr_sleep(20 * 1000);
    assert_got(&cache, "a", &maker, maker.text); /* used again */
    apr_sleep(20 * 1000);
    put(apr_pstrcat(pool, cache.dir, "/foreign", NULL), "not ours, and quite large as well");
    assert_got(&cache, "c", &maker, maker.text);
    assert_int_equal(maker.made, 3);
    assert_true(is_there(&cache, "a"));
    assert_false(is_there(&cache, "b"));
    assert_true(is_there(&cache, "c"));
    assert_got(&cache, "d", &large, large.text); /* never kept */
    assert_false(is_there(&cache, "d"));
    assert_true(is_there(&cache, "a"));
    assert_int_equal(access(apr_pstrcat(pool, cache.dir, "/foreign", NULL), F_OK), 0);
}

static void remove_count(const rc_cache_t *cache)
{
    assert_int_equal(unlink(apr_pstrcat(pool, cache->dir, "/count", NULL)), 0);
}

/* Returns the number of files, and their sum, while nobody can add any. */
static int measure(apr_off_t *bytes, const rc_cache_t *cache)
{
    int lock = open(apr_pstrcat(pool, cache->dir, "/count", NULL), O_RDWR | O_CLOEXEC), files = 0;
    DIR *dir = opendir(cache->dir);
    struct dirent *entry;
    struct stat st;

    assert_non_null(dir);
    assert_true(lock >= 0);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    *bytes = 0;
    while ((entry = readdir(dir)))
        if (!strncmp(entry->d_name, "rcapi-", 6) && !strstr(entry->d_name, ".part") &&
            !fstatat(dirfd(dir), entry->d_name, &st, 0)) {
            *bytes += st.st_size;
            files++;
        }
    closedir(dir);
    close(lock);
    return files;
}

static void add_many(const rc_cache_t *cache, const char *prefix, int count, maker_t *maker)
{
    apr_pool_t *each;
    int i;

    apr_pool_create(&each, pool);
    for (i = 0; i < count; i++) {
        ASSERT_OK(rc_cache_get(rc_spool_create(unit_dir, each), cache,
                               apr_psprintf(each, "%s-%d", prefix, i), make, maker, each));
        apr_pool_clear(each);
    }
    apr_pool_destroy(each);
}

/* The limit in bytes alone would allow any number of small files. */
static void files_are_limited(void **state)
{
    rc_cache_t cache = cache_in("many", 1000 * 1000);
    maker_t maker = {.text = "text"};
    apr_off_t bytes;
    int i;

    (void)state;
    assert_got(&cache, "begin", &maker, "text");
    for (i = 0; i < 10010; i++)
        put(file_of(&cache, apr_psprintf(pool, "small-%d", i)), "");
    remove_count(&cache);
    assert_got(&cache, "end", &maker, "text");
    assert_true(is_there(&cache, "end"));
    assert_int_equal(measure(&bytes, &cache), 10000 - 625 + 1);
    add_many(&cache, "more", 624, &maker);
    assert_int_equal(measure(&bytes, &cache), 10000);
    assert_got(&cache, "another", &maker, "text");
    assert_int_equal(measure(&bytes, &cache), 10000 - 625 + 1);
}

/* Starts a process that adds files until it is killed. */
static pid_t start_adding(const rc_cache_t *cache, int number)
{
    char text[100] = "";
    maker_t maker = {.text = memset(text, 'x', 50 + (size_t)number)};
    pid_t child = fork();
    int round;

    for (round = 0; !child; round++)
        add_many(cache, apr_psprintf(pool, "%d-%d", number, round), 10, &maker);
    assert_true(child > 0);
    return child;
}

/* Several processes add files, two of which have another limit, and are killed at any moment. */
static void limit_counts_all_processes(void **state)
{
    rc_cache_t cache = cache_in("sum", 10 * 1000), smaller = cache;
    apr_off_t bytes, most = 0;
    pid_t children[4];
    int i, turn;

    (void)state;
    rc_cache_begin(&cache, pool);
    smaller.max = 8 * 1000;
    for (turn = 0; turn < 10; turn++) {
        for (i = 0; i < 4; i++)
            children[i] = start_adding(i < 2 ? &cache : &smaller, 4 * turn + i);
        for (i = 0; i < 20; i++) {
            measure(&bytes, &cache);
            most = bytes > most ? bytes : most;
            apr_sleep(1000);
        }
        for (i = 0; i < 4; i++) {
            kill(children[i], SIGKILL);
            assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
        }
    }
    assert_in_range(most, 8 * 1000, 10 * 1000);
}

/* Between counting a file and naming it, others neither count nor add theirs. */
static void one_adds_at_a_time(void **state)
{
    rc_cache_t cache = cache_in("locked", 1000);
    maker_t maker = {.text = "text"};
    pid_t child;
    int lock;

    (void)state;
    rc_cache_begin(&cache, pool);
    lock = open(apr_pstrcat(pool, cache.dir, "/count", NULL), O_RDWR | O_CLOEXEC);
    assert_true(lock >= 0);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    child = fork();
    if (!child) {
        close(lock);
        add_many(&cache, "file", 1, &maker);
        _exit(0);
    }
    while (!is_there(&cache, "file-0.part") && !is_there(&cache, "file-0"))
        apr_sleep(1000);
    apr_sleep(100 * 1000);
    assert_false(is_there(&cache, "file-0"));
    close(lock);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(is_there(&cache, "file-0"));
}

/* Counts how often the directory is opened while 300 files are added. */
static int lists_while_adding(const rc_cache_t *cache, const char *prefix)
{
    char events[64 * 1024] __attribute__((aligned(8)));
    maker_t maker = {.text = "0123456789"};
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), lists = 0;
    ssize_t n, at;

    assert_true(fd >= 0 && inotify_add_watch(fd, cache->dir, IN_OPEN) >= 0);
    add_many(cache, prefix, 300, &maker);
    while ((n = read(fd, events, sizeof(events))) > 0)
        for (at = 0; at < n;) {
            struct inotify_event event;

            memcpy(&event, events + at, sizeof(event));
            assert_int_equal(event.mask & IN_Q_OVERFLOW, 0);
            lists += !event.len;
            at += (ssize_t)(sizeof(event) + event.len);
        }
    close(fd);
    return lists;
}

/* What it costs to add a file does not depend on how many there are. */
static void directory_is_seldom_listed(void **state)
{
    rc_cache_t cache = cache_in("listed", 20 * 1000);
    maker_t maker = {.text = "0123456789"};
    apr_off_t bytes;

    (void)state;
    add_many(&cache, "first", 1000, &maker);
    assert_int_equal(lists_while_adding(&cache, "more"), 0);
    add_many(&cache, "last", 700, &maker);
    assert_int_equal(measure(&bytes, &cache), 2000);
    assert_int_equal(lists_while_adding(&cache, "much"), 3); /* 125 are a sixteenth */
}

static void one_file_may_fill_it(void **state)
{
    rc_cache_t cache = cache_in("fills", 1000);
    maker_t small = {.text = "0123456789"}, large = {.text = apr_psprintf(pool, "%1000d", 1)};
    apr_off_t bytes;

    (void)state;
    add_many(&cache, "first", 50, &small);
    assert_got(&cache, "large", &large, large.text);
    assert_int_equal(measure(&bytes, &cache), 1);
    assert_int_equal(bytes, 1000);
    assert_got(&cache, "large", &small, large.text);
    add_many(&cache, "second", 50, &small);
    assert_int_equal(measure(&bytes, &cache), 50);
    assert_false(is_there(&cache, "large"));
}

static void damaged_count(void **state)
{
    rc_cache_t cache = cache_in("count", 1000);
    const char *count = apr_pstrcat(pool, cache.dir, "/count", NULL);
    maker_t maker = {.text = "0123456789"};
    apr_off_t bytes;

    (void)state;
    add_many(&cache, "first", 100, &maker);
    put(count, "nonsense");
    add_many(&cache, "second", 1, &maker);
    assert_int_equal(measure(&bytes, &cache), 94); /* seven less, and one more */
    put(count, "\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377");
    add_many(&cache, "third", 6, &maker);
    assert_int_equal(measure(&bytes, &cache), 100);
    assert_int_equal(unlink(count), 0);
    assert_int_equal(mkdir(count, 0700), 0);
    assert_got(&cache, "x", &maker, "0123456789");
    assert_false(is_there(&cache, "x"));
}

static void keep(const rc_cache_t *cache, const char *name, int size)
{
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);

    ASSERT_OK(rc_spool_puts(spool, apr_psprintf(pool, "%*d", size, 1)));
    rc_cache_keep(cache, name, spool, pool);
    assert_true(is_there(cache, name));
}

/* Files that are copied because they cannot be linked, or are there already, count once. */
static void kept_spools_are_counted(void **state)
{
    rc_cache_t cache = cache_in("spools", 300 * 1000);
    apr_off_t bytes, counted[2];
    FILE *count;
    int i;

    (void)state;
    rc_cache_begin(&cache, pool);
    keep(&cache, "small", 1000);
    for (i = 0; i < 2; i++) {
        keep(&cache, "one", 100 * 1000);
        keep(&cache, "two", 199 * 1000);
    }
    assert_int_equal(measure(&bytes, &cache), 3);
    assert_int_equal(bytes, cache.max);
    count = fopen(apr_pstrcat(pool, cache.dir, "/count", NULL), "r");
    assert_non_null(count);
    assert_int_equal(fread(counted, sizeof(*counted), 2, count), 2);
    fclose(count);
    assert_int_equal(counted[0], bytes);
    assert_int_equal(counted[1], 3);
}

static void leftovers_are_removed(void **state)
{
    rc_cache_t cache = cache_in("left", 1000);
    maker_t maker = {.text = "text"};

    (void)state;
    assert_got(&cache, "a", &maker, "text");
    put(file_of(&cache, "b.part"), "half");
    rc_cache_begin(&cache, pool); /* their time of creation is unknown */
    assert_false(is_there(&cache, "a"));
    assert_false(is_there(&cache, "b.part"));
    assert_got(&cache, "a", &maker, "text");
    put(file_of(&cache, "b.part"), "half");
    rc_cache_begin(&cache, pool);
    assert_true(is_there(&cache, "a"));
    assert_false(is_there(&cache, "b.part"));
    put(file_of(&cache, "empty"), "");
    put(apr_pstrcat(pool, cache.dir, "/boot_id", NULL), "another start of the machine");
    rc_cache_begin(&cache, pool);
    assert_false(is_there(&cache, "a"));
    assert_false(is_there(&cache, "empty"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(least_recently_used_is_evicted), cmocka_unit_test(files_are_limited),
    cmocka_unit_test(limit_counts_all_processes),     cmocka_unit_test(one_adds_at_a_time),
    cmocka_unit_test(directory_is_seldom_listed),     cmocka_unit_test(one_file_may_fill_it),
    cmocka_unit_test(kept_spools_are_counted),        cmocka_unit_test(damaged_count),
    cmocka_unit_test(leftovers_are_removed),
};

UNIT_MAIN(tests)
