// SPDX-License-Identifier: Apache-2.0
/*
 * Takes one of the places for programs that answer clients of version control. There are
 * RcapiGitMax of them for clones, which cost processors and memory, and more for fetches and
 * pushes, which usually cost little.
 */
#include "faces/place.h"

#include "base/limit.h"
#include "base/time.h"

#define LONGEST apr_time_from_sec(10)
#define PAUSE   apr_time_from_msec(50)

static rc_err_t *wait_for_place(const rc_request_t *request, rc_limit_t *places, apr_pool_t *pool)
{
    apr_time_t until = rc_clock() + LONGEST;
    rc_err_t *err;

    while ((err = rc_limit_take(places, 1, pool)) && rc_clock() < until) {
        if (request->gone(request->server))
            return rc_err(pool, RC_E_GONE, "the client has left");
        apr_sleep(PAUSE);
    }
    return err;
}

static rc_err_t *take_or_wait(const rc_request_t *request, rc_limit_t *places, apr_pool_t *pool)
{
    apr_pool_t *waiting;
    rc_err_t *err = rc_limit_take(places, 1, pool);

    if (!err)
        return NULL;
    apr_pool_create(&waiting, pool);
    err = rc_limit_take(request->env->waiting, 1, waiting); /* a waiting request holds a thread */
    if (!err)
        err = wait_for_place(request, places, pool);
    err = rc_err_copy(err, pool);
    apr_pool_destroy(waiting);
    return err;
}

rc_err_t *rc_face_place(const rc_request_t *request, const rc_work_t *work, bool clone,
                        apr_pool_t *pool)
{
    const rc_env_t *env = request->env;

    if (clone && work->visitors)
        RC_TRY(take_or_wait(request, work->visitors, pool));
    return take_or_wait(request, clone ? env->clones : env->exchanges, pool);
}
