/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the rhodecode-api program share. A function that returns an int returns the
 * exit status of the program; where it is not RC_CLI_OK, the line for the user is already on
 * standard error. No message ever holds the API key.
 */
#ifndef RC_CLI_CLIENT_H
#define RC_CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define RC_CLI_OK        0 /* the method succeeded */
#define RC_CLI_REFUSED   1 /* the server answered with an error */
#define RC_CLI_USAGE     2 /* nothing was sent: command line, arguments or configuration */
#define RC_CLI_NO_ANSWER 3 /* sent or tried, but no valid answer came */

struct json_object;

/* -- client_util.c -- */

typedef struct rc_cli_buf_t {
    char *data; /* always ends in a NUL that len does not count, once anything was added */
    size_t len, size;
} rc_cli_buf_t;

void rc_cli_buf_add(rc_cli_buf_t *buf, const char *data, size_t len);

/* Read to the end of the file; false with errno set, EFBIG when it is longer than max. */
bool rc_cli_read_all(rc_cli_buf_t *buf, int fd, size_t max);

/* Print one line on standard error and return status. Control characters become "?". */
int rc_cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* From now on rc_cli_fail prints nothing: for calls whose failure is not shown. */
void rc_cli_silence(bool on);

/* p itself, or the end of the program when memory ran out. */
void *rc_cli_need(void *p);
char *rc_cli_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Overwrite a secret and free it; NULL is fine. */
void rc_cli_forget(char *secret);

/* -- client_options.c: the command line -- */

typedef enum { RC_CLI_PRETTY, RC_CLI_JSON, RC_CLI_TABLE } rc_cli_format_t;

typedef struct rc_cli_options_t {
    char *apikey;        /* own copy, NULL when given nowhere on the command line or beside it */
    const char *apihost; /* NULL when not given or empty, as the ones below */
    const char *config;
    const char *method;
    const char **args; /* the words after the method */
    size_t n_args;
    const char **words; /* what args points into */
    long timeout;       /* seconds for the whole call, 0 for no limit */
    rc_cli_format_t format;
    bool stdin_key; /* the key is the first line of standard input */
    bool save;
    bool help;
    bool version;
} rc_cli_options_t;

int rc_cli_options_read(rc_cli_options_t *opt, int argc, char **argv);
void rc_cli_options_free(rc_cli_options_t *opt);
void rc_cli_print_help(void);

/* -- client_config.c: where server and key come from -- */

typedef struct rc_cli_config_t {
    char *apikey;
    char *apihost;
} rc_cli_config_t;

/* What the options give, the rest from the configuration file. Free in either case. */
int rc_cli_config_load(rc_cli_config_t *conf, const rc_cli_options_t *opt);
int rc_cli_config_save(const rc_cli_options_t *opt);
void rc_cli_config_free(rc_cli_config_t *conf);

/* -- client_args.c: key:value words -- */

/* On success *args is a new JSON object. Standard input is not read when it held the key. */
int rc_cli_args_read(struct json_object **args, const rc_cli_options_t *opt);

/* -- client_json.c -- */

typedef struct rc_cli_json_error_t {
    const char *what;
    unsigned long line, column; /* both from 1, the column in characters */
} rc_cli_json_error_t;

/* Exactly one JSON value and nothing else; *out is NULL for a JSON null. Numbers keep their text.
 */
bool rc_cli_json_read(struct json_object **out, const char *text, size_t len,
                      rc_cli_json_error_t *error);
/* Adds a member, for which there is always memory: else the program ends. */
void rc_cli_json_add(struct json_object *object, const char *key, struct json_object *value);

/* -- client_print.c: JSON as Python's json.dumps writes it, in ASCII -- */

void rc_cli_json_print(FILE *out, struct json_object *value);        /* one line, order kept */
void rc_cli_json_print_pretty(FILE *out, struct json_object *value); /* indent 4, keys sorted */

/* The one-line form as a new string. */
char *rc_cli_json_text(struct json_object *value);

/* -- client_table.c -- */

/* A result as lines of aligned columns, for people: UTF-8, control characters become "?". */
void rc_cli_print_table(FILE *out, struct json_object *value);

/* -- client_http.c -- */

/* POST the body and take the answer of a 200. On success answer->data is to be freed. */
int rc_cli_http_post(rc_cli_buf_t *answer, const char *apihost, const char *body, long timeout);

/* -- client_call.c: one exchange -- */

typedef struct rc_cli_call_t {
    const rc_cli_config_t *conf;
    const char *method;
    struct json_object *args; /* stays the caller's */
    long timeout;
} rc_cli_call_t;

/* Send the call and read its answer. With RC_CLI_OK and RC_CLI_REFUSED *value is the result or the
 * error, a part of *root, which is to be freed; else *root is NULL. */
int rc_cli_call(struct json_object **root, struct json_object **value, const rc_cli_call_t *call);

/* -- client_hint.c -- */

/* After the server refused the call: ask it which methods or arguments there are, and print on
 * standard error what was probably meant. Prints nothing when that cannot be found out. */
void rc_cli_hint(const rc_cli_call_t *call, struct json_object *error);

#endif
