// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the new packed-refs. The file is created in our work directory with a mark in its first
 * line, and linked to the name of git's lock, so a lock that a crash leaves is known as ours from
 * its first moment. Such a lock is stale when no process holds its flock.
 */
#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"

#define HEADER   "# pack-refs with: sorted rcapi \n" /* git ignores unknown words */
#define MAX_LINE (8 * 1024)
#define PATIENCE apr_time_from_sec(5) /* waits for a git that is packing references */
#define STALE    600                  /* seconds; git holds its lock only briefly */
#define PAUSE    apr_time_from_msec(20)
#define MANY     4096 /* changes between clearings of the scratch pool */

static const char *at(const rc_publish_t *publish, const char *name)
{
    return apr_pstrcat(publish->scratch, publish->path, "/", name, NULL);
}

/* ---- what changes ---- */

static rc_err_t *add_change(rc_publish_t *publish, const rc_ref_t *ref)
{
    const char *path, *lock;

    if (publish->changes->nelts % MANY == 0)
        apr_pool_clear(publish->scratch);
    *(rc_ref_t *)apr_array_push(publish->changes) = *ref;
    path = at(publish, apr_pstrmemdup(publish->scratch, ref->name, ref->len));
    lock = apr_pstrcat(publish->scratch, path, ".lock", NULL);
    if (rc_fs_exists(lock))
        return rc_err_failed(publish->pool,
                             "another process is changing a reference: there is a %s", lock);
    publish->unpacked = publish->unpacked || rc_fs_exists(path);
    return NULL;
}

/* Compares the next names of two lists: < 0 when only @a ours has the next one. */
static int next_is(const rc_ref_t *ours, bool more_ours, const rc_ref_t *theirs, bool more_theirs)
{
    if (!more_ours || !more_theirs)
        return more_theirs - more_ours;
    return rc_ref_compare(ours->name, ours->len, theirs->name, theirs->len);
}

/* packed-refs of old tools are not sorted. */
static bool is_sorted(rc_publish_t *publish)
{
    char line[256] = "";
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, at(publish, "packed-refs"), APR_READ, APR_OS_DEFAULT,
                                    publish->scratch);

    if (rv == APR_SUCCESS)
        apr_file_gets(line, sizeof(line), file);
    return APR_STATUS_IS_ENOENT(rv) || (line[0] == '#' && strstr(line, " sorted"));
}

rc_err_t *rc_publish_plan(rc_publish_t *publish, const rc_ref_list_t *ours)
{
    const rc_ref_list_t *theirs = publish->theirs;
    const char *our_place = ours->text, *their_place = theirs->text;
    rc_ref_t our = {NULL}, their = {NULL};
    bool more_ours = rc_ref_list_next(&our, ours, &our_place);
    bool more_theirs = rc_ref_list_next(&their, theirs, &their_place);

    publish->changes = apr_array_make(publish->files, 16, sizeof(rc_ref_t));
    publish->unpacked = !is_sorted(publish);
    while (more_ours || more_theirs) {
        int n = next_is(&our, more_ours, &their, more_theirs);

        if (n > 0 || (n == 0 && memcmp(our.id, their.id, RC_REF_ID) != 0))
            RC_TRY(add_change(publish, &their));
        if (n < 0 && rc_ref_list_collides(theirs, our.name, our.len))
            RC_TRY(add_change(publish, &our));
        if (n <= 0)
            more_ours = rc_ref_list_next(&our, ours, &our_place);
        if (n >= 0)
            more_theirs = rc_ref_list_next(&their, theirs, &their_place);
    }
    return NULL;
}

/* ---- the lock ---- */

/* True for a lock that a crash left: ours when no process holds its flock, any lock when it
 * is old. */
