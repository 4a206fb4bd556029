// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a body to a program and reads its output in turn, in one thread, so that the program and a
 * client that sends and reads at the same time cannot block each other. Memory is one buffer. A
 * client that sends all of its body before it reads blocks only a program that writes more than
 * buffer and pipe can hold.
 */
#include "base/relay.h"

#define BUFFER    ((apr_size_t)64 * 1024)
#define LONG_WAIT apr_time_from_sec(1)

typedef struct relay_t {
    rc_relay_t relay;
    rc_child_t *child;
    apr_pool_t *pool;
    rc_stream_t stream;
    bool over;        /* the program has ended */
    bool fed;         /* it has all its input, or closed it */
    const char *data; /* bytes of the body that are not written yet */
    apr_size_t len;
    apr_size_t held; /* bytes of output in buffer */
    char buffer[BUFFER];
} relay_t;

static bool client_is_there(void *baton)
{
    const relay_t *state = baton;

    return !state->relay.gone || !state->relay.gone(state->relay.gone_baton);
}

static rc_err_t *end_child(relay_t *state, bool at_once)
{
    rc_proc_result_t result;
    rc_err_t *err, *verdict = NULL;

    if (state->over)
        return NULL;
    state->over = true;
    err = rc_child_end(&result, state->child, at_once, state->pool);
    if (!err)
        err = rc_proc_judge(&result, state->relay.proc.argv[0], !state->relay.ended, state->pool);
    if (state->relay.ended)
        verdict = state->relay.ended(state->relay.ended_baton, &result, state->pool);
    return err ? err : verdict;
}

/* Kills the program and returns @a err. */
static rc_err_t *give_up(relay_t *state, rc_err_t *err)
{
    end_child(state, true);
    return err;
}

/* Reads more of the body into state->data; false when there is none now. */
static bool fetch(rc_err_t **err, relay_t *state)
{
    rc_body_state_t got = rc_body_read(state->relay.body, &state->data, &state->len, false);

    *err = NULL;
    if (got == RC_BODY_MORE)
        return true;
    if (got == RC_BODY_LATER)
        return false;
    if (got == RC_BODY_END) {
        state->fed = true;
        rc_child_end_input(state->child);
        return false;
    }
    *err = rc_body_error(got, state->pool);
    return false;
}

/* Writes to the program what the client has sent, as far as neither blocks. */
static rc_err_t *feed(relay_t *state)
{
    rc_err_t *err;

    while (!state->fed) {
        apr_size_t taken;
        rc_child_io_t io;

        if (!state->len && !fetch(&err, state))
            return err;
        io = rc_child_write(&taken, state->child, state->data, state->len);
        state->data += taken;
        state->len -= taken;
        if (io == RC_CHILD_LATER)
            return NULL;
        if (io == RC_CHILD_BROKEN)
            return rc_err_internal(state->pool, APR_SUCCESS, "cannot write to a program");
        if (io == RC_CHILD_CLOSED) { /* it closed its input: its exit status decides */
            state->fed = true;
            state->len = 0;
        }
    }
    return NULL;
}

/* Fills the buffer with the output that is available. */
static rc_child_io_t read_output(relay_t *state)
{
    rc_child_io_t io = RC_CHILD_MOVED;
    apr_size_t got;

    while (io == RC_CHILD_MOVED && state->held < BUFFER) {
        io = rc_child_read(&got, state->child, state->buffer + state->held, BUFFER - state->held);
        state->held += got;
    }
    return io;
}

/* Waits until the client or the program can continue; false when the program must end. */
static bool wait_for_both(relay_t *state)
{
    bool hungry = !state->fed && !state->len; /* needs bytes of the client */
    int fd = hungry ? rc_body_fd(state->relay.body) : -1;
    bool blind = hungry && fd < 0; /* the body cannot be waited for */
    rc_child_wait_t wait = {.output = state->held<BUFFER, .input = state->len> 0,
                            .readable = fd,
                            .writable = state->stream.unsent,
                            .longest = blind ? rc_body_pause(state->relay.body) : LONG_WAIT};

    return rc_child_wait(state->child, &wait);
}

/* Returns whether output is to be sent. While the client has not taken earlier output, it waits in
 * the buffer, and then in the program's pipe: a server that waits for the client would read no more
 * of the body. A program that has ended, or closed its output, needs no body. */
static bool has_output(const relay_t *state, rc_child_io_t io)
{
    return state->held &&
           (!state->stream.unsent || io == RC_CHILD_CLOSED || rc_child_has_ended(state->child));
}

static void give_output(rc_piece_t *piece, relay_t *state, bool flush)
{
    piece->data = state->buffer;
    piece->len = state->held;
    piece->flush = flush;
    state->held = 0;
}

static rc_err_t *next_piece(rc_piece_t *piece, void *baton)
{
    relay_t *state = baton;
    bool go_on = rc_child_wait(state->child, &(rc_child_wait_t){0});
    rc_child_io_t io;
    rc_err_t *err;

    for (; go_on && !piece->later; go_on = wait_for_both(state)) {
        io = read_output(state);
        if (has_output(state, io)) {
            give_output(piece, state, io == RC_CHILD_LATER);
            return NULL;
        }
        if (io == RC_CHILD_CLOSED)
            return end_child(state, false);
        if (io == RC_CHILD_BROKEN)
            return give_up(state,
                           rc_err_internal(state->pool, APR_SUCCESS, "cannot read from a program"));
        if ((err = feed(state)))
            return give_up(state, err);
        piece->later = state->stream.unsent;
        piece->active = !state->fed;
    }
    return go_on ? NULL : end_child(state, true);
}

static void close_stream(void *baton)
{
    end_child(baton, true);
}

rc_err_t *rc_relay_start(rc_stream_t **stream, const rc_relay_t *relay, apr_pool_t *pool)
{
    relay_t *state = apr_pcalloc(pool, sizeof(*state));

    state->relay = *relay;
    state->pool = pool;
    state->fed = !relay->body;
    state->relay.proc.check = client_is_there;
    state->relay.proc.baton = state;
    state->stream = (rc_stream_t){.next = next_piece, .close = close_stream, .baton = state};
    RC_TRY(rc_child_start(&state->child, &state->relay.proc, pool));
    if (state->fed)
        rc_child_end_input(state->child);
    *stream = &state->stream;
    return NULL;
}
