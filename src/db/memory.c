// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the memory of a pool of connections: an LRU of values, each with the number at which
 * it was read and what it was read from; and connections that have nothing but this memory.
 */
#include "memory.h"

#include <stddef.h>
#include <string.h>

/* What stands before each value; of the extent only the rows that are used. */
typedef struct head_t {
    rc_generation_t read_at;
    rc_extent_t read;
} head_t;

static apr_size_t head_size(const head_t *head)
{
    return offsetof(head_t, read.rows) + (apr_size_t)head->read.count * sizeof(*head->read.rows);
}

rc_err_t *rc_memory_open(rc_memory_t **out, rc_db_t *db, apr_pool_t *pool)
{
    rc_memory_t *memory = apr_pcalloc(pool, sizeof(*memory));

    *out = NULL;
    memory->config = db->config;
    RC_TRY(rc_generations_open(&memory->generations, db, pool));
    if (!memory->generations)
        return NULL;
    RC_TRY(rc_lru_create(&memory->values, (apr_size_t)db->config->remember, pool));
    *out = memory;
    return NULL;
}

/* --- what a transaction reads --- */

bool rc_memory_begin(rc_db_t *db)
{
    bool told = db->memory && db->driver->is_at; /* the snapshot itself says which state it is of */

    db->generation =
        db->memory && !told ? rc_generation_now(db->memory->generations) : RC_GENERATION_UNKNOWN;
    db->reading_now = 0;
    memset(&db->read, 0, sizeof(db->read));
    memset(&db->read_since, 0, sizeof(db->read_since));
    return told || db->generation;
}

void rc_memory_settle(rc_db_t *db)
{
    if (!db->memory || rc_db_is_memory(db))
        return;
    if (db->driver->is_at)
        db->generation = rc_generation_of(db->memory->generations, db);
    else if (db->generation && rc_generation_now(db->memory->generations) != db->generation)
        db->generation = RC_GENERATION_UNKNOWN; /* the snapshot may be that of either state */
}

/* Adds the tables of the last statement that rc_read_row has not narrowed down. */
static void take_statement(rc_db_t *db)
{
    rc_extent_add_tables(&db->read, db->reading_now);
    rc_extent_add_tables(&db->read_since, db->reading_now);
    db->reading_now = 0;
}

void rc_memory_read(rc_db_t *db, const rc_stmt_t *st)
{
    take_statement(db);
    db->reading_now = st->tables;
}

void rc_read_row(rc_db_t *db, int table, apr_int64_t id)
{
    db->reading_now &= ~(APR_UINT64_C(1) << table);
    if (!id)
        return;
    rc_extent_add_row(&db->read, table, id);
    rc_extent_add_row(&db->read_since, table, id);
}

/* --- values --- */

/* Returns the bytes of a key, in @a pool. */
static rc_bytes_t key_bytes(const rc_memory_key_t *key, apr_pool_t *pool)
{
    apr_size_t fixed = 1 + sizeof(key->id);
    char *bytes = apr_palloc(pool, fixed + key->len);

    *bytes = key->kind;
    memcpy(bytes + 1, &key->id, sizeof(key->id));
    if (key->len)
        memcpy(bytes + fixed, key->data, key->len);
    return (rc_bytes_t){bytes, fixed + key->len};
}

/* A value holds when it was read at the number of the transaction or before, and nothing of what it
 * was read from has changed since. */
static bool is_current(const rc_db_t *db, const head_t *head)
{
    return head->read_at <= db->generation &&
           rc_generation_holds(db->memory->generations, head->read_at, &head->read);
}

bool rc_db_remembers(const rc_db_t *db)
{
    return db->reading && db->generation;
}

/* Finds a value, and returns where what it was read from stands. */
static rc_bytes_t find_value(const rc_extent_t **read, rc_db_t *db, const rc_memory_key_t *key,
                             apr_pool_t *pool)
{
    rc_bytes_t found = {NULL, 0};
    const head_t *head;

    if (!rc_db_remembers(db))
        return found;
    found = rc_lru_find(db->memory->values, key_bytes(key, pool), pool);
    head = found.data;
    if (!head || !is_current(db, head))
        return (rc_bytes_t){NULL, 0};
    *read = &head->read;
    rc_extent_add(&db->read, &head->read);
    return (rc_bytes_t){(const char *)head + head_size(head), found.len - head_size(head)};
}

rc_bytes_t rc_recall(rc_db_t *db, const rc_memory_key_t *key, apr_pool_t *pool)
{
    const rc_extent_t *read;

    take_statement(db);
    memset(&db->read_since, 0, sizeof(db->read_since));
    db->recalled_kind = key->kind;
    db->recalled_id = key->id;
    return find_value(&read, db, key, pool);
}

rc_bytes_t rc_recall_more(rc_db_t *db, const rc_memory_key_t *key, apr_pool_t *pool)
{
    const rc_extent_t *read;
    rc_bytes_t found;

    take_statement(db);
    found = find_value(&read, db, key, pool);
    if (found.data)
        rc_extent_add(&db->read_since, read);
    return found;
}

void rc_remember(rc_db_t *db, const rc_memory_key_t *key, rc_since_t since, rc_bytes_t value)
{
    head_t head;

    take_statement(db);
    if (!rc_db_remembers(db))
        return;
    if (since == RC_SINCE_RECALL && (db->recalled_kind != key->kind || db->recalled_id != key->id))
        return; /* something else was recalled in between: what was read before that is not known */
    memset(&head, 0, sizeof(head));
    head.read_at = db->generation;
    head.read = since == RC_SINCE_BEGIN ? db->read : db->read_since;
    rc_lru_store(db->memory->values, key_bytes(key, db->pool),
                 (rc_bytes_t){&head, head_size(&head)}, value);
}

bool rc_asked_again(rc_db_t *db, const rc_memory_key_t *key)
{
    return rc_db_remembers(db) && rc_lru_asked(db->memory->values, key_bytes(key, db->pool));
}

/* --- connections without a database --- */

static rc_err_t *miss(rc_db_t *db)
{
    return rc_err(db->pool, RC_E_MISS, "not in memory");
}

static rc_err_t *begin_read(rc_db_t *db, bool at_once)
{
    (void)at_once;
    return db->generation ? NULL : miss(db);
}

static rc_err_t *begin_write(rc_db_t *db, rc_write_mode_t mode)
{
    (void)mode;
    return miss(db);
}

static rc_err_t *commit(rc_db_t *db)
{
    (void)db;
    return NULL;
}

static void rollback(rc_db_t *db)
{
    (void)db;
}

static rc_err_t *no_statement(rc_stmt_t *st, const char *text)
{
    (void)text;
    return miss(st->db);
}

static const rc_driver_t memory_driver = {
    .begin_read = begin_read,
    .begin_write = begin_write,
    .commit = commit,
    .rollback = rollback,
    .prepare = no_statement,
};

rc_err_t *rc_memory_connect(rc_db_t **out, rc_memory_t *memory, apr_pool_t *pool)
{
    rc_db_t *db;

    *out = NULL;
    if (!memory || !rc_generations_usable(memory->generations, pool))
        return NULL;
    db = apr_pcalloc(pool, sizeof(*db));
    db->driver = &memory_driver;
    db->memory = memory;
    db->own = db->pool = pool;
    db->config = memory->config;
    db->texts = memory->config->texts;
    *out = db;
    return NULL;
}

bool rc_db_is_memory(const rc_db_t *db)
{
    return db->driver == &memory_driver;
}
