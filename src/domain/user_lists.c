// SPDX-License-Identifier: Apache-2.0
/*
 * Adds and removes extra e-mail addresses and IP entries of users.
 */
#include "domain/user.h"

#include <arpa/inet.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

#define MAX_RANGE 256 /* addresses */

rc_err_t *rc_email_add(rc_db_t *db, apr_int64_t user_id, const char *email, apr_pool_t *pool)
{
    rc_err_t *err;

    if (!rc_text_is_email(email))
        return rc_err(pool, RC_E_ARG, "not an e-mail address");
    err = rc_store_email_add(db, user_id, rc_text_lower(email, pool));
    if (err && err->kind == RC_E_CONFLICT) {
        err->msg = apr_psprintf(pool, "email `%s` already exist", email);
        err->detail = "this email already exists";
    }
    return err;
}

rc_err_t *rc_email_remove(rc_db_t *db, apr_int64_t user_id, const char *email, apr_pool_t *pool)
{
    bool removed;

    RC_TRY(rc_store_email_remove(&removed, db, user_id, rc_text_lower(email, pool)));
    return removed ? NULL
                   : rc_err(pool, RC_E_NOTFOUND, "`%s` is no extra address of the user", email);
}

typedef rc_err_t *entry_fn(rc_db_t *db, apr_int64_t user_id, const char *entry, apr_pool_t *pool);

static rc_err_t *add_ip(rc_db_t *db, apr_int64_t user_id, const char *entry, apr_pool_t *pool)
{
    (void)pool;
    return rc_store_ip_add(db, user_id, entry);
}

static rc_err_t *remove_entry(rc_db_t *db, apr_int64_t user_id, const char *entry, apr_pool_t *pool)
{
    bool removed;

    RC_TRY(rc_store_ip_remove(&removed, db, user_id, entry));
    return removed ? NULL : rc_err(pool, RC_E_NOTFOUND, "the user has no entry `%s`", entry);
}

typedef struct address_t {
    int family, size;
    unsigned char bytes[16];
} address_t;

static bool parse_address(address_t *address, const char *text)
{
    address->family = strchr(text, ':') ? AF_INET6 : AF_INET;
    address->size = address->family == AF_INET6 ? 16 : 4;
    return inet_pton(address->family, text, address->bytes) == 1;
}

static void count_up(address_t *address)
{
    int i = address->size;

    while (i-- > 0 && ++address->bytes[i] == 0)
        ;
}

/* Calls @a fn for every address from @a first to @a last. */
static rc_err_t *each_of_range(rc_db_t *db, apr_int64_t user_id, const char *first,
                               const char *last, entry_fn *fn, apr_pool_t *pool)
{
    char text[INET6_ADDRSTRLEN];
    address_t at, end;
    int n;

    if (!parse_address(&at, first) || !parse_address(&end, last) || at.family != end.family)
        return rc_err(pool, RC_E_ARG, "`%s-%s` is no range of addresses", first, last);
    if (memcmp(at.bytes, end.bytes, (size_t)at.size) > 0)
        return rc_err(pool, RC_E_ARG, "`%s-%s` ends before it begins", first, last);
    for (n = 0; n < MAX_RANGE; n++, count_up(&at)) {
        inet_ntop(at.family, at.bytes, text, sizeof(text));
        RC_TRY(fn(db, user_id, apr_pstrdup(pool, text), pool));
        if (!memcmp(at.bytes, end.bytes, (size_t)at.size))
            return NULL;
    }
    return rc_err(pool, RC_E_ARG, "`%s-%s` is more than %d addresses; write a network instead",
                  first, last, MAX_RANGE);
}

static rc_err_t *each_entry(rc_db_t *db, apr_int64_t user_id, const char *entries, entry_fn *fn,
                            apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, entries), *entry, *dash;
    int n = 0;

    while ((entry = strsep(&rest, ","))) {
        apr_collapse_spaces(entry, entry);
        if (!*entry)
            continue;
        n++;
        if ((dash = strchr(entry, '-'))) {
            *dash = '\0';
            RC_TRY(each_of_range(db, user_id, entry, dash + 1, fn, pool));
        } else if (!rc_auth_ip_valid(entry, pool)) {
            return rc_err(pool, RC_E_ARG, "`%s` is no address or network", entry);
        } else {
            RC_TRY(fn(db, user_id, entry, pool));
        }
    }
    return n ? NULL : rc_err(pool, RC_E_ARG, "no address given");
}

rc_err_t *rc_ip_add(rc_db_t *db, apr_int64_t user_id, const char *entries, apr_pool_t *pool)
{
    return each_entry(db, user_id, entries, add_ip, pool);
}

rc_err_t *rc_ip_remove(rc_db_t *db, apr_int64_t user_id, const char *entries, apr_pool_t *pool)
{
    return each_entry(db, user_id, entries, remove_entry, pool);
}
