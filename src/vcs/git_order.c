// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps the repository order: one block of memory that is also the file <repository>/rcapi/order,
 * mapped by every process. The file is a cache: anything odd about it and it is made anew.
 */
#include "git.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "rc_log.h"
#include "rc_text.h"

#define MAGIC   "RCORDER1" /* the last digit is the version */
#define MACHINE 0x01020304 /* read elsewhere in another byte order: another number */

/* Commits read from the repository, after which libgit2's caches are worth dropping. */
#define MANY 2000

/* The block: this head, times, by_id, parents_at, parents, ids. */
typedef struct head_t {
    char magic[8];
    apr_uint32_t machine, count, parents, shallow;
    unsigned char key[RC_GIT_RAW];
    apr_uint32_t reserved;
    apr_uint64_t sum; /* of all after the head */
} head_t;

static size_t block_size(size_t count, size_t parents)
{
    return sizeof(head_t) + count * sizeof(apr_uint64_t) +
           (2 * count + 1 + parents) * sizeof(apr_uint32_t) + count * RC_GIT_RAW;
}

static void point(rc_git_order_t *order, void *block)
{
    head_t *head = block;

    order->block = block;
    order->size = block_size(head->count, head->parents);
    order->shallow = head->shallow != 0;
    order->count = head->count;
    order->key = head->key;
    order->time = (apr_uint64_t *)(head + 1);
    order->by_id = (apr_uint32_t *)(order->time + head->count);
    order->parents_at = order->by_id + head->count;
    order->parents = order->parents_at + head->count + 1;
    order->ids = (unsigned char *)(order->parents + head->parents);
}

bool rc_git_order_alloc(rc_git_order_t *order, apr_uint32_t count, apr_uint32_t parents,
                        const rc_git_refs_t *refs)
{
    head_t *head = calloc(1, block_size(count, parents));

    if (!head)
        return false;
    memcpy(head->magic, MAGIC, sizeof(head->magic));
    head->machine = MACHINE;
    head->count = count;
    head->parents = parents;
    head->shallow = refs->shallow->nelts != 0;
    memcpy(head->key, refs->key.id, RC_GIT_RAW);
    point(order, head);
    order->mapped = false;
    return true;
}

