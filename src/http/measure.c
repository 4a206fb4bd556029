// SPDX-License-Identifier: Apache-2.0
/*
 * Counts each answer when it has been sent, and has the process tidied.
 */
#include "measure.h"

#include "base/metrics.h"
#include "base/time.h"
#include "domain/tidy.h"

void rc_http_measure_answer(rc_note_t *note)
{
    note->measured = note->face ? note->face->name : "none";
    note->view = note->answer->view;
}

int rc_http_measure(request_rec *r)
{
    const rc_note_t *note = rc_http_existing_note(r);
    const char status[] = {(char)('0' + r->status / 100 % 10), (char)('0' + r->status / 10 % 10),
                           (char)('0' + r->status % 10), '\0'};
    rc_env_t *env;

    if (!note || !note->measured)
        return DECLINED;
    if ((env = rc_http_env(r)))
        rc_tidy_later(env);
    rc_metric_add(RC_METRIC_REQUESTS, note->measured, status, 1);
    rc_metric_time(RC_METRIC_SECONDS, note->measured, rc_clock() - note->began);
    if (note->view)
        rc_metric_add(RC_METRIC_VIEWS, note->view, status, 1);
    return DECLINED;
}
