// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the journal for those who want to know who did what (contract 12 §2). Entries that wait to
 * be stored are not seen: call rc_journal_settle before.
 */
#ifndef RC_STORE_AUDIT_H
#define RC_STORE_AUDIT_H

#include "db/db.h"
#include "store/slice.h"
#include "store/viewer.h"

typedef struct rc_audit_t {
    apr_int64_t id;
    apr_int64_t user_id, repo_id;     /* 0: none, or it is gone */
    const char *username, *repo_name; /* as they were called then; repo_name: "" without one */
    const char *ip, *action;
    apr_int64_t created_on; /* microseconds */
    apr_int64_t key_id;     /* by which the user came; 0: none. It may be deleted */
} rc_audit_t;

typedef rc_err_t *rc_audit_fn_t(void *baton, const rc_audit_t *entry);

/** Calls @a fn, which must not use @a db, for what user @a user_id has done, the newest first. It
 * leaves out what is about repositories that @a viewer may not read; for a scoped token also what
 * is about none. Super-admins (@a all) see everything. */
rc_err_t *rc_store_audit_of(rc_db_t *db, rc_viewer_t viewer, bool all, apr_int64_t user_id,
                            const rc_slice_t *page, rc_audit_fn_t *fn, void *baton,
                            apr_pool_t *pool);

/** Calls @a fn for entries whose action, user, repository or address holds @a words, in any case of
 * ASCII letters: the newest @a most of them, the newest first; or, if @a after_id is not 0, the
 * first @a most behind that entry, the oldest first. */
rc_err_t *rc_store_audit_found(rc_db_t *db, const char *words, apr_int64_t after_id,
                               apr_int64_t most, rc_audit_fn_t *fn, void *baton, apr_pool_t *pool);

/** Calls @a fn for the entries since @a since (microseconds), the oldest first. */
rc_err_t *rc_store_audit_since(rc_db_t *db, apr_int64_t since, rc_audit_fn_t *fn, void *baton,
                               apr_pool_t *pool);

#endif
