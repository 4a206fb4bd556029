// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the proxy for programs that fetch: it leads to the checked addresses without looking a name
 * up, refuses all other places, and carries what comes in pieces in both directions.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "remote/proxy.h"
#include "remote/tunnel.h"

typedef union name_t {
    struct sockaddr any;
    struct sockaddr_in in;
} name_t;

static int remote, remote_port;

static name_t name_of(int port)
{
    name_t name = {.in = {.sin_family = AF_INET}};

    name.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.in.sin_port = htons((in_port_t)port);
    return name;
}

static int set_up(void **state)
{
    name_t name = name_of(0);
    socklen_t len = sizeof(name);

    (void)state;
    remote = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(remote, &name.any, sizeof(name)), 0);
    assert_int_equal(listen(remote, 5), 0);
    assert_int_equal(getsockname(remote, &name.any, &len), 0);
    remote_port = ntohs(name.in.sin_port);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return close(remote);
}

/* A remote with a name that nobody resolves. The first address is one where nobody listens. */
static rc_proxy_t *proxy_of(const char *scheme, int port)
{
    rc_remote_url_t *url;
    apr_array_header_t *addresses = apr_array_make(pool, 2, sizeof(const char *));
    rc_proxy_t *proxy;

    APR_ARRAY_PUSH(addresses, const char *) = "127.0.0.2";
    APR_ARRAY_PUSH(addresses, const char *) = "127.0.0.1";
    ASSERT_OK(
        rc_remote_parse(&url, apr_psprintf(pool, "%s://pinned.invalid:%d/r", scheme, port), pool));
    url->addresses = addresses;
    ASSERT_OK(rc_proxy_open(&proxy, url, pool));
    return proxy;
}

static int connect_to(rc_proxy_t *proxy)
{
    name_t name = name_of(rc_proxy_port(proxy));
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, &name.any, sizeof(name)), 0);
    return fd;
}

/* Serves until @a fd is readable, at most some seconds. */
static void serve_until(rc_proxy_t *proxy, int fd)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
                            {.fd = rc_proxy_fd(proxy), .events = POLLIN}};
    int turns;

    for (turns = 0; turns < 1000; turns++) {
        poll(fds, 2, 10);
        if (fds[0].revents)
            return;
        rc_proxy_serve(proxy);
    }
    fail_msg("nothing comes");
}

