// SPDX-License-Identifier: Apache-2.0
/*
 * Connects the pages with the server: their row in the table of faces. A URL can be that of a page
 * and of another face; a page gets it if the caller may see it. So nobody learns from the kind of
 * an answer whether a repository exists (05 OPEN-9).
 */
#include "faces/pages.h"

#include <string.h>

#include <apr_strings.h>

#include "base/guess.h"
#include "base/query.h"
#include "base/text.h"
#include "page.h"

/* Repositories of this type are served to browsers by their own face, file by file. */
#define FILE_BY_FILE "svn"

typedef struct settings_t {
    bool on;
} settings_t;

static const settings_t defaults = {.on = true};

/* clang-format off */
static const rc_directive_t rows[] = {
    {"RcapiPages", "whether people can read repositories as pages in a browser (default On)",
     RC_PLACE, RC_FLAG(settings_t, on)},
};
/* clang-format on */

static const rc_directives_t directives = RC_DIRECTIVES(rows, defaults);

/* --- claims --- */

static bool are_on(const rc_request_t *request)
{
    return request->env && ((const settings_t *)request->settings)->on;
}

static const char *parameter(const rc_request_t *request, const char *name)
{
    return rc_query_parameter(request->query, name, request->pool);
}

/* The raw view has the same URL, and its own values of the parameter `diff`. Without parameters the
 * URL may as well be that of another view, whose path begins with "diff". */
static bool is_raw(const rc_view_t *view, const rc_request_t *request)
{
    const char *form;

    if (strncmp(view->pattern, "diff/", 5) != 0)
        return false;
    if (!(form = parameter(request, "diff")))
        return !parameter(request, "diff1") && !parameter(request, "diff2");
    return !strcmp(form, "raw") || !strcmp(form, "download");
}

/* What clients of git and Subversion send for a repository by its id could also be a page with
 * words behind that id: "/_12/info/refs", "/_12/trunk/README". */
static bool is_of_client(const rc_view_route_t *route, const rc_request_t *request)
{
    const char *words = *request->path ? strchr(request->path + 1, '/') : NULL;

    if (parameter(request, "service"))
        return true;
    return route->repo_id && (rc_text_ends(request->path, "/info/refs") ||
                              (!*route->view->pattern && words && words[1]));
}

/* Returns the pages that the URL can name: those with words in their pattern, which tell them from
 * others; or the one of the repository's own URL. */
static const apr_array_header_t *routes_of(const rc_request_t *request, bool words)
{
    const rc_view_table_t *table = words ? &rc_page_word_views : &rc_page_views;
    apr_array_header_t *routes = rc_view_routes(table, request->path, request->pool);
    int i, kept = 0;

    for (i = 0; i < routes->nelts; i++) {
        const rc_view_route_t *route = &APR_ARRAY_IDX(routes, i, rc_view_route_t);

        if (words == (*route->view->pattern != '\0') && !is_raw(route->view, request) &&
            !is_of_client(route, request))
            APR_ARRAY_IDX(routes, kept++, rc_view_route_t) = *route;
    }
    routes->nelts = kept;
    return routes;
}

static rc_page_visit_t *begin_visit(const apr_array_header_t *routes, const rc_request_t *request)
{
    rc_page_visit_t *visit = apr_pcalloc(request->pool, sizeof(*visit));

    visit->routes = routes;
    return visit;
}

/* Claims a page that the caller may see. Keeps what the decision found out. */
static bool claim_seen(void **state, const rc_request_t *request, bool words)
{
    rc_page_visit_t *visit = begin_visit(routes_of(request, words), request);

    if (!visit->routes->nelts)
        return false;
    *state = visit;
    visit->err = rc_view_access(&visit->call, visit->routes, request);
    if (visit->err || visit->call->status == 200)
        return true;
    rc_actor_close(&visit->call->actor);
    return false;
}

static bool is_home(const rc_request_t *request)
{
    return !strcmp(request->path, "/") || !*request->path;
}

static bool claim_account(void **state, const rc_request_t *request)
{
    const rc_page_account_t *account = rc_page_account(request->decoded);
    rc_page_visit_t *visit;

    if (!account)
        return false;
    *state = visit = begin_visit(NULL, request);
    visit->account = account;
    return true;
}

static bool claims_words(void **state, const rc_request_t *request)
{
    if (!are_on(request))
        return false;
    if (claim_account(state, request))
        return true;
    if (!request->readonly)
        return false;
    if (!is_home(request))
        return claim_seen(state, request, true);
    *state = begin_visit(routes_of(request, true), request);
    return true;
}

static bool claims_repository(void **state, const rc_request_t *request)
{
    return are_on(request) && request->readonly && claim_seen(state, request, false);
}

/* Finds the repository whose face serves its files that the URL is below, if the caller may read
 * it.
 * *@a rest is what follows its name; NULL: there is none. */
static rc_err_t *find_file_of(rc_repo_t **repo, const char **rest, rc_view_call_t *call)
{
    const char *path = call->request->decoded, *end = path;

    *rest = NULL;
    while (call->actor.caller && !*rest && *end) {
        end += 1 + strcspn(end + 1, "/");
        RC_TRY(rc_store_repo_seen_by_name(
            repo, call->actor.db, rc_caller_viewer(call->actor.caller),
            apr_pstrmemdup(call->pool, path + 1, (apr_size_t)(end - path) - 1), call->pool));
        if (*repo && !strcmp((*repo)->type, FILE_BY_FILE))
            *rest = end;
    }
    return NULL;
}

