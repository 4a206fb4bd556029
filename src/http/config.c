// SPDX-License-Identifier: Apache-2.0
/*
 * The table of directives, and one setter for each type of value; cmd->info holds the field and its
 * valid values. Settings of a server decide which environment is opened, settings of a <Location>
 * how a request is served.
 */
#include "http.h"

#include <http_core.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/text.h"
#include "faces/raw.h"

/* The field that a directive sets. */
typedef struct field_t {
    apr_size_t offset;
    apr_int64_t min, max;     /* numbers and sizes */
    const char *const *words; /* the valid words, of a directive that takes words */
} field_t;

#define FIELD(conf, member, ...)                                                                   \
    ((void *)&(const field_t){.offset = APR_OFFSETOF(conf, member), __VA_ARGS__})
#define SERVER(...) FIELD(rc_server_conf_t, __VA_ARGS__)
#define PLACE(...)  FIELD(rc_dir_conf_t, __VA_ARGS__)

static const field_t *field_of(const cmd_parms *cmd)
{
    return cmd->info;
}

/* Returns the address of the field: in the settings of the <Location> if the directive is allowed
 * there, else in those of the server. */
static void *slot_of(const cmd_parms *cmd, void *dconf)
{
    bool place = cmd->cmd->req_override & ACCESS_CONF;

    return (char *)(place ? dconf : rc_http_server_conf(cmd->server)) + field_of(cmd)->offset;
}

static const char *complain(const cmd_parms *cmd, const char *arg, const char *wanted)
{
    return apr_psprintf(cmd->pool, "%s: '%s' is not %s", cmd->cmd->name, arg, wanted);
}

static const char *set_path(cmd_parms *cmd, void *dconf, const char *arg)
{
    const char *path = *arg ? ap_server_root_relative(cmd->pool, arg) : NULL;

    if (!path)
        return complain(cmd, arg, "a path");
    *(const char **)slot_of(cmd, dconf) = path;
    return NULL;
}

static const char *set_text(cmd_parms *cmd, void *dconf, const char *arg)
{
    if (rc_text_has_control(arg) || !rc_utf8_valid(arg, strlen(arg)))
        return complain(cmd, rc_utf8_repair(arg, cmd->pool), "plain UTF-8 text");
    *(const char **)slot_of(cmd, dconf) = apr_pstrdup(cmd->pool, arg);
    return NULL;
}

static const char *set_flag(cmd_parms *cmd, void *dconf, int on)
{
    *(int *)slot_of(cmd, dconf) = on;
    return NULL;
}

static const char *range_text(const cmd_parms *cmd, const char *what)
{
    const field_t *field = field_of(cmd);

    return apr_psprintf(cmd->pool, "%s from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT, what,
                        field->min, field->max);
}

static const char *set_number(cmd_parms *cmd, void *dconf, const char *arg)
{
    const field_t *field = field_of(cmd);
    apr_int64_t n;

    if (!rc_text_digits(arg) || !rc_text_int(&n, arg) || n < field->min || n > field->max)
        return complain(cmd, arg, range_text(cmd, "a number"));
    *(int *)slot_of(cmd, dconf) = (int)n;
    return NULL;
}

/* Parses a number of bytes, with K, M or G as powers of 1024. Returns false when it is invalid. */
static bool read_size(apr_off_t *size, const field_t *field, const char *arg, apr_pool_t *pool)
{
    apr_size_t len = strlen(arg);
    int shift = 0;
    apr_int64_t n;

    switch (len ? apr_toupper(arg[len - 1]) : '\0') {
    case 'K':
        shift = 10;
        break;
    case 'M':
        shift = 20;
        break;
    case 'G':
        shift = 30;
        break;
    }
    if (shift)
        arg = apr_pstrmemdup(pool, arg, len - 1);
    if (!rc_text_digits(arg) || !rc_text_int(&n, arg) || n > APR_INT64_MAX >> shift ||
        n << shift < field->min || n << shift > field->max)
        return false;
    *size = (apr_off_t)(n << shift);
    return true;
}

