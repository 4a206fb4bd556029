// SPDX-License-Identifier: Apache-2.0
/*
 * What `httpd -t` and every start check beyond single directives, and the defaults. Nothing is
 * opened here: this process may be root, while the children that serve are not.
 */
#include "http.h"

#include <http_core.h>
#include <mpm_common.h>
#include <ap_mpm.h>

#include <string.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "faces/api.h"

#define DEFAULT_MAX_BODY (1024 * 1024)
#define LEAST_REMOTES    2 /* by default */
#define MOST_REMOTES     8
#define LEAST_DB_MAX     4

/* Which field of the settings, which directive sets it, and what must stand at its path. */
static const struct {
    apr_size_t offset;
    const char *directive, *what;
    apr_filetype_e type;
    apr_int32_t link; /* APR_FINFO_LINK: it must not be a link; SQLite would look beside it */
} paths[] = {
    {APR_OFFSETOF(rc_server_conf_t, db_path), "RcapiDatabase", "file", APR_REG, APR_FINFO_LINK},
    {APR_OFFSETOF(rc_server_conf_t, repo_root), "RcapiRepositoryRoot", "directory", APR_DIR, 0},
    {APR_OFFSETOF(rc_server_conf_t, secret_file), "RcapiSecretFile", "file", APR_REG, 0},
};

/* What @a directive names must be there; @a hint says how it comes there. */
static const char *check_type(const char *directive, const char *what, const char *path,
                              apr_filetype_e type, apr_int32_t link, const char *hint,
                              apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE | link, pool);
    char text[120];

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE)
        return apr_psprintf(pool, "%s: there is no %s %s (%s)%s", directive, what, path,
                            apr_strerror(rv, text, sizeof(text)), hint);
    if (info.filetype == APR_LNK)
        return apr_psprintf(pool, "%s: %s is a link; name the file that it leads to", directive,
                            path);
    if (info.filetype != type)
        return apr_psprintf(pool, "%s: %s is not a %s", directive, path, what);
    return NULL;
}

/* What is wrong with the settings of a server that has us mounted; NULL = nothing. */
static const char *check_server(const rc_server_conf_t *conf, apr_pool_t *pool)
{
    const char *wrong, *path;
    rc_env_config_t config;
    apr_size_t i;
    int n;

    for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        path = *(const char *const *)((const char *)conf + paths[i].offset);
        if (!path)
            return apr_psprintf(pool, "SetHandler " RC_HANDLER " needs %s, which is not set",
                                paths[i].directive);
        wrong = check_type(paths[i].directive, paths[i].what, path, paths[i].type, paths[i].link,
                           "; rcapi-admin init makes it", pool);
        if (wrong)
            return wrong;
    }
    if (conf->temp_dir && (wrong = check_type("RcapiTempDirectory", "directory", conf->temp_dir,
                                              APR_DIR, 0, "", pool)))
        return wrong;
    rc_http_resolve(&config, conf, pool);
    if ((n = rc_http_folder_error(config.temp_dir)))
        return apr_psprintf(
            pool, "RcapiTempDirectory: the account of httpd's children cannot use %s (%s)",
            config.temp_dir, strerror(n));
    if (config.db.min > config.db.max)
        return apr_psprintf(pool, "RcapiDatabaseMin %d is more than RcapiDatabaseMax %d",
                            config.db.min, config.db.max);
    return NULL;
}

bool rc_http_is_mounted(const rc_server_conf_t *conf)
{
    int i;

    for (i = 0; i < conf->mounts->nelts; i++)
        if (APR_ARRAY_IDX(conf->mounts, i, rc_mount_t).ours)
            return true;
    return false;
}

