// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the commands of a push (gitprotocol-pack(5), "Reference Update Request").
 */
#include "push_request.h"

#include <string.h>

#include <apr_strings.h>

#include "vcs/pkt_line.h"

#define ID_LENGTH  40
#define FIRST_SIZE ((apr_size_t)8 * 1024)
#define REPORT     " report-status"
#define SHALLOW    "shallow "

static const char null_id[] = "0000000000000000000000000000000000000000";

void rc_push_request_begin(rc_push_request_t *request, apr_pool_t *pool)
{
    *request = (rc_push_request_t){.state = RC_PUSH_MORE, .pool = pool};
    request->commands = apr_array_make(pool, 4, sizeof(rc_push_command_t *));
    request->by_ref = apr_hash_make(pool);
}

static bool is_id_before(const char *text, char end)
{
    return strspn(text, "0123456789abcdef") == ID_LENGTH && text[ID_LENGTH] == end;
}

/* Returns the id at @a text in @a pool; NULL for the null id. */
static const char *id_at(const char *text, apr_pool_t *pool)
{
    return strncmp(text, null_id, ID_LENGTH) ? apr_pstrmemdup(pool, text, ID_LENGTH) : NULL;
}

/* Reads "old new ref". */
static bool read_command(rc_push_request_t *request, const char *line)
{
    rc_push_command_t *command = apr_pcalloc(request->pool, sizeof(*command));

    if (!is_id_before(line, ' ') || !is_id_before(line + ID_LENGTH + 1, ' '))
        return false;
    command->old_id = id_at(line, request->pool);
    command->new_id = id_at(line + ID_LENGTH + 1, request->pool);
    command->ref = line + 2 * (ID_LENGTH + 1);
    if (!*command->ref || apr_hash_get(request->by_ref, command->ref, APR_HASH_KEY_STRING))
        return false;
    apr_hash_set(request->by_ref, command->ref, APR_HASH_KEY_STRING, command);
    APR_ARRAY_PUSH(request->commands, rc_push_command_t *) = command;
    return true;
}

static bool has_word(const char *words, const char *word)
{
    apr_size_t len = strlen(word);

    for (; *words; words += strcspn(words, " ")) {
        words += strspn(words, " ");
        if (strcspn(words, " ") == len && !strncmp(words, word, len))
            return true;
    }
    return false;
}

/* Reads the capabilities of the first command. */
static void read_capabilities(rc_push_request_t *request, const char *words)
{
    request->atomic = has_word(words, "atomic");
    request->bands = has_word(words, "side-band-64k");
    request->reports = has_word(words, "report-status") || has_word(words, "report-status-v2");
}

/* Appends a line of two parts to the head. Returns false when it is too long. */
static bool put_line(char **to, const char *text, const char *words, apr_pool_t *pool)
{
    const char *tail = words ? apr_pstrcat(pool, words, REPORT, NULL) : "";
    apr_size_t len = strlen(text), tail_len = words ? strlen(tail) + 1 : 0;

    if (len + tail_len > RC_PKT_DATA)
        return false;
    *to = rc_pkt_head(*to, len + tail_len);
    memcpy(*to, text, len);
    *to += len;
    if (tail_len) {
        *(*to)++ = '\0';
        memcpy(*to, tail, tail_len - 1);
        *to += tail_len - 1;
    }
    return true;
}

/* Reads one line, and appends it to the head. */
static bool read_request_line(rc_push_request_t *request, const rc_pkt_t *pkt, char **head)
{
    bool first = !request->commands->nelts;
    apr_size_t len = pkt->len - (pkt->len && pkt->data[pkt->len - 1] == '\n');
    const char *line = apr_pstrmemdup(request->pool, pkt->data, len), *words = NULL;

    if (strlen(line) < len) { /* a NUL: capabilities follow */
        words = line + strlen(line) + 1;
        if (!first || strlen(line) + 1 + strlen(words) < len)
            return false;
    }
    if (!strncmp(line, SHALLOW, strlen(SHALLOW)))
        return !words && is_id_before(line + strlen(SHALLOW), '\0') &&
               put_line(head, line, NULL, request->pool);
    if (!read_command(request, line))
        return false;
    if (first)
        read_capabilities(request, words ? words : "");
    return put_line(head, line, first ? (words ? words : "") : NULL, request->pool);
}

/* Reads the commands, which are complete. Git gets what was read here, in the same order, with a
 * wish for a report: without one nobody would know which references it changed. */
static bool read_commands(rc_push_request_t *request)
{
    char *head = apr_palloc(request->pool, request->seen + strlen(REPORT) + 1), *to = head;
    const char *at = request->buf, *end = request->buf + request->seen;
    rc_pkt_t pkt;

    while (rc_pkt_next(&pkt, &at, end) == RC_PKT_LINE)
        if (!read_request_line(request, &pkt, &to))
            return false;
    memcpy(to, "0000", RC_PKT_HEAD);
    to += RC_PKT_HEAD;
    request->head = head;
    request->head_len = (apr_size_t)(to - head);
    request->rest = end;
    request->rest_len = request->used - request->seen;
    return true;
}

/* Appends bytes to the buffer. */
static void hold_bytes(rc_push_request_t *request, const char *data, apr_size_t len)
{
    apr_size_t need = request->used + len;
    char *old = request->buf;

    if (need > request->size) {
        request->size = request->size ? request->size : FIRST_SIZE;
        while (request->size < need)
            request->size *= 2;
        request->buf = apr_palloc(request->pool, request->size);
        memcpy(request->buf, old ? old : "", request->used);
    }
    memcpy(request->buf + request->used, data, len);
    request->used = need;
}

rc_push_state_t rc_push_request_read(rc_push_request_t *request, const char *data, apr_size_t len)
{
    rc_pkt_kind_t kind;
    const char *at;
    rc_pkt_t pkt;

    hold_bytes(request, data, len);
    do {
        at = request->buf + request->seen;
        kind = rc_pkt_next(&pkt, &at, request->buf + request->used);
        request->seen = (apr_size_t)(at - request->buf);
    } while (kind == RC_PKT_LINE);
    if (kind == RC_PKT_MORE)
        request->state = request->used > RC_PUSH_COMMANDS_MOST ? RC_PUSH_LONG : RC_PUSH_MORE;
    else
        request->state =
            kind == RC_PKT_FLUSH && read_commands(request) ? RC_PUSH_READY : RC_PUSH_WRONG;
    return request->state;
}
