// SPDX-License-Identifier: Apache-2.0
/*
 * Maps, reads and compares headers of the WAL index.
 */
#include "wal_header.h"

#include <string.h>

#include <arpa/inet.h>

#define REGION 32768 /* bytes of a block of the index: WALINDEX_PGSZ */

const apr_uint64_t *rc_wal_header_map(sqlite3 *handle)
{
    sqlite3_file *file = NULL;
    void volatile *mapped = NULL;

    /* the first read opens the index */
    if (sqlite3_exec(handle, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL) ||
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) || !file ||
        !file->pMethods || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap ||
        file->pMethods->xShmMap(file, 0, REGION, 0, &mapped))
        return NULL;
    return (const apr_uint64_t *)(apr_uintptr_t)mapped;
}

void rc_wal_header_read(rc_wal_header_t *header, const apr_uint64_t *mapped)
{
    int i;

    for (i = 0; i < 6; i++)
        header->words[i] = __atomic_load_n(&mapped[i], __ATOMIC_ACQUIRE);
}

bool rc_wal_header_same(const rc_wal_header_t *a, const rc_wal_header_t *b)
{
    return !memcmp(a->words, b->words, sizeof(a->words));
}

bool rc_wal_header_restarted(const rc_wal_header_t *then, const rc_wal_header_t *now)
{
    return now->words[0] == then->words[0] && now->words[1] == then->words[1] && !now->is.frames &&
           now->is.pages == then->is.pages && ntohl(now->is.salt[0]) == ntohl(then->is.salt[0]) + 1;
}
