// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes what Mercurial repositories hold. The input is a revlog in one file, all of whose texts
 * are read; a delta, which must not reach beyond the text that it makes; the text of a file with a
 * block in front; and, cut in the middle, two texts whose differences lead from one to the other.
 */
#include "fuzz.h"
#include "vcs/hg/hg.h"
#include "vcs/hg/lines.h"

#include <fcntl.h>
#include <unistd.h>

#define OLDER 100 /* bytes of the version before a delta */

static void remove_file(void)
{
    unlink(apr_psprintf(fuzz_forever(), "/tmp/rcapi-fuzz-%ld", (long)getpid()));
}

/* Returns the path of a file with these bytes. */
static const char *file_of(const uint8_t *data, size_t size)
{
    static const char *path;
    int fd;

    if (!path) {
        path = apr_psprintf(fuzz_forever(), "/tmp/rcapi-fuzz-%ld", (long)getpid());
        atexit(remove_file);
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
    return path;
}

static void read_revlog(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    static rc_hg_codec_t *codec;
    const char *path = file_of(data, size);
    rc_vcs_t vcs = {.pool = pool, .path = path};
    rc_hg_revlog_t *log;
    int rev;

    if (!codec)
        codec = rc_hg_codec_create(fuzz_forever());
    if (rc_hg_revlog_open(&log, &vcs, codec, path, path, pool))
        return;
    for (rev = 0; rev < log->count && rev < 100; rev++) {
        rc_hg_text_t text;
        rc_hg_row_t row;

        rc_hg_row(&row, log, rev);
        if (row.size < 1 << 20 && !rc_hg_read_text(&text, &vcs, log, rev, pool))
            CHECK(text.len == (apr_size_t)row.size && strlen(text.data) <= text.len);
    }
}

static void follow_delta(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    apr_array_header_t *pieces = apr_array_make(pool, 1, sizeof(rc_hg_piece_t));
    apr_array_header_t *left = apr_array_make(pool, 1, sizeof(rc_hg_piece_t));
    apr_size_t newer = size ? data[0] : 0;
    rc_hg_text_t delta = {(const char *)data, size};
    int i;

    if (newer)
        APR_ARRAY_PUSH(pieces, rc_hg_piece_t) = (rc_hg_piece_t){0, 0, newer};
    if (!rc_hg_step_back(left, apr_palloc(pool, newer + 1), pieces, &delta, OLDER, newer))
        return;
    for (i = 0; i < left->nelts; i++) {
        const rc_hg_piece_t *piece = &APR_ARRAY_IDX(left, i, rc_hg_piece_t);

        CHECK(piece->at + piece->len <= newer && piece->from + piece->len <= OLDER);
    }
}

static void take_block(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    rc_hg_text_t text = {apr_pstrmemdup(pool, (const char *)data, size), size};
    const char *end = text.data + size;
    rc_hg_origin_t origin;

    rc_hg_take_origin(&origin, &text, pool);
    CHECK(text.data + text.len == end);
}

static bool same_line(const rc_hg_line_t *a, const rc_hg_line_t *b)
{
    return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

/* Between the differences both texts are equal. */
static void compare(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    size_t half = size / 2;
    rc_hg_text_t before = {(const char *)data, half},
                 after = {(const char *)data + half, size - half};
    rc_hg_compare_t with = {NULL, pool, pool};
    rc_hg_block_t at = {0, 0, 0, 0};
    apr_array_header_t *found;
    rc_hg_lines_t old, new;
    int i;

    CHECK(!rc_hg_split(&old, &before, &with) && !rc_hg_split(&new, &after, &with));
    CHECK(!rc_hg_differences(&found, &before, &after, false, &with));
    for (i = 0; i <= found->nelts; i++) {
        rc_hg_block_t next = i < found->nelts
                                 ? APR_ARRAY_IDX(found, i, rc_hg_block_t)
                                 : (rc_hg_block_t){old.count, old.count, new.count, new.count};

        CHECK(next.old_start - at.old_end == next.new_start - at.new_end);
        for (; at.old_end < next.old_start; at.old_end++, at.new_end++)
            CHECK(same_line(&old.line[at.old_end], &new.line[at.new_end]));
        at = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();

    read_revlog(data, size, pool);
    follow_delta(data, size, pool);
    take_block(data, size, pool);
    compare(data, size, pool);
    apr_pool_destroy(pool);
    return 0;
}
