// SPDX-License-Identifier: Apache-2.0
/*
 * Checks JSON in one pass, without allocation; the depth limit bounds its recursion. The texts of
 * the faults resemble those of the parser that clients of the API know.
 */
#include "base/json_scan.h"

#include <limits.h>
#include <string.h>

#include <apr_lib.h>

#include "base/hex.h"
#include "base/text.h"

const rc_json_limits_t rc_json_of_clients = {.depth = RC_JSON_DEPTH, .values = RC_JSON_VALUES};
const rc_json_limits_t rc_json_of_servers = {
    .depth = 512, .values = INT_MAX, .nul = true, .integer = true};

typedef struct scan_t {
    const char *start, *p, *end;
    const char *what, *where; /* the first fault and its place */
    int depth, values;
    bool in_id;  /* in the top-level "id", which is echoed as it is */
    bool in_key; /* in the key of a member */
    const rc_json_limits_t *limits;
    rc_json_scan_t *out;
} scan_t;

static bool fail(scan_t *s, const char *what, const char *where)
{
    if (!s->what) {
        s->what = what;
        s->where = where;
    }
    return false;
}

static void skip_json_blanks(scan_t *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

static bool at(const scan_t *s, char c)
{
    return s->p < s->end && *s->p == c;
}

/* Returns the value of the four hex digits at q, or -1. */
static int hex4(const scan_t *s, const char *q)
{
    return s->end - q < 4 ? -1 : rc_hex_read(q, 4);
}

static bool scan_escape(scan_t *s)
{
    int code;

    if (s->p + 1 >= s->end)
        return fail(s, "Unterminated string", s->p);
    if (s->p[1] != 'u') {
        if (!strchr("\"\\/bfnrt", s->p[1]) || !s->p[1])
            return fail(s, "Invalid \\escape", s->p);
        s->p += 2;
        return true;
    }
    if ((code = hex4(s, s->p + 2)) < 0)
        return fail(s, "Invalid \\uXXXX escape", s->p);
    if (!code && (s->in_key || !s->limits->nul))
        return fail(s, "NUL is not allowed", s->p);
    s->p += 6;
    return true;
}

/* Skips characters of ASCII that mean themselves. */
static const char *skip_plain(const char *p, const char *end)
{
    while (p < end && (signed char)*p >= 0x20 && *p != '"' && *p != '\\')
        p++;
    return p;
}

static bool scan_string(scan_t *s)
{
    const char *open = s->p++;

    for (;;) {
        int n;

        s->p = skip_plain(s->p, s->end);
        if (s->p >= s->end || *s->p == '"')
            break;
        if (*s->p == '\\') {
            if (!scan_escape(s))
                return false;
            continue;
        }
        if ((unsigned char)*s->p < 0x20)
            return fail(s, *s->p ? "Invalid control character" : "NUL is not allowed", s->p);
        if (!(n = rc_utf8_length(s->p, s->end)))
            return fail(s, "Invalid UTF-8", s->p);
        s->p += n;
    }
    if (s->p >= s->end)
        return fail(s, "Unterminated string", open);
    s->p++;
    return true;
}

static bool scan_digits(scan_t *s)
{
    const char *from = s->p;

    while (s->p < s->end && apr_isdigit(*s->p))
        s->p++;
    return s->p > from;
}

/* Returns whether the integer fits 64 bits. */
static bool fits(const char *digits, const char *end, bool negative)
{
    const char *max = negative ? "9223372036854775808" : "9223372036854775807";
    apr_size_t len = (apr_size_t)(end - digits), limit = strlen(max);

    return len < limit || (len == limit && memcmp(digits, max, len) <= 0);
}

static bool scan_number(scan_t *s)
{
    const char *from = s->p, *digits;

    if (at(s, '-'))
        s->p++;
    digits = s->p;
    if (at(s, '0'))
        s->p++;
    else if (!scan_digits(s))
        return fail(s, "Expecting value", from);
    if (!at(s, '.') && !at(s, 'e') && !at(s, 'E'))
        return s->in_id || s->limits->integer || fits(digits, s->p, digits > from) ||
               fail(s, "Integer beyond 64 bits", from);
    if (at(s, '.')) {
        s->p++;
        if (!scan_digits(s))
            return fail(s, "Expecting digits after the decimal point", s->p);
    }
    if (at(s, 'e') || at(s, 'E')) {
        s->p++;
        if (at(s, '+') || at(s, '-'))
            s->p++;
        if (!scan_digits(s))
            return fail(s, "Expecting digits in the exponent", s->p);
    }
    return true;
}

static bool scan_word(scan_t *s, const char *word)
{
    apr_size_t len = strlen(word);

    if ((apr_size_t)(s->end - s->p) < len || memcmp(s->p, word, len))
        return fail(s, "Expecting value", s->p);
    s->p += len;
    return true;
}

/* Returns whether the key between `from` and `to`, with its escapes decoded, is "id". */
static bool is_id(const scan_t *s, const char *from, const char *to)
{
    static const char word[] = "id";
    int i = 0;

    while (from < to && i < 2) {
        int c = (unsigned char)*from, n = 1;

        if (c == '\\' && from[1] == 'u') {
            c = hex4(s, from + 2);
            n = 6;
        }
        if (c != word[i])
            return false;
        from += n;
        i++;
    }
    return i == 2 && from == to;
}

static bool scan_value(scan_t *s);

static bool scan_member(scan_t *s)
{
    const char *key, *value;
    bool id;

    skip_json_blanks(s);
    if (!at(s, '"'))
        return fail(s, "Expecting property name enclosed in double quotes", s->p);
    key = s->p + 1;
    s->in_key = true;
    if (!scan_string(s))
        return false;
    s->in_key = false;
    id = s->depth == 1 && is_id(s, key, s->p - 1);
    skip_json_blanks(s);
    if (!at(s, ':'))
        return fail(s, "Expecting ':' delimiter", s->p);
    s->p++;
    skip_json_blanks(s);
    value = s->p;
    s->in_id |= id;
    if (!scan_value(s))
        return false;
    if (id) {
        s->in_id = false;
        s->out->id = value;
        s->out->id_len = (apr_size_t)(s->p - value);
    }
    return true;
}

/* Scans the members or elements between two brackets; s->p is after the opening one. */
static bool scan_items(scan_t *s, char close, bool (*item)(scan_t *s))
{
    skip_json_blanks(s);
    if (at(s, close)) {
        s->p++;
        return true;
    }
    for (;;) {
        if (!item(s))
            return false;
        skip_json_blanks(s);
        if (at(s, close)) {
            s->p++;
            return true;
        }
        if (!at(s, ','))
            return fail(s, "Expecting ',' delimiter", s->p);
        s->p++;
    }
}

static bool scan_nested(scan_t *s, char close, bool (*item)(scan_t *s))
{
    bool ok;

    if (++s->depth > s->limits->depth)
        return fail(s, "Nested too deeply", s->p);
    s->p++;
    ok = scan_items(s, close, item);
    s->depth--;
    return ok;
}

static bool scan_value(scan_t *s)
{
    skip_json_blanks(s);
    if (s->p >= s->end)
        return fail(s, "Expecting value", s->p);
    if (++s->values > s->limits->values)
        return fail(s, "Too many values", s->p);
    switch (*s->p) {
    case '{':
        return scan_nested(s, '}', scan_member);
    case '[':
        return scan_nested(s, ']', scan_value);
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        return scan_number(s);
    }
}

static void locate(rc_json_scan_t *out, const scan_t *s)
{
    const char *p;

    out->what = s->what;
    out->offset = (apr_size_t)(s->where - s->start);
    out->line = out->column = 1;
    for (p = s->start; p < s->where; p++) {
        out->column = *p == '\n' ? 1 : out->column + 1;
        out->line += *p == '\n';
    }
}

bool rc_json_scan(rc_json_scan_t *scan, const char *text, apr_size_t len,
                  const rc_json_limits_t *limits)
{
    scan_t s = {.start = text, .p = text, .end = text + len, .limits = limits, .out = scan};

    memset(scan, 0, sizeof(*scan));
    if (scan_value(&s)) {
        skip_json_blanks(&s);
        if (s.p == s.end)
            return true;
        fail(&s, "Extra data", s.p);
    }
    locate(scan, &s);
    return false;
}

const char *rc_json_compact(const char *raw, apr_size_t len, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, len + 1), *out = copy;
    bool in_string = false;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!in_string && strchr(" \t\r\n", raw[i]))
            continue;
        if (raw[i] == '"')
            in_string = !in_string;
        *out++ = raw[i];
        if (in_string && raw[i] == '\\')
            *out++ = raw[++i];
    }
    *out = '\0';
    return copy;
}
