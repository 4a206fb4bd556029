#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# No key in any log: access log, error log, forensic log, mod_status; nor in what other modules see.
# Internal redirects and subrequests still work with the key; other places keep their parameters.
use strict;
use warnings;

use FindBin;
use File::Path qw(make_path);
use MIME::Base64 qw(encode_base64);
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    mounts => ['/code'],
    modules => [qw(rewrite include http2)],
    directives => <<'END',
RewriteEngine On
RewriteRule ^/short/(.*)$ /code/tiny/changeset-diff/$1 [PT]
RewriteRule ^/away/(.*)$ http://127.0.0.1:1/code/tiny/changeset-diff/$1 [R,L]
<Location "/code/redirected">
    RewriteEngine On
    RewriteRule .* /code/tiny/changeset-diff/tip [L]
</Location>
<Location "/code/added">
    RewriteEngine On
    RewriteRule .* /code/tiny/changeset-diff/tip?api_key=of-a-rewrite [PT]
</Location>
<Location "/code/status">
    SetHandler server-status
</Location>
<IfModule http2_module>
    Protocols h2c http/1.1
</IfModule>
ExtendedStatus On
<Location "/status">
    SetHandler server-status
</Location>
AddOutputFilter INCLUDES .shtml
<Directory />
    Options +Includes
    AllowOverride FileInfo
</Directory>
LimitRequestFieldSize 200000
<LocationMatch "/secret/">
    Require all denied
</LocationMatch>
LogFormat "%m|%H|%u|%{Host}i|%{Cookie}i|%{User-Agent}i|%{Location}o|%{REQUEST_URI}e|%{error-notes}n|\
%r|%q|%U|%f|%{Referer}i|%{Authorization}i|%{X-Api-Key}i|%{QUERY_STRING}e|%>r" more
CustomLog logs/more_log more
END
);
my $repo = $t->repo('tiny', commits => 3);
$t->admin('anonymous', 'off');
my $key = $t->key('admin');

# The most that one of the server's processes has used so far, in KiB.
sub most_memory {
    my ($most) = sort { $b <=> $a } map { slurp("/proc/$_/status") =~ /VmHWM:\s+(\d+)/ } $t->children;
    return $most
}
my $diff = $t->get('/code/tiny/changeset-diff/tip', as => 'admin')->body;
my $view = '/code/tiny/changeset-diff/tip';

