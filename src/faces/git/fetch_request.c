// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the body of a POST to git-upload-pack.
 *
 * The normal form has the lines of a request sorted, each once, and leaves out what names the
 * client (agent, session-id). Both forms of the protocol are in gitprotocol-pack(5) and
 * gitprotocol-v2(5). A line that is not known here makes the request RC_FETCH_OTHER: git answers
 * it, and the answer is not kept, because its content may depend on anything.
 */
#include "fetch_request.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "vcs/pkt_line.h"

#define ID_LENGTH 40

#define LONGEST_LINE 1024                  /* bytes of a line in a normal form */
#define MOST_KEPT    ((apr_size_t)1 << 20) /* bytes of a body whose lines are held in memory */

/* One line of a request, by its first word. */
typedef struct word_t {
    const char *word; /* with the blank or "=" that a value follows */
    enum { PLAIN, VALUE, ID } rest;
} word_t;

/* Lines before the flush in versions 0 and 1; the first one has capabilities after the id. */
static const word_t old_lines[] = {
    {"want ", ID},          {"shallow ", ID},   {"deepen ", VALUE}, {"deepen-since ", VALUE},
    {"deepen-not ", VALUE}, {"filter ", VALUE},
};

static const word_t old_capabilities[] = {
    {"multi_ack", PLAIN},
    {"multi_ack_detailed", PLAIN},
    {"no-done", PLAIN},
    {"thin-pack", PLAIN},
    {"side-band", PLAIN},
    {"side-band-64k", PLAIN},
    {"ofs-delta", PLAIN},
    {"no-progress", PLAIN},
    {"include-tag", PLAIN},
    {"deepen-since", PLAIN},
    {"deepen-not", PLAIN},
    {"deepen-relative", PLAIN},
    {"allow-tip-sha1-in-want", PLAIN},
    {"allow-reachable-sha1-in-want", PLAIN},
    {"filter", PLAIN},
    {"object-format=", VALUE},
};

static const word_t fetch_arguments[] = {
    {"want ", ID},          {"shallow ", ID},
    {"deepen ", VALUE},     {"deepen-since ", VALUE},
    {"deepen-not ", VALUE}, {"deepen-relative", PLAIN},
    {"filter ", VALUE},     {"done", PLAIN},
    {"thin-pack", PLAIN},   {"no-progress", PLAIN},
    {"include-tag", PLAIN}, {"ofs-delta", PLAIN},
};

static const word_t client_words[] = {{"agent=", VALUE}, {"session-id=", VALUE}};
static const word_t format_word[] = {{"object-format=", VALUE}};

#define KNOWN(table, text) is_word_of(table, sizeof(table) / sizeof(*(table)), text)

typedef struct reading_t {
    rc_fetch_request_t *request;
    const char *at, *end;
    apr_pool_t *pool;
    rc_pkt_kind_t kind;        /* of the packet that was read last */
    const char *text;          /* its content, if it is a line */
    apr_array_header_t *heads; /* of const char *: capabilities that count */
    apr_array_header_t *lines; /* of const char *: the rest */
    bool have, done, odd;
} reading_t;

static bool is_object_id(const char *text)
{
    return strspn(text, "0123456789abcdef") == ID_LENGTH && !text[ID_LENGTH];
}

static bool is_word_of(const word_t *table, apr_size_t rows, const char *text)
{
    apr_size_t i;

    for (i = 0; i < rows; i++) {
        apr_size_t len = strlen(table[i].word);

        if (strncmp(text, table[i].word, len))
            continue;
        if (table[i].rest == PLAIN ? !text[len]
                                   : table[i].rest == VALUE || is_object_id(text + len))
            return true;
    }
    return false;
}

/* Reads the next packet. Returns whether it is a line. */
static bool next_packet(reading_t *reading)
{
    rc_pkt_t pkt;

    reading->kind = rc_pkt_next(&pkt, &reading->at, reading->end);
    reading->text = rc_pkt_text(&pkt, reading->pool);
    if (reading->kind == RC_PKT_LINE && !reading->text) /* a NUL */
        reading->text = "\n";
    reading->odd = reading->odd || (reading->text && strlen(reading->text) > LONGEST_LINE) ||
                   (reading->text && *reading->text == '\n');
    return reading->kind == RC_PKT_LINE;
}

static bool is_wrong(const reading_t *reading)
{
    return reading->kind == RC_PKT_WRONG || reading->kind == RC_PKT_MORE;
}

static void push_text(apr_array_header_t *list, const char *text)
{
    APR_ARRAY_PUSH(list, const char *) = text;
}

