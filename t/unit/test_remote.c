// SPDX-License-Identifier: Apache-2.0
/* Tests which remote addresses are accepted, how git gets them, and how their passwords
 * are masked. */
#include "test_remote.h"

#include <arpa/inet.h>

#include "vcs/git/env.h"
#include "remote/address.h"

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static apr_pool_t *pool;

/* ---- form ---- */

static void good_urls(void **state)
{
    static const struct {
        const char *url, *scheme, *user, *password, *host;
        int port; /* 0 = the scheme's own */
        const char *path;
    } rows[] = {
        {"http://example.com/r", "http", NULL, NULL, "example.com", 0, "/r"},
        {"http://example.com/", "http", NULL, NULL, "example.com", 0, "/"},
        {"HTTPS://Example.COM/R.git", "https", NULL, NULL, "example.com", 0, "/R.git"},
        {"http://example.com:8080/r", "http", NULL, NULL, "example.com", 8080, "/r"},
        {"http://example.com:80/r", "http", NULL, NULL, "example.com", 0, "/r"},
        {"https://example.com:80/r", "https", NULL, NULL, "example.com", 80, "/r"},
        {"https://u:p@example.com/r", "https", "u", "p", "example.com", 0, "/r"},
        {"https://u%40x:p%3A%2f%25@h.io/r", "https", "u@x", "p:/%", "h.io", 0, "/r"},
        {"https://token@h.io/r", "https", "token", NULL, "h.io", 0, "/r"},
        {"https://u:@h.io/r", "https", "u", "", "h.io", 0, "/r"},
        {"https://:p@h.io/r", "https", "", "p", "h.io", 0, "/r"},
        {"https://u:p:q@h.io/r", "https", "u", "p:q", "h.io", 0, "/r"},
        {"https://h.io/a@b:c/r", "https", NULL, NULL, "h.io", 0, "/a@b:c/r"},
        {"http://[::1]/r", "http", NULL, NULL, "::1", 0, "/r"},
        {"http://[2001:DB8:0::5]:81/r", "http", NULL, NULL, "2001:db8::5", 81, "/r"},
        {"http://127.1/r", "http", NULL, NULL, "127.0.0.1", 0, "/r"},
        {"http://0x7f.1/r", "http", NULL, NULL, "127.0.0.1", 0, "/r"},
        {"http://0177.0.0.1/r", "http", NULL, NULL, "127.0.0.1", 0, "/r"},
        {"http://2130706433/r", "http", NULL, NULL, "127.0.0.1", 0, "/r"},
        {"http://0X7F000001/r", "http", NULL, NULL, "127.0.0.1", 0, "/r"},
        {"http://0/r", "http", NULL, NULL, "0.0.0.0", 0, "/r"},
        {"git://h.io/r", "git", NULL, NULL, "h.io", 0, "/r"},
        {"git://h.io:9418/~u/r", "git", NULL, NULL, "h.io", 0, "/~u/r"},
        {"ssh://git@h.io/r", "ssh", "git", NULL, "h.io", 0, "/r"},
        {"ssh://h.io:2222/r%20x", "ssh", NULL, NULL, "h.io", 2222, "/r%20x"},
        {"git@h.io:org/r.git", "ssh", "git", NULL, "h.io", 0, "org/r.git"},
        {"git@[::1]:r", "ssh", "git", NULL, "::1", 0, "r"},
        {"git@h.io:/abs/r:x@y", "ssh", "git", NULL, "h.io", 0, "/abs/r:x@y"},
        {"svn://bob:x@h.io:3690/r", "svn", "bob", "x", "h.io", 0, "/r"},
        {"file:///srv/r", "file", NULL, NULL, NULL, 0, "/srv/r"},
        {"/srv/r", "file", NULL, NULL, NULL, 0, "/srv/r"},
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        rc_remote_url_t *url;
        rc_err_t *err = rc_remote_parse(&url, rows[i].url, pool);

        if (err)
            fail_msg("%s: %s", rows[i].url, err->detail);
        assert_string_equal(url->scheme, rows[i].scheme);
        assert_string_equal(url->user ? url->user : "-", rows[i].user ? rows[i].user : "-");
        assert_string_equal(url->password ? url->password : "-",
                            rows[i].password ? rows[i].password : "-");
        assert_string_equal(url->host ? url->host : "-", rows[i].host ? rows[i].host : "-");
        assert_int_equal(url->port, rows[i].port);
        assert_string_equal(url->path, rows[i].path);
    }
}

