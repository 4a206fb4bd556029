// SPDX-License-Identifier: Apache-2.0
/*
 * Fills answers, for all faces.
 */
#include "faces/answer.h"

const char *const rc_answer_sandbox[] = {"X-Content-Type-Options",
                                         "nosniff",
                                         "Content-Security-Policy",
                                         "default-src 'none'; sandbox",
                                         "Referrer-Policy",
                                         "no-referrer",
                                         NULL};

void rc_answer_header(rc_answer_t *answer, const char *name, const char *value)
{
    apr_table_set(answer->headers, name, value);
}

void rc_answer_headers(rc_answer_t *answer, const char *const *pairs)
{
    for (; *pairs; pairs += 2)
        apr_table_setn(answer->headers, pairs[0], pairs[1]);
}

rc_err_t *rc_answer_refuse(rc_answer_t *answer, int status, const char *text, const char *why)
{
    answer->status = status;
    answer->text = text;
    answer->why = why;
    return NULL;
}
