// SPDX-License-Identifier: Apache-2.0
/*
 * Decides who makes a request and whether they are let in: one chain for every face.
 *
 *     key > login > anonymous > active > address > role
 *
 * The answer says who it is and, when they are refused, why; each face has its own texts for it.
 */
#ifndef RC_DOMAIN_IDENTIFY_H
#define RC_DOMAIN_IDENTIFY_H

#include "domain/auth.h"

/* What a request brings along, and what counts where it goes to. */
typedef struct rc_credentials_t {
    bool local;        /* a program of this machine: the first super-admin, whatever else is set */
    const char *key;   /* NULL: none */
    unsigned roles;    /* of keys that count here (rc_role_t, or'ed) */
    bool only_key;     /* a key that does not count refuses the request; else it is ignored */
    const char *login; /* the user whose password the server has checked, or NULL */
    bool anonymous;    /* may the default user come in? */
    const char *ip;    /* text; NULL: the address does not matter */
} rc_credentials_t;

typedef enum {
    RC_REFUSED_NOT,
    RC_REFUSED_UNKNOWN, /* a key that is nobody's or has expired; or nothing that counts */
    RC_REFUSED_INACTIVE,
    RC_REFUSED_ADDRESS,
    RC_REFUSED_ROLE
} rc_refusal_t;

typedef struct rc_identity_t {
    rc_caller_t *caller;  /* also of a refused request, when it is known; NULL: nobody */
    rc_refusal_t refusal; /* of the request */
    rc_caller_t *owner;   /* of a key that was ignored, or NULL */
    rc_refusal_t ignored; /* why a key was ignored; RC_REFUSED_NOT: none was */
} rc_identity_t;

/** Follows the chain. An error is a failure of the database, never a refusal. */
rc_err_t *rc_identify(rc_identity_t *who, rc_db_t *db, const rc_credentials_t *credentials,
                      apr_pool_t *pool);

#endif
