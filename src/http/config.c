// SPDX-License-Identifier: Apache-2.0
/*
 * The tables of directives: rows of those that no face owns, and which table is which group.
 * Settings of a server decide which environment is opened, settings of a <Location> how a request
 * is served.
 */
#include "http.h"

#include "faces/whitelist.h"

#define NO_LIMIT         APR_INT64_MAX
#define ENV(type, ...)   type(rc_env_config_t, __VA_ARGS__)
#define PLACE(type, ...) type(rc_http_place_t, __VA_ARGS__)

static const char *const sync_words[] = {"FULL", "NORMAL", NULL};
static const char *const off_words[] = {"Off", NULL};
static const char *const scheme_words[] = {"http", "https", "git", "ssh", "svn", "file", NULL};

/* Returns what is unusual about an entry of a whitelist that matches no view; else NULL. */
static const char *fits_no_view(const char *entry)
{
    int face, i;

    for (face = 0; rc_faces[face]; face++) {
        const rc_view_table_t *table = rc_faces[face]->views;

        for (i = 0; table && i < table->count; i++)
            if (rc_whitelist_fits(entry, table->views[i].action))
                return NULL;
    }
    return "fits no view of this module"; /* lists of RhodeCode name other pages, too */
}

/* clang-format off */
static const rc_directive_t server_rows[] = {
    {"RcapiDatabase", "the database: a file, or postgresql: and a connection string",
     RC_SERVER, ENV(RC_STORE, db.path)},
    {"RcapiRepositoryRoot", "the directory of the repositories",
     RC_SERVER, ENV(RC_PATH, repo_root)},
    {"RcapiSecretFile", "the file with the secret that encrypts keys (mode 0600)",
     RC_SERVER, ENV(RC_PATH, secret_file)},
    {"RcapiTempDirectory", "directory for temporary files of large answers (default: the system's)",
     RC_SERVER, ENV(RC_PATH, temp_dir)},
    {"RcapiTempMax", "most bytes in temporary files of each process (default 8G); 0 = no limit",
     RC_SERVER, ENV(RC_SIZE, temp_max, 0, NO_LIMIT)},
    {"RcapiDatabaseSync", "FULL (default): acknowledged changes survive a power cut; NORMAL: faster",
     RC_SERVER, ENV(RC_WORD, db.synchronous, sync_words)},
    {"RcapiDatabaseMin", "database connections that each process keeps (default 1)",
     RC_SERVER, ENV(RC_NUMBER, db.min, 0, 10000)},
    {"RcapiDatabaseMax",
     "most database connections that each process opens (default: 4 per core), and half as many for lists",
     RC_SERVER, ENV(RC_NUMBER, db.max, 1, 10000)},
    {"RcapiRemember", "bytes in which each process remembers callers, rights and answers (default 16M); or Off",
     RC_SERVER, ENV(RC_SIZE_OR, db.remember, 1 << 20, (apr_int64_t)1 << 40, off_words)},
    {"RcapiSiteTitle", "name of this installation in feeds and in password prompts (default: none)",
     RC_SERVER, ENV(RC_STRING, site_title)},
    {"RcapiRevealKeys", "whether answers show API keys to callers who may know them (default On)",
     RC_SERVER, ENV(RC_FLAG, reveal_keys)},
    {"RcapiArchiveCache",
     "directory for the cache of archives and large files, and its limit in bytes (default 1G); or None",
     RC_SERVER, ENV(RC_FOLDER, archive_cache)},
    {NULL, NULL, RC_SERVER, ENV(RC_SIZE, archive_cache_size, 1, NO_LIMIT)},
    {"RcapiExpensiveMax", "archives and other costly answers that each process makes at once (default: one per core)",
     RC_SERVER, ENV(RC_NUMBER, expensive_max, 1, 10000)},
    {"RcapiVisitorsMax", "costly answers and clones for visitors at once (default: one less than RcapiExpensiveMax)",
     RC_SERVER, ENV(RC_NUMBER, visitors_max, 1, 10000)},
    {"RcapiGitMax", "clones that git makes at once for each process (default: one per core)",
     RC_SERVER, ENV(RC_NUMBER, clone_max, 1, 10000)},
    {"RcapiPasswordMax", "passwords that each process checks or hashes at once (default: half of the cores)",
     RC_SERVER, ENV(RC_NUMBER, password_max, 1, 10000)},
    {"RcapiRangeMax", "most bytes of an answer, and most seconds to make it (default 1G 60); 0 = no limit",
     RC_SERVER, ENV(RC_SIZE, range_bytes, 0, NO_LIMIT)},
    {NULL, NULL, RC_SERVER, ENV(RC_SECONDS, range_time, 0, 86400)},
    {"RcapiRemoteSchemes", "URL schemes that pull and clone_uri accept (default: http https git ssh)",
     RC_SERVER, ENV(RC_WORDS, remote.schemes, scheme_words)},
    {"RcapiRemotePrivate", "whether remotes may have loopback, private or link-local addresses (default Off)",
     RC_SERVER, ENV(RC_FLAG, remote.private_addresses)},
    {"RcapiRemoteTimeout", "most seconds that one pull may take (default 600)",
     RC_SERVER, ENV(RC_SECONDS, remote.timeout, 1, 86400)},
    {"RcapiRemoteMax", "most calls of each process that wait at once for remotes, copies and locks, and of one user",
     RC_SERVER, ENV(RC_NUMBER, remote_max, 1, 10000)},
    {NULL, NULL, RC_SERVER, ENV(RC_NUMBER, remote_user_max, 1, 10000)},
    {"RcapiRemoteMaxSize", "most bytes that one pull may fetch (default 2G); 0 = no limit",
     RC_SERVER, ENV(RC_SIZE, remote.max_size, 0, NO_LIMIT)},
    {"RcapiSvnHooks", "whether commits may run the hooks of Subversion repositories (default Off)",
     RC_SERVER, ENV(RC_FLAG, svn_hooks)},
    {"RcapiMaintenance", "whether the server packs repositories in the background after changes (default On)",
     RC_SERVER, ENV(RC_FLAG, maintenance)},
    {"RcapiTasks", "calls with background=true that run at once, on all machines (default 2); 0 = none",
     RC_SERVER, ENV(RC_NUMBER, tasks_max, 0, 1000)},
    {"RcapiWebhooks", "whether the server sends events to webhooks (default On)",
     RC_SERVER, ENV(RC_FLAG, webhooks)},
    {"RcapiWebhookRetry", "seconds until a failed delivery is tried again (default 60), then 10 and 60 times that",
     RC_SERVER, ENV(RC_SECONDS, webhook_retry, 0, 86400)},
    {"RcapiWebhookTimeout", "most seconds that one delivery may take (default 10)",
     RC_SERVER, ENV(RC_SECONDS, webhook_timeout, 1, 600)},
};

