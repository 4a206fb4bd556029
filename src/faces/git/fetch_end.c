// SPDX-License-Identifier: Apache-2.0
/*
 * Ends an answer to a fetch. The last four bytes, a flush, are held back while a message could
 * come before them.
 */
#include "fetch_end.h"

#include <string.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "faces/sign_in.h"
#include "vcs/pkt_line.h"

#define SIZE  ((apr_off_t)2 * RC_PKT_MOST)
#define FLUSH "0000"

typedef struct ending_t {
    rc_face_git_call_t *call;
    const rc_fetch_request_t *request;
    const bool *failed;
    rc_stream_t *from, stream;
    apr_file_t *file;      /* of the pieces; NULL: none has come */
    apr_off_t size, given; /* bytes of it that have come; that were handed out */
    bool holds;            /* a message may follow: FLUSH is held back */
    bool over;             /* all bytes have come */
    const char *end;       /* the last piece, which is not in the file; NULL: there is none */
} ending_t;

/* Reads at most @a len bytes of git's output; returns how many. */
static apr_size_t read_at(const ending_t *ending, char *buf, apr_size_t len, apr_off_t at)
{
    apr_os_file_t fd;
    ssize_t n = -1;

    if (apr_os_file_get(&fd, ending->file) == APR_SUCCESS)
        n = pread(fd, buf, len, at);
    return n > 0 ? (apr_size_t)n : 0;
}

/* Reads the packets that come before a pack. Without bands, the pack itself is no packet. Only the
 * first @a most bytes count. */
static bool finds_pack(const ending_t *ending, apr_off_t most)
{
    char *buf = apr_palloc(ending->call->pool, SIZE);
    apr_off_t at = 0;
    const char *p;
    rc_pkt_t pkt;

    do {
        apr_off_t left = most - at;
        apr_size_t len = read_at(ending, buf, left < SIZE ? (apr_size_t)left : SIZE, at);

        p = buf;
        while (rc_pkt_next(&pkt, &p, buf + len) < RC_PKT_MORE)
            if (pkt.kind == RC_PKT_LINE && pkt.len && *pkt.data == RC_PKT_BAND_DATA)
                return true;
        if (pkt.kind == RC_PKT_WRONG)
            return buf + len - p >= 4 && !memcmp(p, "PACK", 4);
        at += p - buf;
    } while (p > buf);
    return false;
}

/* Returns the end of the answer with a message before its flush; NULL: it has no such end. */
static const char *with_message(const ending_t *ending, const char *note)
{
    char held[sizeof(FLUSH)] = "", head[RC_PKT_HEAD + 1] = "";

    read_at(ending, held, strlen(FLUSH), ending->size - (apr_off_t)strlen(FLUSH));
    if (!note || !ending->holds || strcmp(held, FLUSH))
        return NULL;
    rc_pkt_head(head, strlen(note) + 2);
    return apr_pstrcat(ending->call->pool, head, "\2", note, "\n" FLUSH, NULL);
}

/* All bytes have come. */
static void end_answer(ending_t *ending)
{
    bool pulled = ending->file && finds_pack(ending, ending->size);
    const char *note =
        pulled ? rc_face_record_pull(&ending->call->actor, ending->call->repo, !*ending->failed)
               : NULL;

    ending->over = true;
    ending->end = with_message(ending, note);
}

/* Gives what may be given of the file; nothing, when all was given. */
static void give_file(rc_piece_t *piece, ending_t *ending, bool flush)
{
    apr_off_t held = ending->holds && (!ending->over || ending->end) ? (apr_off_t)strlen(FLUSH) : 0;
    apr_off_t len = ending->size - held - ending->given;

    *piece = (rc_piece_t){.file = ending->file, .start = ending->given, .flush = flush};
    piece->len = len > 0 ? (apr_size_t)len : 0;
    piece->later = !piece->len && !ending->over;
    piece->last = ending->over && !ending->end;
    ending->given += (apr_off_t)piece->len;
}

static rc_err_t *next_bytes(rc_piece_t *piece, void *baton)
{
    ending_t *ending = baton;

    if (!ending->over) {
        ending->from->unsent = ending->stream.unsent;
        ending->from->at_once = ending->stream.at_once;
        RC_TRY(ending->from->next(piece, ending->from->baton));
        ending->stream.follows = ending->from->follows;
        if (piece->later)
            return NULL;
        if (piece->len)
            ending->file = piece->file;
        ending->size += (apr_off_t)piece->len;
        if (piece->last || !piece->len)
            end_answer(ending);
        give_file(piece, ending, piece->flush);
        if (piece->len || !ending->end)
            return NULL;
    }
    *piece = (rc_piece_t){.data = ending->end, .last = true};
    piece->len = ending->end ? strlen(ending->end) : 0;
    return NULL;
}

/* When the client has left, what it got so far counts. */
static void close_bytes(void *baton)
{
    ending_t *ending = baton;

    if (!ending->over && ending->file && finds_pack(ending, ending->given))
        rc_face_record_pull(&ending->call->actor, ending->call->repo, false);
    if (ending->from->close)
        ending->from->close(ending->from->baton);
}

rc_stream_t *rc_face_git_fetch_end(rc_face_git_call_t *call, const rc_fetch_request_t *request,
                                   rc_stream_t *stream, const bool *failed)
{
    ending_t *ending = apr_pcalloc(call->pool, sizeof(*ending));

    ending->call = call;
    ending->request = request;
    ending->failed = failed;
    ending->from = stream;
    ending->holds = request->bands && call->repo->enable_locking && call->repo->level >= RC_WRITE;
    ending->stream = (rc_stream_t){
        .next = next_bytes, .close = close_bytes, .baton = ending, .follows = stream->follows};
    return &ending->stream;
}
