// SPDX-License-Identifier: Apache-2.0
/*
 * Tests what becomes of tasks: of one that is done, fails, finds the server busy, is interrupted,
 * loses its process or was sealed with another secret.
 */
#include "env_fixture.h"

#include "db/stmt.h"
#include "domain/secret.h"
#include "domain/task.h"

#define ARGS "{\"repoid\": 1}"

static rc_actor_t actor;

/* How the call of the next task ends. */
static struct {
    rc_err_kind_t fails;
    const char *text;
    bool records, stops, leaves;
    int calls;
} next;

static rc_err_t *record_in_txn(void *baton, rc_db_t *db)
{
    return rc_task_record(baton, db, next.text);
}

static rc_err_t *make_call(const char **text, rc_task_run_t *run, apr_pool_t *scratch)
{
    next.calls++;
    assert_string_equal(run->args, ARGS);
    assert_string_equal(run->task->method, "pull");
    *text = next.text;
    if (next.leaves)
        ASSERT_OK(rc_db_exec(actor.db, "DELETE FROM task"));
    rc_task_tell(run, "Receiving objects:  7% (1/14)");
    if (next.records)
        ASSERT_OK(rc_db_txn(actor.db, record_in_txn, run));
    if (rc_task_is_gone(run))
        return rc_err(scratch, RC_E_GONE, "stopped");
    return next.text && !next.fails ? NULL : rc_err(scratch, next.fails, "x");
}

static bool goes_on(void *unused)
{
    (void)unused;
    return !next.stops;
}

static bool waits_once(void *baton)
{
    return (*(int *)baton)-- > 0;
}

/* Runs one task, if there is one to be run now. */
static void work(void)
{
    int turns = 1;
    const rc_task_config_t config = {
        .call = make_call, .waits = waits_once, .goes_on = goes_on, .baton = &turns};
    apr_pool_t *own;

    apr_pool_create(&own, pool);
    ASSERT_OK(rc_task_work(env, &config, own));
    apr_pool_destroy(own);
}

static rc_err_t *check(rc_actor_t *unused, void *baton)
{
    (void)unused;
    (void)baton;
    return NULL;
}

static const char *add(void)
{
    rc_task_order_t order = {"pull", ARGS, NULL};

    memset(&next, 0, sizeof(next));
    ASSERT_OK(rc_task_add(&actor, &order, check, NULL));
    return order.name;
}

static const rc_task_t *task(const char *name)
{
    rc_task_t *found;

    ASSERT_OK(rc_task_find(&found, &actor, name));
    assert_non_null(found);
    return found;
}

static void assert_task(const char *name, const char *state, const char *result, const char *error)
{
    const rc_task_t *it = task(name);

    assert_string_equal(it->state, state);
    assert_string_equal(it->result ? it->result : "-", result);
    assert_string_equal(it->error ? it->error : "-", error);
    assert_int_equal(it->args != NULL, !strcmp(state, "pending"));
}

static void is_done(void **state)
{
    const char *name = add();

    (void)state;
    assert_task(name, "pending", "-", "-");
    next.text = "{}";
    work();
    assert_task(name, "done", "{}", "-");
    assert_int_equal(task(name)->percent, 100);
    assert_string_equal(task(name)->line, "Receiving objects:  7% (1/14)");
    name = add();
    next.text = "[1]";
    next.records = true;
    work();
    assert_task(name, "done", "[1]", "-");
    work();
    assert_int_equal(next.calls, 1);
}

static void fails(void **state)
{
    const char *name = add();

    (void)state;
    next.fails = RC_E_FAILED;
    next.text = "failed to pull";
    work();
    assert_task(name, "failed", "-", "failed to pull");
    assert_int_equal(task(name)->percent, 7);
    name = add();
    next.fails = RC_E_INTERNAL;
    work();
    assert_task(name, "failed", "-", "internal error");
    name = add();
    ASSERT_OK(rc_db_exec(actor.db, "UPDATE task SET args = x'00' WHERE state = 'pending'"));
    work();
    assert_task(name, "failed", "-", "internal error");
    assert_int_equal(next.calls, 0);
}

static void is_put_off(void **state)
{
    const char *name = add();
    int i;

    (void)state;
    next.fails = RC_E_BUSY;
    next.text = "Too much";
    for (i = 0; i < 10; i++) {
        work();
        assert_task(name, "pending", "-", "-");
        assert_int_equal(task(name)->tries, i + 1);
        work(); /* too early */
        assert_int_equal(next.calls, i + 1);
        ASSERT_OK(rc_db_exec(actor.db, "UPDATE task SET due = 0"));
    }
    work();
    assert_task(name, "failed", "-", "Too much");
}

static void is_interrupted(void **state)
{
    const char *name = add();

    (void)state;
    next.stops = true;
    work();
    assert_task(name, "pending", "-", "-");
    assert_int_equal(task(name)->tries, 0);
    next.stops = false;
    next.text = "{}";
    work();
    assert_task(name, "done", "{}", "-");
    add();
    next.leaves = true; /* its user was deleted */
    work();
    assert_int_equal(next.calls, 1);
}

static void loses_its_process(void **state)
{
    const char *name = add();

    (void)state;
    ASSERT_OK(rc_db_exec(actor.db, "UPDATE task SET state = 'running', runner = 'nothing'"));
    work();
    assert_string_equal(task(name)->error, "the process that ran the task has ended");
}

static void follows_the_secret(void **state)
{
    const char *name = add();
    rc_rotation_t done;

    (void)state;
    next.text = "{}";
    ASSERT_OK(rc_sealed_rotate(&done, env, actor.db, NULL, pool));
    assert_int_equal(done.unreadable, 0);
    work();
    assert_task(name, "done", "{}", "-");
}

static int begin(void **state)
{
    static rc_caller_t admin = {.username = "admin", .active = true, .role = RC_ROLE_ALL};
    rc_user_t *user;

    if (env_begin(state))
        return -1;
    rc_actor_local(&actor, env, pool);
    if (rc_actor_open(&actor) || rc_store_user_by_name(&user, actor.db, "admin", pool))
        return -1;
    admin.user_id = user->id;
    actor.caller = &admin;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_done),           cmocka_unit_test(fails),
        cmocka_unit_test(is_put_off),        cmocka_unit_test(is_interrupted),
        cmocka_unit_test(loses_its_process), cmocka_unit_test(follows_the_secret),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("task", tests, begin, unit_end);
}
