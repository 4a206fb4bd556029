/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the command line of rhodecode-api. Options may stand before or after the method, as
 * "--opt VALUE" or "--opt=VALUE"; "--" ends them. The messages of getopt are not used: they repeat
 * the whole word, so a mistyped --apikey=... would show the key.
 */
#include "client.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define MAX_KEY     (64 * 1024)
#define MAX_TIMEOUT 2000000 /* libcurl counts milliseconds in a long of possibly 32 bits */

/* Above all characters, so that optopt can distinguish a misused long option from an unknown
 * letter. */
enum {
    OPT_APIKEY = 256,
    OPT_APIKEY_STDIN,
    OPT_APIHOST,
    OPT_CONFIG,
    OPT_BACKGROUND,
    OPT_SAVE,
    OPT_FORMAT,
    OPT_TIMEOUT,
    OPT_VERSION
};

static const struct option LONG_OPTIONS[] = {
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},
    {"apikey", required_argument, NULL, OPT_APIKEY},
    {"apikey-stdin", no_argument, NULL, OPT_APIKEY_STDIN},
    {"apihost", required_argument, NULL, OPT_APIHOST},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"background", no_argument, NULL, OPT_BACKGROUND},
    {"save-config", no_argument, NULL, OPT_SAVE},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {NULL, 0, NULL, 0},
};

static const char HELP[] =
    "usage: rhodecode-api [-h] [--format=FORMAT] [--apikey=APIKEY] [--apihost=APIHOST]\n"
    "                     [--apikey-stdin] [--config=CONFIG] [--save-config]\n"
    "                     [--timeout=SECONDS] [--background] [--version]\n"
    "                     METHOD [key:value ...]\n"
    "\n"
    "       rhodecode-api login URL | rhodecode-api logout\n"
    "\n"
    "Call a method of a RhodeCode JSON-RPC API and print what it answers. login asks for a\n"
    "user name and a password (without a terminal: two lines of standard input), makes a\n"
    "token for this machine and saves it as --save-config does; logout deletes both.\n"
    "\n"
    "Options, before or after the method; \"--\" ends them:\n"
    "  -h, --help         show this text and exit\n"
    "  --version          show the version and exit\n"
    "  --apikey KEY       API key; overrides the environment and the configuration file.\n"
    "                     Other users of this machine may see it in the list of processes\n"
    "  --apikey-stdin     the API key is the first line of standard input\n"
    "  --apihost URL      server, as in http://127.0.0.1:5000; overrides the file\n"
    "  --config FILE      configuration file to use instead of the default one\n"
    "  --save-config      write key and host to the file and exit\n"
    "  --format FORMAT    pretty (default): a report for people, keys sorted;\n"
    "                     json: the bare result (or error) on one line;\n"
    "                     table: a list as aligned columns, without nested values\n"
    "  --timeout SECONDS  give up after this time; by default a call may take as long\n"
    "                     as it needs, only connecting is limited to 30 seconds\n"
    "  --background       have the server make the call in the background, as the\n"
    "                     argument background:=true does. On a terminal, a bar shows how\n"
    "                     far it is, until its result is there; else the answer holds\n"
    "                     its id, for get_task. Ctrl-C ends the bar, not the call\n"
    "\n"
    "Arguments of the method; the first colon separates, of equal keys the last one wins:\n"
    "  key:value          the string \"value\", never converted; may be empty\n"
    "  key:=JSON          any JSON value: limit:=5, files:='{\"a\": {\"content\": \"b\"}}'\n"
    "  key:@FILE          the text of a file (UTF-8) as a string, with the ends of its lines\n"
    "  key:@-             the text of standard input as a string\n"
    "A string that begins with = or @ is written as JSON: key:='\"@text\"'.\n"
    "\n"
    "Configuration: a JSON object {\"apikey\": \"...\", \"apihost\": \"...\"}. Read from "
    "--config,\n"
    "else from the first regular file of ~/.config, ~/.config/rhodecode, ~/.rhodecode.\n"
    "Written with mode 0600 to --config, else to ~/.config/rhodecode, or to ~/.config\n"
    "where that is a file already. Not read when key and host are given otherwise.\n"
    "\n"
    "Environment: RHODECODE_API_KEY is the API key where no option gives one; HOME (else\n"
    "USERPROFILE) is ~; CURL_CA_BUNDLE, SSL_CERT_FILE and SSL_CERT_DIR name trusted\n"
    "certificates; http_proxy, https_proxy and no_proxy.\n"
    "\n"
    "Exit status:\n"
    "  0  the method succeeded, or help or configuration was written\n"
    "  1  the server answered with an error, which is printed like a result\n"
    "  2  wrong usage, argument or configuration; nothing was sent\n"
    "  3  no valid answer: connection, certificate, HTTP status, not JSON, wrong id;\n"
    "     or the answer could not be written\n";

void rc_cli_print_help(void)
{
    fputs(HELP, stdout);
}

static int set_format(rc_cli_options_t *opt, const char *name)
{
    static const char *const names[] = {
        [RC_CLI_PRETTY] = "pretty", [RC_CLI_JSON] = "json", [RC_CLI_TABLE] = "table"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(name, names[i]) == 0) {
            opt->format = (rc_cli_format_t)i;
            return RC_CLI_OK;
        }
    return rc_cli_fail(RC_CLI_USAGE, "Unknown format \"%s\", use pretty, json or table", name);
}

