// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases that write to the content of repositories, and those that bring the database up to
 * date with what is on the disk (contract 02 §2).
 */
#ifndef RC_DOMAIN_REPO_SYNC_H
#define RC_DOMAIN_REPO_SYNC_H

#include "domain/actor.h"

/** Fetches from the repository's clone_uri. RC_E_FAILED when it has none or the other side fails.
 */
rc_err_t *rc_repo_pull(rc_actor_t *actor, const rc_repo_t *repo);

typedef struct rc_strip_t {
    const rc_repo_t *repo;
    const char *branch, *revision;
} rc_strip_t;

/** Takes a commit and what follows it off a branch (rc_vcs_strip). */
rc_err_t *rc_repo_strip(rc_actor_t *actor, const rc_strip_t *request);

/** Forgets what is cached of a repository and stores its last commit anew. */
rc_err_t *rc_repo_invalidate(rc_actor_t *actor, const rc_repo_t *repo);

/**
 * Brings the stored last commit of a repository up to date from inside of rc_actor_read: when the
 * references moved or, @a anew, in any case. *@a last is what was read; its state is NULL when
 * nothing was. Afterwards the actor has another snapshot, and rows must be loaded again. A
 * repository that cannot be read, or a busy database, is for the log, unless @a anew.
 */
rc_err_t *rc_repo_look(rc_last_t *last, rc_actor_t *actor, const rc_repo_t *repo, bool anew);

/** The same for a repository that is open already, outside of transactions, for nobody's answer:
 * failures are logged. */
void rc_repo_notice(rc_actor_t *actor, const rc_repo_t *repo, rc_vcs_t *vcs);

/* What a rescan found; of names (const char *). */
typedef struct rc_rescan_t {
    apr_array_header_t *added;
    apr_array_header_t *removed; /* NULL: nothing was to be removed */
    apr_array_header_t *skipped; /* rc_skipped_t (domain/scan.h) */
} rc_rescan_t;

/** Makes the database follow the repository root: adds what is new and, @a remove, deletes from it
 * what is gone. */
rc_err_t *rc_rescan(rc_rescan_t *found, rc_actor_t *actor, bool remove);

#endif
