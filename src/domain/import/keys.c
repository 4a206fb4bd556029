// SPDX-License-Identifier: Apache-2.0
/*
 * Imports what belongs to single users: keys and tokens, e-mail addresses, IP entries. Keys are
 * stored as here, by their digest, and go on working.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

#include "../user_keys.h"
#include "base/text.h"

/* Columns of the tables. */
enum { USERS_EMAIL = 7, USERS_KEY = 11, USERS_CREATED_ON = 13 };
enum {
    KEY_ID,
    KEY_USER,
    KEY_TEXT,
    KEY_DESCRIPTION,
    KEY_EXPIRES,
    KEY_ROLE,
    KEY_CREATED,
    KEY_REPO,
    KEY_GROUP
};
enum { LIST_ID, LIST_USER, LIST_ENTRY };

#define TEXT_BYTES 65536
#define KEY_MOST   255

/* --- addresses --- */

static rc_err_t *import_email(rc_importing_t *the, const rc_arrival_t *user, const char *text,
                              bool main, apr_pool_t *pool)
{
    const char *email = text ? rc_text_lower(text, pool) : "";
    rc_store_found_t found;
    bool changed;

    if (!*email)
        return NULL;
    if (!rc_text_is_email(email)) {
        rc_import_left(the, OF_EMAILS, text, "of %s: it is no e-mail address", user->name);
        return NULL;
    }
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_EMAIL, pool, email));
    if (found.id && found.id != user->id) {
        rc_import_left(the, OF_EMAILS, text, "of %s: another user has it", user->name);
        return NULL;
    }
    changed = !found.id;
    if (changed)
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_EMAIL, user->id, email, (int)main));
    rc_import_count(the, OF_EMAILS, changed);
    return NULL;
}

static rc_err_t *import_ip(rc_importing_t *the, const rc_arrival_t *user, const char *entry,
                           apr_pool_t *pool)
{
    bool changed;

    if (!entry || !rc_auth_ip_valid(entry, pool)) {
        rc_import_left(the, OF_IPS, entry, "of %s: it is no address or network", user->name);
        return NULL;
    }
    RC_TRY(rc_store_import(&changed, the->db, RC_STORE_IP, user->id, entry));
    rc_import_count(the, OF_IPS, changed);
    return NULL;
}

/* Only a user who has come now gets a main address: one who was here may have removed theirs. */
static rc_err_t *import_main_emails(rc_importing_t *the)
{
    const rc_arrival_t *user;
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_USERS, the->pool));
    while (rc_rows_next(&rows))
        if ((user = rc_import_item(&rows, 0, the->users)) && user != the->anyone)
            rows.err = import_email(the, user, rc_import_text(&rows, USERS_EMAIL, rows.scratch),
                                    user->fresh, rows.scratch);
    return rc_rows_end(&rows);
}

rc_err_t *rc_import_user_lists(rc_importing_t *the)
{
    const rc_arrival_t *user;
    rc_rows_t rows;

    RC_TRY(import_main_emails(the));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_EMAILS, the->pool));
    while (rc_rows_next(&rows))
        if ((user = rc_import_item(&rows, LIST_USER, the->users)))
            rows.err = import_email(the, user, rc_import_text(&rows, LIST_ENTRY, rows.scratch),
                                    false, rows.scratch);
    RC_TRY(rc_rows_end(&rows));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_IPS, the->pool));
    while (rc_rows_next(&rows))
        if ((user = rc_import_item(&rows, LIST_USER, the->users)))
            rows.err =
                import_ip(the, user, rc_import_text(&rows, LIST_ENTRY, rows.scratch), rows.scratch);
    return rc_rows_end(&rows);
}

/* --- keys --- */

/* Returns why the text cannot be a key here, or NULL. A source may store tokens as hashes: nobody
 * can tell them. */
static const char *key_problem_of(const char *text)
{
    if (!text || !*text)
        return "it is empty";
    if (!strncmp(text, "$2", 2))
        return "it is stored as a hash there: make a new one";
    if (strlen(text) > KEY_MOST || rc_text_has_control(text))
        return "it is no key";
    return NULL;
}

/* Describes a key for the report, never by its text. */
static const char *key_name(const rc_arrival_t *user, const rc_user_key_t *key, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "of ", user->name, *key->description ? ", " : "", key->description,
                       NULL);
}

static rc_err_t *import_key(rc_importing_t *the, rc_arrival_t *user, rc_user_key_t *key,
                            const char *text, apr_pool_t *pool)
{
    const rc_secret_t *secret = rc_key_secret(the->actor->env);
    const char *problem = key_problem_of(text), *name = key_name(user, key, pool);
    unsigned char digest[RC_DIGEST_SIZE];
    const rc_blob_t bytes = {digest, RC_DIGEST_SIZE};
    rc_blob_t sealed = {NULL, 0};
    rc_store_found_t found;
    bool changed = false;

    if (problem) {
        rc_import_left(the, OF_KEYS, name, "%s", problem);
        return NULL;
    }
    rc_key_digest(digest, text);
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_KEY, pool, &bytes));
    if (found.id && found.id != user->id) {
        rc_import_left(the, OF_KEYS, name, "another user has it");
        return NULL;
    }
    if (secret)
        RC_TRY(rc_secret_seal(&sealed.data, &sealed.len, secret, text,
                              rc_key_context(user->id, pool), pool));
    if (!found.id)
        RC_TRY(rc_store_import(&changed, the->db, RC_STORE_KEY, user->id, &bytes, &sealed,
                               (int)key->main, key->role, key->description, key->expires,
                               key->created_on, key->scope.repo_id, key->scope.group_id));
    user->has_key = user->has_key || key->main;
    rc_import_count(the, OF_KEYS, changed);
    return NULL;
}