static void bad_urls(void **state)
{
    static const char *const rows[] = {
        "",
        " ",
        "-",
        "--upload-pack=touch",
        "-oProxyCommand=x@h:r",
        "example.com",
        "example.com/r",
        "r",
        "../r",
        "./r",
        "~/r",
        "host:r",
        "host:8080/r",
        "C:/r",
        /* helpers */
        "ext::sh -c id",
        "ext::id",
        "fd::7",
        "http::http://h.io/r",
        "HTTP::x",
        "::x",
        "a+b::x",
        /* schemes */
        "ftp://h.io/r",
        "rsync://h.io/r",
        "git+ssh://h.io/r",
        "svn+ssh://h.io/r",
        "javascript://h.io/r",
        "gopher://h.io/r",
        "://h.io/r",
        "http:/h.io/r",
        "http:h.io/r",
        "http//h.io/r",
        /* characters */
        "http://h.io/a b",
        "http://h.io/a\tb",
        "http://h.io/a\nb",
        "http://h.io/a\rb",
        "http://h.io/a\x7f",
        "http://h.io/a\x01",
        " http://h.io/r",
        "http://h.io/r ",
        "http://h.io\\@127.0.0.1/r",
        "http:\\\\h.io\\r",
        "http://h.io/%",
        "http://h.io/%4",
        "http://h.io/%zz",
        "http://h.io/%00",
        "http://h.io/%0a",
        "git://h.io/%0d%0ahost=x",
        "ssh://h.io/%7f",
        "file:///a%0ab",
        "http://h.io/r?x",
        "http://h.io/r#x",
        "http://h.io?x/r",
        "http://h.io#x/r",
        "/srv/r?x",
        "git@h.io:r#x",
        /* users */
        "http://a@b@h.io/r",
        "http://a:b@c:d@h.io/r",
        "http://u:p%0d%0aX@h.io/r",
        "http://u%00:p@h.io/r",
        "http://u%3a:p@h.io/r",
        "http://u:%@h.io/r",
        "git://u@h.io/r",
        "git://u:p@h.io/r",
        "ssh://u:p@h.io/r",
        "ssh://-l@h.io/r",
        "ssh://@h.io/r",
        "ssh://a%20b@h.io/r",
        "ssh://$(id)@h.io/r",
        "ssh://a'b@h.io/r",
        "-x@h.io:r",
        "u:p@h.io:r",
        "a;b@h.io:r",
        /* hosts */
        "http:///r",
        "http://",
        "http://h.io",
        "http://:80/r",
        "http://@/r",
        "http://-h.io/r",
        "ssh://-oProxyCommand=id/r",
        "ssh://u@-oProxyCommand=id/r",
        "u@-oProxyCommand=id:r",
        "http://.h.io/r",
        "http://h.io./r",
        "http://127.0.0.1./r",
        "http://h..io/r",
        "http://h_x.io/r",
        "http://h,io/r",
        "http://h;io/r",
        "http://h$io/r",
        "http://h'io/r",
        "http://h%2eio/r",
        "http://127%2e0.0.1/r",
        "http://%31/r",
        "http://h\xc3\xa9.io/r",
        "http://\xe2\x91\xa0.io/r",
        "http://1.2.3.4.5/r",
        "http://1.2.3.256/r",
        "http://256.1.1.1/r",
        "http://08.1.1.1/r",
        "http://h.io.1/r",
        "http://0x/r",
        "http://h.0x1/r",
        "http://4294967296/r",
        "http://[::1/r",
        "http://[::1]x/r",
        "http://[]/r",
        "http://[::g]/r",
        "http://[fe80::1%25eth0]/r",
        "http://[fe80::1%eth0]/r",
        "http://[127.0.0.1]/r",
        "http://[h.io]/r",
        "http://::1/r",
        "http://h.io]/r",
        /* ports */
        "http://h.io:/r",
        "http://h.io:0/r",
        "http://h.io:65536/r",
        "http://h.io:99999/r",
        "http://h.io:000080/r",
        "http://h.io:+80/r",
        "http://h.io:-80/r",
        "http://h.io:8a/r",
        "http://h.io:80:80/r",
        "http://[::1]:/r",
        /* paths */
        "git@h.io:",
        "git@h.io:-r",
        "git@h.io",
        "git@h.io/r",
        "file://h.io/srv/r",
        "file://localhost/srv/r",
        "file:srv/r",
        "file://",
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        rc_remote_url_t *url;
        rc_err_t *err = rc_remote_parse(&url, rows[i], pool);

        if (!err)
            fail_msg("accepted: %s", rows[i]);
        assert_int_equal(err->kind, RC_E_FAILED);
    }
}

