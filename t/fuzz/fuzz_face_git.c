// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes what is read of git's requests and answers: a body for upload-pack, the commands of a
 * push, and the report about it. The first byte says which, the second the size of the pieces.
 */
#include "fuzz.h"
#include "faces/git/fetch_request.h"
#include "faces/git/push_report.h"
#include "faces/git/push_request.h"
#include "faces/git/route.h"

/* A normal form has itself as its normal form. */
static void fuzz_fetch(int version, const char *data, size_t size, apr_pool_t *pool)
{
    rc_fetch_request_t request, again;

    rc_fetch_request_read(&request, version, data, size, pool);
    CHECK((request.normal != NULL) == (request.kind == RC_FETCH_WHOLE));
    if (!request.normal)
        return;
    rc_fetch_request_read(&again, version, request.normal, strlen(request.normal), pool);
    CHECK(again.kind == RC_FETCH_WHOLE);
    CHECK(!strcmp(again.normal, request.normal));
    CHECK(again.bands == request.bands);
}

static void read_in_pieces(rc_push_request_t *request, const char *data, size_t size, size_t piece,
                           apr_pool_t *pool)
{
    size_t at, len;

    rc_push_request_begin(request, pool);
    for (at = 0; at < size && request->state == RC_PUSH_MORE; at += len) {
        len = size - at < piece ? size - at : piece;
        rc_push_request_read(request, data + at, len);
    }
}

/* What git gets has the same commands, whatever the pieces are. */
static void fuzz_push(const char *data, size_t size, size_t piece, apr_pool_t *pool)
{
    rc_push_request_t request, whole, again;
    int i;

    read_in_pieces(&request, data, size, piece, pool);
    read_in_pieces(&whole, data, size, size, pool);
    CHECK(request.state == whole.state);
    if (request.state != RC_PUSH_READY)
        return;
    read_in_pieces(&again, request.head, request.head_len, piece, pool);
    CHECK(again.state == RC_PUSH_READY && !again.rest_len);
    CHECK(again.commands->nelts == request.commands->nelts);
    CHECK(again.bands == request.bands);
    CHECK(again.reports || !again.commands->nelts);
    for (i = 0; i < again.commands->nelts; i++)
        CHECK(!strcmp(APR_ARRAY_IDX(again.commands, i, rc_push_command_t *)->ref,
                      APR_ARRAY_IDX(request.commands, i, rc_push_command_t *)->ref));
}

/* What the client gets is not longer than the answer, and consists of packets. */
static void fuzz_report(const char *data, size_t size, size_t piece, bool bands, apr_pool_t *pool)
{
    rc_push_request_t request;
    rc_push_report_t report;
    size_t at, len, given = 0;
    rc_err_t *err = NULL;

    rc_push_request_begin(&request, pool);
    request.bands = bands;
    request.reports = true;
    rc_push_report_begin(&report, &request);
    for (at = 0; at < size && !err; at += len) {
        const char *out = data + at, *end;
        apr_size_t n;
        rc_pkt_t pkt;

        n = len = size - at < piece ? size - at : piece;
        if ((err = rc_push_report_read(&out, &n, &report)))
            break;
        given += n;
        for (end = out + n; out < end;)
            CHECK(rc_pkt_next(&pkt, &out, end) == RC_PKT_LINE);
    }
    CHECK(given <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *text = size > 2 ? apr_pmemdup(pool, data + 2, size - 2) : "";
    size_t len = size > 2 ? size - 2 : 0, piece = size > 1 ? data[1] + 1u : 1;
    rc_face_git_route_t route;

    switch (size ? data[0] % 7 : 0) {
    case 3:
        fuzz_push(text, len, piece, pool);
        break;
    case 4:
    case 5:
        fuzz_report(text, len, piece, data[0] % 7 == 4, pool);
        break;
    case 6:
        if (rc_face_git_route(&route, apr_pstrmemdup(pool, text, len), pool))
            CHECK(route.n_repos >= 1 && route.n_repos <= 2);
        break;
    default:
        fuzz_fetch(size ? data[0] % 7 : 0, text, len, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
