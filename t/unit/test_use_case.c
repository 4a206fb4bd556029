// SPDX-License-Identifier: Apache-2.0
/*
 * Tests use cases with an actor that no face created: what they change, that they check the request
 * again when their transaction begins, and that each rejects a caller without the right to it.
 */
#include "use_case_fixture.h"

#include "base/fs.h"
#include "domain/account.h"
#include "domain/gist.h"
#include "domain/maintenance.h"
#include "domain/pull_request.h"
#include "domain/repo.h"
#include "domain/repo_change.h"
#include "domain/repo_create.h"
#include "domain/repo_group.h"
#include "domain/repo_setting.h"
#include "domain/repo_sync.h"
#include "domain/transfer.h"
#include "domain/server.h"
#include "domain/token.h"
#include "domain/user_group.h"
#include "domain/user_self.h"
#include "domain/webhook.h"
#include "domain/global.h"

static void create_makes_row_and_directory(void **unused)
{
    const rc_repo_creation_t creation = {
        .name = "g/new", .type = "git", .description = "", .landing_rev = "rev:tip"};
    rc_err_t *err;

    (void)unused;
    ASSERT_OK(rc_repo_create(&actor, &creation));
    assert_non_null(load("g/new"));
    assert_true(rc_fs_exists(in_dir("g/new/HEAD")));
    assert_int_equal(face.renewed, 1);
    assert_int_equal(face.answered, 1);
    err = rc_repo_create(&actor, &creation);
    assert_non_null(err);
    assert_string_equal(err->msg, "repo `g/new` already exist");
    assert_int_equal(face.renewed, 1); /* no transaction was started */
}

static void refused_when_the_transaction_begins(void **unused)
{
    rc_repo_deletion_t deletion = {.repo = load("g/new")};

    (void)unused;
    face.refuse = true;
    assert_non_null(rc_repo_delete(&actor, &deletion));
    assert_int_equal(face.answered, 0);
    assert_non_null(load("g/new"));
    assert_true(rc_fs_exists(in_dir("g/new/HEAD")));
}

/* The row that renew loads is the one that is used. */
static void renamed_between_plan_and_transaction(void **unused)
{
    rc_repo_update_t update = {.repo = load("g/new"), .last = "other"};
    const rc_repo_creation_t second = {
        .name = "g/second", .type = "git", .description = "", .landing_rev = "rev:tip"};

    (void)unused;
    ASSERT_OK(rc_repo_create(&actor, &second));
    face.update = &update;
    face.name = "g/second"; /* another directory than the one that is locked */
    assert_non_null(rc_repo_update(&actor, &update));
    assert_true(rc_fs_exists(in_dir("g/new/HEAD")));
    next_request();
    update.repo = load("g/new");
    ASSERT_OK(rc_repo_update(&actor, &update));
    assert_true(rc_fs_exists(in_dir("g/other/HEAD")));
    assert_false(rc_fs_exists(in_dir("g/new")));
    assert_non_null(load("g/other"));
}

static void group_moves_what_is_in_it(void **unused)
{
    rc_repo_group_update_t update = {.may_move = true, .last = "h"};
    rc_repo_group_t *group;

    (void)unused;
    ASSERT_OK(
        rc_store_repo_group_by_name(&group, actor.db, rc_caller_viewer(actor.caller), "g", pool));
    update.group = group;
    ASSERT_OK(rc_repo_group_update(&actor, &update));
    assert_non_null(load("h/other"));
    assert_true(rc_fs_exists(in_dir("h/other/HEAD")));
}

/* --- rights --- */

/* What the use cases below work on. The caller has one level on all objects. */
typedef struct objects_t {
    rc_repo_t repo;
    rc_repo_group_t group;
    rc_user_group_t users;
    rc_user_t self, other;
} objects_t;

static objects_t on;

static rc_err_t *pull(void)
{
    return rc_repo_pull(&actor, &on.repo, NULL);
}

static rc_err_t *pull_later(void)
{
    rc_task_order_t order = {"pull", "{}", NULL};

    return rc_repo_pull_later(&actor, &on.repo, NULL, &order);
}