static void long_urls(void **state)
{
    char text[4096];
    rc_remote_url_t *url;

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "http://h.io/", 12);
    text[2048] = '\0';
    assert_null(rc_remote_parse(&url, text, pool));
    text[2048] = 'a';
    text[2049] = '\0';
    assert_non_null(rc_remote_parse(&url, text, pool));
    memset(text + 7, 'h', 254);
    memcpy(text + 7 + 254, "/r", 3);
    assert_non_null(rc_remote_parse(&url, text, pool));
    assert_non_null(rc_remote_parse(&url, NULL, pool));
}

/* ---- addresses ---- */

static void addresses(void **state)
{
    static const struct {
        const char *address;
        bool global;
    } rows[] = {
        {"8.8.8.8", true},
        {"1.1.1.1", true},
        {"0.0.0.0", false},
        {"0.255.255.255", false},
        {"9.255.255.255", true},
        {"10.0.0.0", false},
        {"10.255.255.255", false},
        {"11.0.0.0", true},
        {"100.63.255.255", true},
        {"100.64.0.0", false},
        {"100.127.255.255", false},
        {"100.128.0.0", true},
        {"126.255.255.255", true},
        {"127.0.0.1", false},
        {"127.255.255.255", false},
        {"128.0.0.0", true},
        {"169.253.255.255", true},
        {"169.254.169.254", false},
        {"169.255.0.0", true},
        {"172.15.255.255", true},
        {"172.16.0.0", false},
        {"172.31.255.255", false},
        {"172.32.0.0", true},
        {"192.0.0.1", false},
        {"192.0.1.0", true},
        {"192.0.2.1", false},
        {"192.0.3.0", true},
        {"192.88.99.1", false},
        {"192.167.255.255", true},
        {"192.168.0.0", false},
        {"192.168.255.255", false},
        {"192.169.0.0", true},
        {"198.17.255.255", true},
        {"198.18.0.0", false},
        {"198.19.255.255", false},
        {"198.20.0.0", true},
        {"198.51.100.1", false},
        {"203.0.113.1", false},
        {"223.255.255.255", true},
        {"224.0.0.1", false},
        {"239.255.255.255", false},
        {"240.0.0.1", false},
        {"255.255.255.255", false},
        {"::", false},
        {"::1", false},
        {"::127.0.0.1", false},
        {"::8.8.8.8", false},
        {"::ffff:127.0.0.1", false},
        {"::ffff:10.0.0.1", false},
        {"::ffff:8.8.8.8", true},
        {"64:ff9b::7f00:1", false},
        {"64:ff9b::a9fe:a9fe", false},
        {"64:ff9b::8.8.8.8", true},
        {"64:ff9b:1::8.8.8.8", false},
        {"100::1", false},
        {"2001::1", false},
        {"2001:0:7f00:1::", false},
        {"2001:2::1", false},
        {"2001:10::1", false},
        {"2001:1ff:ffff::", false},
        {"2001:200::1", true},
        {"2001:db8::1", false},
        {"2001:db9::1", true},
        {"2001:4860:4860::8888", true},
        {"2002:7f00:1::", false},
        {"2002:a00:1::1", false},
        {"2002:808:808::1", true},
        {"2a00:1450::1", true},
        {"3ffe::1", true},
        {"3fff::1", false},
        {"3fff:fff::1", false},
        {"3fff:1000::1", true},
        {"4000::1", false},
        {"5f00::1", false},
        {"fc00::1", false},
        {"fd12:3456::1", false},
        {"fe80::1", false},
        {"febf::1", false},
        {"fec0::1", false},
        {"ff02::1", false},
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        bool global;

        if (inet_pton(AF_INET, rows[i].address, &v4.sin_addr) == 1)
            global = rc_remote_is_global((void *)&v4);
        else {
            assert_int_equal(inet_pton(AF_INET6, rows[i].address, &v6.sin6_addr), 1);
            global = rc_remote_is_global((void *)&v6);
        }
        if (global != rows[i].global)
            fail_msg("%s is %sglobal", rows[i].address, global ? "" : "not ");
    }
}

