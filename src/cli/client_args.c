/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the words after the method: key:value, key:=JSON, key:@FILE and key:@- become the members
 * of the "args" object. A plain value is always a string; the server converts it.
 */
#include "client.h"

#include <json.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define MAX_FILE (256 * 1024 * 1024)

typedef struct word_t {
    const char *text;
    const char *value; /* after the first colon */
    int key_len;
} word_t;

static int word_fail(const word_t *word, const char *why)
{
    return rc_cli_fail(RC_CLI_USAGE, "Argument %.*s: %s", word->key_len, word->text, why);
}

static int from_json(struct json_object **out, const word_t *word)
{
    const char *json = word->value + 1;
    rc_cli_json_error_t error;

    if (rc_cli_json_read(out, json, strlen(json), &error))
        return RC_CLI_OK;
    return rc_cli_fail(RC_CLI_USAGE, "Argument %.*s is not JSON: %s at line %lu column %lu",
                       word->key_len, word->text, error.what, error.line, error.column);
}

static int from_open_file(struct json_object **out, const word_t *word, int fd)
{
    rc_cli_buf_t text = {0};
    int status = RC_CLI_OK;

    if (!rc_cli_read_all(&text, fd, MAX_FILE))
        status = word_fail(word, strerror(errno));
    else if (!rc_utf8_valid(text.data, text.len))
        status = word_fail(word, "the file is not UTF-8");
    else
        *out = rc_cli_need(json_object_new_string_len(text.data, (int)text.len));
    free(text.data);
    return status;
}

static int from_file(struct json_object **out, const word_t *word, bool *stdin_used)
{
    const char *path = word->value + 1;
    int fd, status;

    if (strcmp(path, "-") == 0) {
        if (*stdin_used)
            return word_fail(word, "standard input can be read only once");
        *stdin_used = true;
        return from_open_file(out, word, STDIN_FILENO);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rc_cli_fail(RC_CLI_USAGE, "Argument %.*s: cannot open %s: %s", word->key_len,
                           word->text, path, strerror(errno));
    status = from_open_file(out, word, fd);
    close(fd);
    return status;
}

/* Reports a missing colon. The common mistake is key=value; the value may be a password, so it is
 * not shown. */
static int no_colon(const char *text)
{
    size_t len = strcspn(text, "=");
    int status = rc_cli_fail(RC_CLI_USAGE, "Error parsing arguments ");

    if (len > 0 && text[len] == '=' && rc_utf8_valid(text, len))
        rc_cli_fail(status, "Write %.*s:VALUE, with a colon in place of the first \"=\"", (int)len,
                    text);
    else
        rc_cli_fail(status, "Arguments of a method are written as NAME:VALUE");
    return status;
}

static int add_word(struct json_object *args, const char *text, bool *stdin_used)
{
    const char *colon = strchr(text, ':');
    struct json_object *value = NULL;
    word_t word;
    char *key;
    int status = RC_CLI_OK;

    if (!colon)
        return no_colon(text);
    word = (word_t){text, colon + 1, (int)(colon - text)};
    if (!rc_utf8_valid(text, strlen(text)))
        return rc_cli_fail(RC_CLI_USAGE, "An argument is not UTF-8");
    if (*word.value == '=')
        status = from_json(&value, &word);
    else if (*word.value == '@')
        status = from_file(&value, &word, stdin_used);
    else
        value = rc_cli_need(json_object_new_string(word.value));
    if (status != RC_CLI_OK)
        return status;
    key = rc_cli_need(strndup(text, (size_t)word.key_len));
    rc_cli_json_add(args, key, value);
    free(key);
    return RC_CLI_OK;
}

int rc_cli_args_read(struct json_object **args, const rc_cli_options_t *opt)
{
    struct json_object *object = rc_cli_need(json_object_new_object());
    bool stdin_used = opt->stdin_key;
    int status = RC_CLI_OK;

    for (size_t i = 0; i < opt->n_args && status == RC_CLI_OK; i++)
        status = add_word(object, opt->args[i], &stdin_used);
    if (status == RC_CLI_OK)
        *args = object;
    else
        json_object_put(object);
    return status;
}
