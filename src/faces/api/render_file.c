// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a file of a commit as JSON: node_obj (contract 02 §1.9).
 */
#include "method.h"

#include <string.h>

#include "base/hex.h"
#include "base/md5.h"
#include "base/mime.h"

static const char *extension(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

static apr_int64_t count_lines(const rc_node_t *node, bool binary)
{
    const char *p = node->data, *end = p + node->len;
    apr_int64_t lines = 0;

    if (binary || !node->len)
        return 0;
    while (p < end && (p = memchr(p, '\n', (apr_size_t)(end - p)))) {
        lines++;
        p++;
    }
    return lines ? lines : 1;
}

/* All members but the content are put together here and written by one call. */
#define NAME_MOST        512 /* bytes of a path that fits; one without an escape is copied as it is */
#define TEXT_MOST        (2 * NAME_MOST + 512)
#define PUT(to, literal) append_text(to, literal, sizeof(literal) - 1)

static inline char *append_text(char *to, const char *text, apr_size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

static char *append_number(char *to, apr_int64_t value)
{
    char digits[RC_JSON_DIGITS], *end = digits + sizeof(digits);
    const char *first = rc_json_digits(end, value);

    return append_text(to, first, (apr_size_t)(end - first));
}

static char *put_md5(char *to, const rc_node_t *node)
{
    rc_md5_text_t text = {.data = node->data, .len = node->len};

    if (!node->md5)
        rc_md5(&text, 1);
    rc_hex_write(to, node->md5 ? node->md5 : text.digest, RC_MD5_SIZE);
    return to + 2 * RC_MD5_SIZE;
}

static const char *mime_type(const rc_node_t *node, bool binary)
{
    const char *type = rc_mime_type(node->path);

    return type ? type : binary ? "application/octet-stream" : "text/plain";
}

/* Writes what is known of a file whose content cannot be read. */
static void write_missing(rc_json_t *out, const rc_node_t *node, rc_file_form_t form)
{
    static const char *const unknown[] = {"md5", "binary", "size"};
    apr_size_t i;

    for (i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
        rc_json_member_null(out, unknown[i]);
    rc_json_member_string(out, "extension", extension(node->path));
    rc_json_member_string(out, "mimetype", mime_type(node, true));
    rc_json_member_null(out, "lines");
    if (form == RC_FILE_FULL)
        rc_json_member_null(out, "content");
    rc_json_member_bool(out, "missing", true);
}

/* The type, and what is computed from the content. */
static char *append_digest(char *to, const rc_node_t *node, bool binary)
{
    to = PUT(to, "\"type\":\"file\",\"md5\":\"");
    to = put_md5(to, node);
    to = PUT(to, "\",\"binary\":");
    to = binary ? PUT(to, "true") : PUT(to, "false");
    to = PUT(to, ",\"size\":");
    return append_number(to, (apr_int64_t)node->len);
}

static char *append_kind(char *to, const rc_node_t *node, bool binary)
{
    const char *type = mime_type(node, binary);

    to = PUT(to, "\"mimetype\":\"");
    to = append_text(to, type, strlen(type));
    to = PUT(to, "\",\"lines\":");
    return append_number(to, count_lines(node, binary));
}

/* All members but the content, of a file with a short name of @a len bytes without escapes. */
static char *append_members(char *to, const rc_node_t *node, apr_size_t len, bool binary)
{
    const char *ending = extension(node->path);

    to = PUT(to, "\"name\":\"");
    to = append_text(to, node->path, len);
    to = PUT(to, "\",");
    to = append_digest(to, node, binary);
    to = PUT(to, ",\"extension\":\"");
    to = append_text(to, ending, (apr_size_t)(node->path + len - ending));
    to = PUT(to, "\",");
    return append_kind(to, node, binary);
}

/* The same for any name. */
static void write_members(rc_json_t *out, const rc_node_t *node, bool binary)
{
    char text[TEXT_MOST];

    rc_json_member_string(out, "name", node->path);
    rc_json_members_raw(out, text, (apr_size_t)(append_digest(text, node, binary) - text));
    rc_json_member_string(out, "extension", extension(node->path));
    rc_json_members_raw(out, text, (apr_size_t)(append_kind(text, node, binary) - text));
}

static void write_present(rc_json_t *out, const rc_node_t *node, rc_file_form_t form,
                          apr_int64_t most)
{
    bool binary = memchr(node->data, '\0', node->len) != NULL;
    apr_size_t len = strlen(node->path);
    char text[TEXT_MOST];

    if (len <= NAME_MOST && rc_json_plain(node->path, len))
        rc_json_members_raw(out, text,
                            (apr_size_t)(append_members(text, node, len, binary) - text));
    else
        write_members(out, node, binary);
    if (form != RC_FILE_FULL)
        return;
    rc_json_key(out, "content");
    if (binary || (most >= 0 && (apr_int64_t)node->len > most))
        rc_json_null(out);
    else
        rc_json_string_len(out, node->data, node->len);
}

/* A file whose content cannot be read, or need not be. */
static void write_absent(rc_json_t *out, const rc_node_t *node, rc_file_form_t form)
{
    rc_json_member_string(out, "name", node->path);
    rc_json_member_plain(out, "type", "file", strlen("file"));
    if (node->missing)
        write_missing(out, node, form);
}

rc_err_t *rc_render_file(rc_json_t *out, const rc_node_t *node, rc_file_form_t form,
                         apr_int64_t most)
{
    rc_json_object_begin(out);
    if (node->missing || form == RC_FILE_MINIMAL)
        write_absent(out, node, form);
    else
        write_present(out, node, form, most);
    rc_json_object_end(out);
    return rc_json_finish(out);
}
