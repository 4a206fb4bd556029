// SPDX-License-Identifier: Apache-2.0
/*
 * The actor on whose behalf a use case runs; a use case is a function that changes the database and
 * the disk together. The actor holds everything that a use case needs from a face, and nothing of
 * the face's protocol.
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
 * A use case takes an actor and a request, which points at rows that the face has loaded. These can
 * be out of date when the transaction begins. Therefore `renew` runs first in the transaction: it
 * identifies the caller again, loads the rows of the request again and refuses what is no longer
 * allowed. A use case reads its request again inside of the transaction, and compares it with what
 * it prepared before.
 *
 * Errors are RC_E_ARG or RC_E_FORBIDDEN with the text of the contract for the client, or
 * RC_E_FAILED with a reason for the log; for RC_E_FAILED the face has a text of its own.
 */
typedef struct rc_actor_t {
    rc_env_t *env;
    apr_pool_t *pool;
    rc_db_t *db; /* NULL while rc_actor_away runs */
    bool lists;  /* reads long lists: takes one of the connections for them */
    const rc_caller_t *caller;
    const char *ip;                  /* text, for the journal */
    const char *name;                /* for the journal, when no user acts; else NULL */
    rc_work_t work;                  /* limits of the answer's work; knows if the client has gone */
    bool has_place;                  /* rc_actor_place was called */
    int locks;                       /* of rc_actor_lock, for rc_db_locks_hold; 0: none */
    rc_err_t *(*renew)(void *baton); /* see above; NULL: nothing can have changed */
    rc_err_t *(*answer)(void *baton); /* reads the result, at the end of the transaction; or NULL */
    void *baton;
} rc_actor_t;

typedef rc_err_t *rc_actor_fn_t(rc_actor_t *actor, void *baton);

/** Makes the actor of a program on this machine, which acts for no user and has every right. The
 * journal names it RC_LOCAL_ACTOR. It has no connection yet (rc_actor_open). */
void rc_actor_local(rc_actor_t *actor, rc_env_t *env, apr_pool_t *pool);

/** Sets who acts. A visitor takes a place among those of visitors for costly work. */
void rc_actor_is(rc_actor_t *actor, const rc_caller_t *caller);

/** Acquires a database connection for the actor, unless it has one. It is released with the actor's
 * pool. */
rc_err_t *rc_actor_open(rc_actor_t *actor);

/** Exchanges the connection, outside of transactions, for one of those for long lists. */
rc_err_t *rc_actor_lists(rc_actor_t *actor);

/** Releases the connection before long work that does not need it. */
void rc_actor_close(rc_actor_t *actor);

/** Runs @a fn in one snapshot of the database. Afterwards records that the caller's key was used,
 * if the last record is an hour old and no writer is at work: nothing waits for that. */
