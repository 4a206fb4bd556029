#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# What a face can do, shown by one that only the tests have (t/lib/face_echo.c): bodies that are read
# while they come, answers that a program writes while they are sent, and every way in which client,
# program or body can fail.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Compress::Gzip qw(gzip);
use Test::More;
use Time::HiRes qw(sleep time);

use RCAPI::HTTP;
use RCAPI::Run qw(patiently run slow slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    module => 't/mod_rcapi_echo.so', children => 1, directives => "Timeout 3\nRequestReadTimeout header=20\n");
my $BIG = 40_000_000;

sub post {
    my ($path, $body, @headers) = @_;
    return $t->get("/_echo/$path", method => 'POST', body => $body, headers => \@headers);
}

sub chunked { join('', map { sprintf "%x\r\n%s\r\n", length, $_ } unpack "(a$_[1])*", $_[0]) . "0\r\n\r\n" }
sub memory { (slurp('/proc/' . ($t->children)[0] . '/status') =~ /^VmHWM:\s*(\d+) kB/m)[0] }
sub open_files { scalar(() = glob '/proc/' . ($t->children)[0] . '/fd/*') }

# The process that the last script has written down is gone, or goes soon.
sub is_gone {
    my ($what) = @_;
    my $pid = slurp($t->dir . '/tmp/pid') + 0;
    patiently(5, sub { !kill 0, $pid });
    ok(!kill(0, $pid), "$what: the program is gone");
    unlink $t->dir . '/tmp/pid';
}

# A connection that has sent $text, and what has come on it when it matches $like (none: nothing is
# read) or has ended.
sub talk {
    my ($text, $like) = @_;
    my $socket = RCAPI::HTTP::connect_to($t->port);
    my $got = '';
    syswrite $socket, $text;
    $like and patiently(5, sub {
        vec(my $ready = '', fileno $socket, 1) = 1;
        return 0 if !select $ready, undef, undef, 0.1;
        return !sysread($socket, $got, 65536, length $got) || $got =~ $like;
    });
    return ($socket, $got);
}

my $head = "HTTP/1.1\r\nHost: x\r\n";
post('cat', 'warm up');
my $files = open_files();

subtest 'a body through a program' => sub {
    for my $size (0, 1, 5000, 65536, 300_000) {
        my $body = join '', map { chr 32 + $_ * 7 % 95 } 1 .. $size;
        my $a = post('cat', $body);
        is($a->status, 200, "$size bytes");
        is($a->body, $body, '... come back');
        my $more = "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" . chunked($body, 1000);
        $a = $t->raw_request("POST /_echo/cat $head$more");
        is($a->body, $body, '... also as chunks');
    }
    my $a = post('cat', 'x');
    is($a->header('Content-Type'), 'application/x-echo', 'the type');
    is($a->header('Cache-Control'), 'no-cache', 'a header of the face');
    is($a->header('Content-Length'), undef, 'no length');
    is($t->get('/_echo/cat')->body, '', 'no body at all');
};

subtest 'both directions at once' => sub {
    my ($socket, $got) = talk("POST /_echo/cat ${head}Transfer-Encoding: chunked\r\n\r\n4\r\nping\r\n", qr/ping/);
    like($got, qr{^HTTP/1.1 200 .*\r\n4\r\nping\r\n\z}s, 'an answer while the body is not complete');
    syswrite $socket, "4\r\npong\r\n0\r\n\r\nGET /_echo/whole ${head}Connection: close\r\n\r\n";
    $got = join '', <$socket>;
    like($got, qr{^4\r\npong\r\n0\r\n\r\nHTTP/1.1 200 }, 'the rest, and the next request on the connection');

    my $file = $t->dir . '/scratch/body';
    spew($file, pack 'N*', 1 .. 3_000_000);
    my $r = run({ root => 1, timeout => 60 }, 'curl', '-s', '-H', 'Transfer-Encoding: chunked', '-H', 'Expect:',
        '--data-binary', "\@$file", '-o', "$file.back", $t->url . '/_echo/cat');
    is($r->{exit}, 0, 'curl sends and reads 12 MB');
    is(run({ root => 1 }, 'cmp', $file, "$file.back")->{exit}, 0, 'the same bytes');
    unlink $file, "$file.back";
};

