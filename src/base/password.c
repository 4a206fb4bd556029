// SPDX-License-Identifier: Apache-2.0
/*
 * Hashes and checks passwords with the bcrypt of APR.
 */
#include "base/password.h"

#include <string.h>

#include <apr_general.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/secret.h"
#include "base/time.h"

#define COST        10 /* about 50 ms of processor time; RhodeCode uses the same */
#define SALT_SIZE   16
#define HASH_SIZE   128
#define BCRYPT_SEES 72 /* bytes; bcrypt ignores the rest */
#define MAX_WAIT    apr_time_from_sec(3)
#define LOOK_AGAIN  apr_time_from_msec(10)

/* Used when there is no hash, so that the check takes the same time. */
#define NOBODYS_HASH "$2y$10$KBCwKxOzLha2MUDgW0PjXe5iC0KgerkTIWLGUoONajjj98vdFiyt2"

/* Returns the input of bcrypt: the password, or its digest when it is longer than BCRYPT_SEES. */
static const char *visible(const char *password, apr_pool_t *pool)
{
    unsigned char digest[RC_DIGEST_SIZE];

    if (strlen(password) <= BCRYPT_SEES)
        return password;
    rc_key_digest(digest, password);
    return rc_hex_text(digest, RC_DIGEST_SIZE, pool);
}

static rc_err_t *take_place(const rc_password_limits_t *limits, apr_pool_t *pool)
{
    apr_time_t end = rc_clock() + MAX_WAIT;
    bool taken;

    if (!limits || rc_limit_add(limits->working, 1))
        return NULL;
    if (!rc_limit_add(limits->waiting, 1))
        return rc_limit_full(limits->waiting, pool);
    do {
        apr_sleep(LOOK_AGAIN);
        taken = rc_limit_add(limits->working, 1);
    } while (!taken && rc_clock() < end);
    rc_limit_give(limits->waiting, 1);
    return taken ? NULL : rc_limit_full(limits->working, pool);
}

static void leave_place(const rc_password_limits_t *limits)
{
    if (limits)
        rc_limit_give(limits->working, 1);
}

rc_err_t *rc_password_hash(const char **hash, const rc_password_limits_t *limits,
                           const char *password, apr_pool_t *pool)
{
    unsigned char salt[SALT_SIZE];
    char text[HASH_SIZE];
    apr_status_t rv;

    *hash = NULL;
    if (!*password)
        return NULL;
    if ((rv = apr_generate_random_bytes(salt, sizeof(salt))) != APR_SUCCESS)
        return rc_err_internal(pool, rv, "no random bytes");
    RC_TRY(take_place(limits, pool));
    rv = apr_bcrypt_encode(visible(password, pool), COST, salt, sizeof(salt), text, sizeof(text));
    leave_place(limits);
    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot hash a password");
    *hash = apr_pstrdup(pool, text);
    return NULL;
}

rc_err_t *rc_password_matches(bool *matches, const rc_password_limits_t *limits, const char *hash,
                              const char *password, apr_pool_t *pool)
{
    bool ours = hash && !strncmp(hash, "$2", 2);
    rc_password_memory_t *memory = limits ? limits->memory : NULL;
    const char *seen = visible(password, pool);
    apr_status_t rv;

    *matches = ours && memory && rc_password_known(memory, hash, password, pool);
    if (*matches)
        return NULL;
    RC_TRY(take_place(limits, pool));
    rv = apr_password_validate(seen, ours ? hash : NOBODYS_HASH);
    leave_place(limits);
    *matches = ours && *password && rv == APR_SUCCESS;
    if (*matches && memory)
        rc_password_remember(memory, hash, password, pool);
    return NULL;
}

rc_err_t *rc_password_quick_hash(const char **hash, const char *password, apr_pool_t *pool)
{
    char text[HASH_SIZE];
    const char *salt;
    apr_status_t rv;

    *hash = NULL;
    RC_TRY(rc_random_text(&salt, "0123456789abcdefghijklmnopqrstuvwxyz", 8, pool));
    if ((rv = apr_md5_encode(password, salt, text, sizeof(text))) != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot hash a password");
    *hash = apr_pstrdup(pool, text);
    return NULL;
}
