// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a repository as JSON: repo_obj (contract 02 §1.2).
 */
#include "method.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/last_changeset.h"
#include "base/log.h"
#include "store/repo_change.h"
#include "domain/repo.h"
#include "store/setting.h"
#include "base/text.h"
#include "base/time.h"

#define FIELD "ex_" /* before the key of an extra field */

/* "rev:tip" -> ["rev","tip"] */
static void render_landing_rev(rc_json_t *out, const char *landing_rev)
{
    const char *colon = strchr(landing_rev, ':');

    rc_json_key(out, "landing_rev");
    rc_json_array_begin(out);
    rc_json_string_len(out, landing_rev,
                       colon ? (apr_size_t)(colon - landing_rev) : strlen(landing_rev));
    rc_json_string(out, colon ? colon + 1 : "");
    rc_json_array_end(out);
}

/* Admins of the repository see the password in the URI; readers do not. */
static rc_err_t *render_clone_uri(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo,
                                  apr_pool_t *pool)
{
    const char *uri = repo->clone_uri;
    rc_err_t *err = NULL;

    if (repo->level >= RC_ADMIN && call->env->config->reveal_keys) {
        call->has_secret = call->has_secret || repo->clone_uri_sealed;
        err = rc_repo_clone_uri(&uri, call->env, repo, pool);
    }
    if (err) { /* show the masked URI, as to readers: one repository must not fail a list */
        rc_log(RC_LOG_ERR, err->cause, "clone_uri of %s: %s", repo->name,
               rc_err_log_text(err, pool));
        uri = repo->clone_uri;
    }
    rc_json_member_string(out, "clone_uri", uri ? uri : "");
    return NULL;
}

static void render_last_changeset(rc_json_t *out, const rc_repo_t *repo, apr_pool_t *pool)
{
    rc_json_key(out, "last_changeset");
    rc_json_object_begin(out);
    rc_render_changeset(out, repo->type, rc_last_commit(&repo->last, pool), pool);
    rc_json_object_end(out);
}

static bool wants_lock(const rc_json_t *out)
{
    return rc_json_wants(out, "locked_by") || rc_json_wants(out, "locked_date") ||
           rc_json_wants(out, "lock_reason");
}

static rc_err_t *render_lock(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo,
                             apr_pool_t *pool)
{
    rc_user_t *holder = NULL;

    if (repo->lock_user_id && wants_lock(out))
        RC_TRY(rc_store_user_by_id(&holder, call->actor.db, repo->lock_user_id, pool));
    if (!holder) {
        rc_json_member_null(out, "locked_by");
        rc_json_member_null(out, "locked_date");
        rc_json_member_null(out, "lock_reason");
        return NULL;
    }
    rc_json_key(out, "locked_by");
    RC_TRY(rc_render_user(out, call, holder, rc_call_keys(call)));
    rc_json_member_string(out, "locked_date",
                          rc_time_local(apr_time_from_sec(repo->locked_on), pool));
    rc_json_member_string(out, "lock_reason", repo->lock_reason);
    return NULL;
}

/* Reads whether extra fields are shown on this server. */
static rc_err_t *fields_shown(bool *shown, rc_call_t *call)
{
    const char *value;

    RC_TRY(rc_store_setting_seen(&value, call->actor.db, "repository_fields", call->pool));
    *shown = value && rc_text_truth(value);
    return NULL;
}

static void render_fields(rc_json_t *out, const apr_array_header_t *fields, apr_pool_t *pool)
{
    int i;

    for (i = 0; fields && i < fields->nelts; i++) {
        const rc_repo_field_t *field = &APR_ARRAY_IDX(fields, i, rc_repo_field_t);

        rc_json_key_text(out, apr_pstrcat(pool, FIELD, field->key, NULL));
        rc_json_string(out, field->value);
    }
}

/* The members of a list's objects; @a fields as in rc_repo_t. */
static rc_err_t *render_repo(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo,
                             const apr_array_header_t *fields, apr_pool_t *pool)
{
    rc_json_member_int(out, "repo_id", repo->id);
    rc_json_member_string(out, "repo_name", repo->name);
    rc_json_member_string(out, "repo_type", repo->type);
    RC_TRY(render_clone_uri(out, call, repo, pool));
    rc_json_member_string(out, "url", rc_render_repo_url(call, repo->name, pool));
    rc_json_member_bool(out, "private", repo->private_);
    rc_json_member_string(out, "created_on", rc_time_local(repo->created_on, pool));
    rc_json_member_string(out, "description", repo->description);
    render_landing_rev(out, repo->landing_rev);
    rc_json_member_string(out, "owner", repo->owner);
    rc_json_member_string(out, "fork_of", repo->fork_of);
    rc_json_member_bool(out, "enable_statistics", repo->enable_statistics);
    rc_json_member_bool(out, "enable_locking", repo->enable_locking);
    rc_json_member_bool(out, "enable_downloads", repo->enable_downloads);
    if (rc_json_wants(out, "last_changeset"))
        render_last_changeset(out, repo, pool);
    RC_TRY(render_lock(out, call, repo, pool));
    render_fields(out, fields, pool);
    return NULL;
}

/* Returns whether any extra field is wanted. */
static bool wants_fields(const rc_json_t *out)
{
    int i;

    for (i = 0; out->only && i < out->only->nelts; i++)
        if (!strncmp(APR_ARRAY_IDX(out->only, i, const char *), FIELD, strlen(FIELD)))
            return true;
    return !out->only;
}

rc_err_t *rc_render_repos_begin(rc_repo_list_t *list)
{
    RC_TRY(fields_shown(&list->fields, list->call));
    list->fields = list->fields && wants_fields(list->out);
    return NULL;
}

rc_err_t *rc_render_listed_repo(void *baton, const rc_repo_t *repo, apr_pool_t *scratch)
{
    rc_repo_list_t *list = baton;

    list->count++;
    rc_json_object_begin(list->out);
    RC_TRY(render_repo(list->out, list->call, repo, repo->fields, scratch));
    rc_json_object_end(list->out);
    return rc_json_finish(list->out);
}

rc_err_t *rc_render_repo(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo, bool full,
                         apr_pool_t *pool)
{
    apr_array_header_t *fields = NULL;
    bool shown;

    RC_TRY(fields_shown(&shown, call));
    if (shown)
        RC_TRY(rc_store_repo_fields(&fields, call->actor.db, repo->id, pool));
    rc_json_object_begin(out);
    RC_TRY(render_repo(out, call, repo, fields, pool));
    if (full) {
        RC_TRY(rc_render_members(out, call, RC_KIND_REPO, repo->id, "members", "permissions"));
        rc_json_key(out, "followers");
        RC_TRY(rc_render_followers(out, call, repo->id));
        RC_TRY(rc_render_kallithea_repo(out, call, repo));
    }
    rc_json_object_end(out);
    return NULL;
}
