/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin: setup, and what RhodeCode does only in its web pages (contract 04 §6 and §7).
 * This file: the table of commands, the command line, the terminal.
 */
#include "admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "rc_log.h"
#include "rc_rpc.h"

const rc_command_t rc_admin_commands[] = {
    {"init", rc_admin_init, RC_ADMIN_BARE,
     "init [--user NAME] [--password TEXT] [--email ADDRESS] [--api-key KEY] [--firstname TEXT]\n"
     "         [--lastname TEXT] [--public-access|--no-public-access] [--force-yes|--force-no]",
     "make the database, the secret and the first administrator; print his key"},
    {"token", rc_admin_token, RC_ADMIN_OPEN,
     "token list USER | token delete USER TOKEN|ID | token reset USER\n"
     "       token create USER [--role all|api|feed|http|vcs] [--lifetime MINUTES]\n"
     "         [--description TEXT]",
     "API keys of a user; reset replaces the main key"},
    {"ip", rc_admin_ip, RC_ADMIN_OPEN,
     "ip list USER | ip add USER ENTRIES | ip remove USER ENTRIES",
     "addresses that a user may come from; USER default binds everybody"},
    {"anonymous", rc_admin_anonymous, RC_ADMIN_OPEN, "anonymous on|off",
     "may visitors without a key see what the default user may"},
    {"password", rc_admin_password, RC_ADMIN_OPEN, "password USER [--password TEXT|--none]",
     "set a user's password"},
    {"email", rc_admin_email, RC_ADMIN_OPEN,
     "email list USER | email add USER ADDRESS | email remove USER ADDRESS",
     "extra e-mail addresses of a user"},
    {"perm", rc_admin_perm, RC_ADMIN_OPEN,
     "perm default|user NAME|group NAME [PERMISSION... inherit=on|off]",
     "global permissions; a permission takes the place of the others of its kind"},
    {"set", rc_admin_set, RC_ADMIN_OPEN, "set [NAME VALUE]", "server settings; alone: list them"},
    {"follow", rc_admin_follow, RC_ADMIN_OPEN, "follow USER REPOSITORY [--remove]",
     "make a user follow a repository"},
    {"journal", rc_admin_journal, RC_ADMIN_OPEN, "journal list [--last N] | journal purge DAYS",
     "who did what; purge: forget what is older, and tell how much it was"},
    {"backup", rc_admin_backup, RC_ADMIN_OPEN, "backup FILE",
     "copy the database, while the server runs, to a new file"},
    {"secret", rc_admin_secret, RC_ADMIN_OPEN, "secret rotate",
     "make a new secret and encrypt all keys with it, while the server runs"},
    {"call", rc_admin_call, RC_ADMIN_OPEN, "call METHOD [key:value | key:=JSON | key:@FILE]...",
     "call an API method as the first super-admin; print the answer"},
    {"check", rc_admin_check, RC_ADMIN_AS_IT_IS, "check [--repair]",
     "do database, secret and disk agree? --repair finishes what a crash left, and gives\n"
     "      the default user the permission rows that he lacks"},
    {NULL, NULL, RC_ADMIN_BARE, NULL, NULL},
};

int rc_admin_fail(int status, const char *fmt, ...)
{
    va_list ap;

    fputs("rcapi-admin: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return status;
}

int rc_admin_result(rc_admin_t *admin, const rc_err_t *err)
{
    if (!err)
        return RC_ADMIN_OK;
    return rc_admin_fail(RC_ADMIN_FAILED, "%s",
                         err->msg ? err->msg : rc_err_log_text(err, admin->pool));
}

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
        rc_admin_fail(
            RC_ADMIN_USAGE,
            strncmp(word, "--", 2) ? "unexpected: %s" : "unknown, or without its value: %s", word);
    return !word;
}

int rc_admin_user(rc_user_t **user, rc_admin_t *admin)
{
    const char *name = rc_admin_word(admin);
    rc_err_t *err;

    if (!name)
        return rc_admin_fail(RC_ADMIN_USAGE, "which user?");
    if ((err = rc_store_user_by_name(user, admin->db, name, admin->pool)))
        return rc_admin_result(admin, err);
    return *user ? RC_ADMIN_OK : rc_admin_fail(RC_ADMIN_FAILED, "user `%s` does not exist", name);
}

const char *rc_admin_ask(rc_admin_t *admin, const char *prompt, bool secret)
{
    struct termios saved, quiet;
    char line[512];
    bool read, hidden = secret && !tcgetattr(STDIN_FILENO, &saved);

    if (!isatty(STDIN_FILENO))
        return NULL;
    if (hidden) { /* before the prompt: an answer may come at once */
        quiet = saved;
        quiet.c_lflag &= (tcflag_t)~ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    fprintf(stderr, "%s: ", prompt);
    read = fgets(line, sizeof(line), stdin) != NULL;
    if (hidden) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
        fputc('\n', stderr);
    }
    if (!read)
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    return apr_pstrdup(admin->pool, line);
}

