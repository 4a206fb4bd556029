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
#include "who.h"

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

/* How a repository is asked for. */
typedef struct question_t {
    rc_viewer_t viewer;
    const char *name; /* NULL: by its id */
    apr_int64_t id;
} question_t;

typedef rc_bytes_t recall_fn(rc_db_t *db, const rc_memory_key_t *key, apr_pool_t *pool);

/* The key of a row. What the row of a fork says about its source depends on the viewer; 0: it is
 * no fork. */
static rc_memory_key_t row_key(const question_t *of, apr_int64_t viewer_id, apr_pool_t *pool)
{
    const void *what = of->name ? (const void *)of->name : &of->id;
    apr_size_t len = of->name ? strlen(of->name) : sizeof(of->id);
    char *data = apr_palloc(pool, sizeof(viewer_id) + len);

    memcpy(data, &viewer_id, sizeof(viewer_id));
    memcpy(data + sizeof(viewer_id), what, len);
    return (rc_memory_key_t){
        .kind = of->name ? 'o' : 'q', .data = data, .len = sizeof(viewer_id) + len};
}

static rc_repo_t *recall_row(rc_db_t *db, const question_t *of, recall_fn *recall, apr_pool_t *pool)
{
    const rc_memory_key_t key = row_key(of, 0, pool), of_fork = row_key(of, of->viewer.id, pool);
    rc_repo_t *row = rc_flat_unpack(&form, recall(db, &key, pool));

    return row ? row : rc_flat_unpack(&form, recall(db, &of_fork, pool));
}

/* Reads the row of a repository whose level is known. A row with a sealed secret is not kept. */
static rc_err_t *read_known_row(rc_repo_t **out, rc_db_t *db, const question_t *of,
                                const rc_seen_t *seen, apr_pool_t *pool)
{
    rc_memory_key_t key;
    rc_stmt_t *st;

    if ((*out = recall_row(db, of, rc_recall, pool))) {
        (*out)->level = (rc_level_t)seen->level;
        return NULL;
    }
    RC_TRY(rc_query(&st, db, SQL_REPO_ROW, "iid", of->viewer.id, seen->id, seen->level));
    RC_TRY(rc_step_repo(out, st, db, pool));
    if (!*out)
        return NULL;
    note_row(db, of->viewer, *out);
    key = row_key(of, (*out)->fork_id ? of->viewer.id : 0, pool);
    if (!(*out)->clone_uri_sealed)
        rc_remember(db, &key, RC_SINCE_RECALL, rc_flat_pack(&form, *out, pool));
    return NULL;
}

/* Finds the repository when all that the rule asks for is in memory, and lets the viewer read it.
 * Else *@a out is NULL, and the statement decides: hidden ones shall take as long as missing
 * ones. */
static void find_remembered(rc_repo_t **out, rc_db_t *db, const question_t *of, const rc_who_t *who,
                            apr_pool_t *pool)
{
    rc_repo_t *row = recall_row(db, of, rc_recall_more, pool);
    apr_array_header_t *members = row ? rc_members_recall(db, RC_KIND_REPO, row->id, pool) : NULL;

    *out = NULL;
    if (!members)
        return;
    row->level = rc_who_level(who, row->owner_id, row->private_, members);
    if (row->level > RC_NONE)
        *out = row;
}

/* Runs the statement that decides, with what is known about the viewer; @a who may be NULL. */
static rc_err_t *run_rule(rc_seen_t *seen, rc_db_t *db, const question_t *of, const rc_who_t *who)
{
    rc_stmt_t *st;

    if (who)
        return rc_who_ask(seen, db, who, of->name, of->id);
    if (of->name)
        RC_TRY(rc_query(&st, db, SQL_REPO_SEEN_BY_NAME, "is", of->viewer.id, of->name));
    else
        RC_TRY(rc_query(&st, db, SQL_REPO_SEEN_BY_ID, "ii", of->viewer.id, of->id));
    return rc_seen_one(seen, st, db);
}

/* Looks up what the viewer may do with the repository; *@a out is set when that is known from
 * memory, else the id of @a seen is 0 when it is hidden or missing. */
static rc_err_t *look_up(rc_repo_t **out, rc_seen_t *seen, rc_db_t *db, const question_t *of,
                         const rc_memory_key_t *key, apr_pool_t *pool)
{
    rc_who_t *who;

    RC_TRY(rc_who_remembered(&who, db, of->viewer, pool));
    if (who)
        find_remembered(out, db, of, who, pool);
    if (*out)
        return NULL;
    RC_TRY(run_rule(seen, db, of, who));
    if (!seen->id)
        return NULL;
    rc_read_row(db, TABLE_REPO, seen->id); /* its name is that of no other */
    note_viewer(db, of->viewer);
    rc_remember(db, key, RC_SINCE_RECALL, (rc_bytes_t){seen, sizeof(*seen)});
    return NULL;
}

static rc_err_t *find_seen(rc_repo_t **out, rc_db_t *db, const question_t *of, apr_pool_t *pool)
{
    const rc_memory_key_t by_name = {'r', of->viewer.id, of->name, of->name ? strlen(of->name) : 0},
                          by_id = {'i', of->viewer.id, &of->id, sizeof(of->id)},
                          *key = of->name ? &by_name : &by_id;
    const rc_seen_t *known = rc_recall(db, key, pool).data;
    rc_seen_t seen = {0, 0};

    *out = NULL;
    if (!known) {
        RC_TRY(look_up(out, &seen, db, of, key, pool));
        known = &seen;
    }
    return known->id ? read_known_row(out, db, of, known, pool) : NULL;
}

rc_err_t *rc_store_repo_seen_by_id(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, apr_int64_t id,
                                   apr_pool_t *pool)
{
    const question_t of = {.viewer = viewer, .id = id};

    return find_seen(out, db, &of, pool);
}

rc_err_t *rc_store_repo_seen_by_name(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer,
                                     const char *name, apr_pool_t *pool)
{
    const question_t of = {.viewer = viewer, .name = name};

    return find_seen(out, db, &of, pool);
}
