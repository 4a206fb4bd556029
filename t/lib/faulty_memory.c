// SPDX-License-Identifier: Apache-2.0
/*
 * Faults of the memory of the database (build/t/mod_rcapi_faulty.so), which t/b0-stale.t must find:
 * the module's own code with a wrong answer in one place. A fault is planted while a file of its
 * name is in the directory $RCAPI_FAULTS. Without one, this is the module as it is.
 *
 *   header   the header of the WAL index is not compared
 *   extent   a record does not say what was changed
 *   gap      a record that is missing counts as a commit without a change
 *   kill     no fault of the module: some writers die between their commit and its record
 *   silent   the same: commits are not recorded
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/sqlite/ring.h"

#define ONE_OF 8 /* writers that die */

static bool is_planted(const char *fault)
{
    const char *dir = getenv("RCAPI_FAULTS");
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", dir ? dir : "/nonexistent", fault);
    return !access(path, F_OK);
}

static void add_record(rc_ring_t *ring, const rc_ring_record_t *record)
{
    rc_ring_record_t wrong = *record;

    if (is_planted("kill") && !(record->after.is.frame_sum[0] % ONE_OF))
        raise(SIGKILL);
    if (is_planted("extent"))
        memset(&wrong.changed, 0, sizeof(wrong.changed));
    if (!is_planted("silent"))
        rc_ring_add(ring, &wrong);
}

static bool next_record(rc_ring_record_t *record, const rc_ring_t *ring,
                        const rc_wal_header_t *header, const rc_wal_header_t *now)
{
    if (rc_ring_next(record, ring, header))
        return true;
    if (!is_planted("gap"))
        return false;
    memset(record, 0, sizeof(*record));
    record->after = *now;
    return true;
}

static bool same_header(const rc_wal_header_t *a, const rc_wal_header_t *b)
{
    return is_planted("header") || rc_wal_header_same(a, b);
}

#define rc_ring_add(ring, record)          add_record(ring, record)
#define rc_ring_next(record, ring, header) next_record(record, ring, header, &now)
#define rc_wal_header_same(a, b)           same_header(a, b)

#include "../../src/db/sqlite/follow.c"
#include "../../src/db/sqlite/record.c"
