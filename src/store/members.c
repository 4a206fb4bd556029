// SPDX-License-Identifier: Apache-2.0
/*
 * Reads member lists, and remembers them as one piece of bytes: their number, the rows, the names.
 * They are sorted here: SQL would sort each part by itself first.
 */
#include "members.h"

#include <stdlib.h>
#include <string.h>

#include "db/memory.h"
#include "sql.h"
#include "store/rule.h"

static const rc_sql_t statements[] = {SQL_REPO_MEMBERS, SQL_REPO_GROUP_MEMBERS,
                                      SQL_USER_GROUP_MEMBERS};

/* --- bytes --- */

typedef struct packed_t {
    apr_int64_t id;
    int part, level;
    apr_size_t name; /* its place behind the rows */
} packed_t;

static rc_bytes_t pack(const apr_array_header_t *list, apr_pool_t *pool)
{
    apr_size_t len = sizeof(apr_size_t) + (apr_size_t)list->nelts * sizeof(packed_t), at = 0;
    char *bytes, *names;
    packed_t *rows;
    int i;

    for (i = 0; i < list->nelts; i++)
        at += strlen(APR_ARRAY_IDX(list, i, rc_member_row_t).name) + 1;
    bytes = apr_palloc(pool, len + at);
    *(apr_size_t *)(void *)bytes = (apr_size_t)list->nelts;
    rows = (void *)(bytes + sizeof(apr_size_t));
    names = (char *)(rows + list->nelts);
    for (i = 0, at = 0; i < list->nelts; i++) {
        const rc_member_row_t *row = &APR_ARRAY_IDX(list, i, rc_member_row_t);
        apr_size_t size = strlen(row->name) + 1;

        rows[i] = (packed_t){row->id, (int)row->part, (int)row->level, at};
        memcpy(names + at, row->name, size);
        at += size;
    }
    return (rc_bytes_t){bytes, len + at};
}

static apr_array_header_t *unpack(rc_bytes_t bytes, apr_pool_t *pool)
{
    const apr_size_t *count = bytes.data;
    apr_array_header_t *list;
    const packed_t *rows;
    const char *names;
    apr_size_t i;

    if (!count)
        return NULL;
    rows = (const void *)(count + 1);
    names = (const char *)(rows + *count);
    list = apr_array_make(pool, (int)*count, sizeof(rc_member_row_t));
    for (i = 0; i < *count; i++)
        APR_ARRAY_PUSH(list, rc_member_row_t) = (rc_member_row_t){
            (rc_part_t)rows[i].part, (rc_level_t)rows[i].level, rows[i].id, names + rows[i].name};
    return list;
}

/* --- reading --- */

/* A row, and its place in its part, from the statement. */
typedef struct placed_t {
    rc_member_row_t row;
    apr_int64_t place;
} placed_t;

static int by_place(const void *one, const void *two)
{
    const placed_t *a = one, *b = two;

    if (a->row.part != b->row.part)
        return (a->row.part > b->row.part) - (a->row.part < b->row.part);
    if (a->place != b->place)
        return (a->place > b->place) - (a->place < b->place);
    return strcmp(a->row.name, b->row.name);
}

static rc_err_t *read_member_rows(apr_array_header_t *placed, rc_db_t *db, rc_kind_t kind,
                                  apr_int64_t object_id, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, statements[kind], "i", object_id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            break;
        APR_ARRAY_PUSH(placed, placed_t) =
            (placed_t){{(rc_part_t)rc_column_int(st, 0), (rc_level_t)rc_column_int(st, 3),
                        rc_column_int(st, 4), rc_column_text(st, 2, pool)},
                       rc_column_int(st, 1)};
    }
    if (kind == RC_KIND_REPO)
        rc_read_row(db, TABLE_REPO, object_id);
    return NULL;
}

apr_array_header_t *rc_members_recall(rc_db_t *db, rc_kind_t kind, apr_int64_t object_id,
                                      apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'm', .id = object_id, .data = &kind, .len = sizeof(kind)};

    return unpack(rc_recall_more(db, &key, pool), pool);
}

rc_err_t *rc_members_read(apr_array_header_t **out, rc_db_t *db, rc_kind_t kind,
                          apr_int64_t object_id, apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'm', .id = object_id, .data = &kind, .len = sizeof(kind)};
    apr_array_header_t *placed;
    int i;

    if ((*out = unpack(rc_recall(db, &key, pool), pool)))
        return NULL;
    placed = apr_array_make(pool, 8, sizeof(placed_t));
    RC_TRY(read_member_rows(placed, db, kind, object_id, pool));
    qsort(placed->elts, (size_t)placed->nelts, sizeof(placed_t), by_place);
    *out = apr_array_make(pool, placed->nelts, sizeof(rc_member_row_t));
    for (i = 0; i < placed->nelts; i++)
        APR_ARRAY_PUSH(*out, rc_member_row_t) = APR_ARRAY_IDX(placed, i, placed_t).row;
    rc_remember(db, &key, RC_SINCE_RECALL, pack(*out, pool));
    return NULL;
}

/* The parts of a member list: their kind and origin. */
static const struct {
    const char *kind, *origin;
} parts[] = {
    [RC_PART_ADMIN] = {"user", "super-admin"},      [RC_PART_OWNER] = {"user", "owner"},
    [RC_PART_ANYONE] = {"user", "permission"},      [RC_PART_USER] = {"user", "permission"},
    [RC_PART_GROUP] = {"user_group", "permission"},
};

rc_err_t *rc_rule_members(rc_db_t *db, rc_kind_t kind, apr_int64_t object_id,
                          rc_err_t *(*fn)(void *baton, const rc_member_t *member), void *baton,
                          apr_pool_t *pool)
{
    apr_array_header_t *list;
    int i;

    RC_TRY(rc_members_read(&list, db, kind, object_id, pool));
    for (i = 0; i < list->nelts; i++) {
        const rc_member_row_t *row = &APR_ARRAY_IDX(list, i, rc_member_row_t);
        const rc_member_t member = {parts[row->part].kind, row->name, row->level,
                                    parts[row->part].origin};

        RC_TRY(fn(baton, &member));
    }
    return NULL;
}
