// SPDX-License-Identifier: Apache-2.0
/*
 * Reads one value of a directive: parses and checks the text by the type and the range that the
 * directive's row states.
 */
#include "http.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "base/unconst.h"

/* Sets the value at @a slot. Returns NULL, or what the text is not: "a number from 1 to 10". */
typedef const char *reader_t(void *slot, const rc_directive_t *row, const char *text,
                             apr_pool_t *pool);

static const char *range_text(const rc_directive_t *row, const char *what, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT, what, row->min,
                        row->max);
}

static bool read_range(apr_int64_t *n, const rc_directive_t *row, const char *text)
{
    return rc_text_digits(text) && rc_text_int(n, text) && *n >= row->min && *n <= row->max;
}

static const char *read_number(void *slot, const rc_directive_t *row, const char *text,
                               apr_pool_t *pool)
{
    apr_int64_t n;

    if (!read_range(&n, row, text))
        return range_text(row, "a number", pool);
    *(int *)slot = (int)n;
    return NULL;
}

static const char *read_seconds(void *slot, const rc_directive_t *row, const char *text,
                                apr_pool_t *pool)
{
    apr_int64_t n;

    if (!read_range(&n, row, text)) /* the name of a directive says the unit */
        return range_text(row, row->name ? "a number" : "a number of seconds", pool);
    *(apr_interval_time_t *)slot = apr_time_from_sec(n);
    return NULL;
}

static const char *word_list(const rc_directive_t *row, apr_pool_t *pool)
{
    const char *list = row->words[0];
    int i;

    for (i = 1; row->words[i]; i++)
        list = apr_pstrcat(pool, list, row->words[i + 1] ? ", " : " or ", row->words[i], NULL);
    return list;
}

/* Returns the word that @a text is, in any case, or NULL. */
static const char *find_word(const rc_directive_t *row, const char *text)
{
    int i;

    for (i = 0; row->words[i]; i++)
        if (!strcasecmp(row->words[i], text))
            return row->words[i];
    return NULL;
}

static const char *read_size(void *slot, const rc_directive_t *row, const char *text,
                             apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    int shift = 0;
    apr_int64_t n;

    if (row->words && find_word(row, text)) {
        *(apr_off_t *)slot = 0;
        return NULL;
    }
    switch (len ? apr_toupper(text[len - 1]) : '\0') {
    case 'K':
        shift = 10;
        break;
    case 'M':
        shift = 20;
        break;
    case 'G':
        shift = 30;
        break;
    }
    if (shift)
        text = apr_pstrmemdup(pool, text, len - 1);
    if (!rc_text_digits(text) || !rc_text_int(&n, text) || n > APR_INT64_MAX >> shift ||
        n << shift < row->min || n << shift > row->max)
        return range_text(row,
                          row->words
                              ? apr_pstrcat(pool, word_list(row, pool),
                                            ", or a number of bytes (also with K, M or G)", NULL)
                              : "a number of bytes (also with K, M or G)",
                          pool);
    *(apr_off_t *)slot = (apr_off_t)(n << shift);
    return NULL;
}

static const char *read_string(void *slot, const rc_directive_t *row, const char *text,
                               apr_pool_t *pool)
{
    (void)row;
    if (rc_text_has_control(text) || !rc_utf8_valid(text, strlen(text)))
        return "plain UTF-8 text";
    *(const char **)slot = apr_pstrdup(pool, text);
    return NULL;
}

/* http(s)://host[:port][/path]; a slash at its end is removed. */
static const char *read_url(void *slot, const rc_directive_t *row, const char *text,
                            apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    apr_uri_t uri;

    (void)row;
    if (apr_uri_parse(pool, text, &uri) || !uri.scheme || !uri.hostname ||
        (strcmp(uri.scheme, "http") && strcmp(uri.scheme, "https")) || !*uri.hostname || uri.user ||
        uri.query || uri.fragment || rc_text_has_control(text) || strchr(text, ' '))
        return "a URL http://HOST[:PORT][/PATH] or https://...";
    while (len && text[len - 1] == '/')
        len--;
    *(const char **)slot = apr_pstrmemdup(pool, text, len);
    return NULL;
}

static const char *read_path(void *slot, const rc_directive_t *row, const char *text,
                             apr_pool_t *pool)
{
    const char *path = *text ? ap_server_root_relative(pool, text) : NULL;

    if (!path)
        return "a path";
    if (row->type == RC_VALUE_FOLDER && !strcasecmp(text, "None"))
        path = "";
    *(const char **)slot = path;
    return NULL;
}

/* The name of a database on a server can hold what nobody may read: no message repeats it. */
static const char *read_store(void *slot, const rc_directive_t *row, const char *text,
                              apr_pool_t *pool)
{
    rc_err_t *err;

    if (!rc_db_is_on_server(text))
        return read_path(slot, row, text, pool);
    if ((err = rc_db_check_name(text, pool)))
        return apr_psprintf(pool, "a database: %s", err->msg);
    *(const char **)slot = apr_pstrdup(pool, text);
    return NULL;
}

const char *rc_http_shown_value(const rc_directive_t *row, const char *text)
{
    return row->type == RC_VALUE_STORE && rc_db_is_on_server(text) ? "..." : text;
}

static const char *read_word(void *slot, const rc_directive_t *row, const char *text,
                             apr_pool_t *pool)
{
    const char *word = find_word(row, text);

    if (!word)
        return word_list(row, pool);
    *(const char **)slot = word;
    return NULL;
}

apr_array_header_t *rc_http_list(void *slot, apr_pool_t *pool)
{
    const apr_array_header_t **list = slot;

    if (!*list)
        *list = apr_array_make(pool, 4, sizeof(const char *));
    return rc_unconst(*list);
}

/* Adds one word of a list. */
static const char *read_words(void *slot, const rc_directive_t *row, const char *text,
                              apr_pool_t *pool)
{
    return read_word(apr_array_push(rc_http_list(slot, pool)), row, text, pool);
}

const char *rc_http_read_value(void *slot, const rc_directive_t *row, const char *text,
                               apr_pool_t *pool)
{
    static reader_t *const readers[] = {
        [RC_VALUE_NUMBER] = read_number,   [RC_VALUE_SIZE] = read_size,
        [RC_VALUE_SECONDS] = read_seconds, [RC_VALUE_TEXT] = read_string,
        [RC_VALUE_URL] = read_url,         [RC_VALUE_PATH] = read_path,
        [RC_VALUE_FOLDER] = read_path,     [RC_VALUE_WORD] = read_word,
        [RC_VALUE_WORDS] = read_words,     [RC_VALUE_STORE] = read_store,
    };

    return readers[row->type](slot, row, text, pool);
}
