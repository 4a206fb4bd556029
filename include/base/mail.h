// SPDX-License-Identifier: Apache-2.0
/*
 * Header lines of mails as git writes them: words outside of ASCII by RFC 2047, names quoted by
 * RFC 822, long lines folded. All text is bytes; what is no UTF-8 is encoded byte by byte.
 */
#ifndef RC_BASE_MAIL_H
#define RC_BASE_MAIL_H

#include <apr_pools.h>

/** "From: <name> <<mail>>\n". Any of both may be empty. In @a pool. */
const char *rc_mail_from(const char *name, const char *mail, apr_pool_t *pool);

/** "Subject: <prefix> <title>\n"; without a blank at its end when the title is empty, as git. */
const char *rc_mail_subject(const char *prefix, const char *title, apr_pool_t *pool);

/** "Date: Thu, 1 Jan 1970 00:00:00 +0000\n" for epoch seconds in the zone @a zone: 130 is +01:30.
 */
const char *rc_mail_date(apr_uint64_t seconds, int zone, apr_pool_t *pool);

#endif
