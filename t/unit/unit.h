// SPDX-License-Identifier: Apache-2.0
/*
 * Provides a pool, a temporary directory and TAP output for unit tests without git.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "patience.h"
#include "temp.h"
#include "base/err.h"

#define ROWS(rows) (sizeof(rows) / sizeof(*(rows)))

#define ASSERT_OK(expr)                                                                            \
    do {                                                                                           \
        rc_err_t *err_ = (expr);                                                                   \
        if (err_)                                                                                  \
            fail_msg("%s: %s", #expr, rc_err_log_text(err_, pool));                                \
    } while (0)

static apr_pool_t *pool;
static const char *unit_dir;

__attribute__((unused)) static const char *in_dir(const char *name)
{
    return apr_pstrcat(pool, unit_dir, "/", name, NULL);
}

__attribute__((unused)) static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* Returns SEED from the environment, else 1, and prints it, so that a failure can be repeated. */
__attribute__((unused)) static unsigned unit_seed(void)
{
    unsigned seed = getenv("SEED") ? (unsigned)strtoul(getenv("SEED"), NULL, 10) : 1;

    printf("# SEED=%u\n", seed);
    return seed;
}

static int unit_begin(void **state)
{
    (void)state;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    unit_dir = temp_dir(pool);
    return unit_dir ? 0 : -1;
}

static int unit_end(void **state)
{
    int n = system(apr_psprintf(pool, "rm -rf '%s'", unit_dir));

    (void)state;
    apr_pool_destroy(pool);
    apr_terminate();
    return n ? -1 : 0;
}

#define UNIT_MAIN(tests)                                                                           \
    int main(void)                                                                                 \
    {                                                                                              \
        cmocka_set_message_output(CM_OUTPUT_TAP);                                                  \
        return cmocka_run_group_tests(tests, unit_begin, unit_end);                                \
    }

#endif