static int set_timeout(rc_cli_options_t *opt, const char *text)
{
    char *end;

    errno = 0;
    opt->timeout = strtol(text, &end, 10);
    if (errno || *end || strspn(text, "0123456789") == 0 || opt->timeout < 1 ||
        opt->timeout > MAX_TIMEOUT)
        return rc_cli_fail(RC_CLI_USAGE, "--timeout needs a number of seconds from 1 to %d",
                           MAX_TIMEOUT);
    return RC_CLI_OK;
}

/* Copies the key and overwrites the word, so that the list of processes shows the key only briefly.
 */
static void set_apikey(rc_cli_options_t *opt, char *word)
{
    rc_cli_forget(opt->apikey);
    opt->apikey = *word ? rc_cli_need(strdup(word)) : NULL;
    memset(word, 'x', strlen(word));
}

/* Reads the key from the first line of standard input; the rest is dropped. */
static int key_from_stdin(rc_cli_options_t *opt)
{
    rc_cli_buf_t text = {0};

    if (!rc_cli_read_all(&text, STDIN_FILENO, MAX_KEY)) {
        rc_cli_forget(text.data);
        return rc_cli_fail(RC_CLI_USAGE, "Cannot read the API key from standard input: %s",
                           strerror(errno));
    }
    text.data[strcspn(text.data, "\r\n")] = '\0';
    rc_cli_forget(opt->apikey);
    opt->apikey = text.data;
    if (*opt->apikey)
        return RC_CLI_OK;
    return rc_cli_fail(RC_CLI_USAGE, "Standard input holds no API key");
}

static int find_key(rc_cli_options_t *opt)
{
    const char *key = getenv("RHODECODE_API_KEY");

    if (opt->stdin_key)
        return key_from_stdin(opt);
    if (!opt->apikey && key && *key)
        opt->apikey = rc_cli_need(strdup(key));
    return RC_CLI_OK;
}

static int set_option(rc_cli_options_t *opt, int option, char *value)
{
    switch (option) {
    case 'h':
        opt->help = true;
        return RC_CLI_OK;
    case OPT_VERSION:
        opt->version = true;
        return RC_CLI_OK;
    case OPT_APIKEY_STDIN:
        opt->stdin_key = true;
        return RC_CLI_OK;
    case OPT_BACKGROUND:
        opt->background = true;
        return RC_CLI_OK;
    case OPT_SAVE:
        opt->save = true;
        return RC_CLI_OK;
    case OPT_APIKEY:
        set_apikey(opt, value);
        return RC_CLI_OK;
    case OPT_APIHOST:
        opt->apihost = *value ? value : NULL;
        return RC_CLI_OK;
    case OPT_CONFIG:
        opt->config = *value ? value : NULL;
        return RC_CLI_OK;
    case OPT_FORMAT:
        return set_format(opt, value);
    default:
        return set_timeout(opt, value);
    }
}

/* Reports an error of getopt_long, ':' or '?'; word is the last one that it read. */
static int bad_option(int problem, const char *word)
{
    for (const struct option *o = LONG_OPTIONS; o->name; o++)
        if (o->val == optopt)
            return rc_cli_fail(RC_CLI_USAGE, "Option --%s %s", o->name,
                               problem == ':' ? "needs a value" : "takes no value");
    if (optopt)
        return rc_cli_fail(RC_CLI_USAGE, "Unknown option -%c, see --help", optopt);
    return rc_cli_fail(RC_CLI_USAGE, "Unknown or ambiguous option %.*s, see --help",
                       (int)strcspn(word, "="), word);
}

/* Checks key, host and method, which become JSON strings. */
static int check_utf8(const rc_cli_options_t *opt)
{
    if (opt->apikey && !rc_utf8_valid(opt->apikey, strlen(opt->apikey)))
        return rc_cli_fail(RC_CLI_USAGE, "The API key is not UTF-8");
    if (opt->apihost && !rc_utf8_valid(opt->apihost, strlen(opt->apihost)))
        return rc_cli_fail(RC_CLI_USAGE, "The value of --apihost is not UTF-8");
    if (opt->method && !rc_utf8_valid(opt->method, strlen(opt->method)))
        return rc_cli_fail(RC_CLI_USAGE, "The method name is not UTF-8");
    return RC_CLI_OK;
}

int rc_cli_options_read(rc_cli_options_t *opt, int argc, char **argv)
{
    size_t n_words = 0;
    int option, status;

    *opt = (rc_cli_options_t){.format = RC_CLI_PRETTY};
    opt->words = rc_cli_need(calloc((size_t)argc + 1, sizeof(*opt->words)));
    opterr = 0;
    /* "-": free words come as code 1, in order, even under POSIXLY_CORRECT; ":": tell ':' from '?'
     */
    while ((option = getopt_long(argc, argv, "-:h", LONG_OPTIONS, NULL)) != -1) {
        if (option == ':' || option == '?')
            return bad_option(option, argv[optind - 1]);
        if (option == 1) {
            opt->words[n_words++] = optarg;
            continue;
        }
        status = set_option(opt, option, optarg);
        if (status != RC_CLI_OK || opt->help || opt->version)
            return status;
    }
    while (optind < argc)
        opt->words[n_words++] = argv[optind++];
    if (n_words > 0) {
        opt->method = *opt->words[0] ? opt->words[0] : NULL;
        opt->args = opt->words + 1;
        opt->n_args = n_words - 1;
    }
    status = find_key(opt);
    return status == RC_CLI_OK ? check_utf8(opt) : status;
}

void rc_cli_options_free(rc_cli_options_t *opt)
{
    rc_cli_forget(opt->apikey);
    free(opt->words);
}
