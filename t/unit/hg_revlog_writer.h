// SPDX-License-Identifier: Apache-2.0
/*
 * Writes revlogs for tests: any chunks, flags and numbers, right or wrong.
 */
#ifndef HG_REVLOG_WRITER_H
#define HG_REVLOG_WRITER_H

#include <fcntl.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "vcs/hg/revlog.h"

enum { TOGETHER = 0x10000, GENERAL = 0x20000 };

typedef enum { STORED, MARKED, ZLIB, ZSTD } packing_t;

/* One revision. */
typedef struct made_row_t {
    const char *text;  /* from which size and id are made */
    const char *chunk; /* NULL: the text */
    apr_size_t chunk_len;
    packing_t packing;
    int base; /* itself: the chunk is the text */
    int parent[2];
    int flags;
    int size; /* 0: that of the text */
} made_row_t;

typedef struct made_revlog_t {
    unsigned format; /* TOGETHER, GENERAL */
    char index[1 << 16], data[1 << 16];
    apr_size_t index_len, data_len;
    unsigned char nodes[256][RC_HG_NODE];
    int count;
} made_revlog_t;

static void put_number(char *p, unsigned long long number, int bytes)
{
    for (; bytes--; number >>= 8)
        p[bytes] = (char)number;
}

/* Packs a chunk as hg does; returns its length. */
static apr_size_t pack_chunk(char *out, const char *data, apr_size_t len, packing_t packing)
{
    uLongf room = 1 << 15;

    if (packing == ZLIB) {
        assert_int_equal(compress((Bytef *)out, &room, (const Bytef *)data, len), Z_OK);
        return room;
    }
    if (packing == ZSTD)
        return ZSTD_compress(out, 1 << 15, data, len, 3);
    *out = 'u';
    memcpy(out + (packing == MARKED), data, len);
    return len + (packing == MARKED);
}

static void add_row(made_revlog_t *made, rc_hg_codec_t *codec, const made_row_t *row)
{
    rc_hg_text_t text = {row->text, strlen(row->text)};
    const unsigned char *parents[2];
    char chunk[1 << 15], *p = made->index + made->index_len;
    apr_size_t len = pack_chunk(chunk, row->chunk ? row->chunk : row->text,
                                row->chunk ? row->chunk_len : text.len, row->packing);
    int i;

    for (i = 0; i < 2; i++)
        parents[i] = row->parent[i] < 0 ? rc_hg_null_node : made->nodes[row->parent[i]];
    rc_hg_node_id(made->nodes[made->count], codec, parents, &text);
    memset(p, 0, RC_HG_ROW);
    put_number(p, (unsigned long long)made->data_len << 16 | (unsigned)row->flags, 8);
    if (!made->count)
        put_number(p, made->format | 1, 4);
    put_number(p + 8, len, 4);
    put_number(p + 12, row->size ? (unsigned)row->size : text.len, 4);
    put_number(p + 16, (unsigned)row->base, 4);
    put_number(p + 20, (unsigned)made->count, 4);
    put_number(p + 24, (unsigned)row->parent[0], 4);
    put_number(p + 28, (unsigned)row->parent[1], 4);
    memcpy(p + 32, made->nodes[made->count++], RC_HG_NODE);
    made->index_len += RC_HG_ROW;
    if (made->format & TOGETHER) {
        memcpy(p + RC_HG_ROW, chunk, len);
        made->index_len += len;
    } else
        memcpy(made->data + made->data_len, chunk, len);
    made->data_len += len;
}

static void write_bytes(const char *path, const char *data, apr_size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    close(fd);
}

#endif
