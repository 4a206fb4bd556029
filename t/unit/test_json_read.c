// SPDX-License-Identifier: Apache-2.0
/*
 * Tests reading JSON into json-c's objects: the result equals that of json-c's own parser, and a
 * failed allocation anywhere gives an error, never a part.
 */
#include "unit.h"

#include <dlfcn.h>

#include "base/json_scan.h"
#include "base/json_read.h"

/* The number of json-c's allocation that fails, counted from now; 0 = none. */
static int failing;

#if !defined(__SANITIZE_ADDRESS__)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

/* Only json-c's allocations fail, because APR exits when memory is short. strdup calls
 * from libc. */
static bool fails(const void *caller)
{
    Dl_info info;

    if (failing <= 0 || !dladdr(caller, &info) ||
        !(strstr(info.dli_fname, "libjson-c") || strstr(info.dli_fname, "libc.so")))
        return false;
    return !--failing;
}

#define VISIBLE __attribute__((visibility("default")))

VISIBLE void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

VISIBLE void *calloc(size_t n, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

VISIBLE void *realloc(void *old, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
#endif

static json_object *read_text(const char *text)
{
    json_object *value;
    rc_json_scan_t guard;

    assert_true(rc_json_scan(&guard, text, strlen(text), &rc_json_of_clients));
    ASSERT_OK(rc_json_read(&value, text, strlen(text), RC_JSON_PLAIN, pool));
    return value;
}

static const char *const texts[] = {
    "{}",
    "[]",
    "null",
    " true ",
    "false",
    "0",
    "-0",
    "-12",
    "9223372036854775807",
    "-9223372036854775808",
    "1.50",
    "-1e5",
    "0.1E-2",
    "\"\"",
    "\"text\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00x\"",
    "\"\\ud83d\\u0041\"",
    "\"\xc3\xa9\xf0\x9f\x98\x80\"",
    "{\"a\":1,\"b\":[1,2,[3,{}]],\"c\":{\"d\":null,\"e\":[]}}",
    "{ \"a\" : 1 , \"a\" : 2 , \"\\u0061\" : 3 }",
    "{\"\":\"\",\"x,:y\":\",:\"}",
    "[ [ ] , { } , null , \"]\" ]",
};

static void equals_json_c(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(texts); i++) {
        json_object *got = read_text(texts[i]), *want = json_tokener_parse(texts[i]);

        assert_string_equal(json_object_to_json_string(got), json_object_to_json_string(want));
        json_object_put(want);
    }
}

/* Printing the result gives the original text. */
static void exact(void **state)
{
    static const char *const kept[] = {"-0",
                                       "123456789012345678901234567890",
                                       "-9223372036854775809",
                                       "1.50",
                                       "999999999999999999",
                                       "\"\xed\xa0\xbd\"",
                                       "[0]"};
    static const char *const sent[] = {"-0",
                                       "123456789012345678901234567890",
                                       "-9223372036854775809",
                                       "1.50",
                                       "999999999999999999",
                                       "\"\\ud83d\"",
                                       "[0]"};
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(sent); i++) {
        json_object *value;
        rc_json_scan_t scan;

        assert_true(rc_json_scan(&scan, sent[i], strlen(sent[i]), &rc_json_of_servers));
        ASSERT_OK(rc_json_read(&value, sent[i], strlen(sent[i]), RC_JSON_EXACT, pool));
        assert_string_equal(json_object_to_json_string(value),
                            kept[i][0] == '[' ? "[ 0 ]" : kept[i]);
    }
}

/* A lost member could be `private: true`. */
static void all_or_nothing(void **state)
{
    static const char text[] =
        "{\"method\":\"create_repo\",\"args\":{\"repo_name\":\"a long name of a "
        "repository\",\"private\":true,\"list\":[1,2.5,null,\"x\",{\"y\":false}],\"k1\":1,"
        "\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,\"k9\":9,"
        "\"k10\":10,\"k11\":11,\"k12\":12,\"k13\":13,\"k14\":14,\"k15\":15,\"k16\":16}}";
    const char *whole = apr_pstrdup(pool, json_object_to_json_string(read_text(text)));
    int nth, left = 0, failed = 0;

    (void)state;
    for (nth = 1; !left; nth++) {
        apr_pool_t *one;
        json_object *got;
        rc_err_t *err;

        apr_pool_create(&one, pool);
        failing = nth;
        err = rc_json_read(&got, text, strlen(text), RC_JSON_PLAIN, one);
        left = failing;
        failing = 0;
        failed += err != NULL;
        if (!err)
            assert_string_equal(json_object_to_json_string(got), whole);
        apr_pool_destroy(one);
#if defined(__SANITIZE_ADDRESS__)
        break;
#endif
    }
    print_message("# %d allocations, %d of which are missed\n", nth - 1, failed);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(failed > 30);
#endif
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(equals_json_c),
    cmocka_unit_test(exact),
    cmocka_unit_test(all_or_nothing),
};

UNIT_MAIN(tests)