static rc_err_t *strip(void)
{
    const rc_strip_t request = {&on.repo, "master", "tip"};
    apr_array_header_t *pulls;

    return rc_repo_strip(&pulls, &actor, &request);
}

static rc_err_t *maintain(void)
{
    const rc_maintenance_t request = {.repo = &on.repo};
    apr_array_header_t *actions;

    return rc_repo_maintain(&actions, &actor, &request);
}

static rc_err_t *maintain_later(void)
{
    rc_task_order_t order = {"maintenance", "{}", NULL};

    return rc_repo_maintain_later(&actor, &on.repo, &order);
}

static rc_err_t *invalidate(void)
{
    return rc_repo_invalidate(&actor, &on.repo);
}

static rc_err_t *rescan(void)
{
    rc_rescan_t found;

    return rc_rescan(&found, &actor, true);
}

static rc_err_t *update_repo(void)
{
    const rc_repo_update_t request = {.repo = &on.repo, .description = "x"};

    return rc_repo_update(&actor, &request);
}

static rc_err_t *delete_repo(void)
{
    rc_repo_deletion_t request = {.repo = &on.repo};

    return rc_repo_delete(&actor, &request);
}

static rc_err_t *add_field(void)
{
    const rc_field_t request = {&on.repo, "key", "", ""};

    return rc_repo_field_add(&actor, &request);
}

static rc_err_t *remove_field(void)
{
    const rc_field_t request = {&on.repo, "key", "", ""};

    return rc_repo_field_remove(&actor, &request);
}

static rc_err_t *lock_as(const rc_user_t *user)
{
    const rc_lock_t request = {&on.repo, user, true, "test"};
    apr_int64_t since;

    return rc_repo_set_lock(&since, &actor, &request);
}

static rc_err_t *lock(void)
{
    return lock_as(&on.self);
}

static rc_err_t *lock_for_another(void)
{
    return lock_as(&on.other);
}

/* A pull request into the repository, which nobody has stored. */
static rc_pull_act_t on_pull(void)
{
    static rc_pull_request_t pull;

    pull = (rc_pull_request_t){.author = {.user = &on.other},
                               .target = {.repo_id = on.repo.id, .repo = on.repo.name},
                               .reviewers = apr_array_make(pool, 1, sizeof(rc_pull_reviewer_t)),
                               .level = on.repo.level};
    return (rc_pull_act_t){&pull, &on.self, "1"};
}

static rc_err_t *offer_commits(void)
{
    const rc_pull_creation_t creation = {
        .source = &on.repo, .target = &on.repo, .author = &on.self};
    rc_pull_request_t pull;

    return rc_pull_offer(&pull, &actor, &creation);
}

static rc_err_t *comment_pull(void)
{
    const rc_pull_commenting_t request = {.act = on_pull(), .message = "x"};
    apr_int64_t id;
    bool voted;

    return rc_pull_comment(&id, &voted, &actor, &request);
}

static rc_err_t *comment_pull_as_another(void)
{
    rc_pull_commenting_t request = {.act = on_pull(), .message = "x"};
    apr_int64_t id;
    bool voted;

    request.act.user = &on.other;
    return rc_pull_comment(&id, &voted, &actor, &request);
}

static rc_err_t *close_pull_as_another(void)
{
    rc_pull_closing_t request = {.act = on_pull()};

    request.act.user = &on.other;
    return rc_pull_close(&actor, &request);
}

static rc_err_t *update_pull_as_another(void)
{
    rc_pull_update_t request = {.act = on_pull()};
    rc_pull_updated_t updated;

    request.act.user = &on.other;
    return rc_pull_update(&updated, &actor, &request);
}

static rc_err_t *merge_pull(void)
{
    const rc_pull_act_t act = on_pull();
    rc_pull_merged_t merged;

    return rc_pull_merge(&merged, &actor, &act);
}

static rc_err_t *transfer_lock(void)
{
    rc_locks_t locks;

    return rc_transfer_lock(&locks, &actor, &on.repo);
}

static rc_err_t *transfer_pulled(void)
{
    const char *note;

    return rc_transfer_pulled(&note, &actor, &on.repo, true);
}

