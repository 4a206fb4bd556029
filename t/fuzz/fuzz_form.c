// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes what browsers send to the pages below /_admin. The first lines of an input are the path
 * and the query, the cookies, and Origin; the rest is a form, and without it the request is a GET.
 * "$C" is replaced by the cookie of a session, "$F" by the secret of its forms. An answer leads to
 * this server only, and holds no line end in a header and no markup that was sent.
 */
#include <unistd.h>

#include "fuzz.h"
#include "base/log.h"
#include "base/text.h"
#include "domain/identify.h"
#include "domain/session.h"
#include "domain/user.h"
#include "faces/pages.h"

#define MOUNT    "/m"
#define MARKUP   "<zz" /* no page has it */
#define REQUESTS 200   /* of one user: then there is a new one, without keys */

static const char *dir, *cookie, *secret;

static void remove_dir(void)
{
    if (system(apr_psprintf(fuzz_forever(), "rm -rf '%s'", dir)))
        fprintf(stderr, "%s is left\n", dir);
}

static void quiet(void *baton, rc_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton, (void)level, (void)status, (void)text;
}

/* --- a server, and a user who has logged in --- */

static rc_err_t *set_up(void *baton, rc_db_t *db)
{
    const rc_env_t *env = baton;

    return rc_default_user_setup(db, env->secret, true, fuzz_forever());
}

static rc_env_t *open_env(void)
{
    static rc_env_t *env;
    rc_env_config_t config;
    rc_db_t *db;

    if (env)
        return env;
    dir = mkdtemp(apr_pstrdup(fuzz_forever(), "/tmp/rcapi-fuzz-XXXXXX"));
    CHECK(dir);
    atexit(remove_dir);
    rc_log_set(quiet, NULL);
    rc_env_defaults(&config);
    config.db.path = apr_pstrcat(fuzz_forever(), dir, "/rcapi.db", NULL);
    config.db.synchronous = "OFF";
    config.db.create = true;
    config.secret_file = apr_pstrcat(fuzz_forever(), dir, "/secret", NULL);
    config.repo_root = dir;
    config.temp_dir = dir;
    CHECK(!rc_secret_create(config.secret_file, fuzz_forever()));
    CHECK(!rc_env_open(&env, &config, fuzz_forever()));
    CHECK(!rc_face_pages.check(fuzz_forever())); /* from now on, passwords are rarely checked */
    CHECK(!rc_db_acquire(&db, env->db_pool, fuzz_forever()));
    CHECK(!rc_db_txn(db, set_up, env));
    rc_db_release(db);
    return env;
}

typedef struct newcomer_t {
    const rc_env_t *env;
    rc_new_user_t new;
    rc_user_t *user;
    apr_pool_t *pool;
} newcomer_t;

static rc_err_t *insert_user(void *baton, rc_db_t *db)
{
    newcomer_t *who = baton;

    return rc_user_insert(&who->user, db, who->env->secret, &who->new, who->pool);
}

/* Logs a new user in. */
static void log_in(rc_env_t *env)
{
    static apr_pool_t *pool;
    static int number;
    newcomer_t newcomer = {.env = env, .new = {.active = true}};
    rc_actor_t actor = {.env = env, .ip = "127.0.0.1"};
    rc_credentials_t credentials = {.anonymous = false};
    rc_identity_t who;

    if (pool)
        apr_pool_destroy(pool);
    newcomer.pool = actor.pool = pool = fuzz_pool();
    newcomer.new.username = apr_psprintf(pool, "ann%d", number++);
    CHECK(!rc_actor_open(&actor));
    CHECK(!rc_db_txn(actor.db, insert_user, &newcomer));
    CHECK(!rc_session_begin(&cookie, &actor, newcomer.user->id));
    credentials.session = cookie;
    CHECK(!rc_identify(&who, actor.db, &credentials, pool) && who.caller->csrf);
    secret = who.caller->csrf;
    rc_actor_close(&actor);
}

/* --- a request --- */

typedef struct sent_t {
    const char *path, *query, *cookies, *origin;
    const char *form, *left; /* what is not read of it */
} sent_t;

/* Replaces "$C" and "$F". */
static const char *filled(const char *text, apr_pool_t *pool)
{
    const char *mark;

    while ((mark = strstr(text, "$C")) || (mark = strstr(text, "$F")))
        text = apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(mark - text)),
                           mark[1] == 'C' ? cookie : secret, mark + 2, NULL);
    return text;
}

