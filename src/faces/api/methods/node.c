// SPDX-License-Identifier: Apache-2.0
/*
 * The method get_repo_nodes: lists files and directories of a commit (contract 02 §1.9, §5).
 */
#include "../method.h"

#include <string.h>

#include <apr_md5.h>

#include "base/hex.h"
#include "base/mime.h"
#include "domain/repo.h"
#include "base/text.h"

typedef struct listing_t {
    rc_json_t *out;
    bool full;
    bool all;              /* the list has the directories already, before the files */
    apr_int64_t max_bytes; /* limit of a content that is shown; -1 = none */
    apr_pool_t *scratch;   /* cleared at each file */
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
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static const char *extension(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

static apr_int64_t count_lines(const rc_node_t *node, bool binary)
{
    const char *p = node->data, *end = p + node->len;
    apr_int64_t lines = 0;

    if (binary || !node->len)
        return 0;
    while (p < end && (p = memchr(p, '\n', (apr_size_t)(end - p)))) {
        lines++;
        p++;
    }
    return lines ? lines : 1;
}

static const char *md5(const rc_node_t *node, apr_pool_t *pool)
{
    unsigned char digest[APR_MD5_DIGESTSIZE];

    apr_md5(digest, node->data, node->len);
    return rc_hex_text(digest, sizeof(digest), pool);
}

static const char *mime_type(const rc_node_t *node, bool binary)
{
    const char *type = rc_mime_type(node->path);

    return type ? type : binary ? "application/octet-stream" : "text/plain";
}

static void render_content(listing_t *list, const rc_node_t *node, bool binary)
{
    rc_json_key(list->out, "content");
    if (binary || (list->max_bytes >= 0 && (apr_int64_t)node->len > list->max_bytes))
        rc_json_null(list->out);
    else
        rc_json_string_len(list->out, node->data, node->len);
}

/* Writes a file whose content cannot be read. */
static rc_err_t *render_missing(listing_t *list, const rc_node_t *node)
{
    static const char *const unknown[] = {"md5", "binary", "size"};
    rc_json_t *out = list->out;
    apr_size_t i;

    rc_json_object_begin(out);
    rc_json_member_string(out, "name", node->path);
    rc_json_member_string(out, "type", "file");
    for (i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
        rc_json_member_null(out, unknown[i]);
    rc_json_member_string(out, "extension", extension(node->path));
    rc_json_member_string(out, "mimetype", mime_type(node, true));
    rc_json_member_null(out, "lines");
    if (list->full)
        rc_json_member_null(out, "content");
    rc_json_member_bool(out, "missing", true);
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *render_file(void *baton, const rc_node_t *node)
{
    listing_t *list = baton;
    rc_json_t *out = list->out;
    bool binary;

    if (node->is_dir)
        return list->all ? NULL : render_dir(list, node);
    if (node->missing)
        return render_missing(list, node);
    binary = memchr(node->data, '\0', node->len) != NULL;
    apr_pool_clear(list->scratch);
    rc_json_object_begin(out);
    rc_json_member_string(out, "name", node->path);
    rc_json_member_string(out, "type", "file");
    rc_json_member_string(out, "md5", md5(node, list->scratch));
    rc_json_member_bool(out, "binary", binary);
    rc_json_member_int(out, "size", (apr_int64_t)node->len);
    rc_json_member_string(out, "extension", extension(node->path));
    rc_json_member_string(out, "mimetype", mime_type(node, binary));
    rc_json_member_int(out, "lines", count_lines(node, binary));
    if (list->full)
        render_content(list, node, binary);
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *read_listing_options(listing_t *list, rc_call_t *call)
{
    const char *details = rc_arg_text(call, RC_P_DETAILS);

    list->full = !strcmp(details, "full");
    if (!list->full && strcmp(details, "basic"))
        return rc_err(call->pool, RC_E_ARG, "ret_type must be one of basic,full");
    list->max_bytes = -1;
    if (rc_arg_given(call, RC_P_MAX_FILE_BYTES) &&
        !rc_text_int(&list->max_bytes, rc_arg_text(call, RC_P_MAX_FILE_BYTES)))
        return rc_err_failed(call->pool, "max_file_bytes is not an integer");
    return NULL;
}

static rc_err_t *find_revision(rc_rev_t *rev, rc_vcs_t *vcs, rc_call_t *call)
{
    json_object *revision = rc_arg_json(call, RC_P_REVISION);
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

static rc_err_t *get_repo_nodes(rc_call_t *call, rc_json_t *out)
{
    listing_t list = {.out = out};
    apr_int64_t count;
    rc_vcs_t *vcs;
    rc_rev_t rev;

    RC_TRY(read_listing_options(&list, call));
    apr_pool_create(&list.scratch, call->pool);
    RC_TRY(rc_repo_open(&vcs, call->env, rc_arg_repo(call, RC_P_REPOID), &call->actor.work,
                        call->pool));
    RC_TRY(rc_vcs_count(&count, vcs));
    rc_json_array_begin(out);
    if (count) {
        RC_TRY(find_revision(&rev, vcs, call));
        RC_TRY(render_nodes(&list, vcs, rev.id, call));
    }
    rc_json_array_end(out);
    return NULL;
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
    {.name = NULL},
};
/* clang-format on */
