// SPDX-License-Identifier: Apache-2.0
/* Tests bodies of requests: limits, deadlines, gzip, and bytes that arrive one by one. */
#include "unit.h"

#include <zlib.h>

#include "base/body.h"
#include "base/time.h"

/* A source that yields `step` bytes at a time, and nothing at every second call. */
typedef struct fake_t {
    const char *data;
    apr_size_t len, step;
    bool stutters, now;
    rc_body_state_t last; /* the state after the data; LATER: it never ends */
} fake_t;

static rc_body_state_t fake_read(void *baton, const char **data, apr_size_t *len, bool wait)
{
    fake_t *fake = baton;

    fake->now = !fake->now;
    if (fake->stutters && fake->now && !wait)
        return RC_BODY_LATER;
    if (!fake->len)
        return fake->last;
    *data = fake->data;
    *len = fake->step < fake->len ? fake->step : fake->len;
    fake->data += *len;
    fake->len -= *len;
    return RC_BODY_MORE;
}

static rc_body_t *body_of(fake_t *fake, const char *encoding)
{
    rc_body_source_t source = {.read = fake_read, .fd = -1, .sent = true, .announced = -1};

    source.baton = fake;
    source.encoding = encoding;
    return rc_body_create(&source, pool);
}

static apr_size_t pack(char *out, apr_size_t size, const char *text, apr_size_t len)
{
    z_stream z = {0};

    deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
    z.next_in = (const Bytef *)text;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static void whole(void **state)
{
    static const apr_size_t steps[] = {1, 7, 8191, 8192, 100000};
    char *text = apr_palloc(pool, 20001);
    apr_size_t i, len;
    const char *data;

    (void)state;
    memset(text, 'a', 20000);
    text[20000] = '\0';
    for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        fake_t fake = {text, 20000, steps[i], false, false, RC_BODY_END};
        rc_body_t *body = body_of(&fake, NULL);

        rc_body_set_limit(body, 20000);
        assert_int_equal(rc_body_whole(&data, &len, body, pool), RC_BODY_END);
        assert_int_equal(len, 20000);
        assert_string_equal(data, text);
    }
}

static void limits(void **state)
{
    fake_t fake = {"0123456789", 10, 3, false, false, RC_BODY_END};
    rc_body_t *body = body_of(&fake, NULL);
    rc_body_source_t source = {.read = fake_read, .fd = -1, .sent = true, .announced = 10};
    const char *data;
    apr_size_t len;

    (void)state;
    rc_body_set_limit(body, 9);
    assert_int_equal(rc_body_whole(&data, &len, body, pool), RC_BODY_TOO_LARGE);
    assert_int_equal(rc_body_error(rc_body_state(body), pool)->kind, RC_E_LIMIT);
    body = rc_body_create(
        &source, pool); /* the length is announced, so nothing is read (there is no baton) */
    rc_body_set_limit(body, 9);
    assert_int_equal(rc_body_whole(&data, &len, body, pool), RC_BODY_TOO_LARGE);
    assert_int_equal(rc_body_left(body), 1);
}

static void nothing_sent(void **state)
{
    rc_body_source_t source = {.read = fake_read, .fd = -1, .announced = -1};
    rc_body_t *body = rc_body_create(&source, pool);
    const char *data;
    apr_size_t len;

    (void)state;
    assert_int_equal(rc_body_whole(&data, &len, body, pool), RC_BODY_END);
    assert_null(data);
    assert_int_equal(rc_body_left(body), 0);
}

static void deadline(void **state)
{
    fake_t fake = {"abc", 3, 1, true, false, RC_BODY_LATER};
    rc_body_t *body = body_of(&fake, NULL);
    const char *data;
    apr_size_t len;

    (void)state;
    rc_body_set_deadline(body, rc_clock() + patience(0.6));
    assert_int_equal(rc_body_whole(&data, &len, body, pool), RC_BODY_LATE);
    assert_int_equal(len, 3);
}

/* Without a descriptor: no pause while bytes come; longer and longer ones, up to a limit, while
 * none come. */
