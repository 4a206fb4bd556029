// SPDX-License-Identifier: Apache-2.0
/*
 * Writes JSON. One flag decides about commas: it is set after a value, and cleared after an opening
 * bracket and a key.
 */
#include "base/json.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "spool_data.h"

void rc_json_init(rc_json_t *json, rc_spool_t *spool)
{
    *json = (rc_json_t){.spool = spool};
}

/* Brackets that are open when the members of an object of the list are written: [ and {. */
#define IN_OBJECT 2

void rc_json_only(rc_json_t *json, const apr_array_header_t *names)
{
    json->only = names;
    json->depth = 0;
}

bool rc_json_wants(const rc_json_t *json, const char *key)
{
    int i;

    if (!json->only)
        return true;
    for (i = 0; i < json->only->nelts; i++)
        if (!strcmp(APR_ARRAY_IDX(json->only, i, const char *), key))
            return true;
    return false;
}

/* Ends a member that was left out. */
static void end_hidden(rc_json_t *json)
{
    if (json->hidden)
        json->comma = json->comma_after;
    json->hidden = false;
}

/* Decides whether the member @a key, which begins here, is left out. */
static void choose_member(rc_json_t *json, const char *key)
{
    if (json->depth != IN_OBJECT)
        return;
    end_hidden(json);
    json->hidden = !rc_json_wants(json, key);
    json->comma_after = json->comma;
}

rc_err_t *rc_json_finish(rc_json_t *json)
{
    return json->err;
}

/* Bytes of a text that put() copies itself. */
#define SHORT 1024

/* Writes @a before, the text, @a after; the outer two have at most two bytes. Most texts of an
 * answer are short, and a call of the spool costs as much as copying one: so one call for all. */
static void put(rc_json_t *json, const char *before, const char *text, apr_size_t len,
                const char *after)
{
    char *to;

    if (json->err || json->hidden)
        return;
    if (len > SHORT) {
        if (!(json->err = rc_spool_puts(json->spool, before)) &&
            !(json->err = rc_spool_write(json->spool, text, len)))
            json->err = rc_spool_puts(json->spool, after);
        return;
    }
    if (!(to = rc_spool_quick_room(&json->err, json->spool, len + 4)))
        return;
    while (*before)
        *to++ = *before++;
    memcpy(to, text, len);
    for (to += len; *after;)
        *to++ = *after++;
    rc_spool_quick_fill(json->spool, to);
}

/* Writes one byte, and a comma before it if there must be one. */
static void put_byte(rc_json_t *json, bool comma, char byte)
{
    char *to;

    if (json->err || json->hidden || !(to = rc_spool_quick_room(&json->err, json->spool, 2)))
        return;
    *to = ',';
    to += comma;
    *to = byte;
    rc_spool_quick_fill(json->spool, to + 1);
}

/* Writes a value without quotes. */
static void put_value(rc_json_t *json, const char *text, apr_size_t len)
{
    put(json, json->comma ? "," : "", text, len, "");
    json->comma = true;
}

static void open_bracket(rc_json_t *json, char bracket)
{
    put_byte(json, json->comma, bracket);
    json->comma = false;
    json->depth++;
}

static void close_bracket(rc_json_t *json, char bracket)
{
    if (json->depth-- == IN_OBJECT)
        end_hidden(json);
    put_byte(json, false, bracket);
    json->comma = true;
}

void rc_json_object_begin(rc_json_t *json)
{
    open_bracket(json, '{');
}

void rc_json_object_end(rc_json_t *json)
{
    close_bracket(json, '}');
}

void rc_json_array_begin(rc_json_t *json)
{
    open_bracket(json, '[');
}

void rc_json_array_end(rc_json_t *json)
{
    close_bracket(json, ']');
}

void rc_json_key(rc_json_t *json, const char *key)
{
    if (json->only)
        choose_member(json, key);
    put(json, json->comma ? ",\"" : "\"", key, strlen(key), "\":");
    json->comma = false;
}

void rc_json_key_text(rc_json_t *json, const char *key)
{
    if (json->only)
        choose_member(json, key);
    rc_json_string(json, key);
    put(json, ":", "", 0, "");
    json->comma = false;
}

/* ASCII that stands for itself in a string. */
static const bool plain[256] = {
    [0x20 ... '"' - 1] = true,
    ['"' + 1 ... '\\' - 1] = true,
    ['\\' + 1 ... 0x7e] = true,
};

#define EACH ((apr_uint64_t)0x0101010101010101) /* the byte 1, eight times */

/* Returns whether these eight bytes are plain. The highest bit of each byte of the sums and
 * differences is set for non-ASCII, DEL, control characters, '"' and '\'. It may return false for
 * plain bytes, never true for others. */
static bool eight_plain(const char *p)
{
    apr_uint64_t w, quote, backslash;

    memcpy(&w, p, sizeof(w));
    quote = w ^ EACH * '"';
    backslash = w ^ EACH * '\\';
    return !((w | (w + EACH) | (w - EACH * ' ') | (quote - EACH) | (backslash - EACH)) &
             EACH * 0x80);
}

/* Returns the end of the text that can be copied as it is. */
static const char *copied_until(const char *p, const char *end)
{
    for (;;) {
        int n;

        while (end - p >= 8 && eight_plain(p))
            p += 8;
        while (p < end && plain[(unsigned char)*p])
            p++;
        if (p == end || (unsigned char)*p < 0x80 || !(n = rc_utf8_length(p, end)))
            return p;
        p += n;
    }
}

