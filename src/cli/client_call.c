/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes one call: builds the request, sends it, and checks the envelope of the answer.
 */
#include "client.h"

#include <json.h>

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define MAX_ID    9998
#define MAX_SHOWN 300 /* bytes of the server's answer in an error message */

/* Returns an id to match the answer. It is not a secret, so the time is used if getrandom fails. */
static int random_id(void)
{
    unsigned int number;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        number = (unsigned int)time(NULL);
    return (int)(number % MAX_ID) + 1;
}

static char *request_body(int id, const rc_cli_call_t *call)
{
    struct json_object *request = rc_cli_need(json_object_new_object());
    char *body;

    rc_cli_json_add(request, "id", rc_cli_need(json_object_new_int(id)));
    rc_cli_json_add(request, "api_key", rc_cli_need(json_object_new_string(call->conf->apikey)));
    rc_cli_json_add(request, "method", rc_cli_need(json_object_new_string(call->method)));
    rc_cli_json_add(request, "args", json_object_get(call->args));
    body = rc_cli_json_text(request);
    json_object_put(request);
    return body;
}

/* Returns a value for an error message, as a new string. Hides a value that holds the key, because
 * a server may echo the request. */
static char *shown(struct json_object *value, const char *apikey)
{
    struct json_object *key = rc_cli_need(json_object_new_string(apikey));
    char *text = rc_cli_json_text(value), *key_text = rc_cli_json_text(key);

    key_text[strlen(key_text) - 1] = '\0'; /* only the text between the quotes */
    if (strstr(text, key_text + 1)) {
        rc_cli_forget(text);
        text = rc_cli_need(strdup("(hidden, it holds the API key)"));
    } else if (strlen(text) > MAX_SHOWN) {
        text[MAX_SHOWN] = '\0';
    }
    json_object_put(key);
    rc_cli_forget(key_text);
    return text;
}

/* Reports a wrong id, and the server's error: a server that could not read the request does not
 * know the id. */
static int id_mismatch(struct json_object *got, struct json_object *error, int id,
                       const char *apikey)
{
    char *got_text = shown(got, apikey), *error_text = shown(error, apikey);
    int status =
        rc_cli_fail(RC_CLI_NO_ANSWER, "something went wrong. ID mismatch got %s, expected %d%s%s",
                    got_text, id, error ? ": " : "", error ? error_text : "");

    free(got_text);
    free(error_text);
    return status;
}

/* Finds the result (RC_CLI_OK) or the error (RC_CLI_REFUSED) in the answer; root still owns *value.
 */
static int open_envelope(struct json_object **value, struct json_object *root, int id,
                         const char *apikey)
{
    struct json_object *got = NULL, *result = NULL, *error = NULL;
    bool has_result, has_error;

    if (!json_object_is_type(root, json_type_object))
        return rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: the answer is not a JSON object");
    json_object_object_get_ex(root, "id", &got);
    has_result = json_object_object_get_ex(root, "result", &result);
    has_error = json_object_object_get_ex(root, "error", &error);
    if (!json_object_is_type(got, json_type_int) || json_object_get_int64(got) != id)
        return id_mismatch(got, error, id, apikey);
    if (!has_result || !has_error)
        return rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: the answer has no \"%s\"",
                           has_result ? "error" : "result");
    *value = error ? error : result;
    return error ? RC_CLI_REFUSED : RC_CLI_OK;
}

static int read_answer(struct json_object **root, struct json_object **value,
                       const rc_cli_buf_t *answer, int id, const char *apikey)
{
    rc_cli_json_error_t error;
    int status;

    if (!rc_cli_json_read(root, answer->data, answer->len, &error))
        return rc_cli_fail(RC_CLI_NO_ANSWER,
                           "Call failed: the answer is not JSON: %s at line %lu column %lu",
                           error.what, error.line, error.column);
    status = open_envelope(value, *root, id, apikey);
    if (status == RC_CLI_NO_ANSWER) {
        json_object_put(*root);
        *root = NULL;
    }
    return status;
}

int rc_cli_call(struct json_object **root, struct json_object **value, const rc_cli_call_t *call)
{
    rc_cli_buf_t answer = {0};
    int id = random_id(), status;
    char *body = request_body(id, call);

    *root = *value = NULL;
    status = rc_cli_http_post(&answer, call->conf->apihost, body, call->timeout);
    rc_cli_forget(body);
    if (status != RC_CLI_OK)
        return status;
    status = read_answer(root, value, &answer, id, call->conf->apikey);
    free(answer.data);
    return status;
}
