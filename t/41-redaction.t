#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# No key in any log: access log, error log, forensic log, mod_status; nor in what other modules see.
# Internal redirects and subrequests still work with the key; other places keep their parameters.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    mounts => ['/code'],
    modules => [qw(rewrite include)],
    directives => <<'END',
RewriteEngine On
RewriteRule ^/short/(.*)$ /code/tiny/changeset-diff/$1 [PT]
RewriteRule ^/away/(.*)$ http://127.0.0.1:1/code/tiny/changeset-diff/$1 [R,L]
<Location "/code/redirected">
    RewriteEngine On
    RewriteRule .* /code/tiny/changeset-diff/tip [L]
</Location>
<Location "/code/status">
    SetHandler server-status
</Location>
ExtendedStatus On
<Location "/status">
    SetHandler server-status
</Location>
AddOutputFilter INCLUDES .shtml
<Directory />
    Options +Includes
    AllowOverride FileInfo
</Directory>
LogFormat "%r|%q|%U|%f|%{Referer}i|%{Authorization}i|%{X-Api-Key}i|%{QUERY_STRING}e|%>r" more
CustomLog logs/more_log more
END
);
my $repo = $t->repo('tiny', commits => 3);
$t->admin('anonymous', 'off');
my $key = $t->key('admin');
my $diff = $t->get('/code/tiny/changeset-diff/tip', as => 'admin')->body;
my $view = '/code/tiny/changeset-diff/tip';

subtest 'ways to send it' => sub {
    for my $case (
        ["$view?api_key=$key"], ["$view?auth_token=$key"], ["$view?a=1&api_key=$key&b=2"], ["$view?a=1;api_key=$key;b=2"], ["$view?%61pi_key=$key"],
        ["$view?api%5Fkey=$key"], ["/%63ode/tiny/changeset-diff/tip?api_key=$key"], ["//code//tiny/changeset-diff/tip?api_key=$key"],
        ["/x/../code/tiny/changeset-diff/tip?api_key=$key"], ["$view?api_key=$key&api_key=$key"], ["$view?auth_token=$key&api_key=$key"],
        [$view, 'X-Api-Key' => $key], [$view, Authorization => "Bearer $key"], [$view, Authorization => "BEARER\t$key"],
        ["$view?api_key=$key", Referer => "http://h$view?api_key=$key"],
    ) {
        my ($path, @headers) = @$case;
        is($t->get($path, headers => \@headers)->body, $diff, ($path . " @headers") =~ s/$key/KEY/gr);
    }
};

subtest 'other schemes of Authorization' => sub {
    my $secret = 'c29tZWJvZHk6aGlzIHBhc3N3b3Jk';
    $t->get($_, headers => [Authorization => "Basic $secret"]) for $view, '/static';
    $t->get($view, headers => [Authorization => "X-$secret"]);
    my $log = join '', map { slurp($t->dir . "/logs/$_") } qw(access_log more_log);
    like($log, qr/\|Basic \*\*\*\|/, 'a password is blotted out');
    unlike($log, qr/$secret/, 'everywhere');
};

subtest 'not only when it is right' => sub {
    for my $case (
        [404, "/code/none/changeset-diff/tip?api_key=$key"], [404, "/code/?api_key=$key"], [404, "/code?api_key=$key"], [404, "/code/x%2Fy?api_key=$key"],
        [404, "$view%00?api_key=$key"], [400, "/code/%zz?api_key=$key"], [401, "$view?API_KEY=$key"], [401, "$view?api_key%3D$key"], [200, "$view?x=y?api_key=1&api_key=$key"],
        [404, "/nothing?x=1", Referer => "http://h$view?api_key=$key"], [401, $view, Authorization => "Bearer  x $key"],
        [404, "/static?api_key=$key"],
        [405, "$view?api_key=$key"], [416, "$view?api_key=$key", Range => 'bytes=9999999-'],
    ) {
        my ($status, $path, @headers) = @$case;
        my $method = $status == 405 ? 'POST' : 'GET';
        is($t->get($path, method => $method, headers => \@headers)->status, $status, "$status " . ($path . " @headers") =~ s/$key/KEY/gr);
    }
};

