// SPDX-License-Identifier: Apache-2.0
/*
 * Writes JSON on one line directly into a spool: no tree, keys in the order of the calls.
 * The first error is kept for rc_json_finish; calls after it do nothing.
 */
#ifndef RC_BASE_JSON_H
#define RC_BASE_JSON_H

#include <stdbool.h>

#include <apr_tables.h>

#include "base/spool.h"

typedef struct rc_json_t {
    rc_spool_t *spool;
    rc_err_t *err;
    bool comma; /* the next value or key needs a comma before it */
    /* set by rc_json_only */
    const apr_array_header_t *only;
    int depth;        /* open brackets since then */
    bool hidden;      /* nothing is written: the value of a key that is left out */
    bool comma_after; /* the value of comma when that ends */
} rc_json_t;

/** Starts writing into @a spool. */
void rc_json_init(rc_json_t *json, rc_spool_t *spool);

/** Returns the first error of all calls, or NULL. */
rc_err_t *rc_json_finish(rc_json_t *json);

/** From now on, objects that the current list holds have only the members named in @a names (const
 * char *); NULL: all again. Call it before the list begins and after it has ended. */
void rc_json_only(rc_json_t *json, const apr_array_header_t *names);

/** Returns whether the member @a key of these objects would be written: what is left out need not
 * be computed. */
bool rc_json_wants(const rc_json_t *json, const char *key);

void rc_json_object_begin(rc_json_t *json);
void rc_json_object_end(rc_json_t *json);
void rc_json_array_begin(rc_json_t *json);
void rc_json_array_end(rc_json_t *json);

/** Writes the key of the next value; it must be plain ASCII without quotes or backslashes. */
void rc_json_key(rc_json_t *json, const char *key);

/** Writes a key that is data: escaped and repaired like a string. */
void rc_json_key_text(rc_json_t *json, const char *key);

/** Writes a string; NULL writes null. Each byte that is not UTF-8 becomes U+FFFD. */
void rc_json_string(rc_json_t *json, const char *text);
void rc_json_string_len(rc_json_t *json, const char *text, apr_size_t len);
void rc_json_int(rc_json_t *json, apr_int64_t value);
void rc_json_bool(rc_json_t *json, bool value);
void rc_json_null(rc_json_t *json);

/** Copies one complete JSON value as it is. */
void rc_json_raw(rc_json_t *json, const char *text, apr_size_t len);

/** Writes the digits of a number before @a end; returns where they begin. */
#define RC_JSON_DIGITS 24 /* more bytes than a number has */
const char *rc_json_digits(char *end, apr_int64_t value);

/** Returns whether a string is written as it is, without escapes and repairs. */
bool rc_json_plain(const char *text, apr_size_t len);

/* Each writes a member of an object: the key, as rc_json_key, and the value. */
void rc_json_member_string(rc_json_t *json, const char *key, const char *text);
/* A string of printable ASCII without quotes and backslashes. */
void rc_json_member_plain(rc_json_t *json, const char *key, const char *text, apr_size_t len);
void rc_json_member_int(rc_json_t *json, const char *key, apr_int64_t value);
void rc_json_member_bool(rc_json_t *json, const char *key, bool value);
void rc_json_member_null(rc_json_t *json, const char *key);
/* Several members, written as they are: not for objects of which rc_json_only leaves some out. */
void rc_json_members_raw(rc_json_t *json, const char *text, apr_size_t len);
/* A number of which 0 means none: null. */
void rc_json_member_int_or_null(rc_json_t *json, const char *key, apr_int64_t id);
/* A list of const char *; NULL is an empty one. */
void rc_json_member_strings(rc_json_t *json, const char *key, const apr_array_header_t *list);

#endif