subtest 'much, in constant memory' => sub {
    my $before = memory();
    my $r = run({ root => 1, timeout => 60 }, 'sh', '-c', "curl -s ${\ $t->url}/_echo/big | wc -c");
    is($r->{out} + 0, $BIG, 'from a program');
    $r = run({ root => 1, timeout => 60 }, 'sh', '-c',
        "head -c $BIG /dev/zero | curl -s -T - -H Expect: -X POST ${\ $t->url}/_echo/count");
    is($r->{out} + 0, $BIG, 'to a program');
    ok($t->get('/_echo/file')->body eq 'head' . 'x' x 299_999, 'a piece, and the rest of a file');
    my $grown = memory() - $before;
    cmp_ok($grown, '<', 4096, "KiB more: $grown") unless $ENV{RCAPI_PRELOAD};
};

subtest 'limits' => sub {
    is(post('cat?limit=10', 'x' x 10)->body, 'x' x 10, 'as much as is allowed');
    for my $what (qw(cat whole)) {
        is(post("$what?limit=10", 'x' x 11)->status, 413, "$what: one byte more");
        my $more = "Transfer-Encoding: chunked\r\n\r\n" . chunked('x' x 20, 7);
        my $a = $t->raw_request("POST /_echo/$what?limit=10 $head$more");
        is($a->status, 413, '... in chunks');
        is($a->header('Connection'), 'close', '... ends the connection');
    }
    is(post('whole?limit=10', 'x' x 10)->body, "10\n", 'read into memory');
    my $expect = "Expect: 100-continue\r\n\r\n";
    my ($socket, $got) = talk("POST /_echo/cat?limit=10 ${head}Content-Length: 99\r\n$expect", qr/Too Large$/);
    like($got, qr{^HTTP/1.1 413 }, 'refused before the client sends it');
    ($socket, $got) = talk("POST /_echo/cat ${head}Content-Length: 2\r\n$expect", qr/\n\r\n/);
    is($got, "HTTP/1.1 100 Continue\r\n\r\n", 'else it may send');
};

subtest 'gzip' => sub {
    my $text = 'a line of text, again and again' x 10_000;
    gzip(\$text => \my $packed);
    my @gzip = ('Content-Encoding' => 'gzip');
    is(post('cat?inflate=400000', $packed, @gzip)->body, $text, 'inflated');
    is(post('cat', $packed, @gzip)->body, $packed, 'where the face does not ask for it, as sent');
    is(post('cat?inflate=400000', $text)->body, $text, 'no encoding');
    is(post('whole?inflate=309999', $packed, @gzip)->status, 413, 'the sum is limited');
    is(post('whole?inflate=310000', $packed, @gzip)->body, "310000\n", '... exactly');
    is(post('whole?inflate=400000', substr($packed, 0, -5), @gzip)->status, 400, 'cut short');
    is(post('whole?inflate=400000', 'no gzip', @gzip)->status, 400, 'none');
    is(post('whole?inflate=400000', 'x', 'Content-Encoding' => 'br')->status, 415, 'another encoding');
};

subtest 'bodies that are not what they say' => sub {
    for my $what (qw(count whole)) {
        my $a = $t->raw_request("POST /_echo/$what ${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n");
        is($a->status, 400, "$what: no chunks");
        $a = $t->raw_request("POST /_echo/$what ${head}Content-Length: 10\r\n\r\nshort", timeout => 15);
        is($a->status, 408, '... a client that does not go on') or diag $a->{raw};
    }
};

