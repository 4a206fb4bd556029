// SPDX-License-Identifier: Apache-2.0
/*
 * The methods for gists: get, list, create, delete (contract 02 §1.6, §8).
 */
#include "../list.h"

#include <string.h>

#include <apr_strings.h>

#include "store/gist.h"
#include "domain/gist.h"
#include "store/setting.h"
#include "base/text.h"
#include "base/time.h"

#define GIST_ID "{gistid}"

/* What rendering gists needs. */
typedef struct gist_list_t {
    rc_call_t *call;
    rc_json_t *out;
    const char *url; /* the template of URLs from the server settings, or NULL */
} gist_list_t;

static rc_err_t *render_file(void *baton, const rc_vcs_file_t *file)
{
    rc_json_t *out = baton;

    rc_json_key_text(out, file->name);
    rc_json_string_len(out, file->data, file->len);
    return rc_json_finish(out);
}

typedef struct content_t {
    rc_json_t *out;
    const rc_gist_t *gist;
} content_t;

static rc_err_t *render_content(rc_call_t *call, void *baton)
{
    const content_t *content = baton;
    rc_json_t *out = content->out;
    const char *id;
    rc_vcs_t *vcs;

    RC_TRY(rc_gist_open(&vcs, &id, call->env, content->gist->access_id, &call->actor.work,
                        call->pool));
    rc_json_object_begin(out);
    if (id)
        RC_TRY(rc_vcs_files(vcs, id, render_file, out, call->pool));
    rc_json_object_end(out);
    return NULL;
}

/* Returns the URL of a gist: on this server, or from the administrator's template with {gistid}. */
static const char *gist_url(const gist_list_t *list, const rc_gist_t *gist, apr_pool_t *pool)
{
    const char *at = list->url ? strstr(list->url, GIST_ID) : NULL;

    if (!at)
        return apr_pstrcat(pool, list->call->request->base_url, "/_admin/gists/", gist->access_id,
                           NULL);
    return apr_pstrcat(pool, apr_pstrmemdup(pool, list->url, (apr_size_t)(at - list->url)),
                       gist->access_id, at + strlen(GIST_ID), NULL);
}

static rc_err_t *start_list(gist_list_t *list, rc_call_t *call, rc_json_t *out)
{
    list->call = call;
    list->out = out;
    return rc_store_setting(&list->url, call->actor.db, "gist_alias_url", call->pool);
}

