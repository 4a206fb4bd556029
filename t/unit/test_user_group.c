// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the list of user groups with their members: that it needs a number of statements that
 * depends on chunks of groups and users alone, and that what receives them can stop it.
 */
#include "use_case_fixture.h"

#include <sqlite3.h>

#include "db/sqlite/sqlite.h"
#include "store/group.h"

#define GROUPS  260 /* two chunks */
#define MEMBERS 60  /* of each group */
#define USERS   300 /* two windows */

/* Returns how many statements were run so far. */
static int statements(void)
{
    const rc_sqlite_t *own = actor.db->handle;
    sqlite3_stmt *st = NULL;
    int runs = 0;

    while ((st = sqlite3_next_stmt(own->handle, st)))
        runs += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 0);
    return runs;
}

static rc_err_t *insert_users(apr_int64_t *ids, rc_db_t *in)
{
    int i;

    for (i = 0; i < USERS; i++) {
        rc_user_t user = {.username = apr_psprintf(pool, "u%d", i),
                          .firstname = "",
                          .lastname = "",
                          .extern_type = "",
                          .extern_name = ""};

        RC_TRY(rc_store_user_insert(&user, in, NULL, false));
        ids[i] = user.id;
    }
    return NULL;
}

/* The members of each group join in another order. */
static rc_err_t *insert_all(void *baton, rc_db_t *in)
{
    apr_int64_t ids[USERS];
    bool changed;
    int i, j;

    (void)baton;
    RC_TRY(insert_users(ids, in));
    for (i = 0; i < GROUPS; i++) {
        rc_user_group_t group = {.name = apr_psprintf(pool, "g%d", i),
                                 .owner_id = actor.caller->user_id,
                                 .description = "",
                                 .active = true};

        RC_TRY(rc_store_user_group_insert(&group, in));
        for (j = 0; j < MEMBERS; j++)
            RC_TRY(rc_store_user_group_add_user(&changed, in, group.id, ids[(j + i) % USERS]));
    }
    return NULL;
}

typedef struct seen_t {
    int groups, members, ends;
    int at; /* of the members of a group */
    int stop;
} seen_t;

static rc_err_t *begin_group(void *baton, const rc_user_group_t *group)
{
    seen_t *seen = baton;

    assert_string_equal(group->name, apr_psprintf(pool, "g%d", seen->groups));
    assert_int_equal(group->level, RC_ADMIN);
    seen->groups++;
    seen->at = 0;
    return NULL;
}

static rc_err_t *see_member(void *baton, const rc_user_details_t *details, apr_pool_t *scratch)
{
    seen_t *seen = baton;
    const char *name = apr_psprintf(scratch, "u%d", (seen->at++ + seen->groups - 1) % USERS);

    assert_string_equal(details->user->username, name);
    return ++seen->members == seen->stop ? rc_err_failed(pool, "stop") : NULL;
}

static rc_err_t *end_group(void *baton)
{
    seen_t *seen = baton;

    assert_int_equal(seen->at, MEMBERS);
    seen->ends++;
    return NULL;
}

static rc_err_t *list_groups(seen_t *seen)
{
    static const rc_user_groups_visitor_t visitor = {begin_group, see_member, end_group};

    return rc_store_user_groups_each(actor.db, rc_caller_viewer(actor.caller), NULL, false,
                                     &visitor, seen, pool);
}

/* Two chunks of groups with 2 statements; of each chunk a window holds 256 of the users, so its
 * members are in two at most. A window costs 3 statements. */
static void few_statements(void **unused)
{
    seen_t seen = {0};
    int before;

    (void)unused;
    ASSERT_OK(rc_db_txn(actor.db, insert_all, NULL));
    before = statements();
    ASSERT_OK(list_groups(&seen));
    assert_int_equal(seen.groups, GROUPS);
    assert_int_equal(seen.ends, GROUPS);
    assert_int_equal(seen.members, GROUPS * MEMBERS);
    print_message("# %d statements\n", statements() - before);
    assert_in_range(statements() - before, 11, 1 + 2 * 2 + 3 * 2 * 2);
}

static void a_receiver_stops_it(void **unused)
{
    seen_t seen = {.stop = MEMBERS + 30};

    (void)unused;
    assert_non_null(list_groups(&seen));
    assert_int_equal(seen.members, MEMBERS + 30);
    assert_int_equal(seen.ends, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(few_statements), TEST(a_receiver_stops_it)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, unit_end);
}
