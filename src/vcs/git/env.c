// SPDX-License-Identifier: Apache-2.0
/*
 * Defines the settings for git, curl and ssh, in tables where possible.
 *
 * Pinning: they connect to the address that was checked. curl gets it by http.curloptResolve (git
 * 2.37), ssh by HostName, git:// by an address in place of the name.
 */
#include "env.h"

#include <string.h>

#include <apr_strings.h>

#include "base/process.h"

struct rc_git_env_t {
    apr_pool_t *pool;
    apr_array_header_t *vars; /* of const char *: name=value */
    int configs;
    const char *protocols; /* that git may use: overrides the repository's config */
};

/* clang-format off */
static const char *const variables[][2] = {
    {"PATH", RC_PROC_PATH},
    {"LANG", "C"},
    {"LC_ALL", "C"},
    {"GIT_CONFIG_NOSYSTEM", "1"},
    {"GIT_CONFIG_SYSTEM", "/dev/null"},
    {"GIT_CONFIG_GLOBAL", "/dev/null"},
    {"GIT_ATTR_NOSYSTEM", "1"},
    {"GIT_TERMINAL_PROMPT", "0"},
    {"GIT_ASKPASS", ""}, /* set but empty: neither core.askPass nor SSH_ASKPASS is used */
    {"SSH_ASKPASS", ""},
    {"SSH_ASKPASS_REQUIRE", "never"},
    {"GIT_NO_LAZY_FETCH", "1"},
    {"GIT_NO_REPLACE_OBJECTS", "1"},
    {"GIT_PROTOCOL_FROM_USER", "0"},
};

static const rc_git_setting_t settings[] = {
    {"core.hooksPath", "/dev/null"},
    {"core.fsmonitor", "false"},
    {"core.fsync", "none"}, /* a quarantine may be lost; what is published is synced */
    {"core.bigFileThreshold", "64m"}, /* larger files are streamed, not held in memory */
    {"gc.auto", "0"},
    {"maintenance.auto", "false"},
    {"credential.helper", ""},
    {"pack.threads", "2"},
    {"pack.windowMemory", "256m"}, /* of each thread */
    {"pack.deltaCacheSize", "64m"},
    {"protocol.allow", "never"},
    {"protocol.version", "2"},
    {"fetch.writeCommitGraph", "false"},
    {"fetch.recurseSubmodules", "false"},
    {"fetch.showForcedUpdates", "false"},
    {"advice.fetchShowForcedUpdates", "false"}, /* would be the last line of each fetch */
    {"fetch.unpackLimit", "1"}, /* always a pack: one file to limit and to move */
    {"transfer.unpackLimit", "1"},
    {"transfer.bundleURI", "false"}, /* no detours to other servers */
    {"fetch.uriProtocols", ""},
    {"transfer.fsckObjects", "true"},
    {"fetch.fsckObjects", "true"},
};

/* Faults of old tools in histories that every host serves. All other faults are rejected, above all
 * hasDotgit, hasDotdot and gitmodules*, which harm a user who checks out such a commit. */
static const char *const ignored_faults[] = {
    "badDate",
    "badDateOverflow",
    "badEmail",
    "badName",
    "badTimezone",
    "duplicateEntries",
    "gitattributesLineLength",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "missingTaggerEntry",
    "multipleAuthors",
    "nulInCommit",
    "nullSha1",
    "treeNotSorted",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
};

