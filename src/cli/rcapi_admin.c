/* SPDX-License-Identifier: Apache-2.0
 *
 * The rcapi-admin program: the setup, and what RhodeCode offers only in its web pages (contract 04
 * §6 and §7). This file has the table of commands and reads the command line.
 */
#include "admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/log.h"
#include "client.h"
#include "faces/api.h"

const rc_command_t rc_admin_commands[] = {
    {"init", rc_admin_init, RC_ADMIN_BARE,
     "init [--user NAME] [--email ADDRESS] [--password TEXT|--password-stdin] [--api-key KEY]\n"
     "         [--firstname TEXT] [--lastname TEXT] [--public-access|--no-public-access] "
     "[--force-yes|--force-no]",
     "create the database, the secret and the first administrator; print the key"},
    {"token", rc_admin_token, RC_ADMIN_OPEN,
     "token list USER | token delete USER TOKEN|ID | token reset USER [TOKEN|ID] |\n"
     "       token create USER [--role all|api|feed|http|vcs] [--lifetime MINUTES]\n"
     "         [--description TEXT] [--repo NAME|--group NAME]",
     "API keys of a user; reset replaces the main key, or a token; --repo and --group limit a "
     "token "
     "to\n      one repository, or to a repository group with all below it"},
    {"ip", rc_admin_ip, RC_ADMIN_OPEN,
     "ip list USER | ip add USER ENTRIES | ip remove USER ENTRIES",
     "addresses that a user is allowed from; those of USER default apply to all users"},
    {"anonymous", rc_admin_anonymous, RC_ADMIN_OPEN, "anonymous [on|off]",
     "whether visitors without a key have the rights of the default user; alone: show it"},
    {"password", rc_admin_password, RC_ADMIN_OPEN,
     "password USER [--password TEXT|--password-stdin|--none]", "set a user's password"},
    {"email", rc_admin_email, RC_ADMIN_OPEN,
     "email list USER | email add USER ADDRESS | email remove USER ADDRESS",
     "extra e-mail addresses of a user"},
    {"user", rc_admin_object, RC_ADMIN_OPEN,
     "user list | user show|delete USER | user create|set USER [KEY=VALUE]...\n"
     "         [--password TEXT|--password-stdin]",
     "users; keys: email (create requires it) firstname lastname admin=on|off active=on|off,\n"
     "      and of set: username"},
    {"repo", rc_admin_object, RC_ADMIN_OPEN,
     "repo list | repo show|delete REPOSITORY | repo create|set REPOSITORY [KEY=VALUE]...",
     "repositories; keys: description owner clone_uri landing_rev private=on|off\n"
     "      enable_downloads=on|off enable_locking=on|off, of create: repo_type=git|hg|svn, and of "
     "set:\n"
     "      name, group (none: group=), or repo_name=GROUP/NAME for both"},
    {"group", rc_admin_object, RC_ADMIN_OPEN,
     "group list | group show|delete GROUP | group create|set GROUP [KEY=VALUE]... |\n"
     "       group add|remove GROUP USER",
     "user groups and their members; keys: owner active=on|off, and of set: group_name"},
    {"perm", rc_admin_perm, RC_ADMIN_OPEN,
     "perm default|user NAME|group NAME [PERMISSION... inherit=on|off]",
     "global permissions; a permission replaces the others of its kind"},
    {"set", rc_admin_set, RC_ADMIN_OPEN, "set [NAME VALUE [REPOSITORY]]",
     "server settings; alone: list them; with a repository: its own value of\n"
     "      svn_branch_patterns or svn_tag_patterns, or `inherit` for the server's"},
    {"follow", rc_admin_follow, RC_ADMIN_OPEN, "follow USER REPOSITORY|--user OTHER [--remove]",
     "make a user follow a repository or another user"},
    {"refresh", rc_admin_refresh, RC_ADMIN_OPEN, "refresh REPOSITORY|FOLDER",
     "update the stored last commit, after a push that did not go through the server"},
    {"maintain", rc_admin_maintain, RC_ADMIN_OPEN, "maintain REPOSITORY...|--all [--due] [--prune]",
     "pack repositories for fast clones and remove what nothing has needed for two weeks;\n"
     "      --due: only those that need it; --prune: what nothing needs now"},
    {"journal", rc_admin_journal, RC_ADMIN_OPEN,
     "journal list [--last N] | journal export --jsonl [--since DATE] | journal purge DAYS [--yes]",
     "list who did what; export: all of it, or since a date in UTC, an object on a line;\n"
     "      purge: delete entries older than DAYS, and print how many"},
    {"deliver", rc_admin_deliver, RC_ADMIN_OPEN, "deliver [--once] [--private]",
     "send events to webhooks, in place of the server; --once: end when nothing is due;\n"
     "      --private: also to loopback, private and link-local addresses"},
    {"backup", rc_admin_backup, RC_ADMIN_OPEN, "backup FILE|-",
     "copy the database, while the server runs, to a new file or standard output"},
    {"migrate", rc_admin_migrate, RC_ADMIN_BARE, "migrate --to DATABASE | migrate --from DATABASE",
     "copy the database into an empty one, or another one into it: from a file to a server, or "
     "back;\n      stop the server before; print the rows of each table"},
    {"import", rc_admin_import, RC_ADMIN_OPEN,
     "import rhodecode|kallithea --from DATABASE [--copy DIR] [--dry-run]",
     "move in from RhodeCode or Kallithea: from their database (a file, "
     "postgresql:...,\n      or a dump of mysqldump); --copy: their repositories are in DIR and "
     "are copied, else they\n      are in the repository root; print what did not come and why"},
    {"secret", rc_admin_secret, RC_ADMIN_OPEN, "secret rotate",
     "create a new secret and encrypt all keys with it, while the server runs"},
    {"call", rc_admin_call, RC_ADMIN_OPEN,
     "call [--format=json|pretty] METHOD [key:value | key:=JSON | key:@FILE]...",
     "call an API method as the first super-admin; print the answer"},
    {"check", rc_admin_check, RC_ADMIN_AS_IT_IS, "check [--repair]",
     "compare database, secret and disk; report problems and what to do. --repair corrects\n"
     "      what it can: leftovers of a crash, the default user, damaged HEADs, unknown gists"},
    {NULL, NULL, RC_ADMIN_BARE, NULL, NULL},
};

