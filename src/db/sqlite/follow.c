// SPDX-License-Identifier: Apache-2.0
/*
 * Follows the commits of all processes (db/generation.h): a look at the header of the WAL index
 * says whether there are any, the ring what they have changed.
 */
#include <sys/vfs.h>

#include "base/time.h"
#include "ring.h"
#include "sqlite.h"

/* How long a commit may lack its record: its writer makes both one after the other. */
#define PATIENCE apr_time_from_msec(100)

typedef struct follower_t {
    const apr_uint64_t *mapped;
    const rc_ring_t *ring;
    rc_wal_header_t seen; /* what was reported leads to this state */
    apr_time_t gap_since; /* of rc_clock; 0: no record is missing */
} follower_t;

/* File systems that several machines share, or whose mappings need not be coherent. */
static bool is_on_network(const char *path)
{
    static const unsigned long types[] = {
        0x6969,                             /* NFS */
        0x517B,     0xFE534D42, 0xFF534D42, /* SMB */
        0x65735546,                         /* FUSE */
        0x01021997,                         /* 9P */
        0x5346414F,                         /* AFS */
        0x73757245,                         /* Coda */
        0x0BD00BD0,                         /* Lustre */
        0x01161970,                         /* GFS2 */
        0x7461636F,                         /* OCFS2 */
        0x00C36400                          /* Ceph */
    };
    struct statfs fs;
    unsigned i;

    if (statfs(path, &fs))
        return true;
    for (i = 0; i < sizeof(types) / sizeof(*types); i++)
        if ((unsigned long)fs.f_type == types[i])
            return true;
    return false;
}

rc_err_t *rc_sqlite_follow(void **out, rc_db_t *db)
{
    follower_t *follower = apr_pcalloc(db->own, sizeof(*follower));
    const rc_sqlite_t *own = db->handle;

    if (is_on_network(db->path) || !(follower->mapped = rc_wal_header_map(own->handle)))
        return NULL;
    follower->ring = rc_ring_open(db->path, db->own);
    rc_wal_header_read(&follower->seen, follower->mapped);
    *out = follower;
    return NULL;
}

/* A commit without a record: its writer may be about to make it, or it was another program, or a
 * process that was killed. */
static rc_news_t miss_record(follower_t *follower, const rc_wal_header_t *now)
{
    apr_time_t clock = rc_clock();

    if (!follower->gap_since)
        follower->gap_since = clock;
    if (clock - follower->gap_since < PATIENCE)
        return RC_NEWS_UNKNOWN;
    follower->gap_since = 0;
    follower->seen = *now;
    return RC_NEWS_LOST;
}

rc_news_t rc_sqlite_news(void *baton, rc_extent_t *extent)
{
    follower_t *follower = baton;
    rc_ring_record_t record;
    rc_wal_header_t now;

    rc_wal_header_read(&now, follower->mapped);
    if (!rc_wal_header_same(&now, &follower->seen)) {
        if (!rc_wal_header_restarted(&follower->seen, &now)) {
            if (!rc_ring_next(&record, follower->ring, &follower->seen))
                return miss_record(follower, &now);
            follower->gap_since = 0;
            follower->seen = record.after;
            *extent = record.changed;
            return RC_NEWS_CHANGE;
        }
        follower->seen = now;
    }
    follower->gap_since = 0;
    return RC_NEWS_NONE;
}
