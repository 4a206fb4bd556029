// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the use cases on what belongs to one user: what users may change for themselves, what
 * narrow keys and visitors may not, and what a program may.
 */
#include "use_case_fixture.h"

#include "domain/global.h"
#include "domain/repo_create.h"
#include "domain/server.h"
#include "domain/token.h"
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

static bool begins(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
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

static rc_err_t *delete_token(const rc_user_t *user, const char *which)
{
    rc_token_choice_t request = {.user = user, .which = which};

    return rc_user_token_delete(&actor, &request);
}

static rc_err_t *reset_key(const rc_user_t *user)
{
    rc_token_choice_t request = {.user = user};

    return rc_user_token_reset(&actor, &request);
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
    assert_true(begins(last_action(), "user_created_token:bob:token_role_feed ID:"));
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
    assert_true(begins(last_action(), "admin_created_token:bob:token_role_feed ID:"));
}

/* The keys of the users, by their place in the list; NULL on an error. */
static const rc_token_t *key_of(const rc_user_t *user, int at)
{
    apr_array_header_t *tokens;

    if (rc_user_tokens(&tokens, &actor, user) || at >= tokens->nelts)
        return NULL;
    return &APR_ARRAY_IDX(tokens, at, rc_token_t);
}

/* Contract 10 §6: what a caller by a key of one kind may make, replace and delete; also as a
 * super-admin and for themselves. */
static void a_key_makes_no_wider_key(void **unused)
{
    static const rc_role_t roles[] = {RC_ROLE_ALL, RC_ROLE_HTTP, RC_ROLE_VCS, RC_ROLE_API,
                                      RC_ROLE_FEED};
    static const bool makes[5][5] = {
        {1, 1, 1, 1, 1}, {0, 1, 0, 0, 1}, {0, 0, 1, 0, 0}, {0, 0, 0, 1, 1}, {0, 0, 0, 0, 0}};
    const rc_caller_t *admin = actor.caller;
    int of, wanted;

    (void)unused;
    for (of = 0; of < 5; of++)
        for (wanted = 0; wanted < 5; wanted++) {
            rc_caller_t caller = *admin;
            rc_token_creation_t request = {
                .user = boss, .role = roles[wanted], .lifetime = RC_NEVER};
            rc_token_choice_t choice = {.user = boss};
            rc_err_t *err;

            caller.role = roles[of];
            actor.caller = admin;
            ASSERT_OK(rc_user_token_create(&actor, &request));
            choice.which = request.made.clear;
            actor.caller = &caller;
            err = rc_user_token_create(&actor, &request);
            assert_int_equal(!err, makes[of][wanted]);
            assert_true(!err || err->kind == RC_E_FAILED);
            err = rc_user_token_reset(&actor, &choice);
            assert_int_equal(!err, makes[of][wanted]);
            if (!err)
                choice.which = choice.token.clear;
            assert_int_equal(!rc_user_token_delete(&actor, &choice), makes[of][wanted]);
        }
    actor.caller = admin;
}

static rc_err_t *make(apr_int64_t lifetime, const rc_repo_t *scope)
{
    rc_token_creation_t request = {
        .user = boss, .role = RC_ROLE_API, .lifetime = lifetime, .repo = scope};

    return rc_user_token_create(&actor, &request);
}

static void a_key_makes_none_that_lives_longer_or_reaches_more(void **unused)
{
    const rc_caller_t *admin = actor.caller;
    rc_caller_t caller = *admin;

    (void)unused;
    actor.caller = &caller;
    caller.expires = apr_time_sec(apr_time_now()) + 3600;
    ASSERT_OK(make(50, NULL));
    assert_int_equal(make(70, NULL)->kind, RC_E_FAILED);
    assert_int_equal(make(RC_NEVER, NULL)->kind, RC_E_FAILED);
    assert_int_equal(delete_token(boss, NULL)->kind, RC_E_FAILED); /* the main key is endless */
    forbidden("show", show(boss));
    caller.expires = 0;
    caller.key_id = 1;
    caller.scope.repo_id = repo->id;
    ASSERT_OK(make(RC_NEVER, repo));
    assert_int_equal(make(RC_NEVER, NULL)->kind, RC_E_FAILED);
    forbidden("show", show(boss));
    forbidden("password", set_password(boss, "secret"));
    assert_string_equal(key_of(boss, 0)->key.role, "token_role_api"); /* the only one it sees */
    assert_null(key_of(boss, 1));
    caller.scope.repo_id = repo->id + 1;
    assert_int_equal(make(RC_NEVER, repo)->kind, RC_E_FAILED);
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
        TEST(users_change_what_is_theirs),
        TEST(a_key_makes_no_wider_key),
        TEST(a_key_makes_none_that_lives_longer_or_reaches_more),
        TEST(visitors_have_nothing),
        TEST(what_is_hidden_is_not_followed),
        TEST(a_program_has_every_right),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin_users, unit_end);
}
