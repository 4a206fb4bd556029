// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON writer. Commas follow from one flag: set after a value, cleared after an opening
 * bracket and a key.
 */
#include "rc_json.h"

#include <string.h>

#include <apr_strings.h>

#include "rc_text.h"

void rc_json_init(rc_json_t *json, rc_spool_t *spool)
{
    json->spool = spool;
    json->err = NULL;
    json->comma = false;
}

rc_err_t *rc_json_finish(rc_json_t *json)
{
    return json->err;
}

static void put(rc_json_t *json, const char *text, apr_size_t len)
{
    if (!json->err)
        json->err = rc_spool_write(json->spool, text, len);
}

#define PUT(json, literal) put(json, literal, sizeof(literal) - 1)

static void separate(rc_json_t *json)
{
    if (json->comma)
        PUT(json, ",");
    json->comma = true;
}

static void open_bracket(rc_json_t *json, const char *bracket)
{
    separate(json);
    put(json, bracket, 1);
    json->comma = false;
}

static void close_bracket(rc_json_t *json, const char *bracket)
{
    put(json, bracket, 1);
    json->comma = true;
}

void rc_json_object_begin(rc_json_t *json)
{
    open_bracket(json, "{");
}

void rc_json_object_end(rc_json_t *json)
{
    close_bracket(json, "}");
}

void rc_json_array_begin(rc_json_t *json)
{
    open_bracket(json, "[");
}

void rc_json_array_end(rc_json_t *json)
{
    close_bracket(json, "]");
}

void rc_json_key(rc_json_t *json, const char *key)
{
    separate(json);
    PUT(json, "\"");
    put(json, key, strlen(key));
    PUT(json, "\":");
    json->comma = false;
}

void rc_json_key_text(rc_json_t *json, const char *key)
{
    rc_json_string(json, key);
    PUT(json, ":");
    json->comma = false;
}

static void put_escape(rc_json_t *json, unsigned char c)
{
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    const char *at = NULL;
    char buf[7];
    apr_size_t i;

    for (i = 0; i < sizeof(short_forms) - 1 && !at; i += 2)
        if ((unsigned char)short_forms[i] == c)
            at = short_forms + i + 1;
    if (at)
        apr_snprintf(buf, sizeof(buf), "\\%c", *at);
    else
        apr_snprintf(buf, sizeof(buf), "\\u%04x", c);
    put(json, buf, strlen(buf));
}

void rc_json_string_len(rc_json_t *json, const char *text, apr_size_t len)
{
    const char *p = text, *from = text, *end = text + len;

    separate(json);
    PUT(json, "\"");
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        int n = c < 0x80 ? 1 : rc_utf8_length(p, end);

        if (n && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
            p += n;
            continue;
        }
        put(json, from, (apr_size_t)(p - from));
        if (n)
            put_escape(json, c);
        else
            PUT(json, "\xef\xbf\xbd");
        from = ++p;
    }
    put(json, from, (apr_size_t)(p - from));
    PUT(json, "\"");
}

void rc_json_string(rc_json_t *json, const char *text)
{
    if (text)
        rc_json_string_len(json, text, strlen(text));
    else
        rc_json_null(json);
}

void rc_json_int(rc_json_t *json, apr_int64_t value)
{
    char buf[24];

    separate(json);
    apr_snprintf(buf, sizeof(buf), "%" APR_INT64_T_FMT, value);
    put(json, buf, strlen(buf));
}

void rc_json_bool(rc_json_t *json, bool value)
{
    separate(json);
    if (value)
        PUT(json, "true");
    else
        PUT(json, "false");
}

void rc_json_null(rc_json_t *json)
{
    separate(json);
    PUT(json, "null");
}

void rc_json_raw(rc_json_t *json, const char *text, apr_size_t len)
{
    separate(json);
    put(json, text, len);
}

void rc_json_member_string(rc_json_t *json, const char *key, const char *text)
{
    rc_json_key(json, key);
    rc_json_string(json, text);
}

void rc_json_member_int(rc_json_t *json, const char *key, apr_int64_t value)
{
    rc_json_key(json, key);
    rc_json_int(json, value);
}

void rc_json_member_bool(rc_json_t *json, const char *key, bool value)
{
    rc_json_key(json, key);
    rc_json_bool(json, value);
}

void rc_json_member_null(rc_json_t *json, const char *key)
{
    rc_json_key(json, key);
    rc_json_null(json);
}
