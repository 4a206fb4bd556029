// SPDX-License-Identifier: Apache-2.0
/*
 * Tests how the lines of a program that fetches are passed on.
 */
#include "unit.h"

#include "remote/hear.h"

static char *heard;

static void take(void *baton, const char *line)
{
    (void)baton;
    heard = apr_pstrcat(pool, heard, line, "|", NULL);
}

/* Passes @a text on in pieces of @a size bytes. */
static const char *hear(const char *text, size_t size)
{
    const rc_work_t work = {.progress = take};
    rc_remote_url_t *url;
    rc_hearing_t hearing = {.work = &work};
    size_t left = strlen(text);

    ASSERT_OK(rc_remote_parse(&url, "http://bob:s3crets3cret@h/x", pool));
    hearing.url = url;
    heard = "";
    for (; left > size; text += size, left -= size)
        rc_remote_hear(&hearing, text, size);
    rc_remote_hear(&hearing, text, left);
    return heard;
}

static void lines(void **state)
{
    char *longest = apr_pcalloc(pool, RC_HEARD_LINE + 3);
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"no end", ""},
        {"one\ntwo\n", "one|two|"},
        {"1% \r2%\r\n", "1%|2%|"},
        {"\r\n\n", ""},
        {"as bob:s3crets3cret\n", "as bob:*****|"},
        {"Ym9iOnMzY3JldHMzY3JldA==\r", "*****|"},
        {"\033[Kx\001\n", "?[Kx?|"},
    };
    size_t i, size;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        for (size = 1; size < 30; size++)
            assert_string_equal(hear(rows[i].text, size), rows[i].want);
    memset(longest, 'x', RC_HEARD_LINE);
    strcpy(longest + RC_HEARD_LINE, "\n");
    assert_int_equal(strlen(hear(longest, 7)), RC_HEARD_LINE + 1);
    strcpy(longest + RC_HEARD_LINE, "x\n");
    assert_string_equal(hear(longest, 7), "");
}

static void final_text(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"fatal: x\n", "fatal: x\n"},
        {"1%\r2%\nfatal: x", "fatal: x"},
        {"1%\r2%, done.  \nerror: x\nfatal: y\n", "error: x\nfatal: y\n"},
        {"1%\rfatal: x\n", "fatal: x\n"},
        {"half 1%", "half 1%"},
        {"a\r\nb", "a\r\nb"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_string_equal(rc_remote_final(rows[i].text, pool), rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(final_text)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("hear", tests, unit_begin, unit_end);
}
