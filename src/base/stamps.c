// SPDX-License-Identifier: Apache-2.0
/*
 * A list of files with their times, sizes and inodes. Watching begins after some comparisons: to
 * begin and to end it costs as much as several looks at the files, and most lists of a server with
 * many repositories are compared a few times only.
 */
#include "base/stamps.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/notify.h"
#include "base/time.h"

/* File times are as coarse as the kernel's tick, so a change just after a check may leave the time
 * unchanged. A file that was checked so soon after a change is read again the next time. */
#define RACY apr_time_from_msec(100)

/* Where files cannot be watched, that is tried again after this time. */
#define AGAIN apr_time_from_sec(10)

typedef struct stamp_t {
    const char *path;
    apr_int64_t mtime; /* nanoseconds; -1: missing */
    apr_int64_t ctime; /* the same; nobody can set it back */
    apr_int64_t size;
    apr_uint64_t inode;
    bool existence; /* nothing counts but whether it is there */
} stamp_t;

struct rc_stamps_t {
    const char *root;
    apr_pool_t *pool;
    apr_array_header_t *list; /* of stamp_t */
    apr_time_t taken;
    unsigned compared;   /* atomic: how often, until it is watched */
    rc_notify_t *notify; /* atomic; NULL: not watched */
    apr_time_t again;    /* atomic; rc_clock(): not watched before */
};

static apr_status_t end_watching(void *data)
{
    rc_notify_free(((rc_stamps_t *)data)->notify);
    return APR_SUCCESS;
}

rc_stamps_t *rc_stamps_create(const char *root, apr_pool_t *pool)
{
    rc_stamps_t *list = apr_pcalloc(pool, sizeof(*list));

    list->root = apr_pstrdup(pool, root);
    list->pool = pool;
    list->list = apr_array_make(pool, 8, sizeof(stamp_t));
    list->taken = apr_time_now();
    apr_pool_cleanup_register(pool, list, end_watching, apr_pool_cleanup_null);
    return list;
}