subtest 'a program that fails' => sub {
    my $a = $t->get('/_echo/fail');
    is($a->status, 500, 'before its first byte: a status');
    like($a->body, qr{^Internal Server Error \(request [^)]+\)$}, '... in plain text');
    is($a->header('Cache-Control'), 'private, no-cache', '... with the headers of a refusal');
    like($t->error_log, qr/RC0022: sh ended with status 3: broken/, '... and its words in the log');
    is($t->get('/_echo/killed')->status, 500, 'killed');
    $a = $t->raw_request("GET /_echo/fail-late $head\r\n");
    is($a->status, 200, 'after its first byte');
    like($a->{raw}, qr{\r\n\r\n6\r\nfirst\n\r\n\z}, '... the answer is cut: no last chunk');
    $a = post('few', 'x' x 1_000_000);
    is($a->body, 'x' x 10, 'one that reads only a part');
    is(post('deaf', 'x' x 1_000_000)->body, "deaf\n", 'one that reads nothing');
};

subtest 'deadlines' => sub {
    is($t->get('/_echo/silent')->status, 503, 'nothing was written');
    is_gone('silent');
    my $a = $t->raw_request("GET /_echo/slow $head\r\n");
    like($a->{raw}, qr{\r\n\r\n6\r\nfirst\n\r\n\z}, 'cut');
    is_gone('slow');
    my $r = run({ root => 1, timeout => 60 }, 'sh', '-c', "curl -s ${\ $t->url}/_echo/babble >/dev/null");
    is($r->{exit}, 18, 'one that never stops: a partial file, says curl');
    is_gone('babble');
};

subtest 'a client that leaves' => sub {
    for my $case (['wait', ''], ['ticks', '', qr/tick/], ['cat', "Content-Length: 10\r\n"]) {
        my ($what, $more, $like) = @$case;
        my ($socket, $got) = talk("POST /_echo/$what $head$more\r\n", $like);
        patiently(5, sub { -s $t->dir . '/tmp/pid' }) if $what ne 'cat';
        close $socket;
        is_gone($what) if $what ne 'cat';
    }
};

subtest 'refusals in the words of a face' => sub {
    my $a = $t->get('/_echo/secret');
    is($a->status, 401, 'refused');
    is($a->body, 'Say who you are', 'its text');
    is($a->header('WWW-Authenticate'), 'Basic realm="echo"', 'its way to log in');
    is($t->get('/_echo/unknown')->status, 404, 'without words of its own');
    is($t->get('/_echo/big', method => 'HEAD')->status, 200, 'HEAD of a stream');
};

subtest 'the other faces' => sub {
    is($t->call(test => { args => 'x' })->{error}, undef, 'the API');
    is($t->get('/nothing/raw/tip/x')->status, 401, 'views');
    is($t->get('/nothing')->status, 404, 'what no face claims');
};

ok(patiently(5, sub { open_files() <= $files + 1 }), 'no descriptor is left open') or diag open_files() . " > $files";
$t->done;

