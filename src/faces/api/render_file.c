// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a file of a commit as JSON: node_obj (contract 02 §1.9).
 */
#include "method.h"

#include <string.h>

#include <apr_md5.h>

#include "base/hex.h"
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

static void write_md5(rc_json_t *out, const rc_node_t *node)
{
    char text[2 * APR_MD5_DIGESTSIZE];
    unsigned char digest[APR_MD5_DIGESTSIZE];

    apr_md5(digest, node->data, node->len);
    rc_hex_write(text, digest, sizeof(digest));
    rc_json_member_plain(out, "md5", text, sizeof(text));
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

static void write_present(rc_json_t *out, const rc_node_t *node, rc_file_form_t form,
                          apr_int64_t most)
{
    bool binary = memchr(node->data, '\0', node->len) != NULL;
    const char *type = mime_type(node, binary);

    write_md5(out, node);
    rc_json_member_bool(out, "binary", binary);
    rc_json_member_int(out, "size", (apr_int64_t)node->len);
    rc_json_member_string(out, "extension", extension(node->path));
    rc_json_member_plain(out, "mimetype", type, strlen(type));
    rc_json_member_int(out, "lines", count_lines(node, binary));
    if (form != RC_FILE_FULL)
        return;
    rc_json_key(out, "content");
    if (binary || (most >= 0 && (apr_int64_t)node->len > most))
        rc_json_null(out);
    else
        rc_json_string_len(out, node->data, node->len);
}

rc_err_t *rc_render_file(rc_json_t *out, const rc_node_t *node, rc_file_form_t form,
                         apr_int64_t most)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "name", node->path);
    rc_json_member_plain(out, "type", "file", strlen("file"));
    if (node->missing)
        write_missing(out, node, form);
    else if (form != RC_FILE_MINIMAL)
        write_present(out, node, form, most);
    rc_json_object_end(out);
    return rc_json_finish(out);
}
