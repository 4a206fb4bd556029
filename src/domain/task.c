// SPDX-License-Identifier: Apache-2.0
/*
 * Records tasks and finds them.
 */
#include "domain/task.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/log.h"

#define OPEN_OF_USER 10 /* tasks of a user that have not ended */
#define OPEN         100

typedef struct adding_t {
    rc_task_order_t *order;
    rc_actor_fn_t *check;
    void *baton;
} adding_t;

static rc_err_t *check_room(rc_actor_t *actor)
{
    apr_int64_t own, all;

    RC_TRY(rc_store_tasks_open(&own, &all, actor->db, actor->caller->user_id));
    if (own >= OPEN_OF_USER)
        return rc_err(actor->pool, RC_E_BUSY,
                      "You have %d tasks that have not ended, which is all you may have; try again "
                      "later",
                      OPEN_OF_USER);
    if (all >= OPEN)
        return rc_err(actor->pool, RC_E_BUSY, "Too many tasks wait; try again later");
    return NULL;
}

static rc_err_t *add_in_txn(rc_actor_t *actor, void *baton)
{
    const adding_t *adding = baton;
    rc_task_order_t *order = adding->order;
    rc_task_t task = {.user_id = actor->caller->user_id,
                      .key_id = actor->caller->key_id,
                      .ip = actor->ip,
                      .method = order->method};

    RC_TRY(adding->check(actor, adding->baton));
    RC_TRY(check_room(actor));
    RC_TRY(rc_key_generate(&task.name, actor->pool));
    RC_TRY(rc_secret_seal(&task.args, &task.args_len, actor->env->secret, order->args,
                          RC_TASK_CONTEXT, actor->pool));
    order->name = task.name;
    return rc_store_task_add(actor->db, &task);
}

rc_err_t *rc_task_add(rc_actor_t *actor, rc_task_order_t *order, rc_actor_fn_t *check, void *baton)
{
    adding_t adding = {order, check, baton};

    RC_TRY(rc_actor_require_name(actor));
    if (!actor->env->config->tasks_max)
        return rc_err(actor->pool, RC_E_ARG, "This server runs no tasks in the background");
    RC_TRY(rc_actor_txn(actor, add_in_txn, &adding));
    rc_task_wake(actor->env);
    return NULL;
}

/* Returns whether the caller may know of the task. */
static bool is_visible(const rc_task_t *task, const rc_caller_t *caller)
{
    if (caller->admin)
        return true;
    if (caller->anonymous || task->user_id != caller->user_id)
        return false;
    return !rc_caller_is_scoped(caller) || task->key_id == caller->key_id;
}

rc_err_t *rc_task_find(rc_task_t **out, rc_actor_t *actor, const char *name)
{
    RC_TRY(rc_store_task(out, actor->db, name, actor->pool));
    if (*out && !is_visible(*out, actor->caller))
        *out = NULL;
    return NULL;
}

const char *rc_task_bell(const char *repo_root, apr_pool_t *pool)
{
    return apr_pstrcat(pool, repo_root, "/.rc_tmp/.places/tasks", NULL);
}

void rc_task_wake(const rc_env_t *env)
{
    apr_pool_t *scratch;
    const char *path;
    int fd;

    apr_pool_create(&scratch, NULL);
    path = rc_task_bell(env->config->repo_root, scratch);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || futimens(fd, NULL))
        rc_log(RC_LOG_ERR, APR_FROM_OS_ERROR(errno), "cannot change %s: tasks may wait", path);
    if (fd >= 0)
        close(fd);
    apr_pool_destroy(scratch);
}
