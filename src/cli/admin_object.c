/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin user, repo, group: short commands for the common API methods.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include <json-c/json.h>

#include "client.h"
#include "faces/api.h"

/* The keys that a verb accepts; the value of a key with "?" is on or off. */
#define USER_KEYS "email firstname lastname admin? active?"
#define REPO_KEYS                                                                                  \
    "description owner clone_uri landing_rev private? enable_downloads? enable_locking?"
#define GROUP_KEYS "owner active?"

static const struct verb_t {
    const char *object, *verb, *method;
    const char *name;    /* the method's argument for the first word; NULL: none */
    const char *second;  /* for the second word */
    const char *keys;    /* keys of KEY=VALUE words; for list: the columns */
    bool takes_password; /* accepts a password */
    const char *needs;   /* a key that must be given; NULL: none */
} verbs[] = {
    {"user", "list", "get_users", NULL, NULL, "user_id username email active admin", false, NULL},
    {"user", "show", "get_user", "userid", NULL, NULL, false, NULL},
    {"user", "create", "create_user", "username", NULL, USER_KEYS, true, "email"},
    {"user", "set", "update_user", "userid", NULL, "username " USER_KEYS, true, NULL},
    {"user", "delete", "delete_user", "userid", NULL, NULL, false, NULL},
    {"repo", "list", "get_repos", NULL, NULL, "repo_id repo_name repo_type private owner", false,
     NULL},
    {"repo", "show", "get_repo", "repoid", NULL, NULL, false, NULL},
    {"repo", "create", "create_repo", "repo_name", NULL, "repo_type " REPO_KEYS, false, NULL},
    {"repo", "set", "update_repo", "repoid", NULL, "name group repo_name " REPO_KEYS, false, NULL},
    {"repo", "delete", "delete_repo", "repoid", NULL, NULL, false, NULL},
    {"group", "list", "get_user_groups", NULL, NULL, "users_group_id group_name active owner",
     false, NULL},
    {"group", "show", "get_user_group", "usergroupid", NULL, NULL, false, NULL},
    {"group", "create", "create_user_group", "group_name", NULL, GROUP_KEYS, false, NULL},
    {"group", "set", "update_user_group", "usergroupid", NULL, "group_name " GROUP_KEYS, false,
     NULL},
    {"group", "delete", "delete_user_group", "usergroupid", NULL, NULL, false, NULL},
    {"group", "add", "add_user_to_user_group", "usergroupid", "userid", NULL, false, NULL},
    {"group", "remove", "remove_user_from_user_group", "usergroupid", "userid", NULL, false, NULL},
};

#define VERBS (sizeof(verbs) / sizeof(*verbs))

static const struct verb_t *find_verb(const char *object, const char *verb)
{
    size_t i;

    for (i = 0; verb && i < VERBS; i++)
        if (!strcmp(verbs[i].object, object) && !strcmp(verbs[i].verb, verb))
            return &verbs[i];
    return NULL;
}

static void add_text(json_object *args, const char *name, const char *text)
{
    rc_cli_json_add(args, name, rc_cli_need(json_object_new_string(text)));
}

/* Returns the entry for @a key in a list of keys; NULL when there is none. */
static const char *find_key(const char *keys, const char *key, size_t len)
{
    for (; keys && *keys; keys += strcspn(keys, " "), keys += strspn(keys, " "))
        if (len && !strncmp(keys, key, len) && strchr(" ?", keys[len]))
            return keys;
    return NULL;
}

static int read_pair(json_object *args, const struct verb_t *verb, rc_admin_t *admin,
                     const char *word)
{
    size_t len = strcspn(word, "=");
    const char *key = word[len] ? find_key(verb->keys, word, len) : NULL, *value = word + len + 1;
    char *name;

    if (!key)
        return rc_admin_fail(RC_ADMIN_USAGE, "unexpected: %s; see rcapi-admin help %s", word,
                             verb->object);
    name = apr_pstrmemdup(admin->pool, key, len);
    if (key[len] != '?')
        add_text(args, name, value);
    else if (!strcmp(value, "on") || !strcmp(value, "off"))
        rc_cli_json_add(args, name, rc_cli_need(json_object_new_boolean(!strcmp(value, "on"))));
    else
        return rc_admin_fail(RC_ADMIN_USAGE, "%s must be on or off", name);
    return RC_ADMIN_OK;
}

