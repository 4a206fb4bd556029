// SPDX-License-Identifier: Apache-2.0
/*
 * What the parts of an import share: the tables of the source, what has come so far, the report.
 * Private to src/domain/import.
 */
#ifndef RC_DOMAIN_IMPORT_IMPORT_H
#define RC_DOMAIN_IMPORT_IMPORT_H

#include <apr_hash.h>

#include "db/foreign.h"
#include "domain/disk_transaction.h"
#include "domain/import.h"
#include "store/import.h"

/* The tables of the source, in the order of rc_import_tables. */
typedef enum {
    FROM_VERSION,
    FROM_ALEMBIC,
    FROM_PERMISSIONS,
    FROM_USERS,
    FROM_KEYS,
    FROM_EMAILS,
    FROM_IPS,
    FROM_SSH_KEYS,
    FROM_USER_GROUPS,
    FROM_MEMBERS,
    FROM_REPO_GROUPS,
    FROM_REPOS,
    FROM_FIELDS,
    FROM_USER_GLOBALS,
    FROM_USER_GROUP_GLOBALS,
    FROM_REPO_USER,
    FROM_REPO_USER_GROUP,
    FROM_REPO_GROUP_USER,
    FROM_REPO_GROUP_USER_GROUP,
    FROM_USER_GROUP_USER,
    FROM_USER_GROUP_USER_GROUP,
    FROM_BRANCH_USER,
    FROM_BRANCH_USER_GROUP,
    FROM_FOLLOWINGS,
    FROM_PULL_REQUESTS,
    FROM_PULL_VERSIONS,
    FROM_REVIEWERS,
    FROM_COMMENTS,
    FROM_STATUSES,
    FROM_GISTS,
    FROM_JOURNAL,
    FROM_SETTINGS,
    FROM_REPO_SETTINGS,
    FROM_UI,
    FROM_COUNT
} rc_import_table_t;

extern const rc_foreign_table_t rc_import_tables[];

/* What is counted, in the order of the report. */
typedef enum {
    OF_USERS,
    OF_EMAILS,
    OF_IPS,
    OF_KEYS,
    OF_USER_GROUPS,
    OF_MEMBERS,
    OF_REPO_GROUPS,
    OF_REPOS,
    OF_FIELDS,
    OF_PERMISSIONS,
    OF_GLOBALS,
    OF_FOLLOWINGS,
    OF_COMMENTS,
    OF_STATUSES,
    OF_PULL_REQUESTS,
    OF_GISTS,
    OF_JOURNAL,
    OF_SETTINGS,
    OF_COUNT
} rc_import_kind_t;

/* How the source makes one permission of several rows. */
typedef enum {
    RULE_EXPLICIT, /* as here: a row of the user wins over those of groups, these over the default
                    */
    RULE_GROUPS,   /* RhodeCode 1.2 and 1.3: groups can only add to the others */
    RULE_HIGHEST   /* Kallithea since 0.5: the highest of all */
} rc_import_rule_t;

#define RC_CHOICES 11

/* Global permissions: for each kind of names (globals.c) the place of one, from 1; 0: none. */
typedef unsigned char rc_choices_t[RC_CHOICES];

/* A user, user group, repository group or repository that has come, or was here. */
typedef struct rc_arrival_t {
    apr_int64_t source, id; /* its ids there and here */
    const char *name;
    bool fresh;           /* it has come now: its flags and defaults are those of the source */
    bool taken;           /* fresh, but a scan had found it before */
    bool private_;        /* a repository */
    bool admin, active;   /* a user; active: also a user group */
    bool inherits;        /* a user or user group */
    int everyone;         /* an object: level of the default user; -1: none */
    apr_int64_t parent;   /* a repository: the source's id of what it is a fork of, or 0; a pull
                             request: its target, here; a comment: its pull request, here, or 0 */
    int versions;         /* a pull request: how many have come */
    rc_choices_t globals; /* a user or user group: their own global permissions */
    bool has_key;         /* a user: the main key has come */
    apr_array_header_t *groups; /* a user: rc_arrival_t *, the user groups they are a member of */
} rc_arrival_t;

/* What is on the disk under a name of the source. */
typedef struct rc_place_t {
    const char *type; /* NULL: nothing that can come */
    const char *why;  /* in that case */
    const char *path; /* where it was made in .rc_tmp; NULL: it is in its place */
    const char *at;   /* a repository: where it can be read before the transaction */
} rc_place_t;

