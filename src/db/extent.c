// SPDX-License-Identifier: Apache-2.0
/*
 * Joins parts of a database.
 */
#include "db/extent.h"

void rc_extent_add_tables(rc_extent_t *extent, apr_uint64_t tables)
{
    extent->tables |= tables;
}

void rc_extent_add_row(rc_extent_t *extent, int table, apr_int64_t id)
{
    int i;

    if (extent->tables & (APR_UINT64_C(1) << table))
        return;
    for (i = 0; i < extent->count; i++)
        if (extent->rows[i].table == table && extent->rows[i].id == id)
            return;
    if (extent->count < RC_EXTENT_ROWS)
        extent->rows[extent->count++] = (rc_extent_row_t){.id = id, .table = table};
    else
        extent->tables |= APR_UINT64_C(1) << table;
}

void rc_extent_add(rc_extent_t *extent, const rc_extent_t *other)
{
    int i;

    extent->tables |= other->tables;
    for (i = 0; i < other->count; i++)
        rc_extent_add_row(extent, other->rows[i].table, other->rows[i].id);
}
