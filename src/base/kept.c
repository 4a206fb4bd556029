// SPDX-License-Identifier: Apache-2.0
/*
 * Returns freed memory to the system, and says when too much is in use. malloc itself gives back
 * only what is free at the end of an arena; between what is kept, a large answer leaves holes of
 * many MiB.
 */
#include "base/kept.h"

#include <malloc.h>

#include "base/time.h"

/* Both take a millisecond or less. */
#define TRIM_EVERY  apr_time_from_sec(5)
#define COUNT_EVERY apr_time_from_sec(1)

/* True for one thread when @a next has come, which is then later by @a every. */
static bool is_due(apr_time_t *next, apr_time_t every)
{
    apr_time_t now = rc_clock(), due = __atomic_load_n(next, __ATOMIC_RELAXED);

    return now >= due && __atomic_compare_exchange_n(next, &due, now + every, false,
                                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void rc_kept_trim(void)
{
    static apr_time_t next;

    if (is_due(&next, TRIM_EVERY))
        malloc_trim(0);
}

static apr_ssize_t allowed = RC_KEPT_HEAP; /* atomic */

void rc_kept_allow(apr_ssize_t bytes)
{
    __atomic_add_fetch(&allowed, bytes, __ATOMIC_RELAXED);
}

bool rc_kept_is_full(bool count)
{
    static apr_time_t next;
    static bool full;

    if (is_due(&next, COUNT_EVERY) || count) {
        struct mallinfo2 info = mallinfo2();
        apr_ssize_t used = (apr_ssize_t)(info.uordblks + info.hblkhd);

        __atomic_store_n(&full, used > __atomic_load_n(&allowed, __ATOMIC_RELAXED),
                         __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&full, __ATOMIC_RELAXED);
}