static const char *header(void *server, const char *name)
{
    const sent_t *sent = server;

    return !strcmp(name, "Cookie")                    ? sent->cookies
           : !strcmp(name, "Origin") && *sent->origin ? sent->origin
           : !strcmp(name, "Accept")                  ? "text/html"
                                                      : NULL;
}

static bool gone(void *server)
{
    (void)server;
    return false;
}

static rc_body_state_t read_form(void *baton, const char **data, apr_size_t *len, bool wait)
{
    sent_t *sent = baton;

    (void)wait;
    *data = sent->left;
    *len = strlen(sent->left);
    sent->left += *len;
    return *len ? RC_BODY_MORE : RC_BODY_END;
}

static rc_request_t request_of(sent_t *sent, rc_env_t *env, apr_pool_t *pool)
{
    const rc_body_source_t source = {
        .read = read_form, .baton = sent, .fd = -1, .sent = true, .announced = -1};
    bool post = *sent->form;

    return (rc_request_t){.env = env,
                          .pool = pool,
                          .method = post ? "POST" : "GET",
                          .readonly = !post,
                          .path = sent->path,
                          .decoded = sent->path,
                          .query = sent->query,
                          .client_ip = "127.0.0.1",
                          .base_url = "https://host" MOUNT,
                          .settings = rc_face_pages.directives->defaults,
                          .body = rc_body_create(&source, pool),
                          .server = sent,
                          .header = header,
                          .gone = gone};
}

/* --- its answer --- */

static int check_header(void *baton, const char *name, const char *value)
{
    (void)baton;
    CHECK(!strpbrk(value, "\r\n"));
    CHECK(strcmp(name, "Location") || (!strncmp(value, MOUNT "/", 3) && value[3] != '/'));
    if (!strcmp(name, "Set-Cookie") && strstr(value, "Max-Age=0"))
        cookie = NULL; /* the session has ended */
    return 1;
}

static void check_answer(rc_answer_t *answer)
{
    const char *text;

    CHECK(answer->status == 200 || answer->status == 303 || answer->status >= 400);
    apr_table_do(check_header, NULL, answer->headers, NULL);
    CHECK(!rc_spool_string(&text, answer->spool, answer->pool));
    CHECK(rc_utf8_valid(text, strlen(text)));
    CHECK(!strstr(text, MARKUP));
}

/* As the server does. */
static void serve(const rc_request_t *request)
{
    rc_answer_t answer = {.pool = request->pool, .status = 200, .length = -1};
    rc_err_t *err;

    answer.headers = apr_table_make(request->pool, 8);
    answer.spool = rc_spool_create(dir, request->pool);
    if (!rc_face_pages.claims(&answer.state, request))
        return;
    err = rc_face_pages.decide(&answer, request);
    if (!err && answer.status == 200)
        err = rc_face_pages.serve(&answer, request);
    if (!err && answer.status == 200 && answer.write)
        err = answer.write(&answer, request);
    CHECK(!err || err->kind != RC_E_INTERNAL);
    if (err)
        rc_answer_refuse(&answer, rc_err_http_status(err->kind), NULL, NULL);
    if (answer.status >= 400) {
        CHECK(!rc_spool_reset(answer.spool));
        apr_table_clear(answer.headers);
        CHECK(!rc_face_pages.refuse(&answer, request));
    }
    check_answer(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int requests;
    apr_pool_t *pool = fuzz_pool();
    rc_env_t *env = open_env();
    rc_request_t request;
    sent_t sent;
    char *query;

    if (!cookie || ++requests % REQUESTS == 0)
        log_in(env);
    sent.path = apr_pstrcat(pool, "/", fuzz_line(&data, &size, pool), NULL);
    query = strchr(sent.path, '?');
    if (query)
        *query++ = '\0';
    sent.query = query;
    sent.cookies = filled(fuzz_line(&data, &size, pool), pool);
    sent.origin = fuzz_line(&data, &size, pool);
    sent.form = sent.left = filled(apr_pstrmemdup(pool, (const char *)data, size), pool);
    request = request_of(&sent, env, pool);
    serve(&request);
    apr_pool_destroy(pool);
    return 0;
}
