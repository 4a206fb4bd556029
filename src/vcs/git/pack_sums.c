// SPDX-License-Identifier: Apache-2.0
/*
 * Verifies the checksums of pack indexes, once per file and process.
 */
#include "objects.h"

#include <string.h>

#include <apr_thread_mutex.h>
#include <openssl/evp.h>

#include "base/fs.h"

#define INDEX_LEAST (4 * 256 + 2 * RC_GIT_RAW) /* bytes of an empty index */
#define INDEX_MOST  ((off_t)16 << 30)
#define KNOWN       4096 /* indexes whose checksums are remembered */

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

bool rc_git_index_sound(int fd, const struct stat *st)
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
