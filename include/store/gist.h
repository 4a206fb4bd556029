// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes the rows of gists.
 */
#ifndef RC_STORE_GIST_H
#define RC_STORE_GIST_H

#include <apr_tables.h>

#include "db/db.h"
#include "store/slice.h"

typedef struct rc_gist_t {
    apr_int64_t id;
    const char *access_id;
    const char *type; /* public, private */
    apr_int64_t owner_id;
    const char *description;
    const char *acl_level;  /* acl_public, acl_private */
    apr_int64_t expires;    /* epoch seconds, -1 = never */
    apr_int64_t created_on; /* microseconds */
    apr_int64_t modified_at;
} rc_gist_t;

/** The gist with this access id, or NULL. */
rc_err_t *rc_store_gist(rc_gist_t **out, rc_db_t *db, const char *access_id, apr_pool_t *pool);

/** The same, but NULL unless user @a owner_id owns it. */
rc_err_t *rc_store_gist_of(rc_gist_t **out, rc_db_t *db, const char *access_id,
                           apr_int64_t owner_id, apr_pool_t *pool);

/** Calls @a fn for a user's gists, newest first; with @a expired also for expired ones. @a page,
 * by id, may be NULL. */
rc_err_t *
rc_store_gists_each(rc_db_t *db, apr_int64_t owner_id, bool expired, const rc_slice_t *page,
                    rc_err_t *(*fn)(void *baton, const rc_gist_t *gist, apr_pool_t *scratch),
                    void *baton, apr_pool_t *pool);

/** Calls @a fn for all gists of all users, by id. */
rc_err_t *rc_store_gists_all(rc_db_t *db,
                             rc_err_t *(*fn)(void *baton, const rc_gist_t *gist,
                                             apr_pool_t *scratch),
                             void *baton, apr_pool_t *pool);

/** Inserts @a gist, with its id unless that is 0; sets id, and access_id when that is NULL (the id
 * as text). */
rc_err_t *rc_store_gist_insert(rc_gist_t *gist, rc_db_t *db, apr_pool_t *pool);
rc_err_t *rc_store_gist_delete(rc_db_t *db, apr_int64_t id);

#endif
