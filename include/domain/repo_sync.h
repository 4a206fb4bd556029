// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases that change the content of repositories, and those that update the database from the
 * disk (contract 02 §2).
 */
#ifndef RC_DOMAIN_REPO_SYNC_H
#define RC_DOMAIN_REPO_SYNC_H

#include "domain/actor.h"
#include "domain/task.h"

/** Fetches from @a uri, or from the repository's clone_uri when that is NULL. Returns RC_E_FAILED
 * when there is neither or the remote fails. */
rc_err_t *rc_repo_pull(rc_actor_t *actor, const rc_repo_t *repo, const char *uri);

/** The same by a task (domain/task.h), after all checks that need no long work. */
rc_err_t *rc_repo_pull_later(rc_actor_t *actor, const rc_repo_t *repo, const char *uri,
                             rc_task_order_t *order);

typedef struct rc_strip_t {
    const rc_repo_t *repo;
    const char *branch, *revision;
} rc_strip_t;

/** Removes a commit and its descendants from a branch (rc_vcs_strip). *@a pulls: the pull requests
 * into the repository that keep the commit nevertheless (apr_int64_t). */
rc_err_t *rc_repo_strip(apr_array_header_t **pulls, rc_actor_t *actor, const rc_strip_t *request);

/** Discards the caches of a repository and stores its last commit again. */
rc_err_t *rc_repo_invalidate(rc_actor_t *actor, const rc_repo_t *repo);

/**
 * Updates the stored last commit of a repository from inside of rc_actor_read: if the references
 * moved or, with @a anew, in any case. *@a last is the commit that was read; its state is NULL when
 * none was, and always with @a anew. Afterwards the actor has a new snapshot: the caller must load
 * its rows again. Without @a anew, failures of reading or storing are only logged.
 */
rc_err_t *rc_repo_look(rc_last_t *last, rc_actor_t *actor, const rc_repo_t *repo, bool anew);

/** Updates the stored last commit if the references of the open repository @a vcs moved. Failures
 * are only logged. Outside of transactions. */
void rc_repo_notice(rc_actor_t *actor, const rc_repo_t *repo, rc_vcs_t *vcs);

/* The result of a rescan: arrays of names (const char *). */
typedef struct rc_rescan_t {
    apr_array_header_t *added;
    apr_array_header_t *removed; /* NULL when removing was not requested */
    apr_array_header_t *skipped; /* rc_skipped_t (domain/scan.h) */
} rc_rescan_t;

/** Updates the database from the repository root: adds new repositories and, with @a remove,
 * deletes the rows of those that are gone. */
rc_err_t *rc_rescan(rc_rescan_t *found, rc_actor_t *actor, bool remove);

#endif
