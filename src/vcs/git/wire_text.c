// SPDX-License-Identifier: Apache-2.0
/*
 * Writes references as pkt-lines, once per snapshot, so that an answer is a copy of them: in the
 * form of protocol versions 0 and 1, and in that of ls-refs with all attributes. Sorted by name,
 * the references with one prefix are one piece of the text.
 */
#include "wire.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "ref_list.h"
#include "vcs/pkt_line.h"

#define SYMREF " symref-target:"
#define PEELED " peeled:"
#define TAGGED "^{}"

/* --- lengths: contents of lines --- */

static apr_size_t plain_len(const rc_git_row_t *row)
{
    return GIT_OID_HEXSZ + 1 + row->len + 1;
}

static apr_size_t tagged_len(const rc_git_row_t *row)
{
    return plain_len(row) + strlen(TAGGED);
}

static apr_size_t full_len(const rc_git_row_t *row)
{
    return plain_len(row) + (row->link ? strlen(SYMREF) + strlen(row->link) : 0) +
           (row->has_peeled ? strlen(PEELED) + GIT_OID_HEXSZ : 0);
}

/* Numbers the references and sets where their lines begin. */
static void place(rc_git_wire_t *wire, const apr_array_header_t *rows)
{
    rc_git_said_t *ref = apr_pcalloc(wire->pool, ((apr_size_t)rows->nelts + 1) * sizeof(*ref));
    int i;

    wire->refs = ref;
    wire->count = rows->nelts;
    for (i = 0; i < rows->nelts; i++, ref++) {
        const rc_git_row_t *row = &APR_ARRAY_IDX(rows, i, rc_git_row_t);

        ref->len = row->len;
        ref->has_peeled = row->has_peeled;
        ref->link = row->link ? apr_pstrdup(wire->pool, row->link) : NULL;
        ref[1].v0 = ref->v0 + RC_PKT_HEAD + plain_len(row) +
                    (row->has_peeled ? RC_PKT_HEAD + tagged_len(row) : 0);
        ref[1].v2 = ref->v2 + RC_PKT_HEAD + full_len(row);
    }
}

/* --- lines --- */

static char *append(char *out, const char *text, apr_size_t len)
{
    memcpy(out, text, len);
    return out + len;
}

static char *add_id(char *out, const git_oid *id)
{
    git_oid_fmt(out, id);
    return out + GIT_OID_HEXSZ;
}

/* Begins a line of @a len bytes with id and name. */
static char *begin_line(char *out, apr_size_t len, const git_oid *id, const rc_git_row_t *row)
{
    out = add_id(rc_pkt_head(out, len), id);
    *out++ = ' ';
    return append(out, row->name, row->len);
}

static void write_v0(char *out, const rc_git_row_t *row)
{
    out = begin_line(out, plain_len(row), &row->id, row);
    *out++ = '\n';
    if (row->has_peeled)
        append(begin_line(out, tagged_len(row), &row->peeled, row), TAGGED "\n",
               strlen(TAGGED) + 1);
}

static void write_v2(char *out, const rc_git_row_t *row)
{
    out = begin_line(out, full_len(row), &row->id, row);
    if (row->link)
        out = append(append(out, SYMREF, strlen(SYMREF)), row->link, strlen(row->link));
    if (row->has_peeled)
        out = add_id(append(out, PEELED, strlen(PEELED)), &row->peeled);
    *out = '\n';
}

/* --- the state --- */

static bool add_head(EVP_MD_CTX *sha, const rc_git_head_t *head)
{
    const char *link = head->link ? head->link : "";

    return EVP_DigestUpdate(sha, link, strlen(link) + 1) &&
           EVP_DigestUpdate(sha, head->there ? "1" : "0", 1) &&
           (!head->there || EVP_DigestUpdate(sha, head->id.id, RC_GIT_RAW));
}

static rc_err_t *hash_state(rc_git_wire_t *wire, apr_pool_t *pool)
{
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    apr_size_t ids = (apr_size_t)wire->shallow->nelts * sizeof(git_oid);
    bool good = sha && EVP_DigestInit_ex(sha, EVP_sha1(), NULL) && add_head(sha, &wire->head) &&
                EVP_DigestUpdate(sha, wire->v2, wire->refs[wire->count].v2) &&
                (!ids || EVP_DigestUpdate(sha, wire->shallow->elts, ids)) &&
                EVP_DigestFinal_ex(sha, wire->state, NULL);

    EVP_MD_CTX_free(sha);
    return good ? NULL : rc_err_internal(pool, APR_SUCCESS, "cannot hash the references");
}

rc_err_t *rc_git_wire_write(rc_git_wire_t *wire, const apr_array_header_t *rows, apr_pool_t *pool)
{
    char *v0, *v2;
    int i;

    place(wire, rows);
    wire->v0 = v0 = apr_palloc(wire->pool, wire->refs[wire->count].v0 + 1);
    wire->v2 = v2 = apr_palloc(wire->pool, wire->refs[wire->count].v2 + 1);
    for (i = 0; i < rows->nelts; i++) {
        write_v0(v0 + wire->refs[i].v0, &APR_ARRAY_IDX(rows, i, rc_git_row_t));
        write_v2(v2 + wire->refs[i].v2, &APR_ARRAY_IDX(rows, i, rc_git_row_t));
    }
    return hash_state(wire, pool);
}

/* --- reading them --- */

const char *rc_git_said_id(const rc_git_wire_t *wire, const rc_git_said_t *ref)
{
    return wire->v0 + ref->v0 + RC_PKT_HEAD;
}

const char *rc_git_said_name(const rc_git_wire_t *wire, const rc_git_said_t *ref)
{
    return rc_git_said_id(wire, ref) + GIT_OID_HEXSZ + 1;
}

int rc_git_said_lower(const rc_git_wire_t *wire, const char *name, apr_size_t len)
{
    int low = 0, high = wire->count;

    while (low < high) {
        int middle = low + (high - low) / 2;
        const rc_git_said_t *ref = &wire->refs[middle];

        if (rc_ref_compare(rc_git_said_name(wire, ref), ref->len, name, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const rc_git_said_t *rc_git_said_find(const rc_git_wire_t *wire, const char *name, apr_size_t len)
{
    int number = rc_git_said_lower(wire, name, len);
    const rc_git_said_t *ref = &wire->refs[number];

    return number < wire->count && ref->len == len &&
                   !memcmp(rc_git_said_name(wire, ref), name, len)
               ? ref
               : NULL;
}
