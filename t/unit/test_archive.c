// SPDX-License-Identifier: Apache-2.0
/*
 * Tests archives: names, limits, contents from a file, and names at the size limits of a header.
 */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "archive/archive.h"

static const char *const names[] = {"x.zip",     "x.tar",    "x.tar.gz",
                                    "x.tar.bz2", "x.tar.xz", "x.tar.zst"};

static const rc_archive_limits_t plenty = {1000000, (apr_off_t)1 << 40, apr_time_from_sec(600)};

static void formats(void **state)
{
    static const struct {
        const char *name, *stem, *extension;
    } rows[] = {
        {"v1.zip", "v1", "zip"},
        {"a.b.tar", "a.b", "tar"},
        {"v1.tar.gz", "v1", "tar.gz"},
        {"v1.tgz", "v1", "tar.gz"},
        {"v1.tbz2", "v1", "tar.bz2"},
        {"v1.tar.tar.gz", "v1.tar", "tar.gz"},
        {".zip", "", "zip"},
        {"v1.zip.zip", NULL, NULL},
        {"v1.zip.x", NULL, NULL},
        {"zip", NULL, NULL},
        {"v1.tar.gz.tar.gz", NULL, NULL},
        {"v1.ZIP", NULL, NULL},
        {"", NULL, NULL},
        {"v1.tgz.tgz", NULL, NULL},
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        const char *stem;
        const rc_archive_format_t *format = rc_archive_format(&stem, rows[i].name, pool);

        assert_true(!format == !rows[i].extension);
        if (!format)
            continue;
        assert_string_equal(stem, rows[i].stem);
        assert_string_equal(rc_archive_extension(format), rows[i].extension);
    }
}

static rc_archive_t *start(const char *name, const rc_archive_limits_t *limits, rc_spool_t **spool)
{
    const char *stem;
    rc_archive_t *archive;

    *spool = rc_spool_create(unit_dir, pool);
    ASSERT_OK(rc_archive_begin(&archive, rc_archive_format(&stem, name, pool), *spool, "p/", 1e9,
                               unit_dir, limits, pool));
    return archive;
}

static rc_item_t file(const char *path, const char *data, apr_off_t size)
{
    return (rc_item_t){.path = path, .kind = RC_ITEM_FILE, .data = data, .size = size};
}

static void refused(rc_err_t *err, const char *text)
{
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_LIMIT);
    assert_non_null(strstr(err->msg, text));
}

static void limits(void **state)
{
    rc_archive_limits_t few = plenty, little = plenty, hurry = plenty;
    apr_size_t i;

    (void)state;
    few.entries = 2;
    little.bytes = 10000;
    hurry.time = 0;
    for (i = 0; i < ROWS(names); i++) {
        rc_item_t small = file("a", "x", 1), large = file("b", apr_pcalloc(pool, 10000), 10000);
        rc_item_t folder = {.path = "f", .kind = RC_ITEM_FOLDER};
        rc_spool_t *spool;
        rc_archive_t *archive = start(names[i], &few, &spool);

        ASSERT_OK(rc_archive_add(archive, &small));
        ASSERT_OK(rc_archive_add(archive, &folder));
        refused(rc_archive_add(archive, &folder), "too many");
        archive = start(names[i], &little, &spool);
        ASSERT_OK(rc_archive_add(archive, &small));
        refused(rc_archive_add(archive, &large), "too large");
        archive = start(names[i], &hurry, &spool);
        refused(rc_archive_add(archive, &small), "too long");
    }
}

