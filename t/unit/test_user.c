// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the user functions behind API and rcapi-admin: passwords, keys, tokens, addresses, IP
 * entries, the default user. Each test runs in its own transaction, which is rolled back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "temp.h"
#include "domain/global.h"
#include "store/rule.h"
#include "domain/identify.h"
#include "domain/user.h"
#include "domain/user_keys.h"
#include "db/driver.h"
#include "store/texts.h"

static apr_pool_t *pool;
static rc_db_t *db;
static rc_secret_t *secret;
static const char *dir;

static void ok(rc_err_t *err)
{
    if (err)
        fail_msg("%s", rc_err_log_text(err, pool));
}

/* Returns the owner of this key, as the API looks it up; NULL when there is none. */
static rc_err_t *by_key(rc_caller_t **caller, rc_db_t *in, const char *key, apr_pool_t *p)
{
    const rc_credentials_t credentials = {.key = key, .only_key = true, .roles = RC_ROLE_ALL};
    rc_identity_t who;

    RC_TRY(rc_identify(&who, in, &credentials, p));
    *caller = who.caller;
    return NULL;
}

static rc_err_t *anonymous(rc_caller_t **caller, rc_db_t *in, apr_pool_t *p)
{
    const rc_credentials_t credentials = {.anonymous = true};
    rc_identity_t who;

    RC_TRY(rc_identify(&who, in, &credentials, p));
    *caller = who.caller;
    return NULL;
}

/* Asserts the kind of an expected error, and its text for the user or the log. */
#define refused(expected, text, call)                                                              \
    do {                                                                                           \
        rc_err_t *refused_ = (call);                                                               \
        assert_non_null(refused_);                                                                 \
        assert_int_equal(refused_->kind, expected);                                                \
        if (text)                                                                                  \
            assert_string_equal(refused_->msg ? refused_->msg : refused_->detail, text);           \
        db->failed = false; /* a test is one transaction: SQLite can go on after an error */       \
    } while (0)

static rc_user_t *make(const char *name)
{
    rc_new_user_t new_user = {
        .username = name, .active = true, .email = apr_pstrcat(pool, name, "@X.org", NULL)};
    rc_user_t *user;

    ok(rc_user_insert(&user, db, secret, &new_user, pool));
    return user;
}

static rc_user_details_t details_of(const rc_user_t *user)
{
    rc_user_details_t details;

    ok(rc_store_user_details(&details, db, user, pool));
    return details;
}

static const char *texts(const apr_array_header_t *list)
{
    return apr_array_pstrcat(pool, list, ',');
}

static rc_user_key_t *key_of(const rc_user_t *user, int i)
{
    apr_array_header_t *keys = details_of(user).keys;

    assert_true(i < keys->nelts);
    return &APR_ARRAY_IDX(keys, i, rc_user_key_t);
}

static bool matches(const char *hash, const char *password)
{
    bool fits;

    ok(rc_password_matches(&fits, NULL, hash, password, pool));
    return fits;
}

/* No slot is free, and none to wait in. */
static void passwords_are_limited(void **unused)
{
    rc_password_limits_t limits = {.working = rc_limit_create(1, "full", pool),
                                   .waiting = rc_limit_create(1, "full", pool)};
    const char *hash;
    rc_err_t *err;
    bool fits;

    (void)unused;
    ok(rc_password_hash(&hash, &limits, "x", pool));
    ok(rc_password_matches(&fits, &limits, hash, "x", pool));
    assert_true(fits);
    assert_int_equal(rc_limit_used(limits.working), 0);
    assert_true(rc_limit_add(limits.working, 1) && rc_limit_add(limits.waiting, 1));
    assert_non_null(err = rc_password_matches(&fits, &limits, hash, "x", pool));
    assert_int_equal(err->kind, RC_E_BUSY);
    assert_false(fits);
    assert_non_null(err = rc_password_hash(&hash, &limits, "x", pool));
    assert_int_equal(err->kind, RC_E_BUSY);
    rc_limit_give(limits.waiting, 1); /* waits until the time limit */
    assert_non_null(err = rc_password_matches(&fits, &limits, hash, "x", pool));
    assert_int_equal(rc_limit_used(limits.waiting), 0);
    assert_int_equal(rc_limit_used(limits.working), 1);
}

