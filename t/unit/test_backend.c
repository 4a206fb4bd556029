// SPDX-License-Identifier: Apache-2.0
/*
 * Tests a second back end through the API and the views: nothing above the table of back ends
 * depends on the type of a repository.
 */
#include "env_fixture.h"

#include "domain/data.h"
#include "faces/api.h"
#include "faces/raw/view.h"
#include "mem_backend.h"

static rc_db_t *db;
static apr_pool_t *request_pool; /* of the last call; its end releases what the call holds */

static int begin(void **state)
{
    rc_env_config_t config;

    if (unit_begin(state))
        return -1;
    rc_vcs_register(&mem_backend);
    config = env_settings();
    config.repo_root = in_dir("repos");
    config.temp_dir = unit_dir;
    if (mkdir(config.repo_root, 0777) || mem_write(in_dir("repos/sample"), "sample", pool))
        return -1;
    return env_open(&config);
}

/* --- requests --- */

static apr_pool_t *next_request(void)
{
    if (request_pool)
        apr_pool_destroy(request_pool);
    apr_pool_create(&request_pool, pool);
    return request_pool;
}

static const char *call(const char *method, const char *args)
{
    apr_pool_t *p = next_request();
    rc_spool_t *spool = rc_spool_create(unit_dir, p);
    const char *text;

    ASSERT_OK(rc_api_call_local(spool, env, method, args, p));
    ASSERT_OK(rc_spool_string(&text, spool, p));
    return text;
}

/* Asserts that the answer of a method contains all these texts, in this order. */
static void holds(const char *text, const char *const *wanted)
{
    const char *at = text;

    for (; *wanted; wanted++) {
        const char *found = strstr(at, *wanted);

        if (!found)
            fail_msg("no %s in %s", *wanted, text);
        at = found + strlen(*wanted);
    }
}

#define CALL_HOLDS(method, args, ...)                                                              \
    holds(call(method, args), (const char *const[]){__VA_ARGS__, NULL})

static const char *no_header(void *server, const char *name)
{
    (void)server;
    (void)name;
    return NULL;
}

static bool not_gone(void *server)
{
    (void)server;
    return false;
}

/* Calls a view and returns its body; NULL when it is rejected. */
static rc_view_call_t *view(const char **body, apr_size_t *len, const char *path)
{
    apr_pool_t *p = next_request();
    rc_request_t *request = apr_pcalloc(p, sizeof(*request));
    rc_spool_t *spool = rc_spool_create(unit_dir, p);
    rc_view_call_t *web;

    *request = (rc_request_t){.env = env,
                              .pool = p,
                              .method = "GET",
                              .readonly = true,
                              .path = path,
                              .decoded = path,
                              .login = "admin",
                              .client_ip = "127.0.0.1",
                              .base_url = "http://here",
                              .settings = rc_face_raw.directives->defaults,
                              .header = no_header,
                              .gone = not_gone};
    *body = NULL;
    ASSERT_OK(rc_view_access(&web, rc_view_routes(&rc_raw_views, path, p), request));
    if (web->status == 200)
        ASSERT_OK(web->view->prepare(web));
    if (web->status != 200)
        return web;
    ASSERT_OK(rc_view_write(web, spool));
    *len = (apr_size_t)rc_spool_size(spool);
    ASSERT_OK(rc_spool_string(body, spool, p));
    return web;
}

static const char *body_of(const char *path)
{
    const char *body;
    apr_size_t len;
    rc_view_call_t *web = view(&body, &len, path);

    if (!body)
        fail_msg("%s: %d %s", path, web->status, web->message ? web->message : "");
    return body;
}

/* --- the tests, in their order: the first one scans for the repository --- */

static void scanning(void **state)
{
    (void)state;
    CALL_HOLDS("rescan_repos", "{}", "\"added\":[\"sample\"]", "\"removed\":[]");
    CALL_HOLDS("get_repo", "{\"repoid\":\"sample\"}", "\"repo_type\":\"mem\"", "\"raw_id\":\"30\"",
               "\"error\":null");
}

