// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the body of an event for webhooks with RhodeCode's keys (contract 12 §1). event_push.c
 * writes what was pushed.
 */
#include "faces/event.h"

#include <stdlib.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/time.h"
#include "event_push.h"
#include "pull_request.h"
#include "store/comment.h"
#include "store/repo_change.h"

typedef struct comment_t {
    apr_int64_t id;
    const char *text, *type, *f_path, *line_no, *status;
} comment_t;

/* What the database knows. */
typedef struct facts_t {
    const rc_delivery_t *delivery;
    rc_user_t *user;            /* who did it; NULL: deleted, or no user */
    rc_repo_t *repo;            /* NULL: deleted */
    apr_array_header_t *fields; /* rc_repo_field_t */
    rc_pull_request_t *pull;
    comment_t comment; /* id 0: none, or deleted */
    apr_pool_t *pool;
} facts_t;

static bool is_about(const rc_delivery_t *delivery, const char *prefix)
{
    return !strncmp(delivery->event.name, prefix, strlen(prefix));
}

/* --- reading --- */

static comment_t keep_comment(const comment_t *comment, apr_pool_t *pool)
{
    return (comment_t){comment->id,
                       apr_pstrdup(pool, comment->text),
                       apr_pstrdup(pool, comment->type ? comment->type : "note"),
                       comment->f_path ? apr_pstrdup(pool, comment->f_path) : NULL,
                       comment->line_no ? apr_pstrdup(pool, comment->line_no) : NULL,
                       comment->status ? apr_pstrdup(pool, comment->status) : NULL};
}

static rc_err_t *take_comment(void *baton, const rc_repo_comment_t *row, apr_pool_t *scratch)
{
    facts_t *facts = baton;
    const comment_t comment = {row->id,     row->message, row->type,
                               row->f_path, row->line_no, row->status};

    (void)scratch;
    if (row->id == facts->delivery->comment_id)
        facts->comment = keep_comment(&comment, facts->pool);
    return NULL;
}

static rc_err_t *read_pull(facts_t *facts, rc_actor_t *actor)
{
    const rc_delivery_t *delivery = facts->delivery;
    apr_int64_t id = apr_atoi64(delivery->event.about);

    RC_TRY(rc_store_pull_request(&facts->pull, actor->db, rc_viewer_user(delivery->owner_id), id,
                                 actor->pool));
    return delivery->comment_id
               ? rc_store_pull_comments_each(actor->db, id, take_comment, facts, actor->pool)
               : NULL;
}

static rc_err_t *read_facts(rc_actor_t *actor, void *baton)
{
    facts_t *facts = baton;
    const rc_delivery_t *delivery = facts->delivery;
    const rc_repo_comments_t comments = {.repo_id = delivery->lane.repo_id,
                                         .revision = delivery->event.about};

    if (delivery->event.user_id)
        RC_TRY(rc_store_user_by_id(&facts->user, actor->db, delivery->event.user_id, actor->pool));
    if (!delivery->repo_exists)
        return NULL;
    RC_TRY(rc_store_repo_by_id(&facts->repo, actor->db, rc_viewer_user(delivery->owner_id),
                               delivery->lane.repo_id, actor->pool));
    RC_TRY(rc_store_repo_fields(&facts->fields, actor->db, delivery->lane.repo_id, actor->pool));
    if (is_about(delivery, "pullrequest-"))
        return read_pull(facts, actor);
    return delivery->comment_id
               ? rc_store_repo_comments_each(actor->db, &comments, take_comment, facts, actor->pool)
               : NULL;
}

/* --- writing --- */

static void write_actor(rc_json_t *out, const facts_t *facts)
{
    const rc_event_t *event = &facts->delivery->event;

    rc_json_key(out, "actor");
    rc_json_object_begin(out);
    rc_json_member_string(out, "username", facts->user ? facts->user->username : event->username);
    rc_json_member_int_or_null(out, "user_id", event->user_id);
    rc_json_object_end(out);
}

static void write_fields(rc_json_t *out, const apr_array_header_t *fields)
{
    int i;

    rc_json_key(out, "extra_fields");
    rc_json_object_begin(out);
    for (i = 0; fields && i < fields->nelts; i++) {
        const rc_repo_field_t *field = &APR_ARRAY_IDX(fields, i, rc_repo_field_t);

        rc_json_key_text(out, field->key);
        rc_json_string(out, field->value);
    }
    rc_json_object_end(out);
}

static const char *permalink(const rc_delivery_t *delivery, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s/_%" APR_INT64_T_FMT, delivery->server_url,
                        delivery->lane.repo_id);
}

