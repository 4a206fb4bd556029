// SPDX-License-Identifier: Apache-2.0
/*
 * Checks that a text is JSON before it is parsed: strict RFC 8259, valid UTF-8, limited depth and
 * number of values.
 */
#ifndef RC_BASE_JSON_SCAN_H
#define RC_BASE_JSON_SCAN_H

#include <stdbool.h>

#include <apr_pools.h>

/* The limits of a text, and what is allowed in it. */
typedef struct rc_json_limits_t {
    int depth, values;
    bool nul;     /* \u0000 is allowed in strings, never in keys */
    bool integer; /* integers beyond 64 bits are allowed; in the top-level "id" they always are */
} rc_json_limits_t;

/* For requests of clients. */
#define RC_JSON_DEPTH  32
#define RC_JSON_VALUES 10000
extern const rc_json_limits_t rc_json_of_clients;

/* For the programs: files of their user, answers of servers. */
extern const rc_json_limits_t rc_json_of_servers;

typedef struct rc_json_scan_t {
    const char *what;  /* the fault, a fixed text; NULL = none */
    apr_size_t offset; /* of the fault, in bytes from the start */
    int line, column;  /* the same, counted from 1 */
    const char *id;    /* the raw text of the top-level member "id" (the last one), or NULL */
    apr_size_t id_len;
} rc_json_scan_t;

/** Returns whether @a text is one JSON value within @a limits. If not, @a scan holds the fault and
 * its place. @a scan->id points into @a text. */
bool rc_json_scan(rc_json_scan_t *scan, const char *text, apr_size_t len,
                  const rc_json_limits_t *limits);

/** Returns valid JSON without the blanks between its tokens, on one line, in @a pool. */
const char *rc_json_compact(const char *raw, apr_size_t len, apr_pool_t *pool);

#endif
