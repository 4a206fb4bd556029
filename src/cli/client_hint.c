/* SPDX-License-Identifier: Apache-2.0
 *
 * "Did you mean": after an error of the server, gets the names of the methods or arguments from its
 * method get_method, and prints the one that is most similar to a mistyped name.
 */
#include "client.h"

#include <json.h>

#include <string.h>

#define LONGEST   64 /* longer names are not compared */
#define NO_METHOD "No such method"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Returns the number of characters to insert, delete or change to turn a into b (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    size_t row[LONGEST + 1], len = strlen(b);

    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; *a; a++, i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t changed = diagonal + (*a != b[j - 1]);

            diagonal = row[j];
            row[j] = least(changed, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[len];
}

typedef struct nearest_t {
    const char *wanted, *name;
    size_t distance;
} nearest_t;

/* Starts a search; a name may differ in a third of the characters, or in two of a short name. */
static nearest_t near_to(const char *wanted)
{
    size_t len = strlen(wanted);

    return (nearest_t){wanted, NULL, len > LONGEST ? 0 : (len < 6 ? 2 : len / 3) + 1};
}

static void try_name(nearest_t *nearest, const char *name)
{
    size_t d;

    if (nearest->distance == 0 || strlen(name) > LONGEST)
        return;
    d = distance(nearest->wanted, name);
    if (d < nearest->distance) {
        nearest->name = name;
        nearest->distance = d;
    }
}

/* Returns the answer of get_method to the pattern: an array, or NULL. It is a part of *root, which
 * the caller frees. */
static struct json_object *ask(struct json_object **root, const rc_cli_call_t *call,
                               const char *pattern)
{
    rc_cli_call_t question = {call->conf, "get_method", NULL, call->timeout};
    struct json_object *value;
    int status;

    question.args = rc_cli_need(json_object_new_object());
    rc_cli_json_add(question.args, "pattern", rc_cli_need(json_object_new_string(pattern)));
    rc_cli_silence(true);
    status = rc_cli_call(root, &value, &question);
    rc_cli_silence(false);
    json_object_put(question.args);
    return status == RC_CLI_OK && json_object_is_type(value, json_type_array) ? value : NULL;
}

static void hint_method(const rc_cli_call_t *call)
{
    nearest_t nearest = near_to(call->method);
    struct json_object *root, *names = ask(&root, call, "*"), *name;

    for (size_t i = 0; names && i < json_object_array_length(names); i++)
        if ((name = json_object_array_get_idx(names, i)) &&
            json_object_is_type(name, json_type_string))
            try_name(&nearest, json_object_get_string(name));
    if (nearest.name)
        rc_cli_fail(RC_CLI_REFUSED, "Did you mean the method %s?", nearest.name);
    json_object_put(root);
}

/* Reports an argument that the method does not have; the server ignored or refused it. */
static void hint_argument(const char *key, struct json_object *known, const char *method)
{
    nearest_t nearest = near_to(key);

    if (json_object_object_get_ex(known, key, NULL))
        return;
    json_object_object_foreach(known, name, value)
    {
        (void)value;
        try_name(&nearest, name);
    }
    if (nearest.name)
        rc_cli_fail(RC_CLI_REFUSED, "%s has no argument %s; did you mean %s?", method, key,
                    nearest.name);
    else
        rc_cli_fail(RC_CLI_REFUSED, "%s has no argument %s", method, key);
}

/* Returns the arguments in get_method's answer for one method, [NAME, {ARGUMENT: TYPE, ...}]. */
static struct json_object *arguments_of(struct json_object *answer)
{
    struct json_object *known = answer && json_object_array_length(answer) == 2
                                    ? json_object_array_get_idx(answer, 1)
                                    : NULL;

    return json_object_is_type(known, json_type_object) ? known : NULL;
}

static void hint_arguments(const rc_cli_call_t *call)
{
    struct json_object *root, *known = arguments_of(ask(&root, call, call->method));

    if (known) {
        json_object_object_foreach(call->args, key, value)
        {
            (void)value;
            hint_argument(key, known, call->method);
        }
    }
    json_object_put(root);
}

void rc_cli_hint(const rc_cli_call_t *call, struct json_object *error)
{
    const char *text =
        json_object_is_type(error, json_type_string) ? json_object_get_string(error) : "";

    if (!strncmp(text, NO_METHOD, strlen(NO_METHOD)))
        hint_method(call);
    else if (json_object_object_length(call->args) > 0)
        hint_arguments(call);
}
