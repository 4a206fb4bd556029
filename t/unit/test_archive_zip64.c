// SPDX-License-Identifier: Apache-2.0
/*
 * Tests zip files whose sizes and offsets need eight bytes, with unzip, Python and bsdtar as
 * readers. For that, the writer is compiled with a lower limit.
 */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include <apr_strings.h>

#define LARGE 5000
#include "archive/zip.c"

static const rc_archive_limits_t plenty = {1000000, (apr_off_t)1 << 40, apr_time_from_sec(600)};

static void add_item(rc_archive_t *archive, const char *path, int fd, const char *data,
                     apr_off_t size)
{
    rc_item_t item = {.path = path, .size = size, .data = data, .fd = fd};

    if (fd >= 0)
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    ASSERT_OK(rc_archive_add(archive, &item));
}

static void write_file(const char *path, rc_spool_t *spool)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const char *text;

    ASSERT_OK(rc_spool_string(&text, spool, pool));
    assert_int_equal(write(fd, text, (size_t)rc_spool_size(spool)), rc_spool_size(spool));
    close(fd);
}

/* Small and large contents, from memory and from files, below and above the limit. */
static void sizes_and_places(void **state)
{
    const char *path = in_dir("zip64.zip"), *content = in_dir("content"), *stem;
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    char noise[9000];
    rc_archive_t *archive;
    unsigned i, n = 1;
    int fd = open(content, O_RDWR | O_CREAT, 0600);

    (void)state;
    for (i = 0; i < sizeof(noise); i++)
        noise[i] = (char)((n = n * 1103515245 + 12345) >> 16);
    assert_int_equal(write(fd, noise, sizeof(noise)), sizeof(noise));
    ASSERT_OK(rc_archive_begin(&archive, rc_archive_format(&stem, "x.zip", pool), spool, "p/",
                               1500000000, unit_dir, &plenty, pool));
    add_item(archive, "small", -1, noise, 100);
    add_item(archive, "stream", fd, NULL, 200);
    add_item(archive, "large", -1, noise, sizeof(noise));
    add_item(archive, "large stream", fd, NULL, sizeof(noise));
    add_item(archive, "small behind", -1, noise, 300);
    add_item(archive, "stream behind", fd, NULL, 400);
    add_item(archive, "empty", -1, "", 0);
    ASSERT_OK(rc_archive_end(archive));
    close(fd);
    write_file(path, spool);
    assert_int_equal(system(apr_psprintf(pool, "unzip -tq %s >/dev/null", path)), 0);
    assert_int_equal(
        system(apr_psprintf(
            pool,
            "/usr/bin/python3 -c 'import sys, zipfile\n"
            "z = zipfile.ZipFile(sys.argv[1])\n"
            "want = open(sys.argv[2], \"rb\").read()\n"
            "sizes = [100, 200, 9000, 9000, 300, 400, 0]\n"
            "assert z.testzip() is None\n"
            "assert [i.file_size for i in z.infolist()] == sizes\n"
            "assert all(z.read(i) == want[:i.file_size] for i in z.infolist())\n"
            "assert [i.extract_version for i in z.infolist()] == [20, 20, 45, 45, 45, 45, 45]' "
            "%s %s",
            path, content)),
        0);
    unlink(path);
    unlink(content);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(sizes_and_places)};

UNIT_MAIN(tests)
