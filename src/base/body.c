// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the body of a request from its source, within the limit and the deadline.
 */
#include "base/body.h"

#include <poll.h>
#include <string.h>

#include "base/time.h"
#include "inflate.h"

#define FIRST_SIZE ((apr_size_t)8 * 1024)
#define MOST_PAUSE apr_time_from_msec(20)  /* between reads, when there is no descriptor */
#define LOOK_EVERY apr_time_from_msec(250) /* buffered bytes do not make it readable */

struct rc_body_t {
    rc_body_source_t source;
    apr_pool_t *pool;
    rc_body_state_t state;
    apr_off_t taken, limit;    /* in bytes as sent; limit -1: none */
    apr_time_t deadline;       /* 0: none */
    apr_time_t hungry;         /* since when no byte has come; 0: the last read had some */
    apr_interval_time_t pause; /* the next one of rc_body_pause */
    rc_inflate_t *inflate;     /* NULL: the body is not inflated */
};

rc_body_t *rc_body_create(const rc_body_source_t *source, apr_pool_t *pool)
{
    rc_body_t *body = apr_pcalloc(pool, sizeof(*body));

    body->source = *source;
    body->pool = pool;
    body->limit = -1;
    body->state = source->sent ? RC_BODY_LATER : RC_BODY_END;
    return body;
}

void rc_body_set_limit(rc_body_t *body, apr_off_t max)
{
    body->limit = max;
    if (body->source.announced > max && body->state == RC_BODY_LATER)
        body->state = RC_BODY_TOO_LARGE;
}

void rc_body_set_deadline(rc_body_t *body, apr_time_t deadline)
{
    body->deadline = deadline;
}

bool rc_body_inflate(rc_body_t *body, apr_off_t max)
{
    const char *encoding = body->source.encoding;

    if (!encoding || !*encoding || !strcasecmp(encoding, "identity")) {
        if (body->limit < 0 || max < body->limit)
            rc_body_set_limit(body, max);
        return true;
    }
    if (strcasecmp(encoding, "gzip") && strcasecmp(encoding, "x-gzip"))
        return false;
    body->inflate = rc_inflate_create(max, body->pool);
    return true;
}

static bool is_final(rc_body_state_t state)
{
    return state != RC_BODY_MORE && state != RC_BODY_LATER;
}

apr_interval_time_t rc_body_pause(rc_body_t *body)
{
    apr_interval_time_t pause = body->pause, next = 2 * pause + apr_time_from_msec(1);

    body->pause = next < MOST_PAUSE ? next : MOST_PAUSE;
    return pause;
}

/* Sleeps until there may be more bytes. Returns false when the deadline has passed. */
static bool rest(rc_body_t *body)
{
    struct pollfd at = {.fd = body->source.fd, .events = POLLIN};
    apr_interval_time_t left = body->deadline - rc_clock();
    apr_interval_time_t longest = body->source.fd < 0 ? rc_body_pause(body) : LOOK_EVERY;

    if (left <= 0)
        return false;
    if (longest > 0)
        poll(&at, 1, (int)apr_time_as_msec(left < longest ? left : longest) + 1);
    return true;
}

/* For a read without bytes: returns whether the deadline or the idle time has passed. */
static bool is_late(rc_body_t *body)
{
    apr_time_t now = rc_clock();

    if (!body->hungry)
        body->hungry = now;
    return (body->deadline && now >= body->deadline) ||
           (body->source.idle && now - body->hungry > body->source.idle);
}

/* Reads from the source; it may block in there only when there is no deadline. */
static rc_body_state_t take(rc_body_t *body, const char **data, apr_size_t *len, bool wait)
{
    bool block = wait && !body->deadline;
    rc_body_state_t state;

    do
        state = body->source.read(body->source.baton, data, len, block);
    while (state == RC_BODY_LATER && wait && rest(body));
    if (state == RC_BODY_LATER && is_late(body))
        return RC_BODY_LATE;
    if (state != RC_BODY_MORE)
        return state;
    body->hungry = 0;
    body->pause = 0;
    body->taken += (apr_off_t)*len;
    return body->limit >= 0 && body->taken > body->limit ? RC_BODY_TOO_LARGE : RC_BODY_MORE;
}

/* Reads until there are inflated bytes. */
static rc_body_state_t take_inflated(rc_body_t *body, const char **data, apr_size_t *len, bool wait)
{
    rc_body_state_t state;

    for (;;) {
        const char *packed;
        apr_size_t packed_len;

        if ((state = rc_inflate_next(data, len, body->inflate)) != RC_BODY_LATER)
            return state;
        state = take(body, &packed, &packed_len, wait);
        if (state == RC_BODY_END)
            return rc_inflate_end(body->inflate);
        if (state != RC_BODY_MORE)
            return state;
        rc_inflate_give(body->inflate, packed, packed_len);
    }
}

rc_body_state_t rc_body_read(rc_body_t *body, const char **data, apr_size_t *len, bool wait)
{
    *data = NULL;
    *len = 0;
    if (!is_final(body->state))
        body->state =
            body->inflate ? take_inflated(body, data, len, wait) : take(body, data, len, wait);
    return body->state;
}

rc_body_state_t rc_body_state(const rc_body_t *body)
{
    return body->state;
}

int rc_body_fd(const rc_body_t *body)
{
    return body->source.fd;
}

apr_off_t rc_body_left(const rc_body_t *body)
{
    const rc_body_source_t *source = &body->source;

    if (!source->sent || body->state == RC_BODY_END)
        return 0;
    if (source->announced < 0)
        return -1;
    return source->announced - (body->state == RC_BODY_TOO_LARGE ? body->limit : body->taken);
}

rc_body_state_t rc_body_whole(const char **out, apr_size_t *total, rc_body_t *body,
                              apr_pool_t *pool)
{
    apr_size_t size = FIRST_SIZE, used = 0, len;
    rc_body_state_t state;
    const char *data;
    char *buf;

    *out = NULL;
    *total = 0;
    if (!body->source.sent || is_final(body->state))
        return body->state;
    buf = apr_palloc(pool, size);
    while ((state = rc_body_read(body, &data, &len, true)) == RC_BODY_MORE) {
        if (used + len + 1 > size) {
            char *old = buf;

            while (used + len + 1 > size)
                size *= 2;
            buf = apr_palloc(pool, size);
            memcpy(buf, old, used);
        }
        memcpy(buf + used, data, len);
        used += len;
    }
    buf[used] = '\0';
    *out = buf;
    *total = used;
    return state;
}

void rc_body_drain(rc_body_t *body, apr_time_t until)
{
    const char *data;
    apr_size_t len;

    body->inflate = NULL;
    rc_body_set_deadline(body, until); /* of a read without bytes */
    while (rc_clock() < until && rc_body_read(body, &data, &len, true) == RC_BODY_MORE)
        ;
}

rc_err_t *rc_body_error(rc_body_state_t state, apr_pool_t *pool)
{
    switch (state) {
    case RC_BODY_TOO_LARGE:
        return rc_err(pool, RC_E_LIMIT, "the request's body is too large");
    case RC_BODY_MALFORMED:
        return rc_err(pool, RC_E_ARG, "the request's body is malformed");
    case RC_BODY_LATE:
        return rc_err(pool, RC_E_GONE, "the request's body did not come in time");
    default:
        return rc_err(pool, RC_E_GONE, "the client has left");
    }
}
