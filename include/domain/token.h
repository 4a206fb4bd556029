// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases on the main key and the tokens of a user (contract 10 §2, §6). Users run them for
 * themselves and super-admins for any user. A caller by a token makes, replaces and deletes only
 * keys that are as narrow as that token, or narrower, in role, scope and life; a caller by a scoped
 * token sees only keys of the same scope.
 *
 * Errors are those of domain/user.h; RC_E_FORBIDDEN for a caller without the right to the user, and
 * RC_E_FAILED for one whose key is narrower than the key in question.
 */
#ifndef RC_DOMAIN_TOKEN_H
#define RC_DOMAIN_TOKEN_H

#include "domain/actor.h"
#include "domain/user.h"

/* A key as answers show it. */
typedef struct rc_token_t {
    rc_user_key_t key;
    const char *scope; /* "Global", "Repository: <name>", "RepositoryGroup: <name> (recursive)" */
    const char *clear; /* the whole key when it was just made, else NULL */
    const char *shown; /* its first characters and a mask, or a mask alone */
    bool expired;
} rc_token_t;

/** Lists the keys of @a user (rc_token_t): the main one first, then by id. */
rc_err_t *rc_user_tokens(apr_array_header_t **tokens, rc_actor_t *actor, const rc_user_t *user);

typedef struct rc_token_creation_t {
    const rc_user_t *user;
    rc_role_t role;
    apr_int64_t lifetime;         /* minutes, more than 0, or RC_NEVER */
    const char *description;      /* NULL = "" */
    const rc_repo_t *repo;        /* the scope; NULL: none */
    const rc_repo_group_t *group; /* the same; not both */
    bool replace_expired; /* deletes those with this description that have expired: a program makes
                             such a token again and again */
    rc_token_t made;      /* output */
} rc_token_creation_t;

/** Creates a token. Returns RC_E_ARG "repository `x` does not exist" when @a request->user may not
 * read the scope, RC_E_FAILED for a wrong lifetime, description or scope. */
rc_err_t *rc_user_token_create(rc_actor_t *actor, rc_token_creation_t *request);

/* A key of a user. */
typedef struct rc_token_choice_t {
    const rc_user_t *user;
    const char *which; /* its id; or its clear text; NULL: the main key */
    rc_token_t token;  /* output: what was found, and made of it */
} rc_token_choice_t;

/** Deletes a token. Returns RC_E_NOTFOUND when the user has no such token, RC_E_FAILED for the main
 * key. */
rc_err_t *rc_user_token_delete(rc_actor_t *actor, rc_token_choice_t *request);

/** Replaces a key by a new one with the same properties; the old one is void at once. Returns
 * RC_E_NOTFOUND when the user has no such key. */
rc_err_t *rc_user_token_reset(rc_actor_t *actor, rc_token_choice_t *request);

#endif