static void creating(void **state)
{
    (void)state;
    CALL_HOLDS("create_repo", "{\"repo_name\":\"made\",\"repo_type\":\"mem\"}", "\"error\":null");
    assert_true(rc_fs_exists(in_dir("repos/made/mem")));
    CALL_HOLDS("get_repo", "{\"repoid\":\"made\"}", "\"short_id\":\"0\"", "\"raw_id\":\"0\"",
               "\"revision\":-1");
    CALL_HOLDS("fork_repo", "{\"repoid\":\"sample\",\"fork_name\":\"copy\"}", "\"error\":null");
    CALL_HOLDS("get_repo", "{\"repoid\":\"copy\"}", "\"raw_id\":\"30\"");
}

static void changesets(void **state)
{
    (void)state;
    CALL_HOLDS(
        "get_repo_changeset", "{\"repoid\":\"sample\",\"revision\":\"tip\",\"details\":\"full\"}",
        "\"short_id\":\"30\"", "\"revision\":2", "\"raw_id\":\"12\"", "\"branch\":\"default\"",
        "\"filename\":\"tool\",\"op\":\"A\"", "\"old_revision\":\"0\"", "@@ all @@",
        "\"added\":1,\"deleted\":0,\"binary\":false", "\"filename\":\"dir/b.txt\",\"op\":\"D\"",
        "\"new_revision\":\"0\"", "\"bookmarks\":[],\"tags\":[]");
    CALL_HOLDS("get_repo_changeset",
               "{\"repoid\":\"sample\",\"revision\":\"here\",\"details\":\"full\"}",
               "\"raw_id\":\"12\"", "\"filename\":\"dir.txt\",\"op\":\"A\"",
               "\"filename\":\"a.txt\",\"op\":\"M\"", "\"added\":2,\"deleted\":1",
               "\"bookmarks\":[\"here\"],\"tags\":[\"v1\"]");
    /* a full id before an index, an index before a name */
    CALL_HOLDS("get_repo_changeset", "{\"repoid\":\"sample\",\"revision\":\"7\"}",
               "\"raw_id\":\"7\"");
    CALL_HOLDS("get_repo_changeset", "{\"repoid\":\"sample\",\"revision\":\"1\"}",
               "\"raw_id\":\"12\"");
    CALL_HOLDS("get_repo_changeset", "{\"repoid\":\"sample\",\"revision\":\"99\"}",
               "\"raw_id\":\"0\"");
    CALL_HOLDS("get_repo_changeset",
               "{\"repoid\":\"sample\",\"revision\":\"0\",\"details\":\"extended\"}", "\"a.txt\"",
               "\"dir/b.txt\"", "\"dir/deep/c\"");
    CALL_HOLDS("get_repo_changesets", "{\"repoid\":\"sample\",\"start_rev\":\"7\",\"limit\":2}",
               "\"result\":[", "\"raw_id\":\"7\"", "\"raw_id\":\"12\"", "]");
}

static void nodes(void **state)
{
    (void)state;
    CALL_HOLDS("get_repo_nodes",
               "{\"repoid\":\"sample\",\"revision\":\"12\",\"root_path\":\"/\","
               "\"ret_type\":\"all\",\"details\":\"full\"}",
               "\"name\":\"dir\"", "\"name\":\"dir/deep\"", "\"name\":\"a.txt\"", "one\\nmore\\n",
               "\"name\":\"dir.txt\"", "\"name\":\"dir/b.txt\"", "\"name\":\"dir/deep/c\"");
    CALL_HOLDS("get_repo_nodes",
               "{\"repoid\":\"sample\",\"revision\":\"12\",\"root_path\":\"none\"}",
               "failed to get repo: `sample` nodes");
}

