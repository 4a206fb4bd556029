// SPDX-License-Identifier: Apache-2.0
/*
 * Looks up the names of the owners in a list of repositories.
 */
#include "repo_read.h"

#define MOST 4096 /* owners that are known at a time */

typedef struct owner_t {
    apr_int64_t id;
    const char *name; /* NULL: to be looked up */
} owner_t;

/* The owners of a chunk that are not known. */
typedef struct unknown_t {
    apr_pool_t *pool;
    owner_t *owners[RC_CHUNK];
    rc_seen_t seen[RC_CHUNK];
} unknown_t;

static const owner_t *find_owner(const rc_owners_t *owners, apr_int64_t id)
{
    return apr_hash_get(owners->names, &id, sizeof(id));
}

static owner_t *add_owner(const rc_owners_t *owners, apr_int64_t id)
{
    owner_t *owner = apr_pcalloc(owners->pool, sizeof(*owner));

    owner->id = id;
    apr_hash_set(owners->names, &owner->id, sizeof(owner->id), owner);
    return owner;
}

/* Prepares for a chunk; the memory of long lists is bounded. */
static void begin_owners(rc_owners_t *owners, apr_pool_t *pool)
{
    if (!owners->pool)
        apr_pool_create(&owners->pool, pool);
    else if (apr_hash_count(owners->names) < MOST)
        return;
    apr_pool_clear(owners->pool);
    owners->names = apr_hash_make(owners->pool);
}

static void take_owner(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    const unknown_t *unknown = baton;

    (void)pool;
    unknown->owners[at]->name = rc_column_text(st, 1, unknown->pool);
}

rc_err_t *rc_read_owners(rc_repo_t **repos, const rc_chunk_t *chunk, rc_owners_t *owners)
{
    rc_chunk_t part = *chunk;
    unknown_t unknown;
    const rc_chunk_part_t names = {SQL_USERS_NAMES, 0, take_owner, &unknown};
    int i;

    begin_owners(owners, chunk->list);
    unknown.pool = owners->pool;
    part.seen = unknown.seen;
    part.count = 0;
    for (i = 0; i < chunk->count; i++) {
        if (!repos[i] || find_owner(owners, repos[i]->owner_id))
            continue;
        unknown.seen[part.count] = (rc_seen_t){repos[i]->owner_id, 0};
        unknown.owners[part.count++] = add_owner(owners, repos[i]->owner_id);
    }
    if (part.count)
        RC_TRY(rc_chunk_read(&part, &names, 1));
    for (i = 0; i < chunk->count; i++)
        if (repos[i] && !(repos[i]->owner = find_owner(owners, repos[i]->owner_id)->name))
            repos[i] = NULL; /* deleted since */
    return NULL;
}