static const char *set_size(cmd_parms *cmd, void *dconf, const char *arg)
{
    if (read_size(slot_of(cmd, dconf), field_of(cmd), arg, cmd->temp_pool))
        return NULL;
    return complain(cmd, arg, range_text(cmd, "a number of bytes (also with K, M or G)"));
}

/* A directory and optionally its limit in bytes; or None. */
static const char *set_cache(cmd_parms *cmd, void *dconf, const char *path, const char *size)
{
    rc_server_conf_t *conf = rc_http_server_conf(cmd->server);

    if (size && !read_size(&conf->archive_cache_size, field_of(cmd), size, cmd->temp_pool))
        return complain(cmd, size, range_text(cmd, "a number of bytes (also with K, M or G)"));
    if (strcasecmp(path, "None"))
        return set_path(cmd, dconf, path);
    conf->archive_cache = "";
    return NULL;
}

/* The limit of an answer in bytes and optionally in seconds. */
static const char *set_range(cmd_parms *cmd, void *dconf, const char *size, const char *seconds)
{
    rc_server_conf_t *conf = rc_http_server_conf(cmd->server);
    apr_int64_t n;

    if (seconds) {
        if (!rc_text_digits(seconds) || !rc_text_int(&n, seconds) || n > 86400)
            return complain(cmd, seconds, "a number of seconds from 0 to 86400");
        conf->range_seconds = (int)n;
    }
    return set_size(cmd, dconf, size);
}

/* The limit of waiting calls and optionally of those of one user. */
static const char *set_remote_max(cmd_parms *cmd, void *dconf, const char *all, const char *user)
{
    rc_server_conf_t *conf = rc_http_server_conf(cmd->server);
    const field_t *field = field_of(cmd);
    apr_int64_t n;

    if (user) {
        if (!rc_text_digits(user) || !rc_text_int(&n, user) || n < field->min || n > field->max)
            return complain(cmd, user, range_text(cmd, "a number"));
        conf->remote_user_max = (int)n;
    }
    return set_number(cmd, dconf, all);
}

/* Returns the word of the field's list that equals @a arg in any case; NULL when there is none. */
static const char *known_word(const field_t *field, const char *arg)
{
    int i;

    for (i = 0; field->words[i]; i++)
        if (!strcasecmp(field->words[i], arg))
            return field->words[i];
    return NULL;
}

static const char *word_list(const cmd_parms *cmd)
{
    const field_t *field = field_of(cmd);
    const char *list = field->words[0];
    int i;

    for (i = 1; field->words[i]; i++)
        list = apr_pstrcat(cmd->pool, list, field->words[i + 1] ? ", " : " or ", field->words[i],
                           NULL);
    return list;
}

static const char *set_word(cmd_parms *cmd, void *dconf, const char *arg)
{
    const char *word = known_word(field_of(cmd), arg);

    if (!word)
        return complain(cmd, arg, word_list(cmd));
    *(const char **)slot_of(cmd, dconf) = word;
    return NULL;
}

/* Adds one word of a list. */
static const char *add_word(cmd_parms *cmd, void *dconf, const char *arg)
{
    apr_array_header_t **list = slot_of(cmd, dconf);
    const char *word = known_word(field_of(cmd), arg);

    if (!word)
        return complain(cmd, arg, word_list(cmd));
    if (!*list)
        *list = apr_array_make(cmd->pool, 5, sizeof(const char *));
    APR_ARRAY_PUSH(*list, const char *) = word;
    return NULL;
}

