// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the numbers: for each table, and for each row by a hash of its id, the number of its
 * last change. Rows with the same hash count as one.
 */
#include "db/generation.h"

#include <apr_thread_mutex.h>

#include "driver.h"

#define ROWS 4096 /* a power of two */

struct rc_generations_t {
    const rc_driver_t *driver;
    rc_db_t *db;               /* used for nothing but to follow changes */
    void *follower;            /* the driver's */
    apr_uint64_t looks;        /* for news that have begun */
    apr_thread_mutex_t *mutex; /* guards the follower, and writing the members around */
    rc_generation_t now;       /* what the last look has found */
    rc_generation_t number;
    rc_generation_t lost;             /* everything may have changed with this number */
    rc_generation_t any[RC_TABLES];   /* the last change of anything in a table */
    rc_generation_t whole[RC_TABLES]; /* the last change of rows that were not reported singly */
    rc_generation_t rows[ROWS];       /* the last change of a row, by row_of */
};

static apr_size_t row_of(int table, apr_int64_t id)
{
    apr_uint64_t hash =
        ((apr_uint64_t)id * RC_TABLES + (apr_uint64_t)table) * APR_UINT64_C(0x9E3779B97F4A7C15);

    return hash >> 52;
}

rc_err_t *rc_generations_open(rc_generations_t **out, rc_db_t *db, apr_pool_t *pool)
{
    rc_generations_t *generations = apr_pcalloc(pool, sizeof(*generations));
    apr_status_t rv;

    *out = NULL;
    generations->db = db;
    generations->driver = db->driver;
    generations->number = 1;
    RC_TRY(db->driver->follow(&generations->follower, db));
    if (!generations->follower)
        return NULL;
    rv = apr_thread_mutex_create(&generations->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot make the mutex of the generations");
    *out = generations;
    return NULL;
}

/* Stores a number that other threads read without the mutex. A thread that has got a generation
 * from rc_generation_now sees what was set before it, because of the mutex. */
static void store_number(rc_generation_t *member, rc_generation_t value)
{
    __atomic_store_n(member, value, __ATOMIC_RELAXED);
}

static rc_generation_t load_number(const rc_generation_t *member)
{
    return __atomic_load_n(member, __ATOMIC_RELAXED);
}

static void note_change(rc_generations_t *generations, const rc_extent_t *extent)
{
    apr_uint64_t left;
    int i;

    for (left = extent->tables; left; left &= left - 1) {
        int table = __builtin_ctzll(left);

        store_number(&generations->any[table], generations->number);
        store_number(&generations->whole[table], generations->number);
    }
    for (i = 0; i < extent->count; i++) {
        const rc_extent_row_t *row = &extent->rows[i];

        store_number(&generations->any[row->table], generations->number);
        store_number(&generations->rows[row_of(row->table, row->id)], generations->number);
    }
}

/* The mutex is held. */
static rc_generation_t look_for_news(rc_generations_t *generations)
{
    rc_extent_t extent;
    rc_news_t news;

    __atomic_add_fetch(&generations->looks, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        news = generations->driver->news(generations->follower, &extent);
        if (news != RC_NEWS_CHANGE && news != RC_NEWS_LOST)
            break;
        generations->number++;
        if (news == RC_NEWS_CHANGE)
            note_change(generations, &extent);
        else
            store_number(&generations->lost, generations->number);
    }
    return news == RC_NEWS_NONE ? generations->number : RC_GENERATION_UNKNOWN;
}

/* The mutex is held. Threads that have waited for it share one look, which has begun after all of
 * them had asked: a look can cost a question to a server. */
static rc_generation_t look_since(rc_generations_t *generations, apr_uint64_t begun)
{
    if (generations->looks == begun)
        generations->now = look_for_news(generations);
    return generations->now;
}

static apr_uint64_t looks_begun(const rc_generations_t *generations)
{
    return __atomic_load_n(&generations->looks, __ATOMIC_SEQ_CST);
}

rc_generation_t rc_generation_now(rc_generations_t *generations)
{
    apr_uint64_t begun = looks_begun(generations);
    rc_generation_t now;

    apr_thread_mutex_lock(generations->mutex);
    now = look_since(generations, begun);
    apr_thread_mutex_unlock(generations->mutex);
    return now;
}

rc_generation_t rc_generation_of(rc_generations_t *generations, const rc_db_t *db)
{
    apr_uint64_t begun = looks_begun(generations);
    rc_generation_t now;

    apr_thread_mutex_lock(generations->mutex);
    now = look_since(generations, begun);
    if (!generations->driver->is_at(generations->follower, db))
        now = RC_GENERATION_UNKNOWN;
    apr_thread_mutex_unlock(generations->mutex);
    return now;
}

bool rc_generations_usable(const rc_generations_t *generations, apr_pool_t *scratch)
{
    const rc_driver_t *driver = generations->driver;

    return driver->server || !driver->usable(generations->db, scratch);
}

bool rc_generation_holds(const rc_generations_t *generations, rc_generation_t then,
                         const rc_extent_t *extent)
{
    apr_uint64_t left;
    int i;

    if (then < load_number(&generations->lost))
        return false;
    for (left = extent->tables; left; left &= left - 1)
        if (load_number(&generations->any[__builtin_ctzll(left)]) > then)
            return false;
    for (i = 0; i < extent->count; i++) {
        const rc_extent_row_t *row = &extent->rows[i];

        if (load_number(&generations->whole[row->table]) > then ||
            load_number(&generations->rows[row_of(row->table, row->id)]) > then)
            return false;
    }
    return true;
}
