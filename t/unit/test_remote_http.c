// SPDX-License-Identifier: Apache-2.0
/*
 * Tests fetches over HTTP from a small server on loopback: credentials, redirects, pinning, both
 * protocols, and hostile servers.
 */
#include "test_remote.h"

#include "base/process.h"
#include "vcs/git/fetch.h"

/* Handles one request per connection and logs it as "<path> <Host> <Authorization>". The first part
 * of the path selects the answer; the rest is below the directory of the test. */
static const char server[] =
    "use strict; use IO::Socket::INET; use IPC::Open2; use POSIX ();\n"
    "my $dir = shift;\n"
    "my $s = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1') or die;\n"
    "my $port = $s->sockport; $| = 1; print \"$port\\n\"; $SIG{CHLD} = 'IGNORE';\n"
    "while (1) {\n"
    "  my $c = $s->accept or next;\n"
    "  if (!fork) { $SIG{CHLD} = 'DEFAULT'; serve($c); POSIX::_exit(0) }\n"
    "  close $c;\n"
    "}\n"
    "sub answer { my ($c, $status, $head, $body) = @_;\n"
    "  print $c \"HTTP/1.1 $status\\r\\nConnection: close\\r\\n$head\\r\\n$body\"; $c->flush }\n"
    "sub serve { my $c = shift; my %h;\n"
    "  my ($method, $target) = split / /, scalar <$c>;\n"
    "  while (defined(my $l = <$c>)) { $l =~ s/\\r\\n$//; last if $l eq '';\n"
    "    $h{lc $1} = $2 if $l =~ /^([^:]+): *(.*)/ }\n"
    "  my $auth = $h{authorization} // '-';\n"
    "  open my $log, '>>', \"$dir/http.log\"; print $log \"$target $h{host} $auth\\n\"; close "
    "$log;\n"
    "  my ($how, $path) = $target =~ m{^/(\\w+)(/.*)};\n"
    "  return answer($c, '302 Found', \"Location: http://127.0.0.1:$port/smart$path\\r\\n\", '')\n"
    "    if $how eq 'redirect';\n"
    "  return answer($c, '401 No', \"WWW-Authenticate: Basic realm=\\\"$auth\\\"\\r\\n\"\n"
    "    . \"Content-Type: text/plain\\r\\n\", \"you said $auth and s3cret and bob\\n\")\n"
    "    if $how eq 'private' && $auth ne 'Basic Ym9iOnMzY3JldA==';\n"
    "  return answer($c, '200 OK', \"Content-Length: 99999\\r\\n\", '') && sleep 600\n"
    "    if $how eq 'stall';\n"
    "  if ($how eq 'endless') { answer($c, '200 OK', \"Content-Type: \"\n"
    "    . \"application/x-git-upload-pack-advertisement\\r\\n\", \"001e# "
    "service=git-upload-pack\\n0000\");\n"
    "    my $n = 0; while (1) { my $l = sprintf \"%040x refs/heads/%0200d\\n\", ++$n, $n;\n"
    "    print $c sprintf('%04x', 4 + length $l), $l or last } return }\n"
    "  if ($how eq 'dumb' || $how eq 'detour') { $path =~ s/\\?.*//;\n"
    "    return answer($c, '200 OK', '', \"http://127.0.0.1:$port/elsewhere/objects\\n\")\n"
    "      if $how eq 'detour' && $path =~ /alternates$/;\n"
    "    open my $f, '<', $dir . $path or return answer($c, '404 No', '', '');\n"
    "    local $/; return answer($c, '200 OK', '', scalar <$f>) }\n"
    "  return answer($c, '404 No', '', '') unless $how eq 'smart' || $how eq 'private';\n"
    "  my ($info, $query) = split /\\?/, $path; read $c, my $body, $h{'content-length'} // 0;\n"
    "  %ENV = (PATH => $ENV{PATH}, HOME => $ENV{HOME}, GIT_PROJECT_ROOT => $dir, REQUEST_METHOD "
    "=>\n"
    "    $method, GIT_HTTP_EXPORT_ALL => 1, PATH_INFO => $info, QUERY_STRING => $query // '',\n"
    "    CONTENT_TYPE => $h{'content-type'} // '', HTTP_CONTENT_ENCODING =>\n"
    "    $h{'content-encoding'} // '', GIT_PROTOCOL => $h{'git-protocol'} // '');\n"
    "  my $pid = open2(my $out, my $in, 'git', 'http-backend');\n"
    "  print $in $body; close $in; local $/; my $all = <$out>; waitpid $pid, 0;\n"
    "  my ($head, $rest) = split /\\r\\n\\r\\n/, $all, 2;\n"
    "  my $status = $head =~ s/^Status: (.*)\\r\\n//m ? $1 : '200 OK';\n"
    "  answer($c, $status, \"$head\\r\\n\", $rest);\n"
    "}\n";

