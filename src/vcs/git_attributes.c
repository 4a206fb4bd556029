// SPDX-License-Identifier: Apache-2.0
/*
 * Which files .gitattributes keeps out of archives (export-ignore). libgit2's own reading of
 * attributes costs a multiple of the whole archive, and hostile patterns cost it for ever.
 */
#include "git_attributes.h"

#include <string.h>

#include <apr_strings.h>

#define ATTRIBUTE  "export-ignore"
#define BLANKS     " \t\r"
#define LINE_LIMIT 2048 /* git does not read longer ones */

typedef struct rule_t {
    const char *pattern;
    size_t base;  /* bytes of the path that lead to the file it stands in */
    bool by_path; /* holds a slash: it is compared with the path below there, else with the name */
    bool folders; /* ends in a slash: for folders only */
    bool is_ignored;
} rule_t;

/* One [...] at @a p: does it hold @a c? *end is behind it; NULL when it does not close. */
static bool in_class(const char **end, const char *p, unsigned char c)
{
    bool negated = p[1] == '!' || p[1] == '^', found = false;
    const char *first = p += 1 + negated;

    for (; *p && (*p != ']' || p == first); p++) {
        unsigned char low, high;

        if (*p == '\\' && p[1])
            p++;
        low = high = (unsigned char)*p;
        if (p[1] == '-' && p[2] && p[2] != ']') {
            p += 2;
            if (*p == '\\' && p[1])
                p++;
            high = (unsigned char)*p;
        }
        found |= c == low || (c >= low && c <= high); /* [c-a] holds c */
    }
    *end = *p ? p + 1 : NULL;
    return found != negated && c != '/';
}

/* Does one character of the pattern at *@a p fit @a c? Steps over it. */
static bool fits(const char **p, unsigned char c)
{
    const char *end;
    bool found;

    switch (**p) {
    case '?':
        ++*p;
        return c != '/';
    case '[':
        found = in_class(&end, *p, c);
        if (!end)
            return false;
        *p = end;
        return found;
    case '\\':
        *p += (*p)[1] != '\0';
        break;
    }
    return *(*p)++ == (char)c;
}

/* "**" between slashes or at an end; else it is a "*". */
static bool spans_folders(const char *pattern, const char *p)
{
    return p[1] == '*' && (p == pattern || p[-1] == '/') && (!p[2] || p[2] == '/');
}

/*
 * As git's wildmatch, but never slower than the product of the lengths squared: only the last "*"
 * and the last "**" are ever tried again.
 */
static bool match(const char *pattern, const char *text)
{
    const char *p = pattern, *star = NULL, *star_at = NULL, *deep = NULL, *deep_at = NULL;

    for (;;) {
        if (*p == '*' && spans_folders(pattern, p)) {
            if (!p[2])
                return *text != '\0';
            deep = p += 3; /* behind the slash: no folder at all, to begin with */
            deep_at = text;
            star = NULL;
            continue;
        }
        if (*p == '*') {
            while (*p == '*')
                p++;
            star = p;
            star_at = text;
            continue;
        }
        if (!*text && !*p)
            return true;
        if (*text && *p && fits(&p, (unsigned char)*text)) {
            text++;
            continue;
        }
        if (star && *star_at && *star_at != '/') {
            p = star;
            text = ++star_at;
        } else if (deep && (deep_at = strchr(deep_at, '/'))) {
            p = deep;
            text = ++deep_at;
            star = NULL;
        } else {
            return false;
        }
    }
}

/* Takes the pattern off the front of a line; NULL when there is none that git would take. */
static char *take_pattern(char **line)
{
    char *p = *line + strspn(*line, BLANKS), *pattern = p, *to;

    if (*p == '"') { /* quoted as in C; octal digits are all that names need beside \" and \\ */
        for (to = pattern = ++p; *p && *p != '"'; p++) {
            if (*p != '\\') {
                *to++ = *p;
            } else if (p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
                       p[3] <= '7') {
                *to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
                p += 3;
            } else if (p[1]) {
                const char *known = strchr("t\tn\nr\ra\ab\bf\fv\v", *++p);

                *to++ = known && known[1] ? known[1] : *p;
            }
        }
        *line = *p ? p + 1 : p;
        *to = '\0';
    } else {
        p += strcspn(p, BLANKS);
        *line = *p ? p + 1 : p;
        *p = '\0';
    }
    return *pattern && *pattern != '#' && *pattern != '!' ? pattern : NULL;
}

/* What the rest of a line says of the attribute: true = one of it does, the last one counts. */
static bool read_state(bool *is_ignored, char *line)
{
    bool found = false;
    char *word, *state;

    for (word = apr_strtok(line, BLANKS, &state); word; word = apr_strtok(NULL, BLANKS, &state)) {
        bool negative = *word == '-' || *word == '!';
        size_t len = strlen(ATTRIBUTE);

        word += negative;
        if (strncmp(word, ATTRIBUTE, len) || (word[len] && word[len] != '='))
            continue;
        found = true;
        *is_ignored = !negative && !word[len];
    }
    return found;
}

static void add_rule(apr_array_header_t *rules, char *line, size_t base, apr_pool_t *pool)
{
    char *pattern = take_pattern(&line);
    rule_t rule = {.base = base};
    size_t len;

    if (!pattern || !strncmp(pattern, "[attr]", 6) || !read_state(&rule.is_ignored, line))
        return;
    len = strlen(pattern);
    if (pattern[len - 1] == '/') {
        rule.folders = true;
        pattern[--len] = '\0';
    }
    rule.by_path = strchr(pattern, '/') != NULL;
    rule.pattern = apr_pstrdup(pool, pattern + (*pattern == '/'));
    APR_ARRAY_PUSH(rules, rule_t) = rule;
}

apr_array_header_t *rc_git_attributes_make(apr_pool_t *pool)
{
    return apr_array_make(pool, 8, sizeof(rule_t));
}

void rc_git_attributes_add(apr_array_header_t *rules, const char *data, size_t len, size_t base,
                           apr_pool_t *pool)
{
    const char *end = data + len;

    if (!memmem(data, len, ATTRIBUTE, strlen(ATTRIBUTE)))
        return;
    while (data < end) {
        const char *eol = memchr(data, '\n', (size_t)(end - data));
        size_t n = (size_t)((eol ? eol : end) - data);

        if (n < LINE_LIMIT && memmem(data, n, ATTRIBUTE, strlen(ATTRIBUTE)))
            add_rule(rules, apr_pstrmemdup(pool, data, n), base, pool);
        data += n + 1;
    }
}

bool rc_git_attributes_ignore(const apr_array_header_t *rules, const char *path, const char *name,
                              bool is_folder)
{
    int i;

    for (i = rules->nelts - 1; i >= 0; i--) {
        const rule_t *rule = &APR_ARRAY_IDX(rules, i, rule_t);

        if (rule->folders && !is_folder)
            continue;
        if (match(rule->pattern, rule->by_path ? path + rule->base : name))
            return rule->is_ignored;
    }
    return false;
}