subtest 'requests that httpd refuses' => sub {
    my $end = "Connection: close\r\n\r\n";
    for my $case (
        [400, "GET $view?api_key=$key HTTP/1.1\r\n$end"], [400, "GET $view?api_key=$key HTTP/1.1\r\nHost: a b\r\n$end"],
        [400, "GET $view?api_key=$key HTTP/1.1\r\nHost: x\r\nbroken header\r\n$end"], [400, "GET $view?api_key=$key HTTX/1.1\r\nHost: x\r\n$end"],
        [400, "GET $view?api_key=$key x HTTP/1.1\r\nHost: x\r\n$end"], [400, "G<T $view?api_key=$key HTTP/1.1\r\nHost: x\r\n$end"],
        [400, "GET $view HTTP/1.1\r\nHost: x\r\nX-Api-Key: $key\r\nbroken header\r\n$end"], [400, "GET $view HTTP/1.1\r\nAuthorization: Bearer $key\r\n$end"],
        [414, "GET $view?api_key=$key&x=" . 'y' x 9000 . " HTTP/1.1\r\nHost: x\r\n$end"], [417, "GET $view?api_key=$key HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n$end"],
        [400, "GET $view?api_key=$key HTTP/1.1\r\nHost: x\r\n" . "A: b\r\n" x 200 . $end], [400, "GET $view?api_key=$key HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n$end"],
    ) {
        my ($status, $text) = @$case;
        my $a = $t->raw_request($text);
        cmp_ok($a->status, '>=', 400, "$a->{status} " . substr($text =~ s/$key/KEY/gr, 0, 100) =~ s/\r\n/ /gr);
    }
};

subtest 'redirects and subrequests' => sub {
    is($t->get("/short/tip?api_key=$key")->body, $diff, 'a rewritten URL');
    is($t->get("/code/redirected/x?api_key=$key")->body, $diff, 'an internal redirect');
    is($t->get('/code/redirected/x', headers => ['X-Api-Key' => $key])->body, $diff, 'with a header');
    is($t->get('/code/redirected/x', headers => [Authorization => "Bearer $key"])->body, $diff, 'with a bearer');
    is($t->get('/code/redirected/x')->status, 401, 'without a key');
    is($t->get("/code/redirected/x?api_key=nonsense")->status, 401, 'with a wrong one');
    is($t->get("/code/redirected/x?api_key=***", headers => ['X-Api-Key' => $key])->status, 401, '*** is a wrong one');
    spew($t->dir . '/htdocs/page.shtml', "[<!--#include virtual=\"$view?api_key=$key\" -->]\n[<!--#include virtual=\"$view\" -->]");
    my $page = $t->get('/page.shtml')->body;
    is(substr($page, 0, 1 + length $diff), "[$diff", 'a subrequest with a key of its own');
    unlike(substr($page, 1 + length $diff), qr/diff --git/, 'and one without');
};

subtest 'other places keep what they need' => sub {
    spew($t->dir . '/htdocs/echo.shtml', '<!--#echo var="QUERY_STRING" --> <!--#echo var="HTTP_X_API_KEY" --> <!--#echo var="HTTP_REFERER" -->');
    is($t->get("/echo.shtml?api_key=other", headers => ['X-Api-Key' => 'their-own', Referer => 'http://h/?api_key=x'])->body,
        'api_key=other their-own http://h/?api_key=***', 'their query and header; a Referer may be one of ours');
};

# Outside of the mounts mod_log_forensic writes headers before anybody knows that they are ours.
subtest 'headers that are ours after all' => sub {
    chomp(my $token = $t->admin('token', 'create', 'admin')); # not watched in all logs
    is($t->get('/short/tip', headers => ['X-Api-Key' => $token])->body, $diff, 'a rewritten URL');
    is($t->get('/static', headers => [Authorization => "Bearer $token"])->status, 404, 'a wrong URL');
    is($t->get('/static', headers => ['X-Api-Key' => $token])->status, 404, 'a wrong URL');
    unlike(slurp($t->dir . "/logs/$_"), qr/\Q$token/, "not in $_") for qw(access_log more_log error_log);
};

subtest '.htaccess' => sub {
    my $folder = $t->dir . '/htdocs/folder';
    mkdir $folder;
    spew("$folder/.htaccess", "SetHandler server-status\n");
    like($t->get('/folder/x')->body, qr/Server Version/i, 'other handlers are none of our business') for 1 .. 5;
    is($t->get("/folder/x?api_key=a")->status, 200, 'and do not become our place');
};

subtest 'mod_status' => sub {
    $t->get("$view?api_key=$key") for 1 .. 20;
    unlike($t->get('/status')->body, qr/\Q$key/, 'shows no key');
};

my $access = slurp($t->dir . '/logs/access_log');
like($access, qr/api_key=\*\*\*/, 'the access log says that there was a key');
like($access, qr/\Q$view\E/, 'and all the rest of the URL');
like(slurp($t->dir . '/logs/forensic_log'), qr/api_key=\*\*\*/, 'the forensic log, too');
$t->done;
done_testing;