typedef struct http_t {
    fixture_t *f;
    pid_t pid;
    int port;
} http_t;

static http_t start_http(fixture_t *f)
{
    const char *path = apr_pstrcat(f->pool, f->dir, "/server.pl", NULL);
    const char *argv[] = {"perl", path, f->dir, NULL};
    FILE *script = fopen(path, "w");
    http_t http = {.f = f};
    char line[16] = "";
    int pipes[2];

    assert_non_null(script);
    fputs(server, script);
    fclose(script);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    http.pid = start_server(f, pipes[1], argv);
    close(pipes[1]);
    assert_true(read(pipes[0], line, sizeof(line) - 1) > 0);
    close(pipes[0]);
    http.port = atoi(line);
    assert_true(http.port > 0);
    shell(f, "cd src; git commit -q --allow-empty -m one; git tag -a -m x t; cd ..;"
             "mv src/.git r; git -C r config core.bare true; git -C r update-server-info");
    return http;
}

static const char *url_of(const http_t *http, const char *user, const char *path)
{
    return apr_psprintf(http->f->pool, "http://%slocalhost:%d/%s", user, http->port, path);
}

static void assert_same_refs(fixture_t *f)
{
    assert_string_equal(shell_line(f, "git -C dst for-each-ref | md5sum"),
                        shell_line(f, "git -C r for-each-ref | md5sum"));
    shell(f, "git -C dst fsck");
}

static void assert_no_refs(fixture_t *f)
{
    assert_string_equal(shell_line(f, "git -C dst for-each-ref"), "");
    assert_string_equal(shell_line(f, "find dst/objects -type f"), "");
}

static const char *requests(fixture_t *f, const char *pattern)
{
    return shell_line(f, "grep -c -e '%s' http.log", pattern);
}

static void smart(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    assert_ok(fetch(f, url_of(&http, "", "smart/r"), true));
    assert_same_refs(f);
    assert_string_equal(shell_line(f, "git -C dst symbolic-ref HEAD"), "refs/heads/main");
    shell(f, "cd src; git init -q .; git pull -q ../r main; git commit -q --allow-empty -m two;"
             "git push -q ../r HEAD:refs/heads/main; rm ../http.log");
    assert_ok(fetch(f, url_of(&http, "", "smart/r"), false));
    assert_same_refs(f);
    assert_string_equal(requests(f, " -$"), requests(f, "")); /* nothing sent without a user */
    end_server(http.pid);
}

static void empty_over_http(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    shell(f, "git init -q --bare nil; git -C nil update-server-info");
    assert_ok(fetch(f, url_of(&http, "", "smart/nil"), true));
    assert_ok(fetch(f, url_of(&http, "", "dumb/nil"), true));
    assert_no_refs(f);
    end_server(http.pid);
}

/* ---- credentials ---- */

static void credentials_arrive(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    assert_ok(fetch(f, url_of(&http, "bob:s3cret@", "private/r"), true));
    assert_same_refs(f);
    assert_ok(fetch(f, url_of(&http, "b%6fb:s3c%72et@", "private/r"), true));
    assert_string_equal(requests(f, " Basic Ym9iOnMzY3JldA==$"), requests(f, ""));
    end_server(http.pid);
}

/* The server returns the credentials in every possible way. */
static void credentials_stay_hidden(void **state)
{
    static const char *const users[] = {"bob:wr0ng@", "bob:wr%30ng@", "wr0ng@", "", "bob:@"};
    fixture_t *f = *state;
    http_t http = start_http(f);
    apr_size_t i;

    for (i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        rc_err_t *err = fetch(f, url_of(&http, users[i], "private/r"), true);

        assert_failed(err, "git ls-remote ended");
        assert_null(strstr(err->detail, "wr0ng"));
        assert_null(strstr(err->detail, "Ym9iOn"));
        assert_null(strstr(err->detail, "d3Iwbmc"));
    }
    assert_no_refs(f);
    end_server(http.pid);
}

