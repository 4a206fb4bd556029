// SPDX-License-Identifier: Apache-2.0
/*
 * The table of the actions that are events for webhooks. Pushes have more words than the journal
 * keeps; pulls are stored later, by the store (src/store/journal_late.c).
 */
#include "event.h"

#include <string.h>

#include "store/webhook.h"

static const struct {
    const char *action, *event;
    bool comment, vote; /* as of rc_event_t */
} rows[] = {
    {"user_created_repo", "repo-create", false, false},
    {"user_created_fork", "repo-create", false, false},
    {"admin_created_repo", "repo-create", false, false},
    {"user_deleted_repo", "repo-delete", false, false},
    {"admin_deleted_repo", "repo-delete", false, false},
    {"pull", "repo-pull", false, false},
    {"user_commented_revision", "repo-commit-comment", true, false},
    {"user_created_pull_request", "pullrequest-create", false, false},
    {"user_updated_pull_request", "pullrequest-update", false, false},
    {"user_merged_pull_request", "pullrequest-merge", false, false},
    {"user_closed_pull_request", "pullrequest-close", false, false},
    {"user_commented_pull_request", "pullrequest-comment", true, false},
    {"user_commented_pull_request", "pullrequest-review", true, true},
};

static rc_event_t event_of(const char *name, const rc_journal_actor_t *actor, const rc_repo_t *repo)
{
    return (rc_event_t){.name = name,
                        .created_on = apr_time_now(),
                        .user_id = actor->name ? 0 : actor->user_id,
                        .username = actor->name,
                        .ip = actor->ip,
                        .repo_id = repo->id,
                        .repo_name = repo->name};
}

rc_err_t *rc_event_add(rc_db_t *db, const rc_journal_actor_t *actor, const rc_repo_t *repo,
                       const char *action, const char *what)
{
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (!strcmp(rows[i].action, action)) {
            rc_event_t event = event_of(rows[i].event, actor, repo);

            event.about = what;
            event.comment = rows[i].comment;
            event.vote = rows[i].vote;
            RC_TRY(rc_store_event_add(db, &event));
        }
    return NULL;
}

rc_err_t *rc_event_push(rc_db_t *db, const rc_journal_actor_t *actor, const rc_repo_t *repo,
                        const char *words)
{
    rc_event_t event = event_of("repo-push", actor, repo);

    event.about = words;
    return rc_store_event_add(db, &event);
}
