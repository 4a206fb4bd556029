/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints JSON in the form of Python's json.dumps: with ", " and ": " on one line, or indented by
 * four with sorted keys. All output is ASCII; other characters become \uXXXX.
 */
#include "client.h"

#include <inttypes.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>

#define INDENT   4
#define ONE_LINE (-1) /* instead of a nesting level */

typedef struct member_t {
    const char *key;
    struct json_object *value;
} member_t;

static void print_value(FILE *out, struct json_object *value, int level);

/* Returns the code point at p. The text is valid UTF-8, except that it may have single surrogates.
 */
static unsigned long decode_utf8(const unsigned char *p, size_t *len)
{
    unsigned long code;

    *len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    code = p[0] & (0xff >> (*len + 1));
    for (size_t i = 1; i < *len; i++)
        code = code << 6 | (p[i] & 0x3f);
    return code;
}

/* Prints the escape of the character at p; returns its length. */
static size_t print_escaped(FILE *out, const unsigned char *p)
{
    static const char SHORT[] = "\"\\\b\f\n\r\t", LETTERS[] = "\"\\bfnrt";
    const char *found = *p ? strchr(SHORT, *p) : NULL;
    unsigned long code;
    size_t len = 1;

    if (found) {
        fputc('\\', out);
        fputc(LETTERS[found - SHORT], out);
        return len;
    }
    code = *p < 0x80 ? *p : decode_utf8(p, &len);
    if (code < 0x10000)
        fprintf(out, "\\u%04lx", code);
    else
        fprintf(out, "\\u%04lx\\u%04lx", 0xd800 + ((code - 0x10000) >> 10),
                0xdc00 + ((code - 0x10000) & 0x3ff));
    return len;
}

static void print_string(FILE *out, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + len, *start;

    fputc('"', out);
    while (p < end) {
        start = p;
        while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
            p++;
        fwrite(start, 1, (size_t)(p - start), out);
        if (p < end)
            p += print_escaped(out, p);
    }
    fputc('"', out);
}

/* Starts the line of an element or a closing bracket at this level. */
static void print_break(FILE *out, int level)
{
    if (level != ONE_LINE)
        fprintf(out, "\n%*s", level * INDENT, "");
}

static void print_separator(FILE *out, int level, size_t index)
{
    if (index > 0)
        fputs(level == ONE_LINE ? ", " : ",", out);
    print_break(out, level);
}

static void print_array(FILE *out, struct json_object *array, int level)
{
    size_t n = json_object_array_length(array);
    int inner = level == ONE_LINE ? ONE_LINE : level + 1;

    fputc('[', out);
    for (size_t i = 0; i < n; i++) {
        print_separator(out, inner, i);
        print_value(out, json_object_array_get_idx(array, i), inner);
    }
    if (n > 0)
        print_break(out, level);
    fputc(']', out);
}

/* Compares bytes: in UTF-8 that is the order of code points, in which Python sorts. */
static int by_key(const void *a, const void *b)
{
    return strcmp(((const member_t *)a)->key, ((const member_t *)b)->key);
}

static member_t *list_members(struct json_object *object, bool sorted)
{
    size_t n = (size_t)json_object_object_length(object), i = 0;
    member_t *members = rc_cli_need(calloc(n + 1, sizeof(*members)));

    json_object_object_foreach(object, key, value)
    {
        members[i++] = (member_t){key, value};
    }
    if (sorted)
        qsort(members, n, sizeof(*members), by_key);
    return members;
}

static void print_object(FILE *out, struct json_object *object, int level)
{
    size_t n = (size_t)json_object_object_length(object);
    int inner = level == ONE_LINE ? ONE_LINE : level + 1;
    member_t *members = list_members(object, level != ONE_LINE);

    fputc('{', out);
    for (size_t i = 0; i < n; i++) {
        print_separator(out, inner, i);
        print_string(out, members[i].key, strlen(members[i].key));
        fputs(": ", out);
        print_value(out, members[i].value, inner);
    }
    if (n > 0)
        print_break(out, level);
    fputc('}', out);
    free(members);
}

static void print_value(FILE *out, struct json_object *value, int level)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        fputs("null", out);
        break;
    case json_type_boolean:
        fputs(json_object_get_boolean(value) ? "true" : "false", out);
        break;
    case json_type_int:
        fprintf(out, "%" PRId64, json_object_get_int64(value));
        break;
    case json_type_double: /* json-c kept the text that was read */
        fputs(json_object_to_json_string(value), out);
        break;
    case json_type_string:
        print_string(out, json_object_get_string(value), (size_t)json_object_get_string_len(value));
        break;
    case json_type_array:
        print_array(out, value, level);
        break;
    case json_type_object:
        print_object(out, value, level);
        break;
    }
}

void rc_cli_json_print(FILE *out, struct json_object *value)
{
    print_value(out, value, ONE_LINE);
}

void rc_cli_json_print_pretty(FILE *out, struct json_object *value)
{
    print_value(out, value, 0);
}

char *rc_cli_json_text(struct json_object *value)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = rc_cli_need(open_memstream(&text, &len));
    bool failed;

    print_value(out, value, ONE_LINE);
    failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        rc_cli_need(NULL);
    return text;
}
