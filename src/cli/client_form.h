/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends forms of the server's pages, as a browser does: with its cookies, and with the secret that
 * each form holds. Private to client_login.c and client_form.c.
 */
#ifndef RC_CLI_CLIENT_FORM_H
#define RC_CLI_CLIENT_FORM_H

#include "client.h"

typedef struct rc_cli_forms_t {
    void *curl;        /* of libcurl; keeps the cookies, in memory */
    char *base;        /* the address of the server, without a slash at the end */
    rc_cli_buf_t page; /* the last answer */
    char error[256];   /* libcurl's message, or empty */
} rc_cli_forms_t;

int rc_cli_forms_begin(rc_cli_forms_t *forms, const char *apihost, long timeout);
void rc_cli_forms_end(rc_cli_forms_t *forms);

/* Get the page with the form, and send the form to action: the secret of the page, and the fields,
 * names and values in turn, NULL at the end. Return the status of HTTP; 0 when there is no answer,
 * -1 when the page has no form. */
long rc_cli_form_send(rc_cli_forms_t *forms, const char *page, const char *action,
                      const char *const *fields);

/* Report such a status as a failure. */
int rc_cli_form_fail(const rc_cli_forms_t *forms, long status);

#endif
