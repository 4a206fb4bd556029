// SPDX-License-Identifier: Apache-2.0
/*
 * Converts contents as `git archive` does by the attributes ident, text, crlf, eol and
 * working-tree-encoding, with core.autocrlf and core.eol unset (git's convert.c, described in
 * gitattributes(5)). Filters are programs and are never run. libgit2's filters do not support
 * working-tree-encoding, and read the attributes again for each file.
 */
#include "worktree.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/unconst.h"

#define CONVERTED_MAX ((apr_off_t)1 << 30) /* bytes of a converted content, in a temporary file */

/* --- choosing the conversion --- */

static bool is(const char *value, const char *word)
{
    return value != rc_git_set && value != rc_git_unset && value != rc_git_unspecified &&
           !strcmp(value, word);
}

typedef enum { UNDEFINED, BINARY, TEXT, INPUT, AUTO } lines_t;

static lines_t lines_of(const char *value)
{
    return value == rc_git_set     ? TEXT
           : value == rc_git_unset ? BINARY
           : is(value, "input")    ? INPUT
           : is(value, "auto")     ? AUTO
                                   : UNDEFINED;
}

static bool is_utf8(const char *name)
{
    if (strncasecmp(name, "utf", 3))
        return false;
    name += 3;
    return !strcmp(name + (*name == '-'), "8");
}

rc_err_t *rc_git_smudge_of(bool *needed, rc_git_smudge_t *smudge, const char *const *values,
                           apr_pool_t *pool)
{
    const char *encoding = values[RC_GIT_ENCODING];
    lines_t lines = lines_of(values[RC_GIT_TEXT]);

    if (encoding == rc_git_set)
        return rc_err(pool, RC_E_NOTFOUND,
                      "There is no archive of this commit: "
                      "it sets working-tree-encoding without the name of an encoding");
    if (lines == UNDEFINED)
        lines = lines_of(values[RC_GIT_CRLF]);
    smudge->ident = values[RC_GIT_IDENT] == rc_git_set;
    smudge->crlf = lines != BINARY && is(values[RC_GIT_EOL], "crlf");
    smudge->guess = lines == AUTO;
    smudge->encoding = encoding == rc_git_unspecified || encoding == rc_git_unset || !*encoding ||
                               is_utf8(encoding)
                           ? NULL
                           : encoding;
    *needed = smudge->ident || smudge->crlf || smudge->encoding;
    return NULL;
}

/* --- $Id$ --- */

/*
 * Returns the end of the keyword whose dollar is before @a p; NULL when there is none. *@a done: no
 * other keyword can follow.
 */
static const char *end_of_ident(bool *done, const char *p, const char *end)
{
    const char *dollar, *blank;

    if (end - p < 3 || memcmp(p, "Id", 2))
        return NULL;
    if (p[2] == '$')
        return p + 3;
    if (p[2] != ':')
        return NULL;
    dollar = memchr(p + 3, '$', (size_t)(end - p) - 3);
    *done = !dollar;
    if (!dollar || memchr(p + 3, '\n', (size_t)(dollar - p) - 3))
        return NULL;
    /* an id with a blank is that of another version control system and is kept */
    blank = dollar > p + 3 ? memchr(p + 4, ' ', (size_t)(dollar - p) - 4) : NULL;
    return blank && blank < dollar - 1 ? NULL : dollar + 1;
}

static rc_err_t *expand_ident(bool *changed, rc_spool_t *out, const rc_git_text_t *text,
                              const git_oid *id)
{
    const char *from = text->data, *p = from, *end = from + text->len, *next;
    bool done = false;

    while (!done && (p = memchr(p, '$', (size_t)(end - p)))) {
        if (!(next = end_of_ident(&done, ++p, end)))
            continue;
        *changed = true;
        RC_TRY(rc_spool_write(out, from, (apr_size_t)(p - from)));
        RC_TRY(rc_spool_printf(out, "Id: %s $", git_oid_tostr_s(id)));
        from = p = next;
    }
    return *changed ? rc_spool_write(out, from, (apr_size_t)(end - from)) : NULL;
}

/* --- ends of lines --- */

typedef struct counts_t {
    size_t lone_lf, crlf, other_cr, nul, printable, strange;
} counts_t;

static void count_bytes(counts_t *counts, const rc_git_text_t *text)
{
    const unsigned char *p = (const unsigned char *)text->data, *end = p + text->len;

    memset(counts, 0, sizeof(*counts));
    for (; p < end; p++) {
        if (*p == '\r' && p + 1 < end && p[1] == '\n') {
            counts->crlf++;
            p++;
        } else if (*p == '\r') {
            counts->other_cr++;
        } else if (*p == '\n') {
            counts->lone_lf++;
        } else if (*p == 127 || (*p < 32 && !memchr("\b\t\033\f", *p, 4))) {
            counts->nul += !*p;
            counts->strange++;
        } else {
            counts->printable++;
        }
    }
    if (text->len && end[-1] == '\032') /* an end mark of DOS */
        counts->strange--;
}

