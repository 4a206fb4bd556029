// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes what clients of Mercurial send. The first lines of an input are the path, the query, the
 * two parts of X-HgArg, and X-HgArgs-Post; the rest is the body. What is answered without a program
 * is answered for a repository without changesets.
 */
#include <unistd.h>

#include "fuzz.h"
#include "base/log.h"
#include "base/query.h"
#include "faces/hg.h"
#include "faces/hg/call.h"
#include "vcs/vcs.h"

static const char *dir;

typedef struct sent_t {
    const char *path, *query;
    const char *header[3]; /* in the order of header_names */
} sent_t;

static const char *const header_names[] = {"X-HgArg-1", "X-HgArg-2", "X-HgArgs-Post"};

static void remove_dir(void)
{
    if (system(apr_psprintf(fuzz_forever(), "rm -rf '%s'", dir)))
        fprintf(stderr, "%s is left\n", dir);
}

static const char *repository(void)
{
    static const char *path;

    if (path)
        return path;
    dir = mkdtemp(apr_pstrdup(fuzz_forever(), "/tmp/rcapi-fuzz-XXXXXX"));
    CHECK(dir);
    atexit(remove_dir);
    CHECK(!rc_vcs_startup(fuzz_forever()));
    path = apr_pstrcat(fuzz_forever(), dir, "/r", NULL);
    CHECK(!rc_vcs_create("hg", path, fuzz_forever()));
    return path;
}

static const char *header(void *server, const char *name)
{
    const sent_t *sent = server;
    int i;

    for (i = 0; i < 3; i++)
        if (!strcmp(name, header_names[i]) && *sent->header[i])
            return sent->header[i];
    return NULL;
}

/* An answer to "known" has a digit for each id, and one to "heads" names no changeset. */
static void check_answer(const char *command, const char *arguments, const char *answer,
                         apr_pool_t *pool)
{
    const char *nodes = rc_query_parameter(arguments, "nodes", pool);

    if (!strcmp(command, "known"))
        CHECK(strlen(answer) == (strlen(nodes) + 1) / 41 && !answer[strspn(answer, "01")]);
    if (!strcmp(command, "heads"))
        CHECK(!strcmp(answer, "0000000000000000000000000000000000000000\n"));
}

/* What has no complete answer leaves nothing in the spool: a program's output follows. Arguments
 * with a NUL are an error. */
static void ask(const rc_face_hg_call_t *call, const void *body, size_t len, apr_pool_t *pool)
{
    const char *arguments, *asks, *answer;
    rc_asked_t asked = {false, NULL};
    rc_spool_t *spool = rc_spool_create(dir, pool);
    rc_err_t *err = rc_face_hg_asked(&asks, call);
    rc_vcs_t *vcs;

    CHECK((err != NULL) == (memchr(body, '\0', len) != NULL));
    if (err)
        return;
    CHECK(strstr(asks, call->command->name));
    CHECK(!rc_face_hg_arguments(&arguments, call));
    CHECK(!rc_vcs_open(&vcs, NULL, "hg", repository(), NULL, pool));
    CHECK(!rc_vcs_ask(&asked, spool, vcs, call->command->name, arguments, pool));
    CHECK(!rc_spool_string(&answer, spool, pool));
    if (asked.answered)
        check_answer(call->command->name, arguments, answer, pool);
    else
        CHECK(!*answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    rc_request_t request = {.pool = pool, .method = "POST", .header = header};
    rc_face_hg_call_t *call;
    sent_t sent;
    void *state;
    int i;

    repository(); /* and the folder of the spools */
    sent.path = apr_pstrcat(pool, "/", fuzz_line(&data, &size, pool), NULL);
    sent.query = fuzz_line(&data, &size, pool);
    for (i = 0; i < 3; i++)
        sent.header[i] = fuzz_line(&data, &size, pool);
    request.path = sent.path;
    request.query = sent.query;
    request.server = &sent;
    request.settings = rc_face_hg.directives->defaults;
    if (rc_face_hg.claims(&state, &request) || rc_face_hg.claims_rest(&state, &request)) {
        call = state;
        CHECK((call->url.name != NULL) == !call->url.id);
        call->body = rc_spool_create(dir, pool);
        CHECK(!rc_spool_write(call->body, (const char *)data, size));
        if (call->command->name)
            ask(call, data, size, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