static const rc_git_setting_t http_settings[] = {
    {"http.followRedirects", "false"}, /* alternates of the dumb protocol as well */
    {"http.proxy", ""},
    {"http.sslVerify", "true"},
    {"http.lowSpeedLimit", "1"}, /* a minute without a byte is the end; slow is allowed */
    {"http.lowSpeedTime", "60"},
    {"http.saveCookies", "false"},
    {"http.delegation", "none"},
    {"http.emptyAuth", "false"},
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

void rc_git_env_set(rc_git_env_t *env, const char *name, const char *value)
{
    APR_ARRAY_PUSH(env->vars, const char *) = apr_pstrcat(env->pool, name, "=", value, NULL);
}

void rc_git_env_config(rc_git_env_t *env, const char *key, const char *value)
{
    rc_git_env_set(env, apr_psprintf(env->pool, "GIT_CONFIG_KEY_%d", env->configs), key);
    rc_git_env_set(env, apr_psprintf(env->pool, "GIT_CONFIG_VALUE_%d", env->configs), value);
    env->configs++;
}

void rc_git_env_settings(rc_git_env_t *env, const rc_git_setting_t *added, apr_size_t count)
{
    apr_size_t i;

    for (i = 0; i < count; i++)
        rc_git_env_config(env, added[i][0], added[i][1]);
}

void rc_git_env_ignore_faults(rc_git_env_t *env, const char *prefix)
{
    apr_size_t i;

    for (i = 0; i < COUNT(ignored_faults); i++)
        rc_git_env_config(env, apr_pstrcat(env->pool, prefix, ignored_faults[i], NULL), "ignore");
}

const char *rc_git_env_strict(const char *option, apr_pool_t *pool)
{
    const char *list = apr_pstrcat(pool, option, "=", NULL);
    apr_size_t i;

    for (i = 0; i < COUNT(ignored_faults); i++)
        list = apr_pstrcat(pool, list, i ? "," : "", ignored_faults[i], "=ignore", NULL);
    return list;
}

rc_git_env_t *rc_git_env(const char *git_dir, const char *home, apr_pool_t *pool)
{
    rc_git_env_t *env = apr_pcalloc(pool, sizeof(*env));
    apr_size_t i;

    env->pool = pool;
    env->protocols = "none";
    env->vars = apr_array_make(pool, 128, sizeof(const char *));
    for (i = 0; i < COUNT(variables); i++)
        rc_git_env_set(env, variables[i][0], variables[i][1]);
    rc_git_env_set(env, "GIT_DIR", git_dir);
    rc_git_env_set(env, "HOME", home);
    rc_git_env_set(env, "XDG_CONFIG_HOME", home);
    rc_git_env_set(env, "TMPDIR", home);
    rc_git_env_settings(env, settings, COUNT(settings));
    rc_git_env_ignore_faults(env, "fetch.fsck.");
    return env;
}

const char *const *rc_git_env_list(rc_git_env_t *env)
{
    rc_git_env_set(env, "GIT_CONFIG_COUNT", apr_itoa(env->pool, env->configs));
    rc_git_env_set(env, "GIT_ALLOW_PROTOCOL", env->protocols);
    APR_ARRAY_PUSH(env->vars, const char *) = NULL;
    return (const char *const *)env->vars->elts;
}

/* ---- per protocol ---- */

static const char *first_address(const rc_remote_url_t *url)
{
    return APR_ARRAY_IDX(url->addresses, 0, const char *);
}

static void set_http(rc_git_env_t *env, const rc_remote_url_t *url)
{
    apr_pool_t *pool = env->pool;
    const char *basic = rc_remote_basic(url, pool);
    int port = url->port ? url->port : url->default_port;
    const char *pin = apr_psprintf(pool, "%s:%d:", url->host, port);
    int i;

    rc_git_env_settings(env, http_settings, COUNT(http_settings));
    for (i = 0; i < url->addresses->nelts; i++)
        pin = apr_pstrcat(pool, pin, i ? "," : "",
                          rc_remote_bracketed(APR_ARRAY_IDX(url->addresses, i, const char *), pool),
                          NULL);
    if (!url->numeric) /* an address needs no resolving */
        rc_git_env_config(env, "http.curloptResolve", pin);
    if (basic)
        rc_git_env_config(env, "http.extraHeader",
                          apr_pstrcat(pool, "Authorization: Basic ", basic, NULL));
}

static void set_ssh(rc_git_env_t *env, const rc_remote_url_t *url)
{
    rc_git_env_set(env, "GIT_SSH_VARIANT", "ssh");
    rc_git_env_set(env, "GIT_SSH_COMMAND", rc_remote_ssh(url, env->pool));
}

/* The virtual host is the one that the server would see without pinning. */
static void set_git(rc_git_env_t *env, const rc_remote_url_t *url)
{
    const char *host = rc_remote_bracketed(url->host, env->pool);

    if (url->port)
        host = apr_psprintf(env->pool, "%s:%d", host, url->port);
    rc_git_env_set(env, "GIT_OVERRIDE_VIRTUAL_HOST", host);
    rc_git_env_config(env, "core.gitProxy", "none");
}

void rc_git_env_remote(rc_git_env_t *env, const rc_remote_url_t *url)
{
    env->protocols = url->scheme;
    if (strcmp(url->scheme, "ssh") == 0)
        set_ssh(env, url);
    else if (strcmp(url->scheme, "git") == 0)
        set_git(env, url);
    else if (url->host)
        set_http(env, url);
}

const char *rc_git_env_url(const rc_remote_url_t *url, apr_pool_t *pool)
{
    const char *host = url->host, *port = "", *user = "";

    if (!host)
        return url->url_form ? apr_pstrcat(pool, "file://", url->path, NULL) : url->path;
    if (strcmp(url->scheme, "git") == 0)
        host = first_address(url);
    host = rc_remote_bracketed(host, pool);
    if (url->port)
        port = apr_psprintf(pool, ":%d", url->port);
    if (url->user && strcmp(url->scheme, "ssh") == 0)
        user = apr_pstrcat(pool, url->user, "@", NULL);
    if (!url->url_form)
        return apr_pstrcat(pool, user, host, ":", url->path, NULL);
    return apr_pstrcat(pool, url->scheme, "://", user, host, port, url->path, NULL);
}
