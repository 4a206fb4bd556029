// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the ring: the commit with number N has the place N modulo its size.
 */
#include "ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "file.h"

#define PLACES 256

/* A record; version and number are 0 while it is written. Programs with another version of this
 * struct, which may be installed beside this one, do not use each other's records. */
#define VERSION 1

typedef struct place_t {
    apr_uint32_t version, number; /* the number of record.after */
    rc_ring_record_t record;
} place_t;

struct rc_ring_t {
    place_t places[PLACES];
};

static void unmap(void *ring)
{
    munmap(ring, sizeof(rc_ring_t));
}

/* The file is never cut: another program, with a larger ring, may have mapped it. Its bytes are
 * reserved, because a write to a mapped hole kills the process when the disk is full. */
static bool reserve_bytes(int fd)
{
    return !posix_fallocate(fd, 0, sizeof(rc_ring_t));
}

rc_ring_t *rc_ring_open(const char *path, apr_pool_t *pool)
{
    void *ring = MAP_FAILED;
    rc_err_t *err;
    int fd;

    if ((err = rc_sqlite_file_beside(&fd, path, ".ring", pool))) {
        rc_log(RC_LOG_WARNING, err->cause, "%s", rc_err_log_text(err, pool));
        return NULL;
    }
    if (reserve_bytes(fd))
        ring = mmap(NULL, sizeof(rc_ring_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (ring == MAP_FAILED)
        return NULL;
    rc_cleanup(pool, ring, unmap);
    return ring;
}

static void set_number(place_t *place, apr_uint32_t version, apr_uint32_t number)
{
    __atomic_store_n(&place->version, version, __ATOMIC_SEQ_CST);
    __atomic_store_n(&place->number, number, __ATOMIC_SEQ_CST);
}

static bool has_number(const place_t *place, apr_uint32_t number)
{
    return __atomic_load_n(&place->number, __ATOMIC_SEQ_CST) == number &&
           __atomic_load_n(&place->version, __ATOMIC_SEQ_CST) == VERSION;
}

void rc_ring_add(rc_ring_t *ring, const rc_ring_record_t *record)
{
    apr_uint32_t number = record->after.is.change;
    place_t *place;

    if (!ring || number != record->before.is.change + 1)
        return;
    place = &ring->places[number % PLACES];
    set_number(place, 0, 0);
    place->record = *record;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    set_number(place, VERSION, number);
}

/* The numbers are used as indexes, and the file may be damaged. */
static bool is_extent(const rc_extent_t *extent)
{
    int i;

    if (extent->count < 0 || extent->count > RC_EXTENT_ROWS)
        return false;
    for (i = 0; i < extent->count; i++)
        if (extent->rows[i].table < 0 || extent->rows[i].table >= RC_TABLES)
            return false;
    return true;
}

bool rc_ring_next(rc_ring_record_t *record, const rc_ring_t *ring, const rc_wal_header_t *header)
{
    apr_uint32_t number = header->is.change + 1;
    const place_t *place;

    if (!ring)
        return false;
    place = &ring->places[number % PLACES];
    if (!has_number(place, number))
        return false;
    *record = place->record;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return has_number(place, number) && is_extent(&record->changed) &&
           (rc_wal_header_same(header, &record->before) ||
            rc_wal_header_restarted(&record->before, header));
}