rc_err_t *rc_actor_read(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

/** Runs @a fn for an actor without a connection, with what the process remembers (db/memory.h).
 * Returns RC_E_MISS when that is not enough: then the caller repeats everything with a connection,
 * so @a fn must be able to begin anew, and answer nothing before it has all. The actor has no
 * connection afterwards. */
rc_err_t *rc_actor_recall(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

/** Runs rc_actor_recall; if that is not enough, acquires a connection and runs rc_actor_read. */
rc_err_t *rc_actor_ask(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

/** Runs @a fn in a write transaction, between renew and answer. Recovers unfinished changes of the
 * disk first (rc_disk_txn_run). */
rc_err_t *rc_actor_txn(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

/** Runs @a fn after renew, in one snapshot: checks a right again before a change that no
 * transaction covers. Outside of transactions; also inside of rc_actor_away, where it acquires a
 * connection and releases it. */
rc_err_t *rc_actor_again(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

/** Runs @a fn, which may take minutes, without a database connection (actor->db is NULL). If the
 * actor had one, acquires one again afterwards. Outside of transactions. */
rc_err_t *rc_actor_away(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

/** Takes one of the places for calls that wait (for a remote, a copy, a lock), until the actor's
 * pool is destroyed. Returns RC_E_BUSY when the process or the user has none left. An actor takes
 * one at most. */
rc_err_t *rc_actor_place(rc_actor_t *actor);

/** Takes a place (rc_actor_place), then runs @a fn as rc_actor_away does. */
rc_err_t *rc_actor_wait(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton);

struct rc_locks_t; /* domain/repo.h */

/**
 * Acquires locks by calling @a take, which never blocks. When a lock is held by another process or
 * thread, waits for at most 30 seconds, with a place but without locks and database connection, and
 * retries. The locks are held until the actor's pool is destroyed. Outside of transactions.
 */
rc_err_t *rc_actor_lock(struct rc_locks_t *locks, rc_actor_t *actor,
                        rc_err_t *(*take)(struct rc_locks_t *locks, rc_actor_t *actor, void *baton),
                        void *baton);

/** Returns RC_E_BUSY when the locks of rc_actor_lock were lost with their connection, so that other
 * machines can have acquired them. To be asked before work counts that no transaction covers;
 * rc_actor_again and rc_actor_txn ask as well. */
rc_err_t *rc_actor_holds(const rc_actor_t *actor);

/** Acquires the lock of one repository as rc_actor_lock does. */
rc_err_t *rc_actor_lock_repo(struct rc_locks_t *locks, rc_actor_t *actor, const rc_repo_t *repo);

/** Returns RC_E_NOTFOUND when @a repo was renamed or deleted since it was read: then what was found
 * at its path since may be another one. For an actor without a connection. */
rc_err_t *rc_actor_check_name(rc_actor_t *actor, const rc_repo_t *repo);

/** The same for the shared lock. */
rc_err_t *rc_actor_share_repo(struct rc_locks_t *locks, rc_actor_t *actor, const rc_repo_t *repo);

/** Sets *@a has to whether the caller has this global permission; super-admins have all. */
rc_err_t *rc_actor_has_global(bool *has, rc_actor_t *actor, const char *permission);

/*
 * The right to a use case. Each use case states the least right that it requires, and checks it
 * before long work and again in its transaction, after renew. A face may refuse earlier, with the
 * texts of its protocol; the contract names the right under "Who" (02).
 */

/** Returns RC_E_FORBIDDEN unless @a level, which the caller has on an object, is at least
 * @a least. */
rc_err_t *rc_actor_require(const rc_actor_t *actor, rc_level_t level, rc_level_t least);

/** The same for an object of which the use case has no row: reads the caller's level. */
rc_err_t *rc_actor_require_on(const rc_actor_t *actor, rc_kind_t kind, apr_int64_t id,
                              rc_level_t least);

/** Returns RC_E_FORBIDDEN unless the caller is a super-admin. */
rc_err_t *rc_actor_require_admin(const rc_actor_t *actor);

/** Returns RC_E_FORBIDDEN unless the caller is this user or a super-admin. */
rc_err_t *rc_actor_require_user(const rc_actor_t *actor, apr_int64_t user_id);

/** Returns RC_E_FORBIDDEN for an anonymous caller. */
rc_err_t *rc_actor_require_name(const rc_actor_t *actor);

/** True for a caller by a login, a main key, or a token with the role all, no scope and no end.
 * Only they learn the keys of users (contract 10 §6). */
bool rc_actor_is_full(const rc_actor_t *actor);

/** Returns RC_E_FORBIDDEN unless rc_actor_is_full. */
rc_err_t *rc_actor_require_full(const rc_actor_t *actor);

/** Returns RC_E_FORBIDDEN for a caller by a scoped token, which creates nothing (contract 10 §6).
 */
rc_err_t *rc_actor_require_unscoped(const rc_actor_t *actor);

/** Returns RC_E_FORBIDDEN unless the caller has this global permission. */
rc_err_t *rc_actor_require_global(rc_actor_t *actor, const char *permission);

/** Returns the actor as the journal records it. */
rc_journal_actor_t rc_actor_signature(const rc_actor_t *actor);

/** Adds an entry to the journal, in the transaction of the reported change: @a action or, with @a
 * what, "action:what", about @a repo (NULL: about no repository). Some actions are also events for
 * webhooks: src/domain/event.c has the table. */
rc_err_t *rc_actor_journal(rc_actor_t *actor, const rc_repo_t *repo, const char *action,
                           const char *what);

/** The same about another named object: "action:name" or "action:name: what". */
rc_err_t *rc_actor_journal_named(rc_actor_t *actor, const char *action, const char *name,
                                 const char *what);

/** The same about a user: "user_DONE:name:what", or "admin_DONE:..." when the caller is not the
 * user with this id. */
rc_err_t *rc_actor_journal_user(rc_actor_t *actor, apr_int64_t user_id, const char *name,
                                const char *done, const char *what);

/**
 * Adds "action" about @a repo, unless the caller has the same entry from the last @a within (0:
 * always). Writes it into a file, from which whoever reads or writes the journal next stores it
 * (rc_store_journal_take): no transaction, and usually no connection. It survives a kill, but for
 * the last second no power cut.
 */
rc_err_t *rc_actor_journal_late(rc_actor_t *actor, const rc_repo_t *repo, const char *action,
                                apr_interval_time_t within);

/** Closes the idle handles of the repository that was called @a name. */
void rc_actor_forget(rc_actor_t *actor, const char *name);

#endif
