// SPDX-License-Identifier: Apache-2.0
/*
 * Opening connections, the pool of them, transactions. Writers of all processes queue on a lock
 * file beside the database: SQLite's own waiting is unfair and can starve one of them.
 */
#include "db/stmt.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_reslist.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "base/fs.h"
#include "base/time.h"

#define IDLE_TIME apr_time_from_sec(300) /* connections beyond the minimum are closed after it */

/* The bytes of the lock file. */
enum { WRITER, GATE };

/* Between two looks at a lock. */
#define FIRST_PAUSE   50 /* microseconds */
#define LONGEST_PAUSE apr_time_from_msec(1)

/* A connection in somebody's hands. */
typedef struct rc_lease_t {
    struct rc_lease_t *next, **link; /* in the pool's list of leases */
    rc_db_pool_t *db_pool;
    rc_db_t *db; /* NULL once given back */
    apr_pool_t *pool;
} lease_t;

struct rc_db_pool_t {
    apr_reslist_t *list;
    rc_db_config_t config;
    apr_thread_mutex_t *mutex; /* guards leases */
    lease_t *leases;
};

static apr_status_t close_db(void *data)
{
    rc_db_t *db = data;
    int i;

    for (i = 0; i < RC_SQL_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close_v2(db->handle);
    if (db->write_lock >= 0)
        close(db->write_lock);
    return APR_SUCCESS;
}

static rc_err_t *configure(rc_db_t *db)
{
    sqlite3_busy_timeout(db->handle, (int)apr_time_as_msec(db->config->timeout));
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    rc_db_bound_wal(db);
    return rc_db_exec(
        db, apr_psprintf(db->pool,
                         "PRAGMA journal_mode = WAL; PRAGMA synchronous = %s;"
                         "PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0;"
                         "PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY;"
                         "PRAGMA journal_size_limit = 16777216; PRAGMA secure_delete = FAST",
                         db->config->synchronous));
}

rc_err_t *rc_db_open(rc_db_t **out, const rc_db_config_t *config, apr_pool_t *pool)
{
    rc_db_t *db = apr_pcalloc(pool, sizeof(*db));
    int n;

    db->pool = db->own = pool;
    db->config = config;
    db->write_lock = -1;
    RC_TRY(rc_db_find(&db->path, config, pool));
    if (config->create)
        RC_TRY(rc_db_file_create(db->path, pool));
    if (stat(db->path, &db->file))
        return rc_fs_err(pool, "look at", db->path);
    n = sqlite3_open_v2(db->path, &db->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
    apr_pool_cleanup_register(pool, db, close_db, apr_pool_cleanup_null);
    if (n != SQLITE_OK)
        return rc_db_error(db, n, db->path);
    RC_TRY(rc_db_file_lock(&db->write_lock, db->path, pool));
    RC_TRY(configure(db));
    RC_TRY(rc_schema_update(db));
    *out = db;
    return NULL;
}

/* Why the list could not make a connection for this thread, in the pool of the one who asks. */
static __thread struct {
    apr_pool_t *pool;
    rc_err_t *why;
} asking;

static apr_status_t construct(void **resource, void *params, apr_pool_t *pool)
{
    rc_db_pool_t *db_pool = params;
    apr_pool_t *own;
    rc_err_t *err;

    if (apr_pool_create(&own, pool) != APR_SUCCESS)
        return APR_ENOMEM;
    apr_pool_tag(own, "rcapi database connection");
    err = rc_db_open((rc_db_t **)resource, &db_pool->config, own);
    if (!err)
        return APR_SUCCESS;
    if (asking.pool)
        asking.why =
            rc_err_internal(asking.pool, APR_SUCCESS, "%s", rc_err_log_text(err, asking.pool));
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

static apr_status_t give_back(void *data)
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

/* A process may be told to die in the middle of a request; the list insists on having all back. */
static apr_status_t call_in_leases(void *data)
{
    rc_db_pool_t *db_pool = data;

    while (db_pool->leases)
        give_back(db_pool->leases);
    return APR_SUCCESS;
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
    /* The list's own cleanup must run while the connections' pools, its children, still live;
     * ours is registered after it and so runs before it. */
    apr_reslist_cleanup_order_set(db_pool->list, APR_RESLIST_CLEANUP_FIRST);
    apr_pool_pre_cleanup_register(pool, db_pool, call_in_leases);
    apr_reslist_timeout_set(db_pool->list, config->timeout);
    *out = db_pool;
    return NULL;
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
    apr_pool_cleanup_register(pool, lease, give_back, apr_pool_cleanup_null);
}

static rc_err_t *from_list(rc_db_t **out, rc_db_pool_t *db_pool, apr_pool_t *pool)
{
    void *resource = NULL;
    apr_status_t rv;

    asking.pool = pool;
    asking.why = NULL;
    rv = apr_reslist_acquire(db_pool->list, &resource);
    asking.pool = NULL;
    *out = resource;
    if (APR_STATUS_IS_TIMEUP(rv))
        return rc_err_busy(pool, "no database connection came free in time");
    if (rv != APR_SUCCESS)
        return asking.why ? asking.why : rc_err_internal(pool, rv, "no database connection");
    return NULL;
}

/* What is written to a file that has no name is lost; and what stands in its place now, after a
 * restore say, must not be mixed with the -wal file of the old one. */
static rc_err_t *check_current(const rc_db_t *db, apr_pool_t *pool)
{
    struct stat st;

    if (stat(db->path, &st))
        return rc_fs_err(pool, "use", db->path);
    if (st.st_dev == db->file.st_dev && st.st_ino == db->file.st_ino)
        return NULL;
    return rc_err_internal(pool, APR_SUCCESS,
                           "%s was replaced while it was in use: stop httpd, remove %s-wal and "
                           "%s-shm, and start it again",
                           db->path, db->path, db->path);
}

rc_err_t *rc_db_acquire(rc_db_t **out, rc_db_pool_t *db_pool, apr_pool_t *pool)
{
    rc_err_t *err;

    RC_TRY(from_list(out, db_pool, pool));
    if ((err = check_current(*out, pool))) {
        apr_reslist_release(db_pool->list, *out);
        return err;
    }
    (*out)->pool = pool;
    add_lease(db_pool, *out, pool);
    return NULL;
}

void rc_db_release(rc_db_t *db)
{
    if (db->lease)
        apr_pool_cleanup_run(db->lease->pool, db->lease, give_back);
}

/* Takes or gives back one byte of the lock file, for this connection alone. */
static bool set_lock(rc_db_t *db, short type, off_t byte)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    return !fcntl(db->write_lock, F_OFD_SETLK, &lock);
}

static void unlock_writers(rc_db_t *db)
{
    db->writing = false;
    set_lock(db, F_UNLCK, WRITER);
}

static rc_err_t *run_by_name(rc_db_t *db, rc_sql_t sql)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, sql));
    return rc_run(st, db);
}

