// SPDX-License-Identifier: Apache-2.0
/*
 * Checks the configuration as a whole, at each start and for `httpd -t`. It opens no file: this
 * process may run as root, while the children that serve do not.
 */
#include "http.h"

#include <http_core.h>
#include <mpm_common.h>
#include <ap_mpm.h>

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>
#include <unixd.h>

#include "base/nfs.h"
#include "base/secret.h"
#include "faces/face.h"

/* The settings that are paths: field, directive, and the type of file that must exist there. */
static const struct {
    apr_size_t offset;
    const char *directive, *what;
    apr_filetype_e type;
    apr_int32_t link; /* APR_FINFO_LINK: rejects links: the database keeps files beside it */
} paths[] = {
    {APR_OFFSETOF(rc_env_config_t, db.path), "RcapiDatabase", "file", APR_REG, APR_FINFO_LINK},
    {APR_OFFSETOF(rc_env_config_t, repo_root), "RcapiRepositoryRoot", "directory", APR_DIR, 0},
    {APR_OFFSETOF(rc_env_config_t, secret_file), "RcapiSecretFile", "file", APR_REG, 0},
};

/* Returns what is wrong with the file that @a directive names, or NULL. @a hint says how to create
 * it. */
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
        return apr_psprintf(pool, "%s: %s is a link; use the path of its target", directive, path);
    if (info.filetype != type)
        return apr_psprintf(pool, "%s: %s is not a %s", directive, path, what);
    return NULL;
}

/* Returns what is wrong with the account of the children of a server that root starts, or NULL.
 * httpd itself accepts numbers, such as the -1 that stands for no directive, and its children end
 * at once. */
static const char *check_account(apr_pool_t *pool)
{
    const unixd_config_rec *account = &ap_unixd_config;
    bool nobody = account->user_name && *account->user_name == '#' && !getpwuid(account->user_id);

    if (geteuid() || !account->user_name || (!nobody && account->group_id != (gid_t)-1))
        return NULL;
    return apr_psprintf(pool,
                        "%s: httpd, started by root, has no %s to run its children with: set User "
                        "and Group to the account that ran rcapi-admin init",
                        nobody ? "User" : "Group", nobody ? "account" : "group");
}

/* Returns what is wrong with the settings of a server that has a mount, or NULL. */
static const char *check_server(const server_rec *s, apr_pool_t *pool)
{
    const char *wrong, *path;
    rc_env_config_t config;
    apr_size_t i;
    int n;

    rc_http_resolve(&config, s, pool);
    for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        path = *(const char *const *)((const char *)&config + paths[i].offset);
        if (!path)
            return apr_psprintf(pool, "SetHandler " RC_HANDLER " requires %s, which is not set",
                                paths[i].directive);
        if (rc_db_is_on_server(path))
            continue;
        wrong = check_type(paths[i].directive, paths[i].what, path, paths[i].type, paths[i].link,
                           "; rcapi-admin init creates it with a new database; else it is in "
                           "the backup, or on another server",
                           pool);
        if (wrong)
            return wrong;
    }
    if (!rc_db_is_on_server(config.db.path) && rc_nfs_is(config.db.path))
        return apr_psprintf(pool, "RcapiDatabase: " RC_DB_MISPLACED, config.db.path);
    if ((wrong =
             check_type("RcapiTempDirectory", "directory", config.temp_dir, APR_DIR, 0, "", pool)))
        return wrong;
    if ((n = rc_http_folder_error(config.temp_dir)))
        return apr_psprintf(
            pool, "RcapiTempDirectory: the account of httpd's children cannot use %s (%s)",
            config.temp_dir, strerror(n));
    if (config.db.min > config.db.max)
        return apr_psprintf(pool, "RcapiDatabaseMin %d is more than RcapiDatabaseMax %d",
                            config.db.min, config.db.max);
    return NULL;
}

/* Runs the self-check of each face. */
static rc_err_t *check_faces(apr_pool_t *pool)
{
    const rc_face_t *const *face;

    for (face = rc_faces; *face; face++)
        if ((*face)->check)
            RC_TRY((*face)->check(pool));
    return NULL;
}

/* Says what is wrong; returns the status that ends the start. */
static int refuse_start(const char *wrong)
{
    ap_log_error(APLOG_MARK, APLOG_CRIT | APLOG_STARTUP, 0, NULL, RCLOGNO(0002) "%s", wrong);
    return HTTP_INTERNAL_SERVER_ERROR;
}

int rc_http_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    rc_err_t *err = check_faces(ptemp);
    const char *wrong;
    int status = OK;

    (void)plog;
    rc_secret_end_with(pconf);
    if (err) {
        ap_log_error(APLOG_MARK, APLOG_CRIT | APLOG_STARTUP, err->cause, NULL,
                     RCLOGNO(0001) "self-check: %s", rc_err_log_text(err, ptemp));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    rc_http_dav_open(s, pconf);
    if ((wrong = check_account(ptemp)))
        return refuse_start(wrong);
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST)
        rc_http_warn(s, ptemp);
    for (; s; s = s->next) {
        if (!rc_http_is_mounted(rc_http_server_conf(s)))
            continue;
        if ((wrong = check_server(s, ptemp)))
            status = refuse_start(apr_psprintf(
                ptemp, "server %s (%s:%u): %s", s->server_hostname ? s->server_hostname : "_",
                s->defn_name ? s->defn_name : "main server", s->defn_line_number, wrong));
    }
    return status;
}
