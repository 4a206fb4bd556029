// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes what rhodecode-api reads. The first line of an input selects it. "options": the words of a
 * command line, one per line; "config": a configuration file; "answer": JSON of a server, printed
 * in each form.
 */
#include <getopt.h>
#include <unistd.h>

#include <json.h>

#include "../../src/cli/client.h"
#include "fuzz.h"
#include "base/unconst.h"

#define WORDS 32

static FILE *nowhere;

static void read_options(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    char *argv[WORDS + 2] = {"rhodecode-api"};
    struct json_object *args = NULL;
    rc_cli_options_t opt;
    int argc = 1, status;

    while (size && argc <= WORDS) {
        argv[argc] = rc_unconst(fuzz_line(&data, &size, pool));
        if (strstr(argv[argc], ":@") || !strncmp(argv[argc], "--apikey-", 9))
            return; /* other files, and standard input */
        argc++;
    }
    optind = 0; /* makes GNU getopt start again */
    status = rc_cli_options_read(&opt, argc, argv);
    CHECK(status == RC_CLI_OK || status == RC_CLI_USAGE);
    if (status == RC_CLI_OK && rc_cli_args_read(&args, &opt) == RC_CLI_OK)
        CHECK(json_object_is_type(args, json_type_object));
    json_object_put(args);
    rc_cli_options_free(&opt);
}

static void read_config(const uint8_t *data, size_t size)
{
    char path[] = "/dev/shm/rcapi-fuzz-XXXXXX";
    rc_cli_options_t opt = {.config = path};
    rc_cli_config_t conf = {0};
    int fd = mkstemp(path);

    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && !close(fd));
    if (rc_cli_config_load(&conf, &opt) == RC_CLI_OK)
        CHECK(*conf.apikey && !strncasecmp(conf.apihost, "http", 4));
    rc_cli_config_free(&conf);
    CHECK(!unlink(path));
}

static void read_answer(const uint8_t *data, size_t size)
{
    struct json_object *value;
    rc_cli_json_error_t error;

    if (!rc_cli_json_read(&value, (const char *)data, size, &error))
        return;
    rc_cli_json_print(nowhere, value);
    rc_cli_json_print_pretty(nowhere, value);
    rc_cli_print_table(nowhere, value);
    json_object_put(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *what = fuzz_line(&data, &size, pool);

    if (!nowhere) {
        nowhere = fopen("/dev/null", "w");
        CHECK(nowhere);
        rc_cli_silence(true);
    }
    if (!strcmp(what, "options"))
        read_options(data, size, pool);
    else if (!strcmp(what, "config"))
        read_config(data, size);
    else if (!strcmp(what, "answer"))
        read_answer(data, size);
    apr_pool_destroy(pool);
    return 0;
}
