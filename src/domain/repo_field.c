// SPDX-License-Identifier: Apache-2.0
/*
 * Parses, sets, adds and removes extra fields of repositories (contract 02 §5 update_repo,
 * add_field_to_repo, remove_field_from_repo).
 */
#include "repo_field.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/repo_change.h"
#include "store/repo_change.h"

/* Returns the next "key=value" of *@a text with each "\," replaced by a comma, in place, and
 * advances
 * *@a text. */
static char *next_field(char **text)
{
    char *field = *text, *in = field, *out = field;

    for (; *in && *in != ','; in++) {
        if (in[0] == '\\' && in[1] == ',')
            in++;
        *out++ = *in;
    }
    *text = *in ? in + 1 : in;
    *out = '\0';
    return field;
}

rc_err_t *rc_repo_fields_read(apr_array_header_t **out, const char *text, apr_pool_t *pool)
{
    apr_array_header_t *fields = apr_array_make(pool, 4, sizeof(rc_field_value_t));
    char *rest = apr_pstrdup(pool, text);

    while (*rest) {
        char *field = next_field(&rest), *equals = strchr(field, '=');

        if (!equals)
            continue;
        if (fields->nelts == RC_FIELDS_MOST)
            return rc_err_failed(pool, "more than %d fields", RC_FIELDS_MOST);
        *equals = '\0';
        APR_ARRAY_PUSH(fields, rc_field_value_t) =
            (rc_field_value_t){field + strspn(field, " "), equals + 1};
    }
    *out = fields;
    return NULL;
}

rc_err_t *rc_repo_fields_set(rc_db_t *db, apr_int64_t repo_id, const apr_array_header_t *fields)
{
    int i;

    for (i = 0; i < fields->nelts; i++) {
        const rc_field_value_t *field = &APR_ARRAY_IDX(fields, i, rc_field_value_t);

        RC_TRY(rc_store_repo_field_set(db, repo_id, field->key, field->value));
    }
    return NULL;
}

static rc_err_t *add_field(rc_actor_t *actor, void *baton)
{
    const rc_field_t *field = *(const rc_field_t **)baton;

    RC_TRY(rc_actor_require(actor, field->repo->level, RC_ADMIN));
    RC_TRY(rc_store_repo_field_insert(actor->db, field->repo->id, field->key,
                                      *field->label ? field->label : field->key,
                                      field->description));
    return rc_actor_journal(actor, field->repo, "user_updated_repo", NULL);
}

rc_err_t *rc_repo_field_add(rc_actor_t *actor, const rc_field_t *field)
{
    if (!*field->key)
        return rc_err_failed(actor->pool, "a field needs a key");
    return rc_actor_txn(actor, add_field, &field);
}

static rc_err_t *remove_field(rc_actor_t *actor, void *baton)
{
    const rc_field_t *field = *(const rc_field_t **)baton;
    bool deleted;

    RC_TRY(rc_actor_require(actor, field->repo->level, RC_ADMIN));
    RC_TRY(rc_store_repo_field_delete(&deleted, actor->db, field->repo->id, field->key));
    if (!deleted)
        return rc_err(actor->pool, RC_E_NOTFOUND, "no field %s", field->key);
    return rc_actor_journal(actor, field->repo, "user_updated_repo", NULL);
}

rc_err_t *rc_repo_field_remove(rc_actor_t *actor, const rc_field_t *field)
{
    return rc_actor_txn(actor, remove_field, &field);
}