static void push_line(const reading_t *reading, const char *line)
{
    push_text(reading->lines, line);
    if (!strncmp(line, "want ", 5))
        push_text(reading->request->wants, line + 5);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts @a list and removes what it has twice. */
static void make_set(apr_array_header_t *list)
{
    const char **texts = (const char **)list->elts;
    int i, kept = 0;

    qsort(texts, (size_t)list->nelts, sizeof(*texts), by_text);
    for (i = 0; i < list->nelts; i++)
        if (!kept || strcmp(texts[kept - 1], texts[i]))
            texts[kept++] = texts[i];
    list->nelts = kept;
}

/* Appends a line to @a out. */
static void put_line(apr_array_header_t *out, const char *text, apr_pool_t *pool)
{
    char head[RC_PKT_HEAD + 1] = {0};

    rc_pkt_head(head, strlen(text) + 1);
    push_text(out, apr_pstrmemdup(pool, head, RC_PKT_HEAD));
    push_text(out, text);
    push_text(out, "\n");
}

static void put_lines(apr_array_header_t *out, const apr_array_header_t *lines, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < lines->nelts; i++)
        put_line(out, APR_ARRAY_IDX(lines, i, const char *), pool);
}

/* --- versions 0 and 1 --- */

/* Reads the capabilities after the id of the first line, and cuts them off. */
static void read_capabilities(reading_t *reading, char *first)
{
    char *blank = strlen(first) > 5 ? strchr(first + 5, ' ') : NULL, *word, *rest;

    if (!blank)
        return;
    *blank = '\0';
    for (word = apr_strtok(blank + 1, " ", &rest); word; word = apr_strtok(NULL, " ", &rest)) {
        if (KNOWN(client_words, word))
            continue;
        reading->odd = reading->odd || !KNOWN(old_capabilities, word);
        reading->request->bands = reading->request->bands || !strncmp(word, "side-band", 9);
        push_text(reading->heads, word);
    }
}

/* Reads the lines up to the first flush. */
static void read_old_wants(reading_t *reading)
{
    bool first = true;

    for (; next_packet(reading); first = false) {
        char *line = apr_pstrdup(reading->pool, reading->text);

        if (first)
            read_capabilities(reading, line);
        reading->odd = reading->odd || !KNOWN(old_lines, line) || (first && *line != 'w');
        if (!reading->odd)
            push_line(reading, line);
    }
    reading->odd = reading->odd || reading->kind != RC_PKT_FLUSH;
}

/* Reads the rest: `have` lines with flushes between them, and `done`. */
static void read_old_haves(reading_t *reading)
{
    while (!reading->done && reading->at < reading->end) {
        if (!next_packet(reading)) {
            if (is_wrong(reading))
                return;
            reading->odd = reading->odd || reading->kind != RC_PKT_FLUSH;
        } else if (!strncmp(reading->text, "have ", 5)) {
            reading->have = true;
        } else {
            reading->done = !strcmp(reading->text, "done");
            reading->odd = reading->odd || !reading->done;
        }
    }
    reading->odd = reading->odd || reading->at < reading->end;
}

/* The lines in their sets: the first `want` carries the capabilities. */
static const char *normal_old(reading_t *reading)
{
    apr_array_header_t *out = apr_array_make(reading->pool, 64, sizeof(const char *));
    const char *capabilities, **last;

    make_set(reading->heads);
    make_set(reading->lines);
    capabilities = apr_array_pstrcat(reading->pool, reading->heads, ' ');
    last = &APR_ARRAY_IDX(reading->lines, reading->lines->nelts - 1, const char *);
    if (strncmp(*last, "want ", 5)) /* "want" is the last word of the table in this order */
        return NULL;
    put_line(out, apr_pstrcat(reading->pool, *last, " ", capabilities, NULL), reading->pool);
    reading->lines->nelts--;
    while (reading->lines->nelts &&
           !strncmp(*--last, "want ", 5)) { /* git accepts no `want` after other lines */
        put_line(out, *last, reading->pool);
        reading->lines->nelts--;
    }
    put_lines(out, reading->lines, reading->pool);
    push_text(out, "0000");
    if (reading->done)
        put_line(out, "done", reading->pool);
    return apr_array_pstrcat(reading->pool, out, '\0');
}

static void read_old(reading_t *reading)
{
    read_old_wants(reading);
    if (is_wrong(reading))
        return;
    if (!reading->odd && !reading->lines->nelts && reading->at == reading->end)
        reading->request->kind = RC_FETCH_NOTHING;
    read_old_haves(reading);
}

/* --- version 2 --- */

