// SPDX-License-Identifier: Apache-2.0
/* Tests programs that get a body which cannot be waited for. */
#include "unit.h"

#include "base/relay.h"
#include "base/time.h"

#define PIECES 500
#define PAUSE  apr_time_from_msec(300)

/* A source whose bytes are there at every second look, after a pause. */
typedef struct fake_t {
    int pieces, looks;
    apr_time_t pause; /* until when nothing comes */
} fake_t;

static rc_body_state_t fake_read(void *baton, const char **data, apr_size_t *len, bool wait)
{
    fake_t *fake = baton;

    (void)wait;
    fake->looks++;
    if (rc_clock() < fake->pause || fake->looks % 2)
        return RC_BODY_LATER;
    if (!fake->pieces)
        return RC_BODY_END;
    fake->pieces--;
    *data = "x";
    *len = 1;
    return RC_BODY_MORE;
}

/* Gives the body to wc; returns what it prints. */
static const char *count(fake_t *fake)
{
    static const char *const env[] = {"PATH=" RC_PROC_PATH, NULL};
    const char *argv[] = {"wc", "-c", NULL};
    const rc_body_source_t source = {
        .read = fake_read, .baton = fake, .fd = -1, .sent = true, .announced = -1};
    rc_relay_t relay = {.proc = {.argv = argv, .env = env, .dir = "/"}};
    const char *out = "";
    rc_stream_t *stream;
    rc_piece_t piece;

    relay.proc.deadline = rc_clock() + patience(60);
    relay.body = rc_body_create(&source, pool);
    assert_null(rc_relay_start(&stream, &relay, pool));
    do {
        piece = (rc_piece_t){NULL};
        assert_null(stream->next(&piece, stream->baton));
        out = apr_pstrcat(pool, out, apr_pstrmemdup(pool, piece.data, piece.len), NULL);
    } while (piece.len || piece.later);
    stream->close(stream->baton);
    return out;
}

/* A pause of 20 ms after each piece would take 10 seconds. */
static void flowing_body(void **state)
{
    fake_t fake = {.pieces = PIECES};
    apr_time_t begin = rc_clock();

    (void)state;
    assert_string_equal(count(&fake), apr_psprintf(pool, "%d\n", PIECES));
    assert_true(rc_clock() - begin < patience(5));
}

static void pausing_body(void **state)
{
    fake_t fake = {.pause = rc_clock() + PAUSE};

    (void)state;
    assert_string_equal(count(&fake), "0\n");
    assert_in_range(fake.looks, 1, 30); /* five that come closer together, then one in 20 ms */
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(flowing_body),
                                          cmocka_unit_test(pausing_body)};

UNIT_MAIN(tests)
