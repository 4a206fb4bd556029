// SPDX-License-Identifier: Apache-2.0
/*
 * Creates, changes, deletes and lists webhooks, each change in one transaction with its entry of
 * the journal. Address and secret are stored encrypted, because an address often holds a key.
 */
#include "domain/webhook.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "remote/post.h"

#define SECRET_MOST 256 /* bytes */
#define DEFAULT     "|repo-push|"

const char *const rc_webhook_events[] = {
    "repo-push",           "repo-pull",           "repo-create",        "repo-delete",
    "repo-commit-comment", "pullrequest-create",  "pullrequest-update", "pullrequest-merge",
    "pullrequest-close",   "pullrequest-comment", "pullrequest-review", NULL};

/* --- address and secret --- */

rc_err_t *rc_webhook_target(const char **url, const char **secret, const rc_env_t *env,
                            const void *target, int len, apr_pool_t *pool)
{
    const char *text, *end;

    RC_TRY(rc_secret_unseal(&text, env->secret, target, len, RC_WEBHOOK_CONTEXT, pool));
    end = strchrnul(text, '\n');
    *url = apr_pstrmemdup(pool, text, (apr_size_t)(end - text));
    *secret = *end ? end + 1 : end;
    return NULL;
}

const char *rc_webhook_mask(const char *url, apr_pool_t *pool)
{
    apr_size_t len = strcspn(url, "?");
    const char *plain = rc_remote_mask(apr_pstrmemdup(pool, url, len), pool);

    return url[len] ? apr_pstrcat(pool, plain, "?*****", NULL) : plain;
}

/* Whoever may change a webhook shall not have the secret of another one sent to them. */
static bool needs_secret(const rc_webhook_t *webhook, const rc_webhook_wish_t *wish,
                         const char *old_url)
{
    bool shown = wish->with_token && *wish->with_token && !webhook->with_token;

    return !wish->secret && (shown || (wish->url && strcmp(wish->url, old_url)));
}

static rc_err_t *set_target(rc_webhook_t *webhook, rc_actor_t *actor, const rc_webhook_wish_t *wish)
{
    const char *url = wish->url, *secret = wish->secret, *old_url, *old_secret = "";

    if (webhook->target)
        RC_TRY(rc_webhook_target(&old_url, &old_secret, actor->env, webhook->target,
                                 webhook->target_len, actor->pool));
    if (*old_secret && needs_secret(webhook, wish, old_url))
        return rc_err(actor->pool, RC_E_ARG,
                      "secret must be given again with another url or send_token");
    url = url ? url : old_url;
    secret = secret ? secret : old_secret;
    webhook->url = rc_webhook_mask(url, actor->pool);
    webhook->is_signed = *secret != '\0';
    return rc_secret_seal(&webhook->target, &webhook->target_len, actor->env->secret,
                          apr_pstrcat(actor->pool, url, "\n", secret, NULL), RC_WEBHOOK_CONTEXT,
                          actor->pool);
}

/* --- the wish --- */

static bool is_event(const char *name)
{
    int i;

    for (i = 0; rc_webhook_events[i]; i++)
        if (!strcmp(rc_webhook_events[i], name))
            return true;
    return false;
}

static rc_err_t *set_events(rc_webhook_t *webhook, const apr_array_header_t *events,
                            apr_pool_t *pool)
{
    int i;

    if (!events)
        return NULL;
    webhook->events = "|";
    for (i = 0; i < events->nelts; i++) {
        const char *name = APR_ARRAY_IDX(events, i, const char *);

        if (!is_event(name))
            return rc_err(pool, RC_E_ARG, "event `%s` does not exist", name);
        if (!strstr(webhook->events, apr_pstrcat(pool, "|", name, "|", NULL)))
            webhook->events = apr_pstrcat(pool, webhook->events, name, "|", NULL);
    }
    return events->nelts ? NULL : rc_err(pool, RC_E_ARG, "events must name at least one event");
}

