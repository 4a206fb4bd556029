// SPDX-License-Identifier: Apache-2.0
/*
 * Checks that a text is JSON before it is read: strict RFC 8259, valid UTF-8, bounded depth and
 * number of values. json-c alone accepts invalid JSON and can be made to use memory without end.
 */
#ifndef RC_BASE_JSON_SCAN_H
#define RC_BASE_JSON_SCAN_H

#include <stdbool.h>

#include <apr_pools.h>

/* What is accepted besides RFC 8259. */
typedef struct rc_json_limits_t {
    int depth, values;
    bool nul;     /* \u0000 in a text; a key never holds it */
    bool integer; /* beyond 64 bits; the top-level "id" may be, in any case */
} rc_json_limits_t;

/* For what clients send to the server. */
#define RC_JSON_DEPTH  32
#define RC_JSON_VALUES 10000
extern const rc_json_limits_t rc_json_of_clients;

/* For what the programs read: files of their user, answers of servers. */
extern const rc_json_limits_t rc_json_of_servers;

typedef struct rc_json_scan_t {
    const char *what;  /* what is wrong, a fixed text; NULL = nothing */
    apr_size_t offset; /* where, in bytes from the start */
    int line, column;  /* the same, counted from 1 */
    const char *id;    /* the raw text of the top-level member "id" (the last one), or NULL */
    apr_size_t id_len;
} rc_json_scan_t;

/** Is @a text one JSON value within @a limits? If not, @a scan says what is wrong and where. */
bool rc_json_scan(rc_json_scan_t *scan, const char *text, apr_size_t len,
                  const rc_json_limits_t *limits);

/** Raw JSON without the blanks between its tokens, so that it fits one line. Lives in @a pool. */
const char *rc_json_compact(const char *raw, apr_size_t len, apr_pool_t *pool);

#endif