typedef struct rc_importing_t {
    rc_actor_t *actor;
    rc_move_in_t *move_in;
    rc_foreign_t *source;
    rc_db_t *db;
    apr_pool_t *pool;      /* of the import */
    apr_time_t created_on; /* the moment of the import: of what the source has no time for */
    rc_import_rule_t rule;
    bool old_groups; /* inactive user groups gave rights, too (RhodeCode 1.2 to 1.4) */
    apr_hash_t *users, *user_groups, *repo_groups, *repos, *comments, *pulls,
        *pull_versions;      /* source's id: rc_arrival_t */
    apr_hash_t *kept;        /* source's ids of pull requests whose commits are there */
    apr_hash_t *alike;       /* what rows that look alike have in common: their last id here */
    apr_hash_t *permissions; /* source's id: const char *, the name */
    apr_hash_t *hashes;      /* foreign password hash: ours; made before the transaction */
    rc_arrival_t *anyone;    /* the default user */
    apr_int64_t owner_id;    /* of what has no owner: the first super-admin here */
    const char *owner;       /* their name */

    /* What was made in .rc_tmp before the transaction, and moves to its place with it. */
    rc_disk_txn_t *disk;
    const char *work;
    apr_hash_t *places;       /* name of a repository or gist: rc_place_t */
    apr_hash_t *places_by_id; /* the same for the source's id of a repository */
    bool finished;            /* a dry run has come to its end */
} rc_importing_t;

/* -- report.c -- */

/** Reports that @a name of the kind @a of has not come. */
void rc_import_left(rc_importing_t *the, rc_import_kind_t of, const char *name, const char *fmt,
                    ...) __attribute__((format(printf, 4, 5)));

/** Reports something about what has come. */
void rc_import_note(rc_importing_t *the, rc_import_kind_t of, const char *name, const char *fmt,
                    ...) __attribute__((format(printf, 4, 5)));

/** Counts a row that has come (@a changed), or was here. */
void rc_import_count(rc_importing_t *the, rc_import_kind_t of, bool changed);

/** Makes the counters. */
void rc_import_begin_report(rc_move_in_t *move_in, apr_pool_t *pool);

/** Returns whether anything has come. */
bool rc_import_has_changed(const rc_importing_t *the);

/* -- value.c: values of the current row of the source -- */

/** The text of a column, as valid UTF-8, in @a pool; NULL for NULL. */
const char *rc_import_text(rc_rows_t *rows, int column, apr_pool_t *pool);

/** The same; "" for NULL, and cut to @a most bytes. */
const char *rc_import_short(rc_rows_t *rows, int column, apr_size_t most, apr_pool_t *pool);

/** A number, also one that is stored as 12.0; @a otherwise for NULL and anything else. */
apr_int64_t rc_import_int(rc_rows_t *rows, int column, apr_int64_t otherwise);

bool rc_import_bool(rc_rows_t *rows, int column, bool otherwise);

/** A local time as microseconds since the epoch; @a otherwise for NULL and what is none. */
apr_int64_t rc_import_time(rc_rows_t *rows, int column, apr_int64_t otherwise);

/* -- items.c -- */

/** The item with the source's id in a column; NULL when it has not come. */
rc_arrival_t *rc_import_item(rc_rows_t *rows, int column, apr_hash_t *items);

/** Returns where the highest id here is kept of the rows of the source that have had the same
 * @a features, 0 at first: one of them must not be found for another. */
apr_int64_t *rc_import_alike(rc_importing_t *the, const char *features);

/** Adds a new item with the source's id in a column. */
rc_arrival_t *rc_import_add(rc_importing_t *the, apr_hash_t *items, rc_rows_t *rows, int column);

/* Chooses ids: those of the source, as long as they were never given here. */
typedef struct rc_import_ids_t {
    const char *table;
    apr_int64_t last, next; /* last: given here; next: for what cannot keep its own */
} rc_import_ids_t;

/** @a from: the table of the source whose ids are in the first column. */
rc_err_t *rc_import_ids_begin(rc_import_ids_t *ids, rc_importing_t *the, const char *table,
                              rc_import_table_t from);
apr_int64_t rc_import_ids_choose(rc_import_ids_t *ids, apr_int64_t source);
rc_err_t *rc_import_ids_end(const rc_import_ids_t *ids, rc_importing_t *the);

/* -- the parts, in the order in which they run -- */

/** Before the transaction: hashes old password digests again, copies repositories and gists. */
rc_err_t *rc_import_prepare_passwords(rc_importing_t *the);
rc_err_t *rc_import_prepare_repos(rc_importing_t *the);
rc_err_t *rc_import_prepare_pulls(rc_importing_t *the);
rc_err_t *rc_import_prepare_gists(rc_importing_t *the);

/** Inside of it. */
rc_err_t *rc_import_users(rc_importing_t *the);
rc_err_t *rc_import_user_groups(rc_importing_t *the);
rc_err_t *rc_import_repo_groups(rc_importing_t *the);
rc_err_t *rc_import_repos(rc_importing_t *the);
rc_err_t *rc_import_user_lists(rc_importing_t *the); /* addresses, IP entries */
rc_err_t *rc_import_keys(rc_importing_t *the);
rc_err_t *rc_import_permissions(rc_importing_t *the);
rc_err_t *rc_import_globals(rc_importing_t *the);
rc_err_t *rc_import_pulls(rc_importing_t *the);
rc_err_t *rc_import_reviewers(rc_importing_t *the); /* of these */
rc_err_t *rc_import_texts(rc_importing_t *the);     /* fields, followings, comments, statuses */
rc_err_t *rc_import_gists(rc_importing_t *the);
rc_err_t *rc_import_journal(rc_importing_t *the);
rc_err_t *rc_import_settings(rc_importing_t *the);

#endif
