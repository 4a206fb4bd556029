// SPDX-License-Identifier: Apache-2.0
/*
 * Continues answers that another request makes: one thread of the process serves all of them, so
 * that a hundred equal clones hold no thread of httpd while git works for one. Only under an MPM
 * that can suspend a connection (event), and where sending never waits for the client.
 */
#include "parked.h"

#include <ap_mpm.h>
#include <http_core.h>

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "base/thread.h"
#include "base/time.h"

#define LOOK_EVERY apr_time_from_msec(20) /* while nothing moves */

typedef struct park_t {
    apr_pool_t *pool; /* used with the mutex held */
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
    apr_thread_t *thread;
    rc_parked_t *arrived; /* not known to the thread yet */
    rc_parked_t *leading; /* with a thread of httpd */
    bool drop;            /* the process stops at once: all connections end */
    bool stop;            /* the thread ends */
} park_t;

static park_t *park; /* of this process; NULL: no connection can be suspended */

/* Adds a connection to the list of the thread. */
static void arrive(rc_parked_t *parked)
{
    parked->next = park->arrived;
    park->arrived = parked;
    apr_thread_cond_signal(park->changed);
}

/* Runs in a thread of httpd. */
static void lead(void *baton)
{
    rc_parked_t *parked = baton, **at = &park->leading;

    rc_parked_lead(parked);
    apr_thread_mutex_lock(park->mutex);
    while (*at != parked)
        at = &(*at)->next;
    *at = parked->next;
    arrive(parked);
    apr_thread_mutex_unlock(park->mutex);
}

/* The request that made the answer has left, and this one is to run the program: httpd lends it a
 * thread. */
static void start_leading(rc_parked_t *parked)
{
    apr_thread_mutex_lock(park->mutex);
    parked->next = park->leading;
    park->leading = parked;
    apr_thread_mutex_unlock(park->mutex);
    if (ap_mpm_register_timed_callback(0, lead, parked) != APR_SUCCESS)
        lead(parked);
}

/* Continues each connection of the list; returns whether anything moved. */
static bool go_round(rc_parked_t **list, bool drop)
{
    bool moved = false;

    while (*list) {
        rc_parked_t *parked = *list, *next = parked->next;
        rc_parked_now_t now;

        if (drop)
            rc_parked_drop(parked);
        now = parked->step(parked);
        moved = moved || now != RC_PARKED_IDLE;
        if (now >= RC_PARKED_LEADS)
            *list = next;
        else
            list = &parked->next;
        if (now == RC_PARKED_LEADS)
            start_leading(parked);
    }
    return moved;
}

/* Waits for a change, while nothing moves; then moves the new connections to @a list. */
static void wait_for_more(rc_parked_t **list, bool moved)
{
    if (!*list && !park->arrived && !park->stop)
        apr_thread_cond_wait(park->changed, park->mutex);
    else if (!moved && !park->arrived && !park->stop)
        apr_thread_cond_timedwait(park->changed, park->mutex, LOOK_EVERY);
    while (*list)
        list = &(*list)->next;
    *list = park->arrived;
    park->arrived = NULL;
}

static void *APR_THREAD_FUNC keep_going(apr_thread_t *thread, void *unused)
{
    rc_parked_t *list = NULL;
    bool moved = false, drop;

    (void)thread, (void)unused;
    apr_thread_mutex_lock(park->mutex);
    while (!park->stop) {
        wait_for_more(&list, moved);
        drop = park->drop;
        apr_thread_mutex_unlock(park->mutex);
        moved = go_round(&list, drop);
        apr_thread_mutex_lock(park->mutex);
    }
    apr_thread_mutex_unlock(park->mutex);
    return NULL;
}

static void set_and_wake(bool *what)
{
    apr_thread_mutex_lock(park->mutex);
    *what = true;
    apr_thread_cond_signal(park->changed);
    apr_thread_mutex_unlock(park->mutex);
}

/* The programs of other requests go on while their output is followed, and those requests hold
 * threads that httpd waits for. */
void rc_park_child_stopping(apr_pool_t *pchild, int graceful)
{
    rc_parked_t *parked;

    (void)pchild;
    if (!park || graceful)
        return;
    set_and_wake(&park->drop);
    apr_thread_mutex_lock(park->mutex);
    for (parked = park->leading; parked; parked = parked->next)
        rc_parked_cut(parked);
    apr_thread_mutex_unlock(park->mutex);
}

static apr_status_t stop(void *unused)
{
    apr_status_t rv;

    (void)unused;
    set_and_wake(&park->stop);
    if (park->thread)
        apr_thread_join(&rv, park->thread);
    park = NULL;
    return APR_SUCCESS;
}

void rc_park_child_init(apr_pool_t *pchild, server_rec *s)
{
    park_t *made = apr_pcalloc(pchild, sizeof(*made));
    int async = 0;

    (void)s;
    if (ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) != APR_SUCCESS || !async)
        return;
    apr_pool_create(&made->pool, pchild);
    apr_pool_tag(made->pool, "rcapi park");
    if (apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, made->pool) ||
        apr_thread_cond_create(&made->changed, made->pool))
        return;
    park = made;
    apr_pool_pre_cleanup_register(pchild, NULL, stop);
}

/* Returns whether the thread runs. */
static bool start_thread(void)
{
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(park->mutex);
    if (!park->thread)
        rv = rc_thread_start(&park->thread, keep_going, NULL, park->pool);
    apr_thread_mutex_unlock(park->mutex);
    return !rv;
}

/* Returns whether httpd can suspend the connection of @a r here, and nothing of the request is
 * left to be read. */
static bool is_fit(const request_rec *r, const rc_note_t *note)
{
    const conn_rec *c = r->connection;
    const rc_body_t *body = note->request->body;

    return !r->main && !r->prev && !r->header_only && !c->aborted && c->cs &&
           !c->clogging_input_filters && rc_http_can_push(r) &&
           (!body || rc_body_state(body) == RC_BODY_END);
}

rc_parked_t *rc_park_prepare(request_rec *r, rc_note_t *note, rc_park_complete_fn_t *complete)
{
    conn_rec *c = r->connection;
    rc_parked_t *parked;

    if (!park || !is_fit(r, note) || !start_thread())
        return NULL;
    parked = apr_pcalloc(c->pool, sizeof(*parked));
    parked->c = c;
    parked->r = r;
    parked->note = note;
    parked->sender = rc_http_sender(r, note->answer);
    parked->complete = complete;
    rc_parked_begin(parked);
    apr_table_setn(r->headers_out, "Connection", "close"); /* see parked.c */
    return parked;
}

void rc_park_leave(conn_rec *c, request_rec *r)
{
    rc_note_t *note = rc_http_existing_note(r);
    rc_parked_t *parked = note ? note->parked : NULL;

    (void)c;
    if (!parked || parked->since || !park)
        return;
    parked->since = rc_clock();
    apr_thread_mutex_lock(park->mutex);
    arrive(parked);
    apr_thread_mutex_unlock(park->mutex);
}
