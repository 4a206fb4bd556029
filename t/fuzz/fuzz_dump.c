// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes the reader of dumps of MySQL: a file of another program, which may hold anything. Each row
 * comes with as many values as it is said to have.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "db/dump.h"

static rc_err_t *on_table(void *baton, bool *wanted, const char *name)
{
    (void)baton;
    *wanted = name[0] != 'x';
    return NULL;
}

static rc_err_t *on_column(void *baton, const char *name)
{
    *(size_t *)baton += strlen(name);
    return NULL;
}

static rc_err_t *on_columns_end(void *baton)
{
    (void)baton;
    return NULL;
}

static rc_err_t *on_row(void *baton, const char *name, const apr_array_header_t *columns,
                        const char *const *values, int count)
{
    int i;

    for (i = 0; i < count; i++)
        *(size_t *)baton += values[i] ? strlen(values[i]) : 1;
    CHECK(name && (!columns || columns->nelts >= 0));
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    size_t seen = 0;
    const rc_dump_calls_t calls = {on_table, on_column, on_columns_end, on_row, &seen};
    int fd = memfd_create("dump", 0);
    rc_err_t *err;

    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    err = rc_dump_read(apr_psprintf(pool, "/proc/self/fd/%d", fd), &calls, pool);
    CHECK(!err || err->kind == RC_E_ARG);
    CHECK(seen <= 2 * size + 2);
    close(fd);
    apr_pool_destroy(pool);
    return 0;
}
