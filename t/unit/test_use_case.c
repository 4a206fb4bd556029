// SPDX-License-Identifier: Apache-2.0
/*
 * Tests use cases with an actor that no face created: what they change, and that they check the
 * request again when their transaction begins.
 */
#include "unit.h"

#include "base/fs.h"
#include "domain/identify.h"
#include "domain/repo.h"
#include "domain/repo_change.h"
#include "domain/repo_create.h"
#include "domain/repo_group.h"

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_request, end_request)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(create_makes_row_and_directory),
        TEST(refused_when_the_transaction_begins),
        TEST(renamed_between_plan_and_transaction),
        TEST(group_moves_what_is_in_it),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, unit_end);
}
