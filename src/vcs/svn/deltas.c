// SPDX-License-Identifier: Apache-2.0
/*
 * Finds deltas without end. libsvn follows a delta to its base, and that to its own, without a
 * limit: a chain that leads to itself takes all memory. What libsvn writes is a delta against an
 * earlier revision, so a repository in which one is not must not be served. Contents are not read.
 */
#include "items.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"

#define DELTA         "DELTA"
#define HEADER_MOST   200 /* bytes: more than a delta of libsvn has */
#define DIGITS_MOST   18
#define MANIFEST_MOST ((apr_size_t)64 << 20)
#define PACK          ".pack"

typedef struct inspection_t {
    const char **problem;
    const char *root; /* db/revs */
    const char *file; /* that is read, below root */
    bool by_index;    /* places are numbers in an index; false: they are offsets in the file */
    apr_int64_t shard_size;
    rc_svn_revs_t revs;
    apr_array_header_t *starts; /* of apr_int64_t: where the revisions of a pack begin; or NULL */
    apr_pool_t *pool, *scratch; /* scratch: of a file */
} inspection_t;

static void note_endless(const inspection_t *look)
{
    if (!*look->problem)
        *look->problem = apr_psprintf(look->pool,
                                      "a Subversion repository with a delta that does not lead to "
                                      "an earlier revision: db/revs/%s",
                                      look->file);
}

/* --- headers of deltas: "DELTA <revision> <place> <length>" --- */

/* Reads a number after blanks; -1 when there is none. */
static apr_int64_t header_number(const char **at, const char *end)
{
    apr_int64_t value = 0;
    int digits = 0;

    while (*at < end && **at == ' ')
        (*at)++;
    for (; *at < end && **at >= '0' && **at <= '9' && digits < DIGITS_MOST; (*at)++, digits++)
        value = 10 * value + **at - '0';
    return digits ? value : -1;
}

/* Returns the revision that the delta at @a at leads to, and the place in it; -1: there is none. A
 * header that does not end leads to the largest number. */
static apr_int64_t base_at(apr_int64_t *place, const char *at, const char *end)
{
    bool cut = end - at > HEADER_MOST;
    apr_int64_t base;

    *place = -1;
    if (cut)
        end = at + HEADER_MOST;
    while (at < end && *at == ' ')
        at++;
    if (at == end)
        return cut ? APR_INT64_MAX : -1;
    if ((apr_size_t)(end - at) <= strlen(DELTA) || memcmp(at, DELTA " ", strlen(DELTA " ")) != 0)
        return -1;
    at += strlen(DELTA);
    base = header_number(&at, end);
    if (base >= 0)
        *place = header_number(&at, end);
    if (at == end && cut)
        return APR_INT64_MAX;
    return *place < 0 ? -1 : base;
}

static void check_item(void *baton, svn_revnum_t rev, apr_size_t offset)
{
    const inspection_t *look = baton;
    const rc_svn_revs_t *revs = &look->revs;
    apr_int64_t place;

    if (base_at(&place, revs->data + offset, revs->data + revs->len) >= rev)
        note_endless(look);
}

/* Returns whether the base of a delta at the offset @a at comes before it. */
static bool is_earlier(const inspection_t *look, apr_int64_t base, apr_int64_t place,
                       apr_int64_t at)
{
    apr_int64_t nth = base - look->revs.first, start;

    if (nth < 0)
        return true;
    if (!look->starts || nth >= look->starts->nelts)
        return false;
    start = APR_ARRAY_IDX(look->starts, nth, apr_int64_t);
    return start >= 0 && start < at && place < at - start;
}

/* Without an index every place in the file can be meant. */
static void check_text(const inspection_t *look)
{
    const char *data = look->revs.data, *end = data + look->revs.len, *at = data, *start;
    apr_int64_t base, place;

    while ((at = memmem(at, (apr_size_t)(end - at), DELTA " ", strlen(DELTA " ")))) {
        for (start = at; start > data && start[-1] == ' ';)
            start--;
        base = base_at(&place, at, end);
        if (base >= 0 && !is_earlier(look, base, place, start - data))
            note_endless(look);
        at += strlen(DELTA);
    }
}

/* --- files --- */

