// SPDX-License-Identifier: Apache-2.0
/*
 * Stores the repository order: one block of memory with the same layout as the file
 * <repository>/rcapi/order. The file is a cache that other accounts may write, so it is recomputed
 * when anything in it is wrong.
 */
#include "git.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"

#define MAGIC   "RCORDER1" /* the last digit is the version */
#define MACHINE 0x01020304 /* has another value on a machine with another byte order */

#define FILE_MOST ((off_t)512 << 20) /* about ten million commits */

/* The layout of the block: this header, times, by_id, parents_at, parents, ids. */
typedef struct head_t {
    char magic[8];
    apr_uint32_t machine, count, parents, shallow;
    unsigned char key[RC_GIT_RAW];
    apr_uint32_t reserved;
    apr_uint64_t sum; /* of everything after the header */
} head_t;

static size_t block_size(size_t count, size_t parents)
{
    return sizeof(head_t) + count * sizeof(apr_uint64_t) +
           (2 * count + 1 + parents) * sizeof(apr_uint32_t) + count * RC_GIT_RAW;
}

/* Returns the next @a size bytes of the block and moves past them. */
static void *take_part(unsigned char **at, size_t size)
{
    void *part = *at;

    *at += size;
    return part;
}

static void point(rc_git_order_t *order, void *block)
{
    const head_t *head = block;
    unsigned char *at = (unsigned char *)block + sizeof(head_t);

    order->block = block;
    order->size = block_size(head->count, head->parents);
    order->shallow = head->shallow != 0;
    order->count = head->count;
    order->key = head->key;
    order->time = take_part(&at, head->count * sizeof(*order->time));
    order->by_id = take_part(&at, head->count * sizeof(*order->by_id));
    order->parents_at = take_part(&at, (head->count + (size_t)1) * sizeof(*order->parents_at));
    order->parents = take_part(&at, head->parents * sizeof(*order->parents));
    order->ids = at;
}

static rc_git_order_t *make_empty(size_t size)
{
    rc_git_order_t *order = calloc(1, sizeof(*order));

    if (order && !(order->block = calloc(1, size))) {
        free(order);
        return NULL;
    }
    if (order)
        order->users = 1;
    return order;
}

rc_git_order_t *rc_git_order_alloc(apr_uint32_t count, apr_uint32_t parents,
                                   const rc_git_refs_t *refs)
{
    rc_git_order_t *order = make_empty(block_size(count, parents));
    head_t *head;

    if (!order)
        return NULL;
    head = order->block;
    memcpy(head->magic, MAGIC, sizeof(head->magic));
    head->machine = MACHINE;
    head->count = count;
    head->parents = parents;
    head->shallow = refs->shallow->nelts != 0;
    memcpy(head->key, refs->key.id, RC_GIT_RAW);
    point(order, head);
    return order;
}

rc_git_order_t *rc_git_order_hold(rc_git_order_t *order)
{
    if (order)
        __atomic_add_fetch(&order->users, 1, __ATOMIC_RELAXED);
    return order;
}

void rc_git_order_free(rc_git_order_t *order)
{
    if (!order || __atomic_sub_fetch(&order->users, 1, __ATOMIC_ACQ_REL))
        return;
    free(order->block);
    free(order);
}

