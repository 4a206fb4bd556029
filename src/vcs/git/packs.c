// SPDX-License-Identifier: Apache-2.0
/*
 * Opens the packs of one directory of objects. libgit2 maps pack indexes without checking them, so
 * each index is read and its checksum verified (pack_sums.c) before libgit2 opens it. Neither
 * multi-pack-index nor commit-graph is used: libgit2 1.5 reads out of bounds in a damaged one, and
 * the pack indexes contain the same data.
 */
#include "objects.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <libdeflate.h>

#include "chain.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"

#define WHOLE_MOST ((apr_uint64_t)1 << 20) /* bytes of an object that is unpacked here */
#define SHORT_MOST ((size_t)4 << 10)       /* bytes of a content that a pool holds */
#define TINY_MOST  ((apr_uint64_t)128)     /* bytes of an object that has no code of its own */

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
    struct libdeflate_decompressor *inflate[2]; /* [1]: of tiny objects; NULL: not needed yet */
    bool damaged;
};

/* --- one pack --- */

static void drop_pack(pack_t *pack)
{
    if (pack->inner)
        pack->inner->free(pack->inner);
    rc_git_chain_close(pack->chain);
    free(pack->index);
    free(pack);
}

/* The files of a pack, open. */
typedef struct files_t {
    int index, pack;
    struct stat of_index, of_pack;
} files_t;

/* Opens both from their directory: on NFS, each directory of a longer path costs two requests. */
static bool open_files(files_t *files, int dir, const char *index, apr_pool_t *scratch)
{
    const char *base = apr_pstrndup(scratch, index, strlen(index) - 4);

    files->pack =
        rc_fs_open_regular_in(&files->of_pack, dir, apr_pstrcat(scratch, base, ".pack", NULL), 0);
    files->index = rc_fs_open_regular_in(&files->of_index, dir, index, 0);
    return files->pack >= 0 && files->index >= 0 &&
           rc_git_index_sound(files->index, &files->of_index);
}

static void close_files(const files_t *files)
{
    if (files->pack >= 0)
        close(files->pack);
    if (files->index >= 0)
        close(files->index);
}

static pack_t *make_pack(const char *path, const files_t *files)
{
    const struct stat *st = &files->of_index;
    pack_t *pack = calloc(1, sizeof(*pack));

    if (!pack || !(pack->index = strdup(path)) ||
        !(pack->chain =
              rc_git_chain_open(files->index, st->st_size, files->pack, files->of_pack.st_size)) ||
        git_odb_backend_one_pack(&pack->inner, path) < 0) {
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s: the pack cannot be opened", path);
        if (pack)
            drop_pack(pack);
        return NULL;
    }
    pack->dev = st->st_dev;
    pack->ino = st->st_ino;
    pack->time = st->st_mtime;
    return pack;
}

/* Opens the pack of the index @a path, a file of @a dir. Returns NULL when it is left out. */
static pack_t *open_pack(const char *path, int dir, apr_pool_t *scratch)
{
    pack_t *pack = NULL;
    files_t files;

    if (open_files(&files, dir, strrchr(path, '/') + 1, scratch))
        pack = make_pack(path, &files);
    else
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s: the pack or its index is damaged", path);
    close_files(&files);
    return pack;
}

/* --- the directory --- */

/* Returns the packs that are open, by index: there may be thousands. */
static apr_hash_t *known_packs(const rc_git_packs_t *packs, apr_pool_t *scratch)
{
    apr_hash_t *known = apr_hash_make(scratch);
    const pack_t *pack;

    for (pack = packs->newest; pack; pack = pack->next)
        apr_hash_set(known, pack->index, APR_HASH_KEY_STRING, pack);
    return known;
}

static void see_pack(rc_git_packs_t *packs, apr_hash_t *known, int dir, const char *name,
                     apr_pool_t *scratch)
{
    const char *index = apr_pstrcat(scratch, packs->folder, "/", name, NULL);
    pack_t *pack = apr_hash_get(known, index, APR_HASH_KEY_STRING);

    if (!pack && (pack = open_pack(index, dir, scratch))) {
        pack->next = packs->newest;
        packs->newest = pack;
        apr_hash_set(known, pack->index, APR_HASH_KEY_STRING, pack);
    }
    if (pack)
        pack->seen = true;
    else
        packs->damaged = true;
}

static int by_time(const void *a, const void *b)
{
    const pack_t *x = *(pack_t *const *)a, *y = *(pack_t *const *)b;

    return x->time == y->time ? strcmp(x->index, y->index) : x->time < y->time ? 1 : -1;
}

/* The newest pack comes first, because most objects are read from there. */
static void sort_packs(rc_git_packs_t *packs, apr_pool_t *scratch)
{
    apr_array_header_t *list = apr_array_make(scratch, 8, sizeof(pack_t *));
    pack_t *pack, **at = &packs->newest;
    int i;

    for (pack = packs->newest; pack; pack = pack->next)
        APR_ARRAY_PUSH(list, pack_t *) = pack;
    qsort(list->elts, (size_t)list->nelts, sizeof(pack_t *), by_time);
    for (i = 0; i < list->nelts; i++, at = &(*at)->next)
        *at = APR_ARRAY_IDX(list, i, pack_t *);
    *at = NULL;
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
    apr_hash_t *known = known_packs(packs, scratch);
    DIR *dir = opendir(packs->folder);
    struct dirent *entry;

    packs->damaged = !dir && errno != ENOENT;
    while (dir && (entry = readdir(dir)))
        if (is_index(entry->d_name))
            see_pack(packs, known, dirfd(dir), entry->d_name, scratch);
    if (dir)
        closedir(dir);
    forget_unseen(packs);
    sort_packs(packs, scratch);
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
    libdeflate_free_decompressor(packs->inflate[0]);
    libdeflate_free_decompressor(packs->inflate[1]);
    free(packs->folder);
    free(packs);
}

