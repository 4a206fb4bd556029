// SPDX-License-Identifier: Apache-2.0
/*
 * Parses lines of .gitattributes files as git does (parse_attr_line in its attr.c): one invalid
 * name makes it ignore the whole line, and it ignores everything after a NUL.
 */
#include "attributes_line.h"

#include <string.h>

#define BLANKS  " \t\r"
#define MACRO   "[attr]"
#define LETTERS "-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_attribute_name(const char *name, size_t len)
{
    return len && *name != '-' && strspn(name, LETTERS) >= len;
}

/* Reads one escape sequence of a C string at @a p, after the backslash; NULL when git does not know
 * it. */
static const char *read_escape(char *out, const char *p)
{
    static const char known[] = "a\ab\bf\fn\nr\rt\tv\v\\\\\"\"";
    const char *found = strchr(known, *p);

    while (*p && found && (found - known) % 2)
        found = strchr(found + 1, *p);
    if (*p && found) {
        *out = found[1];
        return p + 1;
    }
    if (strspn(p, "0123") < 1 || strspn(p, "01234567") < 3)
        return NULL;
    *out = (char)((p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0'));
    return p + 3;
}

/* Reads "..." at the start of the line. NULL when the quotes are not valid: the first is then part
 * of a pattern. */
static const char *unquote(rc_git_line_t *line, const char *p)
{
    char *out = line->unquoted;

    for (p++; *p != '"'; out++) {
        if (!*p)
            return NULL;
        if (*p != '\\')
            *out = *p++;
        else if (!(p = read_escape(out, p + 1)))
            return NULL;
    }
    line->pattern = line->unquoted;
    line->len = (size_t)(out - line->unquoted);
    *out = '\0';
    return p + 1;
}

bool rc_git_line_word(rc_git_word_t *word, const char **states)
{
    const char *p = *states + strspn(*states, BLANKS);
    size_t len = strcspn(p, BLANKS), name_len;

    *states = p + len;
    if (!len)
        return false;
    word->mark = *p == '-' || *p == '!' ? *p : '\0';
    word->name = p + (word->mark != '\0');
    name_len = strcspn(p, "=");
    word->value = name_len < len ? p + name_len + 1 : NULL;
    word->value_len = word->value ? len - name_len - 1 : 0;
    word->len = (word->value ? name_len : len) - (word->mark != '\0');
    return true;
}

static bool are_names(const char *states)
{
    rc_git_word_t word;

    while (rc_git_line_word(&word, &states))
        if (!is_attribute_name(word.name, word.len))
            return false;
    return true;
}

/* Splits line->text into pattern and states. Returns false when git ignores the line. */
static bool read_line(rc_git_line_t *line)
{
    const char *p = line->text + strspn(line->text, BLANKS), *rest = NULL;

    if (!*p || *p == '#')
        return false;
    if (*p == '"')
        rest = unquote(line, p);
    if (!rest) {
        line->pattern = p;
        line->len = strcspn(p, BLANKS);
        rest = p + line->len;
    }
    line->is_macro = line->len > strlen(MACRO) && !strncmp(line->pattern, MACRO, strlen(MACRO));
    if (line->is_macro) {
        line->pattern += strlen(MACRO);
        line->pattern += strspn(line->pattern, BLANKS);
        line->len = strcspn(line->pattern, BLANKS);
    }
    line->states = rest;
    return (!line->is_macro || is_attribute_name(line->pattern, line->len)) && are_names(rest);
}

bool rc_git_line_next(rc_git_line_t *line, const char **text, const char *end)
{
    while (*text < end && **text) {
        const char *eol = memchr(*text, '\n', (size_t)(end - *text));
        size_t len = strnlen(*text, (size_t)((eol ? eol : end) - *text));

        if (len < RC_GIT_LINE_MAX) {
            memcpy(line->text, *text, len);
            line->text[len] = '\0';
        } else {
            *line->text = '\0';
        }
        *text += len;
        *text += *text < end && **text == '\n';
        if (read_line(line))
            return true;
    }
    return false;
}
