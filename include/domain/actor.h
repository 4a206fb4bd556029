// SPDX-License-Identifier: Apache-2.0
/*
 * The actor carries out use cases: functions that change the database and the disk together. It
 * holds all that a face must supply, and nothing of how the face speaks.
 */
#ifndef RC_DOMAIN_ACTOR_H
#define RC_DOMAIN_ACTOR_H

#include "domain/auth.h"
#include "domain/env.h"
#include "store/journal.h"
#include "store/repo.h"

/* The text of a refusal that names no object (contract 02 §0, E-forbid). */
#define RC_MSG_FORBIDDEN "Access was denied to this resource."

/*
 * A use case takes an actor and a request, which points at rows that the face has loaded. What was
 * true when it began need not be true when its transaction begins: there renew identifies the
 * caller again, loads the rows of the request again and refuses what is no longer allowed. So a
 * use case reads its request again inside of its transaction, and compares where it must.
 *
 * Errors are the rules' own words (RC_E_ARG, RC_E_FORBIDDEN, with the text of the contract), or
 * RC_E_FAILED with a reason for the log, for which the face has a text.
 */
typedef struct rc_actor_t {
    rc_env_t *env;
    apr_pool_t *pool;
    rc_db_t *db; /* NULL while rc_actor_away runs */
    const rc_caller_t *caller;
    const char *ip;                   /* text, for the journal */
    const char *name;                 /* for the journal, when it is no user that acts; else NULL */
    rc_work_t work;                   /* what the answer may cost; knows when the client has gone */
    bool has_place;                   /* among calls that wait for others */
    rc_err_t *(*renew)(void *baton);  /* as above; NULL: nothing can have changed */
    rc_err_t *(*answer)(void *baton); /* reads what was changed, last in its transaction; or NULL */
    void *baton;
} rc_actor_t;

typedef rc_err_t *rc_actor_fn_t(rc_actor_t *actor, void *baton);

/** Acquires a connection for the actor, until its pool ends. */
rc_err_t *rc_actor_open(rc_actor_t *actor);

/** Gives the connection back, for whoever has long work to do without it. */
void rc_actor_close(rc_actor_t *actor);

/** Runs @a fn in one snapshot of the database. */
rc_err_t *rc_actor_read(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

/** Runs @a fn in a write transaction, between renew and answer. What a crash left half done on the
 * disk is put in order first. */
rc_err_t *rc_actor_txn(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

/** Runs @a fn, which may take minutes and has no database, while others use the actor's connection.
 * The actor has one again afterwards. Outside of transactions. */
rc_err_t *rc_actor_away(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

/** Takes one of the few places for calls that wait for others, until the actor's pool ends;
 * RC_E_BUSY when the process or the user has none left. An actor takes one at most. */
rc_err_t *rc_actor_place(rc_actor_t *actor);

/** rc_actor_away for what waits for others: takes a place first. */
rc_err_t *rc_actor_wait(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

struct rc_locks_t; /* domain/repo.h */

/**
 * Takes locks by @a take, which tries without waiting. When somebody else holds one, waits for a
 * minute at most, with a place and without locks or the database, and tries again. The locks are
 * held until the actor's pool ends. Outside of transactions.
 */
rc_err_t *rc_actor_lock(struct rc_locks_t *locks, rc_actor_t *actor,
                        rc_err_t *(*take)(struct rc_locks_t *locks, rc_actor_t *actor, void *baton),
                        void *baton);

/** rc_actor_lock of one repository. */
rc_err_t *rc_actor_lock_repo(struct rc_locks_t *locks, rc_actor_t *actor, const rc_repo_t *repo);

/** Has the caller this global permission (super-admins: all)? */
rc_err_t *rc_actor_has_global(bool *has, rc_actor_t *actor, const char *permission);

/** Who acts, for the journal. */
rc_journal_actor_t rc_actor_signature(const rc_actor_t *actor);

/** Writes into the journal, in the transaction of what it reports: @a action or, with @a what,
 * "action:what", about @a repo (NULL: about none). */
rc_err_t *rc_actor_journal(rc_actor_t *actor, const rc_repo_t *repo, const char *action,
                           const char *what);

/** The same about something that has a name: "action:name" or "action:name: what". */
rc_err_t *rc_actor_journal_named(rc_actor_t *actor, const char *action, const char *name,
                                 const char *what);

/** Writes "action" about @a repo, unless the same was written in the last @a within; in a
 * transaction of its own, which does not wait for the disk. */
rc_err_t *rc_actor_journal_once(rc_actor_t *actor, const rc_repo_t *repo, const char *action,
                                apr_interval_time_t within);

/** Forgets the open handles of the repository that was called @a name. */
void rc_actor_forget(rc_actor_t *actor, const char *name);

#endif