static void other_families_are_not_global(void **state)
{
    struct sockaddr address = {.sa_family = AF_UNIX};

    (void)state;
    assert_false(rc_remote_is_global(&address));
}

/* ---- policy ---- */

static rc_err_t *check(const char *list, bool private_addresses, const char *url)
{
    rc_remote_policy_t policy = {.schemes = schemes(pool, list),
                                 .private_addresses = private_addresses,
                                 .timeout = apr_time_from_sec(5),
                                 .work_dir = "/nonexistent"};

    return rc_vcs_check_remote("git", &policy, url, pool);
}

static void policy_table(void **state)
{
    static const struct {
        const char *schemes;
        bool private_addresses;
        const char *url, *words; /* of the error; NULL = accepted */
    } rows[] = {
        {"http", false, "http://8.8.8.8/r", NULL},
        {"https", false, "https://[2001:4860:4860::8888]/r", NULL},
        {"http", false, "https://8.8.8.8/r", "scheme https"},
        {"http", false, "HTTP://8.8.8.8/r", NULL},
        {"http https git ssh", false, "file:///srv", "scheme file"},
        {"http https git ssh", false, "/srv", "scheme file"},
        {"http https git", false, "git@8.8.8.8:r", "scheme ssh"},
        {"file", false, "file:///srv", NULL},
        {"file", false, "/srv", NULL},
        {"", false, "http://8.8.8.8/r", "scheme http"},
        {"http", false, "http://127.0.0.1/r", "not public"},
        {"http", false, "http://localhost/r", "not public"},
        {"http", false, "http://LOCALHOST:8080/r", "not public"},
        {"http", false, "http://2130706433/r", "127.0.0.1, which is not public"},
        {"http", false, "http://0x7f.1/r", "not public"},
        {"http", false, "http://127.1/r", "not public"},
        {"http", false, "http://0/r", "not public"},
        {"http", false, "http://169.254.169.254/latest", "not public"},
        {"http", false, "http://[::1]/r", "not public"},
        {"http", false, "http://[::ffff:127.0.0.1]/r", "not public"},
        {"http", false, "http://[::ffff:7f00:1]/r", "not public"},
        {"http", false, "http://[fd00::1]/r", "not public"},
        {"git", false, "git://10.1.2.3/r", "not public"},
        {"ssh", false, "ssh://192.168.1.1/r", "not public"},
        {"ssh", false, "git@192.168.1.1:r", "not public"},
        {"http", true, "http://127.0.0.1/r", NULL},
        {"http", true, "http://localhost/r", NULL},
        {"http", true, "http://[::1]/r", NULL},
        {"git", true, "git://10.1.2.3/r", NULL},
        {"http", true, "http://no-such-host.invalid/r", "host no-such-host.invalid"},
        {"http", false, "ext::sh -c id", "blank"},
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        rc_err_t *err = check(rows[i].schemes, rows[i].private_addresses, rows[i].url);

        if (!err != !rows[i].words || (err && !strstr(err->detail, rows[i].words)))
            fail_msg("%s: %s", rows[i].url, err ? err->detail : "accepted");
        if (err)
            assert_int_equal(err->kind, RC_E_FAILED);
    }
}