static bool is_stale(const char *path)
{
    char head[sizeof(HEADER) - 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    bool stale = false;

    if (fd < 0)
        return false;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
        stale = apr_time_sec(apr_time_now()) - info.st_mtime > STALE ||
                (read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
                 memcmp(head, HEADER, sizeof(head)) == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    close(fd);
    return stale;
}

static rc_err_t *take_lock(rc_publish_t *publish, const char *from)
{
    const char *lock = at(publish, "packed-refs.lock");
    apr_time_t deadline = rc_clock() + PATIENCE;

    while (link(from, lock) < 0) {
        if (errno != EEXIST)
            return rc_fs_err(publish->pool, "make", lock);
        if (is_stale(lock)) {
            rc_log(RC_LOG_WARNING, APR_SUCCESS, "removing %s, which a crash left", lock);
            unlink(lock);
        } else if (rc_clock() >= deadline)
            return rc_err_internal(publish->pool, APR_EEXIST, "cannot make %s", lock);
        else
            apr_sleep(PAUSE);
    }
    publish->lock = apr_pstrdup(publish->files, lock);
    return NULL;
}

static rc_err_t *begin_file(rc_publish_t *publish)
{
    const apr_int32_t how = APR_WRITE | APR_CREATE | APR_EXCL | APR_BUFFERED;
    const char *path = apr_pstrcat(publish->scratch, publish->work, "/rc-packed", NULL);
    apr_os_file_t fd;
    apr_status_t rv;

    rv = apr_file_open(&publish->file, path, how, APR_OS_DEFAULT, publish->files);
    if (rv == APR_SUCCESS)
        rv = apr_file_puts(HEADER, publish->file);
    if (rv == APR_SUCCESS)
        rv = apr_file_flush(publish->file);
    if (rv == APR_SUCCESS)
        rv = apr_os_file_get(&fd, publish->file);
    if (rv == APR_SUCCESS && flock(fd, LOCK_EX | LOCK_NB) < 0)
        rv = APR_FROM_OS_ERROR(errno);
    if (rv != APR_SUCCESS)
        return rc_fs_status(publish->pool, rv, "make", path);
    return take_lock(publish, path);
}

/* ---- the new file ---- */

/* Reads the current packed-refs one reference at a time. */
typedef struct packed_t {
    apr_file_t *file;                           /* NULL: there are none */
    char line[MAX_LINE], peeled[RC_REF_ID + 3]; /* "" or "^<id>\n" */
    char ahead[MAX_LINE];                       /* the line after them; "" at the end */
    rc_ref_t ref;
} packed_t;

static rc_err_t *read_packed_line(packed_t *packed, const rc_publish_t *publish)
{
    apr_status_t rv = apr_file_gets(packed->ahead, sizeof(packed->ahead), packed->file);

    if (rv == APR_SUCCESS && !strchr(packed->ahead, '\n'))
        rv = APR_EINVAL;
    if (APR_STATUS_IS_EOF(rv))
        packed->ahead[0] = '\0';
    else if (rv != APR_SUCCESS)
        return rc_err_internal(publish->pool, rv, "cannot read packed-refs");
    return NULL;
}

/* Reads the next reference and, if a line for it follows, the object to which its tag leads. */
static rc_err_t *next_packed(bool *more, packed_t *packed, const rc_publish_t *publish)
{
    *more = packed->file && packed->ahead[0];
    if (!*more)
        return NULL;
    memcpy(packed->line, packed->ahead, sizeof(packed->line));
    if (strlen(packed->line) < RC_REF_ID + 3 || packed->line[RC_REF_ID] != ' ')
        return rc_err_internal(publish->pool, APR_SUCCESS, "packed-refs is damaged");
    packed->ref.id = packed->line;
    packed->ref.name = packed->line + RC_REF_ID + 1;
    packed->ref.len = strcspn(packed->ref.name, "\n");
    packed->peeled[0] = '\0';
    RC_TRY(read_packed_line(packed, publish));
    if (packed->ahead[0] != '^')
        return NULL;
    apr_cpystrn(packed->peeled, packed->ahead, sizeof(packed->peeled));
    return read_packed_line(packed, publish);
}

/* Opens the file at its first reference. An unsorted file of an old tool is rewritten by git
 * pack-refs first. */
static rc_err_t *open_packed(packed_t **out, const rc_publish_t *publish)
{
    packed_t *packed = apr_pcalloc(publish->files, sizeof(*packed));
    apr_status_t rv = apr_file_open(&packed->file, at(publish, "packed-refs"),
                                    APR_READ | APR_BUFFERED, APR_OS_DEFAULT, publish->files);

    *out = packed;
    if (APR_STATUS_IS_ENOENT(rv)) {
        packed->file = NULL;
        return NULL;
    }
    if (rv != APR_SUCCESS)
        return rc_err_internal(publish->pool, rv, "cannot read packed-refs of %s", publish->path);
    RC_TRY(read_packed_line(packed, publish));
    while (packed->ahead[0] == '#')
        RC_TRY(read_packed_line(packed, publish));
    return NULL;
}

static rc_err_t *put_ref(const rc_publish_t *publish, const rc_ref_t *ref, const char *peeled)
{
    apr_status_t rv = apr_file_write_full(publish->file, ref->id, RC_REF_ID, NULL);

    if (rv == APR_SUCCESS)
        rv = apr_file_putc(' ', publish->file);
    if (rv == APR_SUCCESS)
        rv = apr_file_write_full(publish->file, ref->name, ref->len, NULL);
    if (rv == APR_SUCCESS)
        rv = apr_file_putc('\n', publish->file);
    if (rv == APR_SUCCESS)
        rv = apr_file_puts(peeled, publish->file);
    return rv == APR_SUCCESS ? NULL : rc_err_internal(publish->pool, rv, "cannot write references");
}

/* Merges the packed references and theirs, in the order of names. */
static rc_err_t *write_refs(const rc_publish_t *publish, packed_t *packed)
{
    const rc_ref_list_t *theirs = publish->theirs;
    const char *place = theirs->text;
    rc_ref_t their = {NULL};
    bool more_packed, more_theirs = rc_ref_list_next(&their, theirs, &place);
    const rc_ref_t *our = &packed->ref;

    RC_TRY(next_packed(&more_packed, packed, publish));
    while (more_packed || more_theirs) {
        int n = next_is(our, more_packed, &their, more_theirs);

        if (n < 0 && !rc_ref_list_collides(theirs, our->name, our->len))
            RC_TRY(put_ref(publish, our, packed->peeled));
        if (n >= 0)
            RC_TRY(
                put_ref(publish, &their,
                        n == 0 && memcmp(our->id, their.id, RC_REF_ID) == 0 ? packed->peeled : ""));
        if (n <= 0)
            RC_TRY(next_packed(&more_packed, packed, publish));
        if (n >= 0)
            more_theirs = rc_ref_list_next(&their, theirs, &place);
    }
    return NULL;
}

static rc_err_t *sync_file(apr_file_t *file, apr_pool_t *pool)
{
    apr_os_file_t fd;
    apr_status_t rv = apr_file_flush(file);

    if (rv == APR_SUCCESS)
        rv = apr_os_file_get(&fd, file);
    if (rv == APR_SUCCESS && fsync(fd) < 0)
        rv = APR_FROM_OS_ERROR(errno);
    return rv == APR_SUCCESS ? NULL : rc_err_internal(pool, rv, "cannot sync references");
}

rc_err_t *rc_publish_prepare(rc_publish_t *publish)
{
    packed_t *packed;

    RC_TRY(begin_file(publish));
    RC_TRY(open_packed(&packed, publish));
    RC_TRY(write_refs(publish, packed));
    return sync_file(publish->file, publish->pool);
}

void rc_publish_cancel(rc_publish_t *publish)
{
    if (publish->lock)
        unlink(publish->lock);
    publish->lock = NULL;
}

/* ---- putting it in place ---- */

/* Removes the loose file of a changed reference: git could not pack it (invalid content, a symbolic
 * reference), so it would hide the packed one. The log of a reference that becomes a directory is
 * removed, too. */
static void remove_files(const rc_publish_t *publish)
{
    int i;

    for (i = 0; i < publish->changes->nelts; i++) {
        const rc_ref_t *ref = &APR_ARRAY_IDX(publish->changes, i, rc_ref_t);
        const char *name = apr_pstrmemdup(publish->scratch, ref->name, ref->len);

        unlink(at(publish, name)); /* fails for a directory: references may be below it */
        if (rc_ref_list_collides(publish->theirs, ref->name, ref->len))
            unlink(at(publish, apr_pstrcat(publish->scratch, "logs/", name, NULL)));
        if (i % MANY == 0)
            apr_pool_clear(publish->scratch);
    }
}

rc_err_t *rc_publish_commit(rc_publish_t *publish)
{
    const char *to = at(publish, "packed-refs");

    if (rename(publish->lock, to) < 0) {
        rc_err_t *err = rc_fs_err(publish->pool, "make", to);

        rc_publish_cancel(publish);
        return err;
    }
    publish->lock = NULL;
    RC_TRY(rc_fs_sync_folder_of(to, publish->pool));
    if (publish->unpacked)
        remove_files(publish);
    return NULL;
}

rc_err_t *rc_publish_head(const rc_publish_t *publish, const char *branch)
{
    const char *from = apr_pstrcat(publish->scratch, publish->work, "/rc-new-head", NULL);
    const char *to = at(publish, "HEAD");
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, from, APR_WRITE | APR_CREATE | APR_EXCL, APR_OS_DEFAULT,
                                    publish->scratch);

    if (rv == APR_SUCCESS)
        rv = apr_file_puts(apr_pstrcat(publish->scratch, "ref: ", branch, "\n", NULL), file);
    if (rv != APR_SUCCESS)
        return rc_fs_status(publish->pool, rv, "write", from);
    RC_TRY(sync_file(file, publish->pool));
    if (rename(from, to) < 0)
        return rc_fs_err(publish->pool, "make", to);
    return rc_fs_sync_folder_of(to, publish->pool);
}
