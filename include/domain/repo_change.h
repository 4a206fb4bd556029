// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases that change or delete repositories: names, texts, extra fields, locks, comments
 * (contract 02 §2, §5).
 */
#ifndef RC_DOMAIN_REPO_CHANGE_H
#define RC_DOMAIN_REPO_CHANGE_H

#include "domain/actor.h"
#include "domain/user.h"

/* A change of a repository; NULL members leave a value unchanged. */
typedef struct rc_repo_update_t {
    const rc_repo_t *repo;
    const char *last;             /* the last part of its name */
    const char *path;             /* the full new name; ignored with `last` */
    const char *group_sent;       /* the new group, as the client sent it; "" = the top level */
    const rc_repo_group_t *group; /* NULL: there is no such group, or it is hidden */
    const char *parent_sent;      /* the new parent (it becomes its fork), as the client sent it */
    const rc_repo_t *parent;      /* NULL: there is no such repository, or it is hidden */
    rc_owner_t owner;
    const char *description, *landing_rev;
    bool has_uri;          /* clone_uri is set */
    const char *clone_uri; /* NULL or "": removes it; the masked one: unchanged */
    const char *fields;    /* extra fields, "key=value,key=value" with "\\," for a comma */
    const bool *private_, *enable_statistics, *enable_locking, *enable_downloads;
} rc_repo_update_t;

/** Changes a repository; a new name moves its directory. */
rc_err_t *rc_repo_update(rc_actor_t *actor, const rc_repo_update_t *request);

typedef enum { RC_FORKS_REFUSE, RC_FORKS_DETACH, RC_FORKS_DELETE } rc_forks_t;

typedef struct rc_repo_deletion_t {
    const rc_repo_t *repo;
    rc_forks_t mode; /* what happens to its forks */
    /* output: */
    apr_int64_t forks; /* direct forks that the caller may read */
    apr_int64_t going; /* those of them that are deleted, too */
} rc_repo_deletion_t;

/** Deletes a repository; its directory is renamed (rc_repo_name_removed). Forks that the caller may
 * not read are treated as if they did not exist: they do not prevent the deletion and are not
 * counted. Forks that remain lose their parent. */
rc_err_t *rc_repo_delete(rc_actor_t *actor, rc_repo_deletion_t *request);

typedef struct rc_field_t {
    const rc_repo_t *repo;
    const char *key, *label, *description; /* an empty label becomes the key */
} rc_field_t;

/** Adds an extra field. Returns RC_E_CONFLICT for a duplicate key. */
rc_err_t *rc_repo_field_add(rc_actor_t *actor, const rc_field_t *field);

/** Removes an extra field; RC_E_NOTFOUND when there is none. */
rc_err_t *rc_repo_field_remove(rc_actor_t *actor, const rc_field_t *field);

typedef struct rc_lock_t {
    const rc_repo_t *repo;
    const rc_user_t *user;
    bool locked;
    const char *reason;
} rc_lock_t;

/** Locks a repository for a user, or unlocks it; *@a since is the current time in epoch seconds. */
rc_err_t *rc_repo_set_lock(apr_int64_t *since, rc_actor_t *actor, const rc_lock_t *request);

typedef struct rc_commenting_t {
    const rc_repo_t *repo;
    const rc_user_t *author;
    const char *revision; /* as clients name one; NULL: the tip */
    const char *message;
    const char *status;      /* NULL: unchanged */
    const char *type;        /* note or todo; NULL: note */
    apr_int64_t resolves_id; /* the to-do that it ends; 0: none */
} rc_commenting_t;

/** Adds a comment to a commit, and sets its status if given; *@a id is the id of the commit. */
rc_err_t *rc_repo_comment(const char **id, rc_actor_t *actor, const rc_commenting_t *request);

#endif
