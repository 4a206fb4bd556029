// SPDX-License-Identifier: Apache-2.0
/*
 * Queues events for webhooks, in the transaction of the change that they report.
 */
#include "store/webhook.h"

#include <string.h>

#include "base/text.h"
#include "sql.h"
#include "store/rule.h"

#define ABOUT_MOST   (64 * 1024) /* bytes: the words of a push */
#define WAITING_MOST 10000       /* deliveries of a webhook */

typedef struct wanting_t {
    apr_int64_t webhook_id, owner_id;
} wanting_t;

static rc_err_t *read_wanting(apr_array_header_t *list, rc_db_t *db, const rc_event_t *event)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_EVENT_WEBHOOKS, "si", event->name, event->repo_id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(list, wanting_t) = (wanting_t){rc_column_int(st, 0), rc_column_int(st, 1)};
    }
}

static rc_err_t *find_comment(apr_int64_t *id, bool *vote, rc_db_t *db, const rc_event_t *event)
{
    rc_stmt_t *st;
    bool found;

    *id = 0;
    *vote = false;
    if (!event->comment)
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_EVENT_COMMENT, "i", event->repo_id));
    RC_TRY(rc_step(&found, st, db));
    if (found) {
        *id = rc_column_int(st, 0);
        *vote = rc_column_bool(st, 1);
        rc_done(st);
    }
    return NULL;
}

static const char *cut(const char *text, apr_size_t most, apr_pool_t *pool)
{
    text = rc_utf8_repair(text ? text : "", pool);
    return strlen(text) > most ? rc_utf8_cut(text, most, pool) : text;
}

static rc_err_t *queue(rc_db_t *db, apr_int64_t webhook_id, const rc_event_t *event,
                       apr_int64_t comment_id)
{
    apr_pool_t *pool = rc_db_user_pool(db);

    return rc_execute(db, SQL_EVENT_QUEUE, "isirssissr", webhook_id, event->name,
                      (apr_int64_t)event->created_on, event->user_id, event->username,
                      event->ip ? event->ip : "", event->repo_id, cut(event->repo_name, 1024, pool),
                      cut(event->about, ABOUT_MOST, pool), comment_id);
}

rc_err_t *rc_store_webhook_full(bool *full, rc_db_t *db, apr_int64_t id)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_WEBHOOK_FULL, "id", id, WAITING_MOST));
    RC_TRY(rc_step(full, st, db));
    if (*full)
        rc_done(st);
    return NULL;
}

static rc_err_t *disable_full(rc_db_t *db, apr_int64_t webhook_id)
{
    RC_TRY(rc_execute(db, SQL_WEBHOOK_DISABLE, "id", webhook_id, 0));
    return rc_store_webhook_give_up(db, webhook_id,
                                    "the webhook was disabled: too many deliveries waited");
}

static rc_err_t *queue_for(rc_db_t *db, const wanting_t *wanting, const rc_event_t *event,
                           apr_int64_t comment_id)
{
    rc_level_t level;
    bool full;

    RC_TRY(
        rc_rule_level(&level, db, RC_KIND_REPO, rc_viewer_user(wanting->owner_id), event->repo_id));
    if (level < RC_READ)
        return NULL;
    RC_TRY(rc_store_webhook_full(&full, db, wanting->webhook_id));
    return full ? disable_full(db, wanting->webhook_id)
                : queue(db, wanting->webhook_id, event, comment_id);
}

rc_err_t *rc_store_event_add(rc_db_t *db, const rc_event_t *event)
{
    apr_array_header_t *list =
        apr_array_make(rc_db_user_pool(db), 4, sizeof(wanting_t)); /* mostly empty */
    apr_int64_t comment_id;
    bool vote;
    int i;

    RC_TRY(read_wanting(list, db, event));
    if (!list->nelts)
        return NULL;
    RC_TRY(find_comment(&comment_id, &vote, db, event));
    if (event->vote && !vote)
        return NULL;
    for (i = 0; i < list->nelts; i++)
        RC_TRY(queue_for(db, &APR_ARRAY_IDX(list, i, wanting_t), event, comment_id));
    return NULL;
}

rc_err_t *rc_store_event_wanted(bool *wanted, rc_db_t *db, const char *name)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_WEBHOOKS_WANT, "s", name));
    RC_TRY(rc_step(wanted, st, db));
    if (*wanted)
        rc_done(st);
    return NULL;
}

rc_err_t *rc_store_delivery_add(apr_int64_t *id, rc_db_t *db, apr_int64_t webhook_id,
                                const rc_event_t *event)
{
    rc_stmt_t *st;

    RC_TRY(queue(db, webhook_id, event, 0));
    RC_TRY(rc_query(&st, db, SQL_DELIVERY_NEWEST, "i", webhook_id));
    return rc_insert(id, st, db);
}
