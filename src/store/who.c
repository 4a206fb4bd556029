// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and remembers what the permission rule asks about a user, and evaluates the rule for a
 * repository whose member list is known. Where the result is that nothing may be seen, the callers
 * ask the database, as for what does not exist: both shall take the same time.
 */
#include "who.h"

#include "base/unconst.h"
#include "db/memory.h"

static void read_who_row(rc_who_t *who, rc_stmt_t *st)
{
    apr_int64_t group = rc_column_int(st, 5);

    who->user_id = rc_column_int(st, 0);
    who->admin = rc_column_bool(st, 1);
    who->is_default = rc_column_bool(st, 2);
    who->anyone_id = rc_column_int(st, 3);
    who->takes_defaults = rc_column_bool(st, 4);
    if (!group)
        return;
    if (who->count < RC_WHO_GROUPS)
        who->groups[who->count] = group;
    who->count++;
}

rc_err_t *rc_who_read(rc_who_t **out, rc_db_t *db, rc_viewer_t viewer, apr_pool_t *pool)
{
    rc_who_t *who;
    rc_stmt_t *st;
    bool found;

    *out = NULL;
    if (rc_viewer_is_token(viewer))
        return NULL;
    who = apr_pcalloc(pool, sizeof(*who));
    RC_TRY(rc_query(&st, db, SQL_WHO, "i", viewer.id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            break;
        read_who_row(who, st);
    }
    rc_read_row(db, TABLE_API_KEY, 0); /* only tokens read it */
    if (who->user_id && who->count <= RC_WHO_GROUPS) {
        rc_read_row(db, TABLE_USERS, who->user_id);
        rc_read_row(db, TABLE_USERS, who->anyone_id); /* its name is that of no other */
        *out = who;
    }
    return NULL;
}

rc_err_t *rc_who_remembered(rc_who_t **out, rc_db_t *db, rc_viewer_t viewer, apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'v', .id = viewer.id};

    *out = NULL;
    if (!rc_db_remembers(db) || rc_viewer_is_token(viewer))
        return NULL;
    *out = rc_unconst(rc_recall_more(db, &key, pool).data);
    if (*out)
        return NULL;
    rc_recall(db, &key, pool);
    RC_TRY(rc_who_read(out, db, viewer, pool));
    if (*out)
        rc_remember(db, &key, RC_SINCE_RECALL, (rc_bytes_t){*out, sizeof(**out)});
    return NULL;
}

static bool is_in(const rc_who_t *who, apr_int64_t group_id)
{
    int i;

    for (i = 0; i < who->count; i++)
        if (who->groups[i] == group_id)
            return true;
    return false;
}

#define NO_ROW (-1)

/* The level that the rows of the user, their groups and the default user give, each NO_ROW when
 * there is none. */
typedef struct rows_t {
    int own, group, anyone;
} rows_t;

static rows_t find_rows(const rc_who_t *who, const apr_array_header_t *members)
{
    rows_t rows = {NO_ROW, NO_ROW, NO_ROW};
    int i;

    for (i = 0; i < members->nelts; i++) {
        const rc_member_row_t *row = &APR_ARRAY_IDX(members, i, rc_member_row_t);
        bool of_user = row->part == RC_PART_ANYONE || row->part == RC_PART_USER;

        if (of_user && row->id == who->user_id)
            rows.own = (int)row->level;
        if (of_user && row->id == who->anyone_id)
            rows.anyone = (int)row->level;
        if (row->part == RC_PART_GROUP && (int)row->level > rows.group && is_in(who, row->id))
            rows.group = (int)row->level;
    }
    return rows;
}

static rc_level_t evaluate(const rc_who_t *who, apr_int64_t owner_id, bool private_, rows_t rows)
{
    bool open = !who->is_default || !private_;

    if (who->admin || (owner_id == who->user_id && open))
        return RC_ADMIN;
    if (open && rows.own != NO_ROW)
        return (rc_level_t)rows.own;
    if (open && rows.group != NO_ROW)
        return (rc_level_t)rows.group;
    return who->takes_defaults && !private_ && rows.anyone != NO_ROW ? (rc_level_t)rows.anyone
                                                                     : RC_NONE;
}

rc_level_t rc_who_level(const rc_who_t *who, apr_int64_t owner_id, bool private_,
                        const apr_array_header_t *members)
{
    return evaluate(who, owner_id, private_, find_rows(who, members));
}

static rc_level_t evaluate_answer(const rc_who_t *who, rc_stmt_t *st)
{
    const rows_t rows = {(int)rc_column_int(st, 3), (int)rc_column_int(st, 4),
                         (int)rc_column_int(st, 5)};

    return evaluate(who, rc_column_int(st, 1), rc_column_bool(st, 2), rows);
}

rc_err_t *rc_who_ask(rc_seen_t *seen, rc_db_t *db, const rc_who_t *who, const char *name,
                     apr_int64_t id)
{
    rc_stmt_t *st;
    bool found;

    if (name)
        RC_TRY(
            rc_query(&st, db, SQL_REPO_ASKED_BY_NAME, "isi", who->user_id, name, who->anyone_id));
    else
        RC_TRY(rc_query(&st, db, SQL_REPO_ASKED_BY_ID, "iii", who->user_id, id, who->anyone_id));
    RC_TRY(rc_bind_ids(st, 4, who->groups, who->count));
    *seen = (rc_seen_t){0, 0};
    RC_TRY(rc_step(&found, st, db));
    if (!found)
        return NULL;
    *seen = (rc_seen_t){rc_column_int(st, 0), (int)evaluate_answer(who, st)};
    if (seen->level <= RC_NONE)
        seen->id = 0;
    rc_done(st);
    return NULL;
}
