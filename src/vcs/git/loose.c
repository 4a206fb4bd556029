// SPDX-License-Identifier: Apache-2.0
/*
 * Reads loose objects. libgit2's own reader (until 1.9) loops for ever on a truncated file, and has
 * no size limit.
 */
#include "objects.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <zlib.h>

#include "base/text.h"

#define HEAD_MAX 64 /* "<type> <size>\0" */

/* The state of reading one object. */
typedef struct stream_t {
    int fd;
    z_stream z;
    bool ended;
    size_t in_head;      /* bytes of content that were read with the header */
    const char *content; /* those bytes */
    char head[HEAD_MAX];
    unsigned char in[16 * 1024];
} stream_t;

static int damaged(void)
{
    git_error_set_str(GIT_ERROR_ODB, "a loose object is damaged");
    return GIT_ERROR;
}

static bool refill(stream_t *stream)
{
    ssize_t n;

    do
        n = read(stream->fd, stream->in, sizeof(stream->in));
    while (n < 0 && errno == EINTR);
    stream->z.next_in = stream->in;
    stream->z.avail_in = n > 0 ? (uInt)n : 0;
    return n > 0;
}

/* Reads @a len bytes, or fewer at the end of the object. Returns -1 when the file is truncated or
 * damaged. */
static ssize_t inflate_some(stream_t *stream, void *out, size_t len)
{
    stream->z.next_out = out;
    stream->z.avail_out = (uInt)len;
    while (stream->z.avail_out && !stream->ended) {
        int n;

        if (!stream->z.avail_in && !refill(stream))
            return -1;
        n = inflate(&stream->z, Z_NO_FLUSH);
        if (n != Z_OK && n != Z_STREAM_END)
            return -1;
        stream->ended = n == Z_STREAM_END;
    }
    return (ssize_t)(len - stream->z.avail_out);
}

/* Parses "<type> <size>\0" at the start of the object. */
static int inflate_head(size_t *size, git_object_t *type, stream_t *stream)
{
    ssize_t have = inflate_some(stream, stream->head, sizeof(stream->head));
    char *end = have > 0 ? memchr(stream->head, '\0', (size_t)have) : NULL;
    char *blank = end ? strchr(stream->head, ' ') : NULL;
    apr_int64_t number;

    if (!blank)
        return damaged();
    *blank = '\0';
    *type = git_object_string2type(stream->head);
    if (!git_object_typeisloose(*type) || !rc_text_digits(blank + 1) ||
        !rc_text_int(&number, blank + 1) || number < 0 || (size_t)number > RC_GIT_OBJECT_LIMIT)
        return damaged();
    *size = (size_t)number;
    stream->content = end + 1;
    stream->in_head = (size_t)(stream->head + have - stream->content);
    return 0;
}

static int read_content(void **data, size_t size, stream_t *stream, git_odb_backend *backend)
{
    size_t rest = size - stream->in_head;
    char *to, more;

    if (stream->in_head > size)
        return damaged();
    if (!(to = git_odb_backend_data_alloc(backend, size + 1)))
        return GIT_ERROR;
    memcpy(to, stream->content, stream->in_head);
    to[size] = '\0';
    /* reads one byte more than expected, so that zlib reaches the end and checks its checksum */
    if (inflate_some(stream, to + stream->in_head, rest) != (ssize_t)rest ||
        inflate_some(stream, &more, 1) != 0) {
        git_odb_backend_data_free(backend, to);
        return damaged();
    }
    *data = to;
    return 0;
}

static int open_stream(stream_t *stream, const char *objects, const git_oid *id)
{
    char path[4096], hex[GIT_OID_HEXSZ + 1];

    git_oid_tostr(hex, sizeof(hex), id);
    if (apr_snprintf(path, sizeof(path), "%s/%.2s/%s", objects, hex, hex + 2) >=
        (int)sizeof(path) - 1)
        return GIT_ENOTFOUND;
    stream->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (stream->fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return GIT_ENOTFOUND;
    if (stream->fd < 0) {
        git_error_set_str(GIT_ERROR_OS, "cannot open a loose object");
        return GIT_ERROR;
    }
    memset(&stream->z, 0, sizeof(stream->z));
    stream->ended = false;
    if (inflateInit(&stream->z) == Z_OK)
        return 0;
    close(stream->fd);
    return GIT_ERROR;
}

static void close_stream(stream_t *stream)
{
    inflateEnd(&stream->z);
    close(stream->fd);
}

/* A file may contain another object than its name says; zlib's checksum does not cover the name. */
static bool is_object(const git_oid *id, const void *data, size_t size, git_object_t type)
{
    git_oid is;

    return git_odb_hash(&is, data, size, type) == 0 && git_oid_equal(&is, id);
}

int rc_git_loose_read(rc_git_object_t *content, git_odb_backend *backend, const char *objects,
                      const git_oid *id, size_t most)
{
    stream_t stream;
    int n = open_stream(&stream, objects, id);

    content->data = NULL;
    content->allocated = false;
    if (n < 0)
        return n;
    n = inflate_head(&content->size, &content->type, &stream);
    if (n == 0 && content->size < most &&
        (n = read_content(&content->data, content->size, &stream, backend)) == 0 &&
        !is_object(id, content->data, content->size, content->type)) {
        git_odb_backend_data_free(backend, content->data);
        content->data = NULL;
        n = damaged();
    }
    content->allocated = content->data != NULL;
    close_stream(&stream);
    return n;
}