/* http(s)://host[:port][/path]; a slash at its end is removed. */
static const char *set_url(cmd_parms *cmd, void *dconf, const char *arg)
{
    apr_size_t len = strlen(arg);
    apr_uri_t uri;

    if (apr_uri_parse(cmd->temp_pool, arg, &uri) || !uri.scheme || !uri.hostname ||
        (strcmp(uri.scheme, "http") && strcmp(uri.scheme, "https")) || !*uri.hostname || uri.user ||
        uri.query || uri.fragment || rc_text_has_control(arg) || strchr(arg, ' '))
        return complain(cmd, arg, "a URL http://HOST[:PORT][/PATH] or https://...");
    while (len && arg[len - 1] == '/')
        len--;
    *(const char **)slot_of(cmd, dconf) = apr_pstrmemdup(cmd->pool, arg, len);
    return NULL;
}

/* All arguments as one text; a second directive in the same <Location> adds to the first. */
static const char *add_whitelist(cmd_parms *cmd, void *dconf, const char *args)
{
    apr_array_header_t **list = slot_of(cmd, dconf);
    const char *wrong, *entry;
    int i;

    if (!*list)
        *list = apr_array_make(cmd->pool, 4, sizeof(const char *));
    i = (*list)->nelts;
    wrong = rc_raw_whitelist_add(*list, args, cmd->pool);
    if (wrong)
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, wrong);
    for (; i < (*list)->nelts; i++) { /* only a warning: lists of RhodeCode name other pages, too */
        entry = APR_ARRAY_IDX(*list, i, const char *);
        if (!rc_raw_whitelist_fits(entry))
            ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, NULL,
                         RCLOGNO(0003) "%s: entry '%s' fits no view of this module", cmd->cmd->name,
                         entry);
    }
    return NULL;
}

static const char *const sync_words[] = {"FULL", "NORMAL", NULL};
static const char *const scheme_words[] = {"http", "https", "git", "ssh", "file", NULL};

