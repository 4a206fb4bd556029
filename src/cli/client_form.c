/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends forms with libcurl. Certificates are verified and redirects are not followed.
 */
#include "client_form.h"

#include <curl/curl.h>

#include <stdlib.h>
#include <string.h>

#define MOST   (4UL << 20) /* bytes of a page */
#define SECRET "name=csrf_token value=\""

static size_t take_page(char *data, size_t size, size_t n, void *baton)
{
    rc_cli_buf_t *page = baton;
    size_t len = size * n;

    if (len > MOST - page->len)
        return 0;
    rc_cli_buf_add(page, data, len);
    return len;
}

int rc_cli_forms_begin(rc_cli_forms_t *forms, const char *apihost, long timeout)
{
    size_t len = strlen(apihost);

    memset(forms, 0, sizeof(*forms));
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: libcurl cannot start");
    while (len > 0 && apihost[len - 1] == '/')
        len--;
    forms->base = rc_cli_printf("%.*s", (int)len, apihost);
    forms->curl = rc_cli_need(curl_easy_init());
    rc_cli_curl_setup(forms->curl, timeout);
    curl_easy_setopt(forms->curl, CURLOPT_COOKIEFILE, ""); /* cookies are kept, in no file */
    curl_easy_setopt(forms->curl, CURLOPT_ERRORBUFFER, forms->error);
    curl_easy_setopt(forms->curl, CURLOPT_WRITEFUNCTION, take_page);
    curl_easy_setopt(forms->curl, CURLOPT_WRITEDATA, &forms->page);
    return RC_CLI_OK;
}

static void forget_page(rc_cli_forms_t *forms)
{
    if (forms->page.data)
        explicit_bzero(forms->page.data, forms->page.len);
    free(forms->page.data);
    memset(&forms->page, 0, sizeof(forms->page));
}

void rc_cli_forms_end(rc_cli_forms_t *forms)
{
    forget_page(forms);
    curl_easy_cleanup(forms->curl);
    curl_global_cleanup();
    free(forms->base);
}

/* Makes one request; body NULL: a GET. Returns the status, or 0. */
static long request(rc_cli_forms_t *forms, const char *path, const char *body)
{
    char *url = rc_cli_printf("%s%s", forms->base, path);
    long status = 0;

    forget_page(forms);
    rc_cli_buf_add(&forms->page, "", 0);
    curl_easy_setopt(forms->curl, CURLOPT_URL, url);
    if (body)
        curl_easy_setopt(forms->curl, CURLOPT_POSTFIELDS, body);
    else
        curl_easy_setopt(forms->curl, CURLOPT_HTTPGET, 1L);
    if (curl_easy_perform(forms->curl) == CURLE_OK)
        curl_easy_getinfo(forms->curl, CURLINFO_RESPONSE_CODE, &status);
    free(url);
    return status;
}

/* Appends name=value, with a & before it unless it is the first. */
static void put_field(rc_cli_buf_t *body, rc_cli_forms_t *forms, const char *name,
                      const char *value)
{
    char *escaped = rc_cli_need(curl_easy_escape(forms->curl, value, 0));

    if (body->len)
        rc_cli_buf_add(body, "&", 1);
    rc_cli_buf_add(body, name, strlen(name));
    rc_cli_buf_add(body, "=", 1);
    rc_cli_buf_add(body, escaped, strlen(escaped));
    explicit_bzero(escaped, strlen(escaped));
    curl_free(escaped);
}

/* Returns the secret of the form on the last page; NULL when there is none. */
static char *find_secret(const char *page)
{
    const char *at = strstr(page, SECRET);

    return at ? rc_cli_need(strndup(at + strlen(SECRET), strcspn(at + strlen(SECRET), "\"")))
              : NULL;
}

long rc_cli_form_send(rc_cli_forms_t *forms, const char *page, const char *action,
                      const char *const *fields)
{
    long status = request(forms, page, NULL);
    char *secret = status == 200 ? find_secret(forms->page.data) : NULL;
    rc_cli_buf_t body = {0};

    if (!secret)
        return status == 200 ? -1 : status;
    put_field(&body, forms, "csrf_token", secret);
    for (; fields && *fields; fields += 2)
        put_field(&body, forms, fields[0], fields[1]);
    status = request(forms, action, body.data);
    rc_cli_forget(body.data);
    rc_cli_forget(secret);
    return status;
}

int rc_cli_form_fail(const rc_cli_forms_t *forms, long status)
{
    if (!status)
        return rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: %s", forms->error);
    if (status < 0)
        return rc_cli_fail(RC_CLI_NO_ANSWER, "The server has no form to log in");
    return rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: HTTP status %ld", status);
}
