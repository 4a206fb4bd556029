// SPDX-License-Identifier: Apache-2.0
/*
 * Reads packed-refs as strictly as git (refs/packed-backend.c): a line that cannot be parsed means
 * that the file is damaged.
 */
#include "refs.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "ref_list.h"
#include "base/fs.h"

#define NAME       "packed-refs"
#define FILE_MOST  ((apr_size_t)2 << 30)
#define SCANS_MOST 16 /* searches for references that are neither branches nor tags */

typedef struct text_t {
    const char *path, *text, *at, *end;
    bool all_peeled;  /* the file says what each reference leads to */
    bool tags_peeled; /* it says so for each tag */
    apr_pool_t *pool;
} text_t;

static rc_err_t *damaged(const text_t *file)
{
    return rc_err_internal(file->pool, APR_SUCCESS, "%s is damaged", file->path);
}

/* @a line: "# pack-refs with: <words>". */
static void read_traits(text_t *file, char *line)
{
    char *state, *word = apr_strtok(line, " ", &state);

    file->all_peeled = file->tags_peeled = false;
    for (; word; word = apr_strtok(NULL, " ", &state)) {
        file->all_peeled = file->all_peeled || !strcmp(word, "fully-peeled");
        file->tags_peeled = file->tags_peeled || !strcmp(word, "peeled");
    }
}

static rc_err_t *open_file(text_t *file, const char *path, apr_pool_t *pool)
{
    apr_size_t len;

    RC_TRY(rc_fs_read(&file->text, &len, path, 0, FILE_MOST, pool));
    if (!file->text)
        file->text = "";
    file->path = path;
    file->at = file->text;
    file->end = file->text + len;
    file->all_peeled = file->tags_peeled = false;
    file->pool = pool;
    if (*file->text == '#') /* only the first line can be a comment */
        file->at = memchr(file->text, '\n', len);
    if (!file->at || memchr(file->text, '\0', len))
        return damaged(file);
    if (*file->text == '#')
        read_traits(file, apr_pstrmemdup(pool, file->text, (apr_size_t)(file->at++ - file->text)));
    return NULL;
}

/* Parses "<id> <name>", and "^<id>" in the next line if there is one. */
static rc_err_t *next_line(rc_git_line_t *line, text_t *file)
{
    const char *end = memchr(file->at, '\n', (size_t)(file->end - file->at));

    if (!end || !rc_git_digits_at(&line->id, file->at, end) || end - file->at < GIT_OID_HEXSZ + 2 ||
        !apr_isspace(file->at[GIT_OID_HEXSZ]))
        return damaged(file);
    line->name = file->at + GIT_OID_HEXSZ + 1;
    line->len = (apr_size_t)(end - line->name);
    file->at = end + 1;
    line->has_peeled = file->at < file->end && *file->at == '^';
    line->known = line->has_peeled || file->all_peeled ||
                  (file->tags_peeled && line->len > strlen(RC_GIT_TAGS) &&
                   !strncmp(line->name, RC_GIT_TAGS, strlen(RC_GIT_TAGS)));
    if (!line->has_peeled)
        return NULL;
    end = memchr(file->at, '\n', (size_t)(file->end - file->at));
    if (!end || end - file->at != GIT_OID_HEXSZ + 1 ||
        !rc_git_digits_at(&line->peeled, file->at + 1, end))
        return damaged(file);
    file->at = end + 1;
    return NULL;
}

static rc_err_t *read_all_lines(rc_git_packed_t *packed, rc_git_reading_t *reading,
                                const char *path)
{
    apr_pool_t *scratch;
    text_t file;
    rc_git_line_t line;

    reading->missing = false;
    RC_TRY(open_file(&file, path, reading->scratch));
    apr_pool_create(&scratch, reading->scratch);
    while (file.at < file.end) {
        const char *name;
        bool shown;

        apr_pool_clear(scratch);
        RC_TRY(next_line(&line, &file));
        name = apr_pstrmemdup(scratch, line.name, line.len);
        if (!rc_git_ref_wanted(name, line.len))
            continue;
        RC_TRY(rc_git_layer_add(&shown, &packed->layer, reading, name, &line.id,
                                line.has_peeled ? &line.peeled : NULL));
    }
    packed->missing = reading->missing;
    rc_git_layer_sort(&packed->layer);
    rc_git_layer_settle(&packed->layer);
    return NULL;
}

static rc_git_packed_t *usable(const rc_git_refs_t *base)
{
    rc_git_packed_t *packed = base ? base->packed : NULL;

    return packed && !packed->missing && rc_stamps_same(packed->watched) ? packed : NULL;
}

rc_err_t *rc_git_packed_read(rc_git_packed_t **out, rc_git_reading_t *reading)
{
    const char *path = rc_stamps_add(reading->watched, NAME);
    rc_git_packed_t *packed = usable(reading->base);
    apr_pool_t *pool;
    rc_err_t *err;

    *out = packed;
    if (packed) {
        __atomic_add_fetch(&packed->users, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    if (!rc_git_reading_pool(&pool, reading, "rc_git_packed"))
        return rc_err_internal(reading->scratch, APR_ENOMEM, "no memory for %s", path);
    packed = apr_pcalloc(pool, sizeof(*packed));
    packed->pool = pool;
    packed->users = 1;
    packed->watched = rc_stamps_create(reading->git->path, pool);
    rc_stamps_add_last(packed->watched, reading->watched);
    packed->layer = rc_git_layer(pool, reading->scratch);
    err = read_all_lines(packed, reading, path);
    if (err)
        apr_pool_destroy(pool);
    else
        *out = packed;
    return err;
}

void rc_git_packed_free(rc_git_packed_t *packed)
{
    if (packed && __atomic_sub_fetch(&packed->users, 1, __ATOMIC_ACQ_REL) == 0)
        apr_pool_destroy(packed->pool);
}

rc_err_t *rc_git_packed_scan(bool *found, git_oid *id, rc_git_reading_t *reading, const char *name)
{
    apr_size_t len = strlen(name);
    apr_pool_t *pool; /* of one scan: the file is in it */
    text_t file;
    rc_git_line_t line;

    *found = false;
    if (reading->scans++ >= SCANS_MOST)
        return NULL;
    apr_pool_create(&pool, reading->scratch);
    RC_TRY(open_file(&file, rc_stamps_add(reading->watched, NAME), pool));
    while (!*found && file.at < file.end) {
        RC_TRY(next_line(&line, &file));
        *found = line.len == len && !memcmp(line.name, name, len);
        *id = line.id;
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* --- all lines --- */

static int by_line_name(const void *a, const void *b)
{
    const rc_git_line_t *x = a, *y = b;

    return rc_ref_compare(x->name, x->len, y->name, y->len);
}

rc_err_t *rc_git_packed_lines(apr_array_header_t **lines, rc_git_reading_t *reading)
{
    bool sorted = true;
    text_t file;

    *lines = apr_array_make(reading->scratch, 64, sizeof(rc_git_line_t));
    RC_TRY(open_file(&file, rc_stamps_add(reading->watched, NAME), reading->scratch));
    while (file.at < file.end) {
        rc_git_line_t *line = apr_array_push(*lines);

        RC_TRY(next_line(line, &file));
        sorted = sorted && ((*lines)->nelts == 1 || by_line_name(line - 1, line) < 0);
    }
    if (!sorted)
        qsort((*lines)->elts, (size_t)(*lines)->nelts, sizeof(rc_git_line_t), by_line_name);
    return NULL;
}
