// SPDX-License-Identifier: Apache-2.0
/*
 * Splits a dump of MySQL into tokens, as mysqldump writes them. Comments are skipped, also those
 * that only some versions of MySQL execute.
 */
#include "dump_token.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST (16 * 1024 * 1024)

rc_err_t *rc_dump_fail(const rc_dump_token_t *token, const char *what)
{
    return rc_err(token->pool, RC_E_ARG, "line %ld of the dump: %s", token->line, what);
}

static int get(rc_dump_token_t *token)
{
    int c = getc_unlocked(token->in);

    if (c == '\n')
        token->line++;
    return c;
}

static void unget(rc_dump_token_t *token, int c)
{
    if (c == EOF)
        return;
    if (c == '\n')
        token->line--;
    ungetc(c, token->in);
}

static rc_err_t *add_byte(rc_dump_token_t *token, int c)
{
    if (token->len + 1 >= token->room) {
        apr_size_t room = token->room ? 2 * token->room : 4096;
        char *text = room > LARGEST ? NULL : realloc(token->text, room);

        if (!text)
            return rc_dump_fail(token, "a value is larger than 16 MiB");
        token->text = text;
        token->room = room;
    }
    token->text[token->len++] = (char)c;
    token->text[token->len] = '\0';
    return NULL;
}

/* The character that a backslash and @a c stand for. A NUL cannot be part of a text: it is left
 * out. */
static int escaped(int c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'Z':
        return 26;
    case '0':
        return '\0';
    default:
        return c;
    }
}

/* Reads up to the closing @a quote; two of them stand for one. */
static rc_err_t *read_quoted(rc_dump_token_t *token, int quote)
{
    int c;

    for (;;) {
        if ((c = get(token)) == EOF)
            return rc_dump_fail(token, "a text does not end");
        if (c == '\\' && quote != '`') {
            c = escaped(get(token));
        } else if (c == quote) {
            if ((c = get(token)) != quote) {
                unget(token, c);
                return NULL;
            }
        }
        if (c != '\0')
            RC_TRY(add_byte(token, c));
    }
}

static void skip_line(rc_dump_token_t *token)
{
    int c;

    while ((c = get(token)) != EOF && c != '\n')
        ;
}

static rc_err_t *skip_comment(rc_dump_token_t *token)
{
    int c, last = 0;

    for (; (c = get(token)) != EOF; last = c)
        if (last == '*' && c == '/')
            return NULL;
    return rc_dump_fail(token, "a comment does not end");
}

/* Skips blanks and comments; returns the first character after them. */
static rc_err_t *first_character(int *c, rc_dump_token_t *token)
{
    int next;

    for (;;) {
        *c = get(token);
        if (*c == ' ' || *c == '\n' || *c == '\t' || *c == '\r')
            continue;
        if (*c == '#') {
            skip_line(token);
            continue;
        }
        if (*c != '-' && *c != '/')
            return NULL;
        next = get(token);
        if (*c == '-' && next == '-') {
            skip_line(token);
        } else if (*c == '/' && next == '*') {
            RC_TRY(skip_comment(token));
        } else {
            unget(token, next);
            return NULL;
        }
    }
}

static rc_err_t *read_bare(rc_dump_token_t *token, int c)
{
    for (; c != EOF && !strchr(" \n\t\r(),;=`'\"", c); c = get(token))
        RC_TRY(add_byte(token, c));
    unget(token, c);
    return NULL;
}

/* Turns 0x6162 into "ab". */
static void read_hex(rc_dump_token_t *token)
{
    apr_size_t i;

    for (i = 2; i + 1 < token->len; i += 2) {
        char digits[3] = {token->text[i], token->text[i + 1], '\0'};

        token->text[i / 2 - 1] = (char)strtol(digits, NULL, 16);
    }
    token->len = token->len / 2 - 1;
    token->text[token->len] = '\0';
    token->kind = RC_DUMP_TEXT;
}

static rc_err_t *read_token(rc_dump_token_t *token)
{
    int c;

    token->len = 0;
    RC_TRY(add_byte(token, '\0'));
    token->len = 0;
    RC_TRY(first_character(&c, token));
    token->kind = c == EOF ? RC_DUMP_END : c == '`' ? RC_DUMP_NAME : RC_DUMP_TEXT;
    if (c == EOF)
        return NULL;
    if (c == '`' || c == '\'' || c == '"')
        return read_quoted(token, c);
    token->kind = RC_DUMP_SYMBOL;
    if (strchr("(),;=", c))
        return add_byte(token, c);
    token->kind = RC_DUMP_WORD;
    RC_TRY(read_bare(token, c));
    if (token->text[0] == '0' && token->text[1] == 'x' && token->len % 2 == 0)
        read_hex(token);
    return NULL;
}

/* _utf8mb4 'x': the character set of the next text */
static bool is_charset(const rc_dump_token_t *token)
{
    return token->kind == RC_DUMP_WORD && token->text[0] == '_' && token->len > 1;
}

rc_err_t *rc_dump_next(rc_dump_token_t *token)
{
    do {
        RC_TRY(read_token(token));
    } while (is_charset(token));
    return NULL;
}
