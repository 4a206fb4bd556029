// SPDX-License-Identifier: Apache-2.0
/*
 * Passes the body of a push on and holds its last bytes back.
 */
#include "push_body.h"

#include <string.h>

#include "base/time.h"

#define CHECK_EVERY apr_time_from_sec(1)

/* Hands out what is held beyond the last RC_PUSH_HELD bytes of all that has come. */
static void give_held(rc_push_body_t *push, const char **data, apr_size_t *len)
{
    apr_size_t surplus = push->held_len + push->piece_len - RC_PUSH_HELD;

    *len = surplus < push->held_len ? surplus : push->held_len;
    memcpy(push->out, push->held, *len);
    *data = push->out;
    push->held_len -= *len;
    memmove(push->held, push->held + *len, push->held_len);
}

/* Hands out the piece but for its end, which is held. */
static void give_piece(rc_push_body_t *push, const char **data, apr_size_t *len)
{
    *data = push->piece;
    *len = push->piece_len - RC_PUSH_HELD;
    memcpy(push->held, push->piece + *len, RC_PUSH_HELD);
    push->held_len = RC_PUSH_HELD;
    push->piece_len = 0;
}

/* Hands out bytes that need not be held. Returns whether there were some. */
static bool give_bytes(rc_push_body_t *push, const char **data, apr_size_t *len)
{
    if (push->held_len + push->piece_len <= RC_PUSH_HELD) {
        memcpy(push->held + push->held_len, push->piece, push->piece_len);
        push->held_len += push->piece_len;
        push->piece_len = 0;
        return false;
    }
    if (push->held_len)
        give_held(push, data, len);
    else
        give_piece(push, data, len);
    return true;
}

/* Returns whether the push is still allowed. */
static bool check_again(rc_push_body_t *push)
{
    apr_time_t now = rc_clock();
    bool due = now - push->checked > CHECK_EVERY;

    if (due)
        push->checked = now;
    push->over = due && !push->allow(push->baton);
    return !push->over;
}

/* Ends the body, with its last bytes if that is allowed. */
static rc_body_state_t end_body(rc_push_body_t *push, const char **data, apr_size_t *len)
{
    push->over = true;
    push->complete = push->failed == RC_BODY_MORE && push->allow(push->baton);
    if (!push->complete || !push->held_len)
        return RC_BODY_END;
    *data = push->held;
    *len = push->held_len;
    return RC_BODY_MORE;
}

/* Takes the next piece: the commands, what was read behind them, then what the client sends. */
static rc_body_state_t take_piece(rc_push_body_t *push, bool wait)
{
    if (push->given == 2)
        return rc_body_read(push->from, &push->piece, &push->piece_len, wait);
    push->piece = push->given ? push->request->rest : push->request->head;
    push->piece_len = push->given ? push->request->rest_len : push->request->head_len;
    push->given++;
    return RC_BODY_MORE;
}

static rc_body_state_t read_on(void *baton, const char **data, apr_size_t *len, bool wait)
{
    rc_push_body_t *push = baton;
    rc_body_state_t state;

    if (push->over)
        return RC_BODY_END;
    for (;;) {
        if (push->piece_len && !check_again(push))
            return RC_BODY_END;
        if (push->piece_len && give_bytes(push, data, len))
            return RC_BODY_MORE;
        state = take_piece(push, wait);
        if (state == RC_BODY_LATER)
            return RC_BODY_LATER;
        if (state == RC_BODY_MORE)
            continue;
        if (state != RC_BODY_END)
            push->failed = state;
        return end_body(push, data, len);
    }
}

rc_body_t *rc_push_body(rc_push_body_t *push, apr_pool_t *pool)
{
    const rc_body_source_t source = {
        .read = read_on,
        .baton = push,
        .fd = rc_body_fd(push->from),
        .sent = true,
        .announced = -1,
    };

    push->failed = RC_BODY_MORE;
    return rc_body_create(&source, pool);
}