static void passwords(void **unused)
{
    char *longer = apr_pstrcat(pool, "12345678901234567890123456789012345678901234567890",
                               "1234567890123456789012", "a", NULL);
    const char *hash, *again;

    (void)unused;
    ok(rc_password_hash(&hash, NULL, "", pool));
    assert_null(hash);
    assert_false(matches(NULL, ""));
    assert_false(matches(NULL, "x"));
    ok(rc_password_hash(&hash, NULL, "p\xc3\xa4ss", pool));
    ok(rc_password_hash(&again, NULL, "p\xc3\xa4ss", pool));
    assert_string_not_equal(hash, again);
    assert_true(matches(hash, "p\xc3\xa4ss"));
    assert_false(matches(hash, "p\xc3\xa4s"));
    assert_false(matches(hash, ""));
    assert_false(matches("plain", "plain"));         /* only bcrypt's hashes count */
    ok(rc_password_hash(&hash, NULL, longer, pool)); /* all 73 bytes count */
    assert_true(matches(hash, longer));
    longer[72] = 'b';
    assert_false(matches(hash, longer));
}

static void new_user_has_keys(void **unused)
{
    rc_user_t *user = make("ann");
    const char *clear;
    rc_caller_t *caller = NULL;

    (void)unused;
    assert_string_equal(user->email, "ann@x.org");
    assert_string_equal(user->extern_type, "rhodecode");
    assert_true(key_of(user, 0)->main);
    assert_string_equal(key_of(user, 1)->role, "token_role_feed");
    assert_int_equal(key_of(user, 1)->expires, -1);
    ok(rc_key_clear(&clear, secret, key_of(user, 0), pool));
    assert_int_equal(strlen(clear), 40);
    ok(by_key(&caller, db, clear, pool));
    assert_int_equal(caller->user_id, user->id);
    ok(rc_key_clear(&clear, NULL, key_of(user, 0), pool));
    assert_null(clear);
}

static void keys_belong_to_one_user(void **unused)
{
    rc_user_key_t stolen = *key_of(make("ann"), 0);
    const char *clear;

    (void)unused;
    stolen.user_id = make("ben")->id;
    assert_non_null(rc_key_clear(&clear, secret, &stolen, pool));
}

static void nothing_is_sealed_without_a_secret(void **unused)
{
    rc_new_user_t new_user = {.username = "ann", .active = true, .key = "my own key"};
    rc_caller_t *caller = NULL;
    rc_user_t *user;

    (void)unused;
    ok(rc_user_insert(&user, db, NULL, &new_user, pool));
    assert_null(user->email);
    assert_int_equal(details_of(user).emails->nelts, 0);
    assert_null(key_of(user, 0)->sealed);
    assert_null(key_of(user, 1)->sealed);
    ok(by_key(&caller, db, "my own key", pool));
    assert_int_equal(caller->user_id, user->id);
    new_user.username = "ben";
    refused(RC_E_CONFLICT, "this key is in use", rc_user_insert(&user, db, NULL, &new_user, pool));
    new_user.username = "cid";
    new_user.key = "";
    refused(RC_E_ARG, "a key cannot be empty", rc_user_insert(&user, db, NULL, &new_user, pool));
}

static void tokens(void **unused)
{
    rc_user_t *ann = make("ann");
    rc_new_token_t wanted = {ann->id, RC_ROLE_API, 60, "for scripts"};
    apr_int64_t now = apr_time_sec(apr_time_now());
    const char *token, *clear;
    rc_caller_t *caller = NULL;

    (void)unused;
    ok(rc_token_create(&token, db, secret, &wanted, pool));
    ok(rc_key_clear(&clear, secret, key_of(ann, 2), pool));
    assert_string_equal(clear, token);
    assert_string_equal(key_of(ann, 2)->description, "for scripts");
    assert_in_range(key_of(ann, 2)->expires, now + 3600, now + 3660);
    ok(by_key(&caller, db, token, pool));
    assert_int_equal(caller->role, RC_ROLE_API);
    wanted.lifetime = -2;
    refused(RC_E_FAILED, "lifetime is not a number of minutes",
            rc_token_create(&clear, db, secret, &wanted, pool));
    wanted.lifetime = APR_INT64_MAX;
    refused(RC_E_FAILED, "lifetime is not a number of minutes",
            rc_token_create(&clear, db, secret, &wanted, pool));
    wanted.role = 0;
    refused(RC_E_FAILED, "unknown token role", rc_token_create(&clear, db, secret, &wanted, pool));
}