static rc_err_t *transfer_pushed(void)
{
    const char *note;

    return rc_transfer_pushed(&note, &actor, &on.repo, apr_array_make(pool, 0, 1));
}

static rc_err_t *transfer_committed(void)
{
    const char *note;

    return rc_transfer_committed(&note, &actor, &on.repo, "1");
}

static rc_err_t *comment_as(const rc_user_t *author)
{
    const rc_commenting_t request = {.repo = &on.repo, .author = author, .message = "x"};
    const char *id;

    return rc_repo_comment(&id, &actor, &request);
}

static rc_err_t *comment(void)
{
    return comment_as(&on.self);
}

static rc_err_t *comment_as_another(void)
{
    return comment_as(&on.other);
}

static rc_err_t *create_repo(void)
{
    const rc_repo_creation_t request = {
        .name = "bobs", .type = "git", .description = "", .landing_rev = "rev:tip"};

    return rc_repo_create(&actor, &request);
}

static rc_err_t *fork_repo(void)
{
    const rc_repo_creation_t request = {
        .name = "h/fork", .source = &on.repo, .description = "", .landing_rev = "rev:tip"};

    return rc_repo_fork(&actor, &request);
}

static rc_err_t *create_repo_later(void)
{
    const rc_repo_creation_t request = {
        .name = "bobs", .type = "git", .description = "", .landing_rev = "rev:tip"};
    rc_task_order_t order = {"create_repo", "{}", NULL};

    return rc_repo_create_later(&actor, &request, &order);
}

static rc_err_t *fork_repo_later(void)
{
    const rc_repo_creation_t request = {
        .name = "h/fork", .source = &on.repo, .description = "", .landing_rev = "rev:tip"};
    rc_task_order_t order = {"fork_repo", "{}", NULL};

    return rc_repo_fork_later(&actor, &request, &order);
}

static rc_err_t *create_group(void)
{
    rc_repo_group_creation_t request = {.name = "bobs", .description = ""};

    return rc_repo_group_create(&actor, &request);
}

static rc_err_t *update_group(void)
{
    const rc_repo_group_update_t request = {.group = &on.group, .description = "x"};

    return rc_repo_group_update(&actor, &request);
}

static rc_err_t *delete_group(void)
{
    const rc_repo_group_deletion_t request = {&on.group};

    return rc_repo_group_delete(&actor, &request);
}

static rc_err_t *create_users(void)
{
    rc_user_group_creation_t request = {.name = "bobs", .description = "", .active = true};

    return rc_user_group_create(&actor, &request);
}

static rc_err_t *update_users(void)
{
    const rc_user_group_update_t request = {.group = &on.users, .description = "x"};

    return rc_user_group_update(&actor, &request);
}

static rc_err_t *delete_users(void)
{
    const rc_membership_t request = {.group = &on.users};

    return rc_user_group_delete(&actor, &request);
}

static rc_err_t *add_member(void)
{
    rc_membership_t request = {&on.users, &on.self, false};

    return rc_user_group_add(&actor, &request);
}

static rc_err_t *remove_member(void)
{
    rc_membership_t request = {&on.users, &on.self, false};

    return rc_user_group_remove(&actor, &request);
}

static rc_err_t *create_user(void)
{
    rc_user_creation_t request = {.user = {.username = "eve", .active = true, .admin = true},
                                  .password = "secret"};

    return rc_user_create(&actor, &request);
}

static rc_err_t *update_user(void)
{
    const bool yes = true;
    rc_user_update_t request = {.user = &on.self, .change = {.admin = &yes}, .password = "secret"};

    return rc_user_update(&actor, &request);
}

static rc_err_t *delete_user(void)
{
    const rc_user_deletion_t request = {&on.other};

    return rc_user_delete(&actor, &request);
}

static rc_err_t *set_right(rc_kind_t kind, apr_int64_t id, const char *perm)
{
    const rc_granting_t request = {
        .grant = {.kind = kind, .object_id = id, .grantee_id = on.self.id, .level = RC_ADMIN},
        .perm = perm,
        .to = on.self.username,
        .repo = kind == RC_KIND_REPO ? &on.repo : NULL,
        .name = "an object"};

    return rc_right_set(&actor, &request);
}

