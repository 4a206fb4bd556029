// SPDX-License-Identifier: Apache-2.0
/*
 * Reads all references of one moment as git lists them for clients (refs/files-backend.c,
 * refs/packed-backend.c): everything below refs/, and HEAD. As there (GIT_REF_PARANOIA), a broken
 * reference has the null id, and one whose object is missing is listed as well: a clone of a
 * damaged repository fails, and does not look complete. Symbolic references that lead nowhere are
 * left out.
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "ref_list.h"

typedef struct all_t {
    rc_git_reading_t *reading;
    const rc_git_wire_t *base;
    rc_git_wire_t *wire;       /* the result */
    apr_hash_t *loose;         /* full name -> rc_git_found_t */
    apr_array_header_t *names; /* of the loose ones, sorted: const char * */
    apr_array_header_t *lines; /* of packed-refs, sorted: rc_git_line_t */
    apr_array_header_t *rows;  /* of rc_git_row_t */
} all_t;

/* --- what is read --- */

static bool is_listed(const char *name, apr_size_t len)
{
    return len > 5 && len <= RC_REF_MAX && !strncmp(name, "refs/", 5) && !rc_git_ref_hidden(name);
}

static bool is_good_name(const char *name)
{
    int valid;

    return git_reference_name_is_valid(&valid, name) == 0 && valid;
}

