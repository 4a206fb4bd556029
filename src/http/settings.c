// SPDX-License-Identifier: Apache-2.0
/*
 * Creates and merges the settings of a server or a <Location>, and supplies the defaults for
 * settings that no directive has set.
 */
#include "http.h"

#include <ap_mpm.h>

#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#define DEFAULT_MAX_BODY (1024 * 1024)
#define LEAST_REMOTES    2 /* bounds of the default */
#define MOST_REMOTES     8
#define LEAST_DB_MAX     4

#define PICK(member, unset) merged->member = over->member != (unset) ? over->member : base->member

void *rc_http_create_server_conf(apr_pool_t *pool, server_rec *s)
{
    rc_server_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)s;
    conf->db_min = -1;
    conf->db_max = -1;
    conf->reveal_keys = -1;
    conf->temp_max = -1;
    conf->archive_cache_size = -1;
    conf->expensive_max = -1;
    conf->password_max = -1;
    conf->feed_items = -1;
    conf->feed_diff = -1;
    conf->feed_diff_bytes = -1;
    conf->range_bytes = -1;
    conf->range_seconds = -1;
    conf->remote_private = -1;
    conf->remote_timeout = -1;
    conf->remote_max_size = -1;
    conf->remote_max = -1;
    conf->remote_user_max = -1;
    conf->mounts = apr_array_make(pool, 2, sizeof(rc_mount_t));
    return conf;
}

void *rc_http_merge_server_conf(apr_pool_t *pool, void *main_conf, void *host_conf)
{
    const rc_server_conf_t *base = main_conf, *over = host_conf;
    rc_server_conf_t *merged = apr_pcalloc(pool, sizeof(*merged));

    PICK(db_path, NULL);
    PICK(db_sync, NULL);
    PICK(db_min, -1);
    PICK(db_max, -1);
    PICK(repo_root, NULL);
    PICK(secret_file, NULL);
    PICK(temp_dir, NULL);
    PICK(temp_max, -1);
    PICK(api_level, NULL);
    PICK(site_title, NULL);
    PICK(reveal_keys, -1);
    PICK(archive_cache, NULL);
    PICK(archive_cache_size, -1);
    PICK(expensive_max, -1);
    PICK(password_max, -1);
    PICK(feed_items, -1);
    PICK(feed_diff, -1);
    PICK(feed_diff_bytes, -1);
    PICK(range_bytes, -1);
    PICK(range_seconds, -1);
    PICK(remote_schemes, NULL);
    PICK(remote_private, -1);
    PICK(remote_timeout, -1);
    PICK(remote_max_size, -1);
    PICK(remote_max, -1);
    PICK(remote_user_max, -1);
    merged->mounts = apr_array_append(pool, base->mounts, over->mounts); /* in httpd's order */
    return merged;
}

void *rc_http_create_dir_conf(apr_pool_t *pool, char *path)
{
    rc_dir_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)path;
    conf->key_in_query = -1;
    conf->trust_login = -1;
    conf->max_body = -1;
    return conf;
}

void *rc_http_merge_dir_conf(apr_pool_t *pool, void *outer, void *inner)
{
    const rc_dir_conf_t *base = outer, *over = inner;
    rc_dir_conf_t *merged = apr_pcalloc(pool, sizeof(*merged));

    PICK(mount, NULL);
    PICK(whitelist, NULL);
    PICK(key_in_query, -1);
    PICK(trust_login, -1);
    PICK(max_body, -1);
    PICK(base_url, NULL);
    return merged;
}

rc_server_conf_t *rc_http_server_conf(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &rcapi_module);
}

rc_dir_conf_t *rc_http_dir_conf(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &rcapi_module);
}

static int cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (int)n : 1;
}

static int threads(void)
{
    int n = 0;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &n);
    return n > 0 ? n : 1;
}

static int default_db_max(void)
{
    return threads() > LEAST_DB_MAX ? threads() : LEAST_DB_MAX;
}

static void resolve_db(rc_env_config_t *out, const rc_server_conf_t *conf)
{
    out->db.path = conf->db_path;
    if (conf->db_sync)
        out->db.synchronous = conf->db_sync;
    out->db.max = conf->db_max != -1 ? conf->db_max : default_db_max();
    if (conf->db_min != -1)
        out->db.min = conf->db_min;
    else if (out->db.min > out->db.max)
        out->db.min = out->db.max;
}

