/* SPDX-License-Identifier: Apache-2.0
 *
 * The rhodecode-api program calls one method of the JSON-RPC API from a shell. This file reads the
 * arguments, makes the call, prints the result or error, and returns the exit status.
 */
#include "client.h"

#include <json.h>

#include <string.h>

#include <apr_general.h>

static void print_answer(struct json_object *value, rc_cli_format_t format)
{
    switch (format) {
    case RC_CLI_PRETTY:
        puts("Server response");
        rc_cli_json_print_pretty(stdout, value);
        putchar('\n');
        break;
    case RC_CLI_JSON:
        rc_cli_json_print(stdout, value);
        putchar('\n');
        break;
    case RC_CLI_TABLE:
        rc_cli_print_table(stdout, value);
        break;
    }
}

static int exchange(const rc_cli_call_t *call, rc_cli_format_t format)
{
    struct json_object *root, *value;
    int status = rc_cli_call(&root, &value, call);

    if (status == RC_CLI_OK)
        status = rc_cli_follow(&root, &value, call);
    if (status == RC_CLI_NO_ANSWER)
        return status;
    print_answer(value, format);
    fflush(stdout); /* before the hints on standard error */
    if (status == RC_CLI_REFUSED)
        rc_cli_hint(call, value);
    json_object_put(root);
    return status;
}

static int call(const rc_cli_options_t *opt, const rc_cli_config_t *conf)
{
    rc_cli_call_t call = {.conf = conf, .method = opt->method, .timeout = opt->timeout};
    int status = rc_cli_args_read(&call.args, opt);

    if (status != RC_CLI_OK)
        return status;
    if (opt->background)
        rc_cli_json_add(call.args, "background", rc_cli_need(json_object_new_boolean(true)));
    if (opt->format == RC_CLI_PRETTY) {
        printf("Calling method %s => %s\n", opt->method, conf->apihost);
        fflush(stdout); /* a call may take long */
    }
    status = exchange(&call, opt->format);
    json_object_put(call.args);
    return status;
}

static int run_options(const rc_cli_options_t *opt)
{
    rc_cli_config_t conf = {0};
    int status;

    if (opt->help) {
        rc_cli_print_help();
        return RC_CLI_OK;
    }
    if (opt->version) {
        puts("rhodecode-api " RCAPI_VERSION);
        return RC_CLI_OK;
    }
    if (opt->save)
        return rc_cli_config_save(opt);
    if (opt->method && !strcmp(opt->method, "login"))
        return rc_cli_login(opt);
    if (opt->method && !strcmp(opt->method, "logout"))
        return rc_cli_logout(opt);
    status = rc_cli_config_load(&conf, opt);
    if (status == RC_CLI_OK && !opt->method)
        status = rc_cli_fail(RC_CLI_USAGE, "Please specify method name");
    if (status == RC_CLI_OK)
        status = call(opt, &conf);
    rc_cli_config_free(&conf);
    return status;
}

int main(int argc, char **argv)
{
    rc_cli_options_t opt;
    const char *problem;
    int status;

    rc_cli_open_standard();
    rc_cli_need(apr_initialize() == APR_SUCCESS ? &opt : NULL);
    status = rc_cli_options_read(&opt, argc, argv);
    if (status == RC_CLI_OK)
        status = run_options(&opt);
    rc_cli_options_free(&opt);
    if ((problem = rc_cli_end_output()) && status < RC_CLI_USAGE)
        status = rc_cli_fail(RC_CLI_NO_ANSWER, "Cannot write to standard output: %s", problem);
    return status;
}
