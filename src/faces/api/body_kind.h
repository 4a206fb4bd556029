// SPDX-License-Identifier: Apache-2.0
#ifndef RC_FACES_API_BODY_KIND_H
#define RC_FACES_API_BODY_KIND_H

#include <apr.h>

/** Returns the kind of body that @a text is ("gzip data"), if it is one that clients send by
 * mistake; else NULL. The result is a constant. */
const char *rc_body_kind(const char *text, apr_size_t len);

/** Returns the length of the UTF-8 byte-order mark at the start of @a text: 3, or 0 without one. */
apr_size_t rc_body_mark(const char *text, apr_size_t len);

#endif