const char *rc_admin_new_password(rc_admin_t *admin, const char *prompt)
{
    const char *password = rc_admin_option(admin, "--password"), *again;

    if (!password) {
        password = rc_admin_ask(admin, prompt, true);
        again = password ? rc_admin_ask(admin, "The same again", true) : NULL;
        if (!again || strcmp(again, password)) {
            rc_admin_fail(RC_ADMIN_USAGE,
                          isatty(STDIN_FILENO)
                              ? "the password was not repeated"
                              : "--password is missing, and there is no terminal to ask at");
            return NULL;
        }
    }
    if (strlen(password) >= 6)
        return password;
    rc_admin_fail(RC_ADMIN_USAGE, "the password must have at least 6 characters");
    return NULL;
}

static void usage(FILE *out)
{
    const rc_command_t *command;

    fputs("usage: rcapi-admin --data DIR | --db FILE --repos DIR --secret FILE  COMMAND ...\n\n"
          "--data DIR stands for --db DIR/rcapi.db --repos DIR/repos --secret DIR/secret\n\n",
          out);
    for (command = rc_admin_commands; command->name; command++)
        fprintf(out, "  %s\n      %s\n", command->usage, command->help);
    fputs("\nExit status: 0 done, 1 failed, 2 wrong command line\n", out);
}

static void print_log(void *baton, rc_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    (void)status;
    if (level <= RC_LOG_WARNING)
        fprintf(stderr, "rcapi-admin: %s\n", text);
}

/* --data, or the three places one by one; made absolute, since children change their folder. */
static bool read_places(rc_admin_t *admin)
{
    const char *data = rc_admin_option(admin, "--data");
    const char *db = rc_admin_option(admin, "--db"), *repos = rc_admin_option(admin, "--repos");
    const char *secret = rc_admin_option(admin, "--secret");
    const char **places[] = {&db, &repos, &secret};
    const char *names[] = {"rcapi.db", "repos", "secret"};
    char *cwd = getcwd(NULL, 0);
    int i;

    for (i = 0; i < 3; i++) {
        if (!*places[i] && data)
            *places[i] = apr_pstrcat(admin->pool, data, "/", names[i], NULL);
        if (*places[i] && **places[i] != '/' && cwd)
            *places[i] = apr_pstrcat(admin->pool, cwd, "/", *places[i], NULL);
    }
    free(cwd);
    admin->config.db.path = db;
    admin->config.repo_root = repos;
    admin->config.secret_file = secret;
    return db && repos && secret;
}

/* The demo's own servers are local; who runs this program may reach what httpd may not. */
static void read_remote(rc_admin_t *admin)
{
    static const char *const schemes[] = {"http", "https", "git", "ssh", "file"};
    static apr_array_header_t list = {NULL, sizeof(*schemes), 5, 5, (char *)schemes};

    admin->config.remote.schemes = &list;
    admin->config.remote.private_addresses = true;
}

static int run(rc_admin_t *admin, const char *name)
{
    const rc_command_t *command = rc_admin_commands;
    const char *path;
    rc_err_t *err;
    int status;

    while (command->name && strcmp(command->name, name))
        command++;
    if (!command->name)
        return rc_admin_fail(RC_ADMIN_USAGE, "no command %s; see rcapi-admin --help", name);
    if ((status = rc_admin_become_owner(admin)) != RC_ADMIN_OK)
        return status;
    read_remote(admin);
    if (command->needs == RC_ADMIN_BARE)
        return command->run(admin);
    admin->config.repair = command->needs == RC_ADMIN_OPEN;
    if ((err = rc_rpc_check_table(admin->pool)) ||
        (err = rc_db_find(&path, &admin->config.db, admin->pool)) ||
        (err = rc_env_open(&admin->env, &admin->config, admin->pool)) ||
        (err = rc_db_acquire(&admin->db, admin->env->db_pool, admin->pool)))
        return rc_admin_result(admin, err);
    return command->run(admin);
}

int main(int argc, const char *const *argv)
{
    rc_admin_t admin = {NULL};
    const char *command;
    int i, status;

    apr_app_initialize(&argc, &argv, NULL);
    atexit(apr_terminate);
    apr_pool_create(&admin.pool, NULL);
    rc_log_set(print_log, NULL);
    rc_env_defaults(&admin.config);
    admin.words = apr_array_make(admin.pool, argc, sizeof(const char *));
    for (i = 1; i < argc; i++)
        APR_ARRAY_PUSH(admin.words, const char *) = argv[i];
    if (rc_admin_flag(&admin, "--help") || rc_admin_flag(&admin, "-h")) {
        usage(stdout);
        return RC_ADMIN_OK;
    }
    if (!read_places(&admin) || !(command = rc_admin_word(&admin))) {
        usage(stderr);
        return RC_ADMIN_USAGE;
    }
    status = run(&admin, command);
    apr_pool_destroy(admin.pool);
    return status;
}
