// SPDX-License-Identifier: Apache-2.0
/*
 * Checks that the database, the secret and the disk agree. Adds one sentence to a list for each
 * problem.
 */
#include "check.h"

#include <apr_strings.h>

#include "domain/data.h"
#include "domain/disk_transaction.h"
#include "domain/user.h"

static void check_key(rc_check_t *check, const rc_user_key_t *key, apr_pool_t *scratch)
{
    const char *clear;

    check->keys += key->sealed != NULL;
    check->unreadable += rc_key_clear(&clear, check->env->secret, key, scratch) != NULL;
}

static rc_err_t *check_user(void *baton, const rc_user_details_t *details, apr_pool_t *scratch)
{
    rc_check_t *check = baton;
    int i;
    bool has_main = false;

    for (i = 0; i < details->keys->nelts; i++) {
        const rc_user_key_t *key = &APR_ARRAY_IDX(details->keys, i, rc_user_key_t);

        check_key(check, key, scratch);
        has_main |= key->main;
    }
    if (!has_main)
        rc_check_note(check, "user %s has no main key: rcapi-admin token reset %s makes one",
                      details->user->username, details->user->username);
    return NULL;
}

static rc_err_t *check_default_user(rc_check_t *check)
{
    rc_user_details_t details;
    apr_array_header_t *lacks;
    rc_user_t *user;
    int i;

    RC_TRY(rc_store_user_by_name(&user, check->db, RC_DEFAULT_USER, check->pool));
    if (!user) {
        rc_check_note(check, "there is no default user: --repair makes it");
        return NULL;
    }
    RC_TRY(rc_store_user_details(&details, check->db, user, check->pool));
    RC_TRY(check_user(check, &details, check->pool));
    RC_TRY(rc_default_user_lacks(&lacks, check->db, user, check->pool));
    for (i = 0; i < lacks->nelts; i++)
        rc_check_note(check, "the default user has no permission row like %s: --repair adds it",
                      APR_ARRAY_IDX(lacks, i, const char *));
    return NULL;
}

static rc_err_t *check_users(rc_check_t *check)
{
    RC_TRY(check_default_user(check));
    RC_TRY(rc_store_users_each(check->db, RC_USERS_ALL, 0, NULL, true, check_user, check,
                               check->pool));
    if (check->unreadable)
        rc_check_note(check,
                      "%d of %d keys cannot be decrypted with the secret file: was it replaced?",
                      check->unreadable, check->keys);
    return NULL;
}

/* Stores the entries of the journal that wait, and reports why it cannot. */
static void check_spill(rc_check_t *check)
{
    rc_spilled_t spilled;
    rc_err_t *err = rc_db_spilled(&spilled, check->db, check->pool);

    if (!err)
        err = rc_store_journal_settle(check->db, true);
    if (err)
        rc_check_note(check, "%s", rc_err_log_text(err, check->pool));
}

/* Reports what disk transactions have moved out of their way. */
static rc_err_t *check_aside(rc_check_t *check)
{
    const char *left = apr_pstrcat(check->pool, check->env->config->repo_root, RC_LEFT, NULL);
    apr_finfo_t entry;
    apr_dir_t *dir;

    if (apr_dir_open(&dir, left, check->pool) != APR_SUCCESS)
        return NULL;
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS)
        if (*entry.name != '.')
            rc_check_note(
                check,
                "%s%s holds what was in the way of a change: move what is needed back, to "
                "the same path below the root, and remove it",
                left, entry.name);
    apr_dir_close(dir);
    return NULL;
}

static rc_err_t *check_left(rc_check_t *check)
{
    apr_array_header_t *names;
    int i;

    RC_TRY(rc_disk_txn_unfinished(&names, check->env, check->pool));
    for (i = 0; i < names->nelts; i++)
        rc_check_note(check, "a crash left %s/%s: --repair finishes or removes it",
                      check->env->work_dir, APR_ARRAY_IDX(names, i, const char *));
    return check_aside(check);
}

rc_err_t *rc_data_check(apr_array_header_t **problems, rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    rc_check_t check = {.env = env, .db = db, .pool = pool};
    const char *problem;
    rc_user_t *admin;

    *problems = check.problems = apr_array_make(pool, 4, sizeof(const char *));
    RC_TRY(rc_db_check(&problem, db, pool));
    if (problem)
        rc_check_note(&check, "%s", problem);
    check_spill(&check);
    RC_TRY(check_left(&check));
    RC_TRY(check_users(&check));
    RC_TRY(rc_store_first_admin(&admin, db, pool));
    if (!admin) {
        rc_check_note(&check, "there is no active super-admin");
        return NULL;
    }
    RC_TRY(rc_check_repos(&check, admin->id));
    RC_TRY(rc_check_gists(&check));
    return rc_check_pulls(&check);
}
