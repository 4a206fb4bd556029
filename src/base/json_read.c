// SPDX-License-Identifier: Apache-2.0
/*
 * Parses JSON that the scanner has accepted into objects of json-c. The parser of json-c drops a
 * member or cuts a string when memory is short; here every allocation is checked.
 */
#include "base/json_read.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/json_scan.h"

#define PLAIN_DIGITS 18 /* any integer of this many digits fits 64 bits */

typedef struct reader_t {
    const char *p, *end;
    char *text; /* buffer for one decoded string */
    bool exact;
    apr_pool_t *pool;
} reader_t;

/* Returns false when memory is short. */
static bool read_value(json_object **out, reader_t *r);

/* Moves to the next token. The scanner has checked the places of commas and colons. */
static char next(reader_t *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == ',' || *r->p == ':' || *r->p == '\n' ||
                             *r->p == '\t' || *r->p == '\r'))
        r->p++;
    return *r->p;
}

static char *put_utf8(char *to, unsigned code)
{
    int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};

    *to++ = (char)(first[more] | code >> (6 * more));
    for (; more > 0; more--)
        *to++ = (char)(0x80 | (code >> (6 * (more - 1)) & 0x3f));
    return to;
}

/* Reads \uXXXX, or two of them for one character. */
static unsigned read_code(reader_t *r)
{
    unsigned code = (unsigned)rc_hex_read(r->p + 2, 4), low;

    r->p += 6;
    if (code < 0xd800 || code > 0xdfff)
        return code;
    low =
        code < 0xdc00 && r->p[0] == '\\' && r->p[1] == 'u' ? (unsigned)rc_hex_read(r->p + 2, 4) : 0;
    if (low < 0xdc00 || low > 0xdfff)
        return r->exact ? code : 0xfffd;
    r->p += 6;
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

static char *read_escape(reader_t *r, char *to)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    const char *letter = strchr(letters, r->p[1]);

    if (r->p[1] == 'u')
        return put_utf8(to, read_code(r));
    *to++ = letter ? meanings[letter - letters] : r->p[1];
    r->p += 2;
    return to;
}

/* Decodes the string at r->p into r->text and returns its length. Decoding never lengthens it. */
static apr_size_t read_text(reader_t *r)
{
    const char *p = r->p + 1;
    char *to = r->text;

    while (*p != '"')
        if (*p == '\\') {
            r->p = p;
            to = read_escape(r, to);
            p = r->p;
        } else {
            *to++ = *p++;
        }
    r->p = p + 1;
    *to = '\0';
    return (apr_size_t)(to - r->text);
}

static json_object *read_number(reader_t *r)
{
    apr_size_t len = strspn(r->p, "+-0123456789.eE");
    const char *text = apr_pstrmemdup(r->pool, r->p, len);

    r->p += len;
    if (strpbrk(text, ".eE") || (r->exact && (len > PLAIN_DIGITS || !strcmp(text, "-0"))))
        return json_object_new_double_s(strtod(text, NULL), text);
    return json_object_new_int64(strtoll(text, NULL, 10));
}

static bool read_members(json_object *object, reader_t *r)
{
    while (next(r) != '}') {
        apr_size_t len = read_text(r);
        const char *key = apr_pstrmemdup(r->pool, r->text, len);
        json_object *value = NULL;

        if (!read_value(&value, r) || json_object_object_add(object, key, value)) {
            json_object_put(value);
            return false;
        }
    }
    r->p++;
    return true;
}

static bool read_elements(json_object *array, reader_t *r)
{
    while (next(r) != ']') {
        json_object *value = NULL;

        if (!read_value(&value, r) || json_object_array_add(array, value)) {
            json_object_put(value);
            return false;
        }
    }
    r->p++;
    return true;
}

/* An incomplete object stays in *@a out; the caller frees it. */
static bool read_nested(json_object **out, reader_t *r)
{
    bool object = *r->p == '{';

    r->p++;
    *out = object ? json_object_new_object() : json_object_new_array();
    return *out && (object ? read_members(*out, r) : read_elements(*out, r));
}

static bool read_word(json_object **out, reader_t *r)
{
    bool is_null = *r->p == 'n', is_true = *r->p == 't';

    r->p += *r->p == 'f' ? 5 : 4;
    *out = is_null ? NULL : json_object_new_boolean(is_true);
    return is_null || *out;
}

static bool read_value(json_object **out, reader_t *r)
{
    apr_size_t len;

    switch (next(r)) {
    case '{':
    case '[':
        return read_nested(out, r);
    case '"':
        len = read_text(r);
        *out = json_object_new_string_len(r->text, (int)len);
        return *out;
    case 't':
    case 'f':
    case 'n':
        return read_word(out, r);
    default:
        *out = read_number(r);
        return *out;
    }
}

static void put_object(void *obj)
{
    json_object_put(obj);
}

rc_err_t *rc_json_read(json_object **out, const char *text, apr_size_t len, rc_json_form_t form,
                       apr_pool_t *pool)
{
    reader_t reader = {text, text + len, apr_palloc(pool, len + 1), form == RC_JSON_EXACT, pool};
    bool complete;

    *out = NULL;
    complete = read_value(out, &reader);
    rc_cleanup(pool, *out, put_object);
    return complete ? NULL : rc_err_internal(pool, APR_ENOMEM, "no memory for the JSON");
}

rc_err_t *rc_json_texts(apr_array_header_t **texts, const char *json, apr_pool_t *pool)
{
    apr_size_t len = strlen(json);
    json_object *list, *one;
    rc_json_scan_t scan;
    size_t i;

    *texts = apr_array_make(pool, 2, sizeof(const char *));
    if (!rc_json_scan(&scan, json, len, &rc_json_of_clients))
        return NULL;
    RC_TRY(rc_json_read(&list, json, len, RC_JSON_PLAIN, pool));
    for (i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
         i++) {
        one = json_object_array_get_idx(list, i);
        if (json_object_is_type(one, json_type_string) && json_object_get_string_len(one))
            APR_ARRAY_PUSH(*texts, const char *) = apr_pstrdup(pool, json_object_get_string(one));
    }
    return NULL;
}
