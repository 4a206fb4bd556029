// SPDX-License-Identifier: Apache-2.0
/*
 * Tests how revlogs of Mercurial are read: all forms of chunks and chains, what must be rejected,
 * and that damage of any kind ends in an error, never in a wrong text.
 */
#include "unit.h"

#include "hg_revlog_writer.h"

#define ROUNDS 3000

static rc_vcs_t vcs;
static rc_hg_codec_t *codec;

/* Returns a delta that replaces the bytes from @a start to @a end. */
static const char *delta(apr_size_t *len, unsigned start, unsigned end, const char *with)
{
    char *out = apr_palloc(pool, 12 + strlen(with));

    put_number(out, start, 4);
    put_number(out + 4, end, 4);
    put_number(out + 8, strlen(with), 4);
    memcpy(out + 12, with, strlen(with));
    *len = 12 + strlen(with);
    return out;
}

static rc_hg_revlog_t *opened(const made_revlog_t *made, rc_err_t **err, apr_pool_t *p)
{
    rc_hg_revlog_t *log;

    vcs.pool = p;
    write_bytes(in_dir("log.i"), made->index, made->index_len);
    write_bytes(in_dir("log.d"), made->data, made->data_len);
    *err = rc_hg_revlog_open(&log, &vcs, codec, in_dir("log.i"), in_dir("log.d"), p);
    return log;
}

/* Four revisions of one text, in all packings; the third one is a delta of a delta. */
static const char *const texts[] = {"one\ntwo\nthree\n", "one\n2\nthree\n", "one\n2\nthree\nfour\n",
                                    "", "\0binary"};

static void make_history(made_revlog_t *made, unsigned format, packing_t packing)
{
    apr_size_t lens[2];
    const char *deltas[] = {delta(&lens[0], 4, 8, "2\n"), delta(&lens[1], 12, 12, "four\n")};

    memset(made, 0, sizeof(*made));
    made->format = format;
    add_row(made, codec, &(made_row_t){texts[0], NULL, 0, packing, 0, {-1, -1}, 0, 0});
    add_row(made, codec, &(made_row_t){texts[1], deltas[0], lens[0], packing, 0, {0, -1}, 0, 0});
    add_row(made, codec,
            &(made_row_t){
                texts[2], deltas[1], lens[1], packing, format & GENERAL ? 1 : 0, {1, 0}, 0, 0});
    add_row(made, codec, &(made_row_t){texts[3], NULL, 0, STORED, 3, {2, -1}, 0, 0});
}

static void all_forms(void **unused)
{
    static const unsigned formats[] = {0, TOGETHER, GENERAL, TOGETHER | GENERAL};
    made_revlog_t *made = apr_palloc(pool, sizeof(*made));
    rc_hg_revlog_t *log;
    rc_hg_text_t text;
    rc_err_t *err;
    size_t f;
    int rev;

    (void)unused;
    for (f = 0; f < ROWS(formats) * 3; f++) {
        make_history(made, formats[f / 3], (packing_t)(f % 3 + 1));
        log = opened(made, &err, pool);
        ASSERT_OK(err);
        assert_int_equal(log->count, 4);
        for (rev = 0; rev < 4; rev++) {
            ASSERT_OK(rc_hg_read_text(&text, &vcs, log, rev, pool));
            assert_string_equal(text.data, texts[rev]);
            assert_int_equal(rc_hg_find_node(log, made->nodes[rev], 3 - rev), rev);
        }
        assert_int_equal(rc_hg_find_node(log, rc_hg_null_node, 0), -1);
    }
}

static void known_texts(void **unused)
{
    made_revlog_t *made = apr_palloc(pool, sizeof(*made));
    rc_hg_revlog_t *log;
    rc_hg_text_t text;
    rc_err_t *err;

    (void)unused;
    make_history(made, GENERAL, ZLIB);
    memset(made->data, 0xff, 10); /* the whole text is lost */
    log = opened(made, &err, pool);
    ASSERT_OK(err);
    assert_non_null(rc_hg_read_text(&text, &vcs, log, 2, pool));
    log->known[1] = (rc_hg_known_t){1, {texts[1], strlen(texts[1])}};
    ASSERT_OK(rc_hg_read_text(&text, &vcs, log, 2, pool));
    assert_string_equal(text.data, texts[2]);
}

/* A last row that a writer has not finished is ignored; a missing file is an empty revlog. */
static void unfinished(void **unused)
{
    made_revlog_t *made = apr_palloc(pool, sizeof(*made));
    rc_hg_revlog_t *log;
    rc_err_t *err;

    (void)unused;
    make_history(made, TOGETHER | GENERAL, ZSTD);
    made->index_len -= RC_HG_ROW + 1;
    log = opened(made, &err, pool);
    ASSERT_OK(err);
    assert_int_equal(log->count, 2);
    ASSERT_OK(rc_hg_revlog_open(&log, &vcs, codec, in_dir("none.i"), in_dir("none.d"), pool));
    assert_int_equal(log->count, 0);
    made->index_len = 5;
    log = opened(made, &err, pool);
    ASSERT_OK(err);
    assert_int_equal(log->count, 0);
}

