// SPDX-License-Identifier: Apache-2.0
/*
 * Opens the packs of one directory of objects. libgit2 maps pack indexes without checking them, so
 * each index is read and its checksum verified before libgit2 opens it. Neither multi-pack-index
 * nor commit-graph is used: libgit2 1.5 reads out of bounds in a damaged one, and the pack indexes
 * contain the same data.
 */
#include "objects.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <libdeflate.h>
#include <openssl/evp.h>

#include "chain.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"

#define INDEX_LEAST (4 * 256 + 2 * RC_GIT_RAW) /* bytes of an empty index */
#define INDEX_MOST  ((off_t)16 << 30)
#define WHOLE_MOST  ((apr_uint64_t)1 << 20) /* bytes of an object that is unpacked here */
#define KNOWN       4096                    /* indexes whose checksums are remembered */

typedef struct pack_t pack_t;
struct pack_t {
    pack_t *next; /* an older one */
    char *index;  /* path */
    git_odb_backend *inner;
    rc_git_chain_t *chain;
    dev_t dev;
    ino_t ino;
    time_t time;
    bool seen;
};

struct rc_git_packs_t {
    char *folder;
    pack_t *newest, *last;   /* last: the pack of the last object */
    struct timespec changed; /* the directory's mtime when it was read */
    apr_uint64_t copied;     /* bytes copied to unpack the last object, if its chain is long */
    struct libdeflate_decompressor *inflate; /* NULL: not needed yet */
    bool damaged;
};

/* --- checksums, verified once per file and process --- */

typedef struct sum_t {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec changed; /* ctime, which the file's owner cannot set back */
    bool checked, good;
} sum_t;

static struct {
    apr_thread_mutex_t *mutex;
    sum_t sums[KNOWN];
} known;