#define WORD(admin, i) APR_ARRAY_IDX((admin)->words, i, const char *)

static void drop_words(rc_admin_t *admin, int at, int n)
{
    int left = admin->words->nelts - at - n;

    memmove(&WORD(admin, at), &WORD(admin, at + n), (size_t)left * sizeof(const char *));
    admin->words->nelts -= n;
}

const char *rc_admin_option(rc_admin_t *admin, const char *name)
{
    size_t len = strlen(name);
    int i;

    for (i = 0; i < admin->words->nelts; i++) {
        const char *word = WORD(admin, i), *value = NULL;
        int n = 1;

        if (!strcmp(word, name) && i + 1 < admin->words->nelts) {
            value = WORD(admin, i + 1);
            n = 2;
        } else if (!strncmp(word, name, len) && word[len] == '=') {
            value = word + len + 1;
        }
        if (value) {
            drop_words(admin, i, n);
            return value;
        }
    }
    return NULL;
}

bool rc_admin_flag(rc_admin_t *admin, const char *name)
{
    int i;

    for (i = 0; i < admin->words->nelts; i++)
        if (!strcmp(WORD(admin, i), name)) {
            drop_words(admin, i, 1);
            return true;
        }
    return false;
}

const char *rc_admin_word(rc_admin_t *admin)
{
    const char *word;

    if (!admin->words->nelts)
        return NULL;
    word = WORD(admin, 0);
    drop_words(admin, 0, 1);
    return word;
}

bool rc_admin_end(rc_admin_t *admin)
{
    const char *word = admin->words->nelts ? WORD(admin, 0) : NULL;

    if (word)
        rc_admin_fail(RC_ADMIN_USAGE,
                      strncmp(word, "--", 2) ? "unexpected: %s"
                                             : "unknown option, or its value is missing: %s",
                      word);
    return !word;
}

