// SPDX-License-Identifier: Apache-2.0
/*
 * Finds what has come by the ids of the source, and chooses the ids here. A repository keeps its
 * id, because addresses like /_12 name it; and so do the others, as long as the id was never given
 * here.
 */
#include "import.h"

#include <string.h>

#include "base/secret.h"
#include "db/copy.h"

#define LARGEST_ID APR_INT64_C(0x7fffffff) /* of the source */

rc_arrival_t *rc_import_item(rc_rows_t *rows, int column, apr_hash_t *items)
{
    apr_int64_t id = rc_import_int(rows, column, 0);

    return apr_hash_get(items, &id, sizeof(id));
}

rc_arrival_t *rc_import_add(rc_importing_t *the, apr_hash_t *items, rc_rows_t *rows, int column)
{
    rc_arrival_t *item = apr_pcalloc(the->pool, sizeof(*item));

    item->source = rc_import_int(rows, column, 0);
    item->everyone = -1;
    apr_hash_set(items, &item->source, sizeof(item->source), item);
    return item;
}

typedef struct alike_t {
    unsigned char digest[RC_DIGEST_SIZE];
    apr_int64_t id;
} alike_t;

apr_int64_t *rc_import_alike(rc_importing_t *the, const char *features)
{
    unsigned char digest[RC_DIGEST_SIZE];
    alike_t *alike;

    rc_key_digest(digest, features);
    alike = apr_hash_get(the->alike, digest, sizeof(digest));
    if (!alike) {
        alike = apr_pcalloc(the->pool, sizeof(*alike));
        memcpy(alike->digest, digest, sizeof(digest));
        apr_hash_set(the->alike, alike->digest, sizeof(alike->digest), alike);
    }
    return &alike->id;
}

rc_err_t *rc_import_ids_begin(rc_import_ids_t *ids, rc_importing_t *the, const char *table,
                              rc_import_table_t from)
{
    apr_int64_t id;
    rc_rows_t rows;

    ids->table = table;
    RC_TRY(rc_db_last_id(&ids->last, the->db, table));
    ids->next = ids->last + 1;
    RC_TRY(rc_foreign_rows(&rows, the->source, from, the->pool));
    while (rc_rows_next(&rows))
        if ((id = rc_import_int(&rows, 0, 0)) >= ids->next && id <= LARGEST_ID)
            ids->next = id + 1;
    return rc_rows_end(&rows);
}

apr_int64_t rc_import_ids_choose(rc_import_ids_t *ids, apr_int64_t source)
{
    return source > ids->last && source <= LARGEST_ID ? source : ids->next++;
}

rc_err_t *rc_import_ids_end(const rc_import_ids_t *ids, rc_importing_t *the)
{
    if (the->move_in->dry_run) /* a server does not take back what its counters were set to */
        return NULL;
    return ids->next - 1 > ids->last ? rc_db_keep_id(the->db, ids->table, ids->next - 1) : NULL;
}
