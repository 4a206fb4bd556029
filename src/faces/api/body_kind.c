// SPDX-License-Identifier: Apache-2.0
/*
 * Recognises kinds of bodies that are not JSON, such as compressed data, so that the parse error
 * can name the kind.
 */
#include "body_kind.h"

#include <stdbool.h>
#include <string.h>

#include <apr_lib.h>

/* The first bytes of each kind. */
static const struct {
    const char *start;
    apr_size_t len;
    const char *kind;
} starts[] = {
    {"\x1f\x8b", 2, "gzip data (Content-Encoding is not supported)"},
    {"\x28\xb5\x2f\xfd", 4, "zstd data (Content-Encoding is not supported)"},
    {"\x78\x01", 2, "zlib data (Content-Encoding is not supported)"},
    {"\x78\x9c", 2, "zlib data (Content-Encoding is not supported)"},
    {"\x78\xda", 2, "zlib data (Content-Encoding is not supported)"},
    {"\xff\xfe\0\0", 4, "UTF-32 text, not UTF-8"},
    {"\0\0\xfe\xff", 4, "UTF-32 text, not UTF-8"},
    {"\xff\xfe", 2, "UTF-16 text, not UTF-8"},
    {"\xfe\xff", 2, "UTF-16 text, not UTF-8"},
    {"{\0\0\0", 4, "UTF-32 text, not UTF-8"},
    {"\0\0\0{", 4, "UTF-32 text, not UTF-8"},
    {"{\0", 2, "UTF-16 text, not UTF-8"},
    {"\0{", 2, "UTF-16 text, not UTF-8"},
    {"--", 2, "a multipart form"},
    {"<", 1, "XML or HTML"},
    {"%7B", 3, "URL-encoded"},
    {"%7b", 3, "URL-encoded"},
};

/* name=value, as forms are sent. */
static bool is_form(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len && (apr_isalnum(text[i]) || strchr("_-.%+[]", text[i])); i++)
        if (!text[i])
            return false;
    return i && i < len && text[i] == '=';
}

const char *rc_body_kind(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < sizeof(starts) / sizeof(*starts); i++)
        if (len >= starts[i].len && !memcmp(text, starts[i].start, starts[i].len))
            return starts[i].kind;
    if (is_form(text, len))
        return "a URL-encoded form";
    for (i = 0; i < len && apr_isspace(text[i]); i++)
        ;
    return i == len ? "empty" : NULL;
}

apr_size_t rc_body_mark(const char *text, apr_size_t len)
{
    return len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
}
