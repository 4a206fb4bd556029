// SPDX-License-Identifier: Apache-2.0
/*
 * Reads git's answer to a push (gitprotocol-pack(5), "Report Status"): lines of a report, either
 * plain or inside of the first of several bands.
 */
#include "push_report.h"

#include <string.h>

#include <apr_strings.h>

/* A packet that is not complete, and the next bytes. */
#define BUFFER ((apr_size_t)2 * RC_PKT_MOST)

typedef rc_err_t *packet_fn_t(rc_push_report_t *report, const rc_pkt_t *pkt);

void rc_push_report_begin(rc_push_report_t *report, rc_push_request_t *request)
{
    *report = (rc_push_report_t){.request = request};
    report->pending = apr_palloc(request->pool, BUFFER);
    report->report = apr_palloc(request->pool, BUFFER);
    report->out_size = BUFFER;
    report->out = apr_palloc(request->pool, BUFFER);
}

static rc_err_t *not_the_protocol(const rc_push_report_t *report)
{
    return rc_err_internal(report->request->pool, APR_SUCCESS,
                           "git's answer to a push has another form than expected");
}

/* Appends bytes to @a buf, which holds *@a held, and calls @a fn for each complete packet. */
static rc_err_t *split(rc_push_report_t *report, char *buf, apr_size_t *held, const char *data,
                       apr_size_t len, packet_fn_t *fn)
{
    while (len) {
        apr_size_t n = len < BUFFER - *held ? len : BUFFER - *held;
        const char *at = buf, *end = buf + *held + n;
        rc_pkt_t pkt;

        memcpy(buf + *held, data, n);
        data += n;
        len -= n;
        while (rc_pkt_next(&pkt, &at, end) < RC_PKT_MORE)
            RC_TRY(fn(report, &pkt));
        if (pkt.kind == RC_PKT_WRONG)
            return not_the_protocol(report);
        *held = (apr_size_t)(end - at);
        memmove(buf, at, *held);
    }
    return NULL;
}

/* Reads one line of the report, or its end. */
static rc_err_t *read_report_line(rc_push_report_t *report, const rc_pkt_t *pkt)
{
    const char *text = rc_pkt_text(pkt, report->request->pool);
    rc_push_command_t *command;

    if (report->reported || (pkt->kind != RC_PKT_FLUSH && !text))
        return not_the_protocol(report);
    if (!text) {
        report->reported = true;
    } else if (!strcmp(text, "unpack ok")) {
        report->unpacked = true;
    } else if (!strncmp(text, "ok ", 3)) {
        command = apr_hash_get(report->request->by_ref, text + 3, APR_HASH_KEY_STRING);
        if (command)
            command->done = true;
    }
    return NULL;
}

/* Returns whether the client gets the report. */
static bool passes(const rc_push_report_t *report)
{
    return report->request->reports && !report->silent;
}

/* Appends a line to what the client gets. */
static void put_packet(rc_push_report_t *report, const rc_pkt_t *pkt)
{
    char *to = rc_pkt_head(report->out + report->out_len, pkt->len);

    memcpy(to, pkt->data, pkt->len);
    report->out_len += RC_PKT_HEAD + pkt->len;
}

/* A packet of an answer with bands. */
static rc_err_t *read_banded(rc_push_report_t *report, const rc_pkt_t *pkt)
{
    bool data;

    if (report->complete || (pkt->kind != RC_PKT_FLUSH && pkt->kind != RC_PKT_LINE))
        return not_the_protocol(report);
    report->complete = pkt->kind == RC_PKT_FLUSH;
    if (report->complete || !pkt->len)
        return NULL;
    data = *pkt->data == RC_PKT_BAND_DATA;
    if (data)
        RC_TRY(split(report, report->report, &report->report_len, pkt->data + 1, pkt->len - 1,
                     read_report_line));
    if (!data || passes(report))
        put_packet(report, pkt);
    return NULL;
}

/* A packet of an answer without bands. */
static rc_err_t *read_plain(rc_push_report_t *report, const rc_pkt_t *pkt)
{
    RC_TRY(read_report_line(report, pkt));
    report->complete = report->reported;
    if (pkt->kind == RC_PKT_LINE && passes(report))
        put_packet(report, pkt);
    return NULL;
}

rc_err_t *rc_push_report_read(const char **data, apr_size_t *len, rc_push_report_t *report)
{
    apr_size_t most = report->pending_len + *len;

    if (report->out_size < most) {
        report->out_size = most;
        report->out = apr_palloc(report->request->pool, most);
    }
    report->out_len = 0;
    RC_TRY(split(report, report->pending, &report->pending_len, *data, *len,
                 report->request->bands ? read_banded : read_plain));
    *data = report->out;
    *len = report->out_len;
    return NULL;
}

/* Writes a report that refuses each command. */
static rc_err_t *write_refusal(rc_spool_t *out, const rc_push_request_t *request, const char *why)
{
    int i;

    RC_TRY(rc_pkt_puts(out, apr_pstrcat(request->pool, "unpack ", why, "\n", NULL)));
    for (i = 0; i < request->commands->nelts; i++) {
        const char *ref = APR_ARRAY_IDX(request->commands, i, rc_push_command_t *)->ref;

        RC_TRY(rc_pkt_puts(out, apr_pstrcat(request->pool, "ng ", ref, " ", why, "\n", NULL)));
    }
    return rc_pkt_mark(out, RC_PKT_FLUSH);
}

/* The same inside of the first band. */
static rc_err_t *write_banded_refusal(rc_spool_t *out, const rc_push_request_t *request,
                                      const char *why)
{
    rc_spool_t *lines = rc_spool_beside(out, request->pool);
    const char *data;

    RC_TRY(write_refusal(lines, request, why));
    RC_TRY(rc_spool_view(&data, lines, request->pool));
    return rc_pkt_band(out, RC_PKT_BAND_DATA, data, (apr_size_t)rc_spool_size(lines));
}

static const char *with_line_end(const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);

    return len && text[len - 1] == '\n' ? text : apr_pstrcat(pool, text, "\n", NULL);
}

rc_err_t *rc_push_report_end(rc_spool_t *out, const rc_push_report_t *report,
                             const char *const *messages, const char *why)
{
    const rc_push_request_t *request = report->request;

    if (!request->bands) {
        if (!request->reports)
            return NULL;
        return why ? write_refusal(out, request, why) : rc_pkt_mark(out, RC_PKT_FLUSH);
    }
    if (why && request->reports)
        RC_TRY(write_banded_refusal(out, request, why));
    for (; *messages; messages++) {
        const char *line = with_line_end(*messages, request->pool);

        RC_TRY(rc_pkt_band(out, RC_PKT_BAND_PROGRESS, line, strlen(line)));
    }
    return rc_pkt_mark(out, RC_PKT_FLUSH);
}
