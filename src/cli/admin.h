/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the rcapi-admin program share.
 */
#ifndef RC_CLI_ADMIN_H
#define RC_CLI_ADMIN_H

#include <stdbool.h>

#include <apr_tables.h>

#include "domain/env.h"
#include "domain/user.h"
#include "store/global.h"
#include "store/journal.h"
#include "store/user.h"

#define RC_ADMIN_OK     0
#define RC_ADMIN_FAILED 1 /* it did not work; a line on standard error says why */
#define RC_ADMIN_USAGE  2 /* the command line is wrong; nothing was done */

typedef struct rc_admin_t {
    apr_pool_t *pool;
    rc_env_config_t config;
    rc_env_t *env; /* NULL for init */
    rc_db_t *db;
    const char *command;       /* its name */
    bool headers;              /* of lists */
    apr_array_header_t *words; /* const char *: what is left of the command line */
} rc_admin_t;

typedef enum {
    RC_ADMIN_OPEN,     /* an open database; what crashes left is repaired */
    RC_ADMIN_AS_IT_IS, /* an open database; what crashes left stays */
    RC_ADMIN_BARE      /* nothing */
} rc_admin_needs_t;

typedef struct rc_command_t {
    const char *name;
    int (*run)(rc_admin_t *admin); /* admin->command is its name */
    rc_admin_needs_t needs;
    const char *usage, *help;
} rc_command_t;

extern const rc_command_t rc_admin_commands[];

/* Who changes what this program changes, for the journal. */
extern const rc_journal_actor_t rc_admin_actor;

/* -- rcapi_admin.c -- */

/** Prints one line on standard error and returns @a status. */
int rc_admin_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Prints the error and returns RC_ADMIN_FAILED; RC_ADMIN_OK for NULL. */
int rc_admin_result(rc_admin_t *admin, const rc_err_t *err);

/** Takes "--name VALUE" or "--name=VALUE" out of the words; NULL when it is not there. */
const char *rc_admin_option(rc_admin_t *admin, const char *name);

/** Takes "--name" out of the words. */
bool rc_admin_flag(rc_admin_t *admin, const char *name);

/** The next word, or NULL. */
const char *rc_admin_word(rc_admin_t *admin);

/** True when no word is left; else complains and RC_ADMIN_USAGE is the status to return. */
bool rc_admin_end(rc_admin_t *admin);

/** The next word as a user; the status to return, after a complaint, unless RC_ADMIN_OK. */
int rc_admin_user(rc_user_t **user, rc_admin_t *admin);

/** Runs @a fn in a transaction and writes @a action, with ":" and @a what unless NULL, into the
 * journal with it; the status to return. */
int rc_admin_apply(rc_admin_t *admin, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton,
                   const char *action, const char *what);

/* A change of a user, a user group, a repository or a setting, made in a transaction by fn. */
typedef struct rc_admin_change_t {
    rc_admin_t *admin;
    rc_err_t *(*fn)(struct rc_admin_change_t *change, rc_db_t *db);
    rc_user_t *user;
    apr_int64_t id, other_id;
    rc_holder_t holder;
    const char *name, *value;
    rc_new_token_t token;
    bool on;
    int unreadable; /* keys in a list */
} rc_admin_change_t;

/** rc_admin_apply of @a change. */
int rc_admin_change(rc_admin_change_t *change, const char *action, const char *what);

/** The names of a list's columns, where they are wanted. */
void rc_admin_head(const rc_admin_t *admin, const char *head);

/* -- admin_ask.c -- */

/** Asks on the terminal, through standard error; NULL when there is none. @a secret: no echo. */
const char *rc_admin_ask(rc_admin_t *admin, const char *prompt, bool secret);

/** Does the command line say anything of a password? */
bool rc_admin_wants_password(const rc_admin_t *admin);

/** Asks; only an answer that begins with "y" is true. */
bool rc_admin_confirm(rc_admin_t *admin, const char *question);

/** --password, a line after --password-stdin, or asked twice; NULL, after a complaint, when that is
 * not to be had or too short. */
const char *rc_admin_new_password(rc_admin_t *admin, const char *prompt);

/* -- admin_owner.c -- */

/** Root goes on, for good, as the account that the data belong to, or the directory in which they
 * are to be made; before anything there is opened. The status to return, after a complaint, unless
 * RC_ADMIN_OK. */
int rc_admin_become_owner(const rc_admin_t *admin);

/* -- the commands -- */
int rc_admin_init(rc_admin_t *admin);
int rc_admin_token(rc_admin_t *admin);
int rc_admin_ip(rc_admin_t *admin);
int rc_admin_anonymous(rc_admin_t *admin);
int rc_admin_password(rc_admin_t *admin);
int rc_admin_call(rc_admin_t *admin);
int rc_admin_check(rc_admin_t *admin);
int rc_admin_email(rc_admin_t *admin);
int rc_admin_perm(rc_admin_t *admin);
int rc_admin_set(rc_admin_t *admin);
int rc_admin_follow(rc_admin_t *admin);
int rc_admin_refresh(rc_admin_t *admin);
int rc_admin_backup(rc_admin_t *admin);
int rc_admin_journal(rc_admin_t *admin);
int rc_admin_secret(rc_admin_t *admin);
int rc_admin_object(rc_admin_t *admin);

#endif
