// SPDX-License-Identifier: Apache-2.0
/*
 * Sends a POST with libcurl, to the addresses of the host that were checked.
 */
#include "remote/post.h"

#include <string.h>

#include <curl/curl.h>

#include <apr_strings.h>

#include "base/time.h"
#include "remote/address.h"

#define ANSWER_MOST ((size_t)64 << 10) /* bytes of an answer's body that are read */

void rc_post_startup(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Splits off the query, which the parser of remotes does not know. */
static rc_err_t *parse(rc_remote_url_t **out, const char *url, apr_pool_t *pool)
{
    const char *query = url + strcspn(url, "?#"), *p;

    for (p = query; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '#' || *p == '\\')
            return rc_err_failed(pool, "the URL holds a fragment, control character or blank");
    if (strncasecmp(url, "http://", 7) && strncasecmp(url, "https://", 8))
        return rc_err_failed(pool, "the URL must begin with http:// or https://");
    return rc_remote_parse(out, apr_pstrmemdup(pool, url, (apr_size_t)(query - url)), pool);
}

rc_err_t *rc_post_check(const char *url, apr_pool_t *pool)
{
    rc_remote_url_t *parsed;

    return parse(&parsed, url, pool);
}

/* Returns what CURLOPT_RESOLVE needs: "host:port:address,address". */
static const char *pin(const rc_remote_url_t *url, apr_pool_t *pool)
{
    const char *all = NULL;
    int i;

    for (i = 0; i < url->addresses->nelts; i++) {
        const char *one = rc_remote_bracketed(APR_ARRAY_IDX(url->addresses, i, const char *), pool);

        all = all ? apr_pstrcat(pool, all, ",", one, NULL) : one;
    }
    return apr_psprintf(pool, "%s:%d:%s", url->host, url->port ? url->port : url->default_port,
                        all);
}

/* The answer's text does not matter: a part of it is read, so that the server can send it. */
static size_t drop_answer(char *data, size_t size, size_t n, void *baton)
{
    size_t *left = baton;

    (void)data;
    if (size * n > *left)
        return 0;
    *left -= size * n;
    return size * n;
}

static void set_curl(CURL *curl, const rc_post_t *post, long milliseconds)
{
    curl_easy_setopt(curl, CURLOPT_URL, post->url);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, post->agent);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post->body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->len);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_answer);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static rc_err_t *judge_answer(CURLcode code, int status, apr_pool_t *pool)
{
    if (status >= 300 && status < 400)
        return rc_err_failed(pool, "HTTP status %d: redirects are not followed", status);
    if (status && (status < 200 || status > 299))
        return rc_err_failed(pool, "HTTP status %d", status);
    if (code != CURLE_OK && (code != CURLE_WRITE_ERROR || !status))
        return rc_err_failed(pool, "%s", curl_easy_strerror(code));
    return NULL;
}

static rc_err_t *perform(int *status, CURL *curl, const rc_post_t *post, const char *pinned,
                         long milliseconds, apr_pool_t *pool)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:"), *hosts = NULL;
    size_t left = ANSWER_MOST;
    CURLcode code;
    long answer = 0;
    int i;

    for (i = 0; post->headers[i]; i++)
        headers = curl_slist_append(headers, post->headers[i]);
    if (pinned)
        hosts = curl_slist_append(NULL, pinned);
    set_curl(curl, post, milliseconds);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &left);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_RESOLVE, hosts);
    code = headers && (hosts || !pinned) ? curl_easy_perform(curl) : CURLE_OUT_OF_MEMORY;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    curl_slist_free_all(headers);
    curl_slist_free_all(hosts);
    *status = (int)answer;
    return judge_answer(code, *status, pool);
}

rc_err_t *rc_post_send(int *status, const rc_post_t *post, const rc_remote_policy_t *policy,
                       apr_pool_t *pool)
{
    apr_time_t deadline = rc_clock() + post->timeout;
    rc_remote_url_t *url, *admitted;
    apr_interval_time_t left;
    rc_err_t *err;
    CURL *curl;

    *status = 0;
    RC_TRY(parse(&url, post->url, pool));
    RC_TRY(rc_remote_admit(&admitted, policy,
                           apr_pstrmemdup(pool, post->url, strcspn(post->url, "?")), deadline,
                           pool));
    left = deadline - rc_clock();
    if (left < apr_time_from_msec(1))
        return rc_err_failed(pool, "%s", curl_easy_strerror(CURLE_OPERATION_TIMEDOUT));
    curl = curl_easy_init();
    if (!curl)
        return rc_err_failed(pool, "out of memory");
    err = perform(status, curl, post, admitted->numeric ? NULL : pin(admitted, pool),
                  (long)apr_time_as_msec(left), pool);
    curl_easy_cleanup(curl);
    return err;
}
