// SPDX-License-Identifier: Apache-2.0
/*
 * The methods get_repo_nodes, which lists files and directories of a commit (contract 02 §1.9, §5),
 * and get_repo_file, which shows one file (§10).
 */
#include "../method.h"

#include <string.h>

#include <apr_strings.h>

#include "base/cache.h"
#include "base/hex.h"
#include "base/secret.h"
#include "base/text.h"
#include "domain/repo.h"

#define KEPT_LEAST (256 * 1024) /* bytes of a list from which it is kept */

typedef struct listing_t {
    rc_json_t *out;
    bool full;
    bool all;              /* the list has the directories already, before the files */
    apr_int64_t max_bytes; /* limit of a content that is shown; -1 = none */
    bool lacking;          /* something in it cannot be read */
} listing_t;

static rc_err_t *render_dir(void *baton, const rc_node_t *node)
{
    listing_t *list = baton;
    rc_json_t *out = list->out;

    rc_json_object_begin(out);
    rc_json_member_string(out, "name", node->path);
    rc_json_member_string(out, "type", "dir");
    rc_json_member_null(out, "md5");
    rc_json_member_null(out, "binary");
    rc_json_member_null(out, "size");
    rc_json_member_null(out, "extension");
    if (list->full)
        rc_json_member_null(out, "content");
    if (node->missing)
        rc_json_member_bool(out, "missing", true);
    list->lacking |= node->missing;
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *render_file(void *baton, const rc_node_t *node)
{
    listing_t *list = baton;

    if (node->is_dir)
        return list->all ? NULL : render_dir(list, node);
    list->lacking |= node->missing;
    return rc_render_file(list->out, node, list->full ? RC_FILE_FULL : RC_FILE_BASIC,
                          list->max_bytes);
}

/* Sets *@a most to the argument max_file_bytes; -1 without one. */
static rc_err_t *read_most(apr_int64_t *most, rc_call_t *call)
{
    *most = -1;
    if (rc_arg_given(call, RC_P_MAX_FILE_BYTES) &&
        !rc_text_int(most, rc_arg_text(call, RC_P_MAX_FILE_BYTES)))
        return rc_err_failed(call->pool, "max_file_bytes is not an integer");
    return NULL;
}

static rc_err_t *read_listing_options(listing_t *list, rc_call_t *call)
{
    const char *details = rc_arg_text(call, RC_P_DETAILS);

    list->full = !strcmp(details, "full");
    if (!list->full && strcmp(details, "basic"))
        return rc_err(call->pool, RC_E_ARG, "ret_type must be one of basic,full");
    return read_most(&list->max_bytes, call);
}

static rc_err_t *find_revision(rc_rev_t *rev, rc_vcs_t *vcs, rc_call_t *call, rc_param_id_t arg)
{
    json_object *revision = rc_arg_json(call, arg);
    bool number = json_object_is_type(revision, json_type_int); /* an index, as in Kallithea */

    rev->id = NULL;
    if (!revision || number || json_object_is_type(revision, json_type_string))
        RC_TRY(rc_vcs_resolve(rev, vcs, json_object_get_string(revision), call->pool));
    return rev->id ? NULL : rc_err_failed(call->pool, "no such revision");
}

static rc_err_t *render_nodes(listing_t *list, rc_vcs_t *vcs, const char *id, rc_call_t *call)
{
    const char *type = rc_arg_text(call, RC_P_RET_TYPE), *root = rc_arg_text(call, RC_P_ROOT_PATH);
    const char *temp = call->env->config->temp_dir;
    bool all = !strcmp(type, "all"), dirs = all || !strcmp(type, "dirs");
    bool files = all || !strcmp(type, "files"), found;

    /* the path is checked before the type; nothing is written when it does not exist */
    RC_TRY(rc_vcs_nodes(&found, vcs, id, root, RC_NODES_DIRS, temp, dirs ? render_dir : NULL, list,
                        call->pool));
    if (!found)
        return rc_err_failed(call->pool, "no such path");
    if (!dirs && !files)
        return rc_err(call->pool, RC_E_ARG, "ret_type must be one of all,dirs,files");
    list->all = all;
    if (files)
        RC_TRY(rc_vcs_nodes(&found, vcs, id, root, RC_NODES_FILES, temp, render_file, list,
                            call->pool));
    return NULL;
}

/* --- lists that are kept --- */

/* Sets *@a name to the name of a list in the cache: the repository, the commit, and a digest of
 * everything else that decides it, however the client has said it. */
static rc_err_t *name_list(const char **name, const listing_t *list, rc_call_t *call, rc_vcs_t *vcs,
                           const rc_rev_t *rev)
{
    const char *root = rc_text_clean_path(rc_arg_text(call, RC_P_ROOT_PATH), call->pool);
    unsigned char digest[RC_DIGEST_SIZE];
    rc_position_t place;

    RC_TRY(rc_vcs_position(&place, vcs, rev->index, call->pool));
    rc_key_digest(digest, apr_psprintf(call->pool,
                                       "%s %s %d %" APR_INT64_T_FMT " %" APR_SIZE_T_FMT " %s %s",
                                       RCAPI_VERSION, place.digest ? place.digest : "", list->full,
                                       list->max_bytes, strlen(root), root,
                                       rc_arg_text(call, RC_P_RET_TYPE)));
    *name = apr_psprintf(call->pool, "%" APR_INT64_T_FMT "-%s-%s.nodes",
                         rc_arg_repo(call, RC_P_REPOID)->id, rev->id,
                         rc_hex_text(digest, sizeof(digest), call->pool));
    return NULL;
}

/* Writes the text of a list, without a copy of a long one. */
static rc_err_t *write_text(rc_json_t *out, rc_spool_t *text)
{
    rc_json_raw(out, "", 0);
    RC_TRY(rc_json_finish(out));
    return rc_spool_join(out->spool, text);
}

/* Writes a list that the cache has. */
static rc_err_t *write_kept(bool *found, rc_json_t *out, rc_call_t *call, const char *name)
{
    rc_spool_t *kept = rc_spool_create(call->env->config->temp_dir, call->pool);

    RC_TRY(rc_cache_find(found, kept, &call->env->cache, name, call->pool));
    return *found ? write_text(out, kept) : NULL;
}

/* Writes the list into a spool of its own, *@a text. */
static rc_err_t *write_list(rc_spool_t **text, listing_t *list, rc_vcs_t *vcs, const char *id,
                            rc_call_t *call)
{
    listing_t apart = *list;
    rc_json_t json;

    *text = rc_spool_beside(list->out->spool, call->pool);
    rc_json_init(&json, *text);
    apart.out = &json;
    rc_json_array_begin(&json);
    RC_TRY(render_nodes(&apart, vcs, id, call));
    rc_json_array_end(&json);
    list->lacking = apart.lacking;
    return rc_json_finish(&json);
}

/* Writes the list of a commit. A long one is kept, when all of it could be read. */
static rc_err_t *list_commit(listing_t *list, rc_vcs_t *vcs, rc_call_t *call)
{
    rc_spool_t *text;
    const char *name;
    rc_rev_t rev;
    bool found;

    RC_TRY(find_revision(&rev, vcs, call, RC_P_REVISION));
    RC_TRY(name_list(&name, list, call, vcs, &rev));
    RC_TRY(write_kept(&found, list->out, call, name));
    if (found)
        return NULL;
    RC_TRY(write_list(&text, list, vcs, rev.id, call));
    if (!list->lacking && rc_spool_size(text) >= KEPT_LEAST)
        rc_cache_keep(&call->env->cache, name, text, call->pool);
    return write_text(list->out, text);
}

static rc_err_t *get_repo_nodes(rc_call_t *call, rc_json_t *out)
{
    listing_t list = {.out = out};
    apr_int64_t count;
    rc_vcs_t *vcs;

    RC_TRY(read_listing_options(&list, call));
    RC_TRY(rc_repo_open(&vcs, call->env, rc_arg_repo(call, RC_P_REPOID), &call->actor.work,
                        call->pool));
    RC_TRY(rc_vcs_count(&count, vcs));
    if (count)
        return list_commit(&list, vcs, call);
    rc_json_array_begin(out);
    rc_json_array_end(out);
    return NULL;
}

/* --- one file --- */

static rc_err_t *read_file_form(rc_file_form_t *form, rc_call_t *call)
{
    static const struct {
        const char *word;
        rc_file_form_t form;
    } known[] = {{"minimal", RC_FILE_MINIMAL},
                 {"minimal+search", RC_FILE_MINIMAL},
                 {"basic", RC_FILE_BASIC},
                 {"full", RC_FILE_FULL}};
    const char *details = rc_arg_text(call, RC_P_DETAILS);
    apr_size_t i;

    for (i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (details && !strcmp(known[i].word, details)) {
            *form = known[i].form;
            return NULL;
        }
    return rc_arg_fault(
        call, rc_err(call->pool, RC_E_ARG, "%s",
                     rc_call_text(call, "ret_type must be one of minimal,minimal+search,basic,full,"
                                        " got {details}")));
}

static rc_err_t *find_file(rc_entry_t *entry, rc_vcs_t *vcs, rc_call_t *call)
{
    rc_rev_t rev;

    RC_TRY(find_revision(&rev, vcs, call, RC_P_COMMIT_ID));
    RC_TRY(rc_vcs_entry(entry, vcs, rev.id, rc_arg_text(call, RC_P_FILE_PATH), call->pool));
    if (entry->kind == RC_ENTRY_NONE)
        return rc_err(call->pool, RC_E_ARG, "%s",
                      rc_call_text(call, "There is no file in repo: `{repoid.name}` at path "
                                         "`{file_path}` for commit: `{commit_id}`"));
    if (entry->kind == RC_ENTRY_DIR || entry->kind == RC_ENTRY_SUBMODULE)
        return rc_err_failed(call->pool, "the path is no file");
    return NULL;
}

/* A large content is not held in memory: it is mapped from the file of the spool. */
static rc_err_t *render_entry(rc_call_t *call, rc_vcs_t *vcs, const rc_entry_t *entry,
                              rc_file_form_t form)
{
    rc_spool_t *spool = rc_spool_create(call->env->config->temp_dir, call->pool);
    rc_node_t node = {.path = entry->path, .data = "", .len = (apr_size_t)entry->size};
    apr_int64_t most;

    RC_TRY(read_most(&most, call));
    if (form != RC_FILE_MINIMAL) {
        RC_TRY(rc_vcs_content(spool, vcs, entry));
        node.len = (apr_size_t)rc_spool_size(spool);
        RC_TRY(rc_spool_view(&node.data, spool, call->pool));
    }
    return rc_render_file(call->out, &node, form, most);
}

static rc_err_t *get_repo_file(rc_call_t *call, rc_json_t *out)
{
    rc_file_form_t form = RC_FILE_BASIC;
    apr_int64_t count;
    rc_entry_t entry;
    rc_vcs_t *vcs;

    RC_TRY(read_file_form(&form, call));
    RC_TRY(rc_repo_open(&vcs, call->env, rc_arg_repo(call, RC_P_REPOID), &call->actor.work,
                        call->pool));
    RC_TRY(rc_vcs_count(&count, vcs));
    if (!count) {
        rc_json_null(out);
        return NULL;
    }
    RC_TRY(find_file(&entry, vcs, call));
    return render_entry(call, vcs, &entry, form);
}

/* clang-format off */
const rc_method_t rc_methods_node[] = {
    {"get_repo_nodes", get_repo_nodes, RC_ANYONE, RC_AWAY,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_REVISION, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_ROOT_PATH, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_RET_TYPE, RC_TEXT, "'all'"),
               RC_ARG(RC_P_DETAILS, RC_TEXT, "'basic'"),
               RC_ARG(RC_P_MAX_FILE_BYTES, RC_TEXT, "None")),
     "failed to get repo: `{repoid.name}` nodes", "List files and directories of a commit."},
    {"get_repo_file", get_repo_file, RC_ANYONE, RC_AWAY,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_COMMIT_ID, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_FILE_PATH, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_MAX_FILE_BYTES, RC_TEXT, "None"),
               RC_ARG(RC_P_DETAILS, RC_TEXT, "'basic'"),
               RC_ARG(RC_P_CACHE, RC_BOOL, "True")),
     "failed to get repo: `{repoid.name}` file at path {file_path}", "Show one file of a commit."},
    {.name = NULL},
};
/* clang-format on */
