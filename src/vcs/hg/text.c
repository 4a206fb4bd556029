// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the text of a revision: finds its chain of deltas, follows the text back to a whole one,
 * and checks the result against the node id.
 */
#include "revlog.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#define STORED_MORE 1024                   /* bytes of a chunk above those that it expands to */
#define CHAIN_MOST  100000                 /* deltas (contract 08 §6) */
#define DELTA_MORE  ((apr_size_t)64 << 20) /* bytes of a delta above those of its text */

typedef struct reading_t {
    rc_vcs_t *vcs;
    const rc_hg_revlog_t *log;
    int rev;                   /* whose text is wanted */
    apr_array_header_t *chain; /* of int: revisions with deltas, the newest first */
    int base;                  /* the revision with the whole text; -1: the empty text */
    char *out;
    apr_array_header_t *pieces; /* that are still missing */
    apr_array_header_t *spare;  /* becomes those of the next version */
    apr_pool_t *scratch;
} reading_t;

static rc_err_t *damaged_text(const reading_t *reading, int rev, const char *why)
{
    return rc_err_internal(reading->vcs->pool, APR_SUCCESS, "revision %d in %s %s", rev,
                           reading->log->name, why);
}

static apr_size_t size_at(const rc_hg_revlog_t *log, int rev)
{
    rc_hg_row_t row;

    if (rev < 0)
        return 0;
    rc_hg_row(&row, log, rev);
    return (apr_size_t)row.size;
}

static const rc_hg_known_t *find_known(const rc_hg_revlog_t *log, int rev)
{
    int i;

    for (i = 0; i < RC_HG_KNOWN; i++)
        if (rev >= 0 && log->known[i].rev == rev)
            return &log->known[i];
    return NULL;
}

/* Bases are older than what they are of: a chain has an end. */
static rc_err_t *find_chain(reading_t *reading)
{
    const rc_hg_revlog_t *log = reading->log;
    int rev = reading->rev;
    rc_hg_row_t row;

    for (; rev >= 0; rev = log->general || row.base < 0 ? row.base : rev - 1) {
        rc_hg_row(&row, log, rev);
        if (row.base == rev || find_known(log, rev))
            break;
        if (reading->chain->nelts >= CHAIN_MOST)
            return damaged_text(reading, reading->rev, "has too many deltas");
        APR_ARRAY_PUSH(reading->chain, int) = rev;
    }
    reading->base = rev;
    return NULL;
}

