// SPDX-License-Identifier: Apache-2.0
/*
 * The page of one's own keys: lists them masked, makes tokens and deletes them (contract 10 §3). A
 * new key is shown once, in the answer to the form that made it.
 */
#include "account.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "domain/token.h"

#define HERE "/_admin/my_account/auth_tokens"

typedef struct choice_t {
    const char *value, *text;
} choice_t;

static const choice_t roles[] = {
    {"token_role_all", "everything"},       {"token_role_api", "API"},
    {"token_role_http", "pages and views"}, {"token_role_vcs", "clone, fetch, push, commit"},
    {"token_role_feed", "feeds"},
};

static const choice_t lifetimes[] = {
    {"1440", "one day"}, {"43200", "30 days"}, {"525600", "one year"},
    {"60", "one hour"},  {"-1", "no end"},
};

#define ROWS(table) (int)(sizeof(table) / sizeof(*(table)))

/* --- the list --- */

static const char *choice_text(const choice_t *choices, int count, const char *value)
{
    int i;

    for (i = 0; i < count; i++)
        if (!strcmp(choices[i].value, value))
            return choices[i].text;
    return value;
}

static void put_dates(rc_html_t *html, const rc_token_t *token, apr_pool_t *pool)
{
    const rc_user_key_t *key = &token->key;

    rc_html_put(html, "<td class=\"fix more\">");
    rc_page_date(html, apr_time_sec(key->created_on), pool);
    rc_html_put(html, "<td class=fix>");
    if (key->expires == RC_NEVER)
        rc_html_put(html, "never");
    else
        rc_page_date(html, key->expires, pool);
    rc_html_put(html, "%s<td class=\"fix more\">", token->expired ? " (expired)" : "");
    if (key->last_used)
        rc_page_date(html, apr_time_sec(key->last_used), pool);
    else
        rc_html_put(html, "never");
}

static void put_token(rc_html_t *html, const rc_page_account_call_t *account,
                      const rc_token_t *token)
{
    const rc_user_key_t *key = &token->key;
    const char *what = key->main ? "main key" : *key->description ? key->description : "token";

    rc_html_put(html, "<tr><td>%s<td class=fix><code>%s</code><td class=more>%s<td class=more>%s",
                what, token->shown, choice_text(roles, ROWS(roles), key->role), token->scope);
    put_dates(html, token, account->request->pool);
    rc_html_put(html, "<td class=fix>");
    if (!key->main)
        rc_html_put(html,
                    "<form method=post action=\"%s\"><input type=hidden name=csrf_token "
                    "value=\"%s\"><input type=hidden name=auth_token_id value=\"%" APR_INT64_T_FMT
                    "\"><button aria-label=\"Delete %s\">Delete</button></form>",
                    rc_page_mounted(account, HERE "/delete"), account->call->actor.caller->csrf,
                    key->id, what);
    rc_html_put(html, "\n");
}

static void put_choices(rc_html_t *html, const char *label, const char *name,
                        const choice_t *choices, int count)
{
    int i;

    rc_html_put(html, "<label>%s <select name=%s>", label, name);
    for (i = 0; i < count; i++)
        rc_html_put(html, "<option value=\"%s\">%s", choices[i].value, choices[i].text);
    rc_html_put(html, "</select></label>\n");
}

static void put_new_form(rc_html_t *html, const rc_page_account_call_t *account)
{
    rc_html_put(html,
                "<h2>New token</h2>\n<form class=tall method=post action=\"%s\">\n"
                "<input type=hidden name=csrf_token value=\"%s\">\n"
                "<label>Description <input name=description maxlength=255></label>\n",
                rc_page_mounted(account, HERE "/new"), account->call->actor.caller->csrf);
    put_choices(html, "For", "role", roles, ROWS(roles));
    put_choices(html, "Lifetime", "lifetime", lifetimes, ROWS(lifetimes));
    rc_html_put(html, "<label>Only for the repository (its name; empty: for all) "
                      "<input name=repoid maxlength=255></label>\n"
                      "<button>Make a token</button>\n</form>\n");
}

static rc_err_t *find_self(rc_user_t **user, rc_actor_t *actor)
{
    RC_TRY(rc_store_user_by_id(user, actor->db, actor->caller->user_id, actor->pool));
    return *user ? NULL : rc_err(actor->pool, RC_E_NOTFOUND, "no such user");
}

