// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the mounts of this module: the <Location>s with `SetHandler rcapi`. For each SetHandler,
 * httpd calls core's directive and the one below, which records the path of the <Location>.
 */
#include "http.h"

#include <apr_strings.h>

const char rc_http_unmounted[] = "(something else)";

/* Finds the path of the section around a directive. Returns the text of the error, or NULL. */
static const char *find_place(const char **path, const cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;
    const char *arg;
    apr_size_t len;

    *path = "";
    if (!section || !strcasecmp(section->directive, "<VirtualHost"))
        return NULL;
    arg = section->args;
    if (strcasecmp(section->directive, "<Location") || !cmd->path || *cmd->path != '/' ||
        *arg == '~' || ap_is_matchexp(cmd->path))
        return apr_psprintf(cmd->pool,
                            "SetHandler " RC_HANDLER " is allowed in <Location /PATH> (a plain "
                            "path) or outside of all sections, not in %s %s",
                            section->directive, arg);
    len = strlen(cmd->path);
    while (len && cmd->path[len - 1] == '/')
        len--;
    *path = apr_pstrmemdup(cmd->pool, cmd->path, len);
    return NULL;
}

static void add_mount(const cmd_parms *cmd, const char *path, bool ours)
{
    rc_mount_t *mount = apr_array_push(rc_http_server_conf(cmd->server)->mounts);

    mount->path = path;
    mount->ours = ours;
    mount->section = cmd->directive->parent && cmd->path;
}

const char *rc_http_set_handler(cmd_parms *cmd, void *dconf, const char *arg)
{
    rc_dir_conf_t *conf = dconf;
    bool ours = !strcasecmp(arg, RC_HANDLER);
    const char *wrong, *path;

    /* .htaccess is read while the server runs, when the list of mounts must not change */
    wrong = ap_check_cmd_context(cmd, NOT_IN_HTACCESS);
    if (!wrong)
        wrong = find_place(&path, cmd);
    if (wrong && ours)
        return wrong;
    conf->mount = ours ? path : rc_http_unmounted;
    if (!wrong)
        add_mount(cmd, path, ours);
    return DECLINE_CMD;
}

bool rc_http_is_mounted(const rc_server_conf_t *conf)
{
    int i;

    for (i = 0; i < conf->mounts->nelts; i++)
        if (APR_ARRAY_IDX(conf->mounts, i, rc_mount_t).ours)
            return true;
    return false;
}

const char *rc_http_behind(const char *mount, const char *path)
{
    apr_size_t len = strlen(mount);

    if (strncmp(path, mount, len) || (path[len] && path[len] != '/'))
        return NULL;
    return path[len] ? path + len : "/";
}

bool rc_http_is_below_mount(const rc_server_conf_t *conf, const char *path)
{
    bool ours = false;
    int pass, i;

    for (pass = 0; pass < 2; pass++) /* httpd's order: outside of sections, then sections */
        for (i = 0; i < conf->mounts->nelts; i++) {
            const rc_mount_t *mount = &APR_ARRAY_IDX(conf->mounts, i, rc_mount_t);

            if (mount->section == (pass == 1) && rc_http_behind(mount->path, path))
                ours = mount->ours;
        }
    return ours;
}

const char *rc_http_path(const request_rec *r)
{
    const rc_dir_conf_t *conf = rc_http_dir_conf(r);

    if (!conf->mount || conf->mount == rc_http_unmounted || !r->uri || *r->uri != '/')
        return NULL;
    return rc_http_behind(conf->mount, r->uri);
}

/* Returns whether decoding and normalizing leave @a path as it is. */
static bool is_normal(const char *path)
{
    return !strchr(path, '%') && !strstr(path, "//") && !strstr(path, "/.");
}

bool rc_http_may_be_ours(const request_rec *r)
{
    const rc_server_conf_t *conf = rc_http_server_conf(r->server);
    char *path;

    if (!conf->mounts->nelts || !r->uri || *r->uri != '/')
        return false;
    if (is_normal(r->uri))
        return rc_http_is_below_mount(conf, r->uri);
    path = apr_pstrdup(r->pool, r->uri);
    if (ap_unescape_url_keep2f(path, 1) != OK ||
        !ap_normalize_path(path, AP_NORMALIZE_NOT_ABOVE_ROOT | AP_NORMALIZE_MERGE_SLASHES))
        return true; /* core refuses and logs it */
    return rc_http_is_below_mount(conf, path);
}