/* Leaves a file to the face that serves it; but a session opens no other face, so it gets the page
 * of the file. Returns whether the file is left. */
static rc_err_t *leave_file(bool *left, rc_page_visit_t *visit, const rc_request_t *request)
{
    rc_repo_t *repo;
    const char *rest;

    *left = false;
    RC_TRY(rc_actor_open(&visit->call->actor));
    RC_TRY(find_file_of(&repo, &rest, visit->call));
    if (!rest)
        return NULL;
    *left = !visit->call->actor.caller->csrf || !rc_page_for_browser(request);
    visit->call->repo = repo;
    visit->to = rc_page_link(visit->call, "files", "tip", rest + strspn(rest, "/"), request->pool);
    return NULL;
}

/* Leads the URL of a repository group, if the caller may read it, to the list of its repositories.
 */
static rc_err_t *find_group_of(rc_page_visit_t *visit, const rc_request_t *request)
{
    const char *name = rc_text_clean_path(request->decoded, request->pool);
    rc_actor_t *actor = &visit->call->actor;
    rc_repo_group_t *group = NULL;

    if (actor->caller && *name)
        RC_TRY(rc_store_repo_group_seen_by_name(&group, actor->db, rc_caller_viewer(actor->caller),
                                                name, request->pool));
    if (group)
        visit->to = rc_page_group_link(request, group->name, request->pool);
    return NULL;
}

/* Refuses what no face has claimed: all for browsers, and a page's URL for everybody. A client of
 * Subversion that sends a name and a password is not meant, nor are files of a repository that the
 * caller may see.
 */
static bool claims_rest_of(void **state, const rc_request_t *request)
{
    const apr_array_header_t *worded, *routes;
    rc_page_visit_t *visit;
    bool left = false;

    if (!are_on(request) || !request->readonly || request->has_basic)
        return false;
    worded = routes_of(request, true);
    if (!worded->nelts && !strncmp(request->path, "/_admin", 7)) { /* no repository's name */
        *state = begin_visit(NULL, request);
        return rc_page_for_browser(request);
    }
    routes = routes_of(request, false);
    if (!worded->nelts && (!routes->nelts || !rc_page_for_browser(request)))
        return false;
    visit = begin_visit(worded->nelts ? worded : routes, request);
    *state = visit;
    visit->err = rc_view_access(&visit->call, visit->routes, request);
    if (!visit->err)
        visit->err = leave_file(&left, visit, request);
    if (!visit->err && !visit->to && !worded->nelts)
        visit->err = find_group_of(visit, request);
    if (left)
        rc_actor_close(&visit->call->actor);
    return !left;
}

/* --- the answer --- */

static void take_status(rc_answer_t *answer, const rc_view_call_t *call)
{
    if (call->status != 200)
        rc_answer_refuse(answer, call->status, call->message,
                         call->why ? call->why : call->message);
}

static rc_err_t *decide_page(rc_answer_t *answer, const rc_request_t *request)
{
    rc_page_visit_t *visit = answer->state;
    rc_view_call_t *call;

    if (visit->account)
        return rc_page_account_decide(answer, request, visit);
    if (!visit->routes) {
        RC_TRY(rc_page_account_decide(answer, request, visit));
        answer->usual = false;
        return answer->status == 200 ? rc_answer_refuse(answer, 404, NULL, "no such page") : NULL;
    }
    if (!visit->call && !visit->err)
        visit->err = rc_view_access(&visit->call, visit->routes, request);
    if (visit->err)
        return visit->err;
    call = visit->call;
    if (call->actor.caller && !call->actor.caller->anonymous)
        answer->user = call->actor.caller->username;
    answer->view = call->view ? call->view->action : NULL;
    answer->repo = call->repo;
    answer->usual = call->status == 401 && !request->query_key && !request->header_key;
    if (!visit->to)
        take_status(answer, call);
    return NULL;
}

static rc_err_t *write_page(rc_answer_t *answer, const rc_request_t *request)
{
    rc_view_call_t *call = ((rc_page_visit_t *)answer->state)->call;

    (void)request;
    RC_TRY(rc_view_write(call, answer->spool));
    answer->type = call->content_type;
    take_status(answer, call);
    return NULL;
}

static rc_err_t *serve_page(rc_answer_t *answer, const rc_request_t *request)
{
    rc_page_visit_t *visit = answer->state;
    rc_view_call_t *call = visit->call;

    if (visit->account)
        return rc_page_account_serve(answer, request, visit);
    if (visit->to) {
        rc_page_headers(answer);
        rc_answer_header(answer, "Location", visit->to);
        answer->status = 302;
        return NULL;
    }
    RC_TRY(call->view->prepare(call));
    take_status(answer, call);
    if (call->status != 200)
        return NULL;
    rc_page_headers(answer);
    answer->conditional = true;
    answer->etag = call->etag;
    answer->write = write_page;
    return NULL;
}

/* --- the row --- */

static rc_err_t *check_pages(apr_pool_t *pool)
{
    rc_page_startup();
    return rc_guess_open(pool);
}

const rc_face_t rc_face_pages = {
    .name = "pages",
    .reads_body = true,
    .query_keys = rc_view_query_keys,
    .directives = &directives,
    .views = &rc_page_views,
    .claims = claims_words,
    .claims_rest = claims_repository,
    .claims_last = claims_rest_of,
    .decide = decide_page,
    .serve = serve_page,
    .refuse = rc_page_refuse,
    .check = check_pages,
};