static void pauses(void **state)
{
    fake_t fake = {"abc", 3, 1, true, false, RC_BODY_LATER};
    rc_body_t *body = body_of(&fake, NULL);
    apr_interval_time_t pause, last = 0;
    const char *data;
    apr_size_t len;
    int i;

    (void)state;
    assert_int_equal(rc_body_pause(body), 0);
    for (i = 0; i < 20; i++, last = pause) {
        pause = rc_body_pause(body);
        assert_true(pause > last || (i > 3 && pause == last));
    }
    assert_int_equal(last, apr_time_from_msec(20));
    assert_int_equal(rc_body_read(body, &data, &len, false), RC_BODY_LATER);
    assert_int_equal(rc_body_pause(body), last);
    assert_int_equal(rc_body_read(body, &data, &len, false), RC_BODY_MORE);
    assert_int_equal(rc_body_pause(body), 0);
}

static void inflates(void **state)
{
    char *text = apr_pcalloc(pool, 1 << 20), packed[8192];
    apr_size_t packed_len = pack(packed, sizeof(packed), text, 1 << 20), step, len;
    const char *data;

    (void)state;
    for (step = 1; step <= packed_len; step = step * 3) {
        fake_t fake = {packed, packed_len, step, true, false, RC_BODY_END};
        rc_body_t *body = body_of(&fake, "gzip");

        assert_true(rc_body_inflate(body, 1 << 20));
        assert_int_equal(rc_body_whole(&data, &len, body, pool), RC_BODY_END);
        assert_int_equal(len, 1 << 20);
        assert_memory_equal(data, text, len);
    }
}

static void inflated_sum_is_limited(void **state)
{
    char *text = apr_pcalloc(pool, 1 << 20), packed[8192];
    fake_t fake = {packed,     pack(packed, sizeof(packed), text, 1 << 20), 99, false, false,
                   RC_BODY_END};
    rc_body_t *body = body_of(&fake, "gzip");
    const char *data;
    apr_size_t len;

    (void)state;
    rc_body_set_limit(body, 8192);
    assert_true(rc_body_inflate(body, (1 << 20) - 1));
    assert_int_equal(rc_body_whole(&data, &len, body, pool), RC_BODY_TOO_LARGE);
    assert_true(len < 1 << 20);
}

/* Bodies that are truncated, damaged, or followed by other data. */
static void malformed(void **state)
{
    char packed[100];
    apr_size_t packed_len = pack(packed, sizeof(packed), "hello", 5), len, i;
    const char *data;
    struct {
        const char *data;
        apr_size_t len;
    } rows[] = {{packed, packed_len - 1},
                {packed, 0},
                {"no gzip at all", 14},
                {apr_pstrcat(pool, "", NULL), 0},
                {NULL, packed_len + 1}};

    (void)state;
    rows[4].data = apr_pmemdup(pool, packed, packed_len + 1);
    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        fake_t fake = {rows[i].data, rows[i].len, 5, true, false, RC_BODY_END};
        rc_body_t *body = body_of(&fake, "x-gzip");

        assert_true(rc_body_inflate(body, 1000));
        assert_int_equal(rc_body_whole(&data, &len, body, pool), RC_BODY_MALFORMED);
    }
}

static void encodings(void **state)
{
    static const struct {
        const char *name;
        bool known;
    } rows[] = {{NULL, true},       {"identity", true}, {"GZIP", true},       {"x-gzip", true},
                {"deflate", false}, {"br", false},      {"gzip, gzip", false}};
    fake_t fake = {"", 0, 1, false, false, RC_BODY_END};
    apr_size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(rc_body_inflate(body_of(&fake, rows[i].name), 10), rows[i].known);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(whole),
    cmocka_unit_test(limits),
    cmocka_unit_test(nothing_sent),
    cmocka_unit_test(deadline),
    cmocka_unit_test(pauses),
    cmocka_unit_test(inflates),
    cmocka_unit_test(inflated_sum_is_limited),
    cmocka_unit_test(malformed),
    cmocka_unit_test(encodings),
};

UNIT_MAIN(tests)
