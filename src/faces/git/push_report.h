// SPDX-License-Identifier: Apache-2.0
/*
 * Reads git's answer to a push while it passes by: which references were changed, and where the
 * answer ends, so that messages of the server can be put before its end.
 */
#ifndef RC_FACES_GIT_PUSH_REPORT_H
#define RC_FACES_GIT_PUSH_REPORT_H

#include "push_request.h"
#include "vcs/pkt_line.h"

typedef struct rc_push_report_t {
    rc_push_request_t *request; /* its commands are marked as done */
    bool silent;                /* git's own report is not passed on */
    bool complete;              /* the end of the answer was read */
    bool unpacked;              /* git has stored the objects */

    /* private */
    char *pending, *report; /* bytes of packets that are not complete */
    apr_size_t pending_len, report_len;
    char *out;
    apr_size_t out_len, out_size;
    bool reported; /* the end of the report was read */
} rc_push_report_t;

/** Starts reading the answer to @a request. Memory is in the pool of the request: three buffers of
 * about 128 KiB. */
void rc_push_report_begin(rc_push_report_t *report, rc_push_request_t *request);

/**
 * Reads the next *@a len bytes of the answer at *@a data. Sets both to what the client is to get of
 * what was read: whole packets, without the last flush, and without the report if the client wants
 * none. They are valid until the next call. Returns RC_E_INTERNAL when git does not speak its
 * protocol.
 */
rc_err_t *rc_push_report_read(const char **data, apr_size_t *len, rc_push_report_t *report);

/**
 * Appends the end of the answer to @a out: @a messages (NULL at the end), a line each, if the
 * client understands them, and the last flush. With @a why, git's report was silenced; a report
 * comes first that says why nothing was done.
 */
rc_err_t *rc_push_report_end(rc_spool_t *out, const rc_push_report_t *report,
                             const char *const *messages, const char *why);

#endif
