// SPDX-License-Identifier: Apache-2.0
/*
 * Answers POST git-receive-pack: passes the body on to git, and git's answer to the client. Reads
 * the commands on the way in and the report on the way out, and does what must follow a push before
 * the answer ends.
 *
 * The connection may break at any time. Until the whole body has come, git then gets an incomplete
 * one, and removes what it has stored so far. Afterwards the push is finished without the client.
 */
#include "call.h"

#include <apr_strings.h>

#include "base/relay.h"
#include "faces/place.h"
#include "faces/sign_in.h"
#include "push_body.h"
#include "push_report.h"

/* Bytes of a body: git limits the pack, and what comes behind it is stored nowhere. */
#define UNLIMITED ((apr_off_t)1 << 60)
#define DRAIN     apr_time_from_sec(30)
#define TOO_LONG  "The push has too many references"
#define NO_PUSH   "The body is not of git's protocol"
#define NO_HIDDEN "An atomic push may not update a hidden reference"

typedef struct push_t {
    rc_face_git_call_t *call;
    rc_push_request_t request;
    rc_push_body_t body;
    rc_push_report_t report;
    rc_proc_result_t result; /* how git ended */
    rc_stream_t stream, *git;
    rc_spool_t *end; /* of the answer */
    const char *why; /* the push was refused after it had begun; NULL: it was not */
    bool over;       /* git has ended */
    bool settled;
    bool changed;     /* git has changed at least one reference */
    const char *note; /* of the lock; or NULL */
} push_t;

/* git refuses hidden references one by one, before it looks whether the push is atomic. */
static const char *why_not_atomic(const rc_push_request_t *request)
{
    int i;

    for (i = 0; request->atomic && i < request->commands->nelts; i++)
        if (rc_wire_is_hidden(APR_ARRAY_IDX(request->commands, i, rc_push_command_t *)->ref))
            return NO_HIDDEN;
    return NULL;
}

/* Checks again what may have changed while the client was sending. */
static bool allow(void *baton)
{
    push_t *push = baton;
    rc_err_t *err = rc_face_git_recheck(&push->why, push->call);

    if (!err && !push->why)
        push->why = why_not_atomic(&push->request);
    if (err)
        push->why = "The server failed";
    if (err)
        rc_log(rc_err_log_level(err->kind), err->cause, "push to %s: %s", push->call->repo->name,
               rc_err_log_text(err, push->call->pool));
    push->report.silent = push->why != NULL;
    return !push->why;
}

static rc_err_t *program_ended(void *baton, const rc_proc_result_t *result, apr_pool_t *pool)
{
    push_t *push = baton;

    (void)pool;
    push->over = true;
    push->result = *result;
    return NULL;
}

/* Does what must follow the push, for all references that git has changed. */
static rc_err_t *record(push_t *push)
{
    rc_face_git_call_t *call = push->call;
    const apr_array_header_t *commands = push->request.commands;
    apr_array_header_t *changes =
        apr_array_make(call->pool, commands->nelts, sizeof(rc_ref_change_t));
    rc_err_t *err;
    int i;

    for (i = 0; i < commands->nelts; i++) {
        const rc_push_command_t *command = APR_ARRAY_IDX(commands, i, rc_push_command_t *);

        if (command->done)
            APR_ARRAY_PUSH(changes, rc_ref_change_t) =
                (rc_ref_change_t){command->ref, command->old_id, command->new_id};
    }
    push->changed = changes->nelts > 0;
    if (!push->changed)
        return NULL;
    RC_TRY(rc_actor_open(&call->actor));
    err = rc_transfer_pushed(&push->note, &call->actor, call->repo, changes);
    rc_actor_close(&call->actor);
    return err;
}

/* The push stands, whatever fails now: the next reader of the repository makes up for it. */
static void settle(push_t *push)
{
    rc_err_t *err = push->settled ? NULL : record(push);

    push->settled = true;
    if (err)
        rc_log(RC_LOG_ERR, err->cause, "a push to %s is not recorded: %s", push->call->repo->name,
               rc_err_log_text(err, push->call->pool));
}

/* Returns the error of a push whose answer cannot be completed; NULL: it can. */
static rc_err_t *judge_push(const push_t *push)
{
    const char *name = push->call->repo->name;

    if (push->body.failed != RC_BODY_MORE)
        return rc_body_error(push->body.failed, push->call->pool);
    if (push->why || push->report.complete)
        return NULL;
    return rc_err_internal(push->call->pool, APR_SUCCESS,
                           "git receive-pack of %s: exit status %d: %s", name, push->result.status,
                           push->result.text);
}

/* Writes the end of the answer. */
static rc_err_t *finish(push_t *push)
{
    const char *messages[3] = {NULL};

    settle(push);
    rc_body_drain(push->body.from, rc_clock() + DRAIN);
    RC_TRY(judge_push(push));
    if (push->changed) {
        messages[0] = "RhodeCode: push completed";
        messages[1] = push->note;
    }
    return rc_push_report_end(push->end, &push->report, messages, push->why);
}

