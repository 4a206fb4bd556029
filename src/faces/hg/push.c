// SPDX-License-Identifier: Apache-2.0
/*
 * Answers commands that write. The whole body is there before Mercurial starts, so that a client
 * that is slow, leaves, or loses its right meanwhile costs and changes nothing. From then on the
 * push is finished, with or without the client, and recorded before the client gets the answer.
 */
#include "call.h"

#include <apr_portable.h>

#include "base/time.h"
#include "faces/place.h"
#include "faces/sign_in.h"

#define NO_BODY "Changesets must be sent by POST"

typedef struct hg_push_t {
    rc_face_hg_call_t *call;
    rc_spool_t *output; /* of Mercurial */
    rc_locks_t locks;
    rc_transfer_before_t *before;
} hg_push_t;

/* Locks the repository until Mercurial has ended, and notes what it holds. */
static rc_err_t *begin(hg_push_t *push)
{
    rc_face_hg_call_t *call = push->call;
    rc_err_t *err;

    RC_TRY(rc_actor_open(&call->actor));
    err = rc_face_lock(&push->locks, call->answer, &call->actor, call->repo);
    if (!err && call->answer->status == 200)
        err = rc_transfer_before(&push->before, &call->actor, call->repo);
    rc_actor_close(&call->actor);
    return err;
}

static rc_err_t *run(hg_push_t *push)
{
    rc_face_hg_call_t *call = push->call;
    rc_proc_t proc = {NULL};
    rc_proc_result_t result;
    apr_file_t *file;
    rc_err_t *err;

    RC_TRY(rc_face_hg_program(&proc, call));
    if (call->answer->status != 200)
        return NULL;
    RC_TRY(rc_spool_lend(&file, push->output));
    if (apr_os_file_get(&proc.out, file))
        return rc_err_internal(call->pool, APR_EGENERAL, "cannot use a temporary file");
    proc.keep = push->locks.fd;
    err = rc_proc_run(&result, &proc, call->pool);
    RC_TRY(rc_spool_take_back(push->output));
    return err ? err : rc_face_hg_judge(&result, call, call->pool);
}

/* Does what must follow. The push stands, whatever fails now. */
static void record_changes(hg_push_t *push)
{
    rc_face_hg_call_t *call = push->call;
    const char *note; /* hg shows no texts of the server */
    rc_err_t *err = rc_actor_open(&call->actor);

    if (!err)
        err = rc_transfer_received(&note, &call->actor, call->repo, push->before);
    rc_actor_close(&call->actor);
    if (err)
        rc_log(RC_LOG_ERR, err->cause, "a push to %s is not recorded: %s", call->repo->name,
               rc_err_log_text(err, call->pool));
}

/* Gives the client what Mercurial has printed. */
static rc_err_t *answer(hg_push_t *push)
{
    rc_face_hg_call_t *call = push->call;
    apr_size_t len = (apr_size_t)rc_spool_size(push->output), skip;
    const char *data;

    RC_TRY(rc_spool_view(&data, push->output, call->pool));
    RC_TRY(rc_face_hg_read_type(&skip, call, data, len));
    return rc_spool_write(call->answer->spool, data + skip, len - skip);
}

static rc_err_t *push_it(hg_push_t *push)
{
    rc_face_hg_call_t *call = push->call;
    rc_err_t *err;

    RC_TRY(rc_face_place(call->request, &call->actor.work, false, call->pool));
    RC_TRY(begin(push));
    if (call->answer->status != 200)
        return NULL;
    err = run(push);
    if (call->answer->status == 200)
        record_changes(push); /* a program that failed may have changed something before */
    return err || call->answer->status != 200 ? err : answer(push);
}

rc_err_t *rc_face_hg_push(rc_face_hg_call_t *call)
{
    hg_push_t *push = apr_pcalloc(call->pool, sizeof(*push));

    push->call = call;
    RC_TRY(rc_face_hg_read_body(call, call->settings->push_max));
    if (!call->body)
        return rc_answer_refuse(call->answer, 405, NO_BODY, NULL);
    push->output = rc_spool_create(call->request->env->config->temp_dir, call->pool);
    RC_TRY(rc_face_hg_recheck(call));
    return call->answer->status == 200 ? push_it(push) : NULL;
}
