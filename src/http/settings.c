// SPDX-License-Identifier: Apache-2.0
/*
 * Stores and merges the settings of servers and <Location>s.
 *
 * A place is a server outside of all sections, or a <Location>. It has a block for each group of
 * directives (the environment's, those of every place, each face's), but only when one of them is
 * set there: unset is not a value.
 */
#include "http.h"

#include <apr_strings.h>

struct rc_block_t {
    bool *set;    /* for each row of the group: whether a directive has set it */
    void *values; /* a struct of the group; defaults where nothing is set */
};

static const apr_size_t sizes[] = {
    [RC_VALUE_FLAG] = sizeof(bool),         [RC_VALUE_NUMBER] = sizeof(int),
    [RC_VALUE_SIZE] = sizeof(apr_off_t),    [RC_VALUE_SECONDS] = sizeof(apr_interval_time_t),
    [RC_VALUE_TEXT] = sizeof(const char *), [RC_VALUE_URL] = sizeof(const char *),
    [RC_VALUE_PATH] = sizeof(const char *), [RC_VALUE_FOLDER] = sizeof(const char *),
    [RC_VALUE_WORD] = sizeof(const char *), [RC_VALUE_WORDS] = sizeof(void *),
    [RC_VALUE_LIST] = sizeof(void *),       [RC_VALUE_STORE] = sizeof(const char *),
};

void *rc_http_create_server_conf(apr_pool_t *pool, server_rec *s)
{
    rc_server_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)s;
    conf->mounts = apr_array_make(pool, 2, sizeof(rc_mount_t));
    return conf;
}

void *rc_http_merge_server_conf(apr_pool_t *pool, void *main_conf, void *host_conf)
{
    const rc_server_conf_t *base = main_conf, *over = host_conf;
    rc_server_conf_t *merged = apr_pcalloc(pool, sizeof(*merged));

    merged->mounts = apr_array_append(pool, base->mounts, over->mounts); /* in httpd's order */
    return merged;
}

void *rc_http_create_dir_conf(apr_pool_t *pool, char *path)
{
    rc_dir_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)path;
    conf->blocks = apr_pcalloc(pool, (apr_size_t)rc_http_groups() * sizeof(*conf->blocks));
    return conf;
}

static rc_block_t *make_block(const rc_directives_t *group, const void *values, apr_pool_t *pool)
{
    rc_block_t *block = apr_palloc(pool, sizeof(*block));

    block->values = apr_pmemdup(pool, values, group->size);
    block->set = apr_pcalloc(pool, (apr_size_t)group->count * sizeof(*block->set));
    return block;
}

/* Copies the values that are set in @a from to @a values. */
static void copy_set(void *values, const rc_directives_t *group, const rc_block_t *from)
{
    const rc_directive_t *row;

    for (row = group->rows; row < group->rows + group->count; row++)
        if (from->set[row - group->rows])
            memcpy((char *)values + row->offset, (const char *)from->values + row->offset,
                   sizes[row->type]);
}

static rc_block_t *merge(const rc_directives_t *group, const rc_block_t *base,
                         const rc_block_t *over, apr_pool_t *pool)
{
    rc_block_t *merged = make_block(group, base->values, pool);
    int i;

    copy_set(merged->values, group, over);
    for (i = 0; i < group->count; i++)
        merged->set[i] = base->set[i] || over->set[i];
    return merged;
}

void *rc_http_merge_dir_conf(apr_pool_t *pool, void *outer, void *inner)
{
    const rc_dir_conf_t *base = outer, *over = inner;
    rc_dir_conf_t *merged = rc_http_create_dir_conf(pool, NULL);
    int i, groups = rc_http_groups();

    merged->mount = over->mount ? over->mount : base->mount;
    merged->guards_repos = over->guards_repos || base->guards_repos;
    for (i = 0; i < groups; i++)
        merged->blocks[i] = base->blocks[i] && over->blocks[i]
                                ? merge(rc_http_group(i), base->blocks[i], over->blocks[i], pool)
                            : over->blocks[i] ? over->blocks[i]
                                              : base->blocks[i];
    return merged;
}

/* Returns the group of @a row. */
static int group_of(const rc_directive_t *row)
{
    int group, i;

    for (group = 0;; group++)
        for (i = 0; i < rc_http_group(group)->count; i++)
            if (&rc_http_group(group)->rows[i] == row)
                return group;
}

void *rc_http_member(rc_dir_conf_t *conf, const rc_directive_t *row, apr_pool_t *pool)
{
    int i = group_of(row);
    const rc_directives_t *group = rc_http_group(i);
    rc_block_t *block = conf->blocks[i];
    void *member;

    if (!block)
        block = conf->blocks[i] = make_block(group, group->defaults, pool);
    member = (char *)block->values + row->offset;
    if (!block->set[row - group->rows]) /* lists begin empty */
        memset(member, 0, sizes[row->type]);
    block->set[row - group->rows] = true;
    return member;
}

rc_server_conf_t *rc_http_server_conf(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &rcapi_module);
}

rc_dir_conf_t *rc_http_dir_conf(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &rcapi_module);
}

const void *rc_http_settings(const request_rec *r, int group)
{
    const rc_block_t *block = rc_http_dir_conf(r)->blocks[group];

    return block ? block->values : rc_http_group(group)->defaults;
}

const rc_http_place_t *rc_http_place(const request_rec *r)
{
    return rc_http_settings(r, RC_GROUP_PLACE);
}

void rc_http_apply(void *values, const server_rec *s, int group)
{
    const rc_dir_conf_t *conf = ap_get_module_config(s->lookup_defaults, &rcapi_module);

    if (conf->blocks[group])
        copy_set(values, rc_http_group(group), conf->blocks[group]);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool same_list(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i;

    if (!a || !b || a->nelts != b->nelts)
        return a == b;
    for (i = 0; i < a->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(a, i, const char *), APR_ARRAY_IDX(b, i, const char *)))
            return false;
    return true;
}

static bool same_value(rc_value_t type, const void *a, const void *b)
{
    switch (type) {
    case RC_VALUE_FLAG:
    case RC_VALUE_NUMBER:
    case RC_VALUE_SIZE:
    case RC_VALUE_SECONDS:
        return !memcmp(a, b, sizes[type]);
    case RC_VALUE_WORDS:
    case RC_VALUE_LIST:
        return same_list(*(const apr_array_header_t *const *)a,
                         *(const apr_array_header_t *const *)b);
    default:
        return same_text(*(const char *const *)a, *(const char *const *)b);
    }
}

bool rc_http_same_settings(const void *a, const void *b, int group)
{
    const rc_directives_t *list = rc_http_group(group);
    const rc_directive_t *row;

    for (row = list->rows; row < list->rows + list->count; row++)
        if (!same_value(row->type, (const char *)a + row->offset, (const char *)b + row->offset))
            return false;
    return true;
}
