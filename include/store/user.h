// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes the rows of users and of what belongs to them. Lookups return NULL when there is
 * no such row. Only the constraints of the tables are checked here; domain/user.h checks the rest.
 */
#ifndef RC_STORE_USER_H
#define RC_STORE_USER_H

#include <apr_tables.h>

#include "db/db.h"
#include "store/slice.h"
#include "store/viewer.h"

/* The user whose permissions are the defaults of all others, and who stands for a caller without an
 * identity. */
#define RC_DEFAULT_USER "default"

typedef struct rc_user_t {
    apr_int64_t id;
    const char *username, *firstname, *lastname;
    const char *email; /* main address, lower case, or NULL */
    bool active, admin, inherits;
    const char *extern_type, *extern_name;
    const char *language;   /* or NULL */
    apr_int64_t last_login; /* microseconds, 0 = never */
} rc_user_t;

/* What a token reaches: one repository, or one repository group with everything below it. Both are
 * 0: everything. */
typedef struct rc_key_scope_t {
    apr_int64_t repo_id, group_id;
} rc_key_scope_t;

/* A main key or token, without its clear text. */
typedef struct rc_user_key_t {
    apr_int64_t id, user_id;
    bool main;
    const char *role; /* token_role_api ... */
    const char *description;
    apr_int64_t expires;    /* epoch seconds, -1 = never */
    apr_int64_t created_on; /* microseconds */
    apr_int64_t last_used;  /* microseconds, 0 = never; written once an hour */
    rc_key_scope_t scope;
    const void *sealed; /* its clear form, encrypted, or NULL */
    int sealed_len;
} rc_user_key_t;

/* A key with the full name of its scope; NULL: it has none, or the viewer may not read that. */
typedef struct rc_scoped_key_t {
    rc_user_key_t key;
    const char *scope_name;
} rc_scoped_key_t;

/* A user with everything that the API's user object shows. */
typedef struct rc_user_details_t {
    const rc_user_t *user;
    apr_array_header_t *emails; /* const char *, the main one first */
    apr_array_header_t *keys;   /* rc_user_key_t, the main one first, then in order of creation */
    apr_array_header_t *ips;    /* const char *, entries as stored */
} rc_user_details_t;

rc_err_t *rc_store_user_by_id(rc_user_t **out, rc_db_t *db, apr_int64_t id, apr_pool_t *pool);

/** By exact name. */
rc_err_t *rc_store_user_by_name(rc_user_t **out, rc_db_t *db, const char *username,
                                apr_pool_t *pool);

/** The active super-admin with the lowest id, who becomes the owner where no other is known; NULL
 * if there is none. */
rc_err_t *rc_store_first_admin(rc_user_t **out, rc_db_t *db, apr_pool_t *pool);

/** Is there an active super-admin besides user @a user_id? */
rc_err_t *rc_store_other_admin(bool *is, rc_db_t *db, apr_int64_t user_id);

/** Reads the addresses, keys and IP entries of @a user. */
rc_err_t *rc_store_user_details(rc_user_details_t *out, rc_db_t *db, const rc_user_t *user,
                                apr_pool_t *pool);

/** The same for the user @a user_id, without their keys; out->user is NULL when there is none. */
rc_err_t *rc_store_user_shown(rc_user_details_t *out, rc_db_t *db, apr_int64_t user_id,
                              apr_pool_t *pool);

typedef enum {
    RC_USERS_ALL,       /* all but the default user, by username; id is 0 */
    RC_USERS_FOLLOWING, /* followers of repository id, in the order they began */
    RC_USERS_IN_GROUP   /* members of user group id, in the order they joined */
} rc_users_t;

/** Calls @a fn, which may use @a db, for each user of a set. The details live until @a fn
 * returns; memory is needed for a few hundred of them. @a page, by name, is for all
 * users only (NULL: no page). Keys have only what shows them: id, user, main, sealed; without
 * @a keys there are none. @a scratch is cleared before the next user. */
rc_err_t *rc_store_users_each(rc_db_t *db, rc_users_t which, apr_int64_t id, const rc_slice_t *page,
                              bool keys,
                              rc_err_t *(*fn)(void *baton, const rc_user_details_t *details,
                                              apr_pool_t *scratch),
                              void *baton, apr_pool_t *pool);

/** Returns the ids of those who follow a repository, in the order they began; *@a out is NULL when
 * they are more than @a most. */
rc_err_t *rc_store_followers(apr_array_header_t **out, rc_db_t *db, apr_int64_t repo_id, int most,
                             apr_pool_t *pool);