static void references(void **state)
{
    (void)state;
    CALL_HOLDS("get_repo_refs", "{\"repoid\":\"sample\"}", "\"branches\":{\"default\":\"30\"}",
               "\"bookmarks\":{\"here\":\"12\"}", "\"tags\":{\"v1\":\"12\"}",
               "\"branches_closed\":{\"old\":\"7\"}");
}

/* What a type cannot do is rejected, in the words of each face. */
static void unsupported_calls_are_rejected(void **state)
{
    const char *body;
    apr_size_t len;
    rc_view_call_t *web = view(&body, &len, "/sample/changeset-patch/12");

    (void)state;
    assert_null(body);
    assert_int_equal(web->status, 404);
    assert_non_null(strstr(web->message, "no form as patches"));
    CALL_HOLDS("strip", "{\"repoid\":\"sample\",\"revision\":\"30\",\"branch\":\"default\"}",
               "Unable to strip commit 30 from repo `sample`");
    CALL_HOLDS("pull", "{\"repoid\":\"sample\"}", "Unable to pull changes from `sample`");
    CALL_HOLDS("create_repo",
               "{\"repo_name\":\"far\",\"repo_type\":\"mem\",\"clone_uri\":\"http://h/x\"}",
               "failed to create repository `far`");
}

static void views(void **state)
{
    rc_view_call_t *web;
    const char *body;
    apr_size_t len;

    (void)state;
    assert_string_equal(body_of("/sample/changeset-diff/12"),
                        "diff of a.txt and a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ all @@\n-one\n"
                        "+one\n+more\n"
                        "diff of dir.txt and dir.txt\n--- a/dir.txt\n+++ b/dir.txt\n@@ all @@\n"
                        "+beside\n");
    assert_string_equal(body_of("/sample/raw/here/dir//deep/c"), "three\n");
    web = view(&body, &len, "/sample/raw/tip/dir/b.txt");
    assert_int_equal(web->status, 404);
    assert_non_null(strstr(web->message, "at commit 30"));
    holds(body_of("/sample/feed/atom"),
          (const char *const[]){"third", "/sample/changeset/30", "&gt;30&lt;/a", "second",
                                "/sample/changeset/12", "first", NULL});
    holds(body_of("/sample/feed/rss"), (const char *const[]){"third", "first", NULL});
}

static void archives(void **state)
{
    rc_view_call_t *web;
    const char *body;
    apr_size_t len;

    (void)state;
    CALL_HOLDS("update_repo", "{\"repoid\":\"sample\",\"enable_downloads\":true}",
               "\"error\":null");
    web = view(&body, &len, "/sample/archive/12.zip");
    assert_non_null(body);
    assert_non_null(strstr(web->disposition, "sample-12.zip"));
    assert_non_null(memmem(body, len, "sample-12/dir/deep/c", 20));
    assert_non_null(memmem(body, len, "beside\n", 7));
    assert_null(memmem(body, len, "tool", 4));
}

static void checking(void **state)
{
    apr_array_header_t *problems;

    (void)state;
    ASSERT_OK(rc_db_acquire(&db, env->db_pool, next_request()));
    ASSERT_OK(rc_data_check(&problems, env, db, pool));
    assert_string_equal(apr_array_pstrcat(pool, problems, '\n'), "");
    rc_db_release(db);
    assert_int_equal(system(apr_psprintf(pool, "rm -r '%s'", in_dir("repos/made"))), 0);
    CALL_HOLDS("rescan_repos", "{\"remove_obsolete\":true}", "\"removed\":[\"made\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scanning),   cmocka_unit_test(creating),
        cmocka_unit_test(changesets), cmocka_unit_test(nodes),
        cmocka_unit_test(references), cmocka_unit_test(unsupported_calls_are_rejected),
        cmocka_unit_test(views),      cmocka_unit_test(archives),
        cmocka_unit_test(checking),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, unit_end);
}
