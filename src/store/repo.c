// SPDX-License-Identifier: Apache-2.0
/*
 * Reads repositories together with the level of a user on them, and inserts them.
 */
#include "store/repo.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "repo_read.h"

/* Reads the columns of the last commit, from 15. */
static void read_last(rc_last_t *last, rc_stmt_t *st, apr_pool_t *pool)
{
    last->state = rc_column_text(st, 15, pool);
    last->id = rc_column_text(st, 16, pool);
    if (!last->id)
        return;
    last->index = rc_column_int(st, 17);
    last->message = rc_column_text(st, 18, pool);
    last->author = rc_column_text(st, 19, pool);
    last->time = rc_column_int(st, 20);
    last->parents = rc_column_text(st, 21, pool);
    last->branch = rc_column_text(st, 22, pool);
}

static void read_flags(rc_repo_t *repo, apr_int64_t flags)
{
    repo->private_ = flags & 1;
    repo->enable_statistics = flags & 2;
    repo->enable_locking = flags & 4;
    repo->enable_downloads = flags & 8;
}

/* The only place that knows the order of REPO_ROW. */
static rc_repo_t *read_row(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_repo_t *repo = apr_pcalloc(pool, sizeof(*repo));
    rc_blob_t sealed = rc_column_blob(st, 8, pool);

    repo->id = rc_column_int(st, 0);
    repo->name = rc_column_text(st, 1, pool);
    repo->type = rc_column_text(st, 2, pool);
    repo->owner_id = rc_column_int(st, 3);
    repo->group_id = rc_column_int(st, 4);
    read_flags(repo, rc_column_int(st, 5));
    repo->description = rc_column_text(st, 6, pool);
    repo->clone_uri = rc_column_text(st, 7, pool);
    repo->clone_uri_sealed = sealed.data;
    repo->clone_uri_sealed_len = sealed.len;
    repo->landing_rev = rc_column_text(st, 9, pool);
    repo->lock_user_id = rc_column_int(st, 10);
    repo->locked_on = rc_column_int(st, 11);
    repo->lock_reason = rc_column_text(st, 12, pool);
    repo->created_on = rc_column_int(st, 13);
    repo->fork_id = rc_column_int(st, 14);
    read_last(&repo->last, st, pool);
    return repo;
}

static void read_patterns(rc_repo_t *repo, rc_stmt_t *st, int from, apr_pool_t *pool)
{
    repo->branch_patterns = rc_column_text(st, from, pool);
    repo->tag_patterns = rc_column_text(st, from + 1, pool);
}

/* The same of REPO_COLUMNS. */
static rc_repo_t *read_repo(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_repo_t *repo = read_row(st, pool);

    repo->owner = rc_column_text(st, 23, pool);
    repo->fork_of = rc_column_text(st, 24, pool);
    read_patterns(repo, st, 25, pool);
    repo->level = (rc_level_t)rc_column_int(st, 27);
    return repo;
}

rc_err_t *rc_step_repo(rc_repo_t **out, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *out = found ? read_repo(st, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_repo_by_id(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, apr_int64_t id,
                              apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_BY_ID, "ii", viewer.id, id));
    return rc_step_repo(out, st, db, pool);
}

rc_err_t *rc_store_repo_by_name(rc_repo_t **out, rc_db_t *db, rc_viewer_t viewer, const char *name,
                                apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_BY_NAME, "is", viewer.id, name));
    return rc_step_repo(out, st, db, pool);
}

rc_err_t *rc_store_repo_of_type(bool *is, rc_db_t *db, const char *type)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_OF_TYPE, "s", type));
    RC_TRY(rc_step(is, st, db));
    rc_done(st);
    return NULL;
}

typedef rc_err_t *repo_fn(void *baton, const rc_repo_t *repo, apr_pool_t *scratch);

typedef struct repos_walk_t {
    rc_viewer_t viewer;
    bool fields;
    repo_fn *fn;
    void *baton;
    rc_owners_t owners;
} repos_walk_t;

static void take_repo(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    rc_repo_t **repos = baton;

    repos[at] = read_row(st, pool);
}

static void take_fork_of(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    rc_repo_t **repos = baton;

    if (repos[at])
        repos[at]->fork_of = rc_column_text(st, 1, pool);
}

static void take_patterns(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    rc_repo_t **repos = baton;

    if (repos[at])
        read_patterns(repos[at], st, 1, pool);
}

/* Reads the rows of a chunk; @a repos has NULL for each that was deleted since. */
static rc_err_t *read_repos(rc_repo_t **repos, const rc_chunk_t *chunk, repos_walk_t *walk)
{
    const rc_chunk_part_t rows = {SQL_REPO_ROWS, 0, take_repo, repos};
    const rc_chunk_part_t fork_of = {SQL_REPOS_FORK_OF, walk->viewer.id, take_fork_of, repos};
    const rc_chunk_part_t patterns = {SQL_REPOS_PATTERNS, 0, take_patterns, repos};
    bool forks = false, svn = false;
    int i;

    RC_TRY(rc_chunk_read(chunk, &rows, 1));
    RC_TRY(rc_read_owners(repos, chunk, &walk->owners));
    for (i = 0; i < chunk->count; i++) {
        forks = forks || (repos[i] && repos[i]->fork_id);
        svn = svn || (repos[i] && !strcmp(repos[i]->type, "svn"));
    }
    if (forks)
        RC_TRY(rc_chunk_read(chunk, &fork_of, 1));
    return svn ? rc_chunk_read(chunk, &patterns, 1) : NULL;
}

