// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the member lists of objects. Private to src/store.
 */
#ifndef RC_STORE_MEMBERS_H
#define RC_STORE_MEMBERS_H

#include <apr_tables.h>

#include "db/db.h"
#include "store/permission.h"

/* The parts of a member list, in its order. */
typedef enum {
    RC_PART_ADMIN = 1,
    RC_PART_OWNER,
    RC_PART_ANYONE, /* the row of the default user */
    RC_PART_USER,
    RC_PART_GROUP
} rc_part_t;

typedef struct rc_member_row_t {
    rc_part_t part;
    rc_level_t level;
    apr_int64_t id; /* of the user or user group */
    const char *name;
} rc_member_row_t;

/** Reads a member list (rc_member_row_t) in its order, from memory if it is there. */
rc_err_t *rc_members_read(apr_array_header_t **out, rc_db_t *db, rc_kind_t kind,
                          apr_int64_t object_id, apr_pool_t *pool);

/** Returns the same list if it is in memory, else NULL. */
apr_array_header_t *rc_members_recall(rc_db_t *db, rc_kind_t kind, apr_int64_t object_id,
                                      apr_pool_t *pool);

#endif
