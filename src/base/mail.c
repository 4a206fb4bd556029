// SPDX-License-Identifier: Apache-2.0
/*
 * Formats header lines of mails with the line widths and rules of git format-patch.
 */
#include "base/mail.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/text.h"

#define LINE_MAX_LEN    78 /* of a folded line */
#define ENCODED_MAX_LEN 76 /* of a line with encoded words */
#define WORD_BEGIN      "=?UTF-8?q?"
#define WORD_END        "?="
#define ESCAPE          '\033'

typedef enum { IN_TEXT, IN_NAME } place_t;

static bool outside_ascii(char c)
{
    return (c & 0x80) || c == ESCAPE;
}

/* Returns the length of the last line of @a text. */
static size_t column(const char *text)
{
    const char *line = strrchr(text, '\n');

    return strlen(line ? line + 1 : text);
}

/* --- encoded words --- */

static bool needs_encoding(const char *text)
{
    for (; *text; text++)
        if (outside_ascii(*text) || *text == '\n' || (*text == '=' && text[1] == '?'))
            return true;
    return false;
}

/* Returns whether the one-byte character @a c must be written as "=XX". In a name fewer characters
 * are plain. */
static bool special(char c, place_t place)
{
    if (c <= ' ' || c >= 0x7f || strchr("=?_", c))
        return true;
    return place == IN_NAME && !apr_isalnum(c) && !strchr("!*+-/", c);
}

/* Returns the bytes of the character at @a p, which must stay in one word. */
static int character(const char *p, const char *end)
{
    int n = rc_utf8_length(p, end);

    /* for git, U+FFFE and U+FFFF are not characters */
    if (n == 3 && (!memcmp(p, "\xef\xbf\xbe", 3) || !memcmp(p, "\xef\xbf\xbf", 3)))
        return 1;
    return n ? n : 1;
}

/* Returns @a text as encoded words; @a at: characters before it on the line. */
static const char *encode(const char *text, size_t at, place_t place, apr_pool_t *pool)
{
    static const char next[] = WORD_END "\n " WORD_BEGIN;
    const char *end = text + strlen(text);
    size_t max = 3 * (size_t)(end - text); /* each line but the first has at least 50 of them */
    char *start = apr_palloc(pool, max + (max / 50 + 3) * sizeof(next));
    char *out = apr_cpystrn(start, WORD_BEGIN, sizeof(WORD_BEGIN));
    int n, i;

    for (at += strlen(WORD_BEGIN); text < end; text += n) {
        bool hex;
        size_t len;

        n = character(text, end);
        hex = n > 1 || special(*text, place);
        len = hex ? 3 * (size_t)n : 1;
        if (at + len + strlen(WORD_END) > ENCODED_MAX_LEN) {
            out = apr_cpystrn(out, next, sizeof(next));
            at = strlen(" " WORD_BEGIN);
        }
        for (i = 0; i < n; i++) {
            if (hex)
                out = rc_hex_escape(out, '=', text[i]);
            else
                *out++ = text[i];
        }
        at += len;
    }
    apr_cpystrn(out, WORD_END, sizeof(WORD_END));
    return start;
}

/* --- plain text --- */

/* Returns whether RFC 822 requires quotes around a name. */
static bool needs_quotes(const char *name)
{
    return name[strcspn(name, "()<>[]:;@,.\"\\")] != '\0';
}

static const char *quote(const char *name, apr_pool_t *pool)
{
    char *start = apr_palloc(pool, 2 * strlen(name) + 3), *out = start;

    for (*out++ = '"'; *name; *out++ = *name++)
        if (*name == '"' || *name == '\\')
            *out++ = '\\';
    *out++ = '"';
    *out = '\0';
    return start;
}

/*
 * Folds ASCII @a text at blanks; @a at: characters before it on the line. Control characters count
 * -1 in the width, as in git.
 */
static const char *fold(const char *text, size_t at, apr_pool_t *pool)
{
    char *start = apr_palloc(pool, 3 * strlen(text) + 3), *out = start;
    const char *p = text, *line = text, *from = text; /* from: start of what is not written yet */
    apr_int64_t width = (apr_int64_t)at;
    bool begun = true; /* the line has a word, so the next one may move to a new line */

    for (;;) {
        if (*p && !rc_text_is_blank(*p)) {
            width += *p < ' ' || *p == 0x7f ? -1 : 1;
            p++;
        } else if (width <= LINE_MAX_LEN || !begun) {
            if (!*p && p == line) { /* no empty line for a last blank: it would end the header */
                out -= out > start && out[-1] == '\n';
                break;
            }
            if (!begun)
                *out++ = ' ';
            memcpy(out, from, (size_t)(p - from));
            out += p - from;
            if (!*p)
                break;
            begun = true;
            from = p;
            if (*p++ == '\t')
                width |= 7;
            width++;
        } else {
            *out++ = '\n';
            p = line = from = from + rc_text_is_blank(*from);
            begun = false;
            width = 1;
        }
    }
    *out = '\0';
    return start;
}

/* --- the lines --- */

const char *rc_mail_from(const char *name, const char *mail, apr_pool_t *pool)
{
    static const char field[] = "From: ";
    size_t limit = LINE_MAX_LEN;
    const char *line;

    if (needs_encoding(name)) {
        limit = ENCODED_MAX_LEN;
        line = encode(name, strlen(field), IN_NAME, pool);
    } else {
        line = fold(needs_quotes(name) ? quote(name, pool) : name, strlen(field), pool);
    }
    line = apr_pstrcat(pool, field, line, NULL);
    return apr_pstrcat(pool, line,
                       column(line) + strlen(" <") + strlen(mail) + 1 > limit ? "\n" : "", " <",
                       mail, ">\n", NULL);
}

const char *rc_mail_subject(const char *prefix, const char *title, apr_pool_t *pool)
{
    const char *field = apr_pstrcat(pool, "Subject: ", prefix, *title ? " " : "", NULL);

    title = needs_encoding(title) ? encode(title, strlen(field), IN_TEXT, pool)
                                  : fold(title, strlen(field), pool);
    return apr_pstrcat(pool, field, title, "\n", NULL);
}

const char *rc_mail_date(apr_uint64_t seconds, int zone, apr_pool_t *pool)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int minutes = zone / 100 * 60 + zone % 100;
    time_t local = (time_t)(apr_int64_t)(seconds + (apr_uint64_t)((apr_int64_t)minutes * 60));
    struct tm tm;

    if (!gmtime_r(&local, &tm)) { /* the year does not fit */
        local = 0;
        zone = 0;
        gmtime_r(&local, &tm);
    }
    return apr_psprintf(pool, "Date: %.3s, %d %.3s %d %02d:%02d:%02d %c%04d\n",
                        days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
                        tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, zone < 0 ? '-' : '+',
                        zone < 0 ? -zone : zone);
}