/** Inserts @a user (username, names, flags, extern_*) and sets its id. RC_E_CONFLICT for a
 * duplicate name; the name of that constraint begins with "users". */
rc_err_t *rc_store_user_insert(rc_user_t *user, rc_db_t *db, const char *password_hash,
                               bool force_password_change);

/** Stores username, names, flags active and admin, extern_* of @a user. */
rc_err_t *rc_store_user_update(rc_db_t *db, const rc_user_t *user);

/** Deletes a user and, by foreign keys, everything that belongs to them. RC_E_CONFLICT when they
 * own objects. */
rc_err_t *rc_store_user_delete(rc_db_t *db, apr_int64_t user_id);

/** Stores the hash of the password; NULL disables login by password. */
rc_err_t *rc_store_user_set_password(rc_db_t *db, apr_int64_t user_id, const char *password_hash);

/** Replaces the hash @a from by another one of the same password, unless it was changed meanwhile.
 */
rc_err_t *rc_store_user_renew_password(rc_db_t *db, apr_int64_t user_id, const char *from,
                                       const char *to);
rc_err_t *rc_store_user_set_active(rc_db_t *db, apr_int64_t user_id, bool active);

/** Stores the main address; NULL removes it. RC_E_CONFLICT for a duplicate address; the name of
 * that constraint begins with "user_email". */
rc_err_t *rc_store_email_set_main(rc_db_t *db, apr_int64_t user_id, const char *email);
rc_err_t *rc_store_email_add(rc_db_t *db, apr_int64_t user_id, const char *email);
rc_err_t *rc_store_email_remove(bool *removed, rc_db_t *db, apr_int64_t user_id, const char *email);

/** Adds or removes an IP entry. Adding an entry that exists has no effect. */
rc_err_t *rc_store_ip_add(rc_db_t *db, apr_int64_t user_id, const char *entry);
rc_err_t *rc_store_ip_remove(bool *removed, rc_db_t *db, apr_int64_t user_id, const char *entry);

/** A user's own IP entries (const char *), as stored, in the order they were added. */
rc_err_t *rc_store_user_ips(apr_array_header_t **entries, rc_db_t *db, apr_int64_t user_id,
                            apr_pool_t *pool);

/** Calls @a fn for each key of a user: the main one first, then tokens in order of creation. */
rc_err_t *rc_store_keys_each(rc_db_t *db, apr_int64_t user_id,
                             rc_err_t *(*fn)(void *baton, const rc_user_key_t *key), void *baton,
                             apr_pool_t *pool);

/** Reads the keys of a user in the same order (rc_scoped_key_t), or only the one with the id
 * @a key_id, unless that is 0. */
rc_err_t *rc_store_tokens(apr_array_header_t **out, rc_db_t *db, rc_viewer_t viewer,
                          apr_int64_t user_id, apr_int64_t key_id, apr_pool_t *pool);

/** Inserts @a key (all fields but id and created_on) with the digest of its clear value, and sets
 * its id. */
rc_err_t *rc_store_key_insert(rc_user_key_t *key, rc_db_t *db, const unsigned char *digest,
                              int len);

/** Replaces digest and encrypted form of the key with the id of @a key by those of @a key. It was
 * never used then. */
rc_err_t *rc_store_key_replace(rc_db_t *db, const rc_user_key_t *key, const unsigned char *digest,
                               int len);

/** Records that a key was used, unless the last record is not older than @a age. */
rc_err_t *rc_store_key_used(rc_db_t *db, apr_int64_t key_id, apr_interval_time_t age);

/** The key of a user with this digest, or NULL. */
rc_err_t *rc_store_key_by_digest(rc_user_key_t **out, rc_db_t *db, apr_int64_t user_id,
                                 const unsigned char *digest, int len, apr_pool_t *pool);
rc_err_t *rc_store_key_delete(rc_db_t *db, apr_int64_t key_id);

/** Deletes the keys of a user that have this description and have expired; never the main key. */
rc_err_t *rc_store_keys_delete_expired(rc_db_t *db, apr_int64_t user_id, const char *description);

/** Deletes the tokens of a user that have expired, but for the last @a most of them. */
rc_err_t *rc_store_keys_delete_old(rc_db_t *db, apr_int64_t user_id, int most);

/** Makes user @a user_id follow user @a other_id, or ends that. */
rc_err_t *rc_store_follow_user(rc_db_t *db, apr_int64_t user_id, apr_int64_t other_id);
rc_err_t *rc_store_unfollow_user(rc_db_t *db, apr_int64_t user_id, apr_int64_t other_id);

#endif
