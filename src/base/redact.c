// SPDX-License-Identifier: Apache-2.0
/*
 * Replaces the values of parameters that hold API keys by ***. It takes one pass; percent-encoded
 * text is decoded on the way into a short window. Nearly all texts hold no key and cost a few
 * instructions per character.
 */
#include "base/redact.h"

#include <stdbool.h>
#include <string.h>

#include "base/hex.h"

#define WINDOW 64 /* decoded characters that are kept to find a name */

/* What a character ends: a name ("=" and ":"), or a value in a text, query or path. */
enum { NAME = 1, TEXT = 2, QUERY = 4, PATH = 8 };

static const unsigned char ends[256] = {
    ['\0'] = NAME | TEXT | QUERY | PATH,
    ['='] = NAME,
    [':'] = NAME,
    ['&'] = TEXT | QUERY | PATH,
    [';'] = TEXT | QUERY | PATH,
    ['#'] = TEXT | PATH,
    [' '] = TEXT,
    ['\t'] = TEXT,
    ['\r'] = TEXT,
    ['\n'] = TEXT,
    ['/'] = PATH,
    ['?'] = PATH,
    ['%'] = PATH, /* only in "%2F" */
};

static const char *next_end(const char *p, int what)
{
    while (!(ends[(unsigned char)*p] & what))
        p++;
    return p;
}

/* Returns whether @a c may occur between a name and "=" or ":". */
static bool is_between(char c)
{
    return c == '"' || c == '\'' || c == '[' || c == ']' || c == '+' || c == ' ';
}

/* Returns whether the text ends in @a name at @a end: in any case, with "-" and "_" or without. */
static bool has_name(const char *start, const char *end, const char *name)
{
    apr_size_t left = strlen(name);

    while (left && end > start) {
        char c = *--end;

        if (c != '_' && c != '-' && (c | 0x20) != name[--left]) /* letters in any case */
            return false;
    }
    return !left;
}

/* Returns whether the text from @a start to the "=" or ":" at @a end ends in the name of a key. */
static bool is_name(const char *start, const char *end)
{
    static const char *const names[] = {"apikey", "authtoken", "accesstoken", "privatetoken"};
    apr_size_t n;

    while (end > start && is_between(end[-1]))
        end--;
    if (end == start || !strchr("yYnN_-", end[-1]) || !end[-1])
        return false;
    for (n = 0; n < sizeof(names) / sizeof(*names); n++)
        if (has_name(start, end, names[n]))
            return true;
    return false;
}

/* The last characters before a place in the text, decoded. */
typedef struct window_t {
    char text[2 * WINDOW];
    apr_size_t len;
} window_t;

/* Adds a character and decodes escapes until none is left: "%25" becomes "%", which may begin the
 * next escape. */
static void push(window_t *w, char c)
{
    int byte;

    if (w->len == sizeof(w->text)) {
        memcpy(w->text, w->text + WINDOW, WINDOW);
        w->len = WINDOW;
    }
    w->text[w->len++] = c;
    while (w->len >= 3 && (byte = rc_hex_percent(w->text + w->len - 3)) >= 0) {
        w->text[w->len - 3] = (char)byte;
        w->len -= 2;
    }
}

/* Finds the next name of a key from @a p on. Returns the place of its "=" or ":", or of the last
 * character of the escape for it; *@a mark is "=" or ":". NULL when there is none. */
static const char *encoded_name(const char *p, char *mark)
{
    window_t w = {.len = 0};

    for (; *p; p++) {
        push(&w, *p);
        *mark = w.text[w.len - 1];
        if (ends[(unsigned char)*mark] & NAME && is_name(w.text, w.text + w.len - 1))
            return p;
    }
    return NULL;
}

/* The next "=" and the next ":" of a text, or its end: each is searched for only once. */
typedef struct marks_t {
    const char *equals, *colon;
} marks_t;

static const char *next_mark(marks_t *marks, const char *p)
{
    if (marks->equals < p)
        marks->equals = strchrnul(p, '=');
    if (marks->colon < p)
        marks->colon = strchrnul(p, ':');
    return marks->equals < marks->colon ? marks->equals : marks->colon;
}

/* The same as encoded_name for a text without escapes. */
static const char *plain_name(const char *p, char *mark, marks_t *marks)
{
    const char *start = p;

    for (p = next_mark(marks, p); *p; p = next_mark(marks, p + 1))
        if (is_name(start, p)) {
            *mark = *p;
            return p;
        }
    return NULL;
}

/* Returns the start of the next value of a key, or NULL. */
static const char *next_value(const char *p, bool encoded, marks_t *marks)
{
    char mark;

    p = encoded ? encoded_name(p, &mark) : plain_name(p, &mark, marks);
    if (!p++)
        return NULL;
    while (mark == ':' && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* Returns the end of a value: the end of its parameter, or of the path at @a question, the first
 * "?". */
static const char *value_end(const char *value, int kind, const char *question)
{
    const char *p = next_end(value, kind);

    while (*p == '%' && strncasecmp(p, "%2f", 3))
        p = next_end(p + 1, kind);
    return kind == TEXT && question && question >= value && question < p ? question : p;
}

static bool is_hidden(const char *value, const char *end)
{
    return end - value == (int)strlen(RC_HIDDEN) && !memcmp(value, RC_HIDDEN, strlen(RC_HIDDEN));
}

static const char *redact(const char *text, int kind, apr_pool_t *pool)
{
    const char *copied = text, *value, *end = text, *question;
    marks_t marks = {strchrnul(text, '='), strchrnul(text, ':')};
    bool encoded = strchr(text, '%') != NULL;
    char *out = NULL, *to = NULL;

    if (!encoded && !*marks.equals && !*marks.colon) /* nearly all texts */
        return text;
    if (!(value = next_value(text, encoded, &marks)))
        return text;
    for (question = strchr(text, '?'); value; value = next_value(end, encoded, &marks)) {
        end = value_end(value, kind, question);
        if (is_hidden(value, end))
            continue;
        if (!out) /* a name with "=" has at least seven characters, so at most half is added */
            to = out = apr_palloc(pool, strlen(text) / 2 * 3 + sizeof(RC_HIDDEN) + 1);
        memcpy(to, copied, (apr_size_t)(value - copied));
        to += value - copied;
        memcpy(to, RC_HIDDEN, strlen(RC_HIDDEN));
        to += strlen(RC_HIDDEN);
        copied = end;
    }
    if (!out)
        return text;
    memcpy(to, copied, strlen(copied) + 1);
    return out;
}

const char *rc_redact(const char *text, apr_pool_t *pool)
{
    return redact(text, TEXT, pool);
}

const char *rc_redact_query(const char *query, apr_pool_t *pool)
{
    return redact(query, QUERY, pool);
}

const char *rc_redact_path(const char *path, apr_pool_t *pool)
{
    return redact(path, PATH, pool);
}
