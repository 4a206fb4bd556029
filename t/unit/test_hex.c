// SPDX-License-Identifier: Apache-2.0
/*
 * Tests reading and writing of hexadecimal digits: every byte, and every character that is no
 * digit.
 */
#include "base/hex.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void every_byte(void **state)
{
    unsigned char bytes[256], again[256];
    char text[2 * sizeof(bytes) + 1];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    rc_hex_write(text, bytes, sizeof(bytes));
    assert_true(rc_hex_bytes(again, text, sizeof(bytes)));
    assert_memory_equal(again, bytes, sizeof(bytes));
    for (i = 0; i < sizeof(bytes); i++) {
        snprintf(text, sizeof(text), "%02X", (unsigned)i);
        assert_true(rc_hex_bytes(again, text, 1) && again[0] == i);
    }
}

static void no_digits(void **state)
{
    int c;

    (void)state;
    for (c = 0; c < 256; c++) {
        const char pair[2][3] = {{(char)c, '0', '\0'}, {'0', (char)c, '\0'}};
        bool digit = c && strchr("0123456789abcdefABCDEF", c);
        unsigned char byte;

        assert_int_equal(rc_hex_bytes(&byte, pair[0], 1), digit);
        assert_int_equal(rc_hex_bytes(&byte, pair[1], 1), digit);
        assert_int_equal(rc_hex_digit((char)c) >= 0, digit);
    }
    assert_true(rc_hex_bytes(NULL, "", 0));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_byte),
    cmocka_unit_test(no_digits),
};

UNIT_MAIN(tests)
