// SPDX-License-Identifier: Apache-2.0
/*
 * Pulls (clone, fetch) and pushes by clients of version control: who may, and what follows from
 * one. Contract 01 §12, 06 §5 and §6. A face calls, for one transfer,
 *
 *     rc_sign_in, rc_identify       domain/sign_in.h, domain/identify.h
 *     rc_transfer_check             in the snapshot in which it loaded the repository
 *     rc_transfer_lock              a push: before the program that receives it starts
 *     rc_transfer_recheck           a push: before the last bytes go to the program
 *     rc_transfer_pulled, _pushed   when it is done; _committed: after a commit on the server
 *     rc_transfer_before, _received a push whose program does not report what it has changed
 */
#ifndef RC_DOMAIN_TRANSFER_H
#define RC_DOMAIN_TRANSFER_H

#include "domain/actor.h"
#include "domain/identify.h"
#include "domain/repo.h"

typedef enum { RC_PULL, RC_PUSH } rc_transfer_t;

typedef enum {
    RC_TRANSFER_ALLOWED,
    RC_TRANSFER_SIGN_IN,   /* not for a visitor, or the credentials are wrong */
    RC_TRANSFER_HIDDEN,    /* there is no such repository, or the caller may not read it */
    RC_TRANSFER_FORBIDDEN, /* the caller may read, but not push; or not from this address */
    RC_TRANSFER_LOCKED     /* a user has locked the repository */
} rc_transfer_kind_t;

/* Whether a caller may pull or push. Missing and hidden repositories have the same verdict. */
typedef struct rc_verdict_t {
    rc_transfer_kind_t kind;
    const char *text; /* for the client, in the actor's pool: of forbidden and locked; else NULL */
} rc_verdict_t;

/**
 * Judges by right and lock whether actor->caller may transfer. @a repo is the row as loaded for the
 * caller, also when they may not read it; NULL: there is none. A lock that a pull made refuses
 * others' pulls and pushes while the repository's enable_locking is on; a lock by other means
 * refuses every pull and others' pushes always. Pulls of visitors pass the former one.
 */
rc_err_t *rc_transfer_check(rc_verdict_t *verdict, rc_actor_t *actor, const rc_repo_t *repo,
                            rc_transfer_t kind);

/**
 * Judges again, in a snapshot of its own: the caller's credentials and address, their right on the
 * repository that was @a repo, and the lock. A repository with another name by now is hidden. The
 * actor needs a connection.
 */
rc_err_t *rc_transfer_recheck(rc_verdict_t *verdict, rc_actor_t *actor,
                              const rc_credentials_t *credentials, const rc_repo_t *repo,
                              rc_transfer_t kind);

/**
 * Locks the repository on the disk for a push, as rc_actor_lock does, by rc_repo_share, or by
 * rc_repo_lock for a type with capability one_push, and removes what a killed writer left in its
 * way (rc_vcs_settle). The program keeps locks->fd open. Returns
 * RC_E_FORBIDDEN without the right to push; RC_E_BUSY, with a text for the client, when something
 * else writes to the repository for more than 30 seconds; and RC_E_NOTFOUND when it has been
 * renamed or deleted.
 */
rc_err_t *rc_transfer_lock(rc_locks_t *locks, rc_actor_t *actor, const rc_repo_t *repo);

/**
 * Records a pull: one for each answer of which the client got at least a part of a pack. A pull
 * that is @a complete locks the repository for a caller who may push to it, if its enable_locking
 * is on and it is not locked; then *@a note is a line for the client, in the actor's pool, else
 * NULL. Acquires a connection if it needs one and the actor has none. Returns RC_E_FORBIDDEN
 * without the right to read.
 */
rc_err_t *rc_transfer_pulled(const char **note, rc_actor_t *actor, const rc_repo_t *repo,
                             bool complete);

/* A change of one reference that a push has made. */
typedef struct rc_ref_change_t {
    const char *ref;             /* full name: "refs/heads/master" */
    const char *old_id, *new_id; /* NULL: it did not exist, it was deleted */
} rc_ref_change_t;

/* The most ids of commits and names that the journal records of one push. */
#define RC_PUSH_RECORDED 400

/**
 * Records a push that is done, all or nothing: its new commits in the journal, the last commit of
 * the repository, and the end of the caller's lock if enable_locking is on; then *@a note is a line
 * for the client, in the actor's pool, else NULL. @a changes (of rc_ref_change_t) are those that
 * were accepted; without one, nothing is recorded. Before that, points HEAD at the first pushed
 * branch if HEAD leads nowhere. Call it with the lock of rc_transfer_lock. Returns RC_E_FORBIDDEN
 * when @a repo was loaded without the right to push. After an error the push stands: the next
 * reader stores the last commit.
 */
rc_err_t *rc_transfer_pushed(const char **note, rc_actor_t *actor, const rc_repo_t *repo,
                             const apr_array_header_t *changes);

/**
 * Records a commit that a client has made on the server, all or nothing, as rc_transfer_pushed
 * does:
 * @a revision in the journal, the last commit of the repository, the end of the caller's lock, and
 * *@a note. Contract 07 §5. Call it with the lock of rc_transfer_lock. Returns RC_E_FORBIDDEN when
 * @a repo was loaded without the right to push. When the repository cannot be read, that is logged,
 * and the next reader stores the last commit.
 */
rc_err_t *rc_transfer_committed(const char **note, rc_actor_t *actor, const rc_repo_t *repo,
                                const char *revision);

/* What a repository holds before a push. */
typedef struct rc_transfer_before_t rc_transfer_before_t;

/** Notes what the repository holds, in the actor's pool, for rc_transfer_received. Only for types
 * with capability one_push. Call it with the lock of rc_transfer_lock. */
rc_err_t *rc_transfer_before(rc_transfer_before_t **before, rc_actor_t *actor,
                             const rc_repo_t *repo);

/**
 * Records a push that is done, all or nothing, as rc_transfer_pushed does, whose changes are found
 * by a comparison with @a before: new commits, then bookmark=>x and delete_bookmark=>x. Without
 * one, nothing is recorded. Call it with the same lock. Returns RC_E_FORBIDDEN when @a repo was
 * loaded without the right to push.
 */
rc_err_t *rc_transfer_received(const char **note, rc_actor_t *actor, const rc_repo_t *repo,
                               const rc_transfer_before_t *before);

#endif
