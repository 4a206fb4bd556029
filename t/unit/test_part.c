// SPDX-License-Identifier: Apache-2.0
/* Tests parts of cache entries: who makes one, who reads it, and how it ended. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/entry.h"
#include "base/output.h"
#include "base/part.h"

static rc_cache_t cache = {.max = 1000};

static rc_entry_t entry_of(const char *name)
{
    rc_entry_t entry;

    cache.dir = in_dir("cache");
    rc_entry_init(&entry, &cache, name, pool);
    return entry;
}

static rc_entry_t made_by_us(const char *name)
{
    rc_entry_t entry = entry_of(name);

    assert_int_equal(rc_entry_look(&entry), RC_ENTRY_OURS);
    return entry;
}

static apr_off_t size_of(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    return st.st_size;
}

static void one_maker(void **state)
{
    rc_entry_t first = made_by_us("one"), second = entry_of("one");

    (void)state;
    assert_int_equal(rc_entry_look(&second), RC_ENTRY_BUSY);
    close(first.fd); /* as at a crash */
    assert_int_equal(rc_entry_look(&second), RC_ENTRY_OURS);
    close(second.fd);
}

static void readers_are_seen(void **state)
{
    rc_entry_t entry = made_by_us("readers");
    int first, second;

    (void)state;
    assert_false(rc_part_is_followed(entry.fd));
    first = rc_part_follow(entry.part);
    second = rc_part_follow(entry.part);
    assert_true(first >= 0 && second >= 0);
    assert_true(rc_part_is_followed(entry.fd));
    rc_part_unfollow(first);
    assert_true(rc_part_is_followed(entry.fd));
    close(second); /* as at a crash */
    assert_false(rc_part_is_followed(entry.fd));
    close(first);
    close(entry.fd);
}

/* A program appends to the part; the lock is not its. */
static void appending(void **state)
{
    rc_entry_t entry = made_by_us("append"), other = entry_of("append");
    int fd = rc_part_open_append(entry.fd, entry.part);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(size_of(entry.fd), 3);
    assert_int_equal(lseek(entry.fd, 0, SEEK_CUR), 0);
    close(entry.fd);
    assert_int_equal(rc_entry_look(&other), RC_ENTRY_OURS);
    assert_int_equal(rc_part_open_append(fd, entry.part), -1); /* another file has the name now */
    close(fd);
    close(other.fd);
}

static void ends(void **state)
{
    static const rc_part_state_t all[] = {RC_PART_COMPLETE, RC_PART_FAILED, RC_PART_LEFT};
    apr_size_t i;

    (void)state;
    for (i = 0; i < ROWS(all); i++) {
        rc_entry_t entry = made_by_us(apr_psprintf(pool, "end%d", (int)i));
        int reader = rc_part_follow(entry.part);

        assert_int_equal(rc_part_look(reader), RC_PART_GROWS);
        if (all[i] == RC_PART_COMPLETE)
            assert_true(rc_entry_keep(&entry, 0, pool));
        else
            assert_int_equal(unlink(entry.part), 0);
        rc_part_end(entry.fd, all[i]);
        assert_int_equal(rc_part_look(reader), all[i]);
        assert_int_equal(access(entry.part, F_OK), -1);
        assert_int_equal(access(entry.file, F_OK), all[i] == RC_PART_COMPLETE ? 0 : -1);
        close(entry.fd);
        close(reader);
    }
}

/* Readers of a part that a crash left never see it change: it is replaced. */
static void left_with_bytes(void **state)
{
    rc_entry_t entry = made_by_us("left"), next;
    int reader = rc_part_follow(entry.part);

    (void)state;
    assert_int_equal(write(entry.fd, "half", 4), 4);
    close(entry.fd);
    assert_int_equal(rc_part_look(reader), RC_PART_LEFT);
    next = made_by_us("left");
    assert_int_equal(size_of(next.fd), 0);
    assert_int_equal(size_of(reader), 4);
    assert_int_equal(rc_part_look(reader), RC_PART_LEFT);
    close(next.fd);
    close(reader);
}

/* Too large for the cache: complete, but not kept. */
static void too_large(void **state)
{
    rc_entry_t entry = made_by_us("large");
    int reader = rc_part_follow(entry.part);

    (void)state;
    assert_false(rc_entry_keep(&entry, cache.max + 1, pool));
    rc_part_end(entry.fd, RC_PART_COMPLETE);
    assert_int_equal(rc_part_look(reader), RC_PART_COMPLETE);
    assert_int_equal(access(entry.file, F_OK), -1);
    assert_int_equal(access(entry.part, F_OK), -1);
    close(entry.fd);
    close(reader);
}

/* A part that cannot be followed: the answer gets a file of its own, whose end is not that of the
 * part. */
static void not_followed(void **state)
{
    struct flock readers = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
    rc_entry_t entry = made_by_us("not-followed");
    rc_produce_t produce = {.cache = &cache, .name = "not-followed", .temp_dir = in_dir("cache")};
    rc_output_t output;

    (void)state;
    assert_int_equal(fcntl(entry.fd, F_OFD_SETLK, &readers), 0);
    assert_null(rc_output_open(&output, &produce, pool));
    assert_true(output.ours);
    assert_false(rc_output_is_followed(&output));
    rc_output_finish(&output, RC_PART_COMPLETE, true, pool);
    assert_int_equal(access(entry.part, F_OK), 0);
    assert_int_equal(access(entry.file, F_OK), -1);
    rc_output_close(&output, pool);
    close(entry.fd);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_maker),    cmocka_unit_test(readers_are_seen), cmocka_unit_test(appending),
    cmocka_unit_test(ends),         cmocka_unit_test(left_with_bytes),  cmocka_unit_test(too_large),
    cmocka_unit_test(not_followed),
};

UNIT_MAIN(tests)
