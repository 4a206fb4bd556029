// SPDX-License-Identifier: Apache-2.0
/*
 * The views raw and rawfile: send one file of a commit, to show or to download (contract 03 §5).
 * The bytes are sent as stored. Only four types of images are shown under their own type; a browser
 * runs nothing.
 */
#include "view.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "domain/repo.h"
#include "base/mime.h"
#include "base/text.h"

#define TEXT   "text/plain"
#define BINARY "application/octet-stream"

#define LARGE_TIME apr_time_from_sec(600) /* limit for unpacking a large file */

/* Part of every ETag; increment it when the same request gets a different answer. */
#define FORMAT "1"

typedef struct file_t {
    rc_entry_t entry;
    const char *name; /* last part of the path */
    const char *type; /* NULL: depends on the content */
    bool download;
} file_t;

/* The key holds the repository's id, because reading does not verify that an object matches its id:
 * whoever can write the files of one repository could otherwise decide what is sent for another. */
const char *rc_raw_kept_name(const rc_view_call_t *call, const char *name)
{
    return apr_psprintf(call->pool, "%" APR_INT64_T_FMT "-%s", call->repo->id, name);
}

/* Returns a path as one line of valid text. */
static const char *shown_path(const char *path, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, rc_utf8_repair(path, pool)), *p;

    for (p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    return text;
}

rc_err_t *rc_raw_refuse_path(rc_view_call_t *call, const char *path, const char *commit)
{
    return rc_view_refuse(call, 404,
                          apr_psprintf(call->pool,
                                       "There is no file nor directory at the given path: "
                                       "'%s' at commit %s",
                                       shown_path(path, call->pool),
                                       rc_vcs_short_id(call->repo->type, commit, call->pool)));
}

static rc_err_t *find_entry(file_t *file, rc_view_call_t *call)
{
    const char *slash;
    rc_rev_t rev;

    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(rc_vcs_resolve(&rev, call->vcs, call->rev, call->pool));
    if (!rev.id)
        return rc_view_refuse(call, 404, RC_VIEW_NO_SUCH_COMMIT);
    RC_TRY(rc_vcs_entry(&file->entry, call->vcs, rev.id, call->rest, call->pool));
    if (file->entry.kind == RC_ENTRY_NONE)
        return rc_raw_refuse_path(call, call->rest, rev.id);
    if (file->entry.kind == RC_ENTRY_DIR || file->entry.kind == RC_ENTRY_SUBMODULE)
        return rc_view_refuse(call, 404, RC_VIEW_IS_DIRECTORY);
    slash = strrchr(file->entry.path, '/');
    file->name = slash ? slash + 1 : file->entry.path;
    call->immutable = !strcmp(rev.id, call->rev);
    if (call->immutable) /* a branch can move to an older commit: names have no date */
        RC_TRY(rc_vcs_time(&call->last_modified, call->vcs, &rev));
    return NULL;
}

/* The ETag includes the type, since the server's table of types may change. */
static void set_etag(rc_view_call_t *call, const file_t *file)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;
    const char *type =
        file->type ? apr_psprintf(call->pool, "%x", apr_hashfunc_default(file->type, &len)) : "0";

    call->etag = apr_pstrcat(call->pool, file->entry.id, file->download ? "-rawfile" : "-raw",
                             FORMAT "-", type, NULL);
}

static rc_err_t *prepare_file(rc_view_call_t *call, bool download)
{
    file_t *file = apr_pcalloc(call->pool, sizeof(*file));

    RC_TRY(find_entry(file, call));
    if (call->status != 200)
        return NULL;
    file->download = download;
    file->type = rc_raw_file_type(call, file->name);
    if (!download && file->type && !rc_mime_is_picture(file->type))
        file->type = NULL;
    set_etag(call, file);
    call->state = file;
    return NULL;
}

rc_err_t *rc_raw_raw_prepare(rc_view_call_t *call)
{
    return prepare_file(call, false);
}

rc_err_t *rc_raw_rawfile_prepare(rc_view_call_t *call)
{
    return prepare_file(call, true);
}

static void set_type(rc_view_call_t *call, const file_t *file, const char *type)
{
    bool keep = file->download || !strcmp(type, BINARY);

    call->content_type = type;
    if (!strncmp(type, "text/", 5))
        call->content_type = apr_pstrcat(call->pool, type, "; charset=utf-8", NULL);
    call->disposition = keep ? rc_raw_attachment(file->name, call->pool) : "inline";
}

static rc_err_t *make_large(void *baton, rc_spool_t *spool)
{
    rc_view_call_t *call = baton;
    const file_t *file = call->state;

    call->actor.work.bytes = APR_INT64_MAX; /* no limit: the content is not held in memory */
    rc_work_set_time(&call->actor.work, LARGE_TIME);
    RC_TRY(rc_work_costly(&call->actor.work, call->pool));
    return rc_vcs_content(spool, call->vcs, &file->entry);
}

/* A back end unpacks the whole file even for a byte range, so it is cached for the next request. */
static rc_err_t *write_large(rc_view_call_t *call, rc_spool_t *spool)
{
    const file_t *file = call->state;
    const char *name =
        rc_raw_kept_name(call, apr_pstrcat(call->pool, file->entry.id, ".blob", NULL));

    return rc_cache_get(spool, &call->env->cache, name, make_large, call, call->pool);
}

rc_err_t *rc_raw_file_write(rc_view_call_t *call, rc_spool_t *spool)
{
    const file_t *file = call->state;
    bool binary;

    if (file->type) {
        set_type(call, file, file->type);
        if (call->request->head) {
            call->length = file->entry.size;
            return NULL;
        }
    }
    RC_TRY(file->entry.size < RC_VCS_LARGE ? rc_vcs_content(spool, call->vcs, &file->entry)
                                           : write_large(call, spool));
    if (file->type)
        return NULL;
    RC_TRY(rc_spool_has_nul(&binary, spool));
    set_type(call, file, binary ? BINARY : TEXT);
    return NULL;
}
