// SPDX-License-Identifier: Apache-2.0
/*
 * Tests spools: the change from memory to a file, reset, and that no file is left in the directory.
 */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
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
    cmocka_unit_test(text),       cmocka_unit_test(taken_file),
    cmocka_unit_test(no_folder),  cmocka_unit_test(files_end_with_the_pool),
};

UNIT_MAIN(tests)
