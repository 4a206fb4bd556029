// SPDX-License-Identifier: Apache-2.0
/*
 * A face that only the tests have (build/t/mod_rcapi_echo.so): bodies through programs, and
 * programs that misbehave. It does what git's face will do, with sh in git's place.
 *
 *   /_echo/NAME?limit=N&inflate=N   the program called NAME in the table below
 *   /_echo/produce/NAME?max=N       the same, its output (up to N bytes) through a file
 *   /_echo/produce/NAME?name=KEY    ... of the cache
 *   /_echo/whole?limit=N            the length of the body, read into memory
 *   /_echo/file                     a piece, and a file behind it
 *   /_echo/secret                   a refusal in this face's own words
 *   /_echo/settings                 what the directives RcapiEcho* set, and the key of the query
 *   /_echo/who                      who signs in, or why they do not
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/produce.h"
#include "base/query.h"
#include "base/relay.h"
#include "base/time.h"
#include "domain/actor.h"
#include "domain/sign_in.h"
#include "faces/api.h"
#include "faces/face.h"
#include "faces/raw.h"

#define PREFIX "/_echo/"
#define FILES  "produce/"

typedef struct script_t {
    const char *name, *script;
    int msec; /* until the deadline */
} script_t;

/* They run in RcapiTempDirectory. */
static const script_t scripts[] = {
    {"cat", "cat", 60000},
    {"count", "wc -c", 60000},
    {"big", "head -c 40000000 /dev/zero", 60000},
    {"fail", "echo broken >&2; exit 3", 60000},
    {"fail-late", "echo first; sleep 0.3; echo broken >&2; exit 3", 60000},
    {"killed", "kill -9 $$", 60000},
    {"slow", "echo $$ >pid; echo first; sleep 1000", 1000},
    {"silent", "echo $$ >pid; sleep 1000", 1000},
    {"babble", "echo $$ >pid; while :; do echo tick; done", 2000},
    {"wait", "echo $$ >pid; sleep 1000 & wait", 60000},
    {"ticks", "echo $$ >pid; while :; do echo tick; sleep 0.1; done", 60000},
    {"few", "head -c 10", 60000},
    {"loud", "head -c 70000 /dev/zero; wc -c", 60000},
    {"large", "head -c 10000000 /dev/zero; echo $$ >>done", 60000},
    {"stuck", "head -c 10000000 /dev/zero; echo $$ >pid; exec sleep 1000", 60000},
    {"gate", "echo $PPID >>runs; echo first; while [ ! -e go ]; do sleep 0.02; done; echo last",
     60000},
    {"gate-large",
     "echo $$ >>runs; echo first; while [ ! -e go ]; do sleep 0.02; done; head -c 600000 "
     "/dev/zero",
     60000},
    {"mute", "echo $PPID >>runs; while [ ! -e go ]; do sleep 0.02; done; echo last", 60000},
    {"bad", "echo $PPID >>runs; echo first; while [ ! -e go ]; do sleep 0.02; done; exit 3", 60000},
    {"mute-bad", "echo $PPID >>runs; while [ ! -e go ]; do sleep 0.02; done; exit 3", 60000},
    {"deaf", "exec <&-; echo deaf", 60000},
};

typedef struct settings_t {
    bool on;
    int number;
    apr_off_t size, more;
    apr_interval_time_t time;
    const char *text, *url, *folder, *word;
    const apr_array_header_t *words, *lines;
} settings_t;

static const settings_t defaults = {
    .on = true, .number = 7, .size = 1024, .more = -1, .text = "none", .word = "one"};

static const char *const echo_words[] = {"one", "two", "three", NULL};

static const char *add_line(apr_array_header_t *list, const char *line, apr_pool_t *pool)
{
    APR_ARRAY_PUSH(list, const char *) = apr_pstrdup(pool, line);
    return strstr(line, "wrong") ? "the line is wrong" : NULL;
}

static const char *doubt(const char *entry)
{
    return strstr(entry, "odd") ? "is odd" : NULL;
}