void rc_git_order_drop(rc_git_order_t *order)
{
    if (order->mapped)
        munmap(order->block, order->size);
    else
        free(order->block);
    memset(order, 0, sizeof(*order));
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

/* Against damage, not against malice: whoever may write here may write the repository. */
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

static bool sound(const void *block, size_t size)
{
    const head_t *head = block;

    return size >= sizeof(*head) && !memcmp(head->magic, MAGIC, sizeof(head->magic)) &&
           head->machine == MACHINE && block_size(head->count, head->parents) == size &&
           checksum(block, size) == head->sum;
}

static char *order_path(const rc_git_t *git, const char *tail, apr_pool_t *pool)
{
    return apr_pstrcat(pool, git->path, "/rcapi", tail, NULL);
}

static bool map_file(rc_git_order_t *order, int fd)
{
    struct stat st;
    void *block;

    if (fstat(fd, &st) || st.st_size < (off_t)sizeof(head_t))
        return false;
    block = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (block == MAP_FAILED)
        return false;
    if (!sound(block, (size_t)st.st_size)) {
        munmap(block, (size_t)st.st_size);
        return false;
    }
    point(order, block);
    order->mapped = true;
    order->ino = st.st_ino;
    return true;
}

/*
 * Whoever cuts a mapped file short kills its readers. Nobody should: we only ever rename whole
 * files into place. But a careless hand may, so look before each use.
 */
static bool intact(const rc_git_t *git, apr_pool_t *pool)
{
    struct stat st;

    return !git->order.mapped || stat(order_path(git, "/order", pool), &st) ||
           st.st_ino != git->order.ino || (size_t)st.st_size == git->order.size;
}

static void load(rc_git_order_t *order, const rc_git_t *git, apr_pool_t *pool)
{
    int fd = open(order_path(git, "/order", pool), O_RDONLY | O_CLOEXEC);

    memset(order, 0, sizeof(*order));
    if (fd < 0)
        return;
    if (!map_file(order, fd))
        rc_log(RC_LOG_INFO, APR_SUCCESS, "%s: the order file is damaged, made anew", git->path);
    close(fd);
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

/* Writes the order and, when that worked, uses the file's pages instead of our own. */
static void save(rc_git_order_t *order, const rc_git_t *git, apr_pool_t *pool)
{
    char *temp = order_path(git, "/order.XXXXXX", pool);
    rc_git_order_t mapped = {0};
    int fd;

    ((head_t *)order->block)->sum = checksum(order->block, order->size);
    if (mkdir(order_path(git, "", pool), 0755) && errno != EEXIST)
        return; /* not ours to write: the order stays in memory */
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return;
    if (!write_all(fd, order->block, order->size) || fchmod(fd, 0644) ||
        rename(temp, order_path(git, "/order", pool))) {
        rc_log(RC_LOG_WARNING, APR_FROM_OS_ERROR(errno), "%s: cannot keep the order", git->path);
        unlink(temp);
    } else if (map_file(&mapped, fd)) {
        rc_git_order_drop(order);
        *order = mapped;
    }
    close(fd);
}

/* --- now --- */

/* What may be taken from an order that is out of date: everything, but not cut off parents. */
static const rc_git_order_t *usable(const rc_git_order_t *order, const rc_git_refs_t *refs)
{
    return order->block && !order->shallow && !refs->shallow->nelts ? order : NULL;
}

static rc_err_t *make(rc_git_order_t *order, rc_git_t *git, const rc_git_refs_t *refs,
                      const rc_git_order_t *file, apr_pool_t *pool)
{
    const rc_git_order_t *known = usable(file, refs) ? file : usable(&git->order, refs);

    RC_TRY(rc_git_graph_build(order, git, refs, known, pool));
    if (order->count)
        save(order, git, pool);
    if (order->count > MANY + (known ? known->count : 0))
        return rc_git_reopen(git, pool);
    return NULL;
}

static rc_err_t *update_order(rc_git_t *git, const rc_git_refs_t *refs, apr_pool_t *pool)
{
    rc_git_order_t file, order = {0};
    rc_err_t *err = NULL;

    load(&file, git, pool);
    if (file.block && !memcmp(file.key, refs->key.id, RC_GIT_RAW)) {
        order = file;
    } else {
        err = make(&order, git, refs, &file, pool);
        rc_git_order_drop(&file);
    }
    if (err) {
        rc_git_order_drop(&order);
        return err;
    }
    rc_git_order_drop(&git->order);
    git->order = order;
    return NULL;
}

rc_err_t *rc_git_refresh(rc_git_t *git, bool force, apr_pool_t *pool)
{
    rc_git_refs_t *refs;
    rc_err_t *err = NULL;

    if (git->checked && !force)
        return NULL;
    if (!intact(git, pool))
        rc_git_order_drop(&git->order);
    if (git->refs && git->order.block && rc_git_refs_current(git->refs)) {
        git->checked = true;
        return NULL;
    }
    if (!git->odb)
        RC_TRY(rc_git_reopen(git, pool)); /* failed once; perhaps it works now */
    if (!git->order.block)
        load(&git->order, git, pool); /* its commits need not be read to know what they are */
    RC_TRY(rc_git_refs_read(&refs, git, pool));
    if (!git->order.block || memcmp(git->order.key, refs->key.id, RC_GIT_RAW))
        err = update_order(git, refs, pool);
    if (err) {
        rc_git_refs_free(refs);
        return err;
    }
    rc_git_refs_free(git->refs);
    git->refs = refs;
    git->checked = true;
    return NULL;
}

/* --- questions --- */

rc_err_t *rc_git_count(apr_int64_t *count, rc_vcs_t *vcs)
{
    rc_git_t *git = vcs->repo;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    *count = git->order.count;
    return NULL;
}

rc_err_t *rc_git_id_at(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    *id = NULL;
    if (index >= 0 && index < (apr_int64_t)git->order.count)
        *id = rc_text_hex(git->order.ids + (size_t)index * RC_GIT_RAW, RC_GIT_RAW, pool);
    return NULL;
}

rc_err_t *rc_git_place(rc_place_t *place, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool)
{
    const rc_git_order_t *order = &((rc_git_t *)vcs->repo)->order;

    RC_TRY(rc_git_id_at(&place->id, vcs, index, pool));
    if (!place->id)
        return NULL;
    place->time = (apr_int64_t)order->time[index];
    place->parents = (int)(order->parents_at[index + 1] - order->parents_at[index]);
    return NULL;
}

rc_err_t *rc_git_index_of(apr_int64_t *index, rc_vcs_t *vcs, const char *id)
{
    rc_git_t *git = vcs->repo;
    git_oid oid;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    *index = rc_git_hex(&oid, id) ? rc_git_order_find(&git->order, oid.id) : -1;
    return NULL;
}

rc_err_t *rc_git_time(apr_int64_t *time, rc_vcs_t *vcs, const char *id)
{
    rc_git_t *git = vcs->repo;
    apr_int64_t index;

    RC_TRY(rc_git_index_of(&index, vcs, id));
    if (index < 0)
        return rc_err_internal(vcs->pool, APR_SUCCESS, "%s is no commit of %s", id, git->path);
    *time = (apr_int64_t)git->order.time[index];
    return NULL;
}