static void errors_contain_no_credentials(void **state)
{
    static const char *const rows[] = {
        "http://Us3r:S3cret@127.0.0.1/r",  "http://Us3r:S3cret@no-such-host.invalid/r",
        "ftp://Us3r:S3cret@h.io/r",        "git://Us3r:S3cret@h.io/r",
        "ssh://Us3r:S3cret@h.io/r",        "http://Us3r:S3cret@h.io:99999/r",
        "http://Us3r:S3cret@h_.io/r",      "http://Us3r:S3cret@x:S3cret@h.io/r",
        "https://Us3r:S3cret@8.8.8.8/r",   "http://Us3r:S3cret%0a@h.io/r",
        "http://Us3r:S3cret/@h.io:80/x y", "Us3r:S3cret@h.io:r",
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        rc_err_t *err = check("http", false, rows[i]);

        assert_non_null(err);
        assert_null(strstr(err->detail, "S3cret"));
        assert_null(strstr(err->detail, "Us3r"));
    }
}

/* ---- masking ---- */

static void masking(void **state)
{
    static const char *const rows[][2] = {
        {"http://h.io/r", "http://h.io/r"},
        {"http://token@h.io/r", "http://*****@h.io/r"},
        {"HTTPS://token@h.io:443/r@x", "HTTPS://*****@h.io:443/r@x"},
        {"http://@h.io/r", "http://@h.io/r"},
        {"ssh://git@h.io/r", "ssh://git@h.io/r"},
        {"http://u:p@h.io/r", "http://u:*****@h.io/r"},
        {"http://u:@h.io/r", "http://u:*****@h.io/r"},
        {"http://:p@h.io/r", "http://:*****@h.io/r"},
        {"http://u:p:q@h.io:80/r", "http://u:*****@h.io:80/r"},
        {"http://u:p@q@h.io/r", "http://u:*****@h.io/r"},
        {"http://me@x.io:p@h.io/r", "http://me@x.io:*****@h.io/r"},
        {"http://u:p/q@h.io/r", "http://u:*****@h.io/r"},
        {"http://u:p?q@h.io/r", "http://u:*****@h.io/r"},
        {"http://u:p#q@h.io/r", "http://u:*****@h.io/r"},
        {"http://u:p q@h.io/r", "http://u:*****@h.io/r"},
        {"http://u:1p/q@h.io/r", "http://u:*****@h.io/r"},
        {"http://h.io:80/a@b", "http://h.io:80/a@b"},
        {"http://h.io:80", "http://h.io:80"},
        {"http://h.io/a:b@c", "http://h.io/a:b@c"},
        {"http://u:p@h.io/a:b@c", "http://u:*****@h.io/a:b@c"},
        {"http://u:p@", "http://u:*****@"},
        {"HTTP://u:p@h.io/", "HTTP://u:*****@h.io/"},
        {"odd+scheme://u:p@h.io/", "odd+scheme://u:*****@h.io/"},
        {"http::http://u:p@h.io/", "http::http://u:*****@h.io/"},
        {"http://[::1]/r", "http://[::1]/r"},
        {"http://u:p@[::1]:80/r", "http://u:*****@[::1]:80/r"},
        {"git@h.io:r", "git@h.io:r"},
        {"git@h.io:r@x", "git@h.io:r@x"},
        {"u:p@h.io:r", "u:*****@h.io:r"},
        {"/srv/a:b@c", "/srv/a:b@c"},
        {"file:///srv/a:b@c", "file:///srv/a:b@c"},
        {"", ""},
        {"@", "@"},
        {":", ":"},
        {":@", ":*****@"},
        {"://", "://"},
    };
    apr_size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_string_equal(rc_remote_mask(rows[i][0], pool), rows[i][1]);
        assert_int_equal(rc_remote_has_password(rows[i][0], pool),
                         strcmp(rows[i][0], rows[i][1]) != 0);
    }
    assert_null(rc_remote_mask(NULL, pool));
    assert_false(rc_remote_has_password(NULL, pool));
}

