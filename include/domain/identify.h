// SPDX-License-Identifier: Apache-2.0
/*
 * Identifies the caller of a request and decides whether they are admitted: one chain of checks for
 * every face.
 *
 *     key > login > session > anonymous > active > address > role
 *
 * The result is the caller and the reason of a refusal; each face has its own texts for it.
 */
#ifndef RC_DOMAIN_IDENTIFY_H
#define RC_DOMAIN_IDENTIFY_H

#include "domain/auth.h"

/* The credentials of a request, and which of them its face accepts. */
typedef struct rc_credentials_t {
    bool local;          /* a program on this machine: the first super-admin; the rest is ignored */
    const char *key;     /* NULL: none */
    apr_int64_t key_id;  /* the key of a call that was put off; 0: see key */
    unsigned roles;      /* the roles of keys that are accepted (rc_role_t, or'ed) */
    bool only_key;       /* an invalid key refuses the request; else it is ignored */
    const char *login;   /* the user whose password the server has checked, or NULL */
    const char *session; /* a browser's cookie (domain/session.h); NULL: none, or not accepted */
    bool anonymous;      /* whether the default user is admitted */
    const char *ip;      /* text; NULL: the address is not checked */
} rc_credentials_t;

typedef enum {
    RC_REFUSED_NOT,
    RC_REFUSED_UNKNOWN, /* an unknown or expired key, or no credentials that are accepted */
    RC_REFUSED_INACTIVE,
    RC_REFUSED_ADDRESS,
    RC_REFUSED_ROLE
} rc_refusal_t;

typedef struct rc_identity_t {
    rc_caller_t *caller;  /* also of a refused request, if known; NULL: unknown */
    rc_refusal_t refusal; /* why the request is refused; RC_REFUSED_NOT: it is not */
    rc_caller_t *owner;   /* of a key that was ignored, or NULL */
    rc_refusal_t ignored; /* why a key was ignored; RC_REFUSED_NOT: none was */
} rc_identity_t;

/** Runs the chain of checks; the result lives in @a pool. Returns an error only for a failure of
 * the database, never for a refusal; RC_E_MISS when @a db is a memory (db/memory.h) that does not
 * suffice, also because the use of the key is to be recorded. */
rc_err_t *rc_identify(rc_identity_t *who, rc_db_t *db, const rc_credentials_t *credentials,
                      apr_pool_t *pool);

#endif
