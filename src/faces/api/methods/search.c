// SPDX-License-Identifier: Apache-2.0
/*
 * The method that searches for repositories by their names and descriptions (contract 02 search).
 * Nothing here indexes contents, so RhodeCode's other kinds of search are refused.
 */
#include "../method.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "store/repo.h"

#define MOST_ITEMS 500
#define MOST_PAGES 1000000

static rc_err_t *read_page_number(int *out, rc_call_t *call, rc_param_id_t id, int most)
{
    const char *text = rc_arg_text(call, id);
    apr_int64_t number;

    if (!rc_text_int(&number, text) || number < 1 || number > most)
        return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG, "%s must be a number from 1 to %d",
                                         rc_param_name(id), most));
    *out = (int)number;
    return NULL;
}

static rc_err_t *check_type(rc_call_t *call)
{
    static const char *const others[] = {"content", "path", "commit"};
    const char *type = rc_arg_text(call, RC_P_SEARCH_TYPE);
    int i;

    if (!strcmp(type, "repository"))
        return NULL;
    for (i = 0; i < 3; i++)
        if (!strcmp(type, others[i]))
            return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG,
                                             "This server has no index of contents: search_type "
                                             "`%s` is not supported, only `repository`",
                                             type));
    return rc_arg_fault(call,
                        rc_err(call->pool, RC_E_ARG,
                               "search_type must be one of content, path, commit, repository"));
}

typedef struct found_t {
    rc_call_t *call;
    rc_json_t *out;
} found_t;

static rc_err_t *put_found(void *baton, const rc_repo_t *repo, apr_pool_t *scratch)
{
    const found_t *found = baton;
    rc_json_t *out = found->out;

    rc_json_object_begin(out);
    rc_json_member_int(out, "repository_id", repo->id);
    rc_json_member_string(out, "repository", repo->name);
    rc_json_member_string(out, "repository_type", repo->type);
    rc_json_member_string(out, "description", repo->description);
    rc_json_member_string(out, "url", rc_render_repo_url(found->call, repo->name, scratch));
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *put_results(int *total, rc_call_t *call, rc_json_t *out,
                             const rc_repo_search_t *wanted)
{
    found_t found = {call, out};

    rc_json_key(out, "results");
    rc_json_array_begin(out);
    RC_TRY(rc_store_repos_found(total, call->actor.db, rc_caller_viewer(call->actor.caller), wanted,
                                put_found, &found, call->pool));
    rc_json_array_end(out);
    return NULL;
}

/* As RhodeCode: without words nothing is searched, and the answer says no more than that. */
static rc_err_t *search(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPO_NAME);
    const rc_repo_group_t *group = rc_arg_repo_group(call, RC_P_REPO_GROUP_NAME);
    rc_repo_search_t wanted = {.words = rc_arg_text(call, RC_P_SEARCH_QUERY),
                               .only = repo ? repo->name : NULL,
                               .below = group ? group->name : NULL};
    apr_time_t begin = rc_clock();
    int page, total = 0;

    RC_TRY(check_type(call));
    RC_TRY(read_page_number(&wanted.most, call, RC_P_PAGE_LIMIT, MOST_ITEMS));
    RC_TRY(read_page_number(&page, call, RC_P_PAGE, MOST_PAGES));
    wanted.first = (page - 1) * wanted.most;
    rc_json_object_begin(out);
    if (*wanted.words) {
        RC_TRY(put_results(&total, call, out, &wanted));
        rc_json_member_int(out, "page", page);
        rc_json_member_int(out, "item_count", total);
        rc_json_member_int(out, "items_per_page", wanted.most);
    }
    rc_json_member_string(out, "execution_time",
                          *wanted.words ? apr_psprintf(call->pool, "%d results (%.3f seconds)",
                                                       total, (double)(rc_clock() - begin) / 1e6)
                                        : "");
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_search[] = {
    {"search", search, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_SEARCH_QUERY, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_SEARCH_TYPE, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_PAGE_LIMIT, RC_TEXT, "10"),
               RC_ARG(RC_P_PAGE, RC_TEXT, "1"),
               RC_ARG(RC_P_SEARCH_SORT, RC_TEXT, "'desc:date'"),
               RC_OBJECT(RC_P_REPO_NAME, RC_REPO, "None", RC_READ),
               RC_OBJECT(RC_P_REPO_GROUP_NAME, RC_REPO_GROUP, "None", RC_READ)),
     NULL, "Find repositories by words in their names and descriptions (search_type `repository`), by name."},
    {.name = NULL},
};
/* clang-format on */