bool rc_git_packs_damaged(const rc_git_packs_t *packs)
{
    return packs->damaged;
}

/* --- objects --- */

/* Returns memory for the data of @a content. */
static char *allocate(rc_git_object_t *content, size_t size, git_odb_backend *inner)
{
    content->allocated = !content->pool || size > SHORT_MOST;
    return content->allocated ? git_odb_backend_data_alloc(inner, size)
                              : apr_palloc(content->pool, size);
}

static void drop_data(rc_git_object_t *content, git_odb_backend *inner)
{
    if (content->allocated)
        git_odb_backend_data_free(inner, content->data);
    content->allocated = false;
    content->data = NULL;
}

/* Returns what unpacks an object of @a size bytes. zlib uses its fixed code for tiny ones; that
 * would be made again after each object with another code, which takes longer than to unpack them.
 */
static struct libdeflate_decompressor *inflate_for(rc_git_packs_t *packs, apr_uint64_t size)
{
    struct libdeflate_decompressor **inflate = &packs->inflate[size <= TINY_MOST];

    if (!*inflate)
        *inflate = libdeflate_alloc_decompressor();
    return *inflate;
}

/* Returns whether @a packed, stored whole, has been unpacked; libgit2 says why not. libdeflate is
 * twice as fast, and needs no second search for the object. */
static bool unpack_whole(rc_git_object_t *content, const rc_git_packed_t *packed,
                         rc_git_packs_t *packs, git_odb_backend *inner)
{
    struct libdeflate_decompressor *inflate = inflate_for(packs, packed->size);
    char *to;

    if (packed->size > WHOLE_MOST || !inflate)
        return false;
    if (!(content->data = to = allocate(content, packed->size + 1, inner)))
        return false;
    if (libdeflate_zlib_decompress(inflate, packed->data, packed->most, to, packed->size, NULL) !=
        LIBDEFLATE_SUCCESS) {
        drop_data(content, inner);
        return false;
    }
    to[packed->size] = '\0';
    return true;
}

/* Lets libgit2 read it. */
static int read_by_inner(rc_git_object_t *content, git_odb_backend *inner, const git_oid *id,
                         size_t most)
{
    int n = 0;

    if (most < SIZE_MAX)
        n = inner->read_header(&content->size, &content->type, inner, id);
    if (n || (most < SIZE_MAX && content->size >= most))
        return n;
    n = inner->read(&content->data, &content->size, &content->type, inner, id);
    content->allocated = n == 0;
    return n;
}

static int read_pack(rc_git_object_t *content, rc_git_packs_t *packs, pack_t *pack,
                     const git_oid *id, size_t most)
{
    git_odb_backend *inner = pack->inner;
    rc_git_packed_t packed;
    int n = rc_git_chain_find(&packed, pack->chain, id);

    content->data = NULL;
    content->allocated = false;
    packs->copied = packed.copied;
    if (n)
        return n;
    if (packed.data && (packed.size >= most || unpack_whole(content, &packed, packs, inner))) {
        content->size = packed.size;
        content->type = packed.type;
        return 0;
    }
    return read_by_inner(content, inner, id, most);
}

static int read_packed(rc_git_object_t *content, rc_git_packs_t *packs, pack_t *pack,
                       const git_oid *id, size_t most)
{
    int n;

    rc_git_mapped_begin();
    n = read_pack(content, packs, pack, id, most);
    if (rc_git_mapped_end())
        return n;
    drop_data(content, pack->inner);
    git_error_set_str(GIT_ERROR_ODB, "a pack was cut short while it was read");
    return GIT_ERROR;
}

int rc_git_packs_read(rc_git_object_t *content, rc_git_packs_t *packs, const git_oid *id,
                      size_t most)
{
    int n, worst = GIT_ENOTFOUND;
    pack_t *pack;

    if (packs->last && (n = read_packed(content, packs, packs->last, id, most)) == 0)
        return 0;
    for (pack = packs->newest; pack; pack = pack->next) {
        n = read_packed(content, packs, pack, id, most);
        if (n == 0) {
            packs->last = pack;
            return 0;
        }
        if (n != GIT_ENOTFOUND)
            worst = n; /* another pack may have an undamaged copy */
    }
    return worst;
}

void rc_git_packs_expect(const rc_git_packs_t *packs, const git_oid *id)
{
    if (!packs->last)
        return;
    rc_git_mapped_begin();
    if (id)
        rc_git_chain_expect(packs->last->chain, id);
    else
        rc_git_chain_expect_all(packs->last->chain);
    rc_git_mapped_end();
}

apr_uint64_t rc_git_packs_copied(rc_git_packs_t *packs)
{
    apr_uint64_t copied = packs->copied;

    packs->copied = 0;
    return copied;
}