static rc_err_t *visit_repos(void *baton, const rc_chunk_t *chunk)
{
    repos_walk_t *walk = baton;
    apr_array_header_t *fields[RC_CHUNK] = {NULL};
    rc_repo_t *repos[RC_CHUNK] = {NULL};
    int i;

    RC_TRY(read_repos(repos, chunk, walk));
    if (walk->fields)
        RC_TRY(rc_read_repo_fields(fields, chunk));
    RC_TRY(rc_chunk_ahead(chunk, SQL_REPO_ROWS, 0));
    for (i = 0; i < chunk->count; i++) {
        if (!repos[i])
            continue; /* deleted since */
        repos[i]->level = (rc_level_t)chunk->seen[i].level;
        repos[i]->fields = fields[i];
        apr_pool_clear(chunk->scratch);
        RC_TRY(walk->fn(walk->baton, repos[i], chunk->scratch));
    }
    return NULL;
}

static rc_err_t *query_range(rc_stmt_t **st, rc_db_t *db, rc_viewer_t viewer,
                             const rc_repo_range_t *range, apr_pool_t *pool)
{
    apr_int64_t after = range ? range->page.after_id : 0;
    bool below = range && range->below && *range->below;

    if (!below && (!range || range->nested))
        return rc_query(st, db, SQL_REPOS_READABLE, "ii", viewer.id, after);
    return rc_query(st, db, SQL_REPOS_BELOW, "isdi", viewer.id,
                    below ? apr_pstrcat(pool, range->below, "/", NULL) : "", (int)range->nested,
                    after);
}

rc_err_t *rc_store_repos_each(rc_db_t *db, rc_viewer_t viewer, const rc_repo_range_t *range,
                              bool fields, repo_fn *fn, void *baton, apr_pool_t *pool)
{
    repos_walk_t walk = {.viewer = viewer, .fields = fields, .fn = fn, .baton = baton};
    rc_stmt_t *st;

    RC_TRY(query_range(&st, db, viewer, range, pool));
    return rc_chunks_by_id(st, db, range ? &range->page : NULL, visit_repos, &walk, pool);
}

rc_err_t *rc_store_repos_found(int *total, rc_db_t *db, rc_viewer_t viewer,
                               const rc_repo_search_t *search, repo_fn *fn, void *baton,
                               apr_pool_t *pool)
{
    repos_walk_t walk = {.viewer = viewer, .fn = fn, .baton = baton};
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPOS_FOUND, "isss", viewer.id,
                    rc_like_pattern(search->words, pool),
                    search->below ? apr_pstrcat(pool, search->below, "/", NULL) : "",
                    search->only ? search->only : ""));
    return rc_chunks_of(total, st, db, search->first, search->most, visit_repos, &walk, pool);
}

rc_err_t *rc_store_repos_locked_each(rc_db_t *db, rc_viewer_t viewer, apr_int64_t holder_id,
                                     bool fields, repo_fn *fn, void *baton, apr_pool_t *pool)
{
    repos_walk_t walk = {.viewer = viewer, .fields = fields, .fn = fn, .baton = baton};
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPOS_LOCKED, "ii", viewer.id, holder_id));
    return rc_chunks_each(st, db, visit_repos, &walk, pool);
}

/* The value of last_index when there is no commit. */
#define NO_COMMIT ((apr_int64_t)-1)

/* Runs a statement with the parameters of the fragment LAST; @a was is the parameter after them. */
static rc_err_t *store_last(rc_db_t *db, rc_sql_t sql, const rc_repo_t *repo, const rc_last_t *last,
                            const char *types, const char *was)
{
    apr_int64_t taken = apr_time_now();

    return rc_execute(db, sql, types, repo->id, repo->name, last->state, last->id,
                      last->id ? last->index : NO_COMMIT, last->message, last->author, last->time,
                      last->parents, last->branch, taken, was);
}

rc_err_t *rc_store_repo_insert(rc_repo_t *repo, rc_db_t *db)
{
    rc_blob_t sealed = {repo->clone_uri_sealed, repo->clone_uri_sealed_len};
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_INSERT, "nsirddddttbnir", repo->name, repo->type,
                    repo->owner_id, repo->group_id, (int)repo->private_,
                    (int)repo->enable_statistics, (int)repo->enable_locking,
                    (int)repo->enable_downloads, repo->description, repo->clone_uri, &sealed,
                    repo->landing_rev, repo->created_on, repo->fork_id));
    RC_TRY(rc_insert(&repo->id, st, db));
    return rc_store_repo_set_last(db, repo, &repo->last);
}

rc_err_t *rc_store_repo_set_last(rc_db_t *db, const rc_repo_t *repo, const rc_last_t *last)
{
    return store_last(db, SQL_REPO_SET_LAST, repo, last, "isssississi", NULL);
}

rc_err_t *rc_store_repo_replace_last(rc_db_t *db, const rc_repo_t *repo, const rc_last_t *last)
{
    return store_last(db, SQL_REPO_REPLACE_LAST, repo, last, "isssississis", repo->last.state);
}

rc_err_t *rc_store_follow_repo(rc_db_t *db, apr_int64_t user_id, apr_int64_t repo_id)
{
    return rc_execute(db, SQL_REPO_FOLLOW, "iii", repo_id, user_id, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_unfollow_repo(rc_db_t *db, apr_int64_t user_id, apr_int64_t repo_id)
{
    return rc_execute(db, SQL_REPO_UNFOLLOW, "ii", repo_id, user_id);
}