subtest 'directives of a face' => sub {
    my $s = RCAPI::Test->new(module => 't/mod_rcapi_echo.so', children => 1, mounts => ['/', '/sub', '/off'],
        directives => <<'END');
RcapiEchoNumber 9
RcapiEchoSize 2K
RcapiEchoWords two ONE
RcapiEchoLines a b
RcapiEchoLines "c"
<Location "/sub">
    RcapiEchoSize 1M 0
    RcapiEchoTime 60
    RcapiEchoText "a \"b\""
    RcapiEchoUrl https://x:1/y/
    RcapiEchoFolder none
    RcapiEchoWord THREE
    RcapiEchoWords three
    RcapiEchoWords one
    RcapiEchoLines
    RcapiKeyInQuery Off
</Location>
<Location "/sub/_echo">
    RcapiEchoSize 3
    RcapiEchoFolder here
</Location>
<Location "/off">
    RcapiEcho Off
</Location>
<VirtualHost *>
    ServerName one
</VirtualHost>
<VirtualHost *>
    ServerName two
    RcapiEchoNumber 3
    RcapiEchoLines d
    <Location "/sub">
        RcapiEchoWord two
    </Location>
</VirtualHost>
END
    my $get = sub {
        my ($path, @more) = @_;
        my $a = $s->get($path, @more);
        return $a->status == 200 ? $a->body =~ s/\n\z//r : $a->status;
    };
    my $settings = '/_echo/settings';
    my $two = [Host => 'two'];
    is($get->($settings), '9 2048 -1 0 none - - one two+one a b+"c" -', 'of a server, and defaults');
    is($get->($settings, headers => $two), '3 2048 -1 0 none - - one two+one d -', 'of a virtual host');
    my $here = $s->dir . '/here';
    is($get->("/sub$settings"), qq(9 3 0 60 a "b" https://x:1/y $here three three+one  -), 'of places');
    is($get->("/sub$settings", headers => $two), qq(3 3 0 60 a "b" https://x:1/y $here two three+one  -),
        '... in a virtual host');
    is($get->("/off$settings"), 404, 'claims knows them');

    my $key = $s->key('admin');
    like($get->("$settings?api_key=x&auth_token=$key"), qr/ \Q$key\E\z/, 'the parameter that the face names');
    like($get->("$settings?api_key=$key"), qr/ -\z/, 'no other one');
    like($get->("/sub$settings?auth_token=$key"), qr/ -\z/, 'RcapiKeyInQuery Off');

    for my $case (
        ['RcapiEcho 2', qr/must be On or Off/], ['RcapiEchoNumber 10', qr/'10' is not a number from 1 to 9/],
        ['RcapiEchoNumber 1 2', qr/takes one argument, a number/], ["<Location />\nRcapiEchoNumber 1\n</Location>",
            qr/RcapiEchoNumber not allowed/],
        ['RcapiEchoSize 2M', qr/'2M' is not a number of bytes \(also with K, M or G\) from 1 to 1048576/],
        ['RcapiEchoSize 1 2M', qr/RcapiEchoSize: '2M' is not .* from 0 to 1048576/],
        ['RcapiEchoSize 1 2 3', qr/takes 1-2 arguments/], ['RcapiEchoTime 61', qr/'61' is not a number from 1 to 60/],
        ["RcapiEchoText \"a\tb\"", qr/is not plain UTF-8/], ['RcapiEchoUrl x', qr/'x' is not a URL/],
        ['RcapiEchoFolder ""', qr/takes one argument/], ['RcapiEchoWord four', qr/'four' is not one, two or three/],
        ['RcapiEchoWords one four', qr/'four' is not one, two or three/],
        ['RcapiEchoLines wrong', qr/RcapiEchoLines: the line is wrong/],
        ['RcapiEchoLines odd', qr/RC0003: RcapiEchoLines: entry 'odd' is odd/, 1],
    ) {
        my ($text, $why, $allowed) = @$case;
        my ($exit, $said) = $s->httpd_conf_test("$text\n");
        is($exit ? 0 : 1, $allowed // 0, $text =~ s/\n/ /gr);
        like($said, $why, '... and why');
    }
    $s->done;
};

subtest 'the same over HTTP/2' => sub {
    my $two = RCAPI::Test->new(module => 't/mod_rcapi_echo.so', children => 1, modules => ['http2'],
        directives => "Protocols h2c http/1.1\n");
    my @curl = ('curl', '-s', '--http2-prior-knowledge', '-w', '%{http_code} %{http_version}');
    my $file = $two->dir . '/scratch/body';
    spew($file, pack 'N*', 1 .. 1_000_000);
    my $get = sub {
        my ($what, @more) = @_;
        return run({ root => 1, timeout => 40 }, @curl, '-o', "$file.back", $two->url . "/_echo/$what", @more);
    };
    is($get->('cat', '--data-binary', "\@$file")->{out}, '200 2', 'a body through a program');
    is(run({ root => 1 }, 'cmp', $file, "$file.back")->{exit}, 0, 'the same bytes');
    is($get->('fail')->{out}, '500 2', 'a program that fails before its first byte');
    isnt($get->('fail-late')->{exit}, 0, 'and after it: the stream is reset');
    is($get->('big')->{out}, '200 2', 'much');
    is(-s "$file.back", $BIG, 'all of it');
    unlink $file, "$file.back";
    $two->done;
};
done_testing;