static int read_words(json_object *args, const struct verb_t *verb, rc_admin_t *admin)
{
    const char *const names[] = {verb->name, verb->second};
    const char *word;
    int i, status;

    if (verb->takes_password && rc_admin_wants_password(admin)) {
        if (!(word = rc_admin_new_password(admin, "Password")))
            return RC_ADMIN_USAGE;
        add_text(args, "password", word);
    }
    for (i = 0; i < 2 && names[i]; i++) {
        if (!(word = rc_admin_word(admin)))
            return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: %s", i ? "user" : verb->object);
        add_text(args, names[i], word);
    }
    while (verb->name && verb->keys && (word = rc_admin_word(admin)))
        if ((status = read_pair(args, verb, admin, word)))
            return status;
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if (verb->needs && !json_object_object_get_ex(args, verb->needs, NULL))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: %s=...", verb->needs);
    return RC_ADMIN_OK;
}

/* Prints the columns of the list in capitals. */
static void print_head(const rc_admin_t *admin, const char *columns)
{
    char *head = apr_pstrdup(admin->pool, columns), *p;

    for (p = head; *p; p++)
        *p = *p == ' ' ? '\t' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    rc_admin_head(admin, head);
}

static const char *cell(json_object *value)
{
    if (json_object_is_type(value, json_type_boolean))
        return json_object_get_boolean(value) ? "yes" : "no";
    return value ? json_object_get_string(value) : "";
}

static void print_row(json_object *row, const char *columns, apr_pool_t *pool)
{
    json_object *value;
    size_t len;

    for (; *columns; columns += len + (columns[len] == ' ')) {
        len = strcspn(columns, " ");
        value = NULL;
        json_object_object_get_ex(row, apr_pstrmemdup(pool, columns, len), &value);
        printf("%s%s", cell(value), columns[len] ? "\t" : "\n");
    }
}

static int print_result(const struct verb_t *verb, const rc_admin_t *admin, json_object *envelope)
{
    json_object *result = NULL, *error = NULL, *text = NULL;
    size_t i;

    if (!json_object_object_get_ex(envelope, "result", &result) ||
        (json_object_object_get_ex(envelope, "error", &error) && error))
        return rc_admin_fail(RC_ADMIN_FAILED, "%s",
                             error ? json_object_get_string(error) : "no answer");
    if (json_object_is_type(result, json_type_array)) {
        print_head(admin, verb->keys);
        for (i = 0; i < json_object_array_length(result); i++)
            print_row(json_object_array_get_idx(result, i), verb->keys, admin->pool);
    } else if (json_object_object_get_ex(result, "msg", &text)) {
        puts(json_object_get_string(text));
    } else if (result) {
        rc_cli_json_print_pretty(stdout, result);
        putchar('\n');
    } else {
        return rc_admin_fail(RC_ADMIN_FAILED, "there is no such %s", verb->object);
    }
    return RC_ADMIN_OK;
}

static int run_verb(const struct verb_t *verb, rc_admin_t *admin, json_object *args)
{
    rc_spool_t *spool = rc_spool_create(admin->config.temp_dir, admin->pool);
    rc_cli_json_error_t wrong;
    json_object *envelope;
    const char *answer;
    rc_err_t *err;
    char *text = rc_cli_json_text(args);
    int status;

    err = rc_api_call_local(spool, admin->env, verb->method, text, admin->pool);
    rc_cli_forget(text);
    if (err || (err = rc_spool_string(&answer, spool, admin->pool)))
        return rc_admin_result(admin, err);
    if (!rc_cli_json_read(&envelope, answer, strlen(answer), &wrong))
        return rc_admin_fail(RC_ADMIN_FAILED, "the answer is not JSON: %s", wrong.what);
    status = print_result(verb, admin, envelope);
    json_object_put(envelope);
    return status;
}

int rc_admin_object(rc_admin_t *admin)
{
    const struct verb_t *verb = find_verb(admin->command, rc_admin_word(admin));
    json_object *args;
    int status;

    if (!verb)
        return rc_admin_fail(RC_ADMIN_USAGE,
                             "unknown or missing command of %s; see rcapi-admin help %s",
                             admin->command, admin->command);
    args = rc_cli_need(json_object_new_object());
    if ((status = read_words(args, verb, admin)) == RC_ADMIN_OK)
        status = run_verb(verb, admin, args);
    json_object_put(args);
    return status;
}
