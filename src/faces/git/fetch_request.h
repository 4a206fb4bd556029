// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the body of a POST to git-upload-pack: what kind of request it is, and its normal form, by
 * which equal requests of different clients are recognized (contract 06 §3).
 */
#ifndef RC_FACES_GIT_FETCH_REQUEST_H
#define RC_FACES_GIT_FETCH_REQUEST_H

#include <stdbool.h>

#include <apr_tables.h>

typedef enum {
    RC_FETCH_NOTHING, /* a flush without a request: the answer is empty */
    RC_FETCH_REFS,    /* ls-refs of version 2 */
    RC_FETCH_WHOLE,   /* without `have`, and understood: a clone, its answer may be kept */
    RC_FETCH_PART,    /* with `have` */
    RC_FETCH_OTHER,   /* anything else: git decides */
    RC_FETCH_WRONG    /* no sequence of packets */
} rc_fetch_kind_t;

typedef struct rc_fetch_request_t {
    rc_fetch_kind_t kind;
    const char *normal;        /* of RC_FETCH_WHOLE: a body with the same answer, without NUL */
    apr_array_header_t *wants; /* const char *: the ids that it asks for */
    bool bands;                /* it is multiplexed, and may carry messages */

    /* ls-refs */
    bool peel, symrefs, unborn;
    apr_array_header_t *prefixes; /* of const char * */
} rc_fetch_request_t;

/**
 * Reads the @a len bytes of a body at @a data, which a client sent as version @a version (0, 1, 2).
 * Texts live in @a pool. Time grows as n log n, memory as the body.
 */
void rc_fetch_request_read(rc_fetch_request_t *request, int version, const char *data,
                           apr_size_t len, apr_pool_t *pool);

#endif
