// SPDX-License-Identifier: Apache-2.0
/*
 * Reads, creates and rotates the secret file: one line of 64 hex digits, and during a rotation a
 * second line with the former secret. A rename replaces the file, so that a reader sees either the
 * old or the new content. Running processes read it again when it has changed.
 */
#include "secret_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "base/fs.h"
#include "base/hex.h"

#define LINE (2 * RC_SECRET_SIZE) /* bytes of a line, without its end */

typedef struct state_t {
    apr_thread_mutex_t *mutex; /* guards the members below */
    rc_secret_keys_t keys;
    struct stat seen; /* the file when it was read */
} state_t;

struct rc_secret_t {
    const char *path;
    state_t *state;
};

/* Creates a file; fails when anything exists at @a path, also a link. */
static rc_err_t *write_file(const char *path, const char *text, apr_pool_t *pool)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok;

    if (fd < 0)
        return rc_fs_err(pool, "create", path);
    ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !fsync(fd);
    close(fd);
    return ok ? NULL : rc_fs_err(pool, "write", path);
}

static const char *as_text(const rc_secret_keys_t *keys, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = 0; i < keys->n; i++)
        text = apr_pstrcat(pool, text, rc_hex_text(keys->key[i], RC_SECRET_SIZE, pool), "\n", NULL);
    return text;
}

rc_err_t *rc_secret_create(const char *path, apr_pool_t *pool)
{
    rc_secret_keys_t keys = {.n = 1};

    if (RAND_bytes(keys.key[0], RC_SECRET_SIZE) != 1)
        return rc_err_internal(pool, APR_SUCCESS, "no random bytes");
    RC_TRY(write_file(path, as_text(&keys, pool), pool));
    return rc_fs_sync_folder_of(path, pool);
}

static bool parse_keys(rc_secret_keys_t *keys, const char *text)
{
    keys->n = rc_hex_bytes(keys->key[0], text, RC_SECRET_SIZE);
    if (keys->n && text[LINE] == '\n' && text[LINE + 1])
        keys->n += rc_hex_bytes(keys->key[1], text + LINE + 1, RC_SECRET_SIZE);
    keys->all = keys->n;
    return keys->n;
}

/* Returns false with errno; errno is 0 when the file is readable but holds no secret. */
static bool read_keys(rc_secret_keys_t *keys, struct stat *st, const char *path)
{
    char text[2 * LINE + 2] = "";
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return false;
    ok = !fstat(fd, st) && S_ISREG(st->st_mode) && read(fd, text, sizeof(text) - 1) >= LINE &&
         parse_keys(keys, text);
    close(fd);
    errno = 0;
    OPENSSL_cleanse(text, sizeof(text));
    return ok;
}

