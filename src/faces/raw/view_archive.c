// SPDX-License-Identifier: Apache-2.0
/*
 * The view archivefile: sends a commit as zip or tar (contract 03 §6). The bytes depend only on the
 * commit, the format and the name of the top directory, so finished archives are cached. Every
 * request passes all checks of access before the cache is read.
 */
#include "view.h"

#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>

#include "archive/archive.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/query.h"
#include "domain/repo.h"
#include "base/text.h"

#define JOURNAL_EVERY apr_time_from_sec(60) /* at most one entry per user and archive */

static const rc_archive_limits_t limits = {
    .entries = 1000000, .bytes = (apr_off_t)8 << 30, .time = apr_time_from_sec(300)};

typedef struct archive_t {
    rc_view_call_t *call;
    const rc_archive_format_t *format;
    rc_rev_t rev;
    const char *top;    /* the directory that is packed; "": the whole tree */
    apr_int64_t time;   /* of the commit */
    const char *digest; /* of what its id does not tell; NULL: nothing */
    const char *prefix; /* before every path in the archive */
    const char *name;   /* for the download */
    const char *key;    /* identifies the archive's bytes */
} archive_t;

/* Finds the directory of the parameter at_path, which types with branches as directories have. */
static rc_err_t *find_top(archive_t *archive, rc_view_call_t *call)
{
    const char *path = rc_query_parameter(call->request->query, "at_path", call->pool);
    rc_entry_t entry;

    archive->top = "";
    if (!path || !rc_vcs_can(call->vcs)->paths_as_refs)
        return NULL;
    RC_TRY(rc_vcs_entry(&entry, call->vcs, archive->rev.id, path, call->pool));
    if (entry.kind != RC_ENTRY_DIR)
        return rc_raw_refuse_path(call, path, archive->rev.id);
    archive->top = entry.path;
    return NULL;
}

/* Makes the checks in the order of the contract. Sets archive->rev.id when all pass. */
static rc_err_t *resolve_rev(archive_t *archive, rc_view_call_t *call)
{
    const char *rev;
    apr_int64_t count;

    if (!call->repo->enable_downloads)
        return rc_view_refuse(call, 403, "Downloads disabled");
    archive->format = rc_archive_format(&rev, call->rev, call->pool);
    RC_TRY(rc_vcs_count(&count, call->vcs));
    if (!count)
        return rc_view_refuse(call, 404, "Empty repository");
    if (!archive->format)
        return rc_view_refuse(call, 404, "Unknown archive type");
    if (*rev)
        RC_TRY(rc_vcs_resolve(&archive->rev, call->vcs, rev, call->pool));
    /* the archive contains the repository's name, which can change below a URL with its id */
    call->immutable = archive->rev.id && !strcmp(archive->rev.id, rev) && !call->by_id &&
                      !rc_vcs_can(call->vcs)->editable; /* it contains the commit's time, too */
    if (archive->rev.id)
        return find_top(archive, call);
    return rc_view_refuse(
        call, 404,
        apr_pstrcat(call->pool, "Unknown revision ", rc_utf8_repair(rev, call->pool), NULL));
}

/* Returns a key of everything that decides the bytes; the long parts go in as a digest. */
static const char *key_of(const archive_t *archive, apr_pool_t *pool)
{
    const char *rest = apr_pstrcat(pool, archive->prefix, "\n", rc_archive_version(), "\n",
                                   archive->top, "\n", archive->digest, NULL);
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;

    apr_sha1_init(&sha);
    apr_sha1_update(&sha, rest, (unsigned)strlen(rest));
    apr_sha1_final(bytes, &sha);
    return apr_pstrcat(pool, archive->rev.id, "-", rc_hex_text(bytes, 8, pool), ".",
                       rc_archive_extension(archive->format), NULL);
}

static void set_names(archive_t *archive, const rc_view_call_t *call)
{
    const char *sub = rc_query_parameter(call->request->query, "subrepos", call->pool);
    const char *id = rc_vcs_short_id(call->repo->type, archive->rev.id, call->pool);
    char *flat = apr_pstrdup(call->pool, call->repo->name), *slash;
    const char *last = strrchr(call->repo->name, '/');

    last = last ? last + 1 : call->repo->name;
    while ((slash = strchr(flat, '/')))
        *slash = '_';
    archive->prefix = apr_pstrcat(call->pool, last, "-", id, "/", NULL);
    archive->name = apr_pstrcat(call->pool, flat, sub && !strcmp(sub, "true") ? "--sub" : "-", id,
                                ".", rc_archive_extension(archive->format), NULL);
    archive->key = key_of(archive, call->pool);
}

rc_err_t *rc_raw_archive_prepare(rc_view_call_t *call)
{
    archive_t *archive = apr_pcalloc(call->pool, sizeof(*archive));
    rc_position_t place;

    archive->call = call;
    call->state = archive;
    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(resolve_rev(archive, call));
    if (call->status != 200)
        return NULL;
    RC_TRY(rc_vcs_position(&place, call->vcs, archive->rev.index, call->pool));
    archive->time = place.time;
    archive->digest = place.digest;
    set_names(archive, call);
    call->content_type = rc_archive_type(archive->format);
    call->disposition = rc_raw_attachment(archive->name, call->pool);
    call->etag = archive->key;
    if (call->immutable) /* a branch can move to an older commit: names have no date */
        call->last_modified = archive->time;
    return NULL;
}

/* Makes the archive. Only this, not a cached archive, counts as costly work. */
static rc_err_t *make_archive(void *baton, rc_spool_t *spool)
{
    archive_t *archive = baton;
    const rc_env_t *env = archive->call->env;
    rc_work_t *work = &archive->call->actor.work;
    apr_pool_t *pool = archive->call->pool;
    rc_archive_t *out;

    work->bytes = limits.bytes;
    work->entries = limits.entries;
    rc_work_set_time(work, limits.time);
    RC_TRY(rc_work_costly(work, pool));
    RC_TRY(rc_archive_begin(&out, archive->format, spool, archive->prefix, archive->time,
                            env->config->temp_dir, &limits, pool));
    RC_TRY(rc_vcs_export(archive->call->vcs, archive->rev.id, archive->top, env->config->temp_dir,
                         rc_archive_add, out, pool));
    RC_TRY(rc_archive_end(out));
    rc_log(RC_LOG_DEBUG, APR_SUCCESS, "made %s of %s", archive->name, archive->call->repo->name);
    return NULL;
}

/* Several requests for one archive within JOURNAL_EVERY (a download in parts) are one entry. An
 * error of the journal, such as a full disk, is logged; the archive is sent all the same. */
static void journal(archive_t *archive)
{
    rc_view_call_t *call = archive->call;
    const char *action = apr_pstrcat(call->pool, "user_downloaded_archive:", archive->name, NULL);
    rc_err_t *err = rc_actor_journal_late(&call->actor, call->repo, action, JOURNAL_EVERY);

    if (err)
        rc_log(RC_LOG_ERR, err->cause, "cannot write %s to the journal: %s", archive->name,
               rc_err_log_text(err, call->pool));
}

rc_err_t *rc_raw_archive_write(rc_view_call_t *call, rc_spool_t *spool)
{
    archive_t *archive = call->state;
    const char *name = rc_raw_kept_name(call, archive->key);
    rc_err_t *err;

    err = rc_cache_get(spool, &call->env->cache, name, make_archive, archive, call->pool);
    if (err && err->kind == RC_E_NOTFOUND)
        return rc_view_refuse(call, 404, err->msg);
    if (!err && !call->request->head)
        journal(archive);
    return err;
}