static void a_key_is_replaced(void **unused)
{
    rc_user_t *ann = make("ann");
    const char *old, *new_key = NULL, *clear;
    rc_caller_t *caller = NULL;
    rc_user_key_t key = *key_of(ann, 0);

    (void)unused;
    ok(rc_key_clear(&old, secret, &key, pool));
    ok(rc_key_replace(&new_key, &key, db, secret, pool));
    assert_string_not_equal(new_key, old);
    ok(by_key(&caller, db, old, pool));
    assert_null(caller);
    ok(by_key(&caller, db, new_key, pool));
    assert_int_equal(caller->user_id, ann->id);
    ok(rc_key_clear(&clear, secret, key_of(ann, 0), pool));
    assert_string_equal(clear, new_key);
}

static void addresses(void **unused)
{
    rc_user_t *ann = make("ann"), *ben = make("ben");

    (void)unused;
    ok(rc_email_add(db, ann->id, "Two@X.org", pool));
    assert_string_equal(texts(details_of(ann).emails), "ann@x.org,two@x.org");
    refused(RC_E_CONFLICT, "email `TWO@x.org` already exist",
            rc_email_add(db, ben->id, "TWO@x.org", pool));
    refused(RC_E_CONFLICT, "email `ann@x.org` already exist",
            rc_email_add(db, ben->id, "ann@x.org", pool));
    refused(RC_E_ARG, "not an e-mail address", rc_email_add(db, ben->id, "", pool));
    refused(RC_E_ARG, "not an e-mail address", rc_email_add(db, ben->id, "a\nb", pool));
    refused(RC_E_NOTFOUND, "`two@x.org` is no extra address of the user",
            rc_email_remove(db, ben->id, "two@x.org", pool));
    refused(RC_E_NOTFOUND, "`ann@x.org` is no extra address of the user",
            rc_email_remove(db, ann->id, "ann@x.org", pool));
    ok(rc_email_remove(db, ann->id, "TWO@X.ORG", pool));
    assert_string_equal(texts(details_of(ann).emails), "ann@x.org");
}

static void ip_entries(void **unused)
{
    apr_int64_t id = make("ann")->id;
    apr_array_header_t *list;

    (void)unused;
    ok(rc_ip_add(db, id, " 10.0.0.0/8, 192.168.1.254-192.168.2.1 ,::1,", pool));
    ok(rc_ip_add(db, id, "::1", pool));
    ok(rc_ip_add(db, id, "fe80::ffff-fe80::1:1", pool));
    ok(rc_store_user_ips(&list, db, id, pool));
    assert_string_equal(texts(list), "10.0.0.0/8,192.168.1.254,192.168.1.255,192.168.2.0,"
                                     "192.168.2.1,::1,fe80::ffff,fe80::1:0,fe80::1:1");
    ok(rc_ip_remove(db, id, "192.168.1.254-192.168.2.1,fe80::ffff-fe80::1:1", pool));
    ok(rc_store_user_ips(&list, db, id, pool));
    assert_string_equal(texts(list), "10.0.0.0/8,::1");
    refused(RC_E_NOTFOUND, "the user has no entry `1.2.3.4`",
            rc_ip_remove(db, id, "1.2.3.4", pool));
    refused(RC_E_ARG, "no address given", rc_ip_add(db, id, " , ", pool));
    refused(RC_E_ARG, "`10.0.0.300` is no address or network",
            rc_ip_add(db, id, "10.0.0.300", pool));
    refused(RC_E_ARG, "`1.2.3.4-::1` is no range of addresses",
            rc_ip_add(db, id, "1.2.3.4-::1", pool));
    refused(RC_E_ARG, "`10.0.0.0-10.0.1.0` is more than 256 addresses; write a network instead",
            rc_ip_add(db, id, "10.0.0.0-10.0.1.0", pool));
    refused(RC_E_ARG, NULL, rc_ip_add(db, id, "10.0.0.9-10.0.0.1", pool));
    ok(rc_ip_add(db, id, "255.255.255.0-255.255.255.255", pool));
}

