/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the rcapi-admin program share.
 */
#ifndef RC_CLI_ADMIN_H
#define RC_CLI_ADMIN_H

#include <stdbool.h>

#include <apr_tables.h>

#include "rc_env.h"
#include "rc_user.h"

#define RC_ADMIN_OK     0
#define RC_ADMIN_FAILED 1 /* it did not work; a line on standard error says why */
#define RC_ADMIN_USAGE  2 /* the command line is wrong; nothing was done */

typedef struct rc_admin_t {
    apr_pool_t *pool;
    rc_env_config_t config;
    rc_env_t *env; /* NULL for init */
    rc_db_t *db;
    apr_array_header_t *words; /* const char *: what is left of the command line */
} rc_admin_t;

typedef enum {
    RC_ADMIN_OPEN,     /* an open database; what crashes left is repaired */
    RC_ADMIN_AS_IT_IS, /* an open database; what crashes left stays */
    RC_ADMIN_BARE      /* nothing */
} rc_admin_needs_t;

typedef struct rc_command_t {
    const char *name;
    int (*run)(rc_admin_t *admin);
    rc_admin_needs_t needs;
    const char *usage, *help;
} rc_command_t;

extern const rc_command_t rc_admin_commands[];

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

/** Asks on the terminal, through standard error; NULL when there is none. @a secret: no echo. */
const char *rc_admin_ask(rc_admin_t *admin, const char *prompt, bool secret);

/** --password, or asked twice; NULL, after a complaint, when that is not to be had or too short. */
const char *rc_admin_new_password(rc_admin_t *admin, const char *prompt);

/* -- admin_owner.c -- */

/** Root goes on, for good, as the account that the data belong to, or the folder in which they are
 * to be made; before anything there is opened. The status to return, after a complaint, unless
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
int rc_admin_backup(rc_admin_t *admin);
int rc_admin_journal(rc_admin_t *admin);
int rc_admin_secret(rc_admin_t *admin);

#endif
