// SPDX-License-Identifier: Apache-2.0
/*
 * The whitelist of views that API keys open: shell patterns for Controller:action (contract 03 §2).
 */
#ifndef RC_FACES_WHITELIST_H
#define RC_FACES_WHITELIST_H

#include <stdbool.h>

#include <apr_tables.h>

/**
 * Adds the entries of @a text (separated by commas, blanks, line ends, quotes or lone backslashes)
 * to @a list of const char *; "None" empties it. Returns an error message, or NULL. Copies into
 * @a pool.
 */
const char *rc_whitelist_add(apr_array_header_t *list, const char *text, apr_pool_t *pool);

/** Returns whether the pattern @a entry matches @a action, "Controller:action". */
bool rc_whitelist_fits(const char *entry, const char *action);

/** Returns whether an entry of @a list (NULL: empty) matches @a action. */
bool rc_whitelist_has(const apr_array_header_t *list, const char *action);

#endif
