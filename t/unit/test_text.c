// SPDX-License-Identifier: Apache-2.0
/*
 * Tests numbers, booleans and UTF-8 as clients write them.
 */
#include "unit.h"

#include <time.h>

#include "base/hex.h"
#include "base/text.h"
#include "base/time.h"

static void integers(void **state)
{
    static const struct {
        const char *text;
        bool good;
        apr_int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"+5", true, 5},
        {"007", true, 7},
        {" 12\t\n", true, 12},
        {"9223372036854775807", true, APR_INT64_MAX},
        {"-9223372036854775808", true, APR_INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
        {"18446744073709551617", false, 0},
        {"", false, 0},
        {" ", false, 0},
        {"-", false, 0},
        {"+-1", false, 0},
        {"- 1", false, 0},
        {"1 2", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"0x10", false, 0},
        {"1_000", false, 0},
        {"\xd9\xa1", false, 0},
        {"1\xc2\xa0", false, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        apr_int64_t value = 4711;

        if (rc_text_int(&value, rows[i].text) != rows[i].good)
            fail_msg("'%s'", rows[i].text);
        assert_true(value == (rows[i].good ? rows[i].value : 4711));
    }
}

static void truth(void **state)
{
    static const char *const yes[] = {"t",   "T",  "true", "TRUE", "tRuE", "y",       "yes",
                                      "YES", "on", "On",   "1",    " 1 ",  "\ttrue\n"};
    static const char *const no[] = {"",    " ",     "f",          "false", "n",
                                     "no",  "off",   "0",          "2",     "01",
                                     "tru", "truex", "true false", "None",  "\xc3\xbf"};
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(yes); i++)
        assert_true(rc_text_truth(yes[i]));
    for (i = 0; i < ROWS(no); i++)
        assert_false(rc_text_truth(no[i]));
}

static void small_ones(void **state)
{
    char escaped[4];
    apr_int64_t seconds;

    (void)state;
    assert_true(rc_text_ends("a.pack", ".pack"));
    assert_true(rc_text_ends(".pack", ".pack"));
    assert_true(rc_text_ends("", ""));
    assert_false(rc_text_ends("pack", ".pack"));
    assert_false(rc_text_ends("a.packs", ".pack"));
    assert_true(rc_text_digits("0123456789"));
    assert_false(rc_text_digits(""));
    assert_false(rc_text_digits("1a"));
    assert_false(rc_text_digits("-1"));
    assert_string_equal(rc_text_lower("AbZ[@`{\xc3\x84", pool), "abz[@`{\xc3\x84");
    assert_string_equal(rc_hex_text((const unsigned char *)"\x00\x0f\xf0\xff", 4, pool),
                        "000ff0ff");
    assert_string_equal(rc_hex_text(NULL, 0, pool), "");
    assert_int_equal(rc_hex_read("fF09", 4), 0xff09);
    assert_int_equal(rc_hex_read("0g", 2), -1);
    assert_int_equal(rc_hex_read("0", 2), -1); /* the NUL ends it */
    assert_int_equal(rc_hex_percent("%2Fx"), '/');
    assert_int_equal(rc_hex_percent("%00"), 0);
    assert_int_equal(rc_hex_percent("%2"), -1);
    assert_int_equal(rc_hex_percent("2F"), -1);
    *rc_hex_escape(escaped, '%', '\xc3') = '\0';
    assert_string_equal(escaped, "%C3");
    assert_true(rc_text_has_control("a\x1f"));
    assert_true(rc_text_has_control("\x7f"));
    assert_true(rc_text_has_control("a\nb"));
    assert_false(rc_text_has_control("a \xc3\xa9~"));
    assert_string_equal(rc_time_utc(0, pool), "1970-01-01T00:00:00");
    assert_string_equal(rc_time_utc(1700000000, pool), "2023-11-14T22:13:20");
    setenv("TZ", "UTC", 1);
    tzset(); /* the time zone of before may be in use */
    assert_string_equal(rc_time_local(apr_time_from_sec(1700000000), pool), "2023-11-14T22:13:20");
    assert_string_equal(rc_time_local(apr_time_from_sec(1700000000) + 7999, pool),
                        "2023-11-14T22:13:20.007");
    assert_true(rc_time_read_utc(&seconds, "2023-11-14T22:13:20"));
    assert_int_equal(seconds, 1700000000);
    assert_false(rc_time_read_utc(&seconds, "2023-11-14"));
    assert_false(rc_time_read_utc(&seconds, "2023-11-14T22:13:20Z"));
    assert_false(rc_time_read_utc(&seconds, "2023-13-14T22:13:20"));
}

/* Decodes UTF-8 by its definition: accepts any length, then checks that it was the shortest form of
 * a scalar value. */
static int plain_length(const unsigned char *p, int left)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned value;
    int n, i;

    if (p[0] < 0x80)
        return 1;
    n = p[0] >= 0xf8 ? 0 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;
    if (!n || n > left)
        return 0;
    value = p[0] & (0x7fu >> n);
    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (p[i] & 0x3fu);
    }
    return value < least[n] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ? 0 : n;
}

static void paths(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"/", ""},
        {"///", ""},
        {"a", "a"},
        {"/a/", "a"},
        {"a//b", "a/b"},
        {"//a//b//", "a/b"},
        {"a/./..", "a/./.."},
        {" / ", " / "},
        {"a/\xc3/", "a/\xc3"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_string_equal(rc_text_clean_path(rows[i][0], pool), rows[i][1]);
}

static void utf8(void **state)
{
    unsigned a, b, c;
    unsigned char *p = calloc(1, 4);

    (void)state;
    assert_int_equal(rc_utf8_length((char *)p, (char *)p), 0);
    for (a = 0; a < 256; a++)
        for (b = 0; b < 256; b++)
            for (c = 0; c < 4; c++) {
                static const unsigned char third[] = {0x00, 0x80, 0xbf, 0xc0};
                int left;

                p[0] = (unsigned char)a;
                p[1] = (unsigned char)b;
                p[2] = third[c];
                p[3] = 0x80;
                for (left = 1; left <= 4; left++)
                    if (rc_utf8_length((char *)p, (char *)p + left) != plain_length(p, left))
                        fail_msg("%02x %02x %02x 80, %d bytes", p[0], p[1], p[2], left);
            }
    free(p);
}

static void repair(void **state)
{
    const char *good = "a\xc3\xa9";
    int i, k;

    (void)state;
    assert_ptr_equal(rc_utf8_repair(good, pool), good);
    assert_string_equal(rc_utf8_repair("", pool), "");
    assert_string_equal(rc_utf8_repair("\xff\x80x\xe2\x82", pool),
                        "\xef\xbf\xbd\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd");
    srand(unit_seed());
    for (i = 0; i < 20000; i++) {
        char bytes[20];
        const char *fine;

        for (k = 0; k < 19; k++)
            bytes[k] = (char)(rand() % 4 ? 0x80 + rand() % 128 : 1 + rand() % 127);
        bytes[rand() % 20] = '\0';
        bytes[19] = '\0';
        fine = rc_utf8_repair(bytes, pool);
        assert_true(rc_utf8_valid(fine, strlen(fine)));
        assert_string_equal(rc_utf8_repair(fine, pool), fine);
    }
    assert_false(rc_utf8_valid("\xc3\xa9", 1));
    assert_true(rc_utf8_valid("a\0b", 3));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(integers), cmocka_unit_test(truth),  cmocka_unit_test(small_ones),
    cmocka_unit_test(utf8),     cmocka_unit_test(repair), cmocka_unit_test(paths),
};

UNIT_MAIN(tests)