apr_uint32_t rc_git_order_lower(const rc_git_order_t *order, const unsigned char *id)
{
    apr_uint32_t low = 0, high = order->count;

    while (low < high) {
        apr_uint32_t middle = low + (high - low) / 2;

        if (memcmp(order->ids + (size_t)order->by_id[middle] * RC_GIT_RAW, id, RC_GIT_RAW) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

apr_int64_t rc_git_order_find(const rc_git_order_t *order, const unsigned char *id)
{
    apr_uint32_t at = rc_git_order_lower(order, id);

    if (at == order->count ||
        memcmp(order->ids + (size_t)order->by_id[at] * RC_GIT_RAW, id, RC_GIT_RAW))
        return -1;
    return order->by_id[at];
}

/* --- the file --- */

/* Detects accidental damage. sound() checks every number, against deliberate changes. */
static apr_uint64_t checksum(const void *block, size_t size)
{
    const unsigned char *p = (const unsigned char *)block + sizeof(head_t);
    const unsigned char *end = (const unsigned char *)block + size;
    apr_uint64_t sum = size, word;

    for (; end - p >= 8; p += 8) {
        memcpy(&word, p, 8);
        sum = (sum ^ word) * APR_UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 29;
    }
    word = 0;
    memcpy(&word, p, (size_t)(end - p));
    return (sum ^ word) * APR_UINT64_C(0x9e3779b97f4a7c15);
}

static bool head_sound(const head_t *head, off_t size)
{
    return !memcmp(head->magic, MAGIC, sizeof(head->magic)) && head->machine == MACHINE &&
           block_size(head->count, head->parents) == (size_t)size;
}

/* True when each commit's parents have smaller numbers. */
static bool parents_sound(const rc_git_order_t *order, apr_uint32_t parents)
{
    apr_uint32_t i, j = 0;

    for (i = 0; i < order->count; i++) {
        if (order->parents_at[i] != j || order->parents_at[i + 1] < j ||
            order->parents_at[i + 1] > parents)
            return false;
        for (; j < order->parents_at[i + 1]; j++)
            if (order->parents[j] >= i)
                return false;
    }
    return order->parents_at[i] == parents && j == parents;
}

/* True when by_id contains each number once, sorted by id. */
static bool ids_sound(const rc_git_order_t *order)
{
    apr_uint32_t i;

    for (i = 0; i < order->count; i++)
        if (order->by_id[i] >= order->count ||
            (i && memcmp(order->ids + (size_t)order->by_id[i - 1] * RC_GIT_RAW,
                         order->ids + (size_t)order->by_id[i] * RC_GIT_RAW, RC_GIT_RAW) >= 0))
            return false;
    return true;
}

static bool sound(const rc_git_order_t *order)
{
    const head_t *head = order->block;

    return checksum(order->block, order->size) == head->sum && ids_sound(order) &&
           parents_sound(order, head->parents);
}

/* Opens the directory rcapi, which must belong to us and not be a symbolic link. */
static int open_folder(const char *git_dir, apr_pool_t *pool)
{
    return open(apr_pstrcat(pool, git_dir, "/rcapi", NULL),
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Reads instead of mapping: another account that can write the file could change it after the
 * check. */
static rc_git_order_t *read_order(int fd, off_t size)
{
    rc_git_order_t *order;
    head_t head;

    if (size < (off_t)sizeof(head) || size > FILE_MOST ||
        !rc_fs_read_full(fd, &head, sizeof(head)) || !head_sound(&head, size))
        return NULL;
    order = make_empty((size_t)size);
    if (!order)
        return NULL;
    memcpy(order->block, &head, sizeof(head));
    point(order, order->block);
    if (rc_fs_read_full(fd, (head_t *)order->block + 1, (size_t)size - sizeof(head)) &&
        sound(order))
        return order;
    rc_git_order_free(order);
    return NULL;
}

rc_git_order_t *rc_git_order_load(const rc_git_t *git, apr_pool_t *pool)
{
    int dir = open_folder(git->path, pool);
    rc_git_order_t *order = NULL;
    struct stat st;
    int fd;

    if (dir < 0)
        return NULL;
    fd = openat(dir, "order", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    close(dir);
    if (fd < 0)
        return NULL;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode))
        order = read_order(fd, st.st_size);
    close(fd);
    if (!order)
        rc_log(RC_LOG_INFO, APR_SUCCESS, "%s: the order file is damaged, made anew", git->path);
    return order;
}

void rc_git_order_forget(const char *git_dir, apr_pool_t *pool)
{
    int dir = open_folder(git_dir, pool);

    if (dir < 0)
        return;
    unlinkat(dir, "order", 0);
    close(dir);
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static void write_order(int dir, const rc_git_order_t *order, const rc_git_t *git, apr_pool_t *pool)
{
    const char *temp = apr_psprintf(pool, "order.%ld.%lx", (long)getpid(), (unsigned long)git);
    int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0)
        return;
    if (!write_all(fd, order->block, order->size) || fchmod(fd, 0644) ||
        renameat(dir, temp, dir, "order")) {
        rc_log(RC_LOG_WARNING, APR_FROM_OS_ERROR(errno), "%s: cannot keep the order", git->path);
        unlinkat(dir, temp, 0);
    }
    close(fd);
}

void rc_git_order_save(rc_git_order_t *order, const rc_git_t *git, apr_pool_t *pool)
{
    int dir;

    ((head_t *)order->block)->sum = checksum(order->block, order->size);
    order->unsaved = 0;
    if (mkdir(apr_pstrcat(pool, git->path, "/rcapi", NULL), 0755) && errno != EEXIST)
        return;
    dir = open_folder(git->path, pool);
    if (dir < 0)
        return;
    write_order(dir, order, git, pool);
    close(dir);
}
