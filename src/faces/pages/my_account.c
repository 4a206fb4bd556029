// SPDX-License-Identifier: Apache-2.0
/*
 * The page of one's own account, and the change of its password.
 */
#include "account.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"
#include "base/text.h"
#include "domain/session.h"
#include "domain/user_self.h"
#include "faces/session.h"
#include "store/rule.h"
#include "store/user.h"

#define PASSWORD_LEAST 6   /* characters, as in RhodeCode */
#define PASSWORD_MOST  255 /* bytes */

static void put_list(rc_html_t *html, const char *title, const apr_array_header_t *texts,
                     const char *none)
{
    int i;

    rc_html_put(html, "<dt>%s<dd>%s", title, texts->nelts ? NULL : none);
    for (i = 0; i < texts->nelts; i++)
        rc_html_put(html, "%s<br>", APR_ARRAY_IDX(texts, i, const char *));
    rc_html_put(html, "\n");
}

static rc_err_t *put_account(rc_html_t *html, rc_page_account_call_t *account)
{
    rc_actor_t *actor = &account->call->actor;
    rc_user_details_t details;
    apr_array_header_t *permissions;
    rc_user_t *user;

    RC_TRY(rc_store_user_by_id(&user, actor->db, actor->caller->user_id, actor->pool));
    if (!user)
        return rc_err(actor->pool, RC_E_NOTFOUND, "no such user");
    RC_TRY(rc_store_user_details(&details, actor->db, user, actor->pool));
    RC_TRY(rc_rule_global_names(&permissions, actor->db, user->id, user->admin, actor->pool));
    rc_html_put(html, "<dl>\n<dt>User name<dd>%s\n<dt>Name<dd>%s %s\n", user->username,
                user->firstname, user->lastname);
    put_list(html, "E-mail", details.emails, "none");
    put_list(html, "Allowed addresses", details.ips, "all");
    put_list(html, "Permissions", permissions, "none");
    rc_html_put(html, "</dl>\n");
    return html->err;
}

/* Says what a form has just done. The URL only chooses this text, and adds nothing to it. */
static void put_change(rc_html_t *html, const rc_page_account_call_t *account)
{
    const char *changed =
        rc_query_parameter(account->request->query, "changed", account->request->pool);

    if (changed && !strcmp(changed, "password"))
        rc_html_put(html, "<p role=status>The password has been changed. All other sessions have "
                          "ended.</p>\n");
}

rc_err_t *rc_page_account_show(rc_page_account_call_t *account)
{
    rc_html_t html;

    RC_TRY(rc_page_account_open(&html, account, "My account"));
    rc_html_put(&html, "<h1>My account</h1>\n");
    put_change(&html, account);
    RC_TRY(put_account(&html, account));
    rc_html_put(
        &html,
        "<p class=links><a href=\"%s\">Keys and tokens</a> <a href=\"%s\">Console of the API"
        "</a></p>\n"
        "<h2>Password</h2>\n<form class=tall method=post action=\"%s\">\n"
        "<input type=hidden name=csrf_token value=\"%s\">\n"
        "<label>Current password <input type=password name=current_password "
        "autocomplete=current-password required maxlength=255></label>\n"
        "<label>New password <input type=password name=new_password "
        "autocomplete=new-password required maxlength=255></label>\n"
        "<label>New password again <input type=password name=new_password_confirm "
        "autocomplete=new-password required maxlength=255></label>\n"
        "<button>Change password</button>\n</form>\n",
        rc_page_mounted(account, "/_admin/my_account/auth_tokens"),
        rc_page_mounted(account, "/_admin/console"),
        rc_page_mounted(account, "/_admin/my_account/password"), account->call->actor.caller->csrf);
    rc_page_end(&html);
    return html.err;
}

/* Returns what is wrong with the new password, or NULL. */
static const char *complaint_about(const char *new_password, const char *again)
{
    if (strcmp(new_password, again))
        return "The new passwords differ.";
    if (rc_text_characters(new_password) < PASSWORD_LEAST)
        return "The new password needs at least 6 characters.";
    return strlen(new_password) > PASSWORD_MOST ? "The new password is too long." : NULL;
}

static rc_err_t *complain(rc_page_account_call_t *account, const char *message)
{
    return rc_answer_refuse(account->answer, 400, message, NULL);
}

/* Sets the password, which ends all sessions of the user, and begins a new one. */
static rc_err_t *set_new_password(rc_page_account_call_t *account, const char *password)
{
    rc_actor_t *actor = &account->call->actor;
    rc_user_item_t item = {NULL, password};
    const char *cookie;
    rc_user_t *user;

    RC_TRY(rc_actor_open(actor));
    RC_TRY(rc_store_user_by_id(&user, actor->db, actor->caller->user_id, actor->pool));
    if (!user)
        return rc_err(actor->pool, RC_E_NOTFOUND, "no such user");
    item.user = user;
    RC_TRY(rc_user_password_set(actor, &item));
    actor->renew = NULL; /* this session has just ended */
    RC_TRY(rc_session_begin(&cookie, actor, user->id));
    rc_face_set_cookie(account->answer, account->request, RC_COOKIE_SESSION, cookie);
    return rc_page_redirect(account,
                            rc_page_mounted(account, "/_admin/my_account?changed=password"));
}

rc_err_t *rc_page_change_password(rc_page_account_call_t *account)
{
    const char *password = rc_page_field(account, "new_password");
    const char *problem = complaint_about(password, rc_page_field(account, "new_password_confirm"));
    const rc_caller_t *caller;
    rc_err_t *err;

    if (problem)
        return complain(account, problem);
    RC_TRY(rc_page_check_password(&caller, account, account->call->actor.caller->username,
                                  rc_page_field(account, "current_password")));
    if (account->answer->status != 200)
        return NULL;
    if (!caller)
        return complain(account, "The current password is wrong.");
    err = set_new_password(account, password);
    return err && err->kind == RC_E_ARG ? complain(account, err->msg) : err;
}
