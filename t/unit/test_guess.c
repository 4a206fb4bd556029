// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the counts of guesses: how many are let through, and that nobody can choose keys which take
 * the place of the count of another one.
 */
#include "unit.h"

#include "base/guess.h"
#include "base/secret.h"

#define MOST 3

static void set_up_table(void)
{
    ASSERT_OK(rc_guess_open(pool));
}

static void counting(void **state)
{
    int i;

    (void)state;
    set_up_table();
    for (i = 0; i < MOST; i++)
        assert_int_equal(rc_guess_try("name", "a", MOST), 0);
    assert_in_range(rc_guess_try("name", "a", MOST), 1, 600);
    assert_int_equal(rc_guess_try("name", "b", MOST), 0);
    assert_int_equal(rc_guess_try("address", "a", MOST), 0);
    rc_guess_right("name", "a");
    assert_int_equal(rc_guess_try("name", "a", MOST), 0);
    assert_in_range(rc_guess_try("name", "a", MOST), 1, 600);
}

/* Returns the place of a key in a table without a secret. */
static apr_uint32_t place_of(const char *text)
{
    unsigned char digest[RC_DIGEST_SIZE];
    apr_uint32_t place;

    rc_key_digest(digest, text);
    memcpy(&place, digest + 12, sizeof(place));
    return place % 1024;
}

/* 64 names that a client can find by themselves do not displace the count of an address. */
static void chosen_keys(void **state)
{
    apr_uint32_t place = place_of("address 192.0.2.1");
    char name[20] = "name ";
    int i, found = 0;

    (void)state;
    set_up_table();
    for (i = 0; i < MOST; i++)
        assert_int_equal(rc_guess_try("address", "192.0.2.1", MOST), 0);
    for (i = 0; found < 64; i++) {
        apr_snprintf(name + 5, sizeof(name) - 5, "%d", i);
        if (place_of(name) == place && ++found)
            assert_int_equal(rc_guess_try("name", name + 5, MOST), 0);
    }
    assert_in_range(rc_guess_try("address", "192.0.2.1", MOST), 1, 600);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counting),
    cmocka_unit_test(chosen_keys),
};

UNIT_MAIN(tests)