static void default_user(void **unused)
{
    apr_array_header_t *names;
    rc_caller_t *caller = NULL;
    rc_user_t *user;

    (void)unused;
    ok(rc_default_user_setup(db, secret, true, pool));
    ok(rc_store_user_by_name(&user, db, RC_DEFAULT_USER, pool));
    assert_string_equal(user->firstname, "Anonymous");
    assert_string_equal(user->email, "anonymous@rhodecode.org");
    ok(anonymous(&caller, db, pool));
    assert_int_equal(caller->user_id, user->id);
    ok(rc_rule_global_names(&names, db, user->id, false, pool));
    assert_int_equal(names->nelts, 11);
    ok(rc_global_set(db, RC_OF_USER, user->id, "hg.create.none", pool));
    ok(rc_store_global_delete(db, RC_OF_USER, user->id, "repository.read"));
    ok(rc_default_user_setup(db, secret, false, pool)); /* only what is missing */
    ok(rc_rule_global_names(&names, db, user->id, false, pool));
    assert_string_equal(texts(names), "group.read,hg.create.none,hg.create.write_on_repogroup.true,"
                                      "hg.extern_activate.auto,hg.fork.repository,"
                                      "hg.inherit_default_perms.true,hg.register.manual_activate,"
                                      "hg.repogroup.create.false,hg.usergroup.create.false,"
                                      "repository.read,usergroup.read");
    ok(anonymous(&caller, db, pool));
    assert_non_null(caller);
    refused(RC_E_ARG, "permission `hg.admin` does not exist",
            rc_global_set(db, RC_OF_USER, user->id, "hg.admin", pool));
    refused(RC_E_FAILED, NULL, rc_user_remove(db, user, pool));
}

/* More than one chunk of a list. */
#define MANY 300

/* The name of the user made as number @a i of MANY, in the order of names. */
static const char *numbered(int i)
{
    return apr_psprintf(pool, "user%03d", i);
}

/* Each user comes in order, with their own addresses and keys; the connection is free. */
static rc_err_t *count_users(void *baton, const rc_user_details_t *details, apr_pool_t *scratch)
{
    const char *name = numbered((*(int *)baton)++);
    rc_user_t *user;

    assert_string_equal(details->user->username, name);
    assert_string_equal(details->user->email, apr_pstrcat(scratch, name, "@x.org", NULL));
    assert_string_equal(texts(details->emails),
                        apr_pstrcat(scratch, name, "@x.org,", name, "@y.org", NULL));
    assert_string_equal(texts(details->ips), apr_pstrcat(scratch, "10.0.0.1,", name, NULL));
    assert_int_equal(details->keys->nelts, 2);
    assert_int_equal(APR_ARRAY_IDX(details->keys, 1, rc_user_key_t).user_id, details->user->id);
    ok(rc_store_user_by_name(&user, db, name, scratch));
    assert_int_equal(user->id, details->user->id);
    return NULL;
}

/* An iteration that stops early leaves nothing behind that disturbs the next one. */
static rc_err_t *stop_at_two(void *baton, const rc_user_details_t *details, apr_pool_t *scratch)
{
    (void)details;
    return ++*(int *)baton == 2 ? rc_err(scratch, RC_E_BUSY, "enough") : NULL;
}

/* A user of a later chunk is deleted before it is read. */
static rc_err_t *delete_last(void *baton, const rc_user_details_t *details, apr_pool_t *scratch)
{
    rc_user_t *last;

    (void)details;
    if (++*(int *)baton > 1)
        return NULL;
    RC_TRY(rc_store_user_by_name(&last, db, numbered(MANY - 1), scratch));
    return rc_store_user_delete(db, last->id);
}

static void all_users(void **unused)
{
    const rc_slice_t part = {.after_name = numbered(9), .most = MANY - 20};
    int i, n = 0;

    (void)unused;
    for (i = MANY - 1; i >= 0; i--) {
        rc_user_t *user = make(numbered(i));

        ok(rc_store_email_add(db, user->id, apr_pstrcat(pool, user->username, "@y.org", NULL)));
        ok(rc_store_ip_add(db, user->id, "10.0.0.1"));
        ok(rc_store_ip_add(db, user->id, user->username));
    }
    ok(rc_default_user_setup(db, secret, true, pool));
    ok(rc_store_users_each(db, RC_USERS_ALL, 0, NULL, true, count_users, &n, pool));
    assert_int_equal(n, MANY);
    n = 10;
    ok(rc_store_users_each(db, RC_USERS_ALL, 0, &part, true, count_users, &n, pool));
    assert_int_equal(n, MANY - 10);
    n = 0;
    assert_non_null(rc_store_users_each(db, RC_USERS_ALL, 0, NULL, true, stop_at_two, &n, pool));
    n = 0;
    ok(rc_store_users_each(db, RC_USERS_ALL, 0, NULL, true, count_users, &n, pool));
    assert_int_equal(n, MANY);
    n = 0;
    ok(rc_store_users_each(db, RC_USERS_ALL, 0, NULL, true, delete_last, &n, pool));
    assert_int_equal(n, MANY - 1);
}

