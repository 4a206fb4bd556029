// SPDX-License-Identifier: Apache-2.0
/*
 * Looks up repositories that a viewer may read. What is found is remembered, the level apart from
 * the row, which most viewers share; what is missing or hidden is not: there is no end of names,
 * and both shall take the same time.
 */
#include <stddef.h>
#include <string.h>

#include "flat.h"
#include "repo_read.h"
#include "sql.h"

static const apr_size_t texts[] = {
    offsetof(rc_repo_t, name),
    offsetof(rc_repo_t, type),
    offsetof(rc_repo_t, owner),
    offsetof(rc_repo_t, fork_of),
    offsetof(rc_repo_t, description),
    offsetof(rc_repo_t, clone_uri),
    offsetof(rc_repo_t, landing_rev),
    offsetof(rc_repo_t, last.state),
    offsetof(rc_repo_t, last.id),
    offsetof(rc_repo_t, last.message),
    offsetof(rc_repo_t, last.author),
    offsetof(rc_repo_t, last.parents),
    offsetof(rc_repo_t, last.branch),
    offsetof(rc_repo_t, lock_reason),
    offsetof(rc_repo_t, branch_patterns),
    offsetof(rc_repo_t, tag_patterns),
};
static const rc_flat_t form = {sizeof(rc_repo_t), texts, sizeof(texts) / sizeof(*texts)};

/* The rule reads the row of a token only for that token. */
static void note_viewer(rc_db_t *db, rc_viewer_t viewer)
{
    rc_read_row(db, TABLE_API_KEY, rc_viewer_is_token(viewer) ? -viewer.id : 0);
}

/* Tables of which the row of a repository that is no fork has nothing: they say whether the viewer
 * sees the name of the other one. */
static const int of_forks[] = {
    TABLE_API_KEY,
    TABLE_REPO_GROUP,
    TABLE_USER_GROUP,
    TABLE_USER_GROUP_MEMBER,
    TABLE_USER_GLOBAL_PERMISSION,
    TABLE_USER_GROUP_GLOBAL_PERMISSION,
    TABLE_USER_REPO_PERMISSION,
    TABLE_USER_GROUP_REPO_PERMISSION,
};

/* Notes what the row of @a repo was read from. */
static void note_row(rc_db_t *db, rc_viewer_t viewer, const rc_repo_t *repo)
{
    apr_size_t i;

    rc_read_row(db, TABLE_REPO, repo->id);
    if (repo->fork_id) {
        rc_read_row(db, TABLE_REPO, repo->fork_id);
        note_viewer(db, viewer);
        return;
    }
    for (i = 0; i < sizeof(of_forks) / sizeof(*of_forks); i++)
        rc_read_row(db, of_forks[i], 0);
    rc_read_row(db, TABLE_USERS, repo->owner_id);
}

/* Reads the row of a repository whose level is known. What it says about a fork depends on the
 * viewer. A row with a sealed secret is not kept. */
static rc_err_t *read_row(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, const rc_seen_t *seen,
                          apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'o', .id = seen->id};
    const rc_memory_key_t of_fork = {
        .kind = 'o', .id = seen->id, .data = &viewer.id, .len = sizeof(viewer.id)};
    rc_stmt_t *st;

    if ((*out = rc_flat_unpack(&form, rc_recall(db, &key, pool))) ||
        (*out = rc_flat_unpack(&form, rc_recall(db, &of_fork, pool)))) {
        (*out)->level = (rc_level_t)seen->level;
        return NULL;
    }
    RC_TRY(rc_query(&st, db, SQL_REPO_ROW, "iid", viewer.id, seen->id, seen->level));
    RC_TRY(rc_step_repo(out, st, db, pool));
    if (!*out)
        return NULL;
    note_row(db, viewer, *out);
    if (!(*out)->clone_uri_sealed)
        rc_remember(db, (*out)->fork_id ? &of_fork : &key, RC_SINCE_RECALL,
                    rc_flat_pack(&form, *out, pool));
    return NULL;
}

/* Reads what the viewer may do with the repository that a statement finds; the id is 0 when it is
 * hidden or missing. */
static rc_err_t *read_seen(rc_seen_t *seen, rc_db_t *db, rc_viewer_t viewer,
                           const rc_memory_key_t *key, rc_stmt_t *st)
{
    RC_TRY(rc_seen_one(seen, st, db));
    if (!seen->id)
        return NULL;
    rc_read_row(db, TABLE_REPO, seen->id); /* its name is that of no other */
    note_viewer(db, viewer);
    rc_remember(db, key, RC_SINCE_RECALL, (rc_bytes_t){seen, sizeof(*seen)});
    return NULL;
}

rc_err_t *rc_store_repo_seen_by_id(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, apr_int64_t id,
                                   apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'i', .id = viewer.id, .data = &id, .len = sizeof(id)};
    const rc_seen_t *known = rc_recall(db, &key, pool).data;
    rc_seen_t seen = {0, 0};
    rc_stmt_t *st;

    if (!known) {
        RC_TRY(rc_query(&st, db, SQL_REPO_SEEN_BY_ID, "ii", viewer.id, id));
        RC_TRY(read_seen(&seen, db, viewer, &key, st));
        known = &seen;
    }
    *out = NULL;
    return known->id ? read_row(out, db, viewer, known, pool) : NULL;
}

rc_err_t *rc_store_repo_seen_by_name(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer,
                                     const char *name, apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'r', .id = viewer.id, .data = name, .len = strlen(name)};
    const rc_seen_t *known = rc_recall(db, &key, pool).data;
    rc_seen_t seen = {0, 0};
    rc_stmt_t *st;

    if (!known) {
        RC_TRY(rc_query(&st, db, SQL_REPO_SEEN_BY_NAME, "is", viewer.id, name));
        RC_TRY(read_seen(&seen, db, viewer, &key, st));
        known = &seen;
    }
    *out = NULL;
    return known->id ? read_row(out, db, viewer, known, pool) : NULL;
}