static rc_err_t *inspect_open_file(inspection_t *look, int fd, apr_size_t len)
{
    look->revs.len = len;
    RC_TRY(rc_fs_map(&look->revs.data, fd, len, look->scratch));
    if (look->by_index)
        rc_svn_each_item(&look->revs, check_item, look, look->scratch);
    else
        check_text(look);
    return NULL;
}

/* What cannot be opened cannot be read by libsvn either. */
static rc_err_t *inspect_file(inspection_t *look, const char *name, svn_revnum_t first,
                              apr_int64_t count)
{
    const char *path = apr_pstrcat(look->scratch, look->root, "/", name, NULL);
    rc_err_t *err;
    struct stat st;
    int fd = rc_fs_open_regular(&st, path, 0);

    if (fd < 0)
        return NULL;
    look->file = name;
    look->revs.first = first;
    look->revs.count = count;
    err = inspect_open_file(look, fd, (apr_size_t)st.st_size);
    close(fd);
    return err;
}

/* Reads where the revisions of a pack begin. */
static apr_array_header_t *read_starts(const inspection_t *look, const char *name)
{
    const char *path = apr_pstrcat(look->scratch, look->root, "/", name, "/manifest", NULL), *text;
    apr_array_header_t *starts = apr_array_make(look->scratch, 16, sizeof(apr_int64_t));
    apr_size_t len;

    if (rc_fs_read(&text, &len, path, 0, MANIFEST_MOST, look->scratch) || !text)
        return starts;
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        APR_ARRAY_PUSH(starts, apr_int64_t) = apr_atoi64(text);
    return starts;
}

static rc_err_t *check_pack(inspection_t *look, const char *name, apr_int64_t number)
{
    rc_err_t *err;

    if (look->shard_size <= 0 || look->shard_size > APR_INT32_MAX)
        return NULL; /* libsvn reads no packs then */
    look->starts = look->by_index ? NULL : read_starts(look, name);
    err = inspect_file(look, apr_pstrcat(look->scratch, name, "/pack", NULL),
                       (svn_revnum_t)(number * look->shard_size), look->shard_size);
    look->starts = NULL;
    return err;
}

static rc_err_t *check_entry(inspection_t *look, const char *prefix, const apr_finfo_t *entry);

/* Checks all of the directory @a prefix below root, which ends with a slash or is empty. */
static rc_err_t *check_all(inspection_t *look, const char *prefix)
{
    const char *path = apr_pstrcat(look->pool, look->root, "/", prefix, NULL);
    apr_finfo_t entry;
    rc_err_t *err = NULL;
    apr_dir_t *dir;

    if (apr_dir_open(&dir, path, look->pool) != APR_SUCCESS)
        return NULL;
    while (!err && !*look->problem && apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        apr_pool_clear(look->scratch);
        err = check_entry(look, prefix, &entry);
    }
    apr_dir_close(dir);
    return err;
}

/* A revision, a directory of revisions, or one with a pack of them. */
static rc_err_t *check_entry(inspection_t *look, const char *prefix, const apr_finfo_t *entry)
{
    const char *name = apr_pstrcat(look->scratch, prefix, entry->name, NULL);
    apr_size_t digits = strspn(entry->name, "0123456789");
    apr_int64_t number = apr_atoi64(entry->name);
    struct stat st;

    if (!digits || digits > DIGITS_MOST / 2 ||
        stat(apr_pstrcat(look->scratch, look->root, "/", name, NULL), &st))
        return NULL;
    if (!*prefix && !strcmp(entry->name + digits, PACK))
        return check_pack(look, name, number);
    if (entry->name[digits])
        return NULL;
    if (!*prefix && S_ISDIR(st.st_mode))
        return check_all(look, apr_pstrcat(look->pool, name, "/", NULL));
    return inspect_file(look, name, (svn_revnum_t)number, 1);
}

rc_err_t *rc_svn_inspect(const char **problem, const char *path, apr_pool_t *pool)
{
    inspection_t look = {.problem = problem, .root = apr_pstrcat(pool, path, "/db/revs", NULL)};
    rc_err_t *err;

    *problem = NULL;
    look.by_index = rc_svn_has_index(path, pool);
    look.shard_size = rc_svn_shard_size(path, pool);
    look.pool = pool;
    apr_pool_create(&look.scratch, pool);
    err = check_all(&look, "");
    apr_pool_destroy(look.scratch);
    return err;
}
