// SPDX-License-Identifier: Apache-2.0
/*
 * The console: a page on which people try the methods of the API (contract 10 §3). Its script asks
 * the API for the methods, with a key that is typed, or with a token of ten minutes that a session
 * gets here: a session itself does not open the API.
 */
#include "account.h"

#include "domain/token.h"

#define LIFETIME 10 /* minutes */

rc_err_t *rc_page_console_show(rc_page_account_call_t *account)
{
    rc_html_t html;

    RC_TRY(rc_page_account_open(&html, account, "Console"));
    rc_answer_header(account->answer, "Content-Security-Policy", rc_page_console_policy());
    rc_html_put(
        &html,
        "<h1>Console</h1>\n<noscript><p>This page needs scripts.</p></noscript>\n"
        "<div id=console data-api=\"%s\" data-token=\"%s\" data-csrf=\"%s\" data-host=\"%s\">\n",
        rc_page_mounted(account, "/_admin/api"), rc_page_mounted(account, "/_admin/console/token"),
        account->call->actor.caller->csrf, account->request->base_url);
    rc_html_put(
        &html,
        "<p>Lists the methods of the API and calls them: with a key of ten minutes for your login, "
        "or "
        "with a key of yours. This page forgets either when it is closed.</p>\n<form "
        "id=typed><button type=button id=mine>Use my login</button>\n"
        "<label>or a key <input type=password id=key autocomplete=off></label>"
        "<button>Use this key</button></form>\n"
        "<div id=work hidden>\n<label>Filter <input type=search id=filter></label>\n"
        "<p><label>Method<br><select id=methods size=10></select></label></p>\n"
        "<form id=call class=tall></form>\n</div>\n"
        "<p id=state role=status></p>\n"
        "<div id=answer hidden>\n<h2>Answer</h2>\n<pre id=result></pre>\n<h2>As curl</h2>\n"
        "<pre id=curl></pre>\n<h2>As rhodecode-api</h2>\n<pre id=client></pre>\n</div>\n</div>\n"
        "<script>");
    if (!html.err)
        html.err = rc_spool_puts(html.spool, rc_page_script);
    rc_html_put(&html, "</script>\n");
    rc_page_end(&html);
    return html.err;
}

rc_err_t *rc_page_console_token(rc_page_account_call_t *account)
{
    rc_actor_t *actor = &account->call->actor;
    rc_token_creation_t request = {.role = RC_ROLE_API,
                                   .lifetime = LIFETIME,
                                   .description = "Console",
                                   .replace_expired = true};
    rc_user_t *user;

    RC_TRY(rc_actor_open(actor));
    RC_TRY(rc_store_user_by_id(&user, actor->db, actor->caller->user_id, actor->pool));
    if (!user)
        return rc_err(actor->pool, RC_E_NOTFOUND, "no such user");
    request.user = user;
    RC_TRY(rc_user_token_create(actor, &request));
    account->answer->type = "text/plain; charset=utf-8";
    rc_page_headers(account->answer);
    rc_answer_header(account->answer, "Cache-Control", "no-store");
    return rc_spool_puts(account->answer->spool, request.made.clear);
}
