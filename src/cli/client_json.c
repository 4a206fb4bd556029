/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict JSON reader that builds json-c objects. json-c's own parser accepts text that is not
 * JSON and cuts integers of more than 64 bits; here a number that would not survive keeps its
 * text. A lone surrogate (\ud800) is kept as three bytes, which the printer turns back.
 */
#include "client.h"

#include <json.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH        512
#define MAX_PLAIN_DIGITS 18 /* any integer of so many digits fits 64 bits */

typedef struct reader_t {
    const char *p, *end; /* the text ends in a NUL that is not counted */
    int depth;
    const char *error;
} reader_t;

static bool read_value(struct json_object **out, reader_t *r);

/* Length of the UTF-8 sequence at p, 0 when it is broken, overlong, a surrogate or too high. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char first, last, second_low, second_high, len;
    } FORMS[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof(FORMS) / sizeof(*FORMS); i++) {
        if (*p < FORMS[i].first || *p > FORMS[i].last)
            continue;
        if (FORMS[i].len > left)
            return 0;
        if (FORMS[i].len > 1 && (p[1] < FORMS[i].second_low || p[1] > FORMS[i].second_high))
            return 0;
        for (size_t k = 2; k < FORMS[i].len; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return FORMS[i].len;
    }
    return 0;
}

/* Length of the longest valid beginning. */
static size_t utf8_prefix(const char *text, size_t len)
{
    size_t at = 0, step;

    while (at < len && (step = utf8_sequence((const unsigned char *)text + at, len - at)) > 0)
        at += step;
    return at;
}

void rc_cli_json_add(struct json_object *object, const char *key, struct json_object *value)
{
    if (json_object_object_add(object, key, value) != 0)
        rc_cli_need(NULL);
}

bool rc_cli_utf8_valid(const char *text, size_t len)
{
    return utf8_prefix(text, len) == len;
}

static bool fail(reader_t *r, const char *what)
{
    r->error = what;
    return false;
}

static void skip_space(reader_t *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static bool take(reader_t *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* The four digits behind "\u", without moving; -1 when they are not there. */
static long peek_hex4(const char *p, const char *end)
{
    long code = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        if (p[i] >= '0' && p[i] <= '9')
            code = code * 16 + (p[i] - '0');
        else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
            code = code * 16 + ((p[i] | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return code;
}

static void add_code_point(rc_cli_buf_t *buf, unsigned long code)
{
    char bytes[4];
    size_t len;

    if (code < 0x80) {
        bytes[0] = (char)code;
        len = 1;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xc0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 0x3f));
        len = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xe0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (code & 0x3f));
        len = 3;
    } else {
        bytes[0] = (char)(0xf0 | code >> 18);
        bytes[1] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[2] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[3] = (char)(0x80 | (code & 0x3f));
        len = 4;
    }
    rc_cli_buf_add(buf, bytes, len);
}

/* Behind "\u": one code unit, or the two of a pair. */
static bool read_unicode_escape(rc_cli_buf_t *buf, reader_t *r)
{
    long code = peek_hex4(r->p, r->end), low;

    if (code < 0)
        return fail(r, "bad \\u escape");
    r->p += 4;
    if (code >= 0xd800 && code < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\' &&
        r->p[1] == 'u') {
        low = peek_hex4(r->p + 2, r->end);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            r->p += 6;
        }
    }
    add_code_point(buf, (unsigned long)code);
    return true;
}