int rc_http_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    rc_err_t *err = rc_rpc_check_table(ptemp);
    const char *wrong;
    int status = OK;

    (void)pconf;
    (void)plog;
    if (err) {
        ap_log_error(APLOG_MARK, APLOG_CRIT | APLOG_STARTUP, err->cause, NULL,
                     RCLOGNO(0001) "method table: %s", rc_err_log_text(err, ptemp));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST)
        rc_http_warn(s, ptemp);
    for (; s; s = s->next) {
        if (!rc_http_is_mounted(rc_http_server_conf(s)))
            continue;
        if ((wrong = check_server(rc_http_server_conf(s), ptemp))) {
            ap_log_error(APLOG_MARK, APLOG_CRIT | APLOG_STARTUP, 0, NULL,
                         RCLOGNO(0002) "server %s (%s:%u): %s",
                         s->server_hostname ? s->server_hostname : "_",
                         s->defn_name ? s->defn_name : "main server", s->defn_line_number, wrong);
            status = HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return status;
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

/* Calls that wait for others hold a thread each: most threads are for the other calls. */
static void set_remote_max(rc_env_config_t *out, const rc_server_conf_t *conf)
{
    int quarter = threads() / 4;

    out->remote_max = quarter < LEAST_REMOTES  ? LEAST_REMOTES
                      : quarter > MOST_REMOTES ? MOST_REMOTES
                                               : quarter;
    if (conf->remote_max != -1)
        out->remote_max = conf->remote_max;
    out->remote_user_max = out->remote_max / 2;
    if (out->remote_user_max < LEAST_REMOTES) /* somebody who pulls may wait for it elsewhere */
        out->remote_user_max = LEAST_REMOTES;
    if (conf->remote_user_max != -1)
        out->remote_user_max = conf->remote_user_max;
}

void rc_http_resolve(rc_env_config_t *out, const rc_server_conf_t *conf, apr_pool_t *pool)
{
    rc_env_defaults(out);
    out->db.path = conf->db_path;
    if (conf->db_sync)
        out->db.synchronous = conf->db_sync;
    out->db.max = conf->db_max != -1 ? conf->db_max : default_db_max();
    if (conf->db_min != -1)
        out->db.min = conf->db_min;
    else if (out->db.min > out->db.max)
        out->db.min = out->db.max;
    out->repo_root = conf->repo_root;
    out->secret_file = conf->secret_file;
    if (conf->temp_dir)
        out->temp_dir = conf->temp_dir;
    else if (apr_temp_dir_get(&out->temp_dir, pool) != APR_SUCCESS)
        out->temp_dir = "/tmp";
    if (conf->temp_max >= 0)
        out->temp_max = conf->temp_max;
    if (conf->api_level)
        out->api_level = conf->api_level;
    if (conf->site_title)
        out->site_title = conf->site_title;
    if (conf->reveal_keys != -1)
        out->reveal_keys = conf->reveal_keys;
    out->archive_cache = conf->archive_cache;
    if (!conf->archive_cache && conf->repo_root)
        out->archive_cache = apr_pstrcat(pool, conf->repo_root, "/.rc_archives", NULL);
    else if (conf->archive_cache && !*conf->archive_cache)
        out->archive_cache = NULL;
    if (conf->archive_cache_size != -1)
        out->archive_cache_size = conf->archive_cache_size;
    out->expensive_max = conf->expensive_max != -1 ? conf->expensive_max : cores();
    out->password_max = conf->password_max != -1 ? conf->password_max
                        : cores() > 1            ? cores() / 2
                                                 : 1;
    out->waiting_max = (threads() + 1) / 2; /* the others are for the other clients */
    if (conf->feed_items != -1)
        out->feed_items = conf->feed_items;
    out->feed_diff = conf->feed_diff == 1;
    if (conf->feed_diff_bytes != -1)
        out->feed_diff_bytes = conf->feed_diff_bytes;
    if (conf->range_bytes != -1)
        out->range_bytes = conf->range_bytes;
    if (conf->range_seconds != -1)
        out->range_time = apr_time_from_sec(conf->range_seconds);
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

apr_size_t rc_http_max_body(const rc_dir_conf_t *conf)
{
    return conf->max_body != -1 ? (apr_size_t)conf->max_body : DEFAULT_MAX_BODY;
}
