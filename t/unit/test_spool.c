// SPDX-License-Identifier: Apache-2.0
/*
 * Tests spools: the change from memory to a file, reset, and that no file is left in the directory.
 */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/spool.h"

static int files_in(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    int n = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)))
        n += *entry->d_name != '.';
    closedir(dir);
    return n;
}

/* Asserts that the spool contains the first `len` bytes of `want`. */
static void assert_content(rc_spool_t *spool, const char *want, apr_size_t len)
{
    const char *data, *text;
    apr_file_t *file;

    assert_int_equal(rc_spool_size(spool), len);
    ASSERT_OK(rc_spool_content(&data, &file, spool));
    if (file) {
        char *got = malloc(len + 1);
        apr_off_t start = 0;
        apr_size_t n = 0;

        assert_null(data);
        assert_int_equal(apr_file_seek(file, APR_SET, &start), 0);
        assert_int_equal(apr_file_read_full(file, got, len, &n), 0);
        assert_memory_equal(got, want, len);
        n = 1;
        assert_int_not_equal(apr_file_read(file, got, &n), 0); /* not a byte more */
        free(got);
    } else if (len) {
        assert_memory_equal(data, want, len);
    } else {
        assert_string_equal(data, "");
    }
    ASSERT_OK(rc_spool_string(&text, spool, pool));
    assert_memory_equal(text, want, len);
    assert_int_equal(text[len], 0);
}

static bool in_file(rc_spool_t *spool)
{
    const char *data;
    apr_file_t *file;

    ASSERT_OK(rc_spool_content(&data, &file, spool));
    return file != NULL;
}

static char *noise(apr_size_t len)
{
    char *text = apr_palloc(pool, len + 1);
    apr_size_t i;

    for (i = 0; i < len; i++)
        text[i] = (char)(rand() >> 4);
    return text;
}

