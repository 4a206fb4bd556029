// SPDX-License-Identifier: Apache-2.0
/*
 * Escapes text for HTML and inserts it into markup. This is the one place of the pages where text
 * becomes HTML.
 */
#include "base/html.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd"

#define AT_ONCE ((apr_size_t)4096) /* bytes of text */
#define LONGEST 6                  /* bytes that one of them becomes: "&quot;" */

/* Bytes that are not copied as they are: 1 is escaped, 2 is looked at. */
static const unsigned char special[256] = {
    ['&'] = 1,  ['<'] = 1,     ['>'] = 1,       ['"'] = 1,           ['\''] = 1,
    [0x7f] = 1, [0 ... 8] = 1, [11 ... 31] = 1, [0x80 ... 0xff] = 2,
};

/* Bytes that are looked at together. A compiler makes a few instructions of what is done to all. */
typedef unsigned char block_t __attribute__((vector_size(16)));

/* Returns whether no byte of a block is special; tabs and line feeds are not. */
static bool is_plain(block_t b)
{
    typedef apr_uint64_t halves_t __attribute__((vector_size(16)));
    halves_t found = (halves_t)(((b < 32) & (b != 9) & (b != 10)) | (b == '&') | (b == '<') |
                                (b == '>') | (b == '"') | (b == '\'') | (b >= 0x7f));

    return !(found[0] | found[1]);
}

static void put_bytes(rc_html_t *html, const char *text, apr_size_t len)
{
    if (!html->err && len)
        html->err = rc_spool_write(html->spool, text, len);
}

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\r': /* of a line end, mostly */
        return "";
    default:
        return REPLACEMENT;
    }
}

static char *append(char *out, const char *text)
{
    apr_size_t len = strlen(text);

    memcpy(out, text, len);
    return out + len;
}

/* Writes a byte that is no part of a character of UTF-8: as that of Latin-1, the encoding of most
 * other texts; its control characters are replaced. */
static char *append_odd(char *out, unsigned char c)
{
    if (c < 0xa0)
        return append(out, REPLACEMENT);
    *out++ = (char)(0xc0 | c >> 6);
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

/* Copies what needs no escape, as far as whole blocks do. */
static char *copy_plain(char *out, const char **p, const char *stop)
{
    const char *at = *p;
    block_t block;

    while ((apr_size_t)(stop - at) >= sizeof(block)) {
        memcpy(&block, at, sizeof(block));
        if (!is_plain(block))
            break;
        memcpy(out, &block, sizeof(block));
        out += sizeof(block);
        at += sizeof(block);
    }
    *p = at;
    return out;
}

/* Writes the escaped text from @a p to @a stop, or a little beyond it so that no character is cut,
 * to @a out; returns its end. */
static char *escape(char *out, const char **p, const char *stop, const char *end)
{
    const char *at = *p;

    while (at < stop) {
        unsigned char kind;
        int len;

        out = copy_plain(out, &at, stop);
        while (at < stop && !special[(unsigned char)*at])
            *out++ = *at++;
        if (at == stop)
            break;
        kind = special[(unsigned char)*at];
        len = kind == 2 ? rc_utf8_length(at, end) : 0;
        out = len         ? (char *)memcpy(out, at, (apr_size_t)len) + len
              : kind == 1 ? append(out, escape_of(*at))
                          : append_odd(out, (unsigned char)*at);
        at += len ? len : 1;
    }
    *p = at;
    return out;
}

void rc_html_text(rc_html_t *html, const char *text, apr_size_t len)
{
    const char *end = text + len;

    while (!html->err && text < end) {
        apr_size_t left = (apr_size_t)(end - text), part = left < AT_ONCE ? left : AT_ONCE;
        char *room;

        if ((html->err = rc_spool_room(&room, html->spool, part * LONGEST + 4)))
            return;
        rc_spool_fill(html->spool, escape(room, &text, text + part, end));
    }
}

/* By hand, because each line of a file has a number, and printf takes longer than the line. */
static void put_number(rc_html_t *html, apr_int64_t number)
{
    apr_uint64_t rest = number < 0 ? 0 - (apr_uint64_t)number : (apr_uint64_t)number;
    char text[24], *start = text + sizeof(text);

    do
        *--start = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--start = '-';
    put_bytes(html, start, (apr_size_t)(text + sizeof(text) - start));
}

/* Inserts the next argument as the letters after a percent sign say; returns what follows them. */
static const char *insert_argument(rc_html_t *html, const char *format, va_list *args)
{
    const char *text;
    int len;

    switch (*format) {
    case 's':
        if ((text = va_arg(*args, const char *)))
            rc_html_text(html, text, strlen(text));
        return format + 1;
    case 'd':
        put_number(html, va_arg(*args, int));
        return format + 1;
    case 'l':
        put_number(html, va_arg(*args, long));
        return format + 2;
    case '.':
        len = va_arg(*args, int);
        text = va_arg(*args, const char *);
        rc_html_text(html, text, (apr_size_t)len);
        return format + 3;
    default:
        put_bytes(html, "%", 1);
        return format + 1;
    }
}

void rc_html_put(rc_html_t *html, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    while (*format && !html->err) {
        const char *start = format;

        while (*format && *format != '%')
            format++;
        put_bytes(html, start, (apr_size_t)(format - start));
        if (*format)
            format = insert_argument(html, format + 1, &args);
    }
    va_end(args);
}