int rc_admin_user(rc_user_t **user, rc_admin_t *admin)
{
    const char *name = rc_admin_word(admin);
    rc_err_t *err;

    if (!name)
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: user");
    if ((err = rc_store_user_by_name(user, admin->actor.db, name, admin->pool)))
        return rc_admin_result(admin, err);
    return *user ? RC_ADMIN_OK : rc_admin_fail(RC_ADMIN_FAILED, "user `%s` does not exist", name);
}

void rc_admin_head(const rc_admin_t *admin, const char *head)
{
    if (admin->headers)
        printf("%s\n", head);
}

static const rc_command_t *find_command(const char *name)
{
    const rc_command_t *command = rc_admin_commands;

    while (command->name && strcmp(command->name, name))
        command++;
    return command->name ? command : NULL;
}

/* Prints the usage of one command, or of all. */
static void usage(FILE *out, const rc_command_t *only)
{
    const rc_command_t *command;

    fputs("usage: rcapi-admin --data DIR | --db FILE --repos DIR --secret FILE  COMMAND ...\n\n",
          out);
    if (!only)
        fputs("--data DIR stands for --db DIR/rcapi.db --repos DIR/repos --secret DIR/secret; "
              "without\n"
              "one of them the environment variable RCAPI_DATA names DIR, and RCAPI_DATABASE the\n"
              "database. One on a server is named as for RcapiDatabase: postgresql:dbname=rcapi.\n"
              "Root becomes the owner of DIR. Lists have headers on a terminal, or with "
              "--headers.\n\n",
              out);
    for (command = only ? only : rc_admin_commands; command->name; command++) {
        fprintf(out, "  %s\n      %s\n", command->usage, command->help);
        if (only)
            return;
    }
    fputs("  help [COMMAND], --help, --version\n", out);
    fputs("\nExit status: 0 done, 1 failed, 2 wrong command line\n", out);
}

static int no_command(const char *name)
{
    return rc_admin_fail(RC_ADMIN_USAGE, "unknown command %s; see rcapi-admin --help", name);
}

/* Reports a missing command or a missing data directory. */
static int incomplete(const char *command)
{
    usage(stderr, NULL);
    if (command && !find_command(command))
        return no_command(command);
    return command ? rc_admin_fail(RC_ADMIN_USAGE,
                                   "%s requires the data directory: --data DIR, or the "
                                   "environment variable RCAPI_DATA",
                                   command)
                   : RC_ADMIN_USAGE;
}

static void print_log(void *baton, rc_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    (void)status;
    if (level <= RC_LOG_WARNING)
        fprintf(stderr, "rcapi-admin: %s\n", text);
}

/* Reads --data, or the three paths one by one. Makes them absolute, because child processes change
 * their directory. */
static bool read_places(rc_admin_t *admin)
{
    const char *data = rc_admin_option(admin, "--data");
    const char *db = rc_admin_option(admin, "--db"), *repos = rc_admin_option(admin, "--repos");
    const char *secret = rc_admin_option(admin, "--secret");
    const char **places[] = {&db, &repos, &secret};
    const char *names[] = {"rcapi.db", "repos", "secret"};
    char *cwd = getcwd(NULL, 0);
    int i;

    if (!db && (db = getenv("RCAPI_DATABASE")) && !*db)
        db = NULL;
    if (!data && (data = getenv("RCAPI_DATA")) && !*data)
        data = NULL;
    for (i = 0; i < 3; i++) {
        if (!*places[i] && data)
            *places[i] = apr_pstrcat(admin->pool, data, "/", names[i], NULL);
        if (*places[i] && **places[i] != '/' && cwd && !rc_db_is_on_server(*places[i]))
            *places[i] = apr_pstrcat(admin->pool, cwd, "/", *places[i], NULL);
    }
    free(cwd);
    admin->config.db.path = db;
    admin->config.repo_root = repos;
    admin->config.secret_file = secret;
    return db && repos && secret;
}