static void memory_or_file(void **state)
{
    static const struct {
        apr_size_t first, second;
        bool file;
    } rows[] = {
        {0, 0, false},
        {1, 0, false},
        {4095, 2, false},
        {RC_SPOOL_MEMORY - 1, 0, false},
        {RC_SPOOL_MEMORY, 0, false},
        {RC_SPOOL_MEMORY - 1, 1, false},
        {RC_SPOOL_MEMORY + 1, 0, true},
        {RC_SPOOL_MEMORY, 1, true},
        {1, RC_SPOOL_MEMORY, true},
        {RC_SPOOL_MEMORY / 2, RC_SPOOL_MEMORY / 2 + 1, true},
        {1000000, 0, true},
        {1000000, 1000000, true},
        {0, 200000, true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        apr_size_t len = rows[i].first + rows[i].second;
        rc_spool_t *spool = rc_spool_create(unit_dir, pool);
        char *want = noise(len);

        ASSERT_OK(rc_spool_write(spool, want, rows[i].first));
        ASSERT_OK(rc_spool_write(spool, want + rows[i].first, rows[i].second));
        assert_int_equal(in_file(spool), rows[i].file);
        assert_content(spool, want, len);
    }
    assert_int_equal(files_in(unit_dir), 0);
}

static void any_pieces(void **state)
{
    int i;

    (void)state;
    srand(unit_seed());
    for (i = 0; i < 300; i++) {
        apr_size_t len = (apr_size_t)(rand() % 300000), at = 0, n;
        char *want = noise(len);
        apr_pool_t *own;
        rc_spool_t *spool;

        apr_pool_create(&own, pool);
        spool = rc_spool_create(unit_dir, own);
        while (at < len) {
            n = (apr_size_t)rand() % (rand() % 8 ? 2000 : 100000);
            if (n > len - at)
                n = len - at;
            ASSERT_OK(rc_spool_write(spool, want + at, n));
            at += n;
            assert_int_equal(rc_spool_size(spool), at);
        }
        assert_int_equal(in_file(spool), len > RC_SPOOL_MEMORY);
        assert_content(spool, want, len);
        apr_pool_destroy(own);
    }
}

/* Asserts that the parts of the spool are `want`, and returns how many there are. */
static int assert_parts(rc_spool_t *spool, const char *want)
{
    rc_spool_part_t parts[RC_SPOOL_PARTS];
    int i, n = 0;

    ASSERT_OK(rc_spool_parts(parts, spool));
    for (i = 0; i < RC_SPOOL_PARTS; i++) {
        char *got = apr_palloc(pool, (apr_size_t)parts[i].size + 1);
        apr_off_t start = 0;

        if (parts[i].file) {
            assert_int_equal(apr_file_seek(parts[i].file, APR_SET, &start), 0);
            assert_int_equal(
                apr_file_read_full(parts[i].file, got, (apr_size_t)parts[i].size, NULL), 0);
        } else if (parts[i].size) {
            memcpy(got, parts[i].data, (apr_size_t)parts[i].size);
        }
        assert_memory_equal(got, want, (apr_size_t)parts[i].size);
        want += parts[i].size;
        n += parts[i].size > 0;
    }
    return n;
}

static void joined(void **state)
{
    static const struct {
        apr_size_t before, joined, after;
        int parts;
    } rows[] = {
        {0, 100, 0, 1},          {10, 100, 10, 1},       {10, 200000, 10, 3},
        {0, 200000, 10, 2},      {10, 200000, 0, 2},     {0, 200000, 0, 1},
        {200000, 100, 5, 1},     {200000, 200000, 5, 1}, {10, 200000, 200000, 1},
        {60000, 70000, 6000, 1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        apr_size_t inner = rows[i].before + rows[i].joined, len = inner + rows[i].after;
        rc_spool_t *spool = rc_spool_create(unit_dir, pool), *other;
        char *want = noise(len);
        apr_pool_t *own;

        apr_pool_create(&own, pool);
        other = rc_spool_create(unit_dir, own);
        ASSERT_OK(rc_spool_write(spool, want, rows[i].before));
        ASSERT_OK(rc_spool_write(other, want + rows[i].before, rows[i].joined));
        ASSERT_OK(rc_spool_join(spool, other));
        apr_pool_destroy(own);
        ASSERT_OK(rc_spool_write(spool, want + inner, rows[i].after));
        assert_int_equal(rc_spool_size(spool), len);
        assert_int_equal(assert_parts(spool, want), rows[i].parts);
        assert_content(spool, want, len);
        ASSERT_OK(rc_spool_write(spool, want, 5));
        assert_int_equal(rc_spool_size(spool), len + 5);
        ASSERT_OK(rc_spool_reset(spool));
        assert_content(spool, "", 0);
    }
    assert_int_equal(files_in(unit_dir), 0);
}

static void joined_and_emptied(void **state)
{
    rc_spool_t *spool = rc_spool_create(unit_dir, pool), *other = rc_spool_create(unit_dir, pool);
    char *want = noise(200000);
    rc_err_t *err;

    (void)state;
    ASSERT_OK(rc_spool_write(other, want, 200000));
    ASSERT_OK(rc_spool_join(spool, other));
    ASSERT_OK(rc_spool_reset(spool));
    ASSERT_OK(rc_spool_puts(spool, "an error"));
    assert_content(spool, "an error", 8);
    assert_content(other, want, 200000); /* it may be an entry of the cache */
    ASSERT_OK(rc_spool_reset(spool));
    rc_spool_set_limit(spool, 150000);
    err = rc_spool_join(spool, other);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_LIMIT);
}

static void linked(void **state)
{
    const char *path = apr_pstrcat(pool, unit_dir, "/linked", NULL);
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    char *want = noise(200000);
    struct stat st;

    (void)state;
    ASSERT_OK(rc_spool_write(spool, want, 1000));
    assert_false(rc_spool_link(spool, path)); /* it is in memory */
    ASSERT_OK(rc_spool_write(spool, want + 1000, 199000));
    assert_false(rc_spool_link(spool, "/proc/linked"));
    if (!rc_spool_link(spool, path))
        return; /* a file system without files that have no name */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 200000);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_false(rc_spool_link(spool, path));
    assert_content(spool, want, 200000);
    unlink(path);
}

static void emptied(void **state)
{
    static const apr_size_t sizes[] = {10, 300000, 0, 70000, 5, 65536, 65537, 1};
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(sizes); i++) {
        char *want = noise(sizes[i]);

        ASSERT_OK(rc_spool_write(spool, want, sizes[i]));
        assert_content(spool, want, sizes[i]);
        ASSERT_OK(rc_spool_reset(spool));
        assert_content(spool, "", 0);
    }
}

static void text(void **state)
{
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    char longer[2000];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    ASSERT_OK(rc_spool_puts(spool, "a%s\n"));
    ASSERT_OK(rc_spool_printf(spool, "%d %s|", -7, "b"));
    ASSERT_OK(rc_spool_printf(spool, "%s|", longer));
    assert_content(spool, apr_pstrcat(pool, "a%s\n-7 b|", longer, "|", NULL), 9 + 1999 + 1);
    for (longer[512] = '\0'; strlen(longer) > 508; longer[strlen(longer) - 1] = '\0') {
        ASSERT_OK(rc_spool_reset(spool)); /* sizes around that of its buffer */
        ASSERT_OK(rc_spool_printf(spool, "%s", longer));
        assert_content(spool, longer, strlen(longer));
    }
}

