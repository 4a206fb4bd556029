// SPDX-License-Identifier: Apache-2.0
/*
 * Has the server promise, for a while, that it will announce each change before it is committed: so
 * what is remembered can be used without a question (follow.c).
 *
 * A promise is an advisory lock, which a connection of its own shares with those of other
 * processes. A transaction that changes something needs the lock for itself (watch.c); it calls on
 * those who hold it, and waits for them. They first stop to count on the promise, then give the
 * lock up. So no change is acknowledged before all processes on all machines ask again.
 *
 * Nobody holds up the writers for long. The server ends a connection that has the lock and is idle
 * for RC_PG_IDLE_MS; the process counts on a promise for RC_PG_HOLD_MS since it asked for it. A
 * server that has lost the locks in a crash or a restart makes no change for that time. Before a
 * connection ends otherwise, the server says so: a promise does not hold while anything is there to
 * be read.
 */
#include "promise.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/thread.h"
#include "base/time.h"

#define HOLD_TIME   apr_time_from_msec(RC_PG_HOLD_MS)
#define LATE        (HOLD_TIME / 2)       /* a lock that took this long is not counted on */
#define ANSWER_TIME apr_time_from_sec(2)  /* for anything that the server says */
#define PAUSE       apr_time_from_sec(1)  /* before the next try, when the server is busy or away */
#define LONG_PAUSE  apr_time_from_sec(10) /* the same, after another error */

/* An error undoes what its transaction has set, and keeps the lock: so READY is one by itself. */
#define CONNECTED                                                                                  \
    "SELECT set_config('client_min_messages', 'notice', false),"                                   \
    " set_config('lock_timeout', '300', false)"
#define READY "SET idle_session_timeout = " RC_PG_TEXT(RC_PG_IDLE_MS)
#define TAKE  "SELECT " RC_PG_SCHEMA ".promise()"
#define LEAVE "SELECT pg_advisory_unlock_all(), set_config('idle_session_timeout', '0', false)"

struct rc_pg_promise_t {
    /* Of the thread. */
    rc_db_t db; /* the connection that has the lock */
    apr_pool_t *pool;
    apr_thread_t *thread; /* NULL: not started yet */
    int wake;             /* an eventfd */
    apr_time_t asked;     /* of rc_clock: for the lock */
    apr_uint64_t count;   /* of promises */
    bool granted;

    /* Of all threads, by the functions below. */
    apr_uint64_t number; /* of the promise that holds; 0: none */
    apr_time_t until;
    int fd;
    bool used, wanted, stop;
};

/* --- what threads share --- */