static const rc_directive_t rows[] = {
    {"RcapiEcho", "whether it answers", RC_PLACE, RC_FLAG(settings_t, on)},
    {"RcapiEchoNumber", "a number", RC_SERVER, RC_NUMBER(settings_t, number, 1, 9)},
    {"RcapiEchoSize", "one or two sizes", RC_PLACE, RC_SIZE(settings_t, size, 1, 1 << 20)},
    {NULL, NULL, RC_PLACE, RC_SIZE(settings_t, more, 0, 1 << 20)},
    {"RcapiEchoTime", "a time", RC_PLACE, RC_SECONDS(settings_t, time, 1, 60)},
    {"RcapiEchoText", "a text", RC_PLACE, RC_STRING(settings_t, text)},
    {"RcapiEchoUrl", "a URL", RC_PLACE, RC_URL(settings_t, url)},
    {"RcapiEchoFolder", "a folder, or None", RC_PLACE, RC_FOLDER(settings_t, folder)},
    {"RcapiEchoWord", "a word", RC_PLACE, RC_WORD(settings_t, word, echo_words)},
    {"RcapiEchoWords", "words", RC_PLACE, RC_WORDS(settings_t, words, echo_words)},
    {"RcapiEchoLines", "lines", RC_PLACE, RC_LIST(settings_t, lines, add_line, doubt)},
};

static const rc_directives_t directives = RC_DIRECTIVES(rows, defaults);

static const char *const query_keys[] = {"auth_token", NULL};

static bool claims(void **state, const rc_request_t *request)
{
    const settings_t *settings = request->settings;

    (void)state;
    return settings->on && !strncmp(request->decoded, PREFIX, strlen(PREFIX));
}

static rc_err_t *identify(rc_identity_t *who, const rc_request_t *request)
{
    const rc_sign_in_t sent = {request->header_key, request->basic_user, request->basic_password,
                               request->login, request->client_ip};
    rc_actor_t actor = {.env = request->env, .pool = request->pool};
    rc_credentials_t credentials;

    RC_TRY(rc_sign_in(&credentials, request->env, &sent, request->pool));
    RC_TRY(rc_actor_open(&actor));
    return rc_identify(who, actor.db, &credentials, request->pool);
}

/* The state becomes the caller's name. */
static rc_err_t *decide_who(rc_answer_t *answer, const rc_request_t *request)
{
    rc_identity_t who;

    RC_TRY(identify(&who, request));
    if (who.caller && !who.caller->anonymous)
        answer->user = apr_pstrdup(answer->pool, who.caller->username);
    if (who.refusal)
        return rc_answer_refuse(answer, who.refusal == RC_REFUSED_ADDRESS ? 403 : 401, NULL,
                                apr_psprintf(answer->pool, "refusal %d", who.refusal));
    answer->state = apr_pstrdup(answer->pool, who.caller->username);
    return NULL;
}

static rc_err_t *decide(rc_answer_t *answer, const rc_request_t *request)
{
    if (!strcmp(request->decoded, PREFIX "who"))
        return decide_who(answer, request);
    if (!strcmp(request->decoded, PREFIX "secret"))
        return rc_answer_refuse(answer, 401, "Say who you are", "no login");
    return NULL;
}

static apr_off_t number(const rc_request_t *request, const char *name)
{
    const char *value = rc_query_parameter(request->query, name, request->pool);

    return value ? (apr_off_t)strtoll(value, NULL, 10) : -1;
}

/* False when the body's encoding is none that we know. */
static bool set_limits(const rc_request_t *request)
{
    apr_off_t limit = number(request, "limit"), inflate = number(request, "inflate");

    if (limit >= 0)
        rc_body_set_limit(request->body, limit);
    return inflate < 0 || rc_body_inflate(request->body, inflate);
}

static rc_err_t *serve_whole(rc_answer_t *answer, const rc_request_t *request)
{
    const char *data;
    apr_size_t len;
    rc_body_state_t state = rc_body_whole(&data, &len, request->body, request->pool);

    if (state != RC_BODY_END)
        return rc_body_error(state, request->pool);
    return rc_spool_printf(answer->spool, "%" APR_SIZE_T_FMT "\n", len);
}

static void set_program(rc_proc_t *proc, const rc_request_t *request, const script_t *script)
{
    static const char *const env[] = {"PATH=" RC_PROC_PATH, NULL};
    const char **argv = apr_pcalloc(request->pool, 4 * sizeof(*argv));

    argv[0] = "sh";
    argv[1] = "-c";
    argv[2] = script->script;
    proc->argv = argv;
    proc->env = env;
    proc->dir = request->env->config->temp_dir;
    proc->deadline = rc_clock() + apr_time_from_msec(script->msec);
}