static void no_folder(void **state)
{
    rc_spool_t *spool = rc_spool_create(in_dir("not-there"), pool);
    char *much = noise(RC_SPOOL_MEMORY + 1);
    rc_err_t *err;

    (void)state;
    ASSERT_OK(rc_spool_write(spool, much, RC_SPOOL_MEMORY));
    err = rc_spool_write(spool, much, 1);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_INTERNAL);
    ASSERT_OK(rc_spool_reset(spool));
    ASSERT_OK(rc_spool_puts(spool, "small"));
    assert_content(spool, "small", 5);
}

/* A file from outside: written to, read from, and released by a reset. */
static void taken_file(void **state)
{
    const char *path = in_dir("taken");
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

    (void)state;
    assert_true(fd >= 0);
    ASSERT_OK(rc_spool_take_fd(spool, fd, 0));
    ASSERT_OK(rc_spool_puts(spool, "short"));
    assert_true(in_file(spool));
    assert_content(spool, "short", 5);
    ASSERT_OK(rc_spool_reset(spool));
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_content(spool, "", 0);
    ASSERT_OK(rc_spool_puts(spool, "other"));
    assert_false(in_file(spool));
    assert_content(spool, "other", 5);

    spool = rc_spool_create(unit_dir, pool);
    ASSERT_OK(rc_spool_take_fd(spool, open(path, O_RDONLY), 5));
    assert_content(spool, "short", 5);
    assert_int_equal(unlink(path), 0);
}

/* The larger buffer of a taken file counts for no other content. */
static void taken_and_emptied(void **state)
{
    const char *path = apr_pstrcat(pool, unit_dir, "/taken", NULL);
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    const int pieces = 3 * RC_SPOOL_MEMORY / 1024;
    int i;

    (void)state;
    ASSERT_OK(rc_spool_take_fd(spool, open(path, O_RDWR | O_CREAT | O_EXCL, 0600), 0));
    for (i = 0; i < pieces; i++)
        ASSERT_OK(rc_spool_write(spool, noise(1024), 1024));
    ASSERT_OK(rc_spool_reset(spool));
    for (i = 0; i < pieces; i++)
        ASSERT_OK(rc_spool_write(spool, noise(1024), 1024));
    assert_int_equal(rc_spool_size(spool), 3 * RC_SPOOL_MEMORY);
    assert_true(in_file(spool));
    assert_int_equal(unlink(path), 0);
}

static void files_end_with_the_pool(void **state)
{
    apr_pool_t *own;
    int before, i;

    (void)state;
    before = files_in("/proc/self/fd");
    apr_pool_create(&own, pool);
    for (i = 0; i < 20; i++)
        ASSERT_OK(rc_spool_write(rc_spool_create(unit_dir, own), noise(100000), 100000));
    assert_true(files_in("/proc/self/fd") >= before + 20);
    apr_pool_destroy(own);
    assert_int_equal(files_in("/proc/self/fd"), before);
    assert_int_equal(files_in(unit_dir), 0);
}

/* A limit also counts in the file; a spool beside another shares its limit, and errors persist. */
static void limits(void **state)
{
    static char block[RC_SPOOL_MEMORY];
    rc_spool_t *spool = rc_spool_create(unit_dir, pool), *part;
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    int i;

    (void)state;
    memset(block, 'x', sizeof(block));
    rc_spool_set_limit(spool, 3 * RC_SPOOL_MEMORY);
    apr_pool_create(&scratch, pool);
    part = rc_spool_beside(spool, scratch);
    for (i = 0; i < 3; i++)
        ASSERT_OK(rc_spool_write(part, block, sizeof(block)));
    ASSERT_OK(rc_spool_append(spool, part));
    assert_int_equal(rc_spool_size(spool), 3 * RC_SPOOL_MEMORY);
    for (i = 0; i < 2 && !err; i++)
        err = rc_spool_write(part, block, sizeof(block));
    apr_pool_destroy(scratch);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_LIMIT);
    assert_string_equal(err->msg, "The answer is larger than 196608 bytes");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(limits),     cmocka_unit_test(memory_or_file),
    cmocka_unit_test(any_pieces), cmocka_unit_test(emptied),
    cmocka_unit_test(joined),     cmocka_unit_test(joined_and_emptied),
    cmocka_unit_test(linked),     cmocka_unit_test(text),
    cmocka_unit_test(taken_file), cmocka_unit_test(taken_and_emptied),
    cmocka_unit_test(no_folder),  cmocka_unit_test(files_end_with_the_pool),
};

UNIT_MAIN(tests)
