// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the use cases on what belongs to one user: what users may change for themselves, what
 * narrow keys and visitors may not, and what a program may.
 */
#include "use_case_fixture.h"

#include "domain/global.h"
#include "domain/repo_create.h"
#include "domain/server.h"
#include "domain/user_self.h"
#include "store/rule.h"

static rc_user_t *bob, *boss;
static rc_repo_t *repo;

static rc_err_t *insert_bob(void *baton, rc_db_t *in)
{
    const rc_new_user_t new_user = {.username = "bob", .active = true};

    (void)baton;
    RC_TRY(rc_store_user_by_name(&boss, in, "admin", pool));
    return rc_user_insert(&bob, in, env->secret, &new_user, pool);
}

/* Creates bob, who has no rights, and a repository. */
static int begin_users(void **state)
{
    const rc_repo_creation_t creation = {
        .name = "repo", .type = "git", .description = "", .landing_rev = "rev:tip"};

    if (begin(state) || begin_request(state))
        return -1;
    ASSERT_OK(rc_db_txn(actor.db, insert_bob, NULL));
    ASSERT_OK(rc_repo_create(&actor, &creation));
    repo = load("repo");
    return end_request(state);
}

static rc_err_t *keep_action(void *baton, const rc_journal_entry_t *entry, apr_pool_t *scratch)
{
    (void)scratch;
    *(const char **)baton = apr_pstrdup(pool, entry->action);
    return NULL;
}

/* Returns the newest entry of the journal. */
static const char *last_action(void)
{
    const char *action = NULL;

    ASSERT_OK(rc_store_journal_each(actor.db, 1, keep_action, &action, pool));
    return action;
}

static rc_err_t *show(const rc_user_t *user)
{
    rc_user_details_t details;

    return rc_user_show(&details, &actor, user);
}

static rc_err_t *create_token(const rc_user_t *user)
{
    rc_token_creation_t request = {.user = user, .role = RC_ROLE_FEED, .lifetime = RC_NEVER};

    return rc_user_token_create(&actor, &request);
}

static rc_err_t *delete_token(const rc_user_t *user)
{
    const rc_user_item_t request = {user, "no such token"};

    return rc_user_token_delete(&actor, &request);
}

static rc_err_t *reset_key(const rc_user_t *user)
{
    rc_user_item_t request = {user, NULL};

    return rc_user_key_reset(&actor, &request);
}

static rc_err_t *set_password(const rc_user_t *user, const char *password)
{
    const rc_user_item_t request = {user, password};

    return rc_user_password_set(&actor, &request);
}

static void users_change_what_is_theirs(void **unused)
{
    const rc_caller_t *admin = actor.caller;
    const rc_caller_t caller = {
        .user_id = bob->id, .username = "bob", .active = true, .role = RC_ROLE_ALL};
    const rc_user_item_t email = {bob, "more@example.org"};
    rc_following_t following = {.user = bob, .repo = repo, .on = true};

    (void)unused;
    actor.caller = &caller;
    ASSERT_OK(show(bob));
    ASSERT_OK(create_token(bob));
    assert_string_equal(last_action(), "user_created_token:bob:token_role_feed");
    ASSERT_OK(reset_key(bob));
    ASSERT_OK(set_password(bob, NULL));
    assert_string_equal(last_action(), "user_set_password:bob");
    ASSERT_OK(rc_user_email_add(&actor, &email));
    ASSERT_OK(rc_user_email_remove(&actor, &email));
    ASSERT_OK(rc_user_follow(&actor, &following));
    following = (rc_following_t){.user = bob, .other = boss, .on = true};
    ASSERT_OK(rc_user_follow(&actor, &following));
    following.other = bob;
    assert_non_null(rc_user_follow(&actor, &following));
    actor.caller = admin;
    ASSERT_OK(create_token(bob));
    assert_string_equal(last_action(), "admin_created_token:bob:token_role_feed");
}

/* Contract 10 §6 "narrow callers": also of a super-admin. */
static void a_narrow_key_has_no_right_to_keys(void **unused)
{
    const rc_caller_t *admin = actor.caller;
    rc_caller_t narrow[] = {*admin, *admin};
    int i;

    (void)unused;
    narrow[0].role = RC_ROLE_API;
    narrow[1].expires = true;
    for (i = 0; i < 2; i++) {
        actor.caller = &narrow[i];
        forbidden("show", show(boss));
        forbidden("create", create_token(boss));
        forbidden("delete", delete_token(boss));
        forbidden("reset", reset_key(boss));
    }
    actor.caller = admin;
}

/* An anonymous caller has the id of the default user, but is nobody. */
static void visitors_have_nothing(void **unused)
{
    const rc_caller_t *admin = actor.caller;
    rc_user_t *anyone;
    rc_caller_t visitor = {.anonymous = true, .active = true, .username = RC_DEFAULT_USER};

    (void)unused;
    ASSERT_OK(rc_store_user_by_name(&anyone, actor.db, RC_DEFAULT_USER, pool));
    visitor.user_id = anyone->id;
    actor.caller = &visitor;
    forbidden("password", set_password(anyone, NULL));
    actor.caller = admin;
    ASSERT_OK(set_password(anyone, NULL));
}

/* A user follows only what they can read; a super-admin makes any user follow anything. */
static void what_is_hidden_is_not_followed(void **unused)
{
    const rc_following_t following = {.user = bob, .repo = repo, .on = true};
    const rc_caller_t caller = {.user_id = bob->id, .username = "bob", .active = true};
    const rc_caller_t *admin = actor.caller;
    rc_user_t *anyone;

    (void)unused;
    ASSERT_OK(rc_store_user_by_name(&anyone, actor.db, RC_DEFAULT_USER, pool));
    ASSERT_OK(rc_rule_grant_user(actor.db, RC_KIND_REPO, repo->id, anyone->id, RC_NONE));
    actor.caller = &caller;
    forbidden("follow", rc_user_follow(&actor, &following));
    actor.caller = admin;
    ASSERT_OK(rc_user_follow(&actor, &following));
}

/* Programs act without a user, and even when there is no super-admin. */
static void a_program_has_every_right(void **unused)
{
    apr_array_header_t *words = apr_array_make(pool, 1, sizeof(const char *));
    const rc_globals_change_t globals = {RC_OF_USER, bob->id, "bob", words};
    const rc_caller_t *admin = actor.caller;
    rc_actor_t program;
    apr_int64_t gone;

    (void)unused;
    APR_ARRAY_PUSH(words, const char *) = "hg.create.repository";
    rc_actor_local(&program, env, actor.pool);
    ASSERT_OK(rc_actor_open(&program));
    ASSERT_OK(rc_anonymous_set(&program, true));
    assert_string_equal(last_action(), "admin_set_anonymous:default:on");
    ASSERT_OK(rc_globals_change(&program, &globals));
    assert_string_equal(last_action(), "admin_set_permissions:bob:hg.create.repository");
    ASSERT_OK(rc_setting_change(&program, rc_settings, "on"));
    ASSERT_OK(rc_journal_purge(&gone, &program, 0));
    assert_true(gone > 0);
    actor.caller = program.caller;
    ASSERT_OK(create_token(boss));
    actor.caller = admin;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(users_change_what_is_theirs), TEST(a_narrow_key_has_no_right_to_keys),
        TEST(visitors_have_nothing),       TEST(what_is_hidden_is_not_followed),
        TEST(a_program_has_every_right),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin_users, unit_end);
}
