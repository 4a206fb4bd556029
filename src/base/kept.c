// SPDX-License-Identifier: Apache-2.0
/*
 * Returns freed memory to the system. malloc itself gives back only what is free at the end of an
 * arena; between what is kept, a large answer leaves holes of many MiB.
 */
#include "base/kept.h"

#include <malloc.h>

#include "base/time.h"

#define TRIM_EVERY apr_time_from_sec(5) /* it takes a millisecond or less */

void rc_kept_trim(void)
{
    static apr_time_t next;
    apr_time_t now = rc_clock(), due = __atomic_load_n(&next, __ATOMIC_RELAXED);

    if (now >= due && __atomic_compare_exchange_n(&next, &due, now + TRIM_EVERY, false,
                                                  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        malloc_trim(0);
}