static rc_err_t *grant_on_repo(void)
{
    return set_right(RC_KIND_REPO, on.repo.id, "repository.admin");
}

static rc_err_t *grant_on_group(void)
{
    return set_right(RC_KIND_REPO_GROUP, on.group.id, "group.admin");
}

static rc_err_t *grant_on_users(void)
{
    return set_right(RC_KIND_USER_GROUP, on.users.id, "usergroup.admin");
}

static rc_err_t *revoke_right(void)
{
    return set_right(RC_KIND_REPO, on.repo.id, NULL);
}

/* Visitors create no gists. */
static rc_err_t *create_gist_as_visitor(void)
{
    const rc_vcs_file_t file = {.name = "a", .data = "x", .len = 1};
    rc_gist_creation_t request = {.files = {.files = &file, .n_files = 1},
                                  .type = "public",
                                  .acl_level = "acl_public",
                                  .description = "",
                                  .lifetime = -1};
    const rc_caller_t *bob = actor.caller;
    rc_caller_t visitor = *bob;
    rc_err_t *err;

    visitor.anonymous = true;
    actor.caller = &visitor;
    err = rc_gist_create(&actor, &request);
    actor.caller = bob;
    return err;
}

static rc_err_t *show_another(void)
{
    rc_user_details_t details;

    return rc_user_show(&details, &actor, &on.other);
}

static rc_err_t *create_token(void)
{
    rc_token_creation_t request = {.user = &on.other, .role = RC_ROLE_FEED, .lifetime = RC_NEVER};

    return rc_user_token_create(&actor, &request);
}

static rc_err_t *delete_token(void)
{
    rc_token_choice_t request = {.user = &on.other, .which = "no such token"};

    return rc_user_token_delete(&actor, &request);
}

static rc_err_t *reset_key(void)
{
    rc_token_choice_t request = {.user = &on.other};

    return rc_user_token_reset(&actor, &request);
}

static rc_err_t *set_password(void)
{
    const rc_user_item_t request = {&on.other, "secret"};

    return rc_user_password_set(&actor, &request);
}

static rc_err_t *add_email(void)
{
    const rc_user_item_t request = {&on.other, "more@example.org"};

    return rc_user_email_add(&actor, &request);
}

static rc_err_t *remove_email(void)
{
    const rc_user_item_t request = {&on.other, "more@example.org"};

    return rc_user_email_remove(&actor, &request);
}

static rc_err_t *add_own_ip(void)
{
    const rc_user_item_t request = {&on.self, "::1"};

    return rc_user_ip_add(&actor, &request);
}

static rc_err_t *remove_own_ip(void)
{
    const rc_user_item_t request = {&on.self, "::1"};

    return rc_user_ip_remove(&actor, &request);
}

static rc_err_t *follow_for_another(void)
{
    const rc_following_t request = {.user = &on.other, .repo = &on.repo, .on = true};

    return rc_user_follow(&actor, &request);
}

static rc_err_t *change_setting(void)
{
    return rc_setting_change(&actor, rc_settings, "on");
}

static rc_err_t *change_repo_setting(void)
{
    return rc_repo_setting_change(&actor, rc_setting_find("svn_tag_patterns"), &on.repo, "/t/*");
}

static rc_err_t *read_options(void)
{
    apr_array_header_t *options;

    return rc_repo_options(&options, &actor, &on.repo);
}

static rc_err_t *set_options(void)
{
    const rc_repo_options_change_t request = {&on.repo,
                                              apr_array_make(pool, 1, sizeof(rc_repo_option_t))};

    return rc_repo_options_set(&actor, &request);
}

static rc_err_t *create_webhook(void)
{
    rc_webhook_wish_t wish = {.url = "http://127.0.0.1/", .server_url = "", .repo = &on.repo};

    return rc_webhook_create(&actor, &wish);
}

static rc_err_t *create_webhook_for_all(void)
{
    rc_webhook_wish_t wish = {.url = "http://127.0.0.1/", .server_url = ""};

    return rc_webhook_create(&actor, &wish);
}

static rc_err_t *set_anonymous(void)
{
    return rc_anonymous_set(&actor, true);
}

