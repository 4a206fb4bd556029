// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases that change or delete repositories: names, texts, extra fields, locks, comments
 * (contract 02 §2, §5).
 */
#ifndef RC_DOMAIN_REPO_CHANGE_H
#define RC_DOMAIN_REPO_CHANGE_H

#include "domain/actor.h"
#include "domain/user.h"

/* What becomes of a repository; NULL members stay as they are. */
typedef struct rc_repo_update_t {
    const rc_repo_t *repo;
    const char *last;             /* the last part of its name */
    const char *path;             /* the same with its group before it; counts without `last` */
    const char *group_sent;       /* the group it moves to, as it was named; "" = the top level */
    const rc_repo_group_t *group; /* NULL: there is no such group, or it is hidden */
    const char *parent_sent;      /* what it is a fork of, as it was named */
    const rc_repo_t *parent;      /* NULL: there is none, or it is hidden */
    rc_owner_t owner;
    const char *description, *landing_rev;
    bool has_uri;          /* clone_uri counts */
    const char *clone_uri; /* NULL or "": none any more; the masked one: as it is */
    const char *fields;    /* extra fields, "key=value,key=value" with "\\," for a comma */
    const bool *private_, *enable_statistics, *enable_locking, *enable_downloads;
} rc_repo_update_t;

/** Changes a repository; a new name moves its directory. */
rc_err_t *rc_repo_update(rc_actor_t *actor, const rc_repo_update_t *request);

typedef enum { RC_FORKS_REFUSE, RC_FORKS_DETACH, RC_FORKS_DELETE } rc_forks_t;

typedef struct rc_repo_deletion_t {
    const rc_repo_t *repo;
    rc_forks_t mode; /* what becomes of its forks */
    /* set: */
    apr_int64_t forks; /* direct ones that the caller may see */
    apr_int64_t going; /* those of them that go, too */
} rc_repo_deletion_t;

/** Deletes a repository, its directory goes aside. Forks that the caller may not see do not exist:
 * they do not stand in the way and are not counted. What is not deleted loses its parent. */
rc_err_t *rc_repo_delete(rc_actor_t *actor, rc_repo_deletion_t *request);

typedef struct rc_field_t {
    const rc_repo_t *repo;
    const char *key, *label, *description; /* label "": the key */
} rc_field_t;

/** Adds an extra field. A key that is there is RC_E_CONFLICT. */
rc_err_t *rc_repo_field_add(rc_actor_t *actor, const rc_field_t *field);

/** Removes an extra field; RC_E_NOTFOUND when there is none. */
rc_err_t *rc_repo_field_remove(rc_actor_t *actor, const rc_field_t *field);

typedef struct rc_lock_t {
    const rc_repo_t *repo;
    const rc_user_t *user;
    bool locked;
    const char *reason;
} rc_lock_t;

/** Locks a repository for a user, or unlocks it; *@a since is now, in epoch seconds. */
rc_err_t *rc_repo_set_lock(apr_int64_t *since, rc_actor_t *actor, const rc_lock_t *request);

typedef struct rc_commenting_t {
    const rc_repo_t *repo;
    const rc_user_t *author;
    const char *revision; /* as clients name one; NULL: the tip */
    const char *message;
    const char *status; /* NULL: no change of it */
} rc_commenting_t;

/** Comments on a commit and perhaps sets its status; *@a id is the commit's. */
rc_err_t *rc_repo_comment(const char **id, rc_actor_t *actor, const rc_commenting_t *request);

#endif