/* Reads the arguments of git and its helpers from outside while the server stalls. */
static void credentials_are_not_in_arguments(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);
    apr_time_t until = rc_clock() + patience(10);
    pid_t pid = fork();
    const char *seen = "";
    int status;

    if (pid == 0) {
        f->policy.timeout = patience(20);
        _exit(rc_vcs_fetch("git", &f->policy, apr_pstrcat(f->pool, f->dir, "/dst", NULL),
                           url_of(&http, "bob:s3cret@", "stall/r"), true, f->pool)
                  ? 0
                  : 1);
    }
    while (rc_clock() < until && !*shell_line(f, "grep stall http.log"))
        usleep(20000);
    seen = shell_line(f, "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -ao"
                         " -e 's3cre[t]' -e 'Ym9iO[n]' -e 'stall/[r]' | sort -u | tr '\\n' ' '");
    assert_string_equal(seen, "stall/r ");
    end_server(http.pid); /* and with it the fetch */
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

/* ---- redirects ---- */

/* localhost is not the same host as 127.0.0.1. */
static void redirects_are_refused(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    assert_failed(fetch(f, url_of(&http, "", "redirect/r"), true), "redirects to another");
    assert_string_equal(requests(f, "^/smart"), "0");
    assert_no_refs(f);
    end_server(http.pid);
}

/* The policy sees a public name, but its server redirects to loopback. */
static void redirects_to_loopback_are_refused(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);
    apr_array_header_t *addresses = apr_array_make(f->pool, 1, sizeof(const char *));
    rc_remote_url_t *url;

    APR_ARRAY_PUSH(addresses, const char *) = "127.0.0.1";
    assert_ok(rc_remote_parse(
        &url, apr_psprintf(f->pool, "http://public.invalid:%d/redirect/r", http.port), f->pool));
    url->addresses = addresses;
    f->policy.private_addresses = false;
    assert_failed(rc_git_fetch(&f->policy, apr_pstrcat(f->pool, f->dir, "/dst", NULL), url,
                               rc_clock() + f->policy.timeout, true, f->pool),
                  "redirects to another");
    assert_no_quarantine(f);
    assert_string_equal(requests(f, "^/redirect"), "2");
    assert_string_equal(requests(f, "^/smart"), "0");
    end_server(http.pid);
}

static void address_is_pinned(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);
    apr_array_header_t *addresses = apr_array_make(f->pool, 1, sizeof(const char *));
    rc_remote_url_t *url;

    APR_ARRAY_PUSH(addresses, const char *) = "127.0.0.1";
    assert_ok(rc_remote_parse(
        &url, apr_psprintf(f->pool, "http://Pinned.invalid:%d/smart/r", http.port), f->pool));
    url->addresses = addresses;
    assert_ok(rc_git_fetch(&f->policy, apr_pstrcat(f->pool, f->dir, "/dst", NULL), url,
                           rc_clock() + f->policy.timeout, true, f->pool));
    assert_same_refs(f);
    assert_string_equal(requests(f, apr_psprintf(f->pool, " pinned.invalid:%d ", http.port)),
                        requests(f, ""));
    end_server(http.pid);
}

/* The current address of localhost has no effect after 127.0.0.9, where no process listens, was
 * pinned. */
static void a_changed_address_has_no_effect(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);
    apr_array_header_t *addresses = apr_array_make(f->pool, 1, sizeof(const char *));
    rc_remote_url_t *url;

    APR_ARRAY_PUSH(addresses, const char *) = "127.0.0.9";
    assert_ok(rc_remote_parse(&url, url_of(&http, "", "smart/r"), f->pool));
    url->addresses = addresses;
    assert_failed(rc_git_fetch(&f->policy, apr_pstrcat(f->pool, f->dir, "/dst", NULL), url,
                               rc_clock() + f->policy.timeout, true, f->pool),
                  "git ls-remote ended");
    assert_string_equal(shell_line(f, "ls http.log"), "");
    end_server(http.pid);
}

