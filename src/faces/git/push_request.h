// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the beginning of a POST to git-receive-pack: the commands, which say what each reference is
 * to become. A pack may follow them.
 */
#ifndef RC_FACES_GIT_PUSH_REQUEST_H
#define RC_FACES_GIT_PUSH_REQUEST_H

#include <stdbool.h>

#include <apr_hash.h>
#include <apr_tables.h>

#define RC_PUSH_COMMANDS_MOST ((apr_size_t)10 << 20) /* bytes of all commands */

/* One command, and what became of it. */
typedef struct rc_push_command_t {
    const char *ref;
    const char *old_id, *new_id; /* as sent; NULL: the null id */
    bool done;                   /* git reports that the reference was changed */
} rc_push_command_t;

typedef enum {
    RC_PUSH_MORE,  /* the commands are not complete */
    RC_PUSH_READY, /* they are */
    RC_PUSH_LONG,  /* they exceed RC_PUSH_COMMANDS_MOST */
    RC_PUSH_WRONG  /* they are malformed */
} rc_push_state_t;

typedef struct rc_push_request_t {
    rc_push_state_t state;
    apr_array_header_t *commands; /* of rc_push_command_t * */
    apr_hash_t *by_ref;           /* the same by `ref` */
    bool atomic;                  /* all commands, or none */
    bool reports;                 /* the client wants a report */
    bool bands;                   /* its answer is multiplexed, and may carry messages */
    const char *head;             /* what git gets in place of the bytes that were read: the
                                     commands, with a wish for a report */
    apr_size_t head_len;
    const char *rest; /* bytes that were read behind the commands */
    apr_size_t rest_len;

    /* private */
    apr_pool_t *pool;
    char *buf;
    apr_size_t used, size, seen;
} rc_push_request_t;

/** Starts with an empty request, whose memory is in @a pool. */
void rc_push_request_begin(rc_push_request_t *request, apr_pool_t *pool);

/**
 * Reads the next @a len bytes of the body. Returns request->state; with any other state than
 * RC_PUSH_MORE it must not be called again. Accepts `shallow` lines; refuses certificates and
 * references that are given twice, which git would refuse as well.
 */
rc_push_state_t rc_push_request_read(rc_push_request_t *request, const char *data, apr_size_t len);

#endif
