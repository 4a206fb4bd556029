// SPDX-License-Identifier: Apache-2.0
/*
 * Replaces the keys in a result by their sealed forms, and back. The sealed form of a result is a
 * list of pieces, each a head, a text and a sealed key; the last one has no key.
 */
#include "kept_keys.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/user.h"

/* The head of a piece. */
typedef struct piece_t {
    apr_size_t len; /* of the text */
    apr_int64_t user_id, key_id;
    int sealed_len; /* 0: no key */
} piece_t;

/* A key that was written. */
typedef struct written_t {
    apr_size_t at; /* of the spool */
    const char *clear;
    rc_user_key_t key;
} written_t;

void rc_kept_key_written(rc_call_t *call, const rc_json_t *out, const rc_user_key_t *key,
                         const char *clear)
{
    written_t *written;

    if (!(call->method->flags & RC_RESULTS))
        return;
    if (!call->keys_written)
        call->keys_written = apr_array_make(call->pool, 4, sizeof(*written));
    written = apr_array_push(call->keys_written);
    written->clear = apr_pstrdup(call->pool, clear);
    written->at = (apr_size_t)rc_spool_size(out->spool) - 1 - strlen(clear);
    written->key = (rc_user_key_t){
        .id = key->id,
        .user_id = key->user_id,
        .sealed = apr_pmemdup(call->pool, key->sealed, (apr_size_t)key->sealed_len),
        .sealed_len = key->sealed_len,
    };
}

/* Appends a piece to @a to; returns its end. */
static char *put_piece(char *to, const char *text, apr_size_t len, const rc_user_key_t *key)
{
    const piece_t piece = {len, key->user_id, key->id, key->sealed_len};

    memcpy(to, &piece, sizeof(piece));
    to += sizeof(piece);
    memcpy(to, text, len);
    to += len;
    if (key->sealed_len)
        memcpy(to, key->sealed, (apr_size_t)key->sealed_len);
    return to + key->sealed_len;
}

static const apr_array_header_t *keys_of(const rc_call_t *call)
{
    static const apr_array_header_t none = {.nelts = 0};

    return call->keys_written ? call->keys_written : &none;
}

/* Returns the most bytes that the sealed form has. */
static apr_size_t most_bytes(const apr_array_header_t *keys, apr_size_t len)
{
    apr_size_t most = len + sizeof(piece_t);
    int i;

    for (i = 0; i < keys->nelts; i++)
        most += sizeof(piece_t) + (apr_size_t)APR_ARRAY_IDX(keys, i, written_t).key.sealed_len;
    return most;
}

rc_bytes_t rc_kept_keys_seal(const rc_call_t *call, rc_bytes_t content, apr_size_t start)
{
    const apr_array_header_t *keys = keys_of(call);
    const char *data = content.data, *from = data + start, *end = data + content.len;
    char *bytes = apr_palloc(call->pool, most_bytes(keys, content.len - start)), *to = bytes;
    const rc_user_key_t none = {.id = 0};
    int i;

    for (i = 0; i < keys->nelts; i++) {
        const written_t *written = &APR_ARRAY_IDX(keys, i, written_t);
        const char *at = data + written->at;
        apr_size_t len = strlen(written->clear);

        if (at < from || len > (apr_size_t)(end - at) || memcmp(at, written->clear, len))
            return (rc_bytes_t){NULL, 0}; /* it was escaped */
        to = put_piece(to, from, (apr_size_t)(at - from), &written->key);
        from = at + len;
    }
    to = put_piece(to, from, (apr_size_t)(end - from), &none);
    return (rc_bytes_t){bytes, (apr_size_t)(to - bytes)};
}

/* Appends the clear form of the key of a piece to *@a to. */
static bool put_clear(char **to, const rc_call_t *call, const piece_t *piece, const char *sealed)
{
    const rc_user_key_t key = {.id = piece->key_id,
                               .user_id = piece->user_id,
                               .sealed = sealed,
                               .sealed_len = piece->sealed_len};
    const char *clear;
    apr_size_t len;

    if (rc_key_clear(&clear, rc_key_secret(call->env), &key, call->pool) || !clear)
        return false;
    len = strlen(clear);
    memcpy(*to, clear, len);
    *to += len;
    return true;
}

/* A sealed key is longer than the key. */
rc_bytes_t rc_kept_keys_open(const rc_call_t *call, rc_bytes_t sealed)
{
    const char *from = sealed.data, *end = from + sealed.len;
    char *bytes, *to;
    piece_t piece;

    memcpy(&piece, from, sizeof(piece));
    if (!piece.sealed_len)
        return (rc_bytes_t){from + sizeof(piece), piece.len};
    bytes = to = apr_palloc(call->pool, sealed.len);
    while (from < end) {
        memcpy(&piece, from, sizeof(piece));
        from += sizeof(piece);
        memcpy(to, from, piece.len);
        to += piece.len;
        from += piece.len;
        if (piece.sealed_len && !put_clear(&to, call, &piece, from))
            return (rc_bytes_t){NULL, 0};
        from += piece.sealed_len;
    }
    return (rc_bytes_t){bytes, (apr_size_t)(to - bytes)};
}
