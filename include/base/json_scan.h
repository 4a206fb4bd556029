// SPDX-License-Identifier: Apache-2.0
/*
 * Stands before json-c: strict RFC 8259, valid UTF-8, no NUL (nor \u0000), bounded depth and
 * number of values, no integer beyond 64 bits but in the top-level "id". json-c alone accepts
 * invalid JSON and can be made to use memory without end.
 */
#ifndef RC_BASE_JSON_SCAN_H
#define RC_BASE_JSON_SCAN_H

#include <stdbool.h>

#include <apr_pools.h>

#define RC_JSON_DEPTH  32
#define RC_JSON_VALUES 10000

typedef struct rc_json_scan_t {
    const char *what;  /* what is wrong, a fixed text; NULL = nothing */
    apr_size_t offset; /* where, in bytes from the start */
    int line, column;  /* the same, counted from 1 */
    const char *id;    /* the raw text of the top-level member "id" (the last one), or NULL */
    apr_size_t id_len;
} rc_json_scan_t;

/** True when @a text is one acceptable JSON value; else @a guard tells what and where. */
bool rc_json_scan(rc_json_scan_t *guard, const char *text, apr_size_t len);

/** Raw JSON without the blanks between its tokens, so that it fits one line. Lives in @a pool. */
const char *rc_json_compact(const char *raw, apr_size_t len, apr_pool_t *pool);

#endif
