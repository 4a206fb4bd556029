// SPDX-License-Identifier: Apache-2.0
/*
 * Hashes and checks passwords with the bcrypt of APR.
 */
#include "base/password.h"

#include <stdio.h>
#include <string.h>

#include <apr_general.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/time.h"

#define COST          10 /* about 50 ms of processor time; RhodeCode uses the same */
#define MOST_COST     14 /* of hashes of other programs */
#define BCRYPT_LENGTH 60
#define SALT_SIZE     16
#define HASH_SIZE     128
#define BCRYPT_SEES   72 /* bytes; bcrypt ignores the rest */
#define MAX_WAIT      apr_time_from_sec(3)
#define LOOK_AGAIN    apr_time_from_msec(10)

/* Used when there is no hash, so that the check takes the same time. */
#define NOBODYS_HASH "$2y$10$KBCwKxOzLha2MUDgW0PjXe5iC0KgerkTIWLGUoONajjj98vdFiyt2"

/* Returns the digest of @a password by the function @a name, in hexadecimal digits. */
static const char *digest_text(const char *name, const char *password, apr_pool_t *pool)
{
    unsigned char digest[RC_DIGEST_SIZE];

    if (!strcmp(name, "md5")) {
        apr_md5(digest, password, strlen(password));
        return rc_hex_text(digest, APR_MD5_DIGESTSIZE, pool);
    }
    rc_key_digest(digest, password);
    return rc_hex_text(digest, RC_DIGEST_SIZE, pool);
}

/* Returns the input of bcrypt: the password, or its digest when it is longer than BCRYPT_SEES. */
static const char *visible(const char *password, apr_pool_t *pool)
{
    return strlen(password) <= BCRYPT_SEES ? password : digest_text("sha256", password, pool);
}

/* What other programs gave to bcrypt: the password as it is, or a digest of it. */
static const char *const foreign_forms[] = {"bcrypt", "sha256", "md5", NULL};

/* Returns the form of a hash that another program has made, NULL for one of ours; *@a hash is then
 * the hash behind its name and a colon. */
static const char *foreign_form(const char **hash)
{
    int i;

    for (i = 0; *hash && foreign_forms[i]; i++) {
        apr_size_t len = strlen(foreign_forms[i]);

        if (!strncmp(*hash, foreign_forms[i], len) && (*hash)[len] == ':') {
            *hash += len + 1;
            return foreign_forms[i];
        }
    }
    return NULL;
}

bool rc_password_is_foreign(const char *hash)
{
    return foreign_form(&hash) != NULL;
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

/* A line that was read with its end would be a password that no form and no client can send. */
static bool has_controls(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
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
    if (has_controls(password))
        return rc_err(pool, RC_E_ARG,
                      "passwords must not hold control characters, such as the end of a line");
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

/* "$2b$10$" and 53 characters: what is larger than MOST_COST would keep a core busy for minutes. */
static bool is_bcrypt(const char *hash)
{
    static const char letters[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    int cost = 0;

    return strlen(hash) == BCRYPT_LENGTH && hash[0] == '$' && hash[1] == '2' && hash[2] != '\0' &&
           strchr("aby", hash[2]) && sscanf(hash + 3, "$%2d$", &cost) == 1 && hash[6] == '$' &&
           cost >= 4 && cost <= MOST_COST && strspn(hash + 7, letters) == BCRYPT_LENGTH - 7;
}

rc_err_t *rc_password_take(const char **out, const char *hash, apr_pool_t *pool)
{
    apr_size_t len = strlen(hash);
    const char *form = len == 64 ? "sha256" : len == 32 ? "md5" : NULL;

    *out = NULL;
    if (is_bcrypt(hash))
        *out = apr_pstrcat(pool, "bcrypt:$2y", hash + 3, NULL);
    if (*out || !form || strspn(hash, "0123456789abcdefABCDEF") != len)
        return NULL;
    RC_TRY(rc_password_hash(out, NULL, rc_text_lower(hash, pool), pool));
    *out = apr_pstrcat(pool, form, ":", *out, NULL);
    return NULL;
}

rc_err_t *rc_password_matches(bool *matches, const rc_password_limits_t *limits, const char *hash,
                              const char *password, apr_pool_t *pool)
{
    const char *stored = hash, *form = foreign_form(&hash);
    bool usable = hash && !strncmp(hash, "$2", 2);
    rc_password_memory_t *memory = limits ? limits->memory : NULL;
    const char *seen = !form                     ? visible(password, pool)
                       : !strcmp(form, "bcrypt") ? password
                                                 : digest_text(form, password, pool);
    apr_status_t rv;

    *matches = usable && memory && rc_password_known(memory, stored, password, pool);
    if (*matches)
        return NULL;
    RC_TRY(take_place(limits, pool));
    rv = apr_password_validate(seen, usable ? hash : NOBODYS_HASH);
    leave_place(limits);
    *matches = usable && *password && rv == APR_SUCCESS;
    if (*matches && memory)
        rc_password_remember(memory, stored, password, pool);
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