/* Makes the same archive from memory and from a file; tar is identical, zip has other bytes. */
static void from_a_file(void **state)
{
    const apr_off_t size = 1 << 20;
    char *data = apr_palloc(pool, (apr_size_t)size);
    const char *path = in_dir("content");
    apr_off_t n;
    apr_size_t i;
    int fd = open(path, O_RDWR | O_CREAT, 0600);

    (void)state;
    for (n = 0; n < size; n++)
        data[n] = (char)(n * n >> 7);
    assert_int_equal(write(fd, data, (size_t)size), size);
    for (i = 0; i < ROWS(names); i++) {
        rc_item_t memory = file("a", data, size), stream = file("a", NULL, size);
        rc_spool_t *one, *two;
        rc_archive_t *first = start(names[i], &plenty, &one);
        rc_archive_t *second = start(names[i], &plenty, &two);
        const char *a, *b;

        stream.fd = fd;
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        ASSERT_OK(rc_archive_add(first, &memory));
        ASSERT_OK(rc_archive_add(second, &stream));
        ASSERT_OK(rc_archive_end(first));
        ASSERT_OK(rc_archive_end(second));
        if (!strcmp(names[i], "x.zip"))
            continue;
        assert_int_equal(rc_spool_size(one), rc_spool_size(two));
        ASSERT_OK(rc_spool_string(&a, one, pool));
        ASSERT_OK(rc_spool_string(&b, two, pool));
        assert_memory_equal(a, b, (size_t)rc_spool_size(one));
    }
    close(fd);
    unlink(path);
}

static void a_file_that_ends_early(void **state)
{
    int fd = open("/dev/null", O_RDONLY);
    apr_size_t i;

    (void)state;
    for (i = 0; i < ROWS(names); i++) {
        rc_item_t item = file("a", NULL, 100);
        rc_spool_t *spool;
        rc_err_t *err;

        item.fd = fd;
        err = rc_archive_add(start(names[i], &plenty, &spool), &item);
        assert_non_null(err);
        assert_int_equal(err->kind, RC_E_INTERNAL);
    }
    close(fd);
}

/* An abandoned archive writes nothing more when its pool ends. */
static void abandoned(void **state)
{
    apr_size_t i;

    (void)state;
    for (i = 0; i < ROWS(names); i++) {
        rc_spool_t *spool = rc_spool_create(unit_dir, pool);
        rc_item_t item = file("a", "text", 4);
        rc_archive_t *archive;
        const char *stem;
        apr_pool_t *own;

        apr_pool_create(&own, pool);
        ASSERT_OK(rc_archive_begin(&archive, rc_archive_format(&stem, names[i], pool), spool, "p/",
                                   1, unit_dir, &plenty, own));
        ASSERT_OK(rc_archive_add(archive, &item));
        ASSERT_OK(rc_spool_reset(spool));
        apr_pool_destroy(own);
        assert_int_equal(rc_spool_size(spool), 0);
    }
}

/* Tests every length of a name and of a link's target around the size of a tar header. */
static void names_of_every_length(void **state)
{
    const char *path = in_dir("lengths.tar");
    char name[600], target[300];
    rc_spool_t *spool;
    rc_archive_t *archive = start("x.tar", &plenty, &spool);
    const char *text;
    int i, fd;

    (void)state;
    for (i = 1; i < 520; i++) {
        rc_item_t link = {.path = name, .kind = RC_ITEM_LINK, .data = target, .size = i % 250 + 1};
        int n;

        memset(target, 't', sizeof(target));
        for (n = 0; n < i; n++)
            name[n] = (char)('a' + n % 26);
        for (n = i - 60; n > 0; n -= 60)
            name[n] = '/';
        name[i] = '\0';
        ASSERT_OK(rc_archive_add(archive, &link));
    }
    ASSERT_OK(rc_archive_end(archive));
    assert_int_equal(rc_spool_size(spool) % 10240, 0);
    ASSERT_OK(rc_spool_string(&text, spool, pool));
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, text, (size_t)rc_spool_size(spool)), rc_spool_size(spool));
    close(fd);
    assert_int_equal(system(apr_psprintf(pool,
                                         "test \"$(tar tf %s 2>&1 | awk '{n++; if (length($0) != n "
                                         "+ 2) bad++} END {print n + 0, bad + 0}')\" = '519 0'",
                                         path)),
                     0);
    unlink(path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(formats),     cmocka_unit_test(limits),
    cmocka_unit_test(from_a_file), cmocka_unit_test(a_file_that_ends_early),
    cmocka_unit_test(abandoned),   cmocka_unit_test(names_of_every_length),
};

UNIT_MAIN(tests)
