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

/* Warns of a cache that cannot be written: then each archive is made anew. When it does not exist
 * yet, the directory above it is tested. */
static void warn_of_cache(const server_rec *s, apr_pool_t *pool)
{
    rc_env_config_t config;
    const char *folder;
    int n;

    rc_http_resolve(&config, s, pool);
    if (!(folder = config.archive_cache))
        return;
    if (!is_there(folder, pool))
        folder = apr_pstrmemdup(pool, folder, (apr_size_t)(strrchr(folder, '/') - folder));
    if ((n = rc_http_folder_error(*folder ? folder : "/")))
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, n, s,
            RCLOGNO(0072) "RcapiArchiveCache: the account of httpd's children cannot use %s: "
                          "archives are not cached",
            folder);
}

/* Warns of a root that several machines share in a way that shows them old names, and of a
 * directory for temporary files that is not on this machine. */
static void warn_of_nfs(const server_rec *s, apr_pool_t *pool)
{
    rc_env_config_t config;
    const char *faults;

    rc_http_resolve(&config, s, pool);
    if (config.db.path && rc_db_is_on_server(config.db.path) && config.repo_root &&
        rc_nfs_is(config.repo_root) && (faults = rc_nfs_faults(config.repo_root, pool)))
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     RCLOGNO(0073) "RcapiRepositoryRoot: %s is on NFS, and its mount options are "
                                   "not fit for several servers: %s",
                     config.repo_root, faults);
    if (config.temp_dir && rc_nfs_is(config.temp_dir))
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     RCLOGNO(0074) "RcapiTempDirectory: %s is on NFS; use a local disk",
                     config.temp_dir);
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
        warn_of_cache(s, pool);
        warn_of_nfs(s, pool);
    }
}
