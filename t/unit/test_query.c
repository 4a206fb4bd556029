// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the parameters of query strings.
 */
#include "unit.h"

#include <sys/resource.h>

#include "base/query.h"
#include "faces/raw.h"

static void assert_text(const char *got, const char *want, const char *about)
{
    if (!want ? got != NULL : !got || strcmp(got, want))
        fail_msg("%s: got %s, not %s", about, got ? got : "(none)", want ? want : "(none)");
}

static void parameters(void **state)
{
    static const struct {
        const char *query, *name, *want;
    } rows[] = {
        {NULL, "a", NULL},         {"", "a", NULL},           {"a=1", "a", "1"},
        {"b=2&a=1", "a", "1"},     {"b=2;a=1", "a", "1"},     {"a", "a", ""},
        {"a=", "a", ""},           {"a=&a=2", "a", "2"},      {"a=1&a=2", "a", "1"},
        {"ab=1", "a", NULL},       {"%61=1", "a", "1"},       {"a=1+2%2B3", "a", "1 2+3"},
        {"a=%zz%4", "a", "%zz%4"}, {"a=x%00y", "a", "x%00y"}, {"a=b=c", "a", "b=c"},
        {"&&a=1&&", "a", "1"},     {"=1", "a", NULL},         {"A=1", "a", NULL},
        {"a+b=1", "a b", "1"},     {"%2B=1", "+", "1"},       {"%6=1", "%6", "1"},
        {"a%00=1", "a", NULL},     {"%zz=1", "%zz", "1"},     {"aa=1&%61", "a", ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_text(rc_query_parameter(rows[i].query, rows[i].name, pool), rows[i].want,
                    rows[i].query ? rows[i].query : "no query");
}

static long memory_used(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss; /* KiB */
}

/* A body of Mercurial's arguments may have 10 MiB. */
static void many_parts_take_no_memory(void **state)
{
    apr_size_t len = (apr_size_t)8 << 20, i;
    char *query = apr_palloc(pool, len + 3);
    long before;

    (void)state;
    for (i = 0; i < len; i++)
        query[i] = "b&a=&+"[i % 6];
    strcpy(query + len, "&c");
    before = memory_used();
    assert_text(rc_query_parameter(query, "a", pool), "", "a");
    assert_text(rc_query_parameter(query, "c", pool), "", "c");
    assert_text(rc_query_parameter(query, "d", pool), NULL, "d");
    assert_true(memory_used() - before < 8192);
}

static void keys(void **state)
{
    static const struct {
        const char *query, *want;
    } rows[] = {
        {NULL, NULL},
        {"api_key=", NULL},
        {"api_key=K", "K"},
        {"auth_token=T", "T"},
        {"api_key=K&auth_token=T", "T"},
        {"api_key=K&auth_token=", "K"},
        {"api_key=&api_key=K", "K"},
        {"%61pi%5fkey=%4B", "K"},
        {"API_KEY=K", NULL},
        {"xapi_key=K", NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_text(rc_query_first(rows[i].query, rc_face_raw.query_keys, pool), rows[i].want,
                    rows[i].query ? rows[i].query : "no query");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(parameters),
    cmocka_unit_test(many_parts_take_no_memory),
    cmocka_unit_test(keys),
};

UNIT_MAIN(tests)
