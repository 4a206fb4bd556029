// SPDX-License-Identifier: Apache-2.0
/*
 * Finds and stores what an import brings (domain/import.h). A table in src/store/import.c says
 * which statement each word stands for, and the types of its values (rc_bind).
 */
#ifndef RC_STORE_IMPORT_H
#define RC_STORE_IMPORT_H

#include "db/db.h"

typedef enum {
    RC_FIND_USER,       /* by name, in any case */
    RC_FIND_EMAIL,      /* the user of an address */
    RC_FIND_KEY,        /* the user of a digest (const rc_blob_t *) */
    RC_FIND_USER_GROUP, /* by name */
    RC_FIND_REPO_GROUP, /* by name */
    RC_FIND_REPO,       /* by name */
    RC_FIND_COMMENT, /* by repository, user, revision, time, message, pull request or 0; above an id
                      */
    RC_FIND_PULL, /* by target, time, source, names of both references, name of the author; above an
                     id */
    RC_FIND_GIST  /* the owner of an access id */
} rc_store_find_t;

typedef struct rc_store_found_t {
    apr_int64_t id;   /* 0: there is none */
    const char *name; /* as it is stored */
    bool scanned;     /* a repository or group that is as a scan makes it */
} rc_store_found_t;

/** Finds one row by the values that follow @a pool, in which the result is. */
rc_err_t *rc_store_import_find(rc_store_found_t *found, rc_db_t *db, rc_store_find_t what,
                               apr_pool_t *pool, ...);

typedef enum {
    RC_STORE_USER,
    RC_STORE_EMAIL,
    RC_STORE_IP,
    RC_STORE_KEY,
    RC_STORE_USER_GLOBAL,
    RC_STORE_USER_GROUP_GLOBAL,
    RC_STORE_USER_GROUP,
    RC_STORE_MEMBER,
    RC_STORE_REPO_GROUP,
    RC_STORE_REPO_GROUP_TAKE, /* the same for a group that a scan has made */
    RC_STORE_REPO,
    RC_STORE_REPO_TAKE, /* the same for a repository that a scan has found */
    RC_STORE_REPO_URI,
    RC_STORE_REPO_LOCK,
    RC_STORE_REPO_FORK,
    RC_STORE_FIELD,
    RC_STORE_REPO_USER, /* and so on: a level on the first, for the second */
    RC_STORE_REPO_EVERYONE,
    RC_STORE_REPO_USER_GROUP,
    RC_STORE_REPO_GROUP_USER,
    RC_STORE_REPO_GROUP_EVERYONE,
    RC_STORE_REPO_GROUP_USER_GROUP,
    RC_STORE_USER_GROUP_USER,
    RC_STORE_USER_GROUP_USER_GROUP,
    RC_STORE_PULL,
    RC_STORE_PULL_COMMIT,
    RC_STORE_PULL_VERSION,
    RC_STORE_REVIEWER,
    RC_STORE_COMMENT,
    RC_STORE_VOTE, /* of a comment */
    RC_STORE_STATUS,
    RC_STORE_GIST,
    RC_STORE_FOLLOW_REPO,
    RC_STORE_FOLLOW_USER,
    RC_STORE_JOURNAL
} rc_store_import_t;

/** Stores one row of the values that follow @a what. *@a changed: it was not here. Inside a
 * transaction. */
rc_err_t *rc_store_import(bool *changed, rc_db_t *db, rc_store_import_t what, ...);

/** Calls @a fn for each entry of the journal up to the moment @a last (microseconds). */
rc_err_t *rc_store_journal_upto(rc_db_t *db, apr_int64_t last,
                                void (*fn)(void *baton, apr_int64_t when, const char *const *texts),
                                void *baton, apr_pool_t *pool);

#endif