subtest 'ways to send it' => sub {
    for my $case (
        ["$view?api_key=$key"], ["$view?auth_token=$key"], ["$view?a=1&api_key=$key&b=2"],
        ["$view?a=1;api_key=$key;b=2"], ["$view?%61pi_key=$key"],
        ["$view?api%5Fkey=$key"], ["/%63ode/tiny/changeset-diff/tip?api_key=$key"],
        ["//code//tiny/changeset-diff/tip?api_key=$key"],
        ["/x/../code/tiny/changeset-diff/tip?api_key=$key"], ["$view?api_key=$key&api_key=$key"],
        ["$view?auth_token=$key&api_key=$key"],
        [$view, 'X-Api-Key' => $key], [$view, Authorization => "Bearer $key"],
        [$view, Authorization => "BEARER\t$key"],
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
    my $log = join '', map { slurp($t->dir . "/logs/$_") } qw(access_log more_log forensic_log);
    like($log, qr/\|Basic \*\*\*\|/, 'a password is blotted out');
    unlike($log, qr/$secret/, 'everywhere');
};

subtest 'not only when it is right' => sub {
    for my $case (
        [404, "/code/none/changeset-diff/tip?api_key=$key"], [401, "/code/?api_key=$key"], [401, "/code?api_key=$key"],
        [404, "/code/x%2Fy?api_key=$key"],
        [404, "$view%00?api_key=$key"], [400, "/code/%zz?api_key=$key"], [401, "$view?API_KEY=$key"],
        [401, "$view?api_key%3D$key"], [200, "$view?x=y?api_key=1&api_key=$key"],
        [404, "/nothing?x=1", Referer => "http://h$view?api_key=$key"],
        [401, $view, Authorization => "Bearer  x $key"],
        [404, "/static?api_key=$key"],
        [400, "/code/%zz&api_key=$key"], [400, "/code/../../x&api_key=$key"], [405, "$view?api_key=$key"],
        [416, "$view?api_key=$key", Range => 'bytes=9999999-'],
    ) {
        my ($status, $path, @headers) = @$case;
        my $method = $status == 405 ? 'POST' : 'GET';
        is($t->get($path, method => $method, headers => \@headers)->status, $status,
            "$status " . ($path . " @headers") =~ s/$key/KEY/gr);
    }
};

subtest 'where no key is looked for' => sub {
    for my $case (
        ["$view&api_key=$key"], ["$view;api_key=$key"], ["$view%3Fapi_key=$key"], ["$view%3fapi_key%3d$key"],
        ["$view%26API_KEY=$key"], ["$view%253Fapi_key%253D$key"],
        ["$view?x=%26api_key%3D$key"], ["$view?x=%2526%2561pi_key%253D$key"],
        ["$view?next=%2Fcode%3Fapi_key%3D$key%26a%3Db"], ["$view?apikey=$key"], ["$view?api-key=$key"],
        ["$view?api_key[]=$key"], ["$view?access_token=$key"], ["$view?{\"api_key\":\"$key\"}"],
        ["/code/tiny&api_key=$key/raw/tip/x"], ["/code/none;api_key=$key/x"],
        ["/nothing&api_key=$key"], ["/nothing%3Fapi_key=$key"], ["/code&api_key=$key"], ["/status&api_key=$key"],
        ["$view#api_key=$key"],
        [$view, Referer => "http://h/x#api_key=$key"], [$view, Referer => "http://h/x%3Fapi_key%3D$key"],
        [$view, Referer => "http://h/?from=%2Fx%3Fapi_key%3D$key"],
        [$view, 'User-Agent' => "robot api_key=$key"], ['/nothing', 'User-Agent' => "robot X-Api-Key: $key"],
        [$view, 'X-Forwarded-Uri' => "/x?api_key=$key"],
        [$view, Cookie => "api_key=$key"], [$view, Authorization => 'Basic ' . encode_base64("$key:", '')],
        [$view, Authorization => 'Basic ' . encode_base64("$key:x", '')],
    ) {
        my ($path, @headers) = @$case;
        cmp_ok($t->get($path, headers => \@headers)->status, '<', 500, ($path . " @headers") =~ s/$key/KEY/gr);
    }
    unlike($t->get('/status')->body, qr/\Q$key/, 'mod_status shows none of them');
};

# A file may be called like a key; and no <Location> is evaded by one.
subtest 'files with such names' => sub {
    my $work = $t->repo('named', build => sub {
        my ($work) = @_;
        my %files = ('x&api_key=1' => "one\n", 'd?auth_token=2/f' => "two\n", 'd?auth_token=2/secret/f' => "three\n");
        make_path("$work/d?auth_token=2/secret");
        spew("$work/$_", $files{$_}) for keys %files;
        $t->git($work, 'add', '.');
        $t->git($work, 'commit', '-qm', 'names');
    })->{work};
    is($t->get('/code/named/raw/tip/x&api_key=1', as => 'admin')->body, "one\n", 'plain');
    is($t->get('/code/named/raw/tip/x%26api_key%3D1', as => 'admin')->body, "one\n", 'encoded');
    is($t->get('/code/named/raw/tip/d%3Fauth_token=2/f', as => 'admin')->body, "two\n", 'a folder');
    is($t->get('/code/named/raw/tip/d%3Fauth_token=2/secret/f', as => 'admin')->status, 403, 'a closed place');
};

# Twelve lines, or one, full of empty keys: what cleaning takes grows with the text, and no faster.
subtest 'memory' => sub {
    my $line = 'Referer: ' . 'api_key=&' x 890 . "\r\n";
    for my $case (['a view', 401, $view, ''], ['elsewhere', 404, '/nothing', ''],
        ['refused by httpd', 400, '/nothing', "broken header\r\n"]) {
        my ($what, $status, $path, $more) = @$case;
        my $before = most_memory();
        is($t->raw_request("GET $path HTTP/1.1\r\nHost: x\r\n" . $line x 12 . "${more}Connection: close\r\n\r\n")
            ->status, $status, $what);
        cmp_ok(most_memory() - $before, '<', 16 << 10, "$what: KiB");
    }
};

subtest 'requests that httpd refuses' => sub {
    my $end = "Connection: close\r\n\r\n";
    for my $case (
        [400, "GET $view?api_key=$key HTTP/1.1\r\n$end"],
        [400, "GET $view?api_key=$key HTTP/1.1\r\nHost: a b\r\n$end"],
        [400, "GET $view?api_key=$key HTTP/1.1\r\nHost: x\r\nbroken header\r\n$end"],
        [400, "GET $view?api_key=$key HTTX/1.1\r\nHost: x\r\n$end"],
        [400, "GET $view?api_key=$key x HTTP/1.1\r\nHost: x\r\n$end"],
        [400, "G<T $view?api_key=$key HTTP/1.1\r\nHost: x\r\n$end"],
        [400, "GET $view HTTP/1.1\r\nHost: x\r\nX-Api-Key: $key\r\nbroken header\r\n$end"],
        [400, "GET $view HTTP/1.1\r\nAuthorization: Bearer $key\r\n$end"],
        [400, "GET $view HTTP/1.1\r\nHost: x\r\nReferer: http://h/x?api_key=$key\r\nbroken header\r\n$end"],
        [400, "GET $view HTTP/1.1\r\nReferer: http://h/x?api_key=$key\r\n$end"],
        [400, "GET $view HTTP/1.1\r\nHost: x\r\n" . "Referer: http://h/x?api_key=$key\r\n" . "A: b\r\n" x 200 . $end],
        [400, "GET $view HTTP/1.1\r\nHost: x\r\nUser-Agent: api_key=$key\r\n\x01: x\r\n$end"],
        [400, "GET $view HTTP/1.1\r\nHost: x\r\n" . ('Referer: http://h/x?' . "api_key=$key&" x 160 . "\r\n") x 30
            . $end], [400, "GET $view HTTP/1.1\r\nHost: x?api_key=$key\r\n$end"],
        [400, "GET $view?api_key=$key HTTP/1.1?api_key=$key\r\nHost: x\r\n$end"],
        [414, "GET $view?api_key=$key&x=" . 'y' x 9000 . " HTTP/1.1\r\nHost: x\r\n$end"],
        [417, "GET $view?api_key=$key HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n$end"],
        [400, "GET $view?api_key=$key HTTP/1.1\r\nHost: x\r\n" . "A: b\r\n" x 200 . $end],
        [400, "GET $view?api_key=$key HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n$end"],
    ) {
        my ($status, $text) = @$case;
        my $a = $t->raw_request($text);
        is($a->status, $status, "$a->{status} " . substr($text =~ s/$key/KEY/gr, 0, 100) =~ s/\r\n/ /gr);
    }
    unlike($t->get('/status')->body, qr/\Q$key/, 'mod_status shows none of them');
    like($t->error_log, qr/RC0052: httpd refused with 400: The number of request header fields exceeds/,
        'the log says what was wrong');
};

subtest 'redirects and subrequests' => sub {
    is($t->get("/short/tip?api_key=$key")->body, $diff, 'a rewritten URL');
    is($t->get("/code/redirected/x?api_key=$key")->body, $diff, 'an internal redirect');
    is($t->get('/code/redirected/x', headers => ['X-Api-Key' => $key])->body, $diff, 'with a header');
    is($t->get('/code/redirected/x', headers => [Authorization => "Bearer $key"])->body, $diff, 'with a bearer');
    is($t->get('/code/redirected/x')->status, 401, 'without a key');
    is($t->get('/code/added/x')->status, 401, 'a key that a rule adds is none');
    unlike(slurp($t->dir . "/logs/$_"), qr/of-a-rewrite/, "... and not in $_") for qw(access_log more_log error_log);
    is($t->get("/code/redirected/x?api_key=nonsense")->status, 401, 'with a wrong one');
    is($t->get("/code/redirected/x?api_key=***", headers => ['X-Api-Key' => $key])->status, 401, '*** is a wrong one');
    spew($t->dir . '/htdocs/page.shtml',
        "[<!--#include virtual=\"$view?api_key=$key\" -->]\n[<!--#include virtual=\"$view\" -->]");
    my $page = $t->get('/page.shtml')->body;
    is(substr($page, 0, 1 + length $diff), "[$diff", 'a subrequest with a key of its own');
    unlike(substr($page, 1 + length $diff), qr/diff --git/, 'and one without');
};

# A request that changes the connection to HTTP/2 is made anew, with its key.
subtest 'HTTP/2' => sub {
    plan skip_all => 'no HTTP/2 here' if $t->run('curl', '--version')->{out} !~ /HTTP2/
        || ($ENV{MPM} // 'event') eq 'prefork';
    for my $how ('--http2', '--http2-prior-knowledge') {
        my $get = sub { $t->run('curl', '-s', $how, @_)->{out} };
        is($get->($t->url . "$view?api_key=$key"), $diff, "$how: in the URL");
        is($get->('-H', "X-Api-Key: $key", $t->url . $view), $diff, "$how: in a header");
        is($get->('-H', "Authorization: Bearer $key", $t->url . $view), $diff, "$how: as a bearer");
        is($get->($t->url . "$view?api_key=wrong"), 'Unauthorized', "$how: a wrong one");
        is($get->($t->url . '/code/named/raw/tip/x&api_key=1?api_key=' . $key), "one\n",
            "$how: a file with such a name");
    }
};

subtest 'other places keep what they need' => sub {
    spew($t->dir . '/htdocs/echo.shtml',
        '<!--#echo var="QUERY_STRING" --> <!--#echo var="HTTP_X_API_KEY" --> <!--#echo var="HTTP_REFERER" --> '
            . '<!--#echo var="HTTP_COOKIE" -->');
    is($t->get("/echo.shtml?api_key=other", headers => ['X-Api-Key' => 'their-own', Referer => 'http://h/?api_key=x',
        Cookie => 'api_key=theirs'])->body,
        'api_key=other their-own http://h/?api_key=*** api_key=theirs',
        'their query and header; a Referer may be one of ours');
};

# Outside of the mounts mod_log_forensic writes headers before anybody knows that they are ours; others
# find theirs unchanged.
subtest 'headers that are ours after all' => sub {
    chomp(my $token = $t->admin('token', 'create', 'admin')); # not watched in all logs
    is($t->get('/short/tip', headers => ['X-Api-Key' => $token])->body, $diff, 'a rewritten URL');
    is($t->get('/static', headers => [Authorization => "Bearer $token"])->status, 404, 'a wrong URL');
    is($t->get('/static', headers => ['X-Api-Key' => $token])->status, 404, 'a wrong URL');
    is($t->get('/nothing', headers => [Cookie => "auth_token=$token; other=kept"])->status, 404, 'a header of others');
    unlike(slurp($t->dir . "/logs/$_"), qr/\Q$token/, "not in $_") for qw(access_log more_log error_log forensic_log);
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
# Memory that was freed is not wiped, and httpd does not wipe its own: keys of the last requests can be read there.
# What is kept for later requests (callers, rights, results with keys) would hold those of all.
subtest 'a child keeps no key' => sub {
    plan skip_all => 'a sanitizer keeps what is freed' if $ENV{RCAPI_PRELOAD};
    my $s = RCAPI::Test->new(children => 1, threads => 4, whitelist => 'FilesController:*');
    my ($child) = $s->children;
    open my $memory, '<:raw', "/proc/$child/mem" or plan skip_all => "the kernel does not show its memory: $!";
    $s->repo('tiny', commits => 1);
    my %key = map { $_ => $s->user($_)->{api_key} } map { "user$_" } 1 .. 60;
    my $one_of = join '|', values %key;
    my $view = '/tiny/raw/tip/x';
    my $call = '{"id": 1, "method": "get_repo", "args": {"repoid": "tiny"}}';
    my @ways = (sub { $s->call(get_repo => { repoid => 'tiny' }, as => $_[0]) },
        sub { $s->get('/_admin/api', method => 'POST', headers => ['X-Api-Key' => $key{ $_[0] }], body => $call) },
        sub { $s->get($view, as => $_[0]) },
        sub { $s->get($view, headers => [Authorization => "Bearer $key{ $_[0] }"]) },
        sub { $s->get('/tiny/info/refs?service=git-upload-pack', basic => "$_[0]:$key{ $_[0] }") });
    my @users = sort keys %key;
    $s->must(create_repo => { repo_name => "of-$_", repo_type => 'git', owner => $_ }) for @users;
    my $shown;
    for my $time (1 .. 3) { # the second and third answer come out of memory
        $ways[$_ % @ways]->($users[$_]) for 0 .. $#users;
        $shown = join '', map { $s->must(get_repo => { repoid => "of-$_" }); $s->last->body } @users;
    }
    is(scalar(grep { $shown =~ /$_/ } values %key), 60, 'super-admins are shown the keys of those who follow');
    my %found;
    no warnings 'portable'; # addresses have 64 bits
    for (slurp("/proc/$child/maps") =~ /^(\w+-\w+) rw/mg) {
        my ($from, $to) = map { hex } split /-/;
        sysseek $memory, $from, 0;
        sysread $memory, my $bytes, $to - $from or next;
        $found{$1} = 1 while $bytes =~ /($one_of)/g;
    }
    for my $way (0 .. $#ways) {
        my $n = grep { $_ % @ways == $way && $found{ $key{ $users[$_] } } } 0 .. $#users;
        cmp_ok($n, '<', 10, "way $way: a few of its 12 keys are in memory: $n");
    }
    $s->done;
};

$t->done;
done_testing;
