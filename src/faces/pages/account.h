// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what the pages below /_admin share. Each is a row of account.c.
 */
#ifndef RC_FACES_PAGES_ACCOUNT_H
#define RC_FACES_PAGES_ACCOUNT_H

#include "page.h"

/* One request to such a page. */
typedef struct rc_page_account_call_t {
    rc_answer_t *answer;
    const rc_request_t *request;
    rc_page_visit_t *visit;
    rc_view_call_t *call; /* holds the actor; without a connection while a form is served */
    const char *form;     /* the body of a POST, as a query */
} rc_page_account_call_t;

/** Returns a field of the form; "" when it is missing. */
const char *rc_page_field(const rc_page_account_call_t *account, const char *name);

/** Returns the URL of @a path below the mount. */
const char *rc_page_mounted(const rc_page_account_call_t *account, const char *path);

/** Makes the answer a redirection, by GET, to @a url. */
rc_err_t *rc_page_redirect(rc_page_account_call_t *account, const char *url);

/** Begins such a page, which nobody keeps. */
rc_err_t *rc_page_account_open(rc_html_t *html, rc_page_account_call_t *account, const char *title);

/** Checks a password, within the limits on guessing. Sets *@a caller to its owner; NULL when it is
 * wrong, or the answer has become a refusal. Call it without a connection. login.c */
rc_err_t *rc_page_check_password(const rc_caller_t **caller, rc_page_account_call_t *account,
                                 const char *name, const char *password);

/* login.c, my_account.c, auth_tokens.c, pull_forms.c, console.c: functions of rows */
rc_err_t *rc_page_login_show(rc_page_account_call_t *account);
rc_err_t *rc_page_log_in(rc_page_account_call_t *account);
rc_err_t *rc_page_log_out(rc_page_account_call_t *account);
rc_err_t *rc_page_account_show(rc_page_account_call_t *account);
rc_err_t *rc_page_change_password(rc_page_account_call_t *account);
rc_err_t *rc_page_tokens_show(rc_page_account_call_t *account);
rc_err_t *rc_page_token_new(rc_page_account_call_t *account);
rc_err_t *rc_page_token_delete(rc_page_account_call_t *account);
rc_err_t *rc_page_to_tokens(rc_page_account_call_t *account);
rc_err_t *rc_page_pull_new(rc_page_account_call_t *account);
rc_err_t *rc_page_pull_comment(rc_page_account_call_t *account);
rc_err_t *rc_page_pull_update(rc_page_account_call_t *account);
rc_err_t *rc_page_pull_commits_now(rc_page_account_call_t *account);
rc_err_t *rc_page_pull_close(rc_page_account_call_t *account);
rc_err_t *rc_page_pull_merge(rc_page_account_call_t *account);
rc_err_t *rc_page_console_show(rc_page_account_call_t *account);
rc_err_t *rc_page_console_token(rc_page_account_call_t *account);

#endif
