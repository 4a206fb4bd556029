// SPDX-License-Identifier: Apache-2.0
/*
 * Looks up repositories that a viewer may read. What is found is remembered; what is missing or
 * hidden is not: there is no end of names, and both shall take the same time.
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

/* Reads the row of a repository whose level is known; NULL when it is hidden or missing. */
static rc_err_t *read_row(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, const rc_seen_t *seen,
                          apr_pool_t *pool)
{
    rc_stmt_t *st;

    *out = NULL;
    if (!seen->id)
        return NULL;
    rc_read_row(db, TABLE_REPO, seen->id); /* its name is that of no other */
    note_viewer(db, viewer);
    RC_TRY(rc_query(&st, db, SQL_REPO_ROW, "iid", viewer.id, seen->id, seen->level));
    RC_TRY(rc_step_repo(out, st, db, pool));
    rc_read_row(db, TABLE_REPO, seen->id);
    if (*out && (*out)->fork_id)
        rc_read_row(db, TABLE_REPO, (*out)->fork_id);
    note_viewer(db, viewer);
    return NULL;
}

/* Keeps a row, but no sealed secret. */
static void keep_row(rc_db_t *db, const rc_memory_key_t *key, const rc_repo_t *repo,
                     apr_pool_t *pool)
{
    if (repo && !repo->clone_uri_sealed)
        rc_remember(db, key, RC_SINCE_RECALL, rc_flat_pack(&form, repo, pool));
}

rc_err_t *rc_store_repo_seen_by_id(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, apr_int64_t id,
                                   apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'i', .id = viewer.id, .data = &id, .len = sizeof(id)};
    rc_seen_t seen;
    rc_stmt_t *st;

    if ((*out = rc_flat_unpack(&form, rc_recall(db, &key, pool))))
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_REPO_SEEN_BY_ID, "ii", viewer.id, id));
    RC_TRY(rc_seen_one(&seen, st, db));
    RC_TRY(read_row(out, db, viewer, &seen, pool));
    keep_row(db, &key, *out, pool);
    return NULL;
}

rc_err_t *rc_store_repo_seen_by_name(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer,
                                     const char *name, apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'r', .id = viewer.id, .data = name, .len = strlen(name)};
    rc_seen_t seen;
    rc_stmt_t *st;

    if ((*out = rc_flat_unpack(&form, rc_recall(db, &key, pool))))
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_REPO_SEEN_BY_NAME, "is", viewer.id, name));
    RC_TRY(rc_seen_one(&seen, st, db));
    RC_TRY(read_row(out, db, viewer, &seen, pool));
    keep_row(db, &key, *out, pool);
    return NULL;
}