/* Allows all remotes: the user of this program may reach more than httpd, and the remote of the
 * demo is local. Addresses of webhooks are named by others. */
static void read_remote(rc_admin_t *admin, const rc_command_t *command)
{
    static const char *schemes[] = {"http", "https", "git", "ssh", "svn", "file"};
    static apr_array_header_t list = {NULL, sizeof(*schemes), 6, 6, (char *)schemes};

    admin->config.remote.schemes = &list;
    admin->config.remote.private_addresses =
        command->run != rc_admin_deliver || rc_admin_flag(admin, "--private");
}

static int run_command(rc_admin_t *admin, const char *name)
{
    const rc_command_t *command = find_command(name);
    const char *path;
    rc_err_t *err;
    int status;

    if (!command)
        return no_command(name);
    if ((status = rc_admin_become_owner(admin)) != RC_ADMIN_OK)
        return status;
    admin->command = command->name;
    read_remote(admin, command);
    if (command->needs == RC_ADMIN_BARE)
        return command->run(admin);
    admin->config.repair = command->needs == RC_ADMIN_OPEN;
    admin->config.serves = false;
    if ((err = rc_api_check_table(admin->pool)) ||
        (err = rc_db_find(&path, &admin->config.db, admin->pool)) ||
        (err = rc_env_open(&admin->env, &admin->config, admin->pool)))
        return rc_admin_result(admin, err);
    rc_actor_local(&admin->actor, admin->env, admin->pool);
    err = rc_actor_open(&admin->actor);
    return err ? rc_admin_result(admin, err) : command->run(admin);
}

/* Returns whether any word is --help. */
static bool has_help_flag(rc_admin_t *admin)
{
    return rc_admin_flag(admin, "--help") | rc_admin_flag(admin, "-h");
}

/* Returns whether the first word is "help". */
static bool is_help(const rc_admin_t *admin)
{
    return admin->words->nelts && !strcmp(WORD(admin, 0), "help");
}

/* Returns the first command among the words, or NULL. */
static const rc_command_t *named_command(rc_admin_t *admin)
{
    const rc_command_t *command = NULL;
    int i;

    for (i = 0; !command && i < admin->words->nelts; i++)
        command = find_command(WORD(admin, i));
    return command;
}

static int help(rc_admin_t *admin)
{
    if (admin->words->nelts > 1 && is_help(admin) && !named_command(admin))
        return no_command(WORD(admin, 1));
    usage(stdout, named_command(admin));
    return RC_ADMIN_OK;
}

/* Reads the command line and runs the command; returns the exit status. */
static int run_words(rc_admin_t *admin)
{
    const char *command;
    bool places, asked;

    if (rc_admin_flag(admin, "--version")) {
        puts("rcapi-admin " RCAPI_VERSION);
        return RC_ADMIN_OK;
    }
    admin->headers = rc_admin_flag(admin, "--headers") || isatty(STDOUT_FILENO);
    asked = has_help_flag(admin);
    places = read_places(admin);
    if (asked || is_help(admin))
        return help(admin);
    command = rc_admin_word(admin);
    if (!places || !command)
        return incomplete(command);
    return run_command(admin, command);
}

int main(int argc, const char *const *argv)
{
    rc_admin_t admin = {NULL};
    const char *problem;
    int i, status;

    rc_cli_open_standard();
    apr_app_initialize(&argc, &argv, NULL);
    atexit(apr_terminate);
    apr_pool_create(&admin.pool, NULL);
    rc_log_set(print_log, NULL);
    rc_env_defaults(&admin.config);
    admin.words = apr_array_make(admin.pool, argc, sizeof(const char *));
    for (i = 1; i < argc; i++)
        APR_ARRAY_PUSH(admin.words, const char *) = argv[i];
    status = run_words(&admin);
    apr_pool_destroy(admin.pool);
    if ((problem = rc_cli_end_output()) && status != RC_ADMIN_USAGE)
        status = rc_admin_fail(RC_ADMIN_FAILED, "cannot write to standard output: %s", problem);
    return status;
}