/* A host is looked up when something is sent: its addresses change. */
static rc_err_t *check_wish(const rc_webhook_wish_t *wish, apr_pool_t *pool)
{
    rc_err_t *err = wish->url ? rc_post_check(wish->url, pool) : NULL;

    if (err)
        return rc_err(pool, RC_E_ARG, "%s", rc_err_log_text(err, pool));
    if (wish->secret && (strlen(wish->secret) > SECRET_MOST || strpbrk(wish->secret, "\r\n")))
        return rc_err(pool, RC_E_ARG, "secret must be one line of at most %d bytes", SECRET_MOST);
    return NULL;
}

static rc_err_t *apply(rc_webhook_t *webhook, rc_actor_t *actor, const rc_webhook_wish_t *wish)
{
    RC_TRY(check_wish(wish, actor->pool));
    RC_TRY(set_events(webhook, wish->events, actor->pool));
    RC_TRY(set_target(webhook, actor, wish));
    webhook->owner_id = actor->caller->user_id;
    webhook->server_url = wish->server_url;
    webhook->with_token = wish->with_token ? *wish->with_token : webhook->with_token;
    webhook->active = wish->active ? *wish->active : webhook->active;
    return NULL;
}

/* --- who may --- */

static rc_err_t *may_administer(bool *may, rc_actor_t *actor, apr_int64_t repo_id,
                                apr_int64_t group_id)
{
    rc_level_t level = RC_NONE;

    if (actor->caller->admin && !rc_caller_is_scoped(actor->caller))
        level = RC_ADMIN;
    else if (repo_id || group_id)
        RC_TRY(rc_rule_level(&level, actor->db, repo_id ? RC_KIND_REPO : RC_KIND_REPO_GROUP,
                             rc_caller_viewer(actor->caller), repo_id ? repo_id : group_id));
    *may = level >= RC_ADMIN;
    return NULL;
}

rc_err_t *rc_webhook_find(rc_webhook_t **out, rc_actor_t *actor, apr_int64_t id)
{
    bool may = false;

    RC_TRY(rc_store_webhook(out, actor->db, id, actor->pool));
    if (*out)
        RC_TRY(may_administer(&may, actor, (*out)->repo_id, (*out)->group_id));
    return may ? NULL : rc_err(actor->pool, RC_E_NOTFOUND, "there is no such webhook");
}

/* Returns the repository of @a webhook as the journal needs it; NULL without one. */
static const rc_repo_t *repo_of(const rc_webhook_t *webhook, apr_pool_t *pool)
{
    rc_repo_t *repo;

    if (!webhook->repo)
        return NULL;
    repo = apr_pcalloc(pool, sizeof(*repo));
    repo->id = webhook->repo_id;
    repo->name = webhook->repo;
    return repo;
}

static rc_err_t *journal_webhook(rc_actor_t *actor, const rc_webhook_t *webhook, const char *action)
{
    return rc_actor_journal(actor, repo_of(webhook, actor->pool), action,
                            apr_psprintf(actor->pool, "%" APR_INT64_T_FMT, webhook->id));
}

/* --- changes --- */