static rc_err_t *purge_journal(void)
{
    apr_int64_t gone;

    return rc_journal_purge(&gone, &actor, 0);
}

static rc_err_t *change_own_globals(void)
{
    apr_array_header_t *words = apr_array_make(pool, 1, sizeof(const char *));
    const rc_globals_change_t request = {RC_OF_USER, on.self.id, on.self.username, words};

    APR_ARRAY_PUSH(words, const char *) = "hg.create.repository";
    return rc_globals_change(&actor, &request);
}

#define OTHERS RC_ADMIN /* no level on an object is enough */

/* A use case, and the highest level on its object that does not permit it. */
static const struct {
    const char *name;
    rc_err_t *(*run)(void);
    rc_level_t level;
} use_cases[] = {
    {"pull", pull, RC_WRITE},
    {"pull_later", pull_later, RC_WRITE},
    {"strip", strip, RC_WRITE},
    {"maintain", maintain, RC_WRITE},
    {"maintain_later", maintain_later, RC_WRITE},
    {"invalidate", invalidate, RC_READ},
    {"rescan", rescan, OTHERS},
    {"update_repo", update_repo, RC_WRITE},
    {"delete_repo", delete_repo, RC_WRITE},
    {"add_field", add_field, RC_WRITE},
    {"remove_field", remove_field, RC_WRITE},
    {"lock", lock, RC_READ},
    {"lock_for_another", lock_for_another, OTHERS},
    {"transfer_lock", transfer_lock, RC_READ},
    {"transfer_pulled", transfer_pulled, RC_NONE},
    {"transfer_pushed", transfer_pushed, RC_READ},
    {"transfer_committed", transfer_committed, RC_READ},
    {"comment", comment, RC_NONE},
    {"comment_as_another", comment_as_another, RC_WRITE},
    {"create_repo", create_repo, OTHERS},
    {"fork_repo", fork_repo, RC_NONE},
    {"create_repo_later", create_repo_later, OTHERS},
    {"fork_repo_later", fork_repo_later, RC_NONE},
    {"create_group", create_group, OTHERS},
    {"update_group", update_group, RC_WRITE},
    {"delete_group", delete_group, RC_WRITE},
    {"create_users", create_users, OTHERS},
    {"offer_commits", offer_commits, RC_NONE},
    {"comment_pull", comment_pull, RC_NONE},
    {"comment_pull_as_another", comment_pull_as_another, RC_WRITE},
    {"close_pull_as_another", close_pull_as_another, RC_WRITE},
    {"update_pull_as_another", update_pull_as_another, RC_WRITE},
    {"merge_pull", merge_pull, RC_READ},
    {"update_users", update_users, RC_WRITE},
    {"delete_users", delete_users, RC_WRITE},
    {"add_member", add_member, RC_WRITE},
    {"remove_member", remove_member, RC_WRITE},
    {"create_user", create_user, OTHERS},
    {"update_user", update_user, OTHERS},
    {"delete_user", delete_user, OTHERS},
    {"grant_on_repo", grant_on_repo, RC_NONE},
    {"grant_on_group", grant_on_group, RC_NONE},
    {"grant_on_users", grant_on_users, RC_NONE},
    {"revoke_right", revoke_right, RC_NONE},
    {"create_gist_as_visitor", create_gist_as_visitor, OTHERS},
    {"show_another", show_another, OTHERS},
    {"create_token", create_token, OTHERS},
    {"delete_token", delete_token, OTHERS},
    {"reset_key", reset_key, OTHERS},
    {"set_password", set_password, OTHERS},
    {"add_email", add_email, OTHERS},
    {"remove_email", remove_email, OTHERS},
    {"add_own_ip", add_own_ip, OTHERS},
    {"remove_own_ip", remove_own_ip, OTHERS},
    {"follow_for_another", follow_for_another, OTHERS},
    {"change_setting", change_setting, OTHERS},
    {"change_repo_setting", change_repo_setting, OTHERS},
    {"read_options", read_options, RC_WRITE},
    {"set_options", set_options, RC_WRITE},
    {"create_webhook", create_webhook, RC_WRITE},
    {"create_webhook_for_all", create_webhook_for_all, OTHERS},
    {"set_anonymous", set_anonymous, OTHERS},
    {"purge_journal", purge_journal, OTHERS},
    {"change_own_globals", change_own_globals, OTHERS},
};

