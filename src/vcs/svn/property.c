// SPDX-License-Identifier: Apache-2.0
/*
 * Prints changes of properties as `svn diff` does, by name; svn itself prints them in no order.
 */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include <svn_mergeinfo.h>
#include <svn_props.h>

#define LINE "___________________________________________________________________\n"

typedef struct prop_t {
    const char *name;
    const svn_string_t *before, *after; /* NULL: not set */
} prop_t;

static int by_prop_name(const void *a, const void *b)
{
    return strcmp(((const prop_t *)a)->name, ((const prop_t *)b)->name);
}

static const svn_string_t *value_of(const rc_svn_file_t *file, const char *name)
{
    return file->kind != RC_ENTRY_NONE && file->props
               ? apr_hash_get(file->props, name, APR_HASH_KEY_STRING)
               : NULL;
}

static void add_props(apr_array_header_t *props, const rc_svn_file_t *from,
                      const rc_svn_file_t *before, const rc_svn_file_t *after, bool new_only)
{
    apr_hash_index_t *at = from->kind != RC_ENTRY_NONE && from->props
                               ? apr_hash_first(props->pool, from->props)
                               : NULL;

    for (; at; at = apr_hash_next(at)) {
        prop_t prop = {.name = apr_hash_this_key(at)};

        prop.before = value_of(before, prop.name);
        prop.after = value_of(after, prop.name);
        if (new_only && prop.before)
            continue;
        if (!prop.before || !prop.after || !svn_string_compare(prop.before, prop.after))
            APR_ARRAY_PUSH(props, prop_t) = prop;
    }
}

static apr_array_header_t *find_props(const rc_svn_file_t *before, const rc_svn_file_t *after,
                                      apr_pool_t *pool)
{
    apr_array_header_t *props = apr_array_make(pool, 4, sizeof(prop_t));

    add_props(props, before, before, after, false);
    add_props(props, after, before, after, true);
    qsort(props->elts, (size_t)props->nelts, sizeof(prop_t), by_prop_name);
    return props;
}

/* --- mergeinfo --- */

typedef struct merged_t {
    const char *path, *ranges;
} merged_t;

static int by_merged_path(const void *a, const void *b)
{
    return strcmp(((const merged_t *)a)->path, ((const merged_t *)b)->path);
}

static svn_error_t *list_merged(apr_array_header_t **out, svn_mergeinfo_t info, apr_pool_t *pool)
{
    apr_hash_index_t *at;
    svn_string_t *text;

    *out = apr_array_make(pool, 4, sizeof(merged_t));
    for (at = apr_hash_first(pool, info); at; at = apr_hash_next(at)) {
        SVN_ERR(svn_rangelist_to_string(&text, apr_hash_this_val(at), pool));
        APR_ARRAY_PUSH(*out, merged_t) = (merged_t){apr_hash_this_key(at), text->data};
    }
    qsort((*out)->elts, (size_t)(*out)->nelts, sizeof(merged_t), by_merged_path);
    return NULL;
}

/* Sets the paths and ranges that were taken back and merged. */
static svn_error_t *compare_mergeinfo(apr_array_header_t *lists[2], const prop_t *prop,
                                      apr_pool_t *pool)
{
    svn_mergeinfo_t before, after, deleted, added;

    SVN_ERR(svn_mergeinfo_parse(&before, prop->before ? prop->before->data : "", pool));
    SVN_ERR(svn_mergeinfo_parse(&after, prop->after ? prop->after->data : "", pool));
    SVN_ERR(svn_mergeinfo_diff2(&deleted, &added, before, after, TRUE, pool, pool));
    SVN_ERR(list_merged(&lists[0], deleted, pool));
    return list_merged(&lists[1], added, pool);
}

static rc_err_t *print_mergeinfo(rc_spool_t *spool, apr_array_header_t *const lists[2])
{
    static const char *const words[2] = {"Reverse-merged", "Merged"};
    int side, i;

    RC_TRY(rc_spool_printf(spool, "## -0,%d +0,%d ##\n", lists[0]->nelts, lists[1]->nelts));
    for (side = 0; side < 2; side++)
        for (i = 0; i < lists[side]->nelts; i++) {
            const merged_t *merged = &APR_ARRAY_IDX(lists[side], i, merged_t);

            RC_TRY(rc_spool_printf(spool, "   %s %s:r%s\n", words[side], merged->path,
                                   merged->ranges));
        }
    return NULL;
}

/* --- values --- */

static rc_svn_text_t text_of_value(const svn_string_t *value)
{
    return value ? (rc_svn_text_t){value->data, value->len} : (rc_svn_text_t){"", 0};
}

static rc_err_t *print_value(const rc_svn_printer_t *printer, const prop_t *prop)
{
    rc_svn_compare_t compare = {
        .work = printer->vcs->work, .err_pool = printer->vcs->pool, .pool = printer->scratch};
    rc_svn_style_t style = {.mark = "##", .noun = "property", .context = printer->options->context};
    rc_svn_text_t before = text_of_value(prop->before), after = text_of_value(prop->after);
    rc_svn_tally_t tally = {0};

    return rc_svn_print_hunks(&tally, printer->spool, "", &before, &after, &style, &compare);
}

static rc_err_t *print_prop(const rc_svn_printer_t *printer, const prop_t *prop)
{
    const char *word = !prop->before ? "Added" : !prop->after ? "Deleted" : "Modified";
    apr_array_header_t *lists[2];
    svn_error_t *err;

    RC_TRY(rc_spool_printf(printer->spool, "%s: %s\n", word, prop->name));
    if (strcmp(prop->name, SVN_PROP_MERGEINFO))
        return print_value(printer, prop);
    err = RC_SVN(compare_mergeinfo(lists, prop, printer->scratch));
    if (!err)
        return print_mergeinfo(printer->spool, lists);
    svn_error_clear(err); /* as svn: what cannot be parsed is shown as it is */
    return print_value(printer, prop);
}

rc_err_t *rc_svn_print_properties(const rc_svn_printer_t *printer, const char *head,
                                  const char *name, const rc_svn_file_t *before,
                                  const rc_svn_file_t *after)
{
    apr_array_header_t *props = find_props(before, after, printer->scratch);
    int i;

    if (!props->nelts)
        return NULL;
    RC_TRY(rc_spool_printf(printer->spool, "%s\nProperty changes on: %s\n" LINE, head, name));
    for (i = 0; i < props->nelts; i++)
        RC_TRY(print_prop(printer, &APR_ARRAY_IDX(props, i, prop_t)));
    return NULL;
}