static void scrubbing(void **state)
{
    rc_remote_url_t *url;

    (void)state;
    assert_null(rc_remote_parse(&url, "https://bob:se%20cret@h.io/r", pool));
    assert_string_equal(
        rc_remote_scrub("no se cret\nBasic Ym9iOnNlIGNyZXQ=\x1b[0m\r\n", url, 100, pool),
        "no *****;Basic *****?[0m;");
    assert_string_equal(rc_remote_scrub("0123456789\n\n", url, 4, pool), "6789");
    assert_string_equal(rc_remote_scrub("\xc2\x9b"
                                        "31m \xc2\xa0 \xc3\x9f",
                                        url, 99, pool),
                        "??31m \xc2\xa0 \xc3\x9f");
    assert_string_equal(rc_remote_scrub("se cretse cretse cre", url, 99, pool), "**********se cre");
    assert_null(rc_remote_parse(&url, "https://t0ken@h.io/r", pool));
    assert_string_equal(rc_remote_scrub("t0ken dDBrZW46", url, 100, pool), "***** *****");
    assert_null(rc_remote_parse(&url, "ssh://git@h.io/r", pool));
    assert_string_equal(rc_remote_scrub("git died", url, 100, pool), "git died");
}

/* ---- git's environment ---- */

/* Returns the value of a variable, or of a setting. */
static const char *value_of(const char *const *env, const char *name)
{
    apr_size_t len = strlen(name);
    int i;

    for (i = 0; env[i]; i++) {
        int n;

        if (strncmp(env[i], name, len) == 0 && env[i][len] == '=')
            return env[i] + len + 1;
        if (sscanf(env[i], "GIT_CONFIG_KEY_%d=", &n) == 1 &&
            strcmp(strchr(env[i], '=') + 1, name) == 0)
            return strchr(env[i + 1], '=') + 1;
    }
    return NULL;
}

static const char *const *env_for(const char *text, const char *const *addresses_,
                                  const char **git_url)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));
    rc_git_env_t *env = rc_git_env("/q", "/q", pool);
    rc_remote_url_t *url;

    assert_null(rc_remote_parse(&url, text, pool));
    for (; *addresses_; addresses_++)
        APR_ARRAY_PUSH(list, const char *) = *addresses_;
    url->addresses = list;
    rc_git_env_remote(env, url);
    *git_url = rc_git_env_url(url, pool);
    return rc_git_env_list(env);
}

/* A writer of a repository's config could allow protocols there, and name a promisor remote. */
static void local_git_uses_no_protocol(void **state)
{
    const char *const *env = rc_git_env_list(rc_git_env("/r", "/r", pool));

    (void)state;
    assert_string_equal(value_of(env, "GIT_ALLOW_PROTOCOL"), "none");
}

