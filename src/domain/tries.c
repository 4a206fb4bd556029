// SPDX-License-Identifier: Apache-2.0
/*
 * Counts tries of this machine in shared memory, each before its password is checked, so that none
 * of those at the same time is let through. The database counts wrong passwords only: a right one
 * costs no write there, and a wrong one took some 50 ms of a core before, which limits the writes.
 */
#include "domain/tries.h"

#include <string.h>

#include <apr_strings.h>

#include "base/guess.h"
#include "base/text.h"
#include "db/tally.h"

static const char *name_of(const rc_login_try_t *attempt, apr_pool_t *pool)
{
    return rc_text_lower(attempt->login, pool);
}

/* Returns the part of an address that one person holds: of IPv6 the network. */
static const char *holder_of(const rc_login_try_t *attempt, apr_pool_t *pool)
{
    const char *p = attempt->ip;
    int groups = 0;

    if (!strchr(p, ':'))
        return p;
    for (; *p && groups < 4; p++)
        groups += *p == ':';
    return apr_pstrmemdup(pool, attempt->ip, (apr_size_t)(p - attempt->ip));
}

/* What is counted, and how many wrong passwords it may have. */
static const struct {
    const char *kind;
    const char *(*key)(const rc_login_try_t *attempt, apr_pool_t *pool);
    int most;
} counted[] = {{"address", holder_of, 30}, {"name", name_of, 10}};
#define COUNTED (sizeof(counted) / sizeof(*counted))

static int count_here(const rc_login_try_t *attempt, apr_pool_t *pool)
{
    apr_size_t i;
    int wait = 0;

    for (i = 0; i < COUNTED && !wait; i++)
        wait = rc_guess_try(counted[i].kind, counted[i].key(attempt, pool), counted[i].most);
    return wait;
}

static void take_back(const rc_login_try_t *attempt, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < COUNTED; i++)
        rc_guess_right(counted[i].kind, counted[i].key(attempt, pool));
}

/* Returns the name of a count in the database. */
static const char *tally_of(apr_size_t i, const rc_login_try_t *attempt, apr_pool_t *pool)
{
    return apr_pstrcat(pool, counted[i].kind, " ", counted[i].key(attempt, pool), NULL);
}

static rc_err_t *ask_all(int *wait, rc_db_t *db, const rc_login_try_t *attempt, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < COUNTED && !*wait; i++)
        RC_TRY(rc_db_tally_wait(wait, db, tally_of(i, attempt, pool), counted[i].most));
    return NULL;
}

static rc_err_t *tell_all(rc_db_t *db, const rc_login_try_t *attempt, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < COUNTED; i++)
        RC_TRY(rc_db_tally_add(db, tally_of(i, attempt, pool), RC_GUESS_TIME));
    return NULL;
}

/* True when other machines may use the same database. */
static bool is_shared(const rc_env_t *env)
{
    return rc_db_is_on_server(env->config->db.path);
}

rc_err_t *rc_try_begin(int *wait, const rc_env_t *env, const rc_login_try_t *attempt,
                       apr_pool_t *pool)
{
    rc_err_t *err;
    rc_db_t *db;

    *wait = count_here(attempt, pool);
    if (*wait || !is_shared(env))
        return NULL;
    RC_TRY(rc_db_acquire(&db, env->db_pool, pool));
    err = ask_all(wait, db, attempt, pool);
    rc_db_release(db);
    if (*wait)
        take_back(attempt, pool);
    return err;
}

rc_err_t *rc_try_end(const rc_env_t *env, const rc_login_try_t *attempt, bool right,
                     apr_pool_t *pool)
{
    rc_err_t *err;
    rc_db_t *db;

    if (right)
        take_back(attempt, pool);
    if (right || !is_shared(env))
        return NULL;
    RC_TRY(rc_db_acquire(&db, env->db_pool, pool));
    err = tell_all(db, attempt, pool);
    rc_db_release(db);
    return err;
}