/* clang-format off */
const command_rec rc_http_directives[] = {
    AP_INIT_TAKE1("RcapiDatabase", set_path, SERVER(db_path), RSRC_CONF,
        "the database file: users, permissions, repositories"),
    AP_INIT_TAKE1("RcapiRepositoryRoot", set_path, SERVER(repo_root), RSRC_CONF,
        "the directory of the repositories"),
    AP_INIT_TAKE1("RcapiSecretFile", set_path, SERVER(secret_file), RSRC_CONF,
        "the file with the secret that encrypts keys (mode 0600)"),
    AP_INIT_TAKE1("RcapiTempDirectory", set_path, SERVER(temp_dir), RSRC_CONF,
        "directory for temporary files of large answers (default: the system's)"),
    AP_INIT_TAKE1("RcapiTempMax", set_size, SERVER(temp_max, .min = 0, .max = APR_INT64_MAX), RSRC_CONF,
        "most bytes in temporary files of each process (default 8G); 0 = no limit"),
    AP_INIT_TAKE1("RcapiDatabaseSync", set_word, SERVER(db_sync, .words = sync_words), RSRC_CONF,
        "FULL (default): acknowledged changes survive a power cut; NORMAL: faster"),
    AP_INIT_TAKE1("RcapiDatabaseMin", set_number, SERVER(db_min, .min = 0, .max = 10000), RSRC_CONF,
        "database connections that each process keeps (default 1)"),
    AP_INIT_TAKE1("RcapiDatabaseMax", set_number, SERVER(db_max, .min = 1, .max = 10000), RSRC_CONF,
        "most database connections that each process opens (default: one per thread)"),
    AP_INIT_TAKE1("RcapiApiLevel", set_text, SERVER(api_level), RSRC_CONF,
        "the version that get_server_info returns (default 3.0.0)"),
    AP_INIT_TAKE1("RcapiSiteTitle", set_text, SERVER(site_title), RSRC_CONF,
        "name of this installation in feeds and in password prompts (default: none)"),
    AP_INIT_FLAG("RcapiRevealKeys", set_flag, SERVER(reveal_keys), RSRC_CONF,
        "whether answers show API keys to callers who may know them (default On)"),
    AP_INIT_TAKE12("RcapiArchiveCache", set_cache, SERVER(archive_cache, .min = 1, .max = APR_INT64_MAX), RSRC_CONF,
        "directory for the cache of archives and large files, and its limit in bytes (default 1G); or None"),
    AP_INIT_TAKE1("RcapiExpensiveMax", set_number, SERVER(expensive_max, .min = 1, .max = 10000), RSRC_CONF,
        "archives and other costly answers that each process makes at once (default: one per core)"),
    AP_INIT_TAKE1("RcapiPasswordMax", set_number, SERVER(password_max, .min = 1, .max = 10000), RSRC_CONF,
        "passwords that each process checks or hashes at once (default: half of the cores)"),
    AP_INIT_TAKE1("RcapiFeedItems", set_number, SERVER(feed_items, .min = 1, .max = 1000), RSRC_CONF,
        "entries of a feed (default 20)"),
    AP_INIT_FLAG("RcapiFeedIncludeDiff", set_flag, SERVER(feed_diff), RSRC_CONF,
        "whether the entries of a repository's feed hold the diff (default Off)"),
    AP_INIT_TAKE1("RcapiFeedCutOff", set_number, SERVER(feed_diff_bytes, .min = 1, .max = 1 << 20), RSRC_CONF,
        "bytes after which a diff in a feed is cut (default 32768)"),
    AP_INIT_TAKE12("RcapiRangeMax", set_range, SERVER(range_bytes, .min = 0, .max = APR_INT64_MAX), RSRC_CONF,
        "most bytes of an answer, and most seconds to make it (default 1G 60); 0 = no limit"),
    AP_INIT_ITERATE("RcapiRemoteSchemes", add_word, SERVER(remote_schemes, .words = scheme_words),
        RSRC_CONF, "URL schemes that pull and clone_uri accept (default: http https git ssh)"),
    AP_INIT_FLAG("RcapiRemotePrivate", set_flag, SERVER(remote_private), RSRC_CONF,
        "whether remotes may have loopback, private or link-local addresses (default Off)"),
    AP_INIT_TAKE1("RcapiRemoteTimeout", set_number, SERVER(remote_timeout, .min = 1, .max = 86400), RSRC_CONF,
        "most seconds that one pull may take (default 600)"),
    AP_INIT_TAKE12("RcapiRemoteMax", set_remote_max, SERVER(remote_max, .min = 1, .max = 10000), RSRC_CONF,
        "most calls of each process that wait at once for remotes, copies and locks, and of one user"),
    AP_INIT_TAKE1("RcapiRemoteMaxSize", set_size, SERVER(remote_max_size, .min = 0, .max = APR_INT64_MAX),
        RSRC_CONF, "most bytes that one pull may fetch (default 2G); 0 = no limit"),
    AP_INIT_RAW_ARGS("RcapiAccessControllersWhitelist", add_whitelist, PLACE(whitelist),
        RSRC_CONF | ACCESS_CONF, "views that an API key opens: Controller:action patterns, or None"),
    AP_INIT_FLAG("RcapiKeyInQuery", set_flag, PLACE(key_in_query), RSRC_CONF | ACCESS_CONF,
        "whether keys in the URL (api_key, auth_token) are accepted (default On)"),
    AP_INIT_FLAG("RcapiTrustLogin", set_flag, PLACE(trust_login), RSRC_CONF | ACCESS_CONF,
        "whether users that other modules authenticated are local users (default Off)"),
    AP_INIT_TAKE1("RcapiMaxRequestBody", set_size, PLACE(max_body, .min = 1, .max = 1 << 30),
        RSRC_CONF | ACCESS_CONF, "largest request body of the API in bytes (default 1M)"),
    AP_INIT_TAKE1("RcapiBaseUrl", set_url, PLACE(base_url), RSRC_CONF | ACCESS_CONF,
        "URL of the mount, for URLs in answers (default: from the client's request)"),
    AP_INIT_TAKE1("SetHandler", rc_http_set_handler, NULL, OR_FILEINFO,
        "core's directive: 'rcapi' mounts the API and the views at this <Location>"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}
};
/* clang-format on */
