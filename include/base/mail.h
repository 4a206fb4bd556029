// SPDX-License-Identifier: Apache-2.0
/*
 * Formats header lines of mails as git does: non-ASCII words by RFC 2047, names quoted by RFC 822,
 * long lines folded. Bytes that are not UTF-8 are encoded one by one. Results live in the pool.
 */
#ifndef RC_BASE_MAIL_H
#define RC_BASE_MAIL_H

#include <apr_pools.h>

/** Returns "From: <name> <<mail>>\n". Both may be empty. */
const char *rc_mail_from(const char *name, const char *mail, apr_pool_t *pool);

/** Returns "Subject: <prefix> <title>\n"; without the last blank when the title is empty, as git.
 */
const char *rc_mail_subject(const char *prefix, const char *title, apr_pool_t *pool);

/** Returns "Date: Thu, 1 Jan 1970 00:00:00 +0000\n" for epoch seconds in the zone @a zone: 130 is
 * +01:30. */
const char *rc_mail_date(apr_uint64_t seconds, int zone, apr_pool_t *pool);

/** Returns the word before a subject: "[PATCH]", or "[PATCH 03/12]" with a @a total that is not 0.
 */
const char *rc_mail_prefix(apr_int64_t number, apr_int64_t total, apr_pool_t *pool);

/** Returns the Subject of a commit's @a message (NULL: none), the headers that its bytes need, an
 * empty line and the body. */
const char *rc_mail_message(const char *prefix, const char *message, apr_pool_t *pool);

#endif
