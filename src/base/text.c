// SPDX-License-Identifier: Apache-2.0
/*
 * Parses numbers and booleans, checks and repairs UTF-8.
 */
#include "base/text.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define MAX_EMAIL 255 /* bytes */

static const char *skip_spaces(const char *p)
{
    while (apr_isspace(*p))
        p++;
    return p;
}

bool rc_text_int(apr_int64_t *value, const char *text)
{
    const char *p = skip_spaces(text);
    bool negative = *p == '-';
    apr_uint64_t limit = (apr_uint64_t)APR_INT64_MAX + (negative ? 1 : 0);
    apr_uint64_t n = 0;

    if (*p == '-' || *p == '+')
        p++;
    if (!apr_isdigit(*p))
        return false;
    for (; apr_isdigit(*p); p++) {
        unsigned digit = (unsigned)(*p - '0');

        if (n > (limit - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (*skip_spaces(p))
        return false;
    *value = negative ? (apr_int64_t)(0 - n) : (apr_int64_t)n;
    return true;
}

bool rc_text_ends(const char *text, const char *end)
{
    apr_size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && !strcmp(text + len - end_len, end);
}

bool rc_text_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* Returns whether @a text, trimmed, is one of @a words in any case. */
static bool is_one_of(const char *text, const char *const *words)
{
    const char *p = skip_spaces(text);
    apr_size_t len = strlen(p);

    while (len && apr_isspace(p[len - 1]))
        len--;
    for (; *words; words++)
        if (strlen(*words) == len && !strncasecmp(*words, p, len))
            return true;
    return false;
}

bool rc_text_truth(const char *text)
{
    static const char *const words[] = {"t", "true", "y", "yes", "on", "1", NULL};

    return is_one_of(text, words);
}

bool rc_text_untruth(const char *text)
{
    static const char *const words[] = {"f", "false", "n", "no", "off", "0", NULL};

    return is_one_of(text, words);
}

apr_size_t rc_text_characters(const char *text)
{
    apr_size_t n = 0;

    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

const char *rc_text_lower(const char *text, apr_pool_t *pool)
{
    char *lower = apr_pstrdup(pool, text), *p;

    for (p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return lower;
}

const char *rc_text_clean_path(const char *path, apr_pool_t *pool)
{
    char *clean = apr_palloc(pool, strlen(path) + 1), *out = clean;

    for (; *path; path++)
        if (*path != '/' || (out > clean && out[-1] != '/'))
            *out++ = *path;
    if (out > clean && out[-1] == '/')
        out--;
    *out = '\0';
    return clean;
}

int rc_utf8_length(const char *p, const char *end)
{
    const unsigned char *s = (const unsigned char *)p;
    apr_size_t left = (apr_size_t)(end - p);
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
    int n, i;

    if (!left)
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (s[0] == 0xe0)
        low = 0xa0; /* no overlong forms */
    else if (s[0] == 0xed)
        high = 0x9f; /* no surrogates */
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f; /* nothing past U+10FFFF */
    if (left < (apr_size_t)n || s[1] < low || s[1] > high)
        return 0;
    for (i = 2; i < n; i++)
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    return n;
}

bool rc_utf8_valid(const char *text, apr_size_t len)
{
    const char *end = text + len;

    while (text < end) {
        int n = rc_utf8_length(text, end);

        if (!n)
            return false;
        text += n;
    }
    return true;
}

const char *rc_utf8_repair(const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    const char *end = text + len;
    char *copy, *out;

    if (rc_utf8_valid(text, len))
        return text;
    copy = out = apr_palloc(pool, len * 3 + 1);
    while (text < end) {
        int n = rc_utf8_length(text, end);

        memcpy(out, n ? text : "\xef\xbf\xbd", n ? (apr_size_t)n : 3);
        out += n ? n : 3;
        text += n ? n : 1;
    }
    *out = '\0';
    return copy;
}

const char *rc_utf8_cut(const char *text, apr_size_t max, apr_pool_t *pool)
{
    if (strnlen(text, max + 1) <= max)
        return text;
    while (max && (text[max] & 0xc0) == 0x80)
        max--;
    return apr_pstrmemdup(pool, text, max);
}

bool rc_text_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *rc_text_line_end(const char *line)
{
    return line + strcspn(line, "\n");
}

const char *rc_text_next_line(const char *line)
{
    const char *end = rc_text_line_end(line);

    return *end ? end + 1 : end;
}

bool rc_text_has_control(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    for (; *p; p++)
        if (*p < 0x20 || *p == 0x7f)
            return true;
    return false;
}

/* A rough check: text, "@", text, without characters that an address may only have in quotes. It
 * finds mistakes, and makes the address safe in a header or a list. */
bool rc_text_is_email(const char *text)
{
    const char *at = strchr(text, '@');

    return at && at != text && at[1] && !strchr(at + 1, '@') && strlen(text) <= MAX_EMAIL &&
           !strpbrk(text, " <>()[],;:\\\"") && !rc_text_has_control(text);
}
