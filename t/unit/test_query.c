// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the parameters of query strings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/query.h"
#include "faces/raw.h"

#define ROWS(rows) (sizeof(rows) / sizeof(*(rows)))

static apr_pool_t *pool;

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
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_text(rc_query_parameter(rows[i].query, rows[i].name, pool), rows[i].want,
                    rows[i].query ? rows[i].query : "no query");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters),
        cmocka_unit_test(keys),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
