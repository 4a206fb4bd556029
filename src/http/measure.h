// SPDX-License-Identifier: Apache-2.0
/*
 * The counters of the server: their memory, and what is counted of each answer. Private to
 * src/http.
 */
#ifndef RC_SRC_HTTP_MEASURE_H
#define RC_SRC_HTTP_MEASURE_H

#include "http.h"

/* measure.c */

/** Notes what rc_http_measure counts, while the answer exists. */
void rc_http_measure_answer(rc_note_t *note);

/** Counts the answer: a hook of log_transaction. */
int rc_http_measure(request_rec *r);

/* status.c */

/** Creates the memory of the counters, or finds that of before a restart. */
void rc_http_measure_open(server_rec *s);

/** Shows sums in the page of mod_status. */
void rc_http_register_status(void);

#endif