rc_err_t *rc_secret_load(rc_secret_t **out, const char *path, apr_pool_t *pool)
{
    state_t *state = apr_pcalloc(pool, sizeof(*state));

    if (!read_keys(&state->keys, &state->seen, path))
        return errno ? rc_fs_err(pool, "open the secret", path)
                     : rc_err_internal(pool, APR_SUCCESS, "%s does not hold a secret", path);
    if (state->seen.st_mode & (S_IRWXG | S_IRWXO))
        return rc_err_internal(pool, APR_SUCCESS, "%s can be read by others; its mode must be 0600",
                               path);
    if (apr_thread_mutex_create(&state->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS)
        return rc_err_internal(pool, APR_ENOMEM, "no mutex");
    *out = apr_palloc(pool, sizeof(**out));
    **out = (rc_secret_t){apr_pstrdup(pool, path), state};
    return NULL;
}

void rc_secret_keys(rc_secret_keys_t *keys, const rc_secret_t *secret)
{
    apr_thread_mutex_lock(secret->state->mutex);
    *keys = secret->state->keys;
    apr_thread_mutex_unlock(secret->state->mutex);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool has_key(const rc_secret_keys_t *keys, const unsigned char *key)
{
    int i;

    for (i = 0; i < keys->all; i++)
        if (!memcmp(keys->key[i], key, RC_SECRET_SIZE))
            return true;
    return false;
}

/* Adds the keys of @a before to those of the file, the youngest first, as far as there is room. */
static void keep_former(rc_secret_keys_t *keys, const rc_secret_keys_t *before)
{
    int i;

    for (i = 0; i < before->all && keys->all < 3; i++)
        if (!has_key(keys, before->key[i]))
            memcpy(keys->key[keys->all++], before->key[i], RC_SECRET_SIZE);
}

void rc_secret_refresh(const rc_secret_t *secret)
{
    state_t *state = secret->state;
    rc_secret_keys_t keys;
    struct stat st;

    apr_thread_mutex_lock(state->mutex);
    if (!stat(secret->path, &st) && !is_same(&st, &state->seen) &&
        read_keys(&keys, &st, secret->path) && !(st.st_mode & (S_IRWXG | S_IRWXO))) {
        keep_former(&keys, &state->keys);
        state->keys = keys;
        state->seen = st;
    }
    apr_thread_mutex_unlock(state->mutex);
}

/* Replaces the file. A new file that an interrupted rotation left is removed first. */
static rc_err_t *replace(const rc_secret_t *secret, const rc_secret_keys_t *keys, apr_pool_t *pool)
{
    const char *next = apr_pstrcat(pool, secret->path, ".new", NULL);

    unlink(next);
    RC_TRY(write_file(next, as_text(keys, pool), pool));
    if (rename(next, secret->path))
        return rc_fs_err(pool, "rename", next);
    RC_TRY(rc_fs_sync_folder_of(secret->path, pool));
    rc_secret_refresh(secret);
    return NULL;
}

rc_err_t *rc_secret_rotation_begin(const rc_secret_t *secret, apr_pool_t *pool)
{
    rc_secret_keys_t keys;

    rc_secret_refresh(secret);
    rc_secret_keys(&keys, secret);
    if (keys.n == 2) /* an interrupted rotation: this one continues it */
        return NULL;
    memcpy(keys.key[1], keys.key[0], RC_SECRET_SIZE);
    keys.n = 2;
    if (RAND_bytes(keys.key[0], RC_SECRET_SIZE) != 1)
        return rc_err_internal(pool, APR_SUCCESS, "no random bytes");
    return replace(secret, &keys, pool);
}

rc_err_t *rc_secret_rotation_end(const rc_secret_t *secret, apr_pool_t *pool)
{
    rc_secret_keys_t keys;

    rc_secret_keys(&keys, secret);
    keys.n = 1;
    return replace(secret, &keys, pool);
}

static const char *fingerprint(const unsigned char *key, apr_pool_t *pool)
{
    static const char prefix[] = "fingerprint of an rcapi secret:";
    unsigned char text[sizeof(prefix) - 1 + RC_SECRET_SIZE], digest[RC_DIGEST_SIZE];

    memcpy(text, prefix, sizeof(prefix) - 1);
    memcpy(text + sizeof(prefix) - 1, key, RC_SECRET_SIZE);
    EVP_Digest(text, sizeof(text), digest, NULL, EVP_sha256(), NULL);
    return rc_hex_text(digest, 8, pool);
}

const char *rc_secret_fingerprint(const rc_secret_t *secret, apr_pool_t *pool)
{
    rc_secret_keys_t keys;

    rc_secret_keys(&keys, secret);
    return fingerprint(keys.key[0], pool);
}

bool rc_secret_has(const rc_secret_t *secret, const char *wanted, apr_pool_t *pool)
{
    rc_secret_keys_t keys;
    int i;

    rc_secret_keys(&keys, secret);
    for (i = 0; i < keys.n; i++)
        if (!strcmp(fingerprint(keys.key[i], pool), wanted))
            return true;
    return false;
}
