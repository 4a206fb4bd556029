// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the results of calls that only read the database, as JSON, while nothing that they were
 * made of has changed: neither in the database nor the state of the repository that they describe.
 */
#include "kept.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/last_changeset.h"
#include "kept_keys.h"

/* Makes the key of a result: everything that it depends on beside the database and the repository.
 */
static rc_err_t *result_key(rc_memory_key_t *key, rc_call_t *call)
{
    const rc_caller_t *caller = call->actor.caller;
    const char *name;

    if (!call->args_text)
        RC_TRY(rc_value_json(&call->args_text, call->args_sent, call->pool));
    name = apr_pstrcat(call->pool, call->method->name, caller->admin ? " admin" : "",
                       rc_actor_is_full(&call->actor) ? " full" : "",
                       rc_key_secret(call->env) ? " keys" : "", call->old ? " old " : " ",
                       call->args_text, call->request->base_url, NULL);
    *key = (rc_memory_key_t){'a', rc_caller_viewer(caller).id, name, strlen(name)};
    return NULL;
}

/* A kept result begins with three texts, which say when its repository is in the same state. */
static rc_bytes_t pack_result(const rc_repo_t *repo, rc_bytes_t result, apr_pool_t *pool)
{
    const char *const texts[] = {repo->type, repo->name, repo->last.state};
    apr_size_t len = result.len, size;
    char *bytes, *to;
    int i;

    for (i = 0; i < 3; i++)
        len += strlen(texts[i]) + 1;
    to = bytes = apr_palloc(pool, len);
    for (i = 0; i < 3; i++, to += size) {
        size = strlen(texts[i]) + 1;
        memcpy(to, texts[i], size);
    }
    memcpy(to, result.data, result.len);
    return (rc_bytes_t){bytes, len};
}

static rc_bytes_t unpack_result(rc_repo_t *repo, rc_bytes_t kept)
{
    const char *result;

    *repo = (rc_repo_t){.type = kept.data};
    repo->name = repo->type + strlen(repo->type) + 1;
    repo->last.state = repo->name + strlen(repo->name) + 1;
    result = repo->last.state + strlen(repo->last.state) + 1;
    return (rc_bytes_t){result, kept.len - (apr_size_t)(result - repo->type)};
}

rc_err_t *rc_call_recall(rc_call_t *call)
{
    rc_memory_key_t key;
    rc_bytes_t kept;
    rc_repo_t repo;

    call->kept = (rc_bytes_t){NULL, 0};
    if (!(call->method->flags & RC_RESULTS) || !rc_db_remembers(call->actor.db))
        return NULL;
    RC_TRY(result_key(&key, call));
    kept = rc_recall(call->actor.db, &key, call->pool);
    if (!kept.data)
        return NULL;
    kept = unpack_result(&repo, kept);
    if (rc_last_is_current(&repo, call->env, call->pool))
        call->kept = rc_kept_keys_open(call, kept);
    return NULL;
}

/* Keeps a result that was asked for before. A large one is not kept, and none whose arguments may
 * hold a key by mistake. */
static rc_err_t *keep_result(rc_call_t *call, const rc_repo_t *repo, rc_spool_t *spool,
                             apr_off_t start)
{
    apr_size_t size = (apr_size_t)rc_spool_size(spool);
    apr_file_t *file = NULL;
    rc_memory_key_t key;
    rc_bytes_t sealed;
    const char *data;

    if (call->has_secret || !repo->last.state || !rc_args_are_known(call))
        return NULL;
    RC_TRY(result_key(&key, call));
    if (!rc_asked_again(call->actor.db, &key))
        return NULL;
    RC_TRY(rc_spool_content(&data, &file, spool));
    if (file)
        return NULL;
    sealed = rc_kept_keys_seal(call, (rc_bytes_t){data, size}, (apr_size_t)start);
    if (sealed.data)
        rc_remember(call->actor.db, &key, RC_SINCE_BEGIN, pack_result(repo, sealed, call->pool));
    return NULL;
}

static rc_err_t *render_direct(rc_json_t *out, rc_call_t *call, rc_call_render_t *render,
                               const rc_repo_t *repo)
{
    apr_off_t start = rc_spool_size(out->spool);

    call->has_secret = false;
    call->keys_written = NULL;
    RC_TRY(render(out, call, repo));
    RC_TRY(rc_json_finish(out));
    return keep_result(call, repo, out->spool, start);
}

/* Writes the result from what is in memory. A part that is missing must leave nothing written. */
static rc_err_t *render_aside(rc_json_t *out, rc_call_t *call, rc_call_render_t *render,
                              const rc_repo_t *repo)
{
    rc_spool_t *spool = rc_spool_beside(out->spool, call->pool);
    const char *text;
    rc_json_t aside;

    rc_json_init(&aside, spool);
    RC_TRY(render_direct(&aside, call, render, repo));
    RC_TRY(rc_spool_view(&text, spool, call->pool));
    rc_json_raw(out, text, (apr_size_t)rc_spool_size(spool));
    return rc_json_finish(out);
}

rc_err_t *rc_call_keep(rc_json_t *out, rc_call_t *call, rc_call_render_t *render,
                       const rc_repo_t *repo)
{
    return rc_db_is_memory(call->actor.db) ? render_aside(out, call, render, repo)
                                           : render_direct(out, call, render, repo);
}

rc_err_t *rc_call_keep_part(rc_bytes_t *text, rc_call_t *call, const rc_memory_key_t *key,
                            rc_call_render_t *render, const void *baton)
{
    const char *data;
    rc_spool_t *spool;
    rc_json_t out;

    *text = rc_recall(call->actor.db, key, call->pool);
    if (text->data)
        return NULL;
    spool = rc_spool_create(call->env->config->temp_dir, call->pool);
    rc_json_init(&out, spool);
    RC_TRY(render(&out, call, baton));
    RC_TRY(rc_json_finish(&out));
    RC_TRY(rc_spool_view(&data, spool, call->pool));
    *text = (rc_bytes_t){data, (apr_size_t)rc_spool_size(spool)};
    rc_remember(call->actor.db, key, RC_SINCE_RECALL, *text);
    return NULL;
}
