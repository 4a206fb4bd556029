// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a program and returns its output from a file in pieces, or follows the request that runs it.
 * No system call reports that a file has grown, so its size is looked at in intervals.
 */
#include "base/produce.h"

#include <poll.h>
#include <signal.h>

#include "base/time.h"
#include "output.h"

#define WORTH_SENDING ((apr_off_t)64 * 1024)
#define PATIENCE      apr_time_from_msec(50) /* with less than that */
#define FIRST_LOOK    apr_time_from_msec(1)  /* the intervals grow from here */
#define LAST_LOOK     apr_time_from_msec(20) /* to here */
#define CHECK_EVERY   apr_time_from_msec(250)
#define LARGEST_PIECE ((apr_off_t)256 * 1024) /* of a file that grows */
#define RESTARTS      5

typedef struct produce_t {
    rc_produce_t ask;
    rc_stream_t stream;
    rc_output_t output;
    apr_pool_t *pool;  /* of the answer */
    apr_pool_t *work;  /* of the program, or of following; NULL: it has ended */
    rc_child_t *child; /* NULL: there is none, or it has ended */
    apr_off_t sent;
    apr_time_t last;       /* time of the last piece */
    apr_time_t next_check; /* of a follower */
    int restarts;
    bool pending; /* the output is ours since its request has left: the program is to run */
    bool waits;   /* a follower that holds a thread: counted in cache->waiting */
} produce_t;

static bool client_is_there(const produce_t *state)
{
    return !state->ask.gone || !state->ask.gone(state->ask.gone_baton);
}

static bool is_wanted(void *baton)
{
    const produce_t *state = baton;

    return client_is_there(state) || rc_output_is_followed(&state->output);
}

/* Returns the error of the program's end, without the caller's `ended`. */
static rc_err_t *judge_end(const produce_t *state, const rc_proc_result_t *result)
{
    if (!result->timed_out && !result->stopped && result->signal == SIGXFSZ)
        return rc_err(state->pool, RC_E_LIMIT, "The answer is larger than %" APR_OFF_T_FMT " bytes",
                      state->ask.max);
    return rc_proc_judge(result, state->ask.proc.argv[0], !state->ask.ended, state->pool);
}

static bool may_keep(const produce_t *state)
{
    return state->ask.name &&
           (!state->ask.lasts || state->ask.lasts(state->ask.baton, state->pool));
}

/* Tells all who read the output how it ended. Others may try what a deadline, a limit of this
 * process or a client has ended. */
static void publish(produce_t *state, const rc_err_t *err, int status)
{
    bool again = err && (err->kind == RC_E_GONE || err->kind == RC_E_BUSY);
    rc_part_state_t end = !err ? RC_PART_COMPLETE : again ? RC_PART_LEFT : RC_PART_FAILED;

    rc_output_finish(&state->output, end, !err && status == 0 && may_keep(state), state->pool);
}

static void end_work(produce_t *state)
{
    if (state->work)
        apr_pool_destroy(state->work);
    state->work = NULL;
}

/* Returns the verdict of the caller on the program's end, after what they have to say is in the
 * output. */
static rc_err_t *hear_caller(produce_t *state, const rc_proc_result_t *result)
{
    const char *more = NULL;

    if (!state->ask.ended)
        return NULL;
    RC_TRY(state->ask.ended(&more, state->ask.baton, result, state->output.size, state->pool));
    return more ? rc_output_append(&state->output, more, state->pool) : NULL;
}

/* Ends the program. Returns @a why, or else the error of its end. */
static rc_err_t *end_producer(produce_t *state, bool at_once, rc_err_t *why)
{
    rc_proc_result_t result;
    rc_err_t *err, *verdict;

    if (!state->child)
        return why;
    err = rc_child_end(&result, state->child, at_once, state->pool);
    state->child = NULL;
    if (!err)
        err = judge_end(state, &result);
    if (!err && !why)
        err = rc_output_look(&state->output, state->ask.max, state->pool);
    verdict = hear_caller(state, &result);
    if (why)
        err = why;
    else if (!err)
        err = verdict;
    publish(state, err, result.status);
    end_work(state);
    return err;
}

static rc_err_t *run_program(produce_t *state)
{
    rc_proc_t *proc = &state->ask.proc;

    if (state->ask.begin)
        RC_TRY(state->ask.begin(state->ask.baton, state->work));
    proc->out = state->output.write;
    proc->max_file =
        state->ask.max ? state->ask.max + 1 : 0; /* that byte shows that it wanted more */
    proc->check = is_wanted;
    proc->baton = state;
    return rc_child_start_given(&state->child, proc, state->work);
}

/* Opens the output: ours, that of another request, or the complete one. */
static rc_err_t *open_output(produce_t *state)
{
    RC_TRY(rc_output_open(&state->output, &state->ask, state->pool));
    apr_pool_create(&state->work, state->pool);
    state->waits = false;
    state->stream.follows = !state->output.ours && state->output.state == RC_PART_GROWS;
    return NULL;
}

/* Runs the program of our output. */
static rc_err_t *start_program(produce_t *state)
{
    rc_err_t *err = rc_err_copy(run_program(state), state->pool);

    state->pending = false;
    if (err) {
        rc_output_leave(&state->output, state->pool);
        end_work(state);
    }
    return err;
}

/* ---- following ---- */