rc_err_t *rc_git_packs_startup(apr_pool_t *pool)
{
    apr_status_t rv = apr_thread_mutex_create(&known.mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    return rv ? rc_err_internal(pool, rv, "cannot make the mutex of the pack indexes") : NULL;
}

static sum_t sum_of(const struct stat *st)
{
    return (sum_t){
        .dev = st->st_dev, .ino = st->st_ino, .size = st->st_size, .changed = st->st_ctim};
}

/* Finds the slot for @a sum; true when the slot is about the same file. */
static bool known_sum(sum_t **at, const sum_t *sum)
{
    *at = &known.sums[(sum->ino ^ sum->dev) % KNOWN];
    return (*at)->checked && (*at)->dev == sum->dev && (*at)->ino == sum->ino &&
           (*at)->size == sum->size && (*at)->changed.tv_sec == sum->changed.tv_sec &&
           (*at)->changed.tv_nsec == sum->changed.tv_nsec;
}

/* True when the file ends with the SHA-1 of everything before. */
static bool sum_matches(int fd, off_t size)
{
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    unsigned char buf[64 * 1024], sum[EVP_MAX_MD_SIZE], at_end[RC_GIT_RAW];
    off_t rest = size - RC_GIT_RAW;
    bool good = sha && EVP_DigestInit_ex(sha, EVP_sha1(), NULL);

    while (good && rest > 0) {
        size_t len = rest < (off_t)sizeof(buf) ? (size_t)rest : sizeof(buf);

        good = rc_fs_read_full(fd, buf, len) && EVP_DigestUpdate(sha, buf, len);
        rest -= (off_t)len;
    }
    good = good && rc_fs_read_full(fd, at_end, sizeof(at_end)) &&
           EVP_DigestFinal_ex(sha, sum, NULL) && !memcmp(sum, at_end, sizeof(at_end));
    EVP_MD_CTX_free(sha);
    return good;
}

static bool index_sound(int fd, const struct stat *st)
{
    sum_t sum = sum_of(st), *at;
    bool found;

    apr_thread_mutex_lock(known.mutex);
    if ((found = known_sum(&at, &sum)))
        sum = *at;
    apr_thread_mutex_unlock(known.mutex);
    if (found)
        return sum.good;
    sum.checked = true;
    sum.good =
        st->st_size >= INDEX_LEAST && st->st_size <= INDEX_MOST && sum_matches(fd, st->st_size);
    apr_thread_mutex_lock(known.mutex);
    known_sum(&at, &sum);
    *at = sum;
    apr_thread_mutex_unlock(known.mutex);
    return sum.good;
}

/* --- one pack --- */

static void drop_pack(pack_t *pack)
{
    if (pack->inner)
        pack->inner->free(pack->inner);
    rc_git_chain_close(pack->chain);
    free(pack->index);
    free(pack);
}

static bool pack_sound(struct stat *st, const char *index, apr_pool_t *scratch)
{
    const char *pack =
        apr_pstrcat(scratch, apr_pstrndup(scratch, index, strlen(index) - 4), ".pack", NULL);
    struct stat unused;
    int fd = rc_fs_open_regular(&unused, pack, 0);
    bool sound;

    if (fd < 0)
        return false;
    close(fd);
    if ((fd = rc_fs_open_regular(st, index, 0)) < 0)
        return false;
    sound = index_sound(fd, st);
    close(fd);
    return sound;
}

/* Returns NULL when the pack is left out. */
static pack_t *open_pack(const char *index, apr_pool_t *scratch)
{
    pack_t *pack;
    struct stat st;

    if (!pack_sound(&st, index, scratch)) {
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s: the pack or its index is damaged", index);
        return NULL;
    }
    pack = calloc(1, sizeof(*pack));
    if (!pack || !(pack->index = strdup(index)) ||
        !(pack->chain = rc_git_chain_open(index, scratch)) ||
        git_odb_backend_one_pack(&pack->inner, index) < 0) {
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s: the pack cannot be opened", index);
        if (pack)
            drop_pack(pack);
        return NULL;
    }
    pack->dev = st.st_dev;
    pack->ino = st.st_ino;
    pack->time = st.st_mtime;
    return pack;
}

/* --- the directory --- */

static pack_t *find_pack(const rc_git_packs_t *packs, const char *index)
{
    pack_t *pack = packs->newest;

    while (pack && strcmp(pack->index, index))
        pack = pack->next;
    return pack;
}

/* The newest pack comes first, because most objects are read from there. */
static void add_pack(rc_git_packs_t *packs, pack_t *pack)
{
    pack_t **at = &packs->newest;

    while (*at && (*at)->time >= pack->time)
        at = &(*at)->next;
    pack->next = *at;
    *at = pack;
}

static void see_pack(rc_git_packs_t *packs, const char *index, apr_pool_t *scratch)
{
    pack_t *pack = find_pack(packs, index);

    if (!pack && (pack = open_pack(index, scratch)))
        add_pack(packs, pack);
    if (pack)
        pack->seen = true;
    else
        packs->damaged = true;
}

static void forget_unseen(rc_git_packs_t *packs)
{
    pack_t **at = &packs->newest, *gone;

    while (*at) {
        if ((*at)->seen) {
            (*at)->seen = false;
            at = &(*at)->next;
            continue;
        }
        gone = *at;
        *at = gone->next;
        if (packs->last == gone)
            packs->last = NULL;
        drop_pack(gone);
    }
}

static bool is_index(const char *name)
{
    return *name != '.' && rc_text_ends(name, ".idx");
}

static void list_packs(rc_git_packs_t *packs, apr_pool_t *scratch)
{
    DIR *dir = opendir(packs->folder);
    struct dirent *entry;

    packs->damaged = !dir && errno != ENOENT;
    while (dir && (entry = readdir(dir)))
        if (is_index(entry->d_name))
            see_pack(packs, apr_pstrcat(scratch, packs->folder, "/", entry->d_name, NULL), scratch);
    if (dir)
        closedir(dir);
    forget_unseen(packs);
}

void rc_git_packs_refresh(rc_git_packs_t *packs)
{
    struct stat st;
    apr_pool_t *scratch;

    if (stat(packs->folder, &st))
        memset(&st, 0, sizeof(st));
    if (st.st_mtim.tv_sec == packs->changed.tv_sec && st.st_mtim.tv_nsec == packs->changed.tv_nsec)
        return;
    packs->changed = st.st_mtim;
    if (apr_pool_create_unmanaged_ex(&scratch, NULL, NULL) != APR_SUCCESS)
        return;
    list_packs(packs, scratch);
    apr_pool_destroy(scratch);
}

rc_git_packs_t *rc_git_packs_open(const char *objects, apr_pool_t *pool)
{
    rc_git_packs_t *packs = calloc(1, sizeof(*packs));

    if (!packs || !(packs->folder = strdup(apr_pstrcat(pool, objects, "/pack", NULL)))) {
        free(packs);
        return NULL;
    }
    packs->changed.tv_nsec = -1;
    rc_git_packs_refresh(packs);
    return packs;
}

void rc_git_packs_close(rc_git_packs_t *packs)
{
    forget_unseen(packs);
    libdeflate_free_decompressor(packs->inflate);
    free(packs->folder);
    free(packs);
}

bool rc_git_packs_damaged(const rc_git_packs_t *packs)
{
    return packs->damaged;
}

/* --- objects --- */

/* Returns whether @a packed, stored whole, has been unpacked; libgit2 says why not. libdeflate is
 * twice as fast, and needs no second search for the object. */
static bool unpack_whole(void **data, const rc_git_packed_t *packed, rc_git_packs_t *packs,
                         git_odb_backend *inner)
{
    char *to;

    if (packed->size > WHOLE_MOST)
        return false;
    if (!packs->inflate && !(packs->inflate = libdeflate_alloc_decompressor()))
        return false;
    if (!(to = git_odb_backend_data_alloc(inner, packed->size + 1)))
        return false;
    if (libdeflate_zlib_decompress(packs->inflate, packed->data, packed->most, to, packed->size,
                                   NULL) != LIBDEFLATE_SUCCESS) {
        git_odb_backend_data_free(inner, to);
        return false;
    }
    to[packed->size] = '\0';
    *data = to;
    return true;
}

static int read_pack(void **data, size_t *size, git_object_t *type, rc_git_packs_t *packs,
                     pack_t *pack, const git_oid *id, size_t most)
{
    git_odb_backend *inner = pack->inner;
    rc_git_packed_t packed;
    int n = rc_git_chain_find(&packed, pack->chain, id);

    *data = NULL;
    packs->copied = packed.copied;
    if (n)
        return n;
    if (packed.data && (packed.size >= most || unpack_whole(data, &packed, packs, inner))) {
        *size = packed.size;
        *type = packed.type;
        return 0;
    }
    if (most < SIZE_MAX && ((n = inner->read_header(size, type, inner, id)) || *size >= most))
        return n;
    return inner->read(data, size, type, inner, id);
}

static int read_packed(void **data, size_t *size, git_object_t *type, rc_git_packs_t *packs,
                       pack_t *pack, const git_oid *id, size_t most)
{
    int n;

    rc_git_mapped_begin();
    n = read_pack(data, size, type, packs, pack, id, most);
    if (rc_git_mapped_end())
        return n;
    if (n == 0)
        git_odb_backend_data_free(pack->inner, *data); /* which may be NULL */
    *data = NULL;
    git_error_set_str(GIT_ERROR_ODB, "a pack was cut short while it was read");
    return GIT_ERROR;
}

int rc_git_packs_read(void **data, size_t *size, git_object_t *type, rc_git_packs_t *packs,
                      const git_oid *id, size_t most)
{
    int n, worst = GIT_ENOTFOUND;
    pack_t *pack;

    if (packs->last && (n = read_packed(data, size, type, packs, packs->last, id, most)) == 0)
        return 0;
    for (pack = packs->newest; pack; pack = pack->next) {
        n = read_packed(data, size, type, packs, pack, id, most);
        if (n == 0) {
            packs->last = pack;
            return 0;
        }
        if (n != GIT_ENOTFOUND)
            worst = n; /* another pack may have an undamaged copy */
    }
    return worst;
}

void rc_git_packs_expect(const rc_git_packs_t *packs, const git_oid *id, bool again)
{
    if (!packs->last)
        return;
    rc_git_mapped_begin();
    rc_git_chain_expect(packs->last->chain, id, again);
    rc_git_mapped_end();
}

apr_uint64_t rc_git_packs_copied(rc_git_packs_t *packs)
{
    apr_uint64_t copied = packs->copied;

    packs->copied = 0;
    return copied;
}
