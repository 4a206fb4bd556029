// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the values of parameters that hold API keys, and replaces them by ***. One pass: what was
 * percent-encoded is decoded on the way, into a window that is as long as the longest name needs.
 */
#include "rc_redact.h"

#include <stdbool.h>
#include <string.h>

#include <apr_lib.h>

#define WINDOW 64 /* a power of two */

/* Where a value ends. */
typedef struct kind_t {
    const char *ends;
    bool first_question; /* also at the first "?" of the text, which ends a path */
    bool encoded_slash;  /* also at "%2F" */
} kind_t;

static const kind_t any_text = {"&; \t\r\n#", true, false};
static const kind_t query_text = {"&;", false, false};
static const kind_t path_text = {"&;/?#", false, true};

/* The last characters before a place in the text, decoded. */
typedef struct window_t {
    char last[WINDOW];
    unsigned count;
} window_t;

static char from_end(const window_t *w, unsigned i)
{
    return i < w->count && i < WINDOW ? w->last[(w->count - 1 - i) % WINDOW] : '\0';
}

static int hex_value(char c)
{
    return apr_isdigit(c) ? c - '0' : apr_tolower(c) - 'a' + 10;
}

/* "%25" becomes "%", which may begin the next escape: so it goes on until none is left. */
static void push(window_t *w, char c)
{
    w->last[w->count++ % WINDOW] = c;
    while (from_end(w, 2) == '%' && apr_isxdigit(from_end(w, 1)) && apr_isxdigit(from_end(w, 0))) {
        int byte = hex_value(from_end(w, 1)) * 16 + hex_value(from_end(w, 0));

        w->count -= 2;
        w->last[(w->count - 1) % WINDOW] = (char)byte;
    }
}

/* Does @a name stand in the window, ending @a i characters before its end? */
static bool has_name(const window_t *w, unsigned i, const char *name)
{
    apr_size_t left = strlen(name);

    for (; left && i < WINDOW; i++) {
        char c = (char)apr_tolower(from_end(w, i));

        if (c == '_' || c == '-')
            continue;
        if (c != name[--left])
            return false;
    }
    return !left;
}

/* Does the window end in the name of a key and "=" or ":"? Quotes and "[]" may stand between. */
static bool ends_in_name(const window_t *w)
{
    static const char *const names[] = {"apikey", "authtoken", "accesstoken", "privatetoken"};
    unsigned i = 1;
    apr_size_t n;

    if (from_end(w, 0) != '=' && from_end(w, 0) != ':')
        return false;
    while (i < WINDOW && from_end(w, i) && strchr("\"'[]+ ", from_end(w, i)))
        i++;
    for (n = 0; n < sizeof(names) / sizeof(*names); n++)
        if (has_name(w, i, names[n]))
            return true;
    return false;
}

/* Can there be a key at all? Nearly always not, and then this is all the work. */
static bool may_hold_key(const char *text)
{
    char before = '\0';

    for (; *text; before = *text++)
        if (*text == '%')
            return true;
        else if ((*text == '=' || *text == ':') && before && strchr("yYnN\"'[]+ ", before))
            return true;
    return false;
}

/* The next value of a key in @a p, or NULL. *@a question tells whether a "?" came before. */
static const char *next_value(const char *p, bool *question)
{
    window_t window = {.count = 0};

    for (; *p; p++) {
        *question |= *p == '?';
        push(&window, *p);
        if (!ends_in_name(&window))
            continue;
        for (p++; from_end(&window, 0) == ':' && (*p == ' ' || *p == '\t');)
            p++;
        return p;
    }
    return NULL;
}

static const char *value_end(const char *p, const kind_t *kind, bool question)
{
    for (; *p; p++)
        if (strchr(kind->ends, *p) || (*p == '?' && kind->first_question && !question) ||
            (*p == '%' && kind->encoded_slash && !strncasecmp(p, "%2f", 3)))
            break;
    return p;
}

static const char *redact(const char *text, const kind_t *kind, apr_pool_t *pool)
{
    const apr_size_t hidden = strlen(RC_HIDDEN);
    const char *copied = text, *value, *end;
    char *out = NULL, *to = NULL;
    bool question = false;

    if (!may_hold_key(text))
        return text;
    for (end = text; (value = next_value(end, &question));) {
        end = value_end(value, kind, question);
        if ((apr_size_t)(end - value) == hidden && !memcmp(value, RC_HIDDEN, hidden))
            continue;
        if (!out) /* the shortest name has seven characters, so at most half is added */
            to = out = apr_palloc(pool, strlen(text) / 2 * 3 + hidden + 2);
        memcpy(to, copied, (apr_size_t)(value - copied));
        to += value - copied;
        memcpy(to, RC_HIDDEN, hidden);
        to += hidden;
        copied = end;
    }
    if (!out)
        return text;
    memcpy(to, copied, strlen(copied) + 1);
    return out;
}

const char *rc_redact(const char *text, apr_pool_t *pool)
{
    return redact(text, &any_text, pool);
}

const char *rc_redact_query(const char *query, apr_pool_t *pool)
{
    return redact(query, &query_text, pool);
}

const char *rc_redact_path(const char *path, apr_pool_t *pool)
{
    return redact(path, &path_text, pool);
}
