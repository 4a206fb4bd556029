// SPDX-License-Identifier: Apache-2.0
/*
 * Reads one commit for clients, with its text in valid UTF-8.
 */
#include "table.h"

#include <iconv.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/text.h"
#include "base/unconst.h"

#define ENCODING_NAME 40 /* bytes of the longest accepted name of an encoding */

/* --- text --- */

#define NEAR_BLANK 1024

static bool plain_name(const char *name, size_t len)
{
    size_t i;

    /* A slash would start iconv's own options. */
    for (i = 0; i < len; i++)
        if (!apr_isalnum(name[i]) && !strchr("-_.:", name[i]))
            return false;
    return len > 0 && len <= ENCODING_NAME;
}

/* Returns NULL when the encoding is unknown or the text is invalid in it. */
static const char *convert_from(const char *text, size_t len, const char *encoding,
                                apr_pool_t *pool)
{
    iconv_t from = iconv_open("UTF-8", encoding);
    size_t room = len * 4 + 16;
    char *in = rc_unconst(text), *start, *out;
    bool good;

    if (from == (iconv_t)-1)
        return NULL;
    start = out = apr_palloc(pool, room + 1);
    good = iconv(from, &in, &len, &out, &room) != (size_t)-1 &&
           iconv(from, NULL, NULL, &out, &room) != (size_t)-1;
    iconv_close(from);
    *out = '\0';
    return good && rc_utf8_valid(start, strlen(start)) ? start : NULL;
}

static const char *from_latin1(const char *text, size_t len, apr_pool_t *pool)
{
    char *start = apr_palloc(pool, len * 2 + 1), *out = start;
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x80) {
            *out++ = (char)c;
        } else {
            *out++ = (char)(0xc0 | c >> 6);
            *out++ = (char)(0x80 | (c & 0x3f));
        }
    }
    *out = '\0';
    return start;
}

const char *rc_git_convert(const char *text, size_t len, const char *encoding,
                           const char *encoding_end, apr_pool_t *pool)
{
    size_t name_len = (size_t)(encoding_end - encoding);
    const char *name;

    if (!plain_name(encoding, name_len))
        return NULL;
    name = apr_pstrmemdup(pool, encoding, name_len);
    /* as git does, since iconv may not know the name */
    return convert_from(text, len, strcasecmp(name, "latin-1") ? name : "ISO-8859-1", pool);
}

/* Converts from the commit's own encoding, else from UTF-8, else from Latin-1. Like git, it ends
 * texts at a NUL. */
static const char *to_utf8(const rc_git_header_t *header, const char *text, const char *end,
                           apr_pool_t *pool)
{
    size_t len = strnlen(text, (size_t)(end - text));
    const char *converted = NULL;

    if (header->encoding)
        converted = rc_git_convert(text, len, header->encoding, header->encoding_end, pool);
    if (converted)
        return converted;
    return rc_utf8_valid(text, len) ? apr_pstrmemdup(pool, text, len)
                                    : from_latin1(text, len, pool);
}

/* Cuts a text to at most @a most bytes, at a line end or blank if one is near: in the encodings
 * that git commits use, that is never the middle of a character. */
static const char *shorten(const char *text, const char *end, apr_size_t most)
{
    const char *p;

    if ((apr_size_t)(end - text) <= most)
        return end;
    for (p = text + most; p > text + most - NEAR_BLANK; p--)
        if (p[-1] == '\n' || p[-1] == ' ')
            return p;
    for (p = text + most; p > text && (*p & 0xc0) == 0x80; p--)
        ;
    return p;
}

/* --- the commit --- */

static const char *const *parent_list(const apr_array_header_t *parents, apr_pool_t *pool)
{
    const char **list = apr_pcalloc(pool, (apr_size_t)(parents->nelts + 1) * sizeof(*list));
    int i;

    for (i = 0; i < parents->nelts; i++)
        list[i] = rc_hex_text(APR_ARRAY_IDX(parents, i, git_oid).id, RC_GIT_RAW, pool);
    return list;
}

static rc_err_t *read_header(git_odb_object **object, rc_git_header_t *header, rc_git_t *git,
                             const git_oid *id, apr_pool_t *pool)
{
    RC_TRY(rc_git_read(object, git, id, GIT_OBJECT_COMMIT, pool));
    if (rc_git_header_parse(header, git_odb_object_data(*object), git_odb_object_size(*object))) {
        if (rc_git_cut_off(git->refs, id))
            apr_array_clear(header->parents);
        return NULL;
    }
    git_odb_object_free(*object);
    return rc_err_internal(pool, APR_SUCCESS, "commit %s in %s is damaged", git_oid_tostr_s(id),
                           git->path);
}

rc_err_t *rc_git_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_size_t most,
                        apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;
    rc_git_header_t header = {0};
    git_odb_object *object;
    rc_commit_t *commit;
    git_oid oid;

    if (!rc_git_hex(&oid, rev->id))
        return rc_err_internal(vcs->pool, APR_SUCCESS, "'%s' is not the id of a commit", rev->id);
    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    header.parents = apr_array_make(pool, 2, sizeof(git_oid));
    RC_TRY(read_header(&object, &header, git, &oid, vcs->pool));
    commit = apr_pcalloc(pool, sizeof(*commit));
    commit->id = rc_hex_text(oid.id, RC_GIT_RAW, pool);
    commit->revision = rev->index;
    commit->message =
        to_utf8(&header, header.message, shorten(header.message, header.end, most), pool);
    commit->time = (apr_int64_t)header.date;
    commit->author = header.author ? to_utf8(&header, header.author,
                                             shorten(header.author, header.author_end, most), pool)
                                   : "";
    commit->parents = parent_list(header.parents, pool);
    commit->branch = rc_git_head_name(git->refs, &oid);
    commit->branch = apr_pstrdup(pool, commit->branch);
    git_odb_object_free(object);
    *out = commit;
    return NULL;
}

static rc_err_t *tree_of(git_oid *tree, git_oid *parent, bool *has_parent, rc_git_t *git,
                         const git_oid *id, apr_pool_t *pool)
{
    rc_git_header_t header = {0};
    git_odb_object *object;

    header.parents = apr_array_make(pool, 2, sizeof(git_oid));
    RC_TRY(read_header(&object, &header, git, id, pool));
    *tree = header.tree;
    *has_parent = header.parents->nelts > 0;
    if (*has_parent)
        *parent = APR_ARRAY_IDX(header.parents, 0, git_oid);
    git_odb_object_free(object);
    return NULL;
}

rc_err_t *rc_git_commit_trees(git_oid *tree, git_oid *parent_tree, bool *has_parent, rc_git_t *git,
                              const char *id, apr_pool_t *pool)
{
    git_oid oid, parent, unused;
    bool more;

    if (!rc_git_hex(&oid, id))
        return rc_err_internal(pool, APR_SUCCESS, "'%s' is not the id of a commit", id);
    RC_TRY(rc_git_refresh(git, false, pool));
    RC_TRY(tree_of(tree, &parent, has_parent, git, &oid, pool));
    return *has_parent ? tree_of(parent_tree, &unused, &more, git, &parent, pool) : NULL;
}
