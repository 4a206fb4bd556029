/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints a result as a table. A list of objects becomes a line per object below a line of names; a
 * single object becomes a line per member; any other list becomes a line per value. In a list of
 * objects, columns with objects or lists are left out; elsewhere such a value is shown as JSON.
 */
#include "client.h"

#include <json.h>

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define GAP 2 /* blanks between two columns */

static bool is_nested(struct json_object *value)
{
    return json_object_is_type(value, json_type_object) ||
           json_object_is_type(value, json_type_array);
}

/* Returns the text of a cell, on one line, in UTF-8, as a new string. */
static char *cell(struct json_object *value)
{
    char *text;

    if (!value)
        return rc_cli_need(strdup("-"));
    if (!json_object_is_type(value, json_type_string))
        return rc_cli_json_text(value);
    text = rc_cli_need(strdup(json_object_get_string(value)));
    for (char *c = text; *c; c++)
        if (*c == '\n' || *c == '\t' || *c == '\r')
            *c = ' ';
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?'; /* it could control the terminal */
    return text;
}

static void print_cell(FILE *out, const char *text, size_t column, bool last)
{
    size_t len = rc_text_characters(text);

    fputs(text, out);
    if (!last)
        fprintf(out, "%*s", (int)(column > len ? column - len : 0) + GAP, "");
}

typedef struct column_t {
    const char *name;
    size_t width;
} column_t;

/* Returns a new array of *n columns: the members of the first object that are nested in no object.
 */
static column_t *choose_columns(size_t *n, struct json_object *list)
{
    struct json_object *first = json_object_array_get_idx(list, 0), *value;
    column_t *columns =
        rc_cli_need(calloc((size_t)json_object_object_length(first) + 1, sizeof(*columns)));

    *n = 0;
    json_object_object_foreach(first, name, unused)
    {
        bool nested = false;

        (void)unused;
        for (size_t i = 0; i < json_object_array_length(list) && !nested; i++)
            nested = json_object_object_get_ex(json_object_array_get_idx(list, i), name, &value) &&
                     is_nested(value);
        if (!nested)
            columns[(*n)++] = (column_t){name, rc_text_characters(name)};
    }
    return columns;
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, name, &value);
    return value;
}

static void measure(column_t *column, struct json_object *list)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        char *text = cell(member(json_object_array_get_idx(list, i), column->name));

        if (rc_text_characters(text) > column->width)
            column->width = rc_text_characters(text);
        free(text);
    }
}

static void print_objects(FILE *out, struct json_object *list)
{
    size_t n, i, j;
    column_t *columns = choose_columns(&n, list);

    for (j = 0; j < n; j++) {
        measure(&columns[j], list);
        print_cell(out, columns[j].name, columns[j].width, j == n - 1);
    }
    putc('\n', out);
    for (i = 0; i < json_object_array_length(list); i++) {
        for (j = 0; j < n; j++) {
            char *text = cell(member(json_object_array_get_idx(list, i), columns[j].name));

            print_cell(out, text, columns[j].width, j == n - 1);
            free(text);
        }
        putc('\n', out);
    }
    free(columns);
}

static void print_line(FILE *out, struct json_object *value)
{
    char *text = cell(value);

    fprintf(out, "%s\n", text);
    free(text);
}

static void print_members(FILE *out, struct json_object *object)
{
    size_t widest = 0;

    json_object_object_foreach(object, key, unused)
    {
        (void)unused;
        if (rc_text_characters(key) > widest)
            widest = rc_text_characters(key);
    }
    json_object_object_foreach(object, name, value)
    {
        print_cell(out, name, widest, false);
        print_line(out, value);
    }
}

static bool all_objects(struct json_object *list)
{
    size_t n = json_object_array_length(list), i;

    for (i = 0; i < n; i++)
        if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_object))
            return false;
    return n > 0;
}

void rc_cli_print_table(FILE *out, struct json_object *value)
{
    if (json_object_is_type(value, json_type_object)) {
        print_members(out, value);
    } else if (!json_object_is_type(value, json_type_array)) {
        print_line(out, value);
    } else if (all_objects(value)) {
        print_objects(out, value);
    } else {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            print_line(out, json_object_array_get_idx(value, i));
    }
}
