// SPDX-License-Identifier: Apache-2.0
/*
 * Helpers that the fuzz targets share. Each target is a program: libFuzzer or driver.c calls its
 * LLVMFuzzerTestOneInput with one input after another. It crashes when a check fails.
 */
#ifndef RC_FUZZ_H
#define RC_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A condition that must hold. */
#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                     \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A pool for the life of the program. */
static inline apr_pool_t *fuzz_forever(void)
{
    static apr_pool_t *pool;

    if (!pool) {
        apr_initialize();
        atexit(apr_terminate); /* so that the pool is not reported as a leak */
        apr_pool_create(&pool, NULL);
    }
    return pool;
}

/* A pool for one input. */
static inline apr_pool_t *fuzz_pool(void)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, fuzz_forever());
    return pool;
}

/* Returns the next part of an input, up to a line feed, as a separate string. */
static inline const char *fuzz_line(const uint8_t **data, size_t *size, apr_pool_t *pool)
{
    const uint8_t *end = *size ? memchr(*data, '\n', *size) : NULL;
    size_t len = end ? (size_t)(end - *data) : *size;
    const char *line = apr_pstrmemdup(pool, (const char *)*data, len);

    len += end != NULL;
    *data += len;
    *size -= len;
    return line;
}

#endif
