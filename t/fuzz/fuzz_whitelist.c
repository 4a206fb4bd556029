// SPDX-License-Identifier: Apache-2.0
/* Fuzzes a whitelist, as an administrator writes it (first line), with an action (second line). */
#include "fuzz.h"
#include "faces/whitelist.h"

#define LONGEST 200 /* globs with many stars are slow; only administrators write them */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    size_t len = size < LONGEST ? size : LONGEST;
    const char *text = fuzz_line(&data, &len, pool), *action = fuzz_line(&data, &len, pool);

    if (!rc_whitelist_add(list, text, pool)) {
        rc_whitelist_has(list, action);
        if (!rc_whitelist_add(list, "*", pool))
            CHECK(rc_whitelist_has(list, "FilesController:raw"));
    }
    apr_pool_destroy(pool);
    return 0;
}
