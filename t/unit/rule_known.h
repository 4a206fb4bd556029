// SPDX-License-Identifier: Apache-2.0
/*
 * The permission rule for one repository from what is known of the user and of the repository
 * (src/store/who.h), for test_rule.c.
 */
#ifndef RULE_KNOWN_H
#define RULE_KNOWN_H

#include "store/who.h"

/* Looks a repository up by its id and by its name for user @a user_id, whose flags and groups are
 * read before. Returns the sum of what is found. */
static rc_seen_t ask_as(rc_db_t *db, apr_pool_t *pool, apr_int64_t user_id, apr_int64_t id,
                        const char *name)
{
    rc_seen_t by_id, by_name;
    rc_who_t *who;

    assert_null(rc_who_read(&who, db, rc_viewer_user(user_id), pool));
    assert_null(rc_who_ask(&by_id, db, who, NULL, id));
    assert_null(rc_who_ask(&by_name, db, who, name, 0));
    return (rc_seen_t){by_id.id + by_name.id, by_id.level + by_name.level};
}

/* Compares the level of user number @a user on repository number @a object with @a expected. */
static void check_known(rc_db_t *db, apr_pool_t *pool, int user, int object, int owner,
                        bool private_, int expected)
{
    rc_seen_t seen = ask_as(db, pool, user + 1, object + 1, apr_psprintf(pool, "r%d", object));
    apr_array_header_t *members;
    rc_who_t *who;

    assert_null(rc_who_read(&who, db, rc_viewer_user(user + 1), pool));
    assert_null(rc_members_read(&members, db, RC_KIND_REPO, object + 1, pool));
    assert_int_equal(rc_who_level(who, owner + 1, private_, members), expected);
    assert_int_equal(seen.level, 2 * expected);
    assert_int_equal(seen.id, expected ? 2 * (object + 1) : 0);
}

#endif
