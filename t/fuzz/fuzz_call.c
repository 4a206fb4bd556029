// SPDX-License-Identifier: Apache-2.0
/* Fuzzes the body of an API call: guard, parser, envelopes of both kinds, look-up of the key. The
 * answer must be one line of JSON; notifications of JSON-RPC 2.0, which are JSON, have none. */
#include <unistd.h>

#include "fuzz.h"
#include "base/json_scan.h"
#include "base/log.h"
#include "faces/api.h"

static const char *dir;

static void remove_dir(void)
{
    if (system(apr_psprintf(fuzz_forever(), "rm -rf '%s'", dir)))
        fprintf(stderr, "%s is left\n", dir);
}

static void quiet(void *baton, rc_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton, (void)level, (void)status, (void)text;
}

static const char *file(const char *name)
{
    return apr_pstrcat(fuzz_forever(), dir, name, NULL);
}

static rc_env_t *open_env(void)
{
    static rc_env_t *env;
    rc_env_config_t config;

    if (env)
        return env;
    dir = mkdtemp(apr_pstrdup(fuzz_forever(), "/tmp/rcapi-fuzz-XXXXXX"));
    CHECK(dir);
    atexit(remove_dir);
    rc_log_set(quiet, NULL);
    rc_env_defaults(&config);
    config.db.path = file("/rcapi.db");
    config.db.synchronous = "OFF";
    config.db.create = true;
    config.secret_file = file("/secret");
    config.repo_root = dir;
    config.temp_dir = dir;
    CHECK(!rc_secret_create(config.secret_file, fuzz_forever()));
    CHECK(!rc_env_open(&env, &config, fuzz_forever()));
    return env;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rc_env_t *env = open_env();
    apr_pool_t *pool = fuzz_pool();
    rc_api_request_t request = {
        .http_method = "POST", .client_ip = "127.0.0.1", .base_url = "http://h", .level = "1"};
    rc_spool_t *spool = rc_spool_create(dir, pool);
    const char *answer;
    rc_json_scan_t guard;

    request.body = apr_pstrmemdup(pool, (const char *)data, size);
    request.len = size;
    CHECK(!rc_api_serve(spool, env, &request, pool));
    CHECK(!rc_spool_string(&answer, spool, pool));
    if (*answer) {
        CHECK(rc_json_scan(&guard, answer, strlen(answer), &rc_json_of_clients));
        CHECK(strchr(answer, '\n') == answer + strlen(answer) - 1);
    } else {
        CHECK(rc_json_scan(&guard, request.body, size, &rc_json_of_clients));
    }
    apr_pool_destroy(pool);
    return 0;
}