static const char *repo_url(const rc_delivery_t *delivery, apr_pool_t *pool)
{
    return apr_pstrcat(pool, delivery->server_url, "/",
                       apr_pescape_path(pool, delivery->event.repo_name, 1), NULL);
}

static void write_repo(rc_json_t *out, const facts_t *facts)
{
    const rc_delivery_t *delivery = facts->delivery;

    rc_json_key(out, "repo");
    if (!delivery->lane.repo_id) {
        rc_json_null(out);
        return;
    }
    rc_json_object_begin(out);
    rc_json_member_int(out, "repo_id", delivery->lane.repo_id);
    rc_json_member_string(out, "repo_name", delivery->event.repo_name);
    rc_json_member_string(out, "repo_type", delivery->repo_type);
    rc_json_member_string(out, "url", repo_url(delivery, facts->pool));
    rc_json_member_string(out, "permalink_url", permalink(delivery, facts->pool));
    write_fields(out, facts->fields);
    rc_json_object_end(out);
}

static void write_said(rc_json_t *out, const facts_t *facts)
{
    const comment_t *comment = &facts->comment;

    rc_json_key(out, "comment");
    rc_json_object_begin(out);
    rc_json_member_int(out, "comment_id", facts->delivery->comment_id);
    rc_json_member_string(out, "comment_text", comment->text);
    rc_json_member_string(out, "comment_type", comment->type);
    rc_json_member_string(out, "comment_f_path", comment->f_path);
    rc_json_member_string(out, "comment_line_no", comment->line_no);
    rc_json_member_string(out, "status", comment->status);
    rc_json_object_end(out);
}

static rc_err_t *write_pull(rc_json_t *out, const facts_t *facts)
{
    const rc_api_request_t request = {.base_url = facts->delivery->server_url};
    const rc_mergeable_t unknown = {false, "not_available"};
    const rc_call_t call = {.request = &request};

    rc_json_key(out, "pullrequest");
    if (facts->pull)
        return rc_render_pull(out, &call, facts->pull, &unknown, facts->pool);
    rc_json_object_begin(out);
    rc_json_member_int(out, "pull_request_id", apr_atoi64(facts->delivery->event.about));
    rc_json_object_end(out);
    return NULL;
}

/* Writes what is peculiar to the kind of event. */
static rc_err_t *write_special(rc_json_t *out, const facts_t *facts, rc_actor_t *actor)
{
    const rc_event_push_t push = {.actor = actor,
                                  .repo = facts->repo,
                                  .user = facts->user,
                                  .event = &facts->delivery->event,
                                  .type = facts->delivery->repo_type,
                                  .url = repo_url(facts->delivery, facts->pool),
                                  .permalink = permalink(facts->delivery, facts->pool)};

    if (is_about(facts->delivery, "repo-push"))
        return rc_event_write_push(out, &push);
    if (is_about(facts->delivery, "repo-commit-comment"))
        RC_TRY(rc_event_write_commit(out, &push));
    if (is_about(facts->delivery, "pullrequest-"))
        RC_TRY(write_pull(out, facts));
    if (facts->delivery->comment_id)
        write_said(out, facts);
    return NULL;
}

static rc_err_t *write_event(rc_json_t *out, const facts_t *facts, rc_actor_t *actor)
{
    const rc_event_t *event = &facts->delivery->event;

    rc_json_key(out, "event");
    rc_json_object_begin(out);
    rc_json_member_string(out, "name", event->name);
    write_actor(out, facts);
    rc_json_member_string(out, "actor_ip", event->ip);
    rc_json_member_string(out, "server_url", facts->delivery->server_url);
    rc_json_member_string(out, "utc_timestamp",
                          apr_psprintf(facts->pool, "%s.%03d",
                                       rc_time_utc(apr_time_sec(event->created_on), facts->pool),
                                       (int)apr_time_msec(event->created_on)));
    write_repo(out, facts);
    RC_TRY(write_special(out, facts, actor));
    rc_json_object_end(out);
    return NULL;
}

rc_err_t *rc_event_render(rc_spool_t *body, rc_actor_t *actor, const rc_delivery_t *delivery,
                          const char *token)
{
    facts_t facts = {.delivery = delivery, .pool = actor->pool};
    rc_json_t out;

    RC_TRY(rc_actor_read(actor, read_facts, &facts));
    rc_actor_close(actor);
    rc_json_init(&out, body);
    rc_json_object_begin(&out);
    rc_json_member_string(&out, "token", token);
    RC_TRY(write_event(&out, &facts, actor));
    rc_json_object_end(&out);
    return rc_json_finish(&out);
}