static const char *read_some(rc_proxy_t *proxy, int fd)
{
    static char text[4096];
    ssize_t n;

    serve_until(proxy, fd);
    n = recv(fd, text, sizeof(text) - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static int accept_one(rc_proxy_t *proxy)
{
    serve_until(proxy, remote);
    return accept(remote, NULL, NULL);
}

static void plain_requests(void **state)
{
    rc_proxy_t *proxy = proxy_of("http", remote_port);
    int program = connect_to(proxy), server;
    const char *request =
        apr_psprintf(pool, "GET http://Pinned.INVALID:%d/x HTTP/1.1\r\n", remote_port);

    (void)state;
    say(program, request);
    rc_proxy_serve(proxy);
    say(program, "\r\nbody");
    server = accept_one(proxy);
    assert_string_equal(read_some(proxy, server), apr_pstrcat(pool, request, "\r\nbody", NULL));
    say(program, "GET http://elsewhere/ HTTP/1.1\r\n\r\n"); /* goes to the same place */
    assert_string_equal(read_some(proxy, server), "GET http://elsewhere/ HTTP/1.1\r\n\r\n");
    say(server, "HTTP/1.1 200 OK\r\n\r\n");
    assert_string_equal(read_some(proxy, program), "HTTP/1.1 200 OK\r\n\r\n");
    assert_int_equal(rc_proxy_received(proxy), 19);
    assert_null(rc_proxy_refused(proxy));
    close(server);
    assert_string_equal(read_some(proxy, program), "");
    close(program);
}

static void tunnels(void **state)
{
    rc_proxy_t *proxy = proxy_of("https", remote_port);
    int program = connect_to(proxy), server;

    (void)state;
    say(program,
        apr_psprintf(pool, "CONNECT pinned.invalid:%d HTTP/1.1\r\nA: b\r\n\r\nhello", remote_port));
    server = accept_one(proxy);
    assert_string_equal(read_some(proxy, program), "HTTP/1.1 200 Connection established\r\n\r\n");
    assert_string_equal(read_some(proxy, server), "hello");
    close(program); /* the end is passed on */
    assert_string_equal(read_some(proxy, server), "");
    close(server);
}

static void much_data(void **state)
{
    enum { MUCH = 3 << 20 };
    rc_proxy_t *proxy = proxy_of("https", remote_port);
    int program = connect_to(proxy), server;
    char *data = apr_palloc(pool, MUCH), *got = apr_palloc(pool, MUCH);
    apr_size_t sent = 0, read = 0, i;

    (void)state;
    for (i = 0; i < MUCH; i++)
        data[i] = (char)(i * 7 + i / 251);
    say(program, apr_psprintf(pool, "CONNECT pinned.invalid:%d HTTP/1.1\r\n\r\n", remote_port));
    server = accept_one(proxy);
    read_some(proxy, program);
    while (read < MUCH) {
        ssize_t n = send(server, data + sent, MUCH - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

        sent += n > 0 ? (apr_size_t)n : 0;
        rc_proxy_serve(proxy);
        n = recv(program, got + read, MUCH - read, MSG_DONTWAIT);
        read += n > 0 ? (apr_size_t)n : 0;
    }
    assert_memory_equal(data, got, MUCH);
    assert_int_equal(rc_proxy_received(proxy), MUCH);
    close(program);
    close(server);
}

static void refused_places(void **state)
{
    static const struct {
        const char *scheme, *request, *refused;
    } rows[] = {
        {"http", "GET http://other.invalid:%d/x HTTP/1.1\r\n\r\n", "other.invalid:%d"},
        {"http", "GET http://pinned.invalid/x HTTP/1.1\r\n\r\n", "pinned.invalid"},
        {"http", "GET http://pinned.invalid.evil:%d/x HTTP/1.1\r\n\r\n", "pinned.invalid.evil:%d"},
        {"http", "GET http://a@pinned.invalid:%d/ HTTP/1.1\r\n\r\n", "a@pinned.invalid:%d"},
        {"http", "GET http://pinned.invalid:%dx/ HTTP/1.1\r\n\r\n", "pinned.invalid:%dx"},
        {"http", "CONNECT pinned.invalid:22 HTTP/1.1\r\n\r\n", "pinned.invalid:22"},
        {"http", "CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n", "127.0.0.1:%d"},
        {"https", "GET http://pinned.invalid:%d/ HTTP/1.1\r\n\r\n", "pinned.invalid:%d"},
        {"https", "CONNECT pinned.invalid:80 HTTP/1.1\r\n\r\n", "pinned.invalid:80"},
        {"http", "GET /x HTTP/1.1\r\n\r\n", NULL},
        {"http", "noise\r\n\r\n", NULL},
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < ROWS(rows); i++) {
        rc_proxy_t *proxy = proxy_of(rows[i].scheme, remote_port);
        int program = connect_to(proxy);
        char port[12];
        const char *refused = rows[i].refused, *at = strstr(rows[i].request, "%d");

        apr_snprintf(port, sizeof(port), "%d", remote_port);
        say(program, at ? apr_pstrcat(pool,
                                      apr_pstrmemdup(pool, rows[i].request,
                                                     (apr_size_t)(at - rows[i].request)),
                                      port, at + 2, NULL)
                        : rows[i].request);
        assert_non_null(strstr(read_some(proxy, program), "HTTP/1.1 403 Forbidden"));
        at = refused ? strstr(refused, "%d") : NULL;
        if (at)
            refused = apr_pstrcat(pool, apr_pstrmemdup(pool, refused, (apr_size_t)(at - refused)),
                                  port, at + 2, NULL);
        if (refused)
            assert_string_equal(rc_proxy_refused(proxy), refused);
        else
            assert_null(rc_proxy_refused(proxy));
        close(program);
    }
}

static void nobody_there(void **state)
{
    rc_proxy_t *proxy = proxy_of("http", 1);
    int program = connect_to(proxy);

    (void)state;
    say(program, "GET http://pinned.invalid:1/ HTTP/1.1\r\n\r\n");
    assert_non_null(strstr(read_some(proxy, program), "HTTP/1.1 502 Bad Gateway"));
    close(program);
}

static void too_long_a_head(void **state)
{
    rc_proxy_t *proxy = proxy_of("http", remote_port);
    int program = connect_to(proxy);
    char *text = apr_palloc(pool, 32 * 1024 + 1);

    (void)state;
    memset(text, 'x', 32 * 1024);
    text[32 * 1024] = '\0';
    say(program, text);
    assert_non_null(strstr(read_some(proxy, program), "HTTP/1.1 403 Forbidden"));
    close(program);
}

/* Rewrites @a request, with @a more bytes of room than it has; NULL: it cannot be. */
static const char *single(const char *request, apr_size_t more)
{
    apr_size_t len = strlen(request), room = len + more;
    char *text = malloc(room); /* so that the sanitizer sees its end */
    const char *made = NULL;

    assert_non_null(text);
    memcpy(text, request, len);
    if (rc_tunnel_single(text, &len, room))
        made = apr_pstrmemdup(pool, text, len);
    free(text);
    return made;
}

static void one_request_for_a_server(void **state)
{
    (void)state;
    assert_string_equal(single("GET http://h:8/a?b HTTP/1.1\r\nHost: h\r\n\r\nbody", 100),
                        "GET /a?b HTTP/1.1\r\nConnection: close\r\nHost: h\r\n\r\nbody");
    assert_string_equal(single("GET http://h/ HTTP/1.1\r\n\r\n", 11),
                        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_null(single("GET http://h/ HTTP/1.1\r\n\r\n", 10));
    assert_null(single("GET http://h HTTP/1.1\r\n\r\n", 100));
    assert_null(single("GET http://h?x HTTP/1.1\r\n\r\n", 100));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_request_for_a_server),
    cmocka_unit_test_setup_teardown(plain_requests, set_up, tear_down),
    cmocka_unit_test_setup_teardown(tunnels, set_up, tear_down),
    cmocka_unit_test_setup_teardown(much_data, set_up, tear_down),
    cmocka_unit_test_setup_teardown(refused_places, set_up, tear_down),
    cmocka_unit_test_setup_teardown(nobody_there, set_up, tear_down),
    cmocka_unit_test_setup_teardown(too_long_a_head, set_up, tear_down),
};

UNIT_MAIN(tests)
