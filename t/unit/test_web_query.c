// SPDX-License-Identifier: Apache-2.0
/*
 * Parameters of query strings, and that no key is left in what will be logged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "rc_web.h"

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
        assert_text(rc_web_parameter(rows[i].query, rows[i].name, pool), rows[i].want,
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
        assert_text(rc_web_query_key(rows[i].query, pool), rows[i].want,
                    rows[i].query ? rows[i].query : "no query");
}

static void redaction(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"GET /x HTTP/1.1", "GET /x HTTP/1.1"},
        {"GET /x?a=1 HTTP/1.1", "GET /x?a=1 HTTP/1.1"},
        {"GET /x?api_key=K HTTP/1.1", "GET /x?api_key=*** HTTP/1.1"},
        {"/x?auth_token=K", "/x?auth_token=***"},
        {"/x?a=1&api_key=K&b=2", "/x?a=1&api_key=***&b=2"},
        {"/x?a=1;api_key=K;b=2", "/x?a=1;api_key=***;b=2"},
        {"/x?api_key=K&auth_token=T", "/x?api_key=***&auth_token=***"},
        {"/x?api_key=K&api_key=L", "/x?api_key=***&api_key=***"},
        {"/x?%61pi_key=K", "/x?%61pi_key=***"},
        {"/x?api%5Fkey=K", "/x?api%5Fkey=***"},
        {"/x?API_Key=K", "/x?API_Key=***"},
        {"/x?my_api_key=K", "/x?my_api_key=***"},
        {"/x?api_key%3DK", "/x?***"},
        {"/x?a=b?api_key=K", "/x?a=***"},
        {"/x?api_key=K?L", "/x?api_key=***"},
        {"/x&api_key=K", "/x&api_key=***"},
        {"/x?api_key=K#top", "/x?api_key=***#top"},
        {"/x?api_key=", "/x?api_key=***"},
        {"/x?api_key=***", "/x?api_key=***"},
        {"/x?api_key", "/x?api_key"},
        {"http://h/x?api_key=K=L", "http://h/x?api_key=***"},
        {"/x?+api_key=K", "/x?+api_key=***"},
        {"?api_key=K", "?api_key=***"},
        {"", ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_text(rc_web_redact(rows[i].text, pool), rows[i].want, rows[i].text);
}

static void redaction_of_queries(void **state)
{
    const char *clean = "a=1&b=key";

    (void)state;
    assert_text(rc_web_redact_query("api_key=K 2&a=x y", pool), "api_key=***&a=x y", "blanks");
    assert_ptr_equal(rc_web_redact_query(clean, pool), clean);
}

/* Whatever is read as a key is redacted, in every spelling. */
static void nothing_read_stays(void **state)
{
    static const char *const parts[] = {
        "api_key",  "%61pi_key", "auth_token", "auth%5ftoken", "a",  "=", "&", ";", "?", "SECRET",
        "%53ECRET", "+",         "%",          "%3D",          "%00"};
    int i, n;

    (void)state;
    srand(getenv("SEED") ? (unsigned)atoi(getenv("SEED")) : 1);
    for (i = 0; i < 20000; i++) {
        const char *query = "", *key, *clean;
        apr_pool_t *one;

        apr_pool_create(&one, pool);
        for (n = rand() % 9; n >= 0; n--)
            query = apr_pstrcat(one, query, parts[(size_t)rand() % ROWS(parts)], NULL);
        key = rc_web_query_key(query, one);
        clean = rc_web_redact_query(query, one);
        if (key && strstr(key, "SECRET")) {
            const char *left = rc_web_query_key(clean, one);

            assert_text(left, "***", query);
        }
        assert_text(rc_web_redact_query(clean, one), clean, "redacting twice");
        apr_pool_destroy(one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters),         cmocka_unit_test(keys),
        cmocka_unit_test(redaction),          cmocka_unit_test(redaction_of_queries),
        cmocka_unit_test(nothing_read_stays),
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
