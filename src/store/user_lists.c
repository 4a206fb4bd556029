// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the e-mail addresses and IP entries of users, and lists users with all their data.
 */
#include <string.h>

#include <apr_strings.h>

#include "db/memory.h"
#include "seen.h"
#include "user_read.h"

static rc_err_t *read_keys(apr_array_header_t *keys, rc_db_t *db, apr_int64_t user_id,
                           apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_USER_KEYS, "i", user_id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        rc_read_user_key(apr_array_push(keys), st, pool);
    }
}

static rc_err_t *read_texts(apr_array_header_t **list, rc_db_t *db, rc_sql_t sql,
                            apr_int64_t user_id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, sql, "i", user_id));
    return rc_texts(list, st, 0, db, pool);
}

static rc_err_t *read_details(rc_user_details_t *out, rc_db_t *db, const rc_user_t *user, bool keys,
                              apr_pool_t *pool)
{
    out->user = user;
    out->keys = apr_array_make(pool, 2, sizeof(rc_user_key_t));
    RC_TRY(read_texts(&out->emails, db, SQL_USER_EMAILS, user->id, pool));
    if (keys)
        RC_TRY(read_keys(out->keys, db, user->id, pool));
    return read_texts(&out->ips, db, SQL_USER_IPS, user->id, pool);
}

rc_err_t *rc_store_user_details(rc_user_details_t *out, rc_db_t *db, const rc_user_t *user,
                                apr_pool_t *pool)
{
    return read_details(out, db, user, true, pool);
}

rc_err_t *rc_store_user_shown(rc_user_details_t *out, rc_db_t *db, apr_int64_t user_id,
                              apr_pool_t *pool)
{
    rc_user_t *user;

    RC_TRY(rc_store_user_by_id(&user, db, user_id, pool));
    rc_read_row(db, TABLE_USERS, user_id);
    out->user = user;
    return user ? read_details(out, db, user, false, pool) : NULL;
}

typedef struct users_walk_t {
    bool keys;
    rc_err_t *(*fn)(void *baton, const rc_user_details_t *details, apr_pool_t *scratch);
    void *baton;
} users_walk_t;

/* A chunk of users. */
typedef struct users_t {
    rc_user_details_t *details;
    rc_user_t *rows[RC_CHUNK];
    apr_array_header_t *numbers[RC_CHUNK]; /* of their addresses: see is_before */
} users_t;

static void take_user(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    users_t *users = baton;

    users->details[at].user = users->rows[at] = rc_read_user(st, pool);
}

/* Returns whether a row is before another one of its user: the main one is the first, then the
 * oldest. The numbers are twice the ids, plus 1 for the main one. The rows of a chunk come in any
 * order: to order the few of a user here costs less than to order those of all. */
static bool is_before(apr_int64_t one, apr_int64_t other)
{
    return one % 2 == other % 2 ? one < other : one % 2;
}

static void take_email(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    const users_t *users = baton;
    const char *email = rc_column_text(st, 1, pool), **place;
    apr_int64_t number = rc_column_int(st, 2), *other;

    if (!users->rows[at])
        return; /* deleted since */
    place = apr_array_push(users->details[at].emails);
    other = apr_array_push(users->numbers[at]);
    for (; other != (apr_int64_t *)users->numbers[at]->elts && is_before(number, other[-1]);
         place--, other--) {
        *place = place[-1];
        *other = other[-1];
    }
    *place = email;
    *other = number;
    if (number % 2)
        users->rows[at]->email = email;
}

/* The baton of these two is an array of rc_user_details_t. */

static void take_ip(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    const rc_user_details_t *details = (rc_user_details_t *)baton + at;

    APR_ARRAY_PUSH(details->ips, const char *) = rc_column_text(st, 1, pool);
}

static apr_int64_t key_number(const rc_user_key_t *key)
{
    return 2 * key->id + key->main;
}

static void take_key(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    const rc_user_details_t *details = (rc_user_details_t *)baton + at;
    rc_blob_t sealed = rc_column_blob(st, 2, pool);
    apr_int64_t number = rc_column_int(st, 1);
    rc_user_key_t *place = apr_array_push(details->keys);

    for (;
         place != (rc_user_key_t *)details->keys->elts && is_before(number, key_number(place - 1));
         place--)
        *place = place[-1];
    *place = (rc_user_key_t){
        .user_id = rc_column_int(st, 0),
        .id = number / 2,
        .main = number % 2,
        .sealed = sealed.data,
        .sealed_len = sealed.len,
    };
}

