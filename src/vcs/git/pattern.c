// SPDX-License-Identifier: Apache-2.0
/*
 * Matches a path against a pattern by git's rules (wildmatch.c, described in gitignore(5)). git's
 * algorithm takes unbounded time for some patterns; this one backtracks only to the last "*" and
 * the last "**".
 */
#include "pattern.h"

#include <string.h>

size_t rc_git_pattern_literal(const char *pattern)
{
    return strcspn(pattern, "*?[\\");
}

/* --- [...] --- */

/* git's own classes: ASCII only in every locale. Pairs of first and last character. */
static const char classes[][2][16] = {
    {"alnum", "09AZaz"},   {"alpha", "AZaz"},
    {"blank", "  \t\t"},   {"cntrl", "\x01\x1f\x7f\x7f"},
    {"digit", "09"},       {"graph", "!~"},
    {"lower", "az"},       {"print", " ~"},
    {"punct", "!/:@[`{~"}, {"space", "  \t\n\r\r"},
    {"upper", "AZ"},       {"xdigit", "09AFaf"},
};

/* Returns the ranges of the class @a name, or NULL. */
static const char *find_class(const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < sizeof(classes) / sizeof(*classes); i++)
        if (strlen(classes[i][0]) == len && !memcmp(classes[i][0], name, len))
            return classes[i][1];
    return NULL;
}

/* Reads "[:name:]" at @a p, which begins with "[:". Returns the text after it; @a p when it is not
 * a class but characters; NULL when nothing can match. */
static const char *read_class(bool *found, const char *p, unsigned char c)
{
    const char *name = p + 2, *end = strchr(name, ']'), *range;

    if (!end)
        return NULL;
    if (end == name || end[-1] != ':')
        return p;
    if (!(range = find_class(name, (size_t)(end - name) - 1)))
        return NULL;
    for (; *range; range += 2)
        *found |= c >= (unsigned char)range[0] && c <= (unsigned char)range[1];
    return end + 1;
}

/* Reads one member of a set, or a range that ends in it. *previous is 0 where no range
 * can begin. */
static const char *read_member(bool *found, unsigned char *previous, const char *p, unsigned char c)
{
    bool range = *p == '-' && *previous && p[1] && p[1] != ']';
    unsigned char low = *previous;

    p += range;
    if (*p == '\\' && !*++p)
        return NULL;
    *found |= range ? c <= (unsigned char)*p && c >= low : c == (unsigned char)*p;
    *previous = range ? 0 : (unsigned char)*p;
    return p + 1;
}

/* Tests @a c against the set [...] at @a p. *end is the text after it; NULL when nothing
 * can match. */
static bool in_set(const char **end, const char *p, unsigned char c)
{
    bool negated = p[1] == '!' || p[1] == '^', found = false;
    const char *first = p += 1 + negated;
    unsigned char previous = 0;

    while (p && *p && (*p != ']' || p == first)) {
        const char *class = p;

        if (*p == '[' && p[1] == ':' && (class = read_class(&found, p, c)) != p) {
            p = class;
            previous = 0;
        } else {
            p = read_member(&found, &previous, p, c);
        }
    }
    *end = p && *p ? p + 1 : NULL;
    return found != negated && c != '/';
}

/* --- the pattern --- */

/* Tests @a c against one element of the pattern at *@a p and moves past it. */
static bool fits(const char **p, unsigned char c)
{
    const char *end;
    bool found;

    switch (**p) {
    case '?':
        ++*p;
        return c != '/';
    case '[':
        found = in_set(&end, *p, c);
        if (!end)
            return false;
        *p = end;
        return found;
    case '\\':
        if (!*++*p)
            return false;
        break;
    }
    return *(*p)++ == (char)c;
}

/* Where matching resumes after a mismatch. */
typedef struct retry_t {
    const char *star,
        *star_at; /* pattern after the last "*"; the text after what it matches so far */
    const char *deep, *deep_at; /* the same for the last "**", which grows by whole directories */
} retry_t;

/* Reads the stars at @a p. Returns the pattern after them; NULL when they match all the rest. */
static const char *read_stars(retry_t *retry, const char *pattern, const char *p, const char **text)
{
    const char *end = p + strspn(p, "*");
    bool between = end - p > 1 && (p == pattern || p[-1] == '/');

    if (between && !*end)
        return NULL;
    retry->star = NULL;
    if (between && *end == '/') { /* after the slash: first try no directory at all */
        retry->deep = end + 1;
        retry->deep_at = *text;
        return retry->deep;
    }
    if (between && *end == '\\' && end[1] == '/') { /* one directory or more */
        retry->deep = end + 2;
        retry->deep_at = strchr(*text, '/');
        *text = retry->deep_at ? ++retry->deep_at : *text + strlen(*text);
        return retry->deep_at ? retry->deep : "/";
    }
    retry->star = end;
    retry->star_at = *text;
    return end;
}

static const char *try_again(retry_t *retry, const char **text)
{
    if (retry->star && *retry->star_at && *retry->star_at != '/') {
        *text = ++retry->star_at;
        return retry->star;
    }
    retry->star = NULL;
    if (retry->deep && retry->deep_at && (retry->deep_at = strchr(retry->deep_at, '/'))) {
        *text = ++retry->deep_at;
        return retry->deep;
    }
    return NULL;
}

bool rc_git_pattern_match(const char *pattern, const char *text, apr_int64_t *steps)
{
    const char *p = pattern, *at;
    retry_t retry = {0};

    while (--*steps >= 0) {
        if (*p == '*') {
            if (!(p = read_stars(&retry, pattern, p, &text)))
                return true;
            continue;
        }
        if (!*text && !*p)
            return true;
        at = p;
        if (*text && *p && fits(&p, (unsigned char)*text)) {
            *steps -= p - at - 1;
            text++;
        } else {
            *steps -= *p == '[' ? (apr_int64_t)strlen(p) : 0;
            if (!(p = try_again(&retry, &text)))
                return false;
        }
    }
    return false;
}
