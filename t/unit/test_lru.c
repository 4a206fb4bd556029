// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the cache of answers: stored entries are found, its size is limited, and entries that were
 * found before stay.
 */
#include "unit.h"

#include "base/lru.h"

static rc_lru_t *cache;

static void put(const char *key, const char *text, int times)
{
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);

    while (times--)
        ASSERT_OK(rc_spool_puts(spool, text));
    ASSERT_OK(rc_lru_put(cache, key, spool, pool));
}

/* Returns NULL when there is no entry. */
static const char *get(const char *key)
{
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    const char *text;
    bool found;

    ASSERT_OK(rc_lru_get(&found, cache, key, spool));
    ASSERT_OK(rc_spool_string(&text, spool, pool));
    return found ? text : NULL;
}

static void keeps(void **state)
{
    (void)state;
    ASSERT_OK(rc_lru_create(&cache, 1 << 20, pool));
    assert_null(get("a"));
    put("a", "one", 1);
    put("b", "two", 1);
    put("empty", "", 1);
    assert_string_equal(get("a"), "one");
    assert_string_equal(get("b"), "two");
    assert_string_equal(get("empty"), "");
    put("a", "three", 2);
    assert_string_equal(get("a"), "threethree");
    assert_null(get("A"));
}

static void bounded(void **state)
{
    int i;

    (void)state;
    ASSERT_OK(rc_lru_create(&cache, 10000, pool));
    put("kept", "x", 100);
    for (i = 0; i < 100; i++) {
        assert_non_null(get("kept")); /* used again and again */
        put(apr_psprintf(pool, "%d", i), "y", 1000);
    }
    assert_null(get("0"));
    assert_null(get("90"));
    assert_non_null(get("99"));
    put("large", "z", 2000);
    assert_null(get("large"));
    ASSERT_OK(rc_lru_create(&cache, 1 << 30, pool));
    put("file", "z", RC_SPOOL_MEMORY + 1);
    assert_int_equal(strlen(get("file")), RC_SPOOL_MEMORY + 1);
    ASSERT_OK(rc_lru_create(&cache, 1 << 17, pool));
    for (i = 0; i < 4000; i++)
        put(apr_psprintf(pool, "%d", i), "", 0);
    assert_null(get("1000")); /* many small ones: each counts for what it needs */
    assert_non_null(get("3600"));
}

/* Entries that were found stay among many that never are, but not for ever. */
static void proven(void **state)
{
    int i;

    (void)state;
    ASSERT_OK(rc_lru_create(&cache, 10000, pool));
    put("used", "x", 100);
    assert_non_null(get("used"));
    for (i = 0; i < 100; i++)
        put(apr_psprintf(pool, "%d", i), "y", 1000);
    assert_null(get("90"));
    assert_non_null(get("used"));
    for (i = 100; i < 110; i++) { /* more proven ones than there is room for */
        put(apr_psprintf(pool, "%d", i), "y", 1000);
        assert_non_null(get(apr_psprintf(pool, "%d", i)));
    }
    put("more", "y", 1000);
    put("again", "y", 1000);
    put("and more", "y", 1000);
    assert_null(get("used"));
    assert_non_null(get("109"));
}

static rc_bytes_t bytes(const char *text)
{
    return (rc_bytes_t){text, strlen(text)};
}

static void stores_bytes(void **state)
{
    rc_bytes_t key = {"k\0y", 3}, found;

    (void)state;
    ASSERT_OK(rc_lru_create(&cache, 1 << 16, pool));
    assert_null(rc_lru_find(cache, key, pool).data);
    rc_lru_store(cache, key, bytes("head"), bytes("body"));
    rc_lru_store(cache, (rc_bytes_t){"k\0", 2}, bytes("other"), (rc_bytes_t){NULL, 0});
    found = rc_lru_find(cache, key, pool);
    assert_int_equal(found.len, 8);
    assert_memory_equal(found.data, "headbody", 8);
    rc_lru_store(cache, key, bytes(""), bytes("new"));
    assert_int_equal(rc_lru_find(cache, key, pool).len, 3);
    assert_int_equal(rc_lru_find(cache, (rc_bytes_t){"k\0", 2}, pool).len, 5);
}

/* Some keys are forgotten for others, none is thought to be asked that was not. With any secret. */
static void knows_what_was_asked(void **state)
{
    apr_pool_t *own;
    int turn, i, known;

    (void)state;
    for (turn = 0; turn < 300; turn++) {
        apr_pool_create(&own, pool);
        ASSERT_OK(rc_lru_create(&cache, 1 << 24, own));
        for (i = known = 0; i < 1000; i++)
            assert_false(rc_lru_asked(cache, bytes(apr_psprintf(own, "%d", i))));
        for (i = 0; i < 1000; i++)
            known += rc_lru_asked(cache, bytes(apr_psprintf(own, "%d", i)));
        assert_in_range(known, 700, 1000);
        apr_pool_destroy(own);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keeps),
    cmocka_unit_test(bounded),
    cmocka_unit_test(proven),
    cmocka_unit_test(stores_bytes),
    cmocka_unit_test(knows_what_was_asked),
};

UNIT_MAIN(tests)
