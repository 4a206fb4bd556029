// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a program and returns its output from a file in pieces that grow while a client is slow. No
 * system call reports that a file has grown, so its size is looked at in intervals.
 */
#include "base/produce.h"

#include <signal.h>

#include "output.h"

#define WORTH_SENDING ((apr_off_t)64 * 1024)
#define PATIENCE      apr_time_from_msec(50) /* with less than that */
#define FIRST_LOOK    apr_time_from_msec(1)  /* the intervals grow from here */
#define LAST_LOOK     apr_time_from_msec(20) /* to here */
#define LARGEST_PIECE ((apr_off_t)1024 * 1024 * 1024)

typedef struct produce_t {
    rc_produce_t ask;
    rc_stream_t stream;
    rc_output_t output;
    apr_pool_t *pool, *work; /* of the answer; of the program */
    rc_child_t *child;       /* NULL: it has ended */
    apr_off_t sent;
    apr_time_t last; /* time of the last piece */
} produce_t;

static bool client_is_there(void *baton)
{
    const produce_t *state = baton;

    return !state->ask.gone || !state->ask.gone(state->ask.gone_baton);
}

/* Returns the error of the program's end, without the caller's `ended`. */
static rc_err_t *judge_end(const produce_t *state, const rc_proc_result_t *result)
{
    const char *program = state->ask.proc.argv[0];

    if (result->timed_out)
        return rc_err_busy(state->pool, "%s: the deadline passed: %s", program, result->text);
    if (result->stopped)
        return rc_err(state->pool, RC_E_GONE, "the client has left");
    if (result->signal == SIGXFSZ)
        return rc_err(state->pool, RC_E_LIMIT, "The answer is larger than %" APR_OFF_T_FMT " bytes",
                      state->ask.max);
    if (result->signal)
        return rc_err_internal(state->pool, APR_SUCCESS, "%s: ended by signal %d: %s", program,
                               result->signal, result->text);
    if (result->status && !state->ask.ended)
        return rc_err_internal(state->pool, APR_SUCCESS, "%s: exit status %d: %s", program,
                               result->status, result->text);
    return NULL;
}

/* Ends the program. Returns @a why, or else the error of its end. */
static rc_err_t *end_producer(produce_t *state, bool at_once, rc_err_t *why)
{
    rc_proc_result_t result;
    rc_err_t *err, *verdict = NULL;

    if (!state->child)
        return why;
    err = rc_child_end(&result, state->child, at_once, state->pool);
    state->child = NULL;
    if (!err)
        err = judge_end(state, &result);
    if (!err && !why)
        err = rc_output_measure(&state->output, state->ask.max, state->pool);
    if (state->ask.ended)
        verdict = state->ask.ended(state->ask.baton, &result, state->output.size, state->pool);
    apr_pool_destroy(state->work);
    if (why)
        return why;
    return err ? err : verdict;
}

/* Hands out all bytes that are there; none is the end. */
static void give_bytes(rc_piece_t *piece, produce_t *state)
{
    apr_off_t len = state->output.size - state->sent;

    if (len > LARGEST_PIECE)
        len = LARGEST_PIECE;
    piece->file = state->output.file;
    piece->start = state->sent;
    piece->len = (apr_size_t)len;
    piece->flush = state->child != NULL;
    state->sent += len;
    piece->last = !state->child && state->sent == state->output.size;
    state->last = rc_clock();
}

/* Returns whether a piece is due. */
static bool is_due(const produce_t *state)
{
    apr_off_t len = state->output.size - state->sent;

    if (state->stream.unsent || len == 0)
        return false;
    return state->sent == 0 || len >= WORTH_SENDING || rc_clock() - state->last >= PATIENCE;
}

static rc_err_t *next_output(rc_piece_t *piece, void *baton)
{
    produce_t *state = baton;
    rc_child_wait_t wait = {.writable = state->stream.unsent, .longest = FIRST_LOOK};
    bool ended = false;
    rc_err_t *err;

    while (state->child) {
        ended = rc_child_has_ended(state->child); /* before the look: loses no bytes */
        if ((err = rc_output_measure(&state->output, state->ask.max, state->pool)))
            return end_producer(state, true, err);
        if (ended && (err = end_producer(state, false, NULL)))
            return err;
        if (ended || is_due(state))
            break;
        if (!rc_child_wait(state->child, &wait))
            return end_producer(state, true, NULL);
        if (wait.writable) {
            piece->later = true;
            return NULL;
        }
        if (wait.longest < LAST_LOOK)
            wait.longest *= 2;
    }
    give_bytes(piece, state);
    return NULL;
}

static void close_output(void *baton)
{
    end_producer(baton, true, NULL);
}

static rc_err_t *start(produce_t *state)
{
    rc_proc_t *proc = &state->ask.proc;

    RC_TRY(rc_output_open(&state->output, &state->ask, state->pool));
    if (state->ask.begin)
        RC_TRY(state->ask.begin(state->ask.baton, state->work));
    proc->out = state->output.write;
    proc->max_file = state->ask.max;
    proc->check = client_is_there;
    proc->baton = state;
    RC_TRY(rc_child_start_given(&state->child, proc, state->work));
    rc_output_end_writing(&state->output);
    return NULL;
}

rc_err_t *rc_produce_start(rc_stream_t **stream, const rc_produce_t *produce, apr_pool_t *pool)
{
    produce_t *state = apr_pcalloc(pool, sizeof(*state));

    state->ask = *produce;
    state->pool = pool;
    apr_pool_create(&state->work, pool);
    state->stream = (rc_stream_t){next_output, close_output, state, 0};
    RC_TRY(start(state));
    *stream = &state->stream;
    return NULL;
}
