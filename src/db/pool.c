// SPDX-License-Identifier: Apache-2.0
/*
 * A pool of connections for all threads of a process. A request leases a connection, which returns
 * to the pool when the request's memory pool ends.
 */
#include "memory.h"

#include <apr_reslist.h>
#include <apr_thread_mutex.h>

#include "base/metrics.h"
#include "base/time.h"

/* Idle connections above the minimum are closed after this time. */
#define IDLE_TIME apr_time_from_sec(300)

/* A connection that is in use. */
typedef struct rc_lease_t {
    struct rc_lease_t *next, **link; /* in db_pool->leases */
    rc_db_pool_t *db_pool;
    rc_db_t *db; /* NULL after release */
    apr_pool_t *pool;
} lease_t;

struct rc_db_pool_t {
    apr_reslist_t *list;
    rc_db_config_t config;
    apr_thread_mutex_t *mutex; /* guards leases */
    lease_t *leases;
    rc_memory_t *memory; /* NULL: nothing is remembered */
};

/* While this thread asks the list for a connection: the request's pool, and the error if opening
 * one fails. */
static __thread struct {
    apr_pool_t *pool;
    rc_err_t *why;
} asking;

static apr_status_t construct(void **resource, void *params, apr_pool_t *pool)
{
    rc_db_pool_t *db_pool = params;
    rc_db_t *db = NULL;
    apr_pool_t *own;
    rc_err_t *err;

    if (apr_pool_create(&own, pool) != APR_SUCCESS)
        return APR_ENOMEM;
    apr_pool_tag(own, "rcapi database connection");
    err = rc_db_open(&db, &db_pool->config, own);
    *resource = db;
    if (!err)
        return APR_SUCCESS;
    if (asking.pool)
        asking.why = rc_err_copy(err, asking.pool);
    apr_pool_destroy(own);
    return APR_EGENERAL;
}

static apr_status_t destruct(void *resource, void *params, apr_pool_t *pool)
{
    rc_db_t *db = resource;

    (void)params;
    (void)pool;
    apr_pool_destroy(db->own);
    return APR_SUCCESS;
}

static apr_status_t end_lease(void *data)
{
    lease_t *lease = data;
    rc_db_t *db = lease->db;

    if (!db)
        return APR_SUCCESS;
    apr_thread_mutex_lock(lease->db_pool->mutex);
    *lease->link = lease->next;
    if (lease->next)
        lease->next->link = lease->link;
    apr_thread_mutex_unlock(lease->db_pool->mutex);
    lease->db = NULL;
    db->lease = NULL;
    rc_db_rollback(db);
    db->pool = db->own;
    return apr_reslist_release(lease->db_pool->list, db);
}

/* A process can exit in the middle of a request; the list needs all connections back first. */
static apr_status_t end_leases(void *data)
{
    rc_db_pool_t *db_pool = data;

    while (db_pool->leases)
        end_lease(db_pool->leases);
    return APR_SUCCESS;
}

static rc_err_t *open_memory(rc_db_pool_t *db_pool, apr_pool_t *pool)
{
    rc_db_t *db;

    if (!db_pool->config.remember)
        return NULL;
    RC_TRY(rc_db_open(&db, &db_pool->config, pool));
    return rc_memory_open(&db_pool->memory, db, pool);
}

rc_err_t *rc_db_pool_create(rc_db_pool_t **out, const rc_db_config_t *config, apr_pool_t *pool)
{
    rc_db_pool_t *db_pool = apr_pcalloc(pool, sizeof(*db_pool));
    apr_status_t rv;

    db_pool->config = *config;
    rv = apr_thread_mutex_create(&db_pool->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (rv == APR_SUCCESS)
        rv = apr_reslist_create(&db_pool->list, 0, config->min, config->max, IDLE_TIME, construct,
                                destruct, db_pool, pool);
    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot make the pool of database connections");
    /* The list's own cleanup must run while its child pools, those of the connections, still live.
     * Our cleanup is registered later and so runs earlier. */
    apr_reslist_cleanup_order_set(db_pool->list, APR_RESLIST_CLEANUP_FIRST);
    apr_pool_pre_cleanup_register(pool, db_pool, end_leases);
    apr_reslist_timeout_set(db_pool->list, config->timeout);
    *out = db_pool;
    return open_memory(db_pool, pool);
}

static void add_lease(rc_db_pool_t *db_pool, rc_db_t *db, apr_pool_t *pool)
{
    lease_t *lease = apr_pcalloc(pool, sizeof(*lease));

    lease->db_pool = db_pool;
    lease->db = db;
    lease->pool = pool;
    db->lease = lease;
    apr_thread_mutex_lock(db_pool->mutex);
    lease->next = db_pool->leases;
    lease->link = &db_pool->leases;
    if (lease->next)
        lease->next->link = &lease->next;
    db_pool->leases = lease;
    apr_thread_mutex_unlock(db_pool->mutex);
    apr_pool_cleanup_register(pool, lease, end_lease, apr_pool_cleanup_null);
}

static rc_err_t *from_list(rc_db_t **out, rc_db_pool_t *db_pool, apr_pool_t *pool)
{
    apr_time_t begin = rc_clock();
    void *resource = NULL;
    apr_status_t rv;

    asking.pool = pool;
    asking.why = NULL;
    rv = apr_reslist_acquire(db_pool->list, &resource);
    rc_metric_add(RC_METRIC_DATABASE, "connection", NULL, (apr_uint64_t)(rc_clock() - begin));
    asking.pool = NULL;
    *out = resource;
    if (APR_STATUS_IS_TIMEUP(rv))
        return rc_err_busy(pool, "no database connection came free in time");
    if (rv != APR_SUCCESS)
        return asking.why ? asking.why : rc_err_internal(pool, rv, "no database connection");
    return NULL;
}

rc_err_t *rc_db_acquire(rc_db_t **out, rc_db_pool_t *db_pool, apr_pool_t *pool)
{
    rc_err_t *err;

    RC_TRY(from_list(out, db_pool, pool));
    (*out)->pool = pool;
    if ((err = (*out)->driver->usable(*out, pool))) {
        (*out)->pool = (*out)->own;
        apr_reslist_release(db_pool->list, *out);
        *out = NULL;
        return err;
    }
    (*out)->memory = db_pool->memory;
    add_lease(db_pool, *out, pool);
    return NULL;
}

rc_err_t *rc_db_acquire_memory(rc_db_t **out, rc_db_pool_t *db_pool, apr_pool_t *pool)
{
    return rc_memory_connect(out, db_pool->memory, pool);
}

void rc_db_release(rc_db_t *db)
{
    if (db->lease)
        apr_pool_cleanup_run(db->lease->pool, db->lease, end_lease);
}