rc_err_t *rc_db_begin_read(rc_db_t *db)
{
    RC_TRY(run_by_name(db, SQL_BEGIN_READ));
    db->reading = true;
    return NULL;
}

/* The kernel's own waiting has no end when a writer was stopped. */
static rc_err_t *wait_for(rc_db_t *db, off_t byte, apr_time_t until)
{
    apr_interval_time_t pause = FIRST_PAUSE;

    while (!set_lock(db, F_WRLCK, byte)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return rc_err_internal(db->pool, APR_FROM_OS_ERROR(errno), "cannot lock the database");
        if (rc_clock() > until)
            return rc_err_busy(db->pool, "the database is busy: a writer holds %s.lock",
                               db->config->path);
        apr_sleep(pause);
        pause = pause < LONGEST_PAUSE ? pause * 2 : pause;
    }
    return NULL;
}

/* Who is next keeps the gate until the writer has gone, so that a writer who comes again at once
 * can not overtake those who wait. */
static rc_err_t *lock_writers(rc_db_t *db)
{
    apr_time_t until = rc_clock() + db->config->timeout;
    rc_err_t *err;

    RC_TRY(wait_for(db, GATE, until));
    err = wait_for(db, WRITER, until);
    set_lock(db, F_UNLCK, GATE);
    db->writing = !err;
    return err;
}

rc_err_t *rc_db_begin_write(rc_db_t *db)
{
    rc_err_t *err;

    RC_TRY(lock_writers(db));
    err = run_by_name(db, SQL_BEGIN_WRITE);
    if (err)
        unlock_writers(db);
    return err;
}

rc_err_t *rc_db_commit(rc_db_t *db)
{
    rc_err_t *err = run_by_name(db, SQL_COMMIT);

    if (err) {
        rc_db_rollback(db);
        return err;
    }
    db->reading = false;
    if (db->writing)
        unlock_writers(db);
    return NULL;
}

void rc_db_rollback(rc_db_t *db)
{
    int i;

    if (!db->writing && !db->reading)
        return;
    for (i = 0; i < RC_SQL_COUNT; i++)
        if (db->statements[i])
            sqlite3_reset(db->statements[i]);
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    db->reading = false;
    if (db->writing)
        unlock_writers(db);
}

rc_err_t *rc_db_txn(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton)
{
    rc_err_t *err;

    RC_TRY(rc_db_begin_write(db));
    err = fn(baton, db);
    if (!err)
        return rc_db_commit(db);
    rc_db_rollback(db);
    return err;
}

rc_err_t *rc_db_txn_lazy(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton)
{
    rc_err_t *err, *after;

    RC_TRY(rc_db_exec(db, "PRAGMA synchronous = NORMAL"));
    err = rc_db_txn(db, fn, baton);
    after = rc_db_exec(
        db, apr_pstrcat(db->pool, "PRAGMA synchronous = ", db->config->synchronous, NULL));
    return err ? err : after;
}