static int by_string(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static rc_err_t *read_loose(all_t *all)
{
    static const char *const folders[] = {"refs", NULL};
    static const rc_git_scope_t everything = {folders, is_listed};
    apr_pool_t *scratch = all->reading->scratch;
    apr_hash_index_t *hi;

    RC_TRY(rc_git_loose_refs(&all->loose, all->reading, &everything));
    all->names = apr_array_make(scratch, (int)apr_hash_count(all->loose) + 1, sizeof(const char *));
    for (hi = apr_hash_first(scratch, all->loose); hi; hi = apr_hash_next(hi))
        APR_ARRAY_PUSH(all->names, const char *) = apr_hash_this_key(hi);
    qsort(all->names->elts, (size_t)all->names->nelts, sizeof(const char *), by_string);
    return NULL;
}

/* --- symbolic references --- */

static int name_to_line(const void *name, const void *line)
{
    const rc_git_line_t *at = line;

    return rc_ref_compare(name, strlen(name), at->name, at->len);
}

/* Returns the content of the reference @a name; NULL when there is none. One that is not listed was
 * not read yet. */
static rc_err_t *find_content(rc_git_found_t **out, const all_t *all, const char *name)
{
    const rc_git_line_t *line;

    *out = apr_hash_get(all->loose, name, APR_HASH_KEY_STRING);
    if (!*out && !is_listed(name, strlen(name)))
        RC_TRY(rc_git_loose_ref(out, all->reading, name));
    if (*out)
        return NULL;
    line = bsearch(name, all->lines->elts, (size_t)all->lines->nelts, sizeof(*line), name_to_line);
    if (line) {
        *out = apr_pcalloc(all->reading->scratch, sizeof(**out));
        (*out)->id = line->id;
    }
    return NULL;
}

/* Follows @a found. *@a there: it leads to an id. *@a link: the last name on the way, if the way is
 * sound; that reference may not exist. */
static rc_err_t *follow_names(bool *there, git_oid *id, const char **link, const all_t *all,
                              rc_git_found_t *found)
{
    int depth;

    *link = NULL;
    for (depth = 0; found && !found->broken && found->link && depth < RC_GIT_LINKS_MOST; depth++) {
        *link = found->link;
        RC_TRY(find_content(&found, all, *link));
    }
    *there = found && !found->broken && !found->link;
    if (*there)
        *id = found->id;
    else if (found)
        *link = NULL;
    return NULL;
}

static rc_err_t *read_head(all_t *all)
{
    rc_git_head_t *head = &all->wire->head;
    rc_git_found_t *found;
    const char *link;

    RC_TRY(rc_git_loose_ref(&found, all->reading, "HEAD"));
    RC_TRY(follow_names(&head->there, &head->id, &link, all, found));
    head->link = link ? apr_pstrdup(all->wire->pool, link) : NULL;
    if (head->there)
        rc_git_wire_peel(&head->has_peeled, &head->peeled, all->reading->git, &head->id);
    return NULL;
}

/* --- rows --- */

/* An earlier reading knows where the object leads to, if it was the same. */
static bool was_read(rc_git_row_t *row, const rc_git_wire_t *base)
{
    const rc_git_said_t *ref = base ? rc_git_said_find(base, row->name, row->len) : NULL;
    char hex[GIT_OID_HEXSZ];

    if (!ref)
        return false;
    git_oid_fmt(hex, &row->id);
    if (memcmp(hex, rc_git_said_id(base, ref), GIT_OID_HEXSZ))
        return false;
    row->has_peeled = ref->has_peeled;
    if (ref->has_peeled) /* the second line follows the newline of the first */
        git_oid_fromstrn(&row->peeled, rc_git_said_name(base, ref) + ref->len + 1 + 4,
                         GIT_OID_HEXSZ);
    return true;
}

/* @a known: packed-refs says where it leads to. */
static void add_row(all_t *all, rc_git_row_t *row, bool known)
{
    if (git_oid_is_zero(&row->id))
        row->has_peeled = false;
    else if (!known && !was_read(row, all->base))
        rc_git_wire_judge(row, all->reading);
    APR_ARRAY_PUSH(all->rows, rc_git_row_t) = *row;
}

static rc_err_t *add_loose_row(all_t *all, const char *name)
{
    rc_git_row_t row = {.name = name, .len = strlen(name)};
    rc_git_found_t *found = apr_hash_get(all->loose, name, (apr_ssize_t)row.len);
    bool there;

    RC_TRY(follow_names(&there, &row.id, &row.link, all, found));
    if (!there || !is_good_name(name))
        memset(&row.id, 0, sizeof(row.id));
    if (!found->link || !git_oid_is_zero(&row.id))
        add_row(all, &row, false);
    return NULL;
}

static void add_packed_row(all_t *all, const rc_git_line_t *line)
{
    rc_git_row_t row = {.name = line->name, .len = line->len, .id = line->id};
    char name[RC_REF_MAX + 1];

    if (line->len > RC_REF_MAX)
        return;
    memcpy(name, line->name, line->len);
    name[line->len] = '\0';
    row.peeled = line->peeled;
    row.has_peeled = line->has_peeled;
    if (!is_good_name(name))
        memset(&row.id, 0, sizeof(row.id));
    if (is_listed(name, line->len))
        add_row(all, &row, line->known);
}

/* A loose reference, even a broken one, hides the packed one of the same name. */
static rc_err_t *merge(all_t *all)
{
    int i = 0, j = 0;

    while (i < all->names->nelts || j < all->lines->nelts) {
        const char *name =
            i < all->names->nelts ? APR_ARRAY_IDX(all->names, i, const char *) : NULL;
        const rc_git_line_t *line =
            j < all->lines->nelts ? &APR_ARRAY_IDX(all->lines, j, rc_git_line_t) : NULL;
        int order = !name   ? 1
                    : !line ? -1
                            : rc_ref_compare(name, strlen(name), line->name, line->len);

        if (order > 0)
            add_packed_row(all, line);
        else
            RC_TRY(add_loose_row(all, name));
        i += order <= 0;
        j += order >= 0;
    }
    return NULL;
}

static rc_err_t *read_everything(all_t *all)
{
    /* In this order a reference that is packed meanwhile is seen twice, not missed. */
    RC_TRY(read_loose(all));
    RC_TRY(rc_git_packed_lines(&all->lines, all->reading));
    all->rows = apr_array_make(all->reading->scratch, all->lines->nelts + all->names->nelts + 1,
                               sizeof(rc_git_row_t));
    RC_TRY(merge(all));
    RC_TRY(read_head(all));
    all->wire->missing = all->reading->missing;
    RC_TRY(rc_git_shallow_read(all->wire->shallow, all->reading));
    RC_TRY(rc_git_check_place(all->reading->git, all->reading->scratch));
    return rc_git_wire_write(all->wire, all->rows, all->reading->scratch);
}

/* The scratch pool is unmanaged: a large one would stay in the thread's allocator. */
rc_err_t *rc_git_wire_read(rc_git_wire_t **out, rc_git_t *git, const rc_git_wire_t *base,
                           apr_pool_t *pool)
{
    rc_git_reading_t reading = {.git = git};
    all_t all = {.reading = &reading, .wire = rc_git_wire_make(git->path)};
    rc_err_t *err;

    if (!all.wire || apr_pool_create_unmanaged_ex(&reading.scratch, NULL, NULL) != APR_SUCCESS) {
        rc_git_wire_free(all.wire);
        return rc_err_internal(pool, APR_ENOMEM, "no memory for the references of %s", git->path);
    }
    apr_pool_tag(reading.scratch, "rc_git_wire_read");
    reading.watched = all.wire->watched;
    all.base = base && !base->missing ? base : NULL;
    err = rc_err_copy(read_everything(&all), pool);
    apr_pool_destroy(reading.scratch);
    if (err)
        rc_git_wire_free(all.wire);
    else
        *out = all.wire;
    return err;
}
