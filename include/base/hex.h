// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes hexadecimal digits, and escapes made of them ("%2F", "=C3").
 */
#ifndef RC_BASE_HEX_H
#define RC_BASE_HEX_H

#include <apr_pools.h>

#include <stdbool.h>

/** Returns the value of a digit in either case; -1 when @a c is not a digit. */
int rc_hex_digit(char c);

/** Returns the value of the @a n (at most 7) digits at @a text; -1 when one is not a digit. Stops
 * at a NUL. */
int rc_hex_read(const char *text, int n);

/** Reads @a len bytes from twice as many digits at @a text. Returns false when one is not a digit;
 * stops at a NUL. */
bool rc_hex_bytes(unsigned char *bytes, const char *text, apr_size_t len);

/** Returns the byte of the percent escape at @a text; -1 when there is none. Stops at a NUL. */
int rc_hex_percent(const char *text);

/** Returns the first @a len bytes of @a text with %XX decoded, in @a pool. Invalid escapes and %00
 * stay as they are. */
char *rc_hex_unescape(const char *text, apr_size_t len, apr_pool_t *pool);

/** Writes @a mark and the two upper-case digits of @a c, without a NUL; returns the end. */
char *rc_hex_escape(char *out, char mark, char c);

/** Writes @a bytes as 2 * @a len lower-case digits, without a NUL. */
void rc_hex_write(char *out, const unsigned char *bytes, apr_size_t len);

/** Returns @a bytes as lower-case digits, NUL-terminated, in @a pool. */
const char *rc_hex_text(const unsigned char *bytes, apr_size_t len, apr_pool_t *pool);

#endif