static rc_err_t *render_gist(gist_list_t *list, const rc_gist_t *gist, bool content,
                             apr_pool_t *pool)
{
    const char *expires = apr_psprintf(pool, "%" APR_INT64_T_FMT ".0", gist->expires);
    content_t files = {list->out, gist};
    rc_json_t *out = list->out;

    rc_json_object_begin(out);
    rc_json_member_int(out, "gist_id", gist->id);
    rc_json_member_string(out, "type", gist->type);
    rc_json_member_string(out, "access_id", gist->access_id);
    rc_json_member_string(out, "description", gist->description);
    rc_json_member_string(out, "url", gist_url(list, gist, pool));
    rc_json_key(out, "expires");
    rc_json_raw(out, expires, strlen(expires));
    rc_json_member_string(out, "created_on", rc_time_local(gist->created_on, pool));
    rc_json_member_string(out, "modified_at", rc_time_local(gist->modified_at, pool));
    rc_json_key(out, "content");
    if (content)
        RC_TRY(rc_call_away(list->call, render_content, &files));
    else
        rc_json_null(out);
    rc_json_member_string(out, "acl_level", gist->acl_level);
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *get_gist(rc_call_t *call, rc_json_t *out)
{
    rc_gist_t *gist;
    gist_list_t list;

    RC_TRY(rc_gist_find(&gist, &call->actor, rc_arg_text(call, RC_P_GISTID)));
    RC_TRY(start_list(&list, call, out));
    return render_gist(&list, gist, rc_arg_bool(call, RC_P_CONTENT), call->pool);
}

static rc_err_t *list_gist(void *baton, const rc_gist_t *gist, apr_pool_t *scratch)
{
    return render_gist(baton, gist, false, scratch);
}

static rc_err_t *get_gists(rc_call_t *call, rc_json_t *out)
{
    gist_list_t list;
    rc_slice_t page;

    RC_TRY(start_list(&list, call, out));
    RC_TRY(rc_list_begin(&page, out, call, &rc_list_of_gists));
    if (!rc_caller_is_scoped(call->actor.caller)) /* no scope holds a gist */
        RC_TRY(rc_store_gists_each(call->actor.db, rc_arg_user(call, RC_P_USERID)->id, false, &page,
                                   list_gist, &list, call->pool));
    rc_list_end(out);
    return NULL;
}

static rc_err_t *read_file(rc_vcs_file_t *file, const char *name, json_object *value,
                           apr_pool_t *pool)
{
    json_object *content;

    if (!json_object_is_type(value, json_type_object) ||
        !json_object_object_get_ex(value, "content", &content) ||
        !json_object_is_type(content, json_type_string))
        return rc_err_failed(pool, "a file without content");
    file->name = name;
    file->data = json_object_get_string(content);
    file->len = (apr_size_t)json_object_get_string_len(content);
    return NULL;
}

static rc_err_t *read_files(rc_import_t *import, rc_call_t *call)
{
    json_object *files = rc_arg_json(call, RC_P_FILES);
    rc_vcs_file_t *list;

    if (!json_object_is_type(files, json_type_object) || !json_object_object_length(files))
        return rc_err_failed(call->pool, "no files");
    import->files = list =
        apr_pcalloc(call->pool, (apr_size_t)json_object_object_length(files) * sizeof(*list));
    json_object_object_foreach(files, name, value)
        RC_TRY(read_file(&list[import->n_files++], name, value, call->pool));
    return NULL;
}

/* Returns the lifetime in minutes; -1, no limit, when the argument is not a number. */
static apr_int64_t lifetime(rc_call_t *call)
{
    json_object *value = rc_arg_json(call, RC_P_LIFETIME);
    const char *text = value ? rc_value_text(value, call->pool) : NULL;
    apr_int64_t minutes;

    return text && rc_text_int(&minutes, text) ? minutes : -1;
}

static rc_err_t *plan_gist(rc_call_t *call, void *baton)
{
    rc_gist_creation_t *creation = baton;

    creation->type = rc_arg_text(call, RC_P_GIST_TYPE);
    creation->description = rc_arg_text(call, RC_P_DESCRIPTION);
    creation->acl_level = rc_arg_text(call, RC_P_ACL_LEVEL);
    creation->lifetime = lifetime(call);
    return rc_arg_owner(&creation->owner, call);
}

static rc_err_t *create_gist(rc_call_t *call, rc_json_t *out)
{
    rc_gist_creation_t creation = {.type = NULL};
    gist_list_t list;

    RC_TRY(read_files(&creation.files, call));
    RC_TRY(rc_call_plan(call, plan_gist, &creation));
    RC_TRY(rc_gist_create(&call->actor, &creation));
    RC_TRY(start_list(&list, call, out));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", "created new gist");
    rc_json_key(out, "gist");
    RC_TRY(render_gist(&list, &creation.gist, false, call->pool));
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *delete_gist(rc_call_t *call, rc_json_t *out)
{
    const char *deleted;

    RC_TRY(rc_gist_delete(&deleted, &call->actor, rc_arg_text(call, RC_P_GISTID)));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", apr_psprintf(call->pool, "deleted gist ID:%s", deleted));
    rc_json_member_null(out, "gist");
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_gist[] = {
    {"get_gist", get_gist, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_GISTID, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_CONTENT, RC_BOOL, "False")),
     NULL, "Describe one gist; with content its files."},
    {"get_gists", get_gists, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER), RC_LIST_PARAMS),
     NULL, "Describe a user's gists, newest first."},
    {"create_gist", create_gist, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_FILES, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_OWNER, RC_ANY, RC_CALLER),
               RC_ARG(RC_P_GIST_TYPE, RC_TEXT, "'public'"),
               RC_ARG(RC_P_LIFETIME, RC_ANY, "-1"),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_ACL_LEVEL, RC_TEXT, "'acl_public'")),
     "failed to create gist", "Create a gist of files."},
    {"delete_gist", delete_gist, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_GISTID, RC_TEXT, RC_REQUIRED)),
     "failed to delete gist ID:{gistid}", "Delete a gist."},
    {.name = NULL},
};
/* clang-format on */
