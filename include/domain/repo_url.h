// SPDX-License-Identifier: Apache-2.0
/*
 * Reads which repository a part of a URL names, by its full name or by its id (contract 03 §1).
 */
#ifndef RC_DOMAIN_REPO_URL_H
#define RC_DOMAIN_REPO_URL_H

#include <stdbool.h>

#include <apr_pools.h>

/* A repository as a URL names it. Whether it exists is not known. */
typedef struct rc_repo_url_t {
    const char *name; /* full name; NULL: the URL has the id */
    apr_int64_t id;   /* 0: the URL has the name */
} rc_repo_url_t;

/**
 * Reads the @a len bytes at @a text, without the slash before them: "g/r", "g%2Fr", or "_12", the
 * id, with ignored words after it ("_12/r"). Returns false for what names no repository: a name
 * below _admin, an empty or too long one. The name is decoded, in @a pool.
 */
bool rc_repo_url_read(rc_repo_url_t *url, const char *text, apr_size_t len, apr_pool_t *pool);

#endif