/* Reads what belongs to the users of a chunk, and their rows, unless they are read. */
static rc_err_t *read_parts(users_t *users, const rc_chunk_t *chunk, bool rows, bool keys)
{
    rc_user_details_t *details = users->details;
    const rc_chunk_part_t parts[] = {
        {SQL_USER_ROWS, 0, take_user, users},
        {SQL_USERS_EMAILS, 0, take_email, users},
        {SQL_USERS_IPS, 0, take_ip, details},
        {SQL_USERS_KEYS, 0, take_key, details},
    };
    int i;

    for (i = 0; i < chunk->count; i++) {
        details[i].emails = apr_array_make(chunk->pool, 2, sizeof(const char *));
        users->numbers[i] = apr_array_make(chunk->pool, 2, sizeof(apr_int64_t));
        details[i].keys = apr_array_make(chunk->pool, 2, sizeof(rc_user_key_t));
        details[i].ips = apr_array_make(chunk->pool, 2, sizeof(const char *));
    }
    return rc_chunk_read(chunk, rows ? parts : parts + 1, 2 + rows + keys);
}

static rc_err_t *read_chunk(rc_user_details_t *details, const rc_chunk_t *chunk, bool keys)
{
    users_t users = {.details = details};
    int i;

    for (i = 0; i < chunk->count; i++)
        details[i].user = NULL;
    return read_parts(&users, chunk, true, keys);
}

/* Reads a chunk of one user, the size of most sets of followers, by the cheaper statements for
 * single users. */
static rc_err_t *read_one(rc_user_details_t *details, const rc_chunk_t *chunk, bool keys)
{
    rc_user_t *user;

    details->user = NULL;
    RC_TRY(rc_store_user_by_id(&user, chunk->db, chunk->seen->id, chunk->pool));
    return user ? read_details(details, chunk->db, user, keys, chunk->pool) : NULL;
}

rc_err_t *rc_users_read(rc_user_details_t *details, const rc_chunk_t *chunk, bool keys)
{
    return chunk->count == 1 ? read_one(details, chunk, keys) : read_chunk(details, chunk, keys);
}

static rc_err_t *visit_all(const users_walk_t *walk, const rc_user_details_t *details,
                           const rc_chunk_t *chunk)
{
    int i;

    for (i = 0; i < chunk->count; i++) {
        if (!details[i].user)
            continue; /* deleted since */
        apr_pool_clear(chunk->scratch);
        RC_TRY(walk->fn(walk->baton, &details[i], chunk->scratch));
    }
    return NULL;
}

static rc_err_t *visit_users(void *baton, const rc_chunk_t *chunk)
{
    const users_walk_t *walk = baton;
    rc_user_details_t details[RC_CHUNK];

    RC_TRY(rc_users_read(details, chunk, walk->keys));
    return visit_all(walk, details, chunk);
}

/* --- all users, by name --- */

/* Asks for the next users of a list. */
static rc_err_t *query_next(rc_stmt_t **st, rc_db_t *db, const char *after, apr_int64_t most)
{
    RC_TRY(rc_query(st, db, SQL_USERS_BY_NAME, "si", after, most));
    rc_expect_few(*st);
    return rc_ahead(*st);
}

/* Reads them, and their ids into @a seen. */
static rc_err_t *read_next(users_t *users, rc_seen_t *seen, rc_chunk_t *chunk, rc_stmt_t *st)
{
    bool found;

    apr_pool_clear(chunk->pool);
    chunk->seen = seen;
    chunk->count = 0;
    for (;;) {
        RC_TRY(rc_step(&found, st, chunk->db));
        if (!found)
            return NULL;
        take_user(users, chunk->count, st, chunk->pool);
        seen[chunk->count] = (rc_seen_t){users->rows[chunk->count]->id, 0};
        chunk->count++;
    }
}

static int next_count(apr_int64_t left)
{
    return left < RC_CHUNK ? (int)left : RC_CHUNK;
}

/* Each statement reads whole rows behind the last name of the one before: there is no list of ids
 * to be read first, as no user is in two places. A server reads the next ones while these are
 * visited. */