/* Reads the arguments of ls-refs. */
static void read_ls_refs(reading_t *reading)
{
    rc_fetch_request_t *request = reading->request;

    while (next_packet(reading)) {
        if (!strcmp(reading->text, "peel"))
            request->peel = true;
        else if (!strcmp(reading->text, "symrefs"))
            request->symrefs = true;
        else if (!strcmp(reading->text, "unborn"))
            request->unborn = true;
        else if (!strncmp(reading->text, "ref-prefix ", 11))
            push_text(request->prefixes, reading->text + 11);
        else
            reading->odd = true;
    }
}

static void read_fetch_arguments(reading_t *reading)
{
    while (next_packet(reading)) {
        if (!strncmp(reading->text, "have ", 5))
            reading->have = true;
        else if (!KNOWN(fetch_arguments, reading->text))
            reading->odd = true;
        reading->done = reading->done || !strcmp(reading->text, "done");
        push_line(reading, reading->text);
    }
}

static const char *normal_fetch(reading_t *reading)
{
    apr_array_header_t *out = apr_array_make(reading->pool, 64, sizeof(const char *));

    make_set(reading->heads);
    make_set(reading->lines);
    put_line(out, "command=fetch", reading->pool);
    put_lines(out, reading->heads, reading->pool);
    push_text(out, "0001");
    put_lines(out, reading->lines, reading->pool);
    push_text(out, "0000");
    return apr_array_pstrcat(reading->pool, out, '\0');
}

/* Reads the command and the capabilities before the delimiter; returns the command, or NULL. */
static const char *read_command(reading_t *reading)
{
    const char *command = NULL;

    while (next_packet(reading)) {
        if (!strncmp(reading->text, "command=", 8)) {
            reading->odd = reading->odd || command;
            command = reading->text + 8;
        } else if (!KNOWN(client_words, reading->text)) {
            reading->odd = reading->odd || !KNOWN(format_word, reading->text);
            push_text(reading->heads, reading->text);
        }
    }
    return command;
}

static void read_new(reading_t *reading)
{
    rc_fetch_request_t *request = reading->request;
    const char *begin = reading->at, *command = read_command(reading);
    bool refs = command && !strcmp(command, "ls-refs");

    if (reading->kind == RC_PKT_FLUSH && reading->at == reading->end &&
        reading->at == begin + RC_PKT_HEAD)
        request->kind = RC_FETCH_NOTHING;
    if (!command || (!refs && strcmp(command, "fetch")))
        reading->odd = true;
    if (reading->odd)
        return;
    request->bands = !refs;
    if (reading->kind == RC_PKT_DELIM)
        refs ? read_ls_refs(reading) : read_fetch_arguments(reading);
    if (is_wrong(reading))
        return;
    reading->odd = reading->odd || reading->kind != RC_PKT_FLUSH || reading->at < reading->end;
    if (refs && !reading->odd)
        request->kind = RC_FETCH_REFS;
}

/* --- both --- */

static bool begins(const rc_pkt_t *pkt, const char *word)
{
    return pkt->kind == RC_PKT_LINE && pkt->len >= strlen(word) &&
           !memcmp(pkt->data, word, strlen(word));
}

/* Reads the rest without keeping it. */
static void skip_rest(reading_t *reading)
{
    rc_pkt_t pkt;

    while (!is_wrong(reading) && reading->at < reading->end) {
        reading->kind = rc_pkt_next(&pkt, &reading->at, reading->end);
        reading->have = reading->have || begins(&pkt, "have ");
        reading->done = reading->done || begins(&pkt, "done");
    }
}

static void read_lines(reading_t *reading, int version)
{
    reading->heads = apr_array_make(reading->pool, 16, sizeof(const char *));
    reading->lines = apr_array_make(reading->pool, 64, sizeof(const char *));
    if (version < 2)
        read_old(reading);
    else
        read_new(reading);
    if (reading->odd || reading->have || !reading->lines->nelts || is_wrong(reading))
        return;
    reading->request->normal = version < 2 ? normal_old(reading) : normal_fetch(reading);
    if (reading->request->normal)
        reading->request->kind = RC_FETCH_WHOLE;
}

void rc_fetch_request_read(rc_fetch_request_t *request, int version, const char *data,
                           apr_size_t len, apr_pool_t *pool)
{
    reading_t reading = {.request = request, .at = data, .end = data + len, .pool = pool};

    *request = (rc_fetch_request_t){.kind = RC_FETCH_OTHER};
    request->prefixes = apr_array_make(pool, 4, sizeof(const char *));
    request->wants = apr_array_make(pool, 4, sizeof(const char *));
    if (len <= MOST_KEPT)
        read_lines(&reading, version);
    skip_rest(&reading);
    if (is_wrong(&reading))
        request->kind = RC_FETCH_WRONG;
    else if (request->kind == RC_FETCH_OTHER && reading.have)
        request->kind = RC_FETCH_PART;
}
