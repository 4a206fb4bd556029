// SPDX-License-Identifier: Apache-2.0
/*
 * Reads a sorted list of references, in order or by name (binary search).
 */
#include "ref_list.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_portable.h>

#include "base/fs.h"

rc_err_t *rc_ref_list_map(rc_ref_list_t *list, apr_file_t *file, apr_pool_t *pool)
{
    struct stat info;
    apr_os_file_t fd;
    apr_status_t rv = apr_file_flush(file);

    if (rv == APR_SUCCESS)
        rv = apr_os_file_get(&fd, file);
    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot use a list of references");
    if (fstat(fd, &info) < 0)
        return rc_err_internal(pool, errno, "cannot examine a list of references");
    /* APR cannot map a buffered file */
    RC_TRY(rc_fs_map(&list->text, fd, (apr_size_t)info.st_size, pool));
    list->end = list->text + info.st_size;
    while (list->text < list->end && *list->text == '#') {
        const char *eol = memchr(list->text, '\n', (apr_size_t)(list->end - list->text));

        list->text = eol ? eol + 1 : list->end;
    }
    return NULL;
}

bool rc_ref_list_next(rc_ref_t *ref, const rc_ref_list_t *list, const char **at)
{
    const char *eol = memchr(*at, '\n', (apr_size_t)(list->end - *at));

    if (!eol || eol - *at < RC_REF_ID + 2)
        return false;
    ref->id = *at;
    ref->name = *at + RC_REF_ID + 1;
    ref->len = (apr_size_t)(eol - ref->name);
    *at = eol + 1;
    return true;
}

int rc_ref_compare(const char *a, apr_size_t a_len, const char *b, apr_size_t b_len)
{
    int n = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return n ? n : (a_len > b_len) - (a_len < b_len);
}

/* Finds the first reference whose name is @a name or greater. False when there is none. */
static bool seek_name(rc_ref_t *ref, const rc_ref_list_t *list, const char *name, apr_size_t len)
{
    const char *low = list->text, *high = list->end, *at, *next;

    while (low < high) { /* both are at the start of a line */
        at = low + (high - low) / 2;
        while (at > low && at[-1] != '\n')
            at--;
        next = at;
        if (!rc_ref_list_next(ref, list, &next))
            return false;
        if (rc_ref_compare(ref->name, ref->len, name, len) < 0)
            low = next;
        else
            high = at;
    }
    return rc_ref_list_next(ref, list, &low);
}

bool rc_ref_list_find(rc_ref_t *ref, const rc_ref_list_t *list, const char *name, apr_size_t len)
{
    return seek_name(ref, list, name, len) && ref->len == len && memcmp(ref->name, name, len) == 0;
}

bool rc_ref_list_collides(const rc_ref_list_t *list, const char *name, apr_size_t len)
{
    char below[RC_REF_MAX + 1];
    apr_size_t i;
    rc_ref_t ref;

    if (len >= RC_REF_MAX)
        return false;
    memcpy(below, name, len);
    below[len] = '/';
    if (seek_name(&ref, list, below, len + 1) && ref.len > len &&
        memcmp(ref.name, below, len + 1) == 0)
        return true;
    for (i = 1; i < len; i++)
        if (name[i] == '/' && rc_ref_list_find(&ref, list, name, i))
            return true;
    return false;
}
