/* SPDX-License-Identifier: Apache-2.0
 *
 * rhodecode-api login and logout: makes a token of role api for this machine by the forms of the
 * server's pages, with the name and the password of a user, and deletes it again: by logout,
 * or when the next login replaces it. The API itself never takes a password (contract 10 §6).
 */
#include "client.h"

#include <json.h>

#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client_form.h"

#define LINE_MOST   1024
#define KEY_LENGTH  40
#define OLD_SECONDS 30 /* for a call to the server of the key that is replaced */
#define TOKENS      "/_admin/my_account/auth_tokens"

/* --- questions --- */

/* Reads a line of standard input; a terminal shows the prompt and, of a secret, no letters. */
static char *ask_user(const char *prompt, bool secret)
{
    bool terminal = isatty(STDIN_FILENO), hidden = false;
    struct termios saved, quiet;
    char line[LINE_MOST] = "", *end;

    if (terminal && secret && tcgetattr(STDIN_FILENO, &saved) == 0) {
        hidden = true;
        quiet = saved;
        quiet.c_lflag &= (tcflag_t)~ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    if (terminal)
        fprintf(stderr, "%s: ", prompt);
    end = fgets(line, sizeof(line), stdin) ? line + strcspn(line, "\r\n") : line;
    *end = '\0';
    if (hidden) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
        fputc('\n', stderr);
    }
    end = rc_cli_need(strdup(line));
    explicit_bzero(line, sizeof(line));
    return end;
}

/* What the token is called on the page of tokens. */
static char *describe_machine(void)
{
    char host[256] = "";

    if (gethostname(host, sizeof(host) - 1) != 0 || !*host)
        strncpy(host, "this machine", sizeof(host) - 1);
    return rc_cli_printf("rhodecode-api on %s", host);
}

/* --- tokens of the API --- */

/* Returns a text member of an object; "" when there is none. */
static const char *text_member_of(struct json_object *object, const char *name)
{
    struct json_object *value;

    if (!json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, json_type_string))
        return "";
    return json_object_get_string(value);
}

/* Returns the id of the token that login made for this machine; NULL unless there is one only. */
static struct json_object *find_token(struct json_object *tokens, const char *key)
{
    char *machine = describe_machine();
    struct json_object *found = NULL;
    int count = 0;

    for (size_t i = 0;
         json_object_is_type(tokens, json_type_array) && i < json_object_array_length(tokens);
         i++) {
        struct json_object *token = json_object_array_get_idx(tokens, i);
        const char *shown = text_member_of(token, "auth_token");

        if (strcmp(text_member_of(token, "description"), machine) != 0 ||
            (*shown != '*' && strncmp(shown, key, 4) != 0))
            continue;
        count += json_object_object_get_ex(token, "auth_token_id", &found);
    }
    free(machine);
    return count == 1 ? found : NULL;
}

static int call_tokens(struct json_object **root, struct json_object **value,
                       const rc_cli_config_t *conf, const char *method, struct json_object *id,
                       long timeout)
{
    rc_cli_call_t call = {.conf = conf, .method = method, .timeout = timeout};
    int status;

    call.args = rc_cli_need(json_object_new_object());
    if (id)
        rc_cli_json_add(call.args, "auth_token_id", json_object_get(id));
    status = rc_cli_call(root, value, &call);
    json_object_put(call.args);
    if (status == RC_CLI_REFUSED)
        return rc_cli_fail(status, "%s", json_object_get_string(*value));
    return status;
}

/* Sets *id, which the caller frees, to that of the token of the key in conf. */
static int find_own_token(struct json_object **id, const rc_cli_config_t *conf, long timeout)
{
    struct json_object *root = NULL, *tokens;
    int status = call_tokens(&root, &tokens, conf, "get_auth_tokens", NULL, timeout);

    *id = status == RC_CLI_OK ? json_object_get(find_token(tokens, conf->apikey)) : NULL;
    if (status == RC_CLI_OK && !*id)
        status = rc_cli_fail(RC_CLI_REFUSED, "The key is none that login made here");
    json_object_put(root);
    return status;
}

static int delete_token(const rc_cli_config_t *conf, struct json_object *id, long timeout)
{
    struct json_object *root = NULL, *answer;
    int status = call_tokens(&root, &answer, conf, "delete_auth_token", id, timeout);

    json_object_put(root);
    return status;
}

/* --- login --- */

