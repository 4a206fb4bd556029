/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared declarations of the rhodecode-api program. A function that returns an int returns the exit
 * status of the program; when that is not RC_CLI_OK, it has printed the reason on standard error.
 * No message holds the API key.
 */
#ifndef RC_CLI_CLIENT_H
#define RC_CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define RC_CLI_OK        0 /* the method succeeded */
#define RC_CLI_REFUSED   1 /* the server answered with an error */
#define RC_CLI_USAGE     2 /* nothing was sent: bad command line, arguments or configuration */
#define RC_CLI_NO_ANSWER 3 /* no valid answer was received */

struct json_object;

/* -- client_util.c -- */

/* Open what is closed of standard input, output and error, so that no other file gets their
 * numbers; to write to such an output fails. To be called first. */
void rc_cli_open_standard(void);

/* Close standard output. Return why not all that was printed has been written, else NULL. */
const char *rc_cli_end_output(void);

typedef struct rc_cli_buf_t {
    char *data; /* ends in a NUL, which len does not count; NULL before the first rc_cli_buf_add */
    size_t len, size;
} rc_cli_buf_t;

/* Append len bytes. */
void rc_cli_buf_add(rc_cli_buf_t *buf, const char *data, size_t len);

/* Append the rest of the file; false with errno set, EFBIG when that makes more than max bytes. */
bool rc_cli_read_all(rc_cli_buf_t *buf, int fd, size_t max);

/* Print one line on standard error and return status. Control characters become "?". */
int rc_cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* With on, rc_cli_fail prints nothing: for calls whose failure is not shown. */
void rc_cli_silence(bool on);

/* Return p; when it is NULL, report "Out of memory" and exit. */
void *rc_cli_need(void *p);

/* Format a new string, which the caller frees. */
char *rc_cli_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Overwrite a secret and free it; NULL is allowed. */
void rc_cli_forget(char *secret);

/* -- client_options.c: the command line -- */

typedef enum { RC_CLI_PRETTY, RC_CLI_JSON, RC_CLI_TABLE } rc_cli_format_t;

typedef struct rc_cli_options_t {
    char *apikey;        /* own copy; NULL when no option or variable gives one */
    const char *apihost; /* NULL when not given or empty, as the two below */
    const char *config;
    const char *method;
    const char **args; /* the words after the method */
    size_t n_args;
    const char **words; /* the array that args points into */
    long timeout;       /* seconds for the whole call, 0 for no limit */
    rc_cli_format_t format;
    bool stdin_key; /* the key is the first line of standard input */
    bool background;
    bool save;
    bool help;
    bool version;
} rc_cli_options_t;

int rc_cli_options_read(rc_cli_options_t *opt, int argc, char **argv);
void rc_cli_options_free(rc_cli_options_t *opt);
void rc_cli_print_help(void);

/* -- client_config.c: server and key -- */

typedef struct rc_cli_config_t {
    char *apikey;
    char *apihost;
} rc_cli_config_t;

/* Take key and host from the options, else from the configuration file. rc_cli_config_free must
 * follow, also after a failure. */
int rc_cli_config_load(rc_cli_config_t *conf, const rc_cli_options_t *opt);
int rc_cli_config_save(const rc_cli_options_t *opt);
void rc_cli_config_free(rc_cli_config_t *conf);

/* Check that a host is a plain URL: a path is appended to it, and a key is sent there. */
int rc_cli_check_apihost(const char *apihost);

/* Remove the file that rc_cli_config_load would read. */
int rc_cli_config_remove(const rc_cli_options_t *opt);

/* -- client_login.c -- */

/* Ask for name and password, make a token for this machine, and save it with the server. Delete the
 * token that it replaces, if login made that one here. */
int rc_cli_login(const rc_cli_options_t *opt);

/* Delete that token, and the file. */
int rc_cli_logout(const rc_cli_options_t *opt);

/* -- client_args.c: key:value words -- */

/* On success *args is a new JSON object. Standard input is not read when the key came from it. */
int rc_cli_args_read(struct json_object **args, const rc_cli_options_t *opt);

/* -- client_json.c -- */

typedef struct rc_cli_json_error_t {
    const char *what;
    unsigned long line, column; /* both from 1, the column in characters */
} rc_cli_json_error_t;

/* Parse text, which must be one JSON value; *out is NULL for a JSON null. Numbers keep their text.
 */
bool rc_cli_json_read(struct json_object **out, const char *text, size_t len,
                      rc_cli_json_error_t *error);

/* Add a member; exits when memory is short. */
void rc_cli_json_add(struct json_object *object, const char *key, struct json_object *value);

/* -- client_print.c: JSON in the form of Python's json.dumps, in ASCII -- */

void rc_cli_json_print(FILE *out, struct json_object *value);        /* one line, order kept */
void rc_cli_json_print_pretty(FILE *out, struct json_object *value); /* indent 4, keys sorted */

/* Return the one-line form as a new string, which the caller frees. */
char *rc_cli_json_text(struct json_object *value);

/* -- client_table.c -- */

/* Print a result as aligned columns, in UTF-8. Control characters become "?" or blanks. */
void rc_cli_print_table(FILE *out, struct json_object *value);

/* -- client_http.c -- */

/* Set what all requests have in common: certificates, times, no redirects. curl: of libcurl. */
void rc_cli_curl_setup(void *curl, long timeout);

/* POST the body; only status 200 is success. On success the caller frees answer->data. */
int rc_cli_http_post(rc_cli_buf_t *answer, const char *apihost, const char *body, long timeout);

/* -- client_call.c: one exchange -- */

typedef struct rc_cli_call_t {
    const rc_cli_config_t *conf;
    const char *method;
    struct json_object *args; /* owned by the caller */
    long timeout;
} rc_cli_call_t;

/* Send the call and read its answer. With RC_CLI_OK *value is the result, with RC_CLI_REFUSED the
 * error: a part of *root, which the caller frees. Else *root is NULL. */
int rc_cli_call(struct json_object **root, struct json_object **value, const rc_cli_call_t *call);

/* -- client_task.c: calls in the background -- */

/* When the call runs in the background and standard error is a terminal: wait for its end and show
 * how far it is. *root and *value, the answer, become what the call would have answered otherwise.
 */
int rc_cli_follow(struct json_object **root, struct json_object **value, const rc_cli_call_t *call);

/* -- client_hint.c -- */

/* After the server refused the call: get the names of its methods or arguments, and print the most
 * similar one on standard error. Prints nothing when there is none. */
void rc_cli_hint(const rc_cli_call_t *call, struct json_object *error);

#endif