static const rc_directive_t place_rows[] = {
    {"RcapiKeyInQuery", "whether keys in the URL (api_key, auth_token) are accepted (default On)",
     RC_PLACE, PLACE(RC_FLAG, key_in_query)},
    {"RcapiTrustLogin", "whether users that other modules authenticated are local users (default Off)",
     RC_PLACE, PLACE(RC_FLAG, trust_login)},
    {"RcapiBaseUrl", "URL of the mount, for URLs in answers (default: from the client's request)",
     RC_PLACE, PLACE(RC_URL, base_url)},
    {"RcapiAccessControllersWhitelist", "views that an API key opens: Controller:action patterns, or None",
     RC_PLACE, PLACE(RC_LIST, whitelist, rc_whitelist_add, fits_no_view)},
};
/* clang-format on */

int rc_http_groups(void)
{
    int faces = 0;

    while (rc_faces[faces])
        faces++;
    return RC_GROUP_FACES + faces;
}

const rc_directives_t *rc_http_group(int group)
{
    static const rc_env_config_t unset; /* rc_http_resolve supplies the defaults */
    static const rc_http_place_t defaults = {.key_in_query = true};
    static const rc_directives_t server = RC_DIRECTIVES(server_rows, unset);
    static const rc_directives_t place = RC_DIRECTIVES(place_rows, defaults), none;
    const rc_directives_t *face;

    if (group < RC_GROUP_FACES)
        return group == RC_GROUP_SERVER ? &server : &place;
    face = rc_faces[group - RC_GROUP_FACES]->directives;
    return face ? face : &none;
}