static void proxies_are_not_used(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    setenv("http_proxy", "http://127.0.0.9:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.9:1", 1);
    shell(f, "git config --global http.proxy http://127.0.0.9:1");
    assert_ok(fetch(f, url_of(&http, "", "smart/r"), true));
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    end_server(http.pid);
}

static void plain_addresses(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    assert_ok(fetch(f, apr_psprintf(f->pool, "http://0x7f.1:%d/smart/r", http.port), true));
    assert_same_refs(f);
    assert_string_equal(requests(f, " 127.0.0.1:"), requests(f, ""));
    end_server(http.pid);
}

/* ---- the dumb protocol ---- */

static void dumb(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    assert_ok(fetch(f, url_of(&http, "", "dumb/r"), true));
    assert_same_refs(f);
    assert_string_equal(shell_line(f, "git -C dst symbolic-ref HEAD"), "refs/heads/main");
    assert_string_equal(shell_line(f, "ls dst/objects/pack | sed 's/.*[.]//' | tr '\n' ' '"),
                        "idx pack ");
    shell(f, "git -C r tag second $(git -C r commit-tree -m two main^{tree});"
             "git -C r repack -adq; git -C r update-server-info");
    assert_ok(fetch(f, url_of(&http, "", "dumb/r"), false));
    assert_same_refs(f);
    end_server(http.pid);
}

/* The alternates are on another server, which is not contacted. */
static void alternates_are_not_followed(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    shell(f, "c=$(git -C r rev-parse main); rm -f r/objects/$(echo $c | cut -c1-2)/*");
    assert_failed(fetch(f, url_of(&http, "", "detour/r"), true), "git fetch ended");
    assert_int_not_equal(atoi(requests(f, "alternates ")), 0);
    assert_string_equal(requests(f, "^/elsewhere"), "0");
    assert_no_refs(f);
    end_server(http.pid);
}

static void dumb_protocol_is_limited_too(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    shell(f, "cd src; git init -q .; for i in 1 2 3; do head -c 100000 /dev/urandom >f$i; done;"
             "git add .; git commit -qm big; git push -q ../r HEAD:refs/heads/big;"
             "git -C ../r update-server-info");
    f->policy.max_size = 150000;
    assert_failed(fetch(f, url_of(&http, "", "dumb/r"), true), "more than 150000 bytes");
    assert_no_refs(f);
    end_server(http.pid);
}

/* ---- hostile servers ---- */

static void slow_server(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);
    apr_time_t start = rc_clock();

    f->policy.timeout = apr_time_from_sec(1);
    assert_failed(fetch(f, url_of(&http, "bob:s3cret@", "stall/r"), true), "took longer than 1 s");
    assert_true(rc_clock() - start < patience(6));
    assert_no_refs(f);
    end_server(http.pid);
}

static void endless_server(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    f->policy.timeout = apr_time_from_msec(400);
    assert_failed(fetch(f, url_of(&http, "", "endless/r"), true), "git ls-remote");
    assert_no_refs(f);
    end_server(http.pid);
}

static void large_over_http(void **state)
{
    fixture_t *f = *state;
    http_t http = start_http(f);

    shell(f, "cd src; git init -q .; head -c 3000000 /dev/urandom >f; git add f;"
             "git commit -qm big; git push -q ../r HEAD:refs/heads/big");
    f->policy.max_size = 1000000;
    assert_failed(fetch(f, url_of(&http, "", "smart/r"), true), "more than 1000000 bytes");
    assert_no_refs(f);
    end_server(http.pid);
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(smart),
        HTTP_TEST(empty_over_http),
        HTTP_TEST(credentials_arrive),
        HTTP_TEST(credentials_stay_hidden),
        HTTP_TEST(credentials_are_not_in_arguments),
        HTTP_TEST(redirects_are_refused),
        HTTP_TEST(redirects_to_loopback_are_refused),
        HTTP_TEST(address_is_pinned),
        HTTP_TEST(a_changed_address_has_no_effect),
        HTTP_TEST(proxies_are_not_used),
        HTTP_TEST(plain_addresses),
        HTTP_TEST(dumb),
        HTTP_TEST(alternates_are_not_followed),
        HTTP_TEST(dumb_protocol_is_limited_too),
        HTTP_TEST(slow_server),
        HTTP_TEST(endless_server),
        HTTP_TEST(large_over_http),
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
