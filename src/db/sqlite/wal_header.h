// SPDX-License-Identifier: Apache-2.0
/*
 * The header of the WAL index, which identifies the state of an SQLite database: a reader's
 * snapshot is what it says, and every commit changes it before it returns. Private to
 * src/db/sqlite.
 */
#ifndef RC_DB_SQLITE_WAL_HEADER_H
#define RC_DB_SQLITE_WAL_HEADER_H

#include <stdbool.h>

#include <apr.h>
#include <sqlite3.h>

/* WalIndexHdr of SQLite's documentation (walformat.html): 48 bytes. */
typedef union rc_wal_header_t {
    struct {
        apr_uint32_t version, unused;
        apr_uint32_t change; /* the number of commits, since the index was made */
        unsigned char is_init, big_endian;
        apr_uint16_t page_size;
        apr_uint32_t frames; /* valid frames of the -wal file */
        apr_uint32_t pages;  /* of the database */
        apr_uint32_t frame_sum[2];
        apr_uint32_t salt[2]; /* as in the -wal file: big-endian */
        apr_uint32_t sum[2];
    } is;
    apr_uint64_t words[6];
} rc_wal_header_t;

/** Returns where the header of a connection's database is mapped. It stays there while any
 * connection of this process is open. NULL: there is none. */
const apr_uint64_t *rc_wal_header_map(sqlite3 *handle);

/** Copies the header. While a commit writes it the copy can be mixed; then it equals neither the
 * old header nor the new one. */
void rc_wal_header_read(rc_wal_header_t *header, const apr_uint64_t *mapped);

bool rc_wal_header_same(const rc_wal_header_t *a, const rc_wal_header_t *b);

/** True when nothing happened between @a then and @a now but that the -wal file, whose content is
 * in the database, begins anew. */
bool rc_wal_header_restarted(const rc_wal_header_t *then, const rc_wal_header_t *now);

#endif