static bool looks_like_text(const counts_t *counts)
{
    return !counts->crlf && !counts->other_cr && !counts->nul &&
           counts->printable >> 7 >= counts->strange;
}

static rc_err_t *end_lines(bool *changed, rc_spool_t *out, const rc_git_text_t *text, bool guess)
{
    const char *p = text->data, *end = p + text->len, *eol;
    counts_t counts;

    count_bytes(&counts, text);
    *changed = counts.lone_lf && (!guess || looks_like_text(&counts));
    if (!*changed)
        return NULL;
    for (; (eol = memchr(p, '\n', (size_t)(end - p))); p = eol + 1) {
        bool has_cr = eol > p && eol[-1] == '\r';

        RC_TRY(rc_spool_write(out, p, (apr_size_t)(eol - p)));
        RC_TRY(rc_spool_puts(out, has_cr ? "\n" : "\r\n"));
    }
    return rc_spool_write(out, p, (apr_size_t)(end - p));
}

/* --- encodings --- */

/* Splits git's two names with a byte order mark into mark (the bytes of U+FEFF) and encoding. */
static const char *split_mark(const char **mark, const char *encoding)
{
    const char *rest = strncasecmp(encoding, "utf", 3) ? "" : encoding + 3;

    rest += *rest == '-';
    *mark = !strcasecmp(rest, "16LE-BOM")   ? "\xff\xfe"
            : !strcasecmp(rest, "16BE-BOM") ? "\xfe\xff"
                                            : "";
    return !**mark ? encoding : (*mark)[0] == '\xff' ? "UTF-16LE" : "UTF-16BE";
}

static void close_iconv(void *converter)
{
    iconv_close(converter);
}

/* Converts to the target encoding. *@a changed stays false when that is impossible: the text is
 * then used unchanged. As in git, a shift sequence that is open at the end stays open. */
static rc_err_t *encode(bool *changed, rc_spool_t *out, const rc_git_text_t *text,
                        const char *encoding, apr_pool_t *pool)
{
    char buffer[16 * 1024], *in = rc_unconst(text->data);
    size_t left = text->len, n = (size_t)-1;
    const char *mark, *name = split_mark(&mark, encoding);
    iconv_t converter = iconv_open(name, "UTF-8");

    if (converter == (iconv_t)-1 && !strcasecmp(name, "latin-1"))
        converter = iconv_open("ISO-8859-1", "UTF-8");
    if (converter == (iconv_t)-1)
        return NULL;
    rc_cleanup(pool, converter, close_iconv);
    RC_TRY(rc_spool_puts(out, mark));
    while (n == (size_t)-1) {
        size_t room = sizeof(buffer);
        char *to = buffer;

        n = iconv(converter, &in, &left, &to, &room);
        if (n == (size_t)-1 && errno != E2BIG)
            return NULL;
        RC_TRY(rc_spool_write(out, buffer, (apr_size_t)(to - buffer)));
    }
    *changed = true;
    return NULL;
}

/* --- all conversions in turn --- */

static rc_err_t *convert_step(bool *changed, rc_spool_t *out, const rc_git_text_t *text,
                              const rc_git_smudge_t *smudge, int number, const git_oid *id,
                              apr_pool_t *pool)
{
    switch (number) {
    case 0:
        return smudge->ident ? expand_ident(changed, out, text, id) : NULL;
    case 1:
        return smudge->crlf ? end_lines(changed, out, text, smudge->guess) : NULL;
    default:
        return smudge->encoding ? encode(changed, out, text, smudge->encoding, pool) : NULL;
    }
}

rc_err_t *rc_git_smudge(rc_git_text_t *text, const rc_git_smudge_t *smudge, const git_oid *id,
                        const char *temp_dir, apr_pool_t *err_pool, apr_pool_t *pool)
{
    int number;

    for (number = 0; number < 3 && text->len; number++) {
        rc_spool_t *out = rc_spool_create(temp_dir, pool);
        bool changed = false;
        rc_err_t *err;

        rc_spool_set_limit(out, CONVERTED_MAX);
        err = convert_step(&changed, out, text, smudge, number, id, pool);
        if (err && err->kind == RC_E_LIMIT)
            return rc_err(err_pool, RC_E_LIMIT, "This archive is too large");
        RC_TRY(err);
        if (!changed)
            continue;
        RC_TRY(rc_spool_view(&text->data, out, pool));
        text->len = (size_t)rc_spool_size(out);
        text->spool = out;
    }
    return NULL;
}
