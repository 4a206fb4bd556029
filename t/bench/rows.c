// SPDX-License-Identifier: Apache-2.0
/*
 * The bench's way to the database, by the module's own code:
 *
 *     rows DATA run < FILE              runs SQL; bench_digest(key), bench_sealed(user, key)
 *     rows DATA time LIST USER TIMES    a list as a user sees it, read by the store: repos, groups
 *                                       (of repositories), or levels (of the user on all
 *                                       repositories), group-levels, user-group-levels: "rows
 *                                       milliseconds cpu-milliseconds", each time
 *     rows DATA write RATE SECONDS      so many transactions a second: "transactions slowest-ms"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "store/group.h"
#include "store/repo.h"
#include "store/rule.h"
#include "base/secret.h"
#include "db/sqlite/sqlite.h"
#include "store/texts.h"

static rc_secret_t *secret;

static void sql_digest(sqlite3_context *context, int count, sqlite3_value **values)
{
    unsigned char digest[RC_DIGEST_SIZE];

    (void)count;
    rc_key_digest(digest, (const char *)sqlite3_value_text(values[0]));
    sqlite3_result_blob(context, digest, RC_DIGEST_SIZE, SQLITE_TRANSIENT);
}

/* As src/domain/user_keys.c seals a key. */
static void sql_sealed(sqlite3_context *context, int count, sqlite3_value **values)
{
    apr_pool_t *pool = sqlite3_user_data(context), *scratch;
    const void *sealed;
    int len;

    (void)count;
    apr_pool_create(&scratch, pool);
    if (rc_secret_seal(&sealed, &len, secret, (const char *)sqlite3_value_text(values[1]),
                       apr_psprintf(scratch, "key of user %lld", sqlite3_value_int64(values[0])),
                       scratch))
        sqlite3_result_error(context, "cannot seal", -1);
    else
        sqlite3_result_blob(context, sealed, len, SQLITE_TRANSIENT);
    apr_pool_destroy(scratch);
}

static rc_err_t *run(rc_db_t *db, apr_pool_t *pool)
{
    apr_size_t size = 1 << 20, used = 0, n;
    char *text = malloc(size + 1);
    const rc_sqlite_t *own = db->handle;
    rc_err_t *err;

    sqlite3_create_function(own->handle, "bench_digest", 1, SQLITE_UTF8 | SQLITE_INNOCUOUS, NULL,
                            sql_digest, NULL, NULL);
    sqlite3_create_function(own->handle, "bench_sealed", 2, SQLITE_UTF8 | SQLITE_INNOCUOUS, pool,
                            sql_sealed, NULL, NULL);
    while ((n = fread(text + used, 1, size - used, stdin)) > 0)
        if ((used += n) == size)
            text = realloc(text, (size *= 2) + 1);
    text[used] = '\0';
    err = rc_db_exec(db, text);
    free(text);
    return err;
}

static double now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static rc_err_t *count_repo(void *baton, const rc_repo_t *repo, apr_pool_t *scratch)
{
    long *rows = baton;

    (void)repo;
    (void)scratch;
    ++*rows;
    return NULL;
}

static rc_err_t *count_level(void *baton, const char *name, rc_level_t level)
{
    long *rows = baton;

    (void)name;
    (void)level;
    ++*rows;
    return NULL;
}

static rc_err_t *count_group(void *baton, const rc_repo_group_t *group,
                             const apr_array_header_t *repos)
{
    (void)group;
    (void)repos;
    ++*(long *)baton;
    return NULL;
}

static rc_err_t *read_list(long *rows, rc_db_t *db, const char *list, rc_viewer_t viewer,
                           apr_pool_t *pool)
{
    rc_kind_t kind = *list == 'g'   ? RC_KIND_REPO_GROUP
                     : *list == 'u' ? RC_KIND_USER_GROUP
                                    : RC_KIND_REPO;

    if (!strcmp(list, "repos"))
        return rc_store_repos_each(db, viewer, NULL, false, count_repo, rows, pool);
    if (!strcmp(list, "groups"))
        return rc_store_repo_groups_each(db, viewer, NULL, false, count_group, rows, pool);
    return rc_rule_levels(db, kind, viewer, count_level, rows, pool);
}

static rc_err_t *time_once(rc_db_t *db, const char *list, apr_int64_t user, apr_pool_t *pool)
{
    double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID);
    long rows = 0;

    RC_TRY(rc_db_begin_read(db));
    RC_TRY(read_list(&rows, db, list, rc_viewer_user(user), pool));
    RC_TRY(rc_db_commit(db));
    printf("%ld %.3f %.3f\n", rows, now(CLOCK_MONOTONIC) - start,
           now(CLOCK_THREAD_CPUTIME_ID) - cpu);
    return NULL;
}

/* What a pull writes at its end: the copy of the last commit of a repository. */
static rc_err_t *write_rows(rc_db_t *db, double rate, double seconds, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    rc_repo_t *repo;
    apr_time_t begin = apr_time_now(), slowest = 0;
    apr_interval_time_t step = (apr_interval_time_t)(1e6 / rate);
    long n, all = (long)(rate * seconds);

    apr_pool_create(&scratch, pool);
    for (n = 0; n < all; n++) {
        apr_time_t due = begin + n * step, start = apr_time_now();

        if (due > start)
            apr_sleep(due - start);
        if (apr_time_now() - begin > (apr_interval_time_t)(seconds * 1e6))
            break;
        start = apr_time_now();
        RC_TRY(rc_db_begin_write(db));
        apr_pool_clear(scratch);
        RC_TRY(rc_store_repo_by_id(&repo, db, rc_viewer_user(1001), 1001 + n % 1000, scratch));
        RC_TRY(rc_store_repo_set_last(db, repo, &repo->last));
        RC_TRY(rc_db_commit(db));
        if (apr_time_now() - start > slowest)
            slowest = apr_time_now() - start;
    }
    printf("%ld %.1f\n", n, (double)slowest / 1000);
    return NULL;
}

static rc_err_t *act(int argc, const char *const *argv, apr_pool_t *pool)
{
    rc_db_config_t config = {
        .texts = &rc_store_texts, .synchronous = "FULL", .timeout = apr_time_from_sec(5)};
    rc_db_t *db;
    int i;

    config.path = apr_pstrcat(pool, argv[1], "/rcapi.db", NULL);
    RC_TRY(rc_secret_load(&secret, apr_pstrcat(pool, argv[1], "/secret", NULL), pool));
    RC_TRY(rc_db_open(&db, &config, pool));
    if (argc == 3 && !strcmp(argv[2], "run"))
        return run(db, pool);
    if (argc == 5 && !strcmp(argv[2], "write"))
        return write_rows(db, atof(argv[3]), atof(argv[4]), pool);
    if (argc != 6 || strcmp(argv[2], "time"))
        return rc_err_internal(pool, APR_SUCCESS, "run, time or write?");
    for (i = 0; i < atoi(argv[5]); i++)
        RC_TRY(time_once(db, argv[3], atoi(argv[4]), pool));
    return NULL;
}

int main(int argc, const char *const *argv, const char *const *env)
{
    apr_pool_t *pool;
    rc_err_t *err;

    if (argc < 3 || apr_app_initialize(&argc, &argv, &env) || apr_pool_create(&pool, NULL))
        return 2;
    rc_db_startup();
    if ((err = act(argc, argv, pool)))
        fprintf(stderr, "rows: %s\n", rc_err_log_text(err, pool));
    apr_pool_destroy(pool);
    return err != NULL;
}
