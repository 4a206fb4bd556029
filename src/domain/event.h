// SPDX-License-Identifier: Apache-2.0
/*
 * Which actions are events for webhooks (contract 12 §1). Private to src/domain.
 */
#ifndef RC_DOMAIN_EVENT_H
#define RC_DOMAIN_EVENT_H

#include "store/journal.h"
#include "store/repo.h"

/** Queues the events that an @a action of the journal on @a repo is, if it is one. In its
 * transaction, after the change. */
rc_err_t *rc_event_add(rc_db_t *db, const rc_journal_actor_t *actor, const rc_repo_t *repo,
                       const char *action, const char *what);

/** Queues a push; @a words: what it has changed, one word on a line, or NULL. */
rc_err_t *rc_event_push(rc_db_t *db, const rc_journal_actor_t *actor, const rc_repo_t *repo,
                        const char *words);

#endif