/* Takes from all users what the default user may create. */
static rc_err_t *close_to_all(rc_db_t *in)
{
    static const char *const none[] = {"hg.create.none", "hg.fork.none",
                                       "hg.repogroup.create.false", "hg.usergroup.create.false"};
    rc_user_t *anyone;
    size_t i;

    RC_TRY(rc_store_user_by_name(&anyone, in, RC_DEFAULT_USER, pool));
    for (i = 0; i < sizeof(none) / sizeof(*none); i++)
        RC_TRY(rc_global_set(in, RC_OF_USER, anyone->id, none[i], pool));
    return NULL;
}

static rc_err_t *insert_others(void *baton, rc_db_t *in)
{
    const rc_new_user_t bob = {.username = "bob", .active = true};
    rc_user_t *admin, *made;

    (void)baton;
    RC_TRY(rc_store_user_by_name(&admin, in, "admin", pool));
    RC_TRY(rc_user_insert(&made, in, env->secret, &bob, pool));
    on = (objects_t){.users = {.name = "devs",
                               .owner_id = admin->id,
                               .owner = admin->username,
                               .description = "",
                               .active = true},
                     .self = *made,
                     .other = *admin};
    RC_TRY(rc_user_group_insert(&on.users, in, pool));
    return close_to_all(in);
}

/* Loads the objects, and makes bob, who has no rights, the caller. */
static void act_as_bob(rc_caller_t *bob)
{
    rc_repo_group_t *group;

    ASSERT_OK(rc_db_txn(actor.db, insert_others, NULL));
    ASSERT_OK(
        rc_store_repo_group_by_name(&group, actor.db, rc_viewer_user(on.other.id), "h", pool));
    on.repo = *load("h/other");
    on.group = *group;
    *bob = (rc_caller_t){
        .user_id = on.self.id, .username = "bob", .active = true, .role = RC_ROLE_ALL};
    actor.caller = bob;
}

static void each_rejects_a_caller_without_the_right(void **unused)
{
    const rc_caller_t *admin = actor.caller;
    rc_caller_t bob;
    rc_err_t *err;
    size_t i;

    (void)unused;
    act_as_bob(&bob);
    for (i = 0; i < sizeof(use_cases) / sizeof(*use_cases); i++) {
        on.repo.level = on.group.level = on.users.level = use_cases[i].level;
        err = use_cases[i].run();
        forbidden(use_cases[i].name, err);
        assert_string_equal(err->msg, RC_MSG_FORBIDDEN);
    }
    assert_int_equal(face.answered, 0);
    actor.caller = admin;
}

/* Only its owner and super-admins find a gist: for others it does not exist. */
static void a_gist_belongs_to_its_owner(void **unused)
{
    const rc_vcs_file_t file = {.name = "a", .data = "x", .len = 1};
    rc_gist_creation_t creation = {.files = {.files = &file, .n_files = 1},
                                   .type = "public",
                                   .acl_level = "acl_public",
                                   .description = "",
                                   .lifetime = -1};
    rc_caller_t bob = {.user_id = on.self.id, .username = "bob", .active = true};
    const rc_caller_t *admin = actor.caller;
    const char *deleted;
    rc_err_t *err;

    (void)unused;
    ASSERT_OK(rc_gist_create(&actor, &creation));
    actor.caller = &bob;
    err = rc_gist_delete(&deleted, &actor, creation.gist.access_id);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_ARG);
    creation.owner = (rc_owner_t){"admin", &on.other};
    assert_non_null(rc_gist_create(&actor, &creation));
    actor.caller = admin;
    ASSERT_OK(rc_gist_delete(&deleted, &actor, creation.gist.access_id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(create_makes_row_and_directory),          TEST(refused_when_the_transaction_begins),
        TEST(renamed_between_plan_and_transaction),    TEST(group_moves_what_is_in_it),
        TEST(each_rejects_a_caller_without_the_right), TEST(a_gist_belongs_to_its_owner),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, unit_end);
}