/* The request that ran the program has left: this one runs it, or follows the next one. */
static rc_err_t *start_again(produce_t *state)
{
    if (state->sent || state->restarts++ >= RESTARTS)
        return rc_err_busy(state->pool, "%s: the request that ran it has ended",
                           state->ask.proc.argv[0]);
    end_work(state);
    rc_output_close(&state->output, state->pool);
    RC_TRY(open_output(state));
    state->pending = state->output.ours;
    state->stream.follows = !state->pending;
    return NULL;
}

/* Counts a follower that blocks. */
static rc_err_t *hold_thread(produce_t *state)
{
    bool blocks = state->stream.follows && !state->stream.at_once;
    rc_limit_t *waiting = blocks ? state->ask.cache->waiting : NULL;

    if (!waiting || state->waits || state->sent)
        return NULL;
    state->waits = true;
    return rc_err_copy(rc_limit_take(waiting, 1, state->work), state->pool);
}

/* Checks, as a follower, the request that runs the program, and whether to go on. */
static rc_err_t *check_leader(produce_t *state)
{
    const char *program = state->ask.proc.argv[0];
    apr_time_t now = rc_clock();

    if (state->output.state == RC_PART_FAILED)
        return rc_err_internal(state->pool, APR_SUCCESS, "%s: it failed in the request that ran it",
                               program);
    if (state->output.state == RC_PART_LEFT)
        return start_again(state);
    if (now >= state->ask.proc.deadline)
        return rc_err_busy(state->pool, "%s: the deadline passed in another request", program);
    if (now < state->next_check)
        return NULL;
    state->next_check = now + CHECK_EVERY;
    return client_is_there(state) ? NULL : rc_err(state->pool, RC_E_GONE, "the client has left");
}

/* ---- pieces ---- */

static void give_bytes(rc_piece_t *piece, produce_t *state)
{
    apr_off_t len = state->output.size - state->sent;
    bool grows = state->output.state == RC_PART_GROWS;

    if (grows && len > LARGEST_PIECE)
        len = LARGEST_PIECE;
    piece->file = state->output.file;
    piece->start = state->sent;
    piece->len = (apr_size_t)len;
    piece->later = false; /* set while there was nothing */
    piece->flush = grows;
    piece->last = !grows;
    state->sent += len;
    state->last = rc_clock();
}

/* Returns whether a piece is due. */
static bool is_due(const produce_t *state)
{
    apr_off_t len = state->output.size - state->sent;

    if (state->output.state == RC_PART_COMPLETE)
        return true;
    if (state->stream.unsent || len == 0)
        return false;
    return state->sent == 0 || len >= WORTH_SENDING || rc_clock() - state->last >= PATIENCE;
}

/* Looks at output and program. Returns an error when the answer ends with one. */
static rc_err_t *look(produce_t *state)
{
    bool ended = state->child && rc_child_has_ended(state->child); /* before: loses no bytes */
    rc_err_t *err = rc_output_look(&state->output, state->ask.max, state->pool);

    if (err)
        return end_producer(state, true, err);
    if (ended)
        return end_producer(state, false, NULL);
    return state->output.ours || state->output.state == RC_PART_COMPLETE ? NULL
                                                                         : check_leader(state);
}

/* Waits until it is worth to look again. */
static rc_err_t *wait_for_more(produce_t *state, apr_interval_time_t longest)
{
    int client = state->stream.unsent;
    rc_child_wait_t wait = {.writable = client, .longest = longest};
    struct pollfd at = {.fd = client > 0 ? client : -1, .events = POLLOUT};

    if (!state->child)
        poll(&at, 1, (int)apr_time_as_msec(longest));
    else if (!rc_child_wait(state->child, &wait))
        return end_producer(state, true, NULL);
    return NULL;
}

static rc_err_t *next_output(rc_piece_t *piece, void *baton)
{
    produce_t *state = baton;
    apr_interval_time_t longest = FIRST_LOOK;

    for (;;) {
        RC_TRY(hold_thread(state));
        RC_TRY(look(state));
        if (is_due(state)) {
            give_bytes(piece, state);
            return NULL;
        }
        piece->later = piece->later || state->stream.at_once;
        if (piece->later)
            return NULL;
        if (state->pending)
            RC_TRY(start_program(state));
        RC_TRY(wait_for_more(state, longest));
        piece->later = state->stream.unsent;
        if (longest < LAST_LOOK)
            longest *= 2;
    }
}

/* The client has left. While others follow, their program works on. */
static void serve_others(produce_t *state)
{
    while (state->child && rc_output_is_followed(&state->output))
        if (!look(state) && state->child)
            wait_for_more(state, CHECK_EVERY);
}

static void close_output(void *baton)
{
    produce_t *state = baton;

    state->stream.unsent = 0;
    serve_others(state);
    end_producer(state, true, NULL);
    rc_output_leave(&state->output, state->pool);
    end_work(state);
}

rc_err_t *rc_produce_start(rc_stream_t **stream, const rc_produce_t *produce, apr_pool_t *pool)
{
    produce_t *state = apr_pcalloc(pool, sizeof(*state));

    state->ask = *produce;
    state->pool = pool;
    state->stream = (rc_stream_t){.next = next_output, .close = close_output, .baton = state};
    RC_TRY(open_output(state));
    if (state->output.ours)
        RC_TRY(start_program(state));
    *stream = &state->stream;
    return NULL;
}