static rc_err_t *walk_by_name(rc_chunk_t *chunk, const rc_slice_t *page, const users_walk_t *walk)
{
    apr_int64_t left = rc_slice_most(page);
    int most = next_count(left);
    const char *after;
    rc_user_details_t details[RC_CHUNK];
    users_t users = {.details = details};
    rc_seen_t seen[RC_CHUNK];
    rc_stmt_t *st;

    RC_TRY(query_next(&st, chunk->db, rc_slice_after(page), most));
    do {
        RC_TRY(read_next(&users, seen, chunk, st));
        if (!chunk->count)
            return NULL;
        RC_TRY(read_parts(&users, chunk, false, walk->keys));
        left = chunk->count == most ? left - most : 0;
        most = next_count(left);
        after = apr_pstrdup(chunk->list, users.rows[chunk->count - 1]->username);
        if (left)
            RC_TRY(query_next(&st, chunk->db, after, most));
        RC_TRY(visit_all(walk, details, chunk));
    } while (left);
    return NULL;
}

static rc_err_t *each_by_name(rc_db_t *db, const rc_slice_t *page, const users_walk_t *walk,
                              apr_pool_t *pool)
{
    rc_chunk_t chunk = {.db = db};
    rc_err_t *err;

    apr_pool_create(&chunk.list, pool);
    apr_pool_create(&chunk.pool, chunk.list);
    apr_pool_create(&chunk.scratch, chunk.list);
    err = walk_by_name(&chunk, page, walk);
    apr_pool_destroy(chunk.list);
    return err;
}

rc_err_t *rc_store_users_each(rc_db_t *db, rc_users_t which, apr_int64_t id, const rc_slice_t *page,
                              bool keys,
                              rc_err_t *(*fn)(void *baton, const rc_user_details_t *details,
                                              apr_pool_t *scratch),
                              void *baton, apr_pool_t *pool)
{
    users_walk_t walk = {keys, fn, baton};
    rc_stmt_t *st;

    if (which == RC_USERS_ALL)
        return each_by_name(db, page, &walk, pool);
    RC_TRY(
        rc_query(&st, db, which == RC_USERS_FOLLOWING ? SQL_FOLLOWERS : SQL_GROUP_USERS, "i", id));
    return rc_chunks_each(st, db, visit_users, &walk, pool);
}

/* What is kept are the ids, and one 0 in place of too many. */
static apr_array_header_t *unpack_ids(rc_bytes_t kept, apr_pool_t *pool)
{
    int count = (int)(kept.len / sizeof(apr_int64_t));
    apr_array_header_t *ids = apr_array_make(pool, count, sizeof(apr_int64_t));

    if (count && !*(const apr_int64_t *)kept.data)
        return NULL;
    memcpy(ids->elts, kept.data, kept.len);
    ids->nelts = count;
    return ids;
}

static rc_err_t *read_followers(apr_array_header_t *ids, rc_db_t *db, apr_int64_t repo_id, int most)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_FOLLOWERS, "i", repo_id));
    do {
        RC_TRY(rc_step(&found, st, db));
        if (found)
            APR_ARRAY_PUSH(ids, apr_int64_t) = rc_column_int(st, 0);
    } while (found && ids->nelts <= most);
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_followers(apr_array_header_t **out, rc_db_t *db, apr_int64_t repo_id, int most,
                             apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'l', .id = repo_id, .data = &most, .len = sizeof(most)};
    rc_bytes_t kept = rc_recall(db, &key, pool);
    static const apr_int64_t many = 0;
    apr_array_header_t *ids;

    if (!kept.data) {
        ids = apr_array_make(pool, most + 1, sizeof(apr_int64_t));
        RC_TRY(read_followers(ids, db, repo_id, most));
        kept = (rc_bytes_t){ids->elts, (apr_size_t)ids->nelts * sizeof(apr_int64_t)};
        if (ids->nelts > most)
            kept = (rc_bytes_t){&many, sizeof(many)};
        rc_remember(db, &key, RC_SINCE_RECALL, kept);
    }
    *out = unpack_ids(kept, pool);
    return NULL;
}

rc_err_t *rc_store_user_ips(apr_array_header_t **entries, rc_db_t *db, apr_int64_t user_id,
                            apr_pool_t *pool)
{
    return read_texts(entries, db, SQL_USER_IPS, user_id, pool);
}
