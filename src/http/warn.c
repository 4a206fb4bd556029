// SPDX-License-Identifier: Apache-2.0
/*
 * Warns of settings that are allowed but usually mistakes: a mount for all virtual hosts, URLs that
 * httpd refuses before this module sees them, directories that the children cannot use. Directories
 * are only tested, under the account of the children.
 */
#include "http.h"

#include <http_core.h>

#include <errno.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <unixd.h>

#include "base/nfs.h"

static void warn_of_sites(const server_rec *main, const rc_server_conf_t *conf)
{
    if (main->next && rc_http_is_below_mount(conf, "/"))
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main,
                     RCLOGNO(0070) "SetHandler " RC_HANDLER
                                   " is set for the whole main server, and "
                                   "so for every virtual host without its own: put it into one "
                                   "<VirtualHost>, or below a path");
}

static void warn_of_slashes(const server_rec *s)
{
    const core_dir_config *core = ap_get_core_module_config(s->lookup_defaults);

    if (!core->allow_encoded_slashes)
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, s,
            RCLOGNO(0071) "server %s (%s:%u): AllowEncodedSlashes is Off, and httpd answers "
                          "404 to names of branches with a slash: set AllowEncodedSlashes NoDecode "
                          "in it",
            s->server_hostname ? s->server_hostname : "_",
            s->defn_name ? s->defn_name : "main server", s->defn_line_number);
}

/* Becomes the account of httpd's children, if root, and tests @a folder; returns 0 or an errno. */
static int try_access(const char *folder)
{
    if (!geteuid() && ap_unixd_config.user_name &&
        (initgroups(ap_unixd_config.user_name, ap_unixd_config.group_id) ||
         setgid(ap_unixd_config.group_id) || setuid(ap_unixd_config.user_id)))
        return errno;
    return access(folder, R_OK | W_OK | X_OK) ? errno : 0;
}

int rc_http_folder_error(const char *folder)
{
    pid_t pid;
    int status;

    if (geteuid())
        return try_access(folder);
    if (!(pid = fork()))
        _exit(try_access(folder));
    if (pid < 0)
        return errno;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINVAL;
}

static bool is_there(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE, pool) == APR_SUCCESS;
}

/* Returns the directory of the cache, or the one above it when it does not exist yet; NULL: there
 * is no cache. */
static const char *cache_folder(const rc_env_config_t *config, apr_pool_t *pool)
{
    const char *folder = config->archive_cache;

    if (!folder || is_there(folder, pool))
        return folder;
    folder = apr_pstrmemdup(pool, folder, (apr_size_t)(strrchr(folder, '/') - folder));
    return *folder ? folder : "/";
}

/* Warns of a cache that cannot be written: then each archive is made anew. */
static void warn_of_cache(const server_rec *s, const char *folder)
{
    int n = folder ? rc_http_folder_error(folder) : 0;

    if (n)
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, n, s,
            RCLOGNO(0072) "RcapiArchiveCache: the account of httpd's children cannot use %s: "
                          "archives are not cached",
            folder);
}

static void warn_if_remote(const server_rec *s, const char *directive, const char *folder)
{
    if (folder && rc_nfs_is(folder))
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     RCLOGNO(0074) "%s: %s is on NFS; use a local disk", directive, folder);
}

/* Warns of a root that several machines share in a way that shows them old names. */
static void warn_of_root(const server_rec *s, const rc_env_config_t *config, apr_pool_t *pool)
{
    const char *root = config->repo_root, *faults;

    if (config->db.path && rc_db_is_on_server(config->db.path) && root && rc_nfs_is(root) &&
        (faults = rc_nfs_faults(root, pool)))
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     RCLOGNO(0073) "RcapiRepositoryRoot: %s is on NFS, and its mount options are "
                                   "not fit for several servers: %s",
                     root, faults);
}

static void warn_of_folders(const server_rec *s, apr_pool_t *pool)
{
    rc_env_config_t config;
    const char *cache;

    rc_http_resolve(&config, s, pool);
    cache = cache_folder(&config, pool);
    warn_of_cache(s, cache);
    warn_of_root(s, &config, pool);
    warn_if_remote(s, "RcapiTempDirectory", config.temp_dir);
    warn_if_remote(s, "RcapiArchiveCache", cache);
}

void rc_http_warn(const server_rec *main, apr_pool_t *pool)
{
    const server_rec *s;

    for (s = main; s; s = s->next) {
        const rc_server_conf_t *conf = rc_http_server_conf(s);

        if (!rc_http_is_mounted(conf))
            continue;
        if (s == main)
            warn_of_sites(main, conf);
        warn_of_slashes(s);
        warn_of_folders(s, pool);
    }
}
