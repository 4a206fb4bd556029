// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes hexadecimal digits.
 */
#include "base/hex.h"

#include <string.h>

int rc_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
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

/* The digits of all bytes. */
#define SIXTEEN(h)                                                                                 \
    h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h "e" h "f"
static const char pairs[] = SIXTEEN("0") SIXTEEN("1") SIXTEEN("2") SIXTEEN("3") SIXTEEN("4")
    SIXTEEN("5") SIXTEEN("6") SIXTEEN("7") SIXTEEN("8") SIXTEEN("9") SIXTEEN("a") SIXTEEN("b")
        SIXTEEN("c") SIXTEEN("d") SIXTEEN("e") SIXTEEN("f");

void rc_hex_write(char *out, const unsigned char *bytes, apr_size_t len)
{
    for (; len; len--, out += 2)
        memcpy(out, pairs + 2 * *bytes++, 2);
}

const char *rc_hex_text(const unsigned char *bytes, apr_size_t len, apr_pool_t *pool)
{
    char *hex = apr_palloc(pool, len * 2 + 1);

    rc_hex_write(hex, bytes, len);
    hex[2 * len] = '\0';
    return hex;
}