static rc_err_t *run(rc_answer_t *answer, const rc_request_t *request, const script_t *script)
{
    rc_relay_t relay = {
        .body = request->body, .gone = request->gone, .gone_baton = request->server};

    set_program(&relay.proc, request, script);
    return rc_relay_start(&answer->stream, &relay, request->pool);
}

static rc_err_t *produce(rc_answer_t *answer, const rc_request_t *request, const script_t *script)
{
    rc_produce_t produce = {.temp_dir = request->env->config->temp_dir,
                            .gone = request->gone,
                            .gone_baton = request->server,
                            .cache = &request->env->cache,
                            .name = rc_query_parameter(request->query, "name", request->pool),
                            .max = number(request, "max")};

    set_program(&produce.proc, request, script);
    produce.proc.in = -1;
    if (produce.max < 0)
        produce.max = 0;
    return rc_produce_start(&answer->stream, &produce, answer->pool);
}

/* First "head", then what the spool holds. */
static rc_err_t *next_of_file(rc_piece_t *piece, void *baton)
{
    rc_answer_t *answer = baton;
    const char *data;

    piece->len = 4;
    piece->flush = true;
    if (!answer->last_modified++)
        piece->data = "head";
    else {
        RC_TRY(rc_spool_content(&data, &piece->file, answer->spool));
        piece->len = (apr_size_t)rc_spool_size(answer->spool) - 1;
        piece->start = piece->last = true;
    }
    return NULL;
}

static rc_err_t *serve_file(rc_answer_t *answer, const rc_request_t *request)
{
    char *text = apr_pcalloc(request->pool, 300000);

    answer->stream = apr_pcalloc(request->pool, sizeof(*answer->stream));
    answer->stream->next = next_of_file;
    answer->stream->baton = answer;
    return rc_spool_write(answer->spool, memset(text, 'x', 300000), 300000);
}

static const char *joined(const apr_array_header_t *list, apr_pool_t *pool)
{
    return list ? apr_array_pstrcat(pool, list, '+') : "-";
}

static rc_err_t *serve_settings(rc_answer_t *answer, const rc_request_t *request)
{
    const settings_t *s = request->settings;

    return rc_spool_printf(
        answer->spool, "%d %" APR_OFF_T_FMT " %" APR_OFF_T_FMT " %d %s %s %s %s %s %s %s\n",
        s->number, s->size, s->more, (int)apr_time_sec(s->time), s->text, s->url ? s->url : "-",
        s->folder ? s->folder : "-", s->word, joined(s->words, request->pool),
        joined(s->lines, request->pool), request->query_key ? request->query_key : "-");
}

static rc_err_t *serve(rc_answer_t *answer, const rc_request_t *request)
{
    const char *name = request->decoded + strlen(PREFIX);
    bool files = !strncmp(name, FILES, strlen(FILES));
    apr_size_t i;

    answer->type = "application/x-echo";
    answer->packed = true;
    rc_answer_header(answer, "Cache-Control", "no-cache");
    if (!set_limits(request))
        return rc_answer_refuse(answer, 415, NULL, NULL);
    if (!strcmp(name, "who"))
        return rc_spool_printf(answer->spool, "%s\n", (const char *)answer->state);
    if (!strcmp(name, "whole"))
        return serve_whole(answer, request);
    if (!strcmp(name, "file"))
        return serve_file(answer, request);
    if (!strcmp(name, "settings"))
        return serve_settings(answer, request);
    name += files ? strlen(FILES) : 0;
    for (i = 0; i < sizeof(scripts) / sizeof(*scripts); i++)
        if (!strcmp(name, scripts[i].name))
            return (files ? produce : run)(answer, request, &scripts[i]);
    return rc_answer_refuse(answer, 404, NULL, "no such script");
}

static rc_err_t *refuse(rc_answer_t *answer, const rc_request_t *request)
{
    (void)request;
    if (answer->status == 401)
        rc_answer_header(answer, "WWW-Authenticate", "Basic realm=\"echo\"");
    return NULL;
}

static const rc_face_t echo = {.name = "echo",
                               .reads_body = true,
                               .query_keys = query_keys,
                               .directives = &directives,
                               .basic = true,
                               .claims = claims,
                               .decide = decide,
                               .serve = serve,
                               .refuse = refuse};

const rc_face_t *const rc_faces[] = {&echo, &rc_face_api, &rc_face_raw, NULL};
