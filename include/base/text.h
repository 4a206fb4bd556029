// SPDX-License-Identifier: Apache-2.0
/*
 * Small functions for text: parses numbers and booleans of clients, checks UTF-8, converts case.
 */
#ifndef RC_BASE_TEXT_H
#define RC_BASE_TEXT_H

#include <stdbool.h>

#include <apr_pools.h>

/** Parses an integer with optional sign and outer blanks; false when it is none or too large. */
bool rc_text_int(apr_int64_t *value, const char *text);

/** True when @a text is not empty and holds nothing but the digits 0-9. */
bool rc_text_digits(const char *text);

/** True for the words t, true, y, yes, on, 1, in any case and with outer blanks. */
bool rc_text_truth(const char *text);

/** Returns whether @a text is one of the opposites: f, false, n, no, off, 0. */
bool rc_text_untruth(const char *text);

/** True when the last bytes of @a text are @a end. */
bool rc_text_ends(const char *text, const char *end);

/** Returns the number of characters of UTF-8 text. */
apr_size_t rc_text_characters(const char *text);

/** Returns a copy with ASCII letters in lower case, in @a pool. */
const char *rc_text_lower(const char *text, apr_pool_t *pool);

/** Returns a path without empty parts, "//a/b//" -> "a/b", in @a pool. */
const char *rc_text_clean_path(const char *path, apr_pool_t *pool);

/** Returns the bytes of the valid UTF-8 sequence at @a p (not past @a end); 0 when invalid. */
int rc_utf8_length(const char *p, const char *end);

/** True when all of @a text is valid UTF-8. */
bool rc_utf8_valid(const char *text, apr_size_t len);

/** Returns @a text itself when valid UTF-8, else a copy in @a pool with each invalid byte as
 * U+FFFD. */
const char *rc_utf8_repair(const char *text, apr_pool_t *pool);

/** Returns @a text itself, or when it has more than @a max bytes, a copy in @a pool that is cut
 * there at a character boundary. */
const char *rc_utf8_cut(const char *text, apr_size_t max, apr_pool_t *pool);

/** True for a space, tab, CR or LF: the blanks of git. isspace() accepts more. */
bool rc_text_is_blank(char c);

/** Returns the line feed that ends the line @a line, or the end of the text. */
const char *rc_text_line_end(const char *line);

/** Returns the line after @a line, "" when there is none. */
const char *rc_text_next_line(const char *line);

/** True when @a text holds a control character (below 0x20, or 0x7f). */
bool rc_text_has_control(const char *text);

/** True when @a text has the form of an e-mail address (at most 255 bytes). */
bool rc_text_is_email(const char *text);

#endif