rc_err_t *rc_page_tokens_show(rc_page_account_call_t *account)
{
    rc_actor_t *actor = &account->call->actor;
    apr_array_header_t *tokens;
    rc_user_t *user;
    rc_html_t html;
    int i;

    RC_TRY(find_self(&user, actor));
    RC_TRY(rc_user_tokens(&tokens, actor, user));
    RC_TRY(rc_page_account_open(&html, account, "Keys and tokens"));
    rc_html_put(&html,
                "<h1>Keys and tokens</h1>\n<table class=list>\n<thead><tr><th scope=col>Description"
                "<th scope=col class=fix>Key<th scope=col class=more>For<th scope=col "
                "class=more>Scope<th scope=col class=\"fix more\">Created"
                "<th scope=col class=fix>Expires<th scope=col class=\"fix more\">Last used<td "
                "class=fix><tbody>\n");
    for (i = 0; i < tokens->nelts; i++)
        put_token(&html, account, &APR_ARRAY_IDX(tokens, i, rc_token_t));
    rc_html_put(&html, "</table>\n");
    put_new_form(&html, account);
    rc_page_end(&html);
    return html.err;
}

/* --- the forms --- */

/* Turns the errors of a client into a refusal that says what is wrong. */
static rc_err_t *explain_error(rc_err_t *err, rc_page_account_call_t *account)
{
    if (!err || (err->kind != RC_E_ARG && err->kind != RC_E_FAILED && err->kind != RC_E_NOTFOUND))
        return err;
    return rc_answer_refuse(account->answer, 400,
                            err->kind == RC_E_ARG ? err->msg : "The server does not accept this.",
                            rc_err_log_text(err, account->request->pool));
}

/* Reads the fields of the form; refuses a repository that the user may not see. */
static rc_err_t *read_new(rc_token_creation_t *request, rc_page_account_call_t *account)
{
    rc_actor_t *actor = &account->call->actor;
    const char *repo_name = rc_page_field(account, "repoid");
    rc_repo_t *repo = NULL;
    rc_user_t *user;

    RC_TRY(find_self(&user, actor));
    if (*repo_name)
        RC_TRY(rc_store_repo_seen_by_name(&repo, actor->db, rc_caller_viewer(actor->caller),
                                          repo_name, actor->pool));
    *request = (rc_token_creation_t){.user = user,
                                     .role = rc_role_from_name(rc_page_field(account, "role")),
                                     .description = rc_page_field(account, "description"),
                                     .repo = repo};
    if (*repo_name && !repo)
        return rc_answer_refuse(account->answer, 400, "There is no such repository.", NULL);
    if (!request->role || !rc_text_int(&request->lifetime, rc_page_field(account, "lifetime")))
        return rc_answer_refuse(account->answer, 400, "Choose what the token is for, and how long.",
                                NULL);
    return NULL;
}

rc_err_t *rc_page_token_new(rc_page_account_call_t *account)
{
    rc_token_creation_t request;
    rc_html_t html;

    RC_TRY(rc_actor_open(&account->call->actor));
    RC_TRY(read_new(&request, account));
    if (account->answer->status == 200)
        RC_TRY(explain_error(rc_user_token_create(&account->call->actor, &request), account));
    if (account->answer->status != 200)
        return NULL;
    RC_TRY(rc_page_account_open(&html, account, "New token"));
    rc_html_put(&html,
                "<h1>New token</h1>\n<p>Copy it now: it is not shown again.</p>\n<pre>%s</pre>\n"
                "<p><a href=\"%s\">Keys and tokens</a></p>\n",
                request.made.clear, rc_page_mounted(account, HERE));
    rc_page_end(&html);
    return html.err;
}

rc_err_t *rc_page_token_delete(rc_page_account_call_t *account)
{
    rc_token_choice_t choice = {.which = rc_page_field(account, "auth_token_id")};
    rc_user_t *user;

    RC_TRY(rc_actor_open(&account->call->actor));
    RC_TRY(find_self(&user, &account->call->actor));
    choice.user = user;
    RC_TRY(explain_error(rc_user_token_delete(&account->call->actor, &choice), account));
    return account->answer->status == 200
               ? rc_page_redirect(account, rc_page_mounted(account, HERE))
               : NULL;
}

rc_err_t *rc_page_to_tokens(rc_page_account_call_t *account)
{
    return rc_page_redirect(account, rc_page_mounted(account, HERE));
}
