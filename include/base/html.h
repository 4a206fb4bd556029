// SPDX-License-Identifier: Apache-2.0
/*
 * Writes HTML into a spool. Markup comes from constant formats only; whatever is inserted into them
 * is escaped, for text and for attributes in double quotes alike. So no text of a user, a commit or
 * a repository can become markup. The first error is kept; calls after it do nothing.
 */
#ifndef RC_BASE_HTML_H
#define RC_BASE_HTML_H

#include "base/spool.h"

typedef struct rc_html_t {
    rc_spool_t *spool;
    rc_err_t *err; /* the first error; NULL: none */
} rc_html_t;

/**
 * Writes markup. In @a format, %s inserts a text (NULL: nothing), %.*s the first bytes of one, %d
 * an int, %ld (APR_INT64_T_FMT) an apr_int64_t, %% a percent sign; nothing else is allowed. Texts
 * are escaped; control characters and bytes that are not UTF-8 become U+FFFD.
 */
void rc_html_put(rc_html_t *html, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Writes the @a len bytes at @a text, escaped. */
void rc_html_text(rc_html_t *html, const char *text, apr_size_t len);

#endif
