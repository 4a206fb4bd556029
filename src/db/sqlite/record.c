// SPDX-License-Identifier: Apache-2.0
/*
 * Notes what a write transaction changes, row by row, and records its commit in the ring.
 */
#include <string.h>

#include "sqlite.h"

void rc_sqlite_changes_all(rc_sqlite_t *own)
{
    rc_extent_add_tables(&own->record.changed, ~APR_UINT64_C(0));
}

/* SQLite calls it for each row that a statement changes, also when a foreign key is the reason; but
 * not for a DELETE of a whole table, INSERT OR REPLACE and tables WITHOUT ROWID. The store has none
 * of these (t/unit/test_memory.c). */
static void on_change(void *baton, int what, const char *database, const char *table,
                      sqlite3_int64 id)
{
    const rc_db_t *db = baton;
    rc_sqlite_t *own = db->handle;
    int i;

    (void)what;
    (void)database;
    for (i = 0; i < db->texts->table_count; i++)
        if (!strcmp(db->texts->tables[i], table)) {
            rc_extent_add_row(&own->record.changed, i, id);
            return;
        }
    rc_sqlite_changes_all(own);
}

void rc_sqlite_watch_changes(rc_db_t *db)
{
    rc_sqlite_t *own = db->handle;

    sqlite3_update_hook(own->handle, on_change, db);
}

void rc_sqlite_record_begin(rc_db_t *db)
{
    rc_sqlite_t *own = db->handle;

    if (db->config->alone) /* nobody follows it */
        return;
    if (!own->mapped && (own->mapped = rc_wal_header_map(own->handle)))
        own->ring = rc_ring_open(db->path, db->own);
    memset(&own->record.changed, 0, sizeof(own->record.changed));
    own->recording = own->mapped != NULL;
    if (own->recording)
        rc_wal_header_read(&own->record.before, own->mapped);
}

void rc_sqlite_record_end(rc_sqlite_t *own)
{
    own->recording = false;
}

/* Another program can have written since the commit. Then the number of commits is larger than
 * expected, and the ring takes no record (rc_ring_add). */
void rc_sqlite_record(rc_sqlite_t *own)
{
    if (!own->recording)
        return;
    own->recording = false;
    rc_wal_header_read(&own->record.after, own->mapped);
    rc_ring_add(own->ring, &own->record);
}
