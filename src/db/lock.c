// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the connection that holds the locks of a process. When it has ended, the next lock makes
 * another one, with another number, and all locks with the former number are lost.
 */
#include "db/lock.h"

#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "base/process.h"
#include "base/time.h"
#include "driver.h"

#define CHECKS 8 /* times that the sessions are compared: milliseconds */

/* A lock that is held. */
typedef struct held_t {
    struct held_t *next, **link; /* in locks->held */
    rc_db_locks_t *locks;
    const char *name;
    bool share;
    int life;
    apr_pool_t *pool;
} held_t;

struct rc_db_locks_t {
    rc_db_config_t config;
    apr_thread_mutex_t *mutex; /* guards all below */
    apr_pool_t *pool;
    rc_db_t *db; /* NULL: not connected */
    int life;    /* number of the connection */
    held_t *held;
};

static void hang_up(rc_db_locks_t *locks)
{
    if (locks->db)
        apr_pool_destroy(locks->db->own);
    locks->db = NULL;
}

static apr_status_t unlock(void *data)
{
    held_t *held = data;
    rc_db_locks_t *locks = held->locks;

    apr_thread_mutex_lock(locks->mutex);
    *held->link = held->next;
    if (held->next)
        held->next->link = held->link;
    if (locks->db && locks->life == held->life &&
        locks->db->driver->unlock(locks->db, held->name, held->share))
        hang_up(locks);
    apr_thread_mutex_unlock(locks->mutex);
    return APR_SUCCESS;
}

/* The mutex is held. */
static void keep_held(held_t *held, apr_pool_t *pool)
{
    rc_db_locks_t *locks = held->locks;

    held->pool = pool;
    held->next = locks->held;
    held->link = &locks->held;
    if (held->next)
        held->next->link = &held->next;
    locks->held = held;
    apr_pool_cleanup_register(pool, held, unlock, apr_pool_cleanup_null);
}

/* The end of the connection releases all locks. Their pools may live longer. */
static apr_status_t end_locks(void *data)
{
    rc_db_locks_t *locks = data;

    for (; locks->held; locks->held = locks->held->next)
        apr_pool_cleanup_kill(locks->held->pool, locks->held, unlock);
    hang_up(locks);
    return APR_SUCCESS;
}

rc_err_t *rc_db_locks_open(rc_db_locks_t **out, const rc_db_config_t *config, apr_pool_t *pool)
{
    rc_db_locks_t *locks = apr_pcalloc(pool, sizeof(*locks));
    apr_status_t rv;

    *out = NULL;
    if (!rc_db_is_on_server(config->path))
        return NULL;
    locks->config = *config;
    locks->pool = pool;
    rv = apr_thread_mutex_create(&locks->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot make the mutex of the locks");
    apr_pool_pre_cleanup_register(pool, locks, end_locks);
    *out = locks;
    return NULL;
}

/* Copies an error before the connection, in whose pool it is, ends. */
static rc_err_t *end_connection(rc_db_locks_t *locks, rc_err_t *err, apr_pool_t *pool)
{
    err = rc_err_copy(err, pool);
    hang_up(locks);
    return err;
}

/* When the pool of the process ends, the connection's ends before the locks are released. */
static apr_status_t forget_connection(void *data)
{
    rc_db_locks_t *locks = data;

    locks->db = NULL;
    return APR_SUCCESS;
}

static rc_err_t *connect_locks(rc_db_locks_t *locks, apr_pool_t *pool)
{
    apr_pool_t *own;
    rc_err_t *err;

    if (locks->db)
        return NULL;
    apr_pool_create(&own, locks->pool);
    apr_pool_tag(own, "rcapi locks");
    if ((err = rc_db_open(&locks->db, &locks->config, own))) {
        err = rc_err_copy(err, pool);
        apr_pool_destroy(own);
        locks->db = NULL;
        return err;
    }
    apr_pool_cleanup_register(own, locks, forget_connection, apr_pool_cleanup_null);
    locks->life++;
    rc_proc_keep_with(locks->db->driver->descriptor(locks->db));
    return NULL;
}

static rc_err_t *lost(apr_pool_t *pool)
{
    return rc_err_busy(pool, "a lock was lost with its connection to the database");
}

/* Another lock with the same number is not asked for on another connection. */
static rc_err_t *try_lock(bool *locked, int *life, rc_db_locks_t *locks, const held_t *wanted,
                          apr_pool_t *pool)
{
    rc_err_t *err;

    *locked = false;
    RC_TRY(connect_locks(locks, pool));
    if (*life && *life != locks->life)
        return lost(pool);
    if ((err = locks->db->driver->lock(locked, locks->db, wanted->name, wanted->share)))
        return end_connection(locks, err, pool);
    *life = locks->life;
    return NULL;
}

/* The first lock after a pause may find a connection that the server has ended meanwhile. */
rc_err_t *rc_db_lock(bool *locked, int *life, rc_db_locks_t *locks, const char *name, bool share,
                     apr_pool_t *pool)
{
    held_t *held = apr_pcalloc(pool, sizeof(*held));
    rc_err_t *err;
    int tries = 2;

    *held = (held_t){.locks = locks, .name = apr_pstrdup(pool, name), .share = share};
    apr_thread_mutex_lock(locks->mutex);
    do {
        err = try_lock(locked, life, locks, held, pool);
    } while (err && !*life && --tries);
    held->life = *life;
    if (!err && *locked)
        keep_held(held, pool);
    apr_thread_mutex_unlock(locks->mutex);
    return err;
}

/* Takes a lock on the connection of the locks, which can have it again and again, and asks for it
 * on another one, which cannot. Sets *@a pooled when their sessions change: alone, the second one
 * gets the session that the first one has left; beside other processes, either gets another one. */
static rc_err_t *compare_sessions(bool *pooled, rc_db_t *db, rc_db_t *other)
{
    const char *name =
        apr_psprintf(db->pool, "check %ld %" APR_TIME_T_FMT, (long)getpid(), rc_clock());
    bool again = true, free = false;
    int i;

    for (i = 0; i < CHECKS && again && !free; i++) {
        RC_TRY(db->driver->lock(&again, db, name, false));
        RC_TRY(other->driver->lock(&free, other, name, false));
    }
    *pooled = !again || free;
    return NULL;
}

rc_err_t *rc_db_locks_check(rc_db_locks_t *locks, rc_db_t *db, apr_pool_t *pool)
{
    bool pooled = false;
    rc_err_t *err;

    if (!locks)
        return NULL;
    apr_thread_mutex_lock(locks->mutex);
    err = connect_locks(locks, pool);
    if (!err && (err = compare_sessions(&pooled, locks->db, db)))
        err = rc_err_copy(err, pool);
    hang_up(locks); /* this releases the lock, and not all processes need others */
    apr_thread_mutex_unlock(locks->mutex);
    return err || !pooled ? err
                          : rc_err_internal(pool, APR_SUCCESS,
                                            "%s is behind a pooler that pools transactions: it "
                                            "must pool sessions (pool_mode = session)",
                                            locks->config.path);
}

rc_err_t *rc_db_locks_hold(rc_db_locks_t *locks, int life, apr_pool_t *pool)
{
    rc_err_t *err = NULL;

    if (!locks || !life)
        return NULL;
    apr_thread_mutex_lock(locks->mutex);
    if (!locks->db || locks->life != life)
        err = lost(pool);
    else if ((err = locks->db->driver->alive(locks->db)))
        err = end_connection(locks, err, pool);
    apr_thread_mutex_unlock(locks->mutex);
    return err;
}
