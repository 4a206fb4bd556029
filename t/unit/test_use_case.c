// SPDX-License-Identifier: Apache-2.0
/*
 * Tests use cases with an actor that no face created: what they change, that they check the request
 * again when their transaction begins, and that each rejects a caller without the right to it.
 */
#include "unit.h"

#include "base/fs.h"
#include "domain/account.h"
#include "domain/gist.h"
#include "domain/identify.h"
#include "domain/repo.h"
#include "domain/repo_change.h"
#include "domain/repo_create.h"
#include "domain/repo_group.h"
#include "domain/repo_sync.h"
#include "domain/user_group.h"
#include "domain/global.h"

static rc_env_t *env;
static rc_actor_t actor;

/* The state of renew: it counts its calls, reloads the row of an update, or rejects. */
typedef struct face_t {
    int renewed, answered;
    bool refuse;
    rc_repo_update_t *update;
    const char *name; /* of the repository to load; NULL: none */
} face_t;

static face_t face;

static rc_repo_t *load(const char *name)
{
    rc_repo_t *repo;

    ASSERT_OK(rc_store_repo_by_name(&repo, actor.db, actor.caller->user_id, name, pool));
    return repo;
}

static rc_err_t *renew(void *baton)
{
    face_t *the = baton;

    the->renewed++;
    if (the->refuse)
        return rc_err(pool, RC_E_ARG, "no more");
    if (the->name)
        the->update->repo = load(the->name);
    return NULL;
}

static rc_err_t *answer(void *baton)
{
    ((face_t *)baton)->answered++;
    return NULL;
}

static rc_err_t *fill(void *baton, rc_db_t *in)
{
    rc_new_user_t admin = {.username = "admin", .active = true, .admin = true};
    rc_user_t *user;

    (void)baton;
    RC_TRY(rc_default_user_setup(in, env->secret, true, pool));
    return rc_user_insert(&user, in, env->secret, &admin, pool);
}

static int begin(void **state)
{
    const rc_credentials_t local = {.local = true};
    rc_env_config_t config;
    rc_identity_t who;
    rc_db_t *db;

    if (unit_begin(state))
        return -1;
    rc_env_defaults(&config);
    config.db.path = in_dir("db");
    config.db.create = true;
    config.repo_root = unit_dir;
    config.secret_file = in_dir("secret");
    if (rc_secret_create(config.secret_file, pool) || rc_env_open(&env, &config, pool) ||
        rc_db_acquire(&db, env->db_pool, pool) || rc_db_txn(db, fill, NULL) ||
        rc_identify(&who, db, &local, pool))
        return -1;
    actor = (rc_actor_t){.env = env,
                         .caller = who.caller,
                         .ip = "127.0.0.1",
                         .renew = renew,
                         .answer = answer,
                         .baton = &face};
    rc_env_work_begin(&actor.work, env, NULL, NULL, pool);
    rc_db_release(db);
    return 0;
}

/* Creates an actor for each request: its locks end with its pool. */
static int begin_request(void **unused)
{
    (void)unused;
    face = (face_t){0};
    apr_pool_create(&actor.pool, pool);
    return rc_actor_open(&actor) ? -1 : 0;
}

static int end_request(void **unused)
{
    (void)unused;
    apr_pool_destroy(actor.pool);
    return 0;
}

static void next_request(void)
{
    end_request(NULL);
    assert_int_equal(begin_request(NULL), 0);
}

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
    ASSERT_OK(rc_store_repo_group_by_name(&group, actor.db, actor.caller->user_id, "g", pool));
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
    return rc_repo_pull(&actor, &on.repo);
}

static rc_err_t *strip(void)
{
    const rc_strip_t request = {&on.repo, "master", "tip"};

    return rc_repo_strip(&actor, &request);
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

#define OTHERS RC_ADMIN /* no level on an object is enough */

/* A use case, and the highest level on its object that does not permit it. */
static const struct {
    const char *name;
    rc_err_t *(*run)(void);
    rc_level_t level;
} use_cases[] = {
    {"pull", pull, RC_WRITE},
    {"strip", strip, RC_WRITE},
    {"invalidate", invalidate, RC_READ},
    {"rescan", rescan, OTHERS},
    {"update_repo", update_repo, RC_WRITE},
    {"delete_repo", delete_repo, RC_WRITE},
    {"add_field", add_field, RC_WRITE},
    {"remove_field", remove_field, RC_WRITE},
    {"lock", lock, RC_READ},
    {"lock_for_another", lock_for_another, OTHERS},
    {"comment", comment, RC_NONE},
    {"comment_as_another", comment_as_another, RC_WRITE},
    {"create_repo", create_repo, OTHERS},
    {"fork_repo", fork_repo, RC_NONE},
    {"create_group", create_group, OTHERS},
    {"update_group", update_group, RC_WRITE},
    {"delete_group", delete_group, RC_WRITE},
    {"create_users", create_users, OTHERS},
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
    ASSERT_OK(rc_store_repo_group_by_name(&group, actor.db, on.other.id, "h", pool));
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
        if (!err || err->kind != RC_E_FORBIDDEN)
            fail_msg("%s: %s", use_cases[i].name, err ? rc_err_log_text(err, pool) : "permitted");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_request, end_request)

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
