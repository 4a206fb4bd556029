// SPDX-License-Identifier: Apache-2.0
/*
 * Creates an environment with the super-admin "admin", and an actor of theirs for each test, which
 * stands for a face.
 */
#ifndef RC_UNIT_USE_CASE_FIXTURE_H
#define RC_UNIT_USE_CASE_FIXTURE_H

#include "env_fixture.h"

#include "domain/identify.h"
#include "domain/repo.h"
#include "domain/repo_change.h"

static rc_actor_t actor;

/* The state of renew: it counts its calls, reloads the row of an update, replaces the caller, or
 * rejects. */
typedef struct face_t {
    int renewed, answered;
    bool refuse;
    rc_repo_update_t *update;
    const char *name;           /* of the repository to load; NULL: none */
    const rc_caller_t *becomes; /* who the caller is found to be; NULL: the same */
} face_t;

static face_t face;

static UNUSED rc_repo_t *load(const char *name)
{
    rc_repo_t *repo;

    ASSERT_OK(rc_store_repo_by_name(&repo, actor.db, rc_caller_viewer(actor.caller), name, pool));
    return repo;
}

static rc_err_t *renew(void *baton)
{
    face_t *the = baton;

    the->renewed++;
    if (the->becomes)
        actor.caller = the->becomes;
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

static int begin(void **state)
{
    static const char *scheme = "file";
    static apr_array_header_t files = {NULL, sizeof(scheme), 1, 1, (char *)&scheme};
    const rc_credentials_t local = {.local = true};
    rc_env_config_t config;
    rc_identity_t who;
    rc_db_t *db;

    if (unit_begin(state))
        return -1;
    config = env_settings();
    config.remote.schemes = &files;
    if (env_open(&config) || rc_db_acquire(&db, env->db_pool, pool) ||
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

static UNUSED void next_request(void)
{
    end_request(NULL);
    assert_int_equal(begin_request(NULL), 0);
}

static UNUSED void forbidden(const char *what, rc_err_t *err)
{
    if (!err || err->kind != RC_E_FORBIDDEN)
        fail_msg("%s: %s", what, err ? rc_err_log_text(err, pool) : "permitted");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_request, end_request)

#endif
