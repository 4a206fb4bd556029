// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the configuration with which mod_dav and mod_dav_svn serve one repository. They only know
 * static paths in the server's configuration, so each request gets a copy of that of its
 * <Location>, in which their parts are new. These are filled by the modules' own tables of
 * directives, so nothing here depends on their private structures. What a <Location> sets for them
 * itself is left out; it could name another repository.
 */
#include "http.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include "store/repo.h"

#define SVN "svn" /* the type of repository, and its provider in mod_dav */

typedef struct setting_t {
    const char *name, *value;
} setting_t;

static const module *dav_module, *svn_module; /* NULL: not loaded */
static int *told;                             /* shared by all processes: the warning was logged */

bool rc_http_dav_serves(const char *type)
{
    return dav_module && svn_module && !strcmp(type, SVN);
}

/* Runs one directive of @a m, which sets @a conf or the configuration of @a server. Returns an
 * error message, or NULL. */
static const char *run_directive(const module *m, void *conf, const setting_t *setting,
                                 server_rec *server, apr_pool_t *pool)
{
    const command_rec *command = ap_find_command(setting->name, m->cmds);
    cmd_parms parms = {.limited = -1, .override = ACCESS_CONF | RSRC_CONF};

    if (!command)
        return "unknown directive";
    parms.pool = parms.temp_pool = pool;
    parms.server = server;
    parms.cmd = command;
    parms.info = command->cmd_data;
    if (command->args_how == TAKE1)
        return command->AP_TAKE1(&parms, conf, setting->value);
    if (command->args_how == FLAG)
        return command->AP_FLAG(&parms, conf, !strcasecmp(setting->value, "on"));
    return "not a directive with one argument";
}

void rc_http_dav_open(server_rec *main, apr_pool_t *pconf)
{
    static const setting_t utf8 = {"SVNUseUTF8", "on"}; /* read by its own hook of post_config */
    apr_shm_t *shared;

    dav_module = ap_find_linked_module("mod_dav.c");
    svn_module = ap_find_linked_module("mod_dav_svn.c");
    if (svn_module)
        run_directive(svn_module, NULL, &utf8, main, pconf);
    told = NULL;
    if (apr_shm_create(&shared, sizeof(*told), NULL, pconf) == APR_SUCCESS) {
        told = apr_shm_baseaddr_get(shared);
        *told = 0;
    }
}

/* Gives @a m a new configuration in @a vector, for the URL @a url, from @a count settings. */
static rc_err_t *configure(ap_conf_vector_t *vector, const module *m, const char *url,
                           const setting_t *settings, int count, request_rec *r)
{
    void *conf = m->create_dir_config(r->pool, apr_pstrdup(r->pool, url));
    const char *wrong;
    int i;

    for (i = 0; i < count; i++)
        if ((wrong = run_directive(m, conf, &settings[i], r->server, r->pool)))
            return rc_err_internal(r->pool, APR_SUCCESS, "%s of %s: %s", settings[i].name, m->name,
                                   wrong);
    ap_set_module_config(vector, m, conf);
    return NULL;
}

/* Returns whether the second form of Subversion's protocol works. mod_dav_svn compares the URL of
 * its POST with that of the repository as libsvn escapes it: so no character may be escaped. */
static bool can_second_protocol(const char *url)
{
    for (; *url; url++)
        if (!apr_isascii(*url) || (!apr_isalnum(*url) && !strchr("!$&'()*+,-./:=@_~", *url)))
            return false;
    return true;
}

rc_err_t *rc_http_dav_configure(ap_conf_vector_t **out, request_rec *r, const char *url,
                                const rc_handover_t *over)
{
    const setting_t dav[] = {{"DAV", SVN}};
    const setting_t svn[] = {
        {"SVNPath", over->path},
        {"SVNPathAuthz", "off"}, /* rights are those of the repository: no request for each path */
        {"SVNAutoversioning", "off"},
        {"SVNAdvertiseV2Protocol", can_second_protocol(url) ? "on" : "off"},
    };

    *out = ap_merge_per_dir_configs(r->pool, r->per_dir_config, ap_create_per_dir_config(r->pool));
    RC_TRY(configure(*out, dav_module, url, dav, sizeof(dav) / sizeof(*dav), r));
    return configure(*out, svn_module, url, svn, sizeof(svn) / sizeof(*svn), r);
}

/* Returns whether there are repositories that only mod_dav_svn could serve. */
static rc_err_t *is_missed(bool *missed, rc_env_t *env, apr_pool_t *pool)
{
    rc_db_t *db;

    RC_TRY(rc_db_acquire(&db, env->db_pool, pool));
    return rc_store_repo_of_type(missed, db, SVN);
}

void rc_http_dav_warn(rc_env_t *env, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    bool missed = false;

    if (rc_http_dav_serves(SVN) || !told)
        return;
    apr_pool_create(&scratch, pool);
    if (!is_missed(&missed, env, scratch) && missed &&
        !__atomic_exchange_n(told, 1, __ATOMIC_RELAXED))
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, ap_server_conf,
                     RCLOGNO(0080) "There are Subversion repositories, but httpd has not loaded "
                                   "mod_dav and mod_dav_svn: their clients get no answers");
    apr_pool_destroy(scratch);
}