/* The main key of a user who was here stays; that of the source becomes a token. */
static rc_err_t *import_main_keys(rc_importing_t *the)
{
    rc_user_key_t key;
    const char *text;
    rc_arrival_t *user;
    rc_rows_t rows;

    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_USERS, the->pool));
    while (rc_rows_next(&rows)) {
        if (!(user = rc_import_item(&rows, 0, the->users)) || user == the->anyone)
            continue;
        text = rc_import_text(&rows, USERS_KEY, rows.scratch);
        if (!text || !*text)
            continue;
        key =
            (rc_user_key_t){.main = user->fresh,
                            .role = rc_role_name(RC_ROLE_ALL),
                            .description = user->fresh ? "" : "main key",
                            .expires = RC_NEVER,
                            .created_on = rc_import_time(&rows, USERS_CREATED_ON, the->created_on)};
        rows.err = import_key(the, user, &key, text, rows.scratch);
    }
    return rc_rows_end(&rows);
}

/* Sets the scope; returns false, after a report, when it has not come. */
static bool read_scope(rc_importing_t *the, rc_user_key_t *key, const char *name, rc_rows_t *rows)
{
    const rc_arrival_t *repo = rc_import_item(rows, KEY_REPO, the->repos);
    const rc_arrival_t *group = rc_import_item(rows, KEY_GROUP, the->repo_groups);

    if ((!repo && rc_import_int(rows, KEY_REPO, 0)) ||
        (!group && rc_import_int(rows, KEY_GROUP, 0))) {
        rc_import_left(the, OF_KEYS, name, "what it is limited to has not come");
        return false;
    }
    key->scope = (rc_key_scope_t){repo ? repo->id : 0, group && !repo ? group->id : 0};
    return true;
}

static rc_err_t *import_token(rc_importing_t *the, rc_arrival_t *user, rc_rows_t *rows)
{
    apr_pool_t *pool = rows->scratch;
    const char *role = rc_import_short(rows, KEY_ROLE, KEY_MOST, pool), *name;
    rc_user_key_t key = {.description = rc_import_short(rows, KEY_DESCRIPTION, TEXT_BYTES, pool),
                         .role = rc_role_name(*role ? rc_role_from_name(role) : RC_ROLE_ALL),
                         .expires = rc_import_int(rows, KEY_EXPIRES, RC_NEVER),
                         .created_on = rc_import_time(rows, KEY_CREATED, the->created_on)};

    name = key_name(user, &key, pool);
    if (key.expires < 0)
        key.expires = RC_NEVER;
    if (!key.role) {
        rc_import_left(the, OF_KEYS, name, "the role %s is unknown here", role);
        return NULL;
    }
    if (key.expires != RC_NEVER && key.expires < apr_time_sec(the->created_on)) {
        rc_import_left(the, OF_KEYS, name, "it has expired");
        return NULL;
    }
    if (!read_scope(the, &key, name, rows))
        return NULL;
    /* later versions have no main key: get_user shows the first token without limits as it */
    key.main = user->fresh && !user->has_key && key.expires == RC_NEVER &&
               !strcmp(key.role, rc_role_name(RC_ROLE_ALL)) && !key.scope.repo_id &&
               !key.scope.group_id && !key_problem_of(rc_column_peek(rows->st, KEY_TEXT));
    return import_key(the, user, &key, rc_import_text(rows, KEY_TEXT, pool), pool);
}

/* Every user has a main key here. */
static rc_err_t *make_missing_keys(rc_importing_t *the)
{
    apr_hash_index_t *at;
    rc_arrival_t *user;

    for (at = apr_hash_first(the->pool, the->users); at; at = apr_hash_next(at)) {
        user = apr_hash_this_val(at);
        if (user->fresh && !user->has_key)
            RC_TRY(rc_main_key_create(NULL, the->db, rc_key_secret(the->actor->env), user->id,
                                      the->pool));
    }
    return NULL;
}

rc_err_t *rc_import_keys(rc_importing_t *the)
{
    rc_arrival_t *user;
    rc_rows_t rows;

    RC_TRY(import_main_keys(the));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_KEYS, the->pool));
    while (rc_rows_next(&rows))
        if ((user = rc_import_item(&rows, KEY_USER, the->users)) && user != the->anyone)
            rows.err = import_token(the, user, &rows);
    RC_TRY(rc_rows_end(&rows));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_SSH_KEYS, the->pool));
    while (rc_rows_next(&rows))
        if ((user = rc_import_item(&rows, LIST_USER, the->users)))
            rc_import_left(the, OF_KEYS, apr_pstrcat(rows.scratch, "of ", user->name, NULL),
                           "it is for SSH, which this server does not have");
    RC_TRY(rc_rows_end(&rows));
    return make_missing_keys(the);
}