static int begin(void **unused)
{
    (void)unused;
    ok(rc_db_begin_write(db));
    return 0;
}

static int roll_back(void **unused)
{
    (void)unused;
    rc_db_rollback(db);
    return 0;
}

static int open_database(void **unused)
{
    rc_db_config_t *config = apr_pcalloc(pool, sizeof(*config));

    (void)unused;
    dir = temp_dir(pool);
    config->path = apr_pstrcat(pool, dir, "/rcapi.db", NULL);
    config->texts = &rc_store_texts;
    config->create = true;
    config->synchronous = "OFF";
    config->timeout = apr_time_from_sec(5);
    rc_db_startup();
    ok(rc_db_open(&db, config, pool));
    ok(rc_secret_create(apr_pstrcat(pool, dir, "/secret", NULL), pool));
    ok(rc_secret_load(&secret, apr_pstrcat(pool, dir, "/secret", NULL), pool));
    return 0;
}

static int remove_database(void **unused)
{
    (void)unused;
    return system(apr_psprintf(pool, "rm -rf '%s'", dir));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, roll_back)

/* Returns how the chain of authenticators judges @a credentials: "name refusal ignored". */
static const char *chain(rc_credentials_t credentials)
{
    rc_identity_t who;

    ok(rc_identify(&who, db, &credentials, pool));
    return apr_psprintf(pool, "%s %d %d", who.caller ? who.caller->username : "-", who.refusal,
                        who.ignored);
}

static void chain_of_identity(void **unused)
{
    const rc_user_t *user = make("chained"), *other = make("loggedin");
    const unsigned views = RC_ROLE_ALL | RC_ROLE_HTTP;
    const char *ip = "10.0.0.1", *feed, *all;

    (void)unused;
    ok(rc_default_user_setup(db, secret, true, pool));
    ok(rc_token_create(&feed, db, secret, &(rc_new_token_t){user->id, RC_ROLE_FEED, RC_NEVER, NULL},
                       pool));
    ok(rc_token_create(&all, db, secret, &(rc_new_token_t){user->id, RC_ROLE_ALL, RC_NEVER, NULL},
                       pool));
    /* only the key counts */
    assert_string_equal(
        chain((rc_credentials_t){.key = all, .only_key = true, .roles = views, .ip = ip}),
        "chained 0 0");
    assert_string_equal(chain((rc_credentials_t){.key = "no", .only_key = true, .anonymous = true}),
                        "- 1 0");
    assert_string_equal(chain((rc_credentials_t){.key = feed, .only_key = true, .roles = views}),
                        "chained 4 0");
    /* an invalid key is ignored */
    assert_string_equal(chain((rc_credentials_t){.key = feed, .roles = views, .login = "loggedin"}),
                        "loggedin 0 4");
    assert_string_equal(chain((rc_credentials_t){.key = "no", .roles = views, .anonymous = true}),
                        "default 0 1");
    assert_string_equal(chain((rc_credentials_t){.key = "no", .roles = views}), "- 1 1");
    ok(rc_ip_add(db, user->id, "192.0.2.1", pool));
    assert_string_equal(chain((rc_credentials_t){.key = all, .roles = views, .ip = ip}),
                        "chained 3 0");
    assert_string_equal(/* the address is checked before the role */
                        chain((rc_credentials_t){
                            .key = feed, .only_key = true, .roles = views, .ip = ip}),
                        "chained 3 0");
    ok(rc_store_user_set_active(db, user->id, false));
    ok(rc_store_user_set_active(db, other->id, false));
    assert_string_equal(
        chain((rc_credentials_t){.key = all, .only_key = true, .roles = views, .ip = ip}),
        "chained 2 0");
    assert_string_equal(chain((rc_credentials_t){
                            .key = all, .roles = views, .login = "loggedin", .anonymous = true}),
                        "default 0 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords),
        cmocka_unit_test(passwords_are_limited),
        TEST(chain_of_identity),
        TEST(new_user_has_keys),
        TEST(keys_belong_to_one_user),
        TEST(nothing_is_sealed_without_a_secret),
        TEST(tokens),
        TEST(a_key_is_replaced),
        TEST(addresses),
        TEST(ip_entries),
        TEST(default_user),
        TEST(all_users),
    };
    int n;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    n = cmocka_run_group_tests(tests, open_database, remove_database);
    apr_terminate();
    return n;
}
