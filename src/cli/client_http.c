/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends one POST to <apihost>/_admin/api with libcurl. The body holds the key, so certificates are
 * verified, redirects are not followed, and only HTTP and HTTPS are allowed.
 */
#include "client.h"

#include <curl/curl.h>

#include <stdlib.h>
#include <string.h>

#define API_PATH        "/_admin/api"
#define CONNECT_TIMEOUT 30L
#define MAX_ANSWER      (1024UL * 1024 * 1024)

static size_t take_answer(char *data, size_t size, size_t n, void *baton)
{
    rc_cli_buf_t *answer = baton;
    size_t len = size * n;

    if (len > MAX_ANSWER - answer->len)
        return 0; /* libcurl ends the transfer with CURLE_WRITE_ERROR */
    rc_cli_buf_add(answer, data, len);
    return len;
}

static char *api_url(const char *apihost)
{
    size_t len = strlen(apihost);

    while (len > 0 && apihost[len - 1] == '/')
        len--;
    return rc_cli_printf("%.*s" API_PATH, (int)len, apihost);
}

/* Reads the variables for certificates, which the curl tool reads but the library does not. */
static void trust_environment(CURL *curl)
{
    const char *file = getenv("CURL_CA_BUNDLE"), *folder = getenv("SSL_CERT_DIR");

    if (!file || !*file)
        file = getenv("SSL_CERT_FILE");
    if (file && *file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, file);
    if (folder && *folder)
        curl_easy_setopt(curl, CURLOPT_CAPATH, folder);
}

static CURLcode allow_http_only(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

void rc_cli_curl_setup(void *curl, long timeout)
{
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "rhodecode-api");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout);
    trust_environment(curl);
}

static CURLcode perform(CURL *curl, rc_cli_buf_t *answer, const char *body, long timeout)
{
    struct curl_slist *headers = NULL, *more;
    CURLcode code;

    headers = rc_cli_need(curl_slist_append(NULL, "Content-Type: text/plain"));
    more = rc_cli_need(curl_slist_append(headers, "Accept: application/json"));
    rc_cli_need(curl_slist_append(more, "Expect:")); /* do not wait for "100 Continue" */
    rc_cli_curl_setup(curl, timeout);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)MAX_ANSWER);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    code = allow_http_only(curl);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    return code;
}

/* Reports a failed transfer. text is libcurl's message, or empty; it may hold the host, never the
 * body. */
static int call_fail(CURLcode code, const char *text)
{
    if (code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED)
        return rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: the answer is larger than %lu bytes",
                           MAX_ANSWER);
    return rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: %s",
                       *text ? text : curl_easy_strerror(code));
}

static int check_status(CURL *curl)
{
    const char *location = NULL;
    long status = 0;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return RC_CLI_OK;
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
    if (location)
        return rc_cli_fail(RC_CLI_NO_ANSWER,
                           "Call failed: HTTP status %ld, a redirect to %.500s, is not followed",
                           status, location);
    rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: HTTP status %ld", status);
    if (status == 401 || status == 404 || status == 405) /* the API answers errors with 200 */
        rc_cli_fail(RC_CLI_NO_ANSWER, "Perhaps there is no API below this URL: see --apihost");
    if (status == 503)
        rc_cli_fail(RC_CLI_NO_ANSWER, "The server or its database is busy or away: try again soon");
    return RC_CLI_NO_ANSWER;
}

int rc_cli_http_post(rc_cli_buf_t *answer, const char *apihost, const char *body, long timeout)
{
    char text[CURL_ERROR_SIZE] = "";
    char *url;
    CURLcode code;
    CURL *curl;
    int status;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return rc_cli_fail(RC_CLI_NO_ANSWER, "Call failed: libcurl cannot start");
    curl = rc_cli_need(curl_easy_init());
    url = api_url(apihost);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
    rc_cli_buf_add(answer, "", 0);
    code = perform(curl, answer, body, timeout);
    status = code == CURLE_OK ? check_status(curl) : call_fail(code, text);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    free(url);
    if (status != RC_CLI_OK)
        free(answer->data);
    return status;
}