/* Reads the next bytes of git's answer into @a piece: what the client gets of them. */
static rc_err_t *advance(rc_piece_t *piece, push_t *push)
{
    *piece = (rc_piece_t){NULL};
    push->git->unsent = push->stream.unsent;
    RC_TRY(push->git->next(piece, push->git->baton));
    return piece->len ? rc_push_report_read(&piece->data, &piece->len, &push->report) : NULL;
}

/* The last piece. */
static rc_err_t *give_end(rc_piece_t *piece, push_t *push)
{
    RC_TRY(finish(push));
    RC_TRY(rc_spool_content(&piece->data, &piece->file, push->end));
    piece->len = (apr_size_t)rc_spool_size(push->end);
    piece->last = true;
    return NULL;
}

static rc_err_t *next_answer(rc_piece_t *piece, void *baton)
{
    push_t *push = baton;

    while (!push->over) {
        RC_TRY(advance(piece, push));
        if (piece->len || piece->later)
            return NULL;
    }
    return push->settled ? NULL : give_end(piece, push);
}

static void close_answer(void *baton)
{
    push_t *push = baton;
    rc_err_t *err = NULL;
    rc_piece_t unsent;

    push->stream.unsent = 0;
    while (!err && !push->over && push->body.complete) /* git works for a client that has left */
        err = advance(&unsent, push);
    push->git->close(push->git->baton);
    settle(push);
}

/* Reads the commands. Makes the answer a refusal if they are wrong. */
static rc_err_t *read_commands(push_t *push)
{
    rc_face_git_call_t *call = push->call;
    rc_body_state_t state = RC_BODY_MORE;
    const char *data;
    apr_size_t len;

    rc_push_request_begin(&push->request, call->pool);
    while (push->request.state == RC_PUSH_MORE && state == RC_BODY_MORE)
        if ((state = rc_body_read(call->request->body, &data, &len, true)) == RC_BODY_MORE)
            rc_push_request_read(&push->request, data, len);
    if (state != RC_BODY_MORE && state != RC_BODY_END)
        return rc_body_error(state, call->pool);
    if (push->request.state == RC_PUSH_LONG)
        return rc_answer_refuse(call->answer, 413, TOO_LONG, NULL);
    if (push->request.state != RC_PUSH_READY)
        return rc_answer_refuse(call->answer, 400, NO_PUSH, NULL);
    return NULL;
}

/* Locks the repository against a rename and the like, until git has ended. */
static rc_err_t *lock_repo(rc_locks_t *locks, rc_face_git_call_t *call)
{
    rc_err_t *err;

    RC_TRY(rc_actor_open(&call->actor));
    err = rc_face_lock(locks, call->answer, &call->actor, call->repo);
    rc_actor_close(&call->actor);
    return err;
}

static rc_err_t *start_git(push_t *push)
{
    rc_face_git_call_t *call = push->call;
    const rc_wire_program_t program = {
        .service = RC_RECEIVE_PACK,
        .version = call->version,
        .path = call->path,
        .home = call->request->env->work_dir,
        .max_input = call->settings->push_max,
        .max_memory = call->settings->memory,
        .deadline = rc_clock() + call->settings->timeout,
    };
    rc_relay_t relay = {.ended = program_ended, .ended_baton = push};
    rc_locks_t locks;

    RC_TRY(rc_face_place(call->request, &call->actor.work, false, call->pool));
    RC_TRY(lock_repo(&locks, call));
    if (call->answer->status != 200)
        return NULL;
    push->body.from = call->request->body;
    push->body.request = &push->request;
    push->body.allow = allow;
    push->body.baton = push;
    relay.body = rc_push_body(&push->body, call->pool);
    rc_wire_program(&relay.proc, &program, call->pool);
    relay.proc.keep = locks.fd;
    rc_push_report_begin(&push->report, &push->request);
    RC_TRY(rc_relay_start(&push->git, &relay, call->pool));
    push->stream = (rc_stream_t){.next = next_answer, .close = close_answer, .baton = push};
    call->answer->stream = &push->stream;
    return NULL;
}

rc_err_t *rc_face_git_push(rc_face_git_call_t *call)
{
    push_t *push = apr_pcalloc(call->pool, sizeof(*push));

    push->call = call;
    push->body.checked = rc_clock(); /* access.c has just done so */
    rc_actor_close(&call->actor);    /* hold no connection while the client sends */
    if (!rc_face_git_body(call, UNLIMITED))
        return NULL;
    RC_TRY(read_commands(push));
    if (call->answer->status != 200)
        return NULL;
    rc_face_git_headers(call, "result");
    if (!push->request.commands->nelts) /* git asks whether it may push, before it sends much */
        return NULL;
    push->end = rc_spool_create(call->request->env->config->temp_dir, call->answer->pool);
    return start_git(push);
}