static rc_err_t *create(rc_actor_t *actor, void *baton)
{
    rc_webhook_wish_t *wish = *(rc_webhook_wish_t **)baton;
    rc_webhook_t webhook = {.repo_id = wish->repo ? wish->repo->id : 0,
                            .group_id = wish->group ? wish->group->id : 0,
                            .repo = wish->repo ? wish->repo->name : NULL,
                            .events = DEFAULT,
                            .active = true};
    int count;
    bool may;

    RC_TRY(may_administer(&may, actor, webhook.repo_id, webhook.group_id));
    if (!may)
        return rc_err(actor->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
    RC_TRY(rc_actor_require_unscoped(actor));
    RC_TRY(apply(&webhook, actor, wish));
    RC_TRY(rc_store_webhooks_count(&count, actor->db, webhook.repo_id, webhook.group_id));
    if (count >= RC_WEBHOOKS_MOST)
        return rc_err(actor->pool, RC_E_ARG, "there are %d webhooks already", count);
    RC_TRY(rc_store_webhook_insert(&webhook, actor->db));
    RC_TRY(journal_webhook(actor, &webhook, "user_created_webhook"));
    return rc_store_webhook(&wish->made, actor->db, webhook.id, actor->pool);
}

rc_err_t *rc_webhook_create(rc_actor_t *actor, rc_webhook_wish_t *wish)
{
    return rc_actor_txn(actor, create, &wish);
}

static rc_err_t *update_one(rc_actor_t *actor, void *baton)
{
    rc_webhook_wish_t *wish = *(rc_webhook_wish_t **)baton;
    rc_webhook_t *webhook;
    apr_int64_t before;

    RC_TRY(rc_webhook_find(&webhook, actor, wish->id));
    RC_TRY(rc_actor_require_unscoped(actor));
    before = webhook->owner_id;
    RC_TRY(apply(webhook, actor, wish));
    RC_TRY(rc_store_webhook_update(actor->db, webhook));
    if (webhook->owner_id != before) /* nobody knows whether they could read what was deleted */
        RC_TRY(rc_store_webhook_forget(actor->db, webhook->id));
    RC_TRY(journal_webhook(actor, webhook, "user_updated_webhook"));
    return rc_store_webhook(&wish->made, actor->db, webhook->id, actor->pool);
}

rc_err_t *rc_webhook_update(rc_actor_t *actor, rc_webhook_wish_t *wish)
{
    return rc_actor_txn(actor, update_one, &wish);
}

static rc_err_t *delete_one(rc_actor_t *actor, void *baton)
{
    rc_webhook_t *webhook;

    RC_TRY(rc_webhook_find(&webhook, actor, *(const apr_int64_t *)baton));
    RC_TRY(rc_store_webhook_delete(actor->db, webhook->id));
    return journal_webhook(actor, webhook, "user_deleted_webhook");
}

rc_err_t *rc_webhook_delete(rc_actor_t *actor, apr_int64_t id)
{
    return rc_actor_txn(actor, delete_one, &id);
}

rc_err_t *rc_webhooks(apr_array_header_t **out, rc_actor_t *actor, const rc_repo_t *repo)
{
    return rc_store_webhooks(out, actor->db, rc_caller_viewer(actor->caller), repo ? repo->id : 0,
                             actor->pool);
}

/* --- deliveries --- */

static rc_err_t *require_room(rc_actor_t *actor, const rc_webhook_t *webhook)
{
    bool full;

    RC_TRY(rc_store_webhook_full(&full, actor->db, webhook->id));
    return full ? rc_err(actor->pool, RC_E_ARG, "too many deliveries of the webhook wait") : NULL;
}

static rc_err_t *redeliver(rc_actor_t *actor, void *baton)
{
    apr_int64_t *id = baton, webhook_id;
    rc_webhook_t *webhook;
    bool waits;

    RC_TRY(rc_store_delivery_webhook(&webhook_id, &waits, actor->db, *id));
    RC_TRY(rc_webhook_find(&webhook, actor, webhook_id));
    if (waits)
        return rc_store_delivery_now(actor->db, *id);
    RC_TRY(require_room(actor, webhook));
    return rc_store_delivery_again(id, actor->db, *id);
}

rc_err_t *rc_webhook_redeliver(rc_actor_t *actor, apr_int64_t *id)
{
    return rc_actor_txn(actor, redeliver, id);
}

typedef struct test_t {
    apr_int64_t webhook_id, delivery_id;
} test_t;

static rc_err_t *queue_test(rc_actor_t *actor, void *baton)
{
    test_t *test = baton;
    rc_event_t event = {.name = "webhook-test",
                        .created_on = apr_time_now(),
                        .user_id = actor->caller->user_id,
                        .username = actor->name,
                        .ip = actor->ip};
    rc_webhook_t *webhook;

    RC_TRY(rc_webhook_find(&webhook, actor, test->webhook_id));
    RC_TRY(require_room(actor, webhook));
    event.repo_id = webhook->repo_id;
    event.repo_name = webhook->repo;
    return rc_store_delivery_add(&test->delivery_id, actor->db, webhook->id, &event);
}

rc_err_t *rc_webhook_test(apr_int64_t *delivery, rc_actor_t *actor, apr_int64_t id)
{
    test_t test = {.webhook_id = id};

    RC_TRY(rc_actor_txn(actor, queue_test, &test));
    *delivery = test.delivery_id;
    return NULL;
}