typedef struct wrong_t {
    int at; /* byte of the index */
    int bytes;
    long long value;
    const char *why; /* part of the error */
} wrong_t;

static void rejected(void **unused)
{
    static const wrong_t wrongs[] = {
        {0, 4, 0, "unknown format 0"}, /* revlog 0 */
        {0, 4, 2, "unknown format 2"},
        {0, 4, 0x50001, "unknown format 50001"},
        {64 + 12, 4, -1, "damaged in row 1"}, /* size */
        {64 + 8, 4, -1, "damaged in row 1"},  /* bytes of the chunk */
        {128 + 16, 4, 3, "damaged in row 2"}, /* base */
        {128 + 24, 4, 2, "damaged in row 2"}, /* parent */
        {128 + 28, 4, -2, "damaged in row 2"},
        {128 + 6, 2, 0x8000, "has the flags 8000"}, /* censored */
        {128 + 6, 2, 0x2000, "has the flags 2000"}, /* stored elsewhere */
        {128 + 12, 4, 0x7fffffff, "has a damaged delta"},
        {128 + 12, 4, 3, "has a damaged delta"},
        {128 + 32, 1, 0x55, "does not have its node id"},
        {128 + 24, 4, 0, "does not have its node id"},
        {128 + 1, 4, 0x7fffffff, "lacks its data"},
        {12, 4, 13, "has a damaged delta"},
    };
    made_revlog_t *made = apr_palloc(pool, sizeof(*made));
    rc_hg_revlog_t *log;
    rc_hg_text_t text;
    rc_err_t *err;
    size_t i;

    (void)unused;
    for (i = 0; i < ROWS(wrongs); i++) {
        make_history(made, GENERAL, ZLIB);
        put_number(made->index + wrongs[i].at, (unsigned long long)wrongs[i].value,
                   wrongs[i].bytes);
        log = opened(made, &err, pool);
        if (!err)
            err = rc_hg_read_text(&text, &vcs, log, 2, pool);
        assert_non_null(err);
        if (!strstr(rc_err_log_text(err, pool), wrongs[i].why))
            fail_msg("%s: not %s", rc_err_log_text(err, pool), wrongs[i].why);
    }
}

/* A small chunk that expands to more than its text. */
static void bombs(void **unused)
{
    made_revlog_t *made = apr_pcalloc(pool, sizeof(*made));
    char *zeros = apr_pcalloc(pool, 1 << 19);
    rc_hg_revlog_t *log;
    rc_hg_text_t text;
    rc_err_t *err;
    packing_t packing;

    (void)unused;
    for (packing = ZLIB; packing <= ZSTD; packing++) {
        memset(made, 0, sizeof(*made));
        add_row(made, codec, &(made_row_t){"x", zeros, 1 << 19, packing, 0, {-1, -1}, 0, 0});
        log = opened(made, &err, pool);
        ASSERT_OK(err);
        err = rc_hg_read_text(&text, &vcs, log, 0, pool);
        assert_non_null(err);
        assert_non_null(strstr(rc_err_log_text(err, pool), "cannot be expanded"));
    }
}

static unsigned roll(unsigned n)
{
    static unsigned long long state = 1;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

/* Changes some bytes at random: a text that is read is right. */
static void damage(void **unused)
{
    static const unsigned formats[] = {TOGETHER | GENERAL, GENERAL, TOGETHER};
    made_revlog_t *made = apr_palloc(pool, sizeof(*made));
    int round, n, rev, errors = 0, right = 0;
    apr_pool_t *scratch;

    (void)unused;
    apr_pool_create(&scratch, pool);
    for (round = 0; round < ROUNDS; round++) {
        rc_hg_revlog_t *log;
        rc_hg_text_t text;
        rc_err_t *err;

        apr_pool_clear(scratch);
        make_history(made, formats[round % 3], (packing_t)(round % 4));
        for (n = (int)roll(3); n >= 0; n--) {
            bool data = made->data_len && !(made->format & TOGETHER) && roll(2);

            (data ? made->data
                  : made->index)[roll((unsigned)(data ? made->data_len : made->index_len))] ^=
                (char)(1u << roll(8));
        }
        log = opened(made, &err, scratch);
        for (rev = 0; !err && rev < log->count; rev++) {
            bool read = !rc_hg_read_text(&text, &vcs, log, rev, scratch);

            errors += !read;
            right += read;
            if (read)
                assert_true(rev < 4 && !strcmp(text.data, texts[rev]));
        }
    }
    assert_true(errors > ROUNDS / 4 && right > ROUNDS / 4);
    apr_pool_destroy(scratch);
}

static int begin_with_codec(void **state)
{
    int failed = unit_begin(state);

    if (!failed)
        codec = rc_hg_codec_create(pool);
    return failed || !codec;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_forms),  cmocka_unit_test(known_texts),
                                       cmocka_unit_test(unfinished), cmocka_unit_test(rejected),
                                       cmocka_unit_test(bombs),      cmocka_unit_test(damage)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin_with_codec, unit_end);
}
