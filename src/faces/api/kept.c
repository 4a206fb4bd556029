// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the results of calls that only read the database, as JSON, while nothing that they were
 * made of has changed.
 */
#include "method.h"

#include <apr_strings.h>

#include "base/secret.h"

/* Makes a digest of everything that a result depends on beside the viewer and the database. Clients
 * may have put a key among the arguments, so they are not kept as they are. */
static rc_err_t *name_result(unsigned char digest[RC_DIGEST_SIZE], rc_call_t *call)
{
    const rc_caller_t *caller = call->actor.caller;
    const char *args;

    RC_TRY(rc_value_json(&args, call->args_sent, call->pool));
    rc_key_digest(digest, apr_psprintf(call->pool, "%s %d%d%d %s %s", call->method->name,
                                       caller->admin, rc_actor_is_full(&call->actor), call->old,
                                       call->request->base_url, args));
    return NULL;
}

/* Keeps the result, or notes that it was asked for: only what is asked for again is worth its
 * bytes, which would push out parts that many results share. A large one is not kept. */
static rc_err_t *keep_result(rc_call_t *call, const rc_memory_key_t *key, bool again,
                             rc_spool_t *spool, apr_off_t start)
{
    apr_off_t size = rc_spool_size(spool);
    rc_bytes_t kept = {"", 0};
    apr_file_t *file = NULL;
    const char *data;

    if (again) {
        RC_TRY(rc_spool_content(&data, &file, spool));
        kept = (rc_bytes_t){data + start, (apr_size_t)(size - start)};
    }
    if (!file && !call->has_secret)
        rc_remember(call->actor.db, key, RC_SINCE_BEGIN, kept);
    return NULL;
}

static rc_err_t *render_direct(rc_json_t *out, rc_call_t *call, rc_call_render_t *render,
                               const void *baton, const rc_memory_key_t *key, bool again)
{
    apr_off_t start = rc_spool_size(out->spool);

    call->has_secret = false;
    RC_TRY(render(out, call, baton));
    RC_TRY(rc_json_finish(out));
    return keep_result(call, key, again, out->spool, start);
}

/* Writes the result from what is in memory. A part that is missing must leave nothing written. */
static rc_err_t *render_aside(rc_json_t *out, rc_call_t *call, rc_call_render_t *render,
                              const void *baton, const rc_memory_key_t *key, bool again)
{
    rc_spool_t *spool = rc_spool_beside(out->spool, call->pool);
    const char *text;
    rc_json_t aside;

    rc_json_init(&aside, spool);
    RC_TRY(render_direct(&aside, call, render, baton, key, again));
    RC_TRY(rc_spool_view(&text, spool, call->pool));
    rc_json_raw(out, text, (apr_size_t)rc_spool_size(spool));
    return rc_json_finish(out);
}

rc_err_t *rc_call_keep(rc_json_t *out, rc_call_t *call, rc_call_render_t *render, const void *baton)
{
    unsigned char digest[RC_DIGEST_SIZE];
    const rc_memory_key_t key = {.kind = 'a',
                                 .id = rc_caller_viewer(call->actor.caller).id,
                                 .data = digest,
                                 .len = sizeof(digest)};
    rc_bytes_t kept;

    RC_TRY(name_result(digest, call));
    kept = rc_recall(call->actor.db, &key, call->pool);
    if (kept.len) {
        rc_json_raw(out, kept.data, kept.len);
        return rc_json_finish(out);
    }
    if (rc_db_is_memory(call->actor.db))
        return render_aside(out, call, render, baton, &key, kept.data != NULL);
    return render_direct(out, call, render, baton, &key, kept.data != NULL);
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
