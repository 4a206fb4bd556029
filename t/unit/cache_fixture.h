// SPDX-License-Identifier: Apache-2.0
/*
 * Provides a cache of finished files, and what makes them.
 */
#ifndef CACHE_FIXTURE_H
#define CACHE_FIXTURE_H

#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cache.h"

typedef struct maker_t {
    const char *text;
    int made; /* how often it was made */
    rc_err_t *err;
    apr_interval_time_t pause;
} maker_t;

__attribute__((unused)) static rc_err_t *make(void *baton, rc_spool_t *spool)
{
    maker_t *maker = baton;

    maker->made++;
    RC_TRY(rc_spool_puts(spool, maker->text));
    if (maker->pause)
        apr_sleep(maker->pause);
    return maker->err;
}

__attribute__((unused)) static rc_cache_t cache_in(const char *name, apr_off_t max)
{
    rc_cache_t cache = {in_dir(name), max, apr_time_from_sec(10), NULL};

    return cache;
}

__attribute__((unused)) static const char *file_of(const rc_cache_t *cache, const char *name)
{
    return apr_pstrcat(pool, cache->dir, "/rcapi-", name, NULL);
}

__attribute__((unused)) static bool is_there(const rc_cache_t *cache, const char *name)
{
    struct stat st;

    return !lstat(file_of(cache, name), &st);
}

__attribute__((unused)) static void assert_got(const rc_cache_t *cache, const char *name,
                                               maker_t *maker, const char *want)
{
    rc_spool_t *spool = rc_spool_create(unit_dir, pool);
    const char *text;

    ASSERT_OK(rc_cache_get(spool, cache, name, make, maker, pool));
    ASSERT_OK(rc_spool_string(&text, spool, pool));
    assert_string_equal(text, want);
}

__attribute__((unused)) static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#endif
