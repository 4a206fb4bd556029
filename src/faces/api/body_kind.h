// SPDX-License-Identifier: Apache-2.0
#ifndef RC_FACES_API_BODY_KIND_H
#define RC_FACES_API_BODY_KIND_H

#include <apr.h>

/** What @a text is, when it is a kind of body that clients send by mistake ("gzip data"); NULL when
 * nothing can be told. */
const char *rc_body_kind(const char *text, apr_size_t len);

/** Bytes of the byte-order mark (UTF-8) at the start of @a text: 3 or 0. */
apr_size_t rc_body_mark(const char *text, apr_size_t len);

#endif