static apr_int64_t nanoseconds(struct timespec t)
{
    return (apr_int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Looks at the file @a name of the open directory @a dir. */
static void look_at(stamp_t *stamp, int dir, const char *name)
{
    struct stat st;

    stamp->mtime = -1;
    stamp->ctime = 0;
    stamp->size = 0;
    stamp->inode = 0;
    if (fstatat(dir, name, &st, stamp->existence ? AT_SYMLINK_NOFOLLOW : 0))
        return;
    stamp->mtime = 0;
    if (stamp->existence)
        return;
    stamp->mtime = nanoseconds(st.st_mtim);
    stamp->ctime = nanoseconds(st.st_ctim);
    stamp->size = S_ISDIR(st.st_mode) ? 0 : (apr_int64_t)st.st_size;
    stamp->inode = (apr_uint64_t)st.st_ino;
}

static stamp_t *add_stamp(rc_stamps_t *list, const char *name)
{
    stamp_t *stamp = apr_array_push(list->list);

    stamp->path = apr_pstrcat(list->pool, list->root, "/", name, NULL);
    stamp->existence = false;
    return stamp;
}

const char *rc_stamps_add(rc_stamps_t *list, const char *name)
{
    stamp_t *stamp = add_stamp(list, name);

    look_at(stamp, AT_FDCWD, stamp->path);
    return stamp->path;
}

void rc_stamps_add_entry(rc_stamps_t *list, const char *name, int dir, const char *entry)
{
    look_at(add_stamp(list, name), dir, entry);
}

static void add_existence(rc_stamps_t *list, const char *name, apr_int64_t mtime)
{
    stamp_t *stamp = add_stamp(list, name);

    stamp->existence = true;
    stamp->mtime = mtime;
}

void rc_stamps_add_existence(rc_stamps_t *list, const char *name)
{
    add_existence(list, name, 0);
}

void rc_stamps_add_absence(rc_stamps_t *list, const char *name)
{
    add_existence(list, name, -1);
}

static const stamp_t *last_of(const rc_stamps_t *list)
{
    return &APR_ARRAY_IDX(list->list, list->list->nelts - 1, const stamp_t);
}

void rc_stamps_add_last(rc_stamps_t *list, const rc_stamps_t *other)
{
    stamp_t *stamp = apr_array_push(list->list);

    *stamp = *last_of(other);
    stamp->path = apr_pstrdup(list->pool, stamp->path);
    if (list->taken > other->taken)
        list->taken = other->taken;
}

bool rc_stamps_last_missing(const rc_stamps_t *list)
{
    return last_of(list)->mtime == -1;
}

int rc_stamps_count(const rc_stamps_t *list)
{
    return list->list->nelts;
}

/* --- copies --- */

apr_size_t rc_stamps_size(const rc_stamps_t *list)
{
    apr_size_t size = sizeof(*list) + sizeof(*list->list) + strlen(list->root) + 1;
    int i;

    for (i = 0; i < list->list->nelts; i++)
        size += sizeof(stamp_t) + strlen(APR_ARRAY_IDX(list->list, i, stamp_t).path) + 1;
    return size;
}

/* Copies a text to *@a at, and moves that behind it. */
static const char *append_text(char **at, const char *text)
{
    apr_size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);

    *at += size;
    return copy;
}

rc_stamps_t *rc_stamps_copy(const rc_stamps_t *list)
{
    int i, count = list->list->nelts;
    rc_stamps_t *copy = calloc(1, rc_stamps_size(list));
    apr_array_header_t *stamps;
    stamp_t *at;
    char *texts;

    if (!copy)
        return NULL;
    stamps = (void *)(copy + 1);
    at = (void *)(stamps + 1);
    texts = (void *)(at + count);
    *stamps = (apr_array_header_t){
        .elts = (void *)at, .nelts = count, .nalloc = count, .elt_size = sizeof(stamp_t)};
    copy->list = stamps;
    copy->taken = list->taken;
    copy->root = append_text(&texts, list->root);
    for (i = 0; i < count; i++) {
        at[i] = APR_ARRAY_IDX(list->list, i, stamp_t);
        at[i].path = append_text(&texts, at[i].path);
    }
    return copy;
}

void rc_stamps_free(rc_stamps_t *copy)
{
    if (copy)
        rc_notify_free(copy->notify);
    free(copy);
}

/* --- comparison --- */

/* The directories from which files are looked at. NFS asks its server for each part of a path, so
 * the root is opened once, and so is a directory of several files that follow each other. */
typedef struct look_t {
    int root, folder; /* -1: none */
    const char *name; /* of the folder, below the root */
    apr_size_t len;   /* of the name */
} look_t;

static int open_folder(int dir, const char *name)
{
    return openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void leave_folder(look_t *view)
{
    if (view->folder >= 0)
        close(view->folder);
    view->folder = -1;
}

/* Returns what follows the root in the path of a file. */
static const char *name_below(const rc_stamps_t *list, int i)
{
    const char *name = APR_ARRAY_IDX(list->list, i, stamp_t).path + strlen(list->root);

    return name + strspn(name, "/");
}

static apr_size_t folder_len(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? (apr_size_t)(slash - name) : 0;
}

/* Whether a file is in the directory of the first @a len bytes of @a name. */
static bool is_in_folder(const char *file, const char *name, apr_size_t len)
{
    return len && folder_len(file) == len && !memcmp(file, name, len);
}

/* Opens the directory of a file when the next one is in it, too. */
static void enter_folder(look_t *view, const rc_stamps_t *list, int i)
{
    const char *name = name_below(list, i);
    apr_size_t len = folder_len(name);
    char folder[PATH_MAX];

    leave_folder(view);
    if (i + 1 == list->list->nelts || !is_in_folder(name_below(list, i + 1), name, len) ||
        len >= sizeof(folder))
        return;
    memcpy(folder, name, len);
    folder[len] = '\0';
    view->folder = open_folder(view->root, folder);
    view->name = name;
    view->len = len;
}

static bool is_unchanged(look_t *view, const rc_stamps_t *list, int i)
{
    const stamp_t *before = &APR_ARRAY_IDX(list->list, i, stamp_t);
    const char *name = name_below(list, i);
    stamp_t now = *before;

    if (before->mtime / 1000 > list->taken - RACY)
        return false;
    if (view->folder < 0 || !is_in_folder(name, view->name, view->len))
        enter_folder(view, list, i);
    if (view->folder >= 0)
        look_at(&now, view->folder, name + view->len + 1);
    else
        look_at(&now, view->root, name);
    return now.mtime == before->mtime && now.ctime == before->ctime && now.size == before->size &&
           now.inode == before->inode;
}

static bool look_again(const rc_stamps_t *list)
{
    look_t view = {open_folder(AT_FDCWD, list->root), -1, NULL, 0};
    bool same = view.root >= 0;
    int i;

    for (i = 0; same && i < list->list->nelts; i++)
        same = is_unchanged(&view, list, i);
    leave_folder(&view);
    if (view.root >= 0)
        close(view.root);
    return same;
}

static void watch_later(rc_stamps_t *list)
{
    __atomic_store_n(&list->again, rc_clock() + AGAIN, __ATOMIC_RELAXED);
}

/* Returns the set of watches, or NULL; several threads may come here at once. */
static rc_notify_t *find_set(rc_stamps_t *list)
{
    rc_notify_t *set = __atomic_load_n(&list->notify, __ATOMIC_ACQUIRE), *other = NULL;
    apr_time_t again = __atomic_load_n(&list->again, __ATOMIC_RELAXED);

    if (again && rc_clock() < again)
        return NULL;
    if (set)
        return set;
    if (__atomic_fetch_add(&list->compared, 1, __ATOMIC_RELAXED) < RC_STAMPS_LOOKS)
        return NULL;
    set = rc_notify_create(list->root);
    if (!set)
        watch_later(list);
    if (!set || __atomic_compare_exchange_n(&list->notify, &other, set, false, __ATOMIC_ACQ_REL,
                                            __ATOMIC_ACQUIRE))
        return set;
    rc_notify_free(set);
    return other;
}

/* Watches all files, before they are looked at. */
static bool watch_all(rc_stamps_t *list, rc_notify_t *set)
{
    int i;

    for (i = 0; i < list->list->nelts; i++) {
        const stamp_t *stamp = &APR_ARRAY_IDX(list->list, i, stamp_t);

        if (!rc_notify_add(set, stamp->existence ? list->root : stamp->path)) {
            watch_later(list);
            return false;
        }
    }
    return true;
}

bool rc_stamps_watched(rc_stamps_t *list)
{
    apr_time_t again = __atomic_load_n(&list->again, __ATOMIC_RELAXED);

    return __atomic_load_n(&list->notify, __ATOMIC_ACQUIRE) && (!again || rc_clock() >= again);
}

bool rc_stamps_same(rc_stamps_t *list)
{
    rc_notify_t *set = find_set(list);
    rc_moment_t now;

    if (set && rc_notify_quiet(&now, set))
        return true;
    if (set && rc_notify_moved(set, &now) && !watch_all(list, set))
        set = NULL;
    if (!look_again(list))
        return false;
    if (set)
        rc_notify_confirm(set, &now);
    return true;
}
