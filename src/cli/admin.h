/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared declarations of the rcapi-admin program. A function that returns a status has printed the
 * reason on standard error when the status is not RC_ADMIN_OK.
 */
#ifndef RC_CLI_ADMIN_H
#define RC_CLI_ADMIN_H

#include <stdbool.h>

#include <apr_tables.h>

#include "domain/actor.h"
#include "store/user.h"

#define RC_ADMIN_OK     0
#define RC_ADMIN_FAILED 1 /* the command failed */
#define RC_ADMIN_USAGE  2 /* the command line is wrong; nothing was changed */

typedef struct rc_admin_t {
    apr_pool_t *pool;
    rc_env_config_t config;
    rc_env_t *env;             /* NULL for init */
    rc_actor_t actor;          /* of all changes; its db is NULL for init */
    const char *command;       /* name of the command */
    bool headers;              /* print the headers of lists */
    apr_array_header_t *words; /* of const char *: unread words of the command line */
} rc_admin_t;

typedef enum {
    RC_ADMIN_OPEN,     /* an open database; leftovers of crashes are recovered */
    RC_ADMIN_AS_IT_IS, /* an open database; leftovers of crashes stay */
    RC_ADMIN_BARE      /* no database */
} rc_admin_needs_t;

typedef struct rc_command_t {
    const char *name;
    int (*run)(rc_admin_t *admin); /* returns the exit status */
    rc_admin_needs_t needs;
    const char *usage, *help;
} rc_command_t;

extern const rc_command_t rc_admin_commands[];

/* -- admin_fail.c -- */

/** Prints one line on standard error and returns @a status. */
int rc_admin_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Prints the error and returns RC_ADMIN_FAILED; RC_ADMIN_OK for NULL. */
int rc_admin_result(rc_admin_t *admin, const rc_err_t *err);

/* -- rcapi_admin.c -- */

/** Removes "--name VALUE" or "--name=VALUE" from the words and returns VALUE; NULL when missing. */
const char *rc_admin_option(rc_admin_t *admin, const char *name);

/** Removes "--name" from the words; returns whether it was there. */
bool rc_admin_flag(rc_admin_t *admin, const char *name);

/** Removes and returns the next word; NULL when there is none. */
const char *rc_admin_word(rc_admin_t *admin);

/** Returns whether no word is left; else prints an error, and the caller returns RC_ADMIN_USAGE. */
bool rc_admin_end(rc_admin_t *admin);

/** Reads the next word as the name of a user; returns a status. */
int rc_admin_user(rc_user_t **user, rc_admin_t *admin);

/** Prints the headers of a list if they are enabled. */
void rc_admin_head(const rc_admin_t *admin, const char *head);

/* -- admin_ask.c -- */

/** Prints @a prompt on standard error and reads a line from the terminal, without echo if @a
 * secret; NULL when there is no terminal. */
const char *rc_admin_ask(rc_admin_t *admin, const char *prompt, bool secret);

/** Returns whether the command line has an option for a password. */
bool rc_admin_wants_password(const rc_admin_t *admin);

/** Asks @a question on the terminal; true only for an answer that begins with "y" or "Y". */
bool rc_admin_confirm(rc_admin_t *admin, const char *question);

/** Returns the password from --password, from standard input after --password-stdin, or asks for it
 * twice; NULL, after an error message, when there is none or it is too short. */
const char *rc_admin_new_password(rc_admin_t *admin, const char *prompt);

/* -- admin_owner.c -- */

/** When running as root, changes permanently to the account that owns the data, or the directory in
 * which they are created. To be called before any of these files is opened. Returns a status. */
int rc_admin_become_owner(const rc_admin_t *admin);

/* -- admin_migrate.c -- */

/** Makes the path of a file absolute, in @a pool, because it is opened by its real folder. The name
 * of a database on a server stays. */
const char *rc_admin_absolute(const char *name, apr_pool_t *pool);

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
int rc_admin_migrate(rc_admin_t *admin);
int rc_admin_import(rc_admin_t *admin);
int rc_admin_journal(rc_admin_t *admin);
int rc_admin_deliver(rc_admin_t *admin);
int rc_admin_secret(rc_admin_t *admin);
int rc_admin_object(rc_admin_t *admin);
int rc_admin_maintain(rc_admin_t *admin);

#endif
