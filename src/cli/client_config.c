/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads and writes the configuration file of rhodecode-api: a JSON object with "apikey" and
 * "apihost", in one of three places. Options override its values. A rename replaces the file, so it
 * is never incomplete; its mode is 0600.
 */
#include "client.h"

#include <json.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CONFIG (1024 * 1024)

static int config_fail(const char *what, const char *path, const char *why)
{
    return rc_cli_fail(RC_CLI_USAGE, "%s %s: %s", what, path, why);
}

static const char *home_folder(void)
{
    const char *home = getenv("HOME");

    if (!home || !*home)
        home = getenv("USERPROFILE");
    return home && *home ? home : NULL;
}

/* Finds the default file; *path is NULL when there is none. */
static void find_config(char **path, const char *home)
{
    static const char *const PLACES[] = {".config", ".config/rhodecode", ".rhodecode"};
    struct stat st;

    *path = NULL;
    for (size_t i = 0; home && i < sizeof(PLACES) / sizeof(*PLACES); i++) {
        *path = rc_cli_printf("%s/%s", home, PLACES[i]);
        if (stat(*path, &st) == 0 && S_ISREG(st.st_mode))
            return;
        free(*path);
        *path = NULL;
    }
}

/* Finds the file to read. It is required, because this is called only when an option is missing. */
static int path_to_read(char **path, const rc_cli_options_t *opt)
{
    struct stat st;

    if (!opt->config)
        find_config(path, home_folder());
    else if (stat(opt->config, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        *path = NULL;
    else
        *path = rc_cli_need(strdup(opt->config));
    if (*path)
        return RC_CLI_OK;
    return rc_cli_fail(RC_CLI_USAGE,
                       "Could not find config file and missing --apikey or --apihost in params");
}

static int path_to_write(char **path, const rc_cli_options_t *opt)
{
    const char *home = home_folder();
    struct stat st;

    if (opt->config) {
        *path = rc_cli_need(strdup(opt->config));
        return RC_CLI_OK;
    }
    if (!home)
        return rc_cli_fail(RC_CLI_USAGE, "No home folder is known, use --config");
    *path = rc_cli_printf("%s/.config", home);
    if (stat(*path, &st) == 0 && S_ISREG(st.st_mode))
        return RC_CLI_OK;  /* as older clients wrote it */
    mkdir(*path, S_IRWXU); /* a failure is reported when the file is written */
    free(*path);
    *path = rc_cli_printf("%s/.config/rhodecode", home);
    return RC_CLI_OK;
}

/* Returns whether the host already ends in the API's path, with or without slashes at the end. */
static bool ends_in_path(const char *apihost)
{
    static const char path[] = "/_admin/api";
    size_t len = strlen(apihost);

    while (len > 0 && apihost[len - 1] == '/')
        len--;
    return len >= strlen(path) && strncmp(apihost + len - strlen(path), path, strlen(path)) == 0;
}

int rc_cli_check_apihost(const char *apihost)
{
    bool scheme =
        strncasecmp(apihost, "http://", 7) == 0 || strncasecmp(apihost, "https://", 8) == 0;

    for (const char *c = apihost; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '?' || *c == '#')
            scheme = false;
    if (!scheme)
        return rc_cli_fail(RC_CLI_USAGE, "The apihost must be a URL like http://127.0.0.1:5000");
    if (ends_in_path(apihost))
        return rc_cli_fail(RC_CLI_USAGE, "The apihost is the address of the server alone; leave "
                                         "out /_admin/api, which is added to it");
    return RC_CLI_OK;
}

/* Reads a string member, unless *value is set already; false when it is missing or not a string. */
static bool take_member(char **value, struct json_object *root, const char *name)
{
    struct json_object *member;

    if (*value)
        return true;
    if (!json_object_object_get_ex(root, name, &member) ||
        !json_object_is_type(member, json_type_string) || json_object_get_string_len(member) == 0)
        return false;
    *value = rc_cli_need(strdup(json_object_get_string(member)));
    return true;
}

static int parse_config(rc_cli_config_t *conf, const char *path, const rc_cli_buf_t *text)
{
    rc_cli_json_error_t error;
    struct json_object *root;
    int status = RC_CLI_OK;

    if (!rc_cli_json_read(&root, text->data, text->len, &error))
        return rc_cli_fail(RC_CLI_USAGE, "Broken configuration %s: %s at line %lu column %lu", path,
                           error.what, error.line, error.column);
    if (!json_object_is_type(root, json_type_object))
        status = config_fail("Broken configuration", path, "not a JSON object");
    else if (!take_member(&conf->apikey, root, "apikey"))
        status = config_fail("Broken configuration", path, "no text \"apikey\"");
    else if (!take_member(&conf->apihost, root, "apihost"))
        status = config_fail("Broken configuration", path, "no text \"apihost\"");
    json_object_put(root);
    return status;
}

static int read_config(rc_cli_config_t *conf, const char *path)
{
    rc_cli_buf_t text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC), status;

    if (fd < 0)
        return config_fail("Cannot read configuration", path, strerror(errno));
    if (rc_cli_read_all(&text, fd, MAX_CONFIG))
        status = parse_config(conf, path, &text);
    else
        status = config_fail("Cannot read configuration", path, strerror(errno));
    close(fd);
    explicit_bzero(text.data, text.len);
    free(text.data);
    return status;
}

int rc_cli_config_load(rc_cli_config_t *conf, const rc_cli_options_t *opt)
{
    char *path = NULL;
    int status = RC_CLI_OK;

    conf->apikey = opt->apikey ? rc_cli_need(strdup(opt->apikey)) : NULL;
    conf->apihost = opt->apihost ? rc_cli_need(strdup(opt->apihost)) : NULL;
    if (!conf->apikey || !conf->apihost) {
        status = path_to_read(&path, opt);
        if (status == RC_CLI_OK)
            status = read_config(conf, path);
        free(path);
    }
    return status == RC_CLI_OK ? rc_cli_check_apihost(conf->apihost) : status;
}

void rc_cli_config_free(rc_cli_config_t *conf)
{
    rc_cli_forget(conf->apikey);
    free(conf->apihost);
}

/* Writes the file, and closes fd in any case. */
static bool write_config(int fd, const rc_cli_options_t *opt)
{
    struct json_object *root = rc_cli_need(json_object_new_object());
    FILE *out = fdopen(fd, "w");
    bool ok;

    if (!out) {
        close(fd);
        json_object_put(root);
        return false;
    }
    rc_cli_json_add(root, "apikey", rc_cli_need(json_object_new_string(opt->apikey)));
    rc_cli_json_add(root, "apihost", rc_cli_need(json_object_new_string(opt->apihost)));
    rc_cli_json_print_pretty(out, root);
    fputc('\n', out);
    ok = fflush(out) == 0 && !ferror(out) && fsync(fileno(out)) == 0;
    json_object_put(root);
    return fclose(out) == 0 && ok;
}

/* Writes a temporary file and renames it to the target. False with errno set. */
static bool replace_config(const char *target, const rc_cli_options_t *opt)
{
    char *temporary = rc_cli_printf("%s.XXXXXX", target);
    int fd = mkstemp(temporary), problem;
    bool ok;

    if (fd < 0) {
        problem = errno;
        free(temporary);
        errno = problem;
        return false;
    }
    ok = fchmod(fd, S_IRUSR | S_IWUSR) == 0; /* independent of the umask */
    if (!write_config(fd, opt))
        ok = false;
    ok = ok && rename(temporary, target) == 0;
    problem = errno;
    if (!ok)
        unlink(temporary);
    free(temporary);
    errno = problem;
    return ok;
}

/* Returns the real path of the file, so that a symbolic link is kept. NULL with errno set. */
static char *resolve_target(bool *existed, const char *path)
{
    struct stat st;

    *existed = stat(path, &st) == 0;
    if (*existed && !S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL; /* a device or pipe must not be replaced */
        return NULL;
    }
    if (*existed)
        return realpath(path, NULL);
    if (errno != ENOENT)
        return NULL;
    if (lstat(path, &st) == 0) { /* a dangling link */
        errno = ENOENT;
        return NULL;
    }
    return rc_cli_need(strdup(path));
}

int rc_cli_config_save(const rc_cli_options_t *opt)
{
    char *path = NULL, *target = NULL;
    bool existed = false;
    int status;

    if (!opt->apikey || !opt->apihost)
        return rc_cli_fail(RC_CLI_USAGE, "--save-config requires --apikey and --apihost");
    status = rc_cli_check_apihost(opt->apihost);
    if (status == RC_CLI_OK)
        status = path_to_write(&path, opt);
    if (status != RC_CLI_OK)
        return status;
    target = resolve_target(&existed, path);
    if (!target || !replace_config(target, opt))
        status = config_fail("Cannot write configuration", path, strerror(errno));
    else
        printf("%s config in %s\n", existed ? "Updated" : "Created new", path);
    free(target);
    free(path);
    return status;
}

int rc_cli_config_remove(const rc_cli_options_t *opt)
{
    char *path = NULL;
    int status = path_to_read(&path, opt);

    if (status != RC_CLI_OK)
        return status;
    if (unlink(path) != 0)
        status = config_fail("Cannot remove configuration", path, strerror(errno));
    else
        printf("Removed config %s\n", path);
    free(path);
    return status;
}
