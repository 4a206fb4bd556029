// SPDX-License-Identifier: Apache-2.0
/*
 * Resolves the host of a remote; the policy must allow every address. A child process (getent, part
 * of the C library's package) does it, because getaddrinfo has no deadline and cannot be
 * interrupted.
 */
#include "remote/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/process.h"
#include "base/time.h"
#include "base/unconst.h"

#define MAX_ADDRESSES 16
#define MAX_ANSWER    (256 * 1024) /* bytes: thousands of addresses */
#define MAX_MEMORY    ((apr_off_t)256 << 20)
#define PATIENCE      apr_time_from_sec(15)

/* Checks a numeric address and adds it to the list unless it is there already. */
static rc_err_t *admit_address(apr_array_header_t *addresses, const rc_remote_policy_t *policy,
                               const rc_remote_url_t *url, const char *text)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    apr_pool_t *pool = addresses->pool;
    struct addrinfo *info;
    bool global;
    int i;

    if (strchr(text, '%')) /* a link-local address of one interface cannot be pinned */
        return rc_err_failed(pool, "remote address: host %s has a scoped address", url->host);
    if (getaddrinfo(text, NULL, &hints, &info))
        return rc_err_failed(pool, "remote address: host %s has an invalid address", url->host);
    global = rc_remote_is_global(info->ai_addr);
    freeaddrinfo(info);
    if (!policy->private_addresses && !global)
        return rc_err_failed(
            pool, "remote address: host %s is %s, which is not public (see RcapiRemotePrivate)",
            url->host, text);
    for (i = 0; i < addresses->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(addresses, i, const char *), text) == 0)
            return NULL;
    if (addresses->nelts < MAX_ADDRESSES) /* the rest is checked, but not used */
        APR_ARRAY_PUSH(addresses, const char *) = apr_pstrdup(pool, text);
    return NULL;
}

bool rc_remote_client_gone(const rc_remote_policy_t *policy)
{
    return policy->work && policy->work->gone && policy->work->gone(policy->work->baton);
}

static bool client_waits(void *policy)
{
    return !rc_remote_client_gone(policy);
}

/* Writes the output of getent into the file @a out: lines that begin with an address. */
static rc_err_t *ask_child(const rc_remote_url_t *url, int out, const rc_remote_policy_t *policy,
                           apr_time_t deadline, apr_pool_t *pool)
{
    const char *const argv[] = {"getent", "ahosts", url->host, NULL};
    static const char *const env[] = {"PATH=" RC_PROC_PATH, "LC_ALL=C", NULL};
    rc_proc_t proc = {.argv = argv, .env = env, .dir = "/", .in = -1, .out = out};
    apr_time_t patience = rc_clock() + PATIENCE;
    rc_proc_result_t result;

    proc.deadline = deadline < patience ? deadline : patience;
    proc.max_file = MAX_ANSWER;
    proc.max_memory = MAX_MEMORY;
    proc.check = client_waits;
    proc.baton = rc_unconst(policy);
    RC_TRY(rc_proc_run(&result, &proc, pool));
    if (result.timed_out)
        return rc_err_failed(pool, "remote address: host %s: looking it up takes too long",
                             url->host);
    if (result.stopped)
        return rc_err(pool, RC_E_GONE, "The client has gone");
    return result.status == 0
               ? NULL
               : rc_err_failed(pool, "remote address: host %s is not known", url->host);
}

static rc_err_t *read_answer(char *text, int fd, apr_pool_t *pool)
{
    ssize_t len = pread(fd, text, MAX_ANSWER, 0);

    if (len < 0)
        return rc_err_internal(pool, errno, "cannot read the addresses of a host");
    text[len] = '\0';
    return NULL;
}

static rc_err_t *look_up(rc_remote_url_t *url, const rc_remote_policy_t *policy,
                         apr_time_t deadline, apr_array_header_t *addresses)
{
    apr_pool_t *pool = addresses->pool;
    char *text = apr_palloc(pool, MAX_ANSWER + 1), *last, *line;
    int fd = memfd_create("addresses", MFD_CLOEXEC);
    rc_err_t *err;

    if (fd < 0)
        return rc_err_internal(pool, errno, "cannot make a file in memory");
    err = ask_child(url, fd, policy, deadline, pool);
    if (!err)
        err = read_answer(text, fd, pool);
    close(fd);
    RC_TRY(err);
    for (line = apr_strtok(text, "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        line[strcspn(line, " \t")] = '\0';
        RC_TRY(admit_address(addresses, policy, url, line));
    }
    return NULL;
}

rc_err_t *rc_remote_resolve(rc_remote_url_t *url, const rc_remote_policy_t *policy,
                            apr_time_t deadline, apr_pool_t *pool)
{
    apr_array_header_t *addresses = apr_array_make(pool, 4, sizeof(const char *));

    url->addresses = addresses;
    if (!url->host)
        return NULL;
    if (url->numeric)
        return admit_address(addresses, policy, url, url->host);
    RC_TRY(look_up(url, policy, deadline, addresses));
    if (addresses->nelts == 0)
        return rc_err_failed(pool, "remote address: host %s has no address", url->host);
    return NULL;
}