static bool read_at(int fd, char *data, apr_size_t len, apr_uint64_t offset)
{
    while (len) {
        ssize_t n = pread(fd, data, len, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (apr_size_t)n;
        offset += (apr_uint64_t)n;
    }
    return true;
}

/* Reads and expands the chunk of @a rev: a text of @a size bytes, or when that is 0 a delta of at
 * most @a most. */
static rc_err_t *read_chunk(rc_hg_text_t *chunk, const reading_t *reading, int rev, apr_size_t size,
                            apr_size_t most, apr_pool_t *pool)
{
    rc_hg_row_t row;
    char *stored;

    rc_hg_row(&row, reading->log, rev);
    if (row.flags)
        return damaged_text(
            reading, rev,
            apr_psprintf(pool, "has the flags %x, which are not supported", (unsigned)row.flags));
    if ((apr_size_t)row.stored > most + STORED_MORE)
        return damaged_text(reading, rev, "has an odd size");
    RC_TRY(rc_work_spend(reading->vcs->work, row.stored, reading->vcs->pool));
    stored = apr_palloc(pool, (apr_size_t)row.stored + 1);
    stored[row.stored] = '\0';
    if (row.stored && !read_at(reading->log->fd, stored, (apr_size_t)row.stored, row.offset))
        return damaged_text(reading, rev, "lacks its data");
    rc_hg_expand(chunk, reading->log->codec, stored, (apr_size_t)row.stored, size, most, pool);
    return chunk->data ? NULL : damaged_text(reading, rev, "cannot be expanded");
}

/* Goes back over one delta, that of @a rev to the text of @a older. */
static rc_err_t *take_delta(reading_t *reading, int rev, int older)
{
    apr_size_t from = size_at(reading->log, older), to = size_at(reading->log, rev);
    apr_array_header_t *left = reading->spare;
    rc_hg_text_t delta;
    apr_pool_t *pool;
    rc_err_t *err;

    apr_array_clear(left);
    apr_pool_create(&pool, reading->scratch);
    err = read_chunk(&delta, reading, rev, 0, to + DELTA_MORE, pool);
    /* an empty chunk is a delta that changes nothing */
    if (!err && !rc_hg_step_back(left, reading->out, reading->pieces, &delta, from, to))
        err = damaged_text(reading, rev, "has a damaged delta");
    apr_pool_destroy(pool);
    reading->spare = reading->pieces;
    reading->pieces = left;
    return err;
}

static rc_err_t *take_deltas(reading_t *reading)
{
    apr_array_header_t *chain = reading->chain;
    int i;

    for (i = 0; i < chain->nelts; i++) {
        int older = i + 1 < chain->nelts ? APR_ARRAY_IDX(chain, i + 1, int) : reading->base;

        RC_TRY(take_delta(reading, APR_ARRAY_IDX(chain, i, int), older));
    }
    return NULL;
}

static rc_err_t *read_base(rc_hg_text_t *base, const reading_t *reading)
{
    const rc_hg_known_t *known = find_known(reading->log, reading->base);
    apr_size_t size = size_at(reading->log, reading->base);

    *base = (rc_hg_text_t){"", 0};
    if (known)
        *base = known->text;
    else if (reading->base >= 0)
        RC_TRY(read_chunk(base, reading, reading->base, size, size, reading->scratch));
    return base->len == size ? NULL
                             : damaged_text(reading, reading->base, "does not have its size");
}

static void copy_pieces(char *out, const apr_array_header_t *pieces, const char *from)
{
    int i;

    for (i = 0; i < pieces->nelts; i++) {
        const rc_hg_piece_t *piece = &APR_ARRAY_IDX(pieces, i, rc_hg_piece_t);

        memcpy(out + piece->at, from + piece->from, piece->len);
    }
}

static rc_err_t *verify_text(const reading_t *reading, const rc_hg_text_t *text)
{
    const unsigned char *parents[2];
    unsigned char node[RC_HG_NODE];
    rc_hg_row_t row;

    rc_hg_row(&row, reading->log, reading->rev);
    parents[0] = rc_hg_node(reading->log, row.parent[0]);
    parents[1] = rc_hg_node(reading->log, row.parent[1]);
    rc_hg_node_id(node, reading->log->codec, parents, text);
    return memcmp(node, row.node, RC_HG_NODE)
               ? damaged_text(reading, reading->rev, "does not have its node id")
               : NULL;
}

static rc_err_t *build_text(rc_hg_text_t *text, reading_t *reading, apr_pool_t *pool)
{
    apr_size_t size = size_at(reading->log, reading->rev);
    rc_hg_text_t base;

    RC_TRY(rc_work_spend(reading->vcs->work, (apr_off_t)size, reading->vcs->pool));
    RC_TRY(find_chain(reading));
    text->data = reading->out = apr_palloc(pool, size + 1);
    text->len = size;
    reading->out[size] = '\0';
    if (size)
        APR_ARRAY_PUSH(reading->pieces, rc_hg_piece_t) = (rc_hg_piece_t){0, 0, size};
    RC_TRY(take_deltas(reading));
    RC_TRY(read_base(&base, reading));
    copy_pieces(reading->out, reading->pieces, base.data);
    return verify_text(reading, text);
}

rc_err_t *rc_hg_read_text(rc_hg_text_t *text, rc_vcs_t *vcs, const rc_hg_revlog_t *log, int rev,
                          apr_pool_t *pool)
{
    reading_t reading = {.vcs = vcs, .log = log, .rev = rev};
    rc_err_t *err;

    apr_pool_create(&reading.scratch, pool);
    reading.chain = apr_array_make(reading.scratch, 16, sizeof(int));
    reading.pieces = apr_array_make(reading.scratch, 16, sizeof(rc_hg_piece_t));
    reading.spare = apr_array_make(reading.scratch, 16, sizeof(rc_hg_piece_t));
    err = build_text(text, &reading, pool);
    apr_pool_destroy(reading.scratch);
    return err;
}
