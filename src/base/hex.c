// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes hexadecimal digits. Writes sixteen at once, where apr_escape_hex takes one after
 * the other: a list of files has an id and a digest for each, and a table took twice the
 * instructions. Reads by a table: a list of users has a sealed key for each, and apr_unescape_hex
 * takes 0.5 us for one, ten times as long.
 */
#include "base/hex.h"

#include <string.h>

/* The values of digits plus 1; 0 is no digit. */
static const signed char digit_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

int rc_hex_digit(char c)
{
    return digit_values[(unsigned char)c] - 1;
}

int rc_hex_read(const char *text, int n)
{
    int value = 0, digit;

    for (; n > 0; n--, text++) {
        if ((digit = rc_hex_digit(*text)) < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

bool rc_hex_bytes(unsigned char *bytes, const char *text, apr_size_t len)
{
    for (; len; len--, text += 2) {
        int high = rc_hex_digit(text[0]), low = high < 0 ? -1 : rc_hex_digit(text[1]);

        if (low < 0)
            return false;
        *bytes++ = (unsigned char)(high << 4 | low);
    }
    return true;
}

int rc_hex_percent(const char *text)
{
    return *text == '%' ? rc_hex_read(text + 1, 2) : -1;
}

char *rc_hex_unescape(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1), *to = out;
    const char *end = text + len, *first = memchr(text, '%', len);
    apr_size_t plain = (apr_size_t)((first ? first : end) - text); /* mostly all of it */

    memcpy(to, text, plain);
    to += plain;
    text += plain;
    for (; text < end; text++) {
        int byte = end - text > 2 ? rc_hex_percent(text) : -1;

        *to++ = byte > 0 ? (char)byte : *text; /* a NUL stays escaped */
        text += byte > 0 ? 2 : 0;
    }
    *to = '\0';
    return out;
}

char *rc_hex_escape(char *out, char mark, char c)
{
    static const char digits[] = "0123456789ABCDEF";

    *out++ = mark;
    *out++ = digits[(unsigned char)c >> 4];
    *out++ = digits[c & 15];
    return out;
}

#define LANES 16
typedef unsigned char lanes_t __attribute__((vector_size(LANES)));

/* Returns the digits of numbers below 16. */
static lanes_t digits_of(lanes_t values)
{
    return values + '0' + ((lanes_t)(values > 9) & ('a' - '0' - 10));
}

/* Writes the digits of as many bytes as the compiler handles at once. */
static void write_lanes(char *out, const unsigned char *bytes)
{
    const lanes_t first = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
    lanes_t all, high, low, half;

    memcpy(&all, bytes, LANES);
    high = digits_of(all >> 4);
    low = digits_of(all & 15);
    half = __builtin_shuffle(high, low, first);
    memcpy(out, &half, LANES);
    half = __builtin_shuffle(high, low, first + LANES / 2);
    memcpy(out + LANES, &half, LANES);
}

void rc_hex_write(char *out, const unsigned char *bytes, apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (; len >= LANES; len -= LANES, bytes += LANES, out += 2 * LANES)
        write_lanes(out, bytes);
    for (; len; len--, bytes++) {
        *out++ = digits[*bytes >> 4];
        *out++ = digits[*bytes & 15];
    }
}

const char *rc_hex_text(const unsigned char *bytes, apr_size_t len, apr_pool_t *pool)
{
    char *hex = apr_palloc(pool, len * 2 + 1);

    rc_hex_write(hex, bytes, len);
    hex[2 * len] = '\0';
    return hex;
}
