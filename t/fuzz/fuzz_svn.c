// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes the index of a file of FSFS: no item is outside of the file, and there are no more of them
 * than bytes. The first byte of an input is the number of the first revision.
 */
#include "fuzz.h"
#include "vcs/svn/items.h"

typedef struct count_t {
    const rc_svn_revs_t *revs;
    size_t items;
} count_t;

static void count_item(void *baton, svn_revnum_t rev, apr_size_t offset)
{
    count_t *count = baton;

    CHECK(rev >= count->revs->first && rev < count->revs->first + count->revs->count);
    CHECK(offset < count->revs->len && ++count->items <= count->revs->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    size_t len = size ? size - 1 : 0;
    char *copy = malloc(len ? len : 1); /* of the exact size, for the address sanitizer */
    rc_svn_revs_t revs = {copy, len, size ? data[0] : 0, 1};
    count_t count = {&revs, 0};

    CHECK(copy);
    memcpy(copy, data + !!size, len);
    for (; revs.count <= 4; revs.count += 3) { /* one revision, or a pack of four */
        count.items = 0;
        rc_svn_each_item(&revs, count_item, &count, pool);
    }
    free(copy);
    apr_pool_destroy(pool);
    return 0;
}