bool rc_json_plain(const char *text, apr_size_t len)
{
    return copied_until(text, text + len) == text + len;
}

/* Writes the escape of a byte that cannot be copied, or U+FFFD. */
static void put_escape(rc_json_t *json, unsigned char c)
{
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char buf[7];
    apr_size_t i;

    if (c >= 0x80) {
        put(json, "", "\xef\xbf\xbd", 3, "");
        return;
    }
    for (i = 0; i < sizeof(short_forms) - 1; i += 2)
        if ((unsigned char)short_forms[i] == c) {
            put(json, "\\", short_forms + i + 1, 1, "");
            return;
        }
    apr_snprintf(buf, sizeof(buf), "\\u%04x", c);
    put(json, "", buf, strlen(buf), "");
}

void rc_json_string_len(rc_json_t *json, const char *text, apr_size_t len)
{
    const char *end = text + len, *stop = copied_until(text, end);

    put(json, json->comma ? ",\"" : "\"", text, (apr_size_t)(stop - text), stop < end ? "" : "\"");
    json->comma = true;
    while (stop < end) {
        put_escape(json, (unsigned char)*stop);
        text = stop + 1;
        stop = copied_until(text, end);
        put(json, "", text, (apr_size_t)(stop - text), stop < end ? "" : "\"");
    }
}

void rc_json_string(rc_json_t *json, const char *text)
{
    if (text)
        rc_json_string_len(json, text, strlen(text));
    else
        rc_json_null(json);
}

const char *rc_json_digits(char *end, apr_int64_t value)
{
    apr_uint64_t rest = value < 0 ? -(apr_uint64_t)value : (apr_uint64_t)value;

    do
        *--end = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--end = '-';
    return end;
}

void rc_json_int(rc_json_t *json, apr_int64_t value)
{
    char buf[RC_JSON_DIGITS], *end = buf + RC_JSON_DIGITS;
    const char *text = rc_json_digits(end, value);

    put_value(json, text, (apr_size_t)(end - text));
}

void rc_json_bool(rc_json_t *json, bool value)
{
    put_value(json, value ? "true" : "false", value ? 4 : 5);
}

void rc_json_null(rc_json_t *json)
{
    put_value(json, "null", 4);
}

void rc_json_raw(rc_json_t *json, const char *text, apr_size_t len)
{
    put_value(json, text, len);
}

/* Writes a key and a value that is copied as it is, by one call of the spool. @a quote: '"' or ""
 * around the value. */
static void put_member(rc_json_t *json, const char *key, const char *quote, const char *text,
                       apr_size_t len)
{
    apr_size_t key_len = strlen(key), quote_len = *quote ? 1 : 0;
    char *to;

    if (len > SHORT || json->only) {
        rc_json_key(json, key);
        put(json, quote, text, len, quote);
    } else if (!json->err &&
               (to = rc_spool_quick_room(&json->err, json->spool, key_len + len + 6))) {
        *to = ',';
        to += json->comma ? 1 : 0;
        *to++ = '"';
        memcpy(to, key, key_len);
        to += key_len;
        *to++ = '"';
        *to++ = ':';
        *to = *quote;
        to += quote_len;
        memcpy(to, text, len);
        to += len;
        *to = *quote;
        rc_spool_quick_fill(json->spool, to + quote_len);
    }
    json->comma = true;
}

void rc_json_member_plain(rc_json_t *json, const char *key, const char *text, apr_size_t len)
{
    put_member(json, key, "\"", text, len);
}

void rc_json_member_string(rc_json_t *json, const char *key, const char *text)
{
    apr_size_t len = text ? strlen(text) : 0;

    if (!text) {
        rc_json_member_null(json, key);
    } else if (rc_json_plain(text, len)) {
        put_member(json, key, "\"", text, len);
    } else {
        rc_json_key(json, key);
        rc_json_string_len(json, text, len);
    }
}

void rc_json_member_int(rc_json_t *json, const char *key, apr_int64_t value)
{
    char buf[RC_JSON_DIGITS], *end = buf + RC_JSON_DIGITS;
    const char *text = rc_json_digits(end, value);

    put_member(json, key, "", text, (apr_size_t)(end - text));
}

void rc_json_member_bool(rc_json_t *json, const char *key, bool value)
{
    put_member(json, key, "", value ? "true" : "false", value ? 4 : 5);
}

void rc_json_member_null(rc_json_t *json, const char *key)
{
    put_member(json, key, "", "null", 4);
}

void rc_json_members_raw(rc_json_t *json, const char *text, apr_size_t len)
{
    put_value(json, text, len);
}

void rc_json_member_int_or_null(rc_json_t *json, const char *key, apr_int64_t id)
{
    if (id)
        rc_json_member_int(json, key, id);
    else
        rc_json_member_null(json, key);
}

void rc_json_member_strings(rc_json_t *json, const char *key, const apr_array_header_t *list)
{
    int i;

    rc_json_key(json, key);
    rc_json_array_begin(json);
    for (i = 0; list && i < list->nelts; i++)
        rc_json_string(json, APR_ARRAY_IDX(list, i, const char *));
    rc_json_array_end(json);
}