static void pinning(void **state)
{
    static const char *const both[] = {"2001:db8::7", "192.0.2.7", NULL};
    const char *url;
    const char *const *env;

    (void)state;
    env = env_for("HTTPS://bob:pw@H.io:8443/r", both, &url);
    assert_string_equal(url, "https://h.io:8443/r");
    assert_string_equal(value_of(env, "http.curloptResolve"), "h.io:8443:[2001:db8::7],192.0.2.7");
    assert_string_equal(value_of(env, "http.extraHeader"), "Authorization: Basic Ym9iOnB3");
    assert_string_equal(value_of(env, "http.followRedirects"), "false");
    assert_string_equal(value_of(env, "GIT_ALLOW_PROTOCOL"), "https");
    env = env_for("http://h.io/r", both, &url);
    assert_string_equal(value_of(env, "http.curloptResolve"), "h.io:80:[2001:db8::7],192.0.2.7");
    assert_null(value_of(env, "http.extraHeader"));
    env = env_for("http://0x7f.1/r", both + 1, &url);
    assert_string_equal(url, "http://127.0.0.1/r");
    assert_null(value_of(env, "http.curloptResolve"));

    env = env_for("git://h.io/r", both, &url);
    assert_string_equal(url, "git://[2001:db8::7]/r");
    assert_string_equal(value_of(env, "GIT_OVERRIDE_VIRTUAL_HOST"), "h.io");
    env = env_for("git://h.io:1234/r", both + 1, &url);
    assert_string_equal(url, "git://192.0.2.7:1234/r");
    assert_string_equal(value_of(env, "GIT_OVERRIDE_VIRTUAL_HOST"), "h.io:1234");

    env = env_for("ssh://git@h.io:2222/r", both, &url);
    assert_string_equal(url, "ssh://git@h.io:2222/r");
    assert_non_null(strstr(value_of(env, "GIT_SSH_COMMAND"),
                           " -o HostName=2001:db8::7 -o 'HostKeyAlias=[h.io]:2222'"));
    env = env_for("git@h.io:org/r", both + 1, &url);
    assert_string_equal(url, "git@h.io:org/r");
    assert_non_null(
        strstr(value_of(env, "GIT_SSH_COMMAND"), " -o HostName=192.0.2.7 -o 'HostKeyAlias=h.io'"));
    assert_string_equal(value_of(env, "GIT_ALLOW_PROTOCOL"), "ssh");

    env = env_for("/srv/r", both + 2, &url);
    assert_string_equal(url, "/srv/r");
    env = env_for("file:///srv/r%20x", both + 2, &url);
    assert_string_equal(url, "file:///srv/r%20x");
    assert_string_equal(value_of(env, "GIT_ALLOW_PROTOCOL"), "file");
}

/* Returns the target of a redirect from http://h/x, or NULL when it is rejected. */
static void redirects(void **state)
{
    static const struct {
        const char *from, *location, *to;
    } rows[] = {
        {"http://h/x", "/x.git/info/refs?service=git-upload-pack", "http://h/x.git"},
        {"http://h/x", "http://H:80/y/info/refs", "http://h/y"},
        {"http://h/x", "https://h/x/info/refs", "https://h/x"},
        {"http://h:8080/x", "https://h/x/info/refs", "https://h/x"},
        {"http://h:8443/x", "https://h:8443/x/info/refs", "https://h:8443/x"},
        {"https://[::1]/x", "/y/info/refs", "https://[::1]/y"},
        {"https://h/x", "//h/y/info/refs#z", "https://h/y"},
        {"https://h/x", "http://h/x/info/refs", NULL},
        {"https://h/x", "https://h:444/x/info/refs", NULL},
        {"http://h/x", "https://h:8443/x/info/refs", NULL},
        {"http://h/x", "http://h.example/x/info/refs", NULL},
        {"http://h/x", "http://u@h/x/info/refs", NULL},
        {"http://h/x", "http://h\\@evil/x/info/refs", NULL},
        {"http://h/x", "file:///x/info/refs", NULL},
        {"http://h/x", "git://h/x/info/refs", NULL},
        {"http://h/x", "x/info/refs", NULL},
        {"http://h/x", "/info/refs", NULL}, /* no path is left */
        {"http://h/x", "/login?then=/info/refs", NULL},
        {"http://h/x", "", NULL},
    };
    rc_remote_url_t *from, *to;
    apr_size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rc_err_t *err;

        assert_null(rc_remote_parse(&from, rows[i].from, pool));
        from->user = "bob";
        err = rc_remote_redirect(&to, from, rows[i].location, pool);
        assert_int_equal(!err, rows[i].to != NULL);
        if (err)
            continue;
        assert_string_equal(rc_remote_shown(to, pool), rows[i].to);
        assert_string_equal(to->user, "bob");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirects),    cmocka_unit_test(good_urls),
        cmocka_unit_test(bad_urls),     cmocka_unit_test(long_urls),
        cmocka_unit_test(addresses),    cmocka_unit_test(other_families_are_not_global),
        cmocka_unit_test(policy_table), cmocka_unit_test(errors_contain_no_credentials),
        cmocka_unit_test(masking),      cmocka_unit_test(scrubbing),
        cmocka_unit_test(pinning),      cmocka_unit_test(local_git_uses_no_protocol),
    };
    int n;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    n = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return n;
}
