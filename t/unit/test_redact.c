// SPDX-License-Identifier: Apache-2.0
/*
 * Tests that logged text contains no key, and that searching for keys is cheap.
 */
#include "unit.h"

#include <malloc.h>

#include "base/redact.h"
#include "base/query.h"
#include "faces/raw.h"

static void assert_text(const char *got, const char *want, const char *about)
{
    if (!want ? got != NULL : !got || strcmp(got, want))
        fail_msg("%s: got %s, not %s", about, got ? got : "(none)", want ? want : "(none)");
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
        {"/x?api_key%3DK", "/x?api_key%3D***"},
        {"/x?a=b?api_key=K", "/x?a=b?api_key=***"},
        {"/x?api_key=K?L", "/x?api_key=***"},
        {"/x&api_key=K", "/x&api_key=***"},
        {"/x?api_key=K#top", "/x?api_key=***#top"},
        {"/x?api_key=", "/x?api_key=***"},
        {"/x?api_key=***", "/x?api_key=***"},
        {"/x?api_key", "/x?api_key"},
        {"http://h/x?api_key=K=L", "http://h/x?api_key=***"},
        {"/x?+api_key=K", "/x?+api_key=***"},
        {"?api_key=K", "?api_key=***"},
        {"/x;api_key=K", "/x;api_key=***"},
        {"/x&api_key=K?a=1", "/x&api_key=***?a=1"},
        {"GET /a/b%3Fapi_key=K HTTP/1.1", "GET /a/b%3Fapi_key=*** HTTP/1.1"},
        {"/b%3fapi_key%3dK%26a=1&c=2", "/b%3fapi_key%3d***&c=2"},
        {"/b%26API_KEY=K", "/b%26API_KEY=***"},
        {"/b%253Fapi_key%253DK", "/b%253Fapi_key%253D***"},
        {"/b?%25%36%31pi_key=K", "/b?%25%36%31pi_key=***"},
        {"/b?%2525252561pi_key=K", "/b?%2525252561pi_key=***"},
        {"/b?%%36%31pi_key=K", "/b?%%36%31pi_key=***"},
        {"/login?from=%2Fx%3Fapi_key%3DK%26b%3D1&c=2", "/login?from=%2Fx%3Fapi_key%3D***&c=2"},
        {"http://h/x#api_key=K", "http://h/x#api_key=***"},
        {"/x?a=1&amp;api_key=K&amp;b=2", "/x?a=1&amp;api_key=***&amp;b=2"},
        {"/x?apikey=K", "/x?apikey=***"},
        {"/x?api-key=K", "/x?api-key=***"},
        {"/x?apiKey=K", "/x?apiKey=***"},
        {"/x?api_key[]=K", "/x?api_key[]=***"},
        {"/x?api_key%5B%5D=K", "/x?api_key%5B%5D=***"},
        {"/x?authToken=K&access_token=K", "/x?authToken=***&access_token=***"},
        {"/x?private_token=K", "/x?private_token=***"},
        {"curl -H 'X-Api-Key: K' /x", "curl -H 'X-Api-Key: *** /x"},
        {"/x?{\"api_key\":\"K\"}", "/x?{\"api_key\":***"},
        {"/x?%7B%22api_key%22%3A%22K%22%7D", "/x?%7B%22api_key%22%3A***"},
        {"agent/1 api_key=K agent/2", "agent/1 api_key=*** agent/2"},
        {"/x?api_key= HTTP/1.1", "/x?api_key=*** HTTP/1.1"},
        {"/x?monkey=1&token=2", "/x?monkey=1&token=2"},
        {"%", "%"},
        {"%a", "%a"},
        {"=", "="},
        {"", ""},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_text(rc_redact(rows[i].text, pool), rows[i].want, rows[i].text);
}

static void redaction_of_queries(void **state)
{
    const char *clean = "a=1&b=key";

    (void)state;
    assert_text(rc_redact_query("api_key=K 2&a=x y", pool), "api_key=***&a=x y", "blanks");
    assert_ptr_equal(rc_redact_query(clean, pool), clean);
    assert_text(rc_redact_query("api_key=K/2?3#4", pool), "api_key=***", "all of it");
}

/* Text that httpd's rules match keeps its slashes, so that no <Location> is evaded. */
static void redaction_of_paths(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"/a/b&api_key=K/c", "/a/b&api_key=***/c"},
        {"/a/b%3Fapi_key=K%2Fc", "/a/b%3Fapi_key=***%2Fc"},
        {"/a/b?api_key=K/c d", "/a/b?api_key=***/c d"},
        {"/a/b;api_key=K", "/a/b;api_key=***"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++)
        assert_text(rc_redact_path(rows[i].text, pool), rows[i].want, rows[i].text);
}

static void clean_texts_are_not_copied(void **state)
{
    static const char *const texts[] = {
        "", "/x", "/x?a=b", "/x%20y", "/x?api_key=***", "/x?api_key=***&auth_token=***", "key=K"};
    size_t i;

    (void)state;
    for (i = 0; i < ROWS(texts); i++)
        assert_ptr_equal(rc_redact(texts[i], pool), texts[i]);
}

/* With as many keys as a megabyte holds, only the result is allocated. */
static void memory_is_linear(void **state)
{
    const apr_size_t size = 1 << 20;
    static const char *const units[] = {"api_key=&", "api_key=K&", "%2561pi_key=K&", "%25",
                                        "%%",        "api_key=?",  "apikey:"};
    char *text = malloc(size + 1);
    size_t i, at;

    (void)state;
    for (i = 0; i < ROWS(units); i++) {
        size_t before, unit = strlen(units[i]);
        apr_pool_t *one;

        for (at = 0; at < size; at++)
            text[at] = units[i][at % unit];
        text[size] = '\0';
        apr_pool_create_unmanaged_ex(&one, NULL, NULL);
        before = mallinfo2().uordblks + mallinfo2().hblkhd;
        rc_redact(text, one);
        assert_true(mallinfo2().uordblks + mallinfo2().hblkhd - before < 2 * size);
        apr_pool_destroy(one);
    }
    free(text);
}

/* Everything that is read as a key is redacted, in every spelling. */
static void keys_are_redacted_in_every_spelling(void **state)
{
    static const char *const parts[] = {
        "api_key",  "%61pi_key", "auth_token", "auth%5ftoken", "a",  "=", "&", ";", "?", "SECRET",
        "%53ECRET", "+",         "%",          "%3D",          "%00"};
    int i, n;

    (void)state;
    srand(unit_seed());
    for (i = 0; i < 20000; i++) {
        const char *query = "", *key, *clean;
        apr_pool_t *one;

        apr_pool_create(&one, pool);
        for (n = rand() % 9; n >= 0; n--)
            query = apr_pstrcat(one, query, parts[(size_t)rand() % ROWS(parts)], NULL);
        key = rc_query_first(query, rc_face_raw.query_keys, one);
        clean = rc_redact_query(query, one);
        if (key && strstr(key, "SECRET")) {
            const char *left = rc_query_first(clean, rc_face_raw.query_keys, one);

            assert_text(left, "***", query);
        }
        assert_text(rc_redact_query(clean, one), clean, "redacting twice");
        apr_pool_destroy(one);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(redaction),          cmocka_unit_test(redaction_of_queries),
    cmocka_unit_test(redaction_of_paths), cmocka_unit_test(clean_texts_are_not_copied),
    cmocka_unit_test(memory_is_linear),   cmocka_unit_test(keys_are_redacted_in_every_spelling),
};

UNIT_MAIN(tests)
