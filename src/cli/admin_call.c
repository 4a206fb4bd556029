/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin call: calls any API method locally as the first super-admin. rcapi-admin check:
 * compares database, secret and disk.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "client.h"
#include "domain/data.h"
#include "faces/api.h"

/* Prints the answer, as it is or indented; returns RC_ADMIN_FAILED when it holds an error. */
static int print_answer(const char *answer, bool pretty)
{
    json_object *envelope, *error = NULL;
    rc_cli_json_error_t wrong;
    int status;

    if (!rc_cli_json_read(&envelope, answer, strlen(answer), &wrong)) {
        fputs(answer, stdout);
        return RC_ADMIN_FAILED;
    }
    if (pretty) {
        rc_cli_json_print_pretty(stdout, envelope);
        putchar('\n');
    } else {
        fputs(answer, stdout);
    }
    json_object_object_get_ex(envelope, "error", &error);
    status = error ? RC_ADMIN_FAILED : RC_ADMIN_OK;
    json_object_put(envelope);
    return status;
}

int rc_admin_call(rc_admin_t *admin)
{
    const char *format = rc_admin_option(admin, "--format"), *method = rc_admin_word(admin),
               *answer;
    rc_cli_options_t words = {.args = (const char **)admin->words->elts,
                              .n_args = (size_t)admin->words->nelts};
    rc_spool_t *spool = rc_spool_create(admin->config.temp_dir, admin->pool);
    json_object *args;
    rc_err_t *err;
    char *text;
    int status;

    if (format && strcmp(format, "json") && strcmp(format, "pretty"))
        return rc_admin_fail(RC_ADMIN_USAGE, "--format must be json or pretty");
    if (!method)
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: method");
    if ((status = rc_cli_args_read(&args, &words)) != RC_CLI_OK)
        return status;
    text = rc_cli_json_text(args);
    json_object_put(args);
    err = rc_api_call_local(spool, admin->env, method, text, admin->pool);
    rc_cli_forget(text);
    if (err || (err = rc_spool_string(&answer, spool, admin->pool)))
        return rc_admin_result(admin, err);
    return print_answer(answer, format && !strcmp(format, "pretty"));
}

int rc_admin_check(rc_admin_t *admin)
{
    bool repair = rc_admin_flag(admin, "--repair");
    apr_array_header_t *problems;
    rc_err_t *err = NULL;
    int i;

    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if (repair)
        err = rc_data_repair(admin->env, admin->actor.db, admin->pool);
    if (err || (err = rc_data_check(&problems, admin->env, admin->actor.db, admin->pool)))
        return rc_admin_result(admin, err);
    for (i = 0; i < problems->nelts; i++)
        printf("%s\n", APR_ARRAY_IDX(problems, i, const char *));
    return problems->nelts ? RC_ADMIN_FAILED : RC_ADMIN_OK;
}