static bool read_escape(rc_cli_buf_t *buf, reader_t *r)
{
    static const char LETTERS[] = "\"\\/bfnrt", MEANING[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (take(r, 'u'))
        return read_unicode_escape(buf, r);
    found = r->p < r->end && *r->p ? strchr(LETTERS, *r->p) : NULL;
    if (!found)
        return fail(r, "bad escape in a string");
    r->p++;
    rc_cli_buf_add(buf, MEANING + (found - LETTERS), 1);
    return true;
}

/* Behind the opening quote; the caller frees buf in either case. */
static bool read_string(rc_cli_buf_t *buf, reader_t *r)
{
    const char *start;

    rc_cli_buf_add(buf, "", 0);
    for (;;) {
        start = r->p;
        while (r->p < r->end && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= 0x20)
            r->p++;
        rc_cli_buf_add(buf, start, (size_t)(r->p - start));
        if (take(r, '"'))
            return true;
        if (!take(r, '\\'))
            return fail(r, r->p == r->end ? "string without end" : "control character in a string");
        if (!read_escape(buf, r))
            return false;
    }
}

static bool read_string_value(struct json_object **out, reader_t *r)
{
    rc_cli_buf_t buf = {0};
    bool ok = read_string(&buf, r);

    if (ok)
        *out = rc_cli_need(json_object_new_string_len(buf.data, (int)buf.len));
    free(buf.data);
    return ok;
}

static size_t skip_digits(reader_t *r)
{
    const char *start = r->p;

    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return (size_t)(r->p - start);
}

static bool read_number(struct json_object **out, reader_t *r)
{
    const char *start = r->p;
    bool negative = take(r, '-'), integer = true;
    size_t digits;
    char *text;

    if (!take(r, '0')) /* which nothing but a fraction or exponent may follow */
        digits = skip_digits(r);
    else
        digits = 1;
    if (digits == 0)
        return fail(r, negative ? "digit expected" : "value expected");
    if (take(r, '.')) {
        integer = false;
        if (skip_digits(r) == 0)
            return fail(r, "digit expected");
    }
    if (take(r, 'e') || take(r, 'E')) {
        integer = false;
        if (!take(r, '+'))
            take(r, '-');
        if (skip_digits(r) == 0)
            return fail(r, "digit expected");
    }
    text = rc_cli_need(strndup(start, (size_t)(r->p - start)));
    if (integer && digits <= MAX_PLAIN_DIGITS && strcmp(text, "-0") != 0)
        *out = rc_cli_need(json_object_new_int64(strtoll(text, NULL, 10)));
    else
        *out = rc_cli_need(json_object_new_double_s(strtod(text, NULL), text));
    free(text);
    return true;
}

static bool read_word(struct json_object **out, reader_t *r)
{
    size_t left = (size_t)(r->end - r->p);

    *out = NULL;
    if (left >= 4 && memcmp(r->p, "null", 4) == 0) {
        r->p += 4;
    } else if (left >= 4 && memcmp(r->p, "true", 4) == 0) {
        r->p += 4;
        *out = rc_cli_need(json_object_new_boolean(1));
    } else if (left >= 5 && memcmp(r->p, "false", 5) == 0) {
        r->p += 5;
        *out = rc_cli_need(json_object_new_boolean(0));
    } else {
        return fail(r, "value expected");
    }
    return true;
}

/* Behind the "["; what was read so far stays in array. */
static bool read_elements(struct json_object *array, reader_t *r)
{
    struct json_object *element;

    skip_space(r);
    if (take(r, ']'))
        return true;
    do {
        if (!read_value(&element, r))
            return false;
        if (json_object_array_add(array, element) != 0)
            rc_cli_need(NULL);
        skip_space(r);
    } while (take(r, ','));
    return take(r, ']') || fail(r, "\",\" or \"]\" expected");
}

static bool read_key(rc_cli_buf_t *key, reader_t *r)
{
    skip_space(r);
    if (!take(r, '"'))
        return fail(r, "key in double quotes expected");
    if (!read_string(key, r))
        return false;
    if (memchr(key->data, '\0', key->len)) /* json-c's keys are C strings */
        return fail(r, "key holds a zero character");
    skip_space(r);
    return take(r, ':') || fail(r, "\":\" expected");
}

/* Behind the "{"; of equal keys the last one wins, at the place of the first. */
static bool read_members(struct json_object *object, reader_t *r)
{
    struct json_object *value;
    rc_cli_buf_t key;
    bool ok;

    skip_space(r);
    if (take(r, '}'))
        return true;
    do {
        key = (rc_cli_buf_t){0};
        ok = read_key(&key, r) && read_value(&value, r);
        if (ok)
            rc_cli_json_add(object, key.data, value);
        free(key.data);
        if (!ok)
            return false;
        skip_space(r);
    } while (take(r, ','));
    return take(r, '}') || fail(r, "\",\" or \"}\" expected");
}

static bool read_container(struct json_object **out, reader_t *r, bool is_object)
{
    bool ok;

    if (++r->depth > MAX_DEPTH)
        return fail(r, "nested too deeply");
    *out = rc_cli_need(is_object ? json_object_new_object() : json_object_new_array());
    ok = is_object ? read_members(*out, r) : read_elements(*out, r);
    r->depth--;
    if (!ok)
        json_object_put(*out);
    return ok;
}

static bool read_value(struct json_object **out, reader_t *r)
{
    skip_space(r);
    if (take(r, '{'))
        return read_container(out, r, true);
    if (take(r, '['))
        return read_container(out, r, false);
    if (take(r, '"'))
        return read_string_value(out, r);
    if (r->p < r->end && (*r->p == '-' || (*r->p >= '0' && *r->p <= '9')))
        return read_number(out, r);
    return read_word(out, r);
}

static void locate(rc_cli_json_error_t *error, const char *text, const char *at)
{
    error->line = error->column = 1;
    for (; text < at; text++) {
        if (*text == '\n') {
            error->line++;
            error->column = 1;
        } else if (((unsigned char)*text & 0xc0) != 0x80) {
            error->column++;
        }
    }
}

bool rc_cli_json_read(struct json_object **out, const char *text, size_t len,
                      rc_cli_json_error_t *error)
{
    reader_t r = {text, text + len, 0, NULL};
    size_t valid = utf8_prefix(text, len);

    *out = NULL;
    if (valid < len) {
        r.p = text + valid;
        fail(&r, "not UTF-8");
    } else if (read_value(out, &r)) {
        skip_space(&r);
        if (r.p < r.end) {
            fail(&r, "text behind the value");
            json_object_put(*out);
        }
    }
    if (!r.error)
        return true;
    *out = NULL;
    error->what = r.error;
    locate(error, text, r.p);
    return false;
}