static int log_in(rc_cli_forms_t *forms)
{
    char *name = ask_user("User name", false), *password = ask_user("Password", true);
    const char *const fields[] = {"username", name, "password", password, NULL};
    int status = RC_CLI_OK;
    long answer = 0;

    if (!*name || !*password)
        status = rc_cli_fail(RC_CLI_USAGE, "A user name and a password are required");
    else
        answer = rc_cli_form_send(forms, "/_admin/login", "/_admin/login", fields);
    free(name);
    rc_cli_forget(password);
    if (status != RC_CLI_OK || answer == 303)
        return status;
    if (answer == 401)
        return rc_cli_fail(RC_CLI_REFUSED, "Wrong user name or password");
    if (answer == 429)
        return rc_cli_fail(RC_CLI_REFUSED, "Too many wrong passwords; try again in some minutes");
    return rc_cli_form_fail(forms, answer);
}

/* Finds the new key, which the answer shows once. */
static char *find_new_key(const char *page)
{
    const char *at = page ? strstr(page, "<pre>") : NULL;

    if (!at || strspn(at + 5, "0123456789abcdef") != KEY_LENGTH)
        return NULL;
    return rc_cli_need(strndup(at + 5, KEY_LENGTH));
}

static int make_token(char **key, rc_cli_forms_t *forms)
{
    char *machine = describe_machine();
    const char *const fields[] = {"description", machine, "role", "api", "lifetime", "-1", NULL};
    long answer = rc_cli_form_send(forms, TOKENS, TOKENS "/new", fields);

    free(machine);
    if (answer != 200)
        return rc_cli_form_fail(forms, answer);
    *key = find_new_key(forms->page.data);
    return *key ? RC_CLI_OK
                : rc_cli_fail(RC_CLI_NO_ANSWER, "The server's answer shows no new token");
}

/* What the file holds before login replaces it. id: NULL when login made no such token here. */
typedef struct replaced_t {
    rc_cli_config_t conf;
    struct json_object *id;
} replaced_t;

/* Finds the token that would be left without an owner. Call it before the new one is made, which
 * has the same name. A file or a key that is of no use is left alone. */
static void find_replaced(replaced_t *old, const rc_cli_options_t *opt)
{
    rc_cli_options_t file = *opt;

    file.apikey = NULL; /* those of the options are not in the file */
    file.apihost = NULL;
    rc_cli_silence(true);
    if (rc_cli_config_load(&old->conf, &file) == RC_CLI_OK)
        find_own_token(&old->id, &old->conf, opt->timeout ? opt->timeout : OLD_SECONDS);
    rc_cli_silence(false);
}

/* Saves the new key, then deletes the token of the one that it replaces. */
static int replace_key(const rc_cli_options_t *save, const replaced_t *old)
{
    int status = rc_cli_config_save(save);

    if (status == RC_CLI_OK && old->id)
        status = delete_token(&old->conf, old->id, save->timeout ? save->timeout : OLD_SECONDS);
    return status;
}

int rc_cli_login(const rc_cli_options_t *opt)
{
    rc_cli_options_t save = *opt;
    rc_cli_forms_t forms;
    replaced_t old = {0};
    char *key = NULL;
    int status;

    if (opt->n_args > 1 || (!opt->n_args && !opt->apihost))
        return rc_cli_fail(RC_CLI_USAGE, "login needs the address of one server");
    if (opt->n_args)
        save.apihost = opt->args[0];
    if ((status = rc_cli_check_apihost(save.apihost)) != RC_CLI_OK)
        return status;
    if ((status = rc_cli_forms_begin(&forms, save.apihost, opt->timeout)) != RC_CLI_OK)
        return status;
    status = log_in(&forms);
    if (status == RC_CLI_OK) {
        find_replaced(&old, opt);
        status = make_token(&key, &forms);
        rc_cli_form_send(&forms, TOKENS, "/_admin/logout", NULL); /* else the session ends itself */
    }
    rc_cli_forms_end(&forms);
    save.apikey = key;
    if (status == RC_CLI_OK)
        status = replace_key(&save, &old);
    json_object_put(old.id);
    rc_cli_config_free(&old.conf);
    rc_cli_forget(key);
    return status;
}

/* --- logout --- */

int rc_cli_logout(const rc_cli_options_t *opt)
{
    rc_cli_config_t conf = {0};
    struct json_object *id = NULL;
    int status = opt->n_args ? rc_cli_fail(RC_CLI_USAGE, "logout has no arguments")
                             : rc_cli_config_load(&conf, opt);

    if (status == RC_CLI_OK)
        status = find_own_token(&id, &conf, opt->timeout);
    if (status == RC_CLI_OK)
        status = delete_token(&conf, id, opt->timeout);
    if (status == RC_CLI_OK)
        status = rc_cli_config_remove(opt);
    json_object_put(id);
    rc_cli_config_free(&conf);
    return status;
}