static void resolve_paths(rc_env_config_t *out, const rc_server_conf_t *conf, apr_pool_t *pool)
{
    out->repo_root = conf->repo_root;
    out->secret_file = conf->secret_file;
    if (conf->temp_dir)
        out->temp_dir = conf->temp_dir;
    else if (apr_temp_dir_get(&out->temp_dir, pool) != APR_SUCCESS)
        out->temp_dir = "/tmp";
    out->archive_cache = conf->archive_cache;
    if (!conf->archive_cache && conf->repo_root)
        out->archive_cache = apr_pstrcat(pool, conf->repo_root, "/.rc_archives", NULL);
    else if (conf->archive_cache && !*conf->archive_cache)
        out->archive_cache = NULL;
}

/* Sets what answers show. */
static void resolve_answers(rc_env_config_t *out, const rc_server_conf_t *conf)
{
    if (conf->api_level)
        out->api_level = conf->api_level;
    if (conf->site_title)
        out->site_title = conf->site_title;
    if (conf->reveal_keys != -1)
        out->reveal_keys = conf->reveal_keys;
    if (conf->feed_items != -1)
        out->feed_items = conf->feed_items;
    out->feed_diff = conf->feed_diff == 1;
    if (conf->feed_diff_bytes != -1)
        out->feed_diff_bytes = conf->feed_diff_bytes;
    if (conf->range_bytes != -1)
        out->range_bytes = conf->range_bytes;
    if (conf->range_seconds != -1)
        out->range_time = apr_time_from_sec(conf->range_seconds);
}

static void resolve_limits(rc_env_config_t *out, const rc_server_conf_t *conf)
{
    if (conf->temp_max >= 0)
        out->temp_max = conf->temp_max;
    if (conf->archive_cache_size != -1)
        out->archive_cache_size = conf->archive_cache_size;
    out->expensive_max = conf->expensive_max != -1 ? conf->expensive_max : cores();
    out->password_max = conf->password_max != -1 ? conf->password_max
                        : cores() > 1            ? cores() / 2
                                                 : 1;
    out->waiting_max = (threads() + 1) / 2; /* the other threads serve other clients */
}

/* Limits waiting calls, each of which holds a thread, so that most threads serve other calls. */
static void set_remote_max(rc_env_config_t *out, const rc_server_conf_t *conf)
{
    int quarter = threads() / 4;

    out->remote_max = quarter < LEAST_REMOTES  ? LEAST_REMOTES
                      : quarter > MOST_REMOTES ? MOST_REMOTES
                                               : quarter;
    if (conf->remote_max != -1)
        out->remote_max = conf->remote_max;
    out->remote_user_max = out->remote_max / 2;
    if (out->remote_user_max < LEAST_REMOTES) /* a pull may wait for a call of the same user */
        out->remote_user_max = LEAST_REMOTES;
    if (conf->remote_user_max != -1)
        out->remote_user_max = conf->remote_user_max;
}

static void resolve_remotes(rc_env_config_t *out, const rc_server_conf_t *conf)
{
    if (conf->remote_schemes)
        out->remote.schemes = conf->remote_schemes;
    if (conf->remote_private != -1)
        out->remote.private_addresses = conf->remote_private;
    if (conf->remote_timeout != -1)
        out->remote.timeout = apr_time_from_sec(conf->remote_timeout);
    if (conf->remote_max_size != -1)
        out->remote.max_size = conf->remote_max_size;
    set_remote_max(out, conf);
}

void rc_http_resolve(rc_env_config_t *out, const rc_server_conf_t *conf, apr_pool_t *pool)
{
    rc_env_defaults(out);
    resolve_db(out, conf);
    resolve_paths(out, conf, pool);
    resolve_answers(out, conf);
    resolve_limits(out, conf);
    resolve_remotes(out, conf);
}

apr_size_t rc_http_max_body(const rc_dir_conf_t *conf)
{
    return conf->max_body != -1 ? (apr_size_t)conf->max_body : DEFAULT_MAX_BODY;
}