static bool is_set(const bool *flag)
{
    return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void set_flag(bool *flag, bool value)
{
    __atomic_store_n(flag, value, __ATOMIC_SEQ_CST);
}

static apr_uint64_t number_now(const rc_pg_promise_t *promise)
{
    return __atomic_load_n(&promise->number, __ATOMIC_SEQ_CST);
}

static void set_number(rc_pg_promise_t *promise, apr_uint64_t number)
{
    __atomic_store_n(&promise->number, number, __ATOMIC_SEQ_CST);
}

static bool has_something_to_say(const rc_pg_promise_t *promise)
{
    struct pollfd fd = {.fd = __atomic_load_n(&promise->fd, __ATOMIC_SEQ_CST), .events = POLLIN};

    return poll(&fd, 1, 0) != 0;
}

/* The number is read last, too: it says that the other members are of this promise. */
apr_uint64_t rc_pg_promised(rc_pg_promise_t *promise)
{
    apr_time_t now = rc_clock();
    apr_uint64_t number = number_now(promise);

    if (!number || now >= __atomic_load_n(&promise->until, __ATOMIC_SEQ_CST) ||
        has_something_to_say(promise) || number_now(promise) != number)
        return 0;
    set_flag(&promise->used, true);
    return number;
}

/* Once for each promise: whatever the server says after its notice can be the end. */
static void count_from_now(rc_pg_promise_t *promise)
{
    const rc_pg_t *pg = promise->db.handle;

    promise->granted = false;
    if (rc_clock() - promise->asked > LATE)
        return;
    __atomic_store_n(&promise->until, promise->asked + HOLD_TIME, __ATOMIC_SEQ_CST);
    __atomic_store_n(&promise->fd, PQsocket(pg->conn), __ATOMIC_SEQ_CST);
    set_number(promise, promise->count);
}

static void withdraw(rc_pg_promise_t *promise)
{
    set_number(promise, 0);
}

/* --- the thread --- */

/* The function of the server says so by a notice, because its answer is the end of the promise. A
 * server that crashes says something, too. */
static void take_notice(void *baton, const PGresult *notice)
{
    rc_pg_promise_t *promise = baton;
    const char *text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

    promise->granted = text && !strcmp(text, RC_PG_PROMISED);
}

static rc_err_t *connect_to_server(rc_pg_promise_t *promise)
{
    rc_db_t *db = &promise->db;
    rc_pg_t *pg = db->handle;

    if (!rc_pg_is_lost(db))
        return NULL;
    RC_TRY(rc_pg_reopen(db));
    pg->wait = ANSWER_TIME;
    PQsetNoticeReceiver(pg->conn, take_notice, promise);
    return rc_pg_run(NULL, db, CONNECTED);
}

/* Waits until the server says something or the thread is woken, at most for a time. Returns whether
 * the server says something. */
static bool wait_for_server(const rc_pg_promise_t *promise, int server, apr_interval_time_t time)
{
    struct pollfd fds[] = {{.fd = promise->wake, .events = POLLIN},
                           {.fd = server, .events = POLLIN}};
    eventfd_t unused;

    if (poll(fds, 2, time < 0 ? -1 : (int)apr_time_as_msec(time)) <= 0)
        return false;
    if (fds[0].revents)
        eventfd_read(promise->wake, &unused);
    return fds[1].revents != 0;
}

/* Counts on the promise until the server's answer, which comes after some time, or when a writer
 * calls. A process that stops waits for it, too: the server would log that its client is lost. */
static rc_err_t *count_on_it(rc_pg_promise_t *promise)
{
    rc_db_t *db = &promise->db;
    const rc_pg_t *pg = db->handle;

    while (PQflush(pg->conn) > 0 || PQisBusy(pg->conn)) {
        if (promise->granted)
            count_from_now(promise);
        if (!wait_for_server(promise, PQsocket(pg->conn), ANSWER_TIME)) {
            if (rc_clock() - promise->asked > ANSWER_TIME)
                return rc_err_busy(db->pool, "the database does not answer");
            continue;
        }
        withdraw(promise);
        if (!PQconsumeInput(pg->conn))
            return rc_pg_away(pg->conn, db->path, db->pool);
    }
    return NULL;
}

static rc_err_t *hold_promise(rc_pg_promise_t *promise)
{
    rc_db_t *db = &promise->db;
    rc_err_t *err;

    RC_TRY(connect_to_server(promise));
    RC_TRY(rc_pg_run(NULL, db, READY));
    promise->asked = rc_clock();
    promise->count++;
    promise->granted = false;
    RC_TRY(rc_pg_send(db, TAKE));
    RC_TRY(rc_pg_sync(db));
    err = count_on_it(promise);
    withdraw(promise);
    if (!err)
        err = rc_pg_finish(NULL, db, 0, "a promise");
    return err ? err : rc_pg_run(NULL, db, LEAVE);
}

/* The lock goes with the connection after any error. That the server is away is reported by who
 * asks it next; and a writer can call in the moment in which a promise ends. */
static void fail_promise(rc_pg_promise_t *promise, const rc_err_t *err)
{
    rc_pg_t *pg = promise->db.handle;
    bool busy = err->kind == RC_E_BUSY;

    if (!busy && !is_set(&promise->stop))
        rc_log(RC_LOG_WARNING, err->cause, "the database is asked at each request: %s",
               rc_err_log_text(err, promise->db.pool));
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->owed = 0;
    if (!is_set(&promise->stop))
        wait_for_server(promise, -1, busy ? PAUSE : LONG_PAUSE);
}

/* Has one promise. Another one is wanted at once if this one was used, and no writer has called. */
static void have_promise(rc_pg_promise_t *promise)
{
    apr_time_t begun = rc_clock();
    apr_pool_t *scratch;
    rc_err_t *err;

    apr_pool_create(&scratch, promise->pool);
    promise->db.pool = scratch;
    set_flag(&promise->used, false);
    if ((err = hold_promise(promise)))
        fail_promise(promise, err);
    if (err || !is_set(&promise->used) || rc_clock() - begun < apr_time_from_msec(RC_PG_PROMISE_MS))
        set_flag(&promise->wanted, false);
    promise->db.pool = promise->pool;
    apr_pool_destroy(scratch);
}

static void *APR_THREAD_FUNC keep_promises(apr_thread_t *thread, void *baton)
{
    rc_pg_promise_t *promise = baton;

    (void)thread;
    while (!is_set(&promise->stop)) {
        if (is_set(&promise->wanted))
            have_promise(promise);
        else
            wait_for_server(promise, -1, -1);
    }
    return NULL;
}

static apr_status_t end_promises(void *data)
{
    rc_pg_promise_t *promise = data;
    apr_status_t unused;

    set_flag(&promise->stop, true);
    eventfd_write(promise->wake, 1);
    if (promise->thread)
        apr_thread_join(&unused, promise->thread);
    rc_pg_close(&promise->db);
    close(promise->wake);
    return APR_SUCCESS;
}

/* --- open, want --- */

rc_err_t *rc_pg_promise_open(rc_pg_promise_t **out, const rc_db_t *db)
{
    rc_pg_promise_t *promise = apr_pcalloc(db->own, sizeof(*promise));

    apr_pool_create(&promise->pool, db->own);
    apr_pool_tag(promise->pool, "rcapi promise");
    promise->db = (rc_db_t){.driver = db->driver,
                            .own = promise->pool,
                            .pool = promise->pool,
                            .config = db->config,
                            .texts = db->texts,
                            .path = db->path,
                            .handle = apr_pcalloc(db->own, sizeof(rc_pg_t))};
    promise->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (promise->wake < 0)
        return rc_err_internal(db->pool, apr_get_os_error(), "cannot make an eventfd");
    apr_pool_pre_cleanup_register(db->own, promise, end_promises);
    *out = promise;
    return NULL;
}

void rc_pg_want_promise(rc_pg_promise_t *promise)
{
    if (is_set(&promise->wanted))
        return;
    set_flag(&promise->wanted, true);
    if (promise->thread)
        eventfd_write(promise->wake, 1);
    else if (rc_thread_start(&promise->thread, keep_promises, promise, promise->pool) !=
             APR_SUCCESS) {
        promise->thread = NULL;
        set_flag(&promise->wanted, false);
    }
}
