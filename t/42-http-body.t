#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The way of a request body to the API: lengths, chunks, limits, delays, and what becomes of the
# connection; and what the answer looks like on the wire.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep time);

use RCAPI::HTTP;
use RCAPI::Run qw(slow);
use RCAPI::Test;

my $LIMIT = 16 * 1024;
my $t = RCAPI::Test->new(directives => "RcapiMaxRequestBody 16K\nRequestReadTimeout body=2\nLimitRequestBody "
    . "1048576\n");
my $key = $t->key('admin');
my $TOO_LARGE = qq({"id":null,"result":null,"error":"Request body is larger than $LIMIT bytes"}\n);

my $EMPTY = qq({"id":1,"api_key":"$key","method":"test","args":{"args":""}});

# A call of `test` whose body has exactly $size bytes.
sub body_of {
    my ($size) = @_;
    return $EMPTY =~ s/""\}\}$/'"' . 'x' x ($size - length $EMPTY) . '"}}'/er;
}

sub chunked {
    my ($body, $size) = @_;
    return join('', map { sprintf "%x\r\n%s\r\n", length, $_ } unpack "(a$size)*", $body) . "0\r\n\r\n";
}

# Head and body to the API, on a connection that would stay.
sub post {
    my ($head, $body, %opt) = @_;
    return $t->raw_request("POST /_admin/api HTTP/1.1\r\nHost: x\r\n$head\r\n$body", timeout => 10, %opt);
}

subtest 'sizes' => sub {
    for my $size (100, 8191, 8192, 8193, $LIMIT - 1, $LIMIT) {
        my $body = body_of($size);
        for my $case (["Content-Length: $size", $body], ['Transfer-Encoding: chunked', chunked($body, 1000)],
            ['Transfer-Encoding: chunked', chunked($body, 99999)]) {
            my $a = post("$case->[0]\r\nConnection: close\r\n", $case->[1]);
            is(eval { length $a->json->{result} }, $size - length $EMPTY, "$size bytes, $case->[0]") or diag $a->{raw};
        }
    }
    is(post("Transfer-Encoding: chunked\r\nConnection: close\r\n", chunked(body_of(300), 1))->json->{error}, undef,
        'byte by byte');
};

subtest 'too large' => sub {
    my $over = body_of($LIMIT + 1);
    my $much = body_of(500_000);
    for my $case (
        ['a little', "Content-Length: ${\ length $over}\r\n", $over, ''],
        ['much', "Content-Length: 500000\r\n", $much, 'close'],
        ['announced, not sent', "Content-Length: 999999\r\n", '', 'close'],
        ['chunked', "Transfer-Encoding: chunked\r\n", chunked($over, 4000), 'close'],
        ['one chunk', "Transfer-Encoding: chunked\r\n", chunked($much, 500_000), 'close'],
    ) {
        my ($what, $head, $body, $connection) = @$case;
        my $a = post($head, $body, half_close => 1);
        is($a->status, 200, "$what: 200");
        is($a->body, $TOO_LARGE, '... with the error');
        is($a->header('Connection') // '', $connection, '... and the connection: ' . ($connection || 'stays'));
    }
    my $get = "GET /_admin/api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    my $a = $t->raw_request("POST /_admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: "
        . "${\ length $over}\r\n\r\n$over$get");
    is(() = $a->{raw} =~ /^HTTP\/1.1 200/mg, 2, 'the next request on the same connection is served');
};

subtest 'lengths that are none' => sub {
    for my $case (
        ["", '', 200, 'Empty body, No Content-Length in request'],
        ["Content-Length: 0\r\n", '', 200, 'Content-Length is 0'],
        ["Transfer-Encoding: chunked\r\n", "0\r\n\r\n", 200, 'Content-Length is 0'],
        ["Content-Length: x\r\n", '', 400], ["Content-Length: -1\r\n", '', 400],
        ["Content-Length: 5, 5\r\n", '12345', 400], ["Content-Length: 99999999999999999999999\r\n", '', 400],
        ["Transfer-Encoding: gzip\r\n", 'xx', 400],
        ["Transfer-Encoding: chunked\r\n", "zz\r\nxx\r\n", 400],
        ["Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\nxx\r\n", '4..'],
        ["Transfer-Encoding: chunked\r\n", "5\r\nabc", 400], ["Content-Length: 50\r\n", 'short', 400],
        ["Transfer-Encoding: chunked\r\n", "-5\r\nabc\r\n", 400],
    ) {
        my ($head, $body, $status, $error) = @$case;
        my $a = post("${head}Connection: close\r\n", $body, half_close => 1);
        like($a->status, qr/^$status$/, ($head . $body) =~ s/\r\n/ /gr);
        is($a->json->{error}, $error, '... says so') if $error;
    }
};

subtest 'methods' => sub {
    my $body = body_of(100);
    is($t->get('/_admin/api', method => 'GET', body => $body)->json->{error}, undef, 'GET with a body is served');
    is($t->get('/_admin/api/', method => 'POST', body => $body)->json->{error}, undef, 'a slash at the end');
    is($t->get('/_admin/api?x=y', method => 'POST', body => $body)->json->{error}, undef, 'a query');
    for my $method (qw(PUT DELETE OPTIONS PATCH FOO)) {
        my $a = $t->get('/_admin/api', method => $method, body => $body);
        is($a->status . $a->body,
            qq(200{"id":null,"result":null,"error":"unsupported request method \\"$method\\". Please use POST"}\n),
            $method);
    }
    my $head = $t->get('/_admin/api', method => 'HEAD');
    is($head->status . $head->body, '200', 'HEAD has no body');
};

subtest 'the answer' => sub {
    my $a = $t->get('/_admin/api', method => 'POST', body => body_of(100));
    is($a->header('Content-Type'), 'application/json', 'type');
    is($a->header('Content-Length'), length $a->body, 'length');
    is($a->header('X-Content-Type-Options'), 'nosniff', 'nosniff');
    is($a->header('Cache-Control'), 'no-store', 'kept by nobody');
    is(() = $a->body =~ /\n/g, 1, 'one line');
    is($t->get('/_admin/api', method => 'POST', body => body_of(100) =~ s/"api_key":"\w+",//r,
        headers => ['X-Api-Key' => $key])->json->{error}, undef, 'a key in a header');
    is($t->get('/_admin/api', method => 'POST', body => body_of(100) =~ s/"api_key":"\w+",//r,
        headers => [Authorization => "Bearer $key"])->json->{error}, undef, 'or as a bearer');
    like($t->get("/_admin/api?api_key=$key", method => 'POST', body => body_of(100) =~ s/"api_key":"\w+",//r)->json
        ->{error}, qr/Missing 'api_key/, 'not in the URL');
    like($t->get('/_admin/api', method => 'POST', body => body_of(100) =~ s/"api_key":"\w+",//r,
        basic => "admin:$t->{password}")->json->{error}, qr/Missing 'api_key/, 'no password');
    my $expect = post("Content-Length: 100\r\nExpect: 100-continue\r\nConnection: close\r\n", body_of(100));
    like($expect->{raw}, qr/^HTTP\/1.1 100 /, 'Expect: 100-continue');
    is($expect->json->{error}, undef, '... and then the answer');
    unlike(post("Content-Length: 999999\r\nExpect: 100-continue\r\n", '')->{raw}, qr/^HTTP\/1.1 100 /,
        'a body that is too large is not asked for');
};

subtest 'slow and broken senders' => sub {
    my $s = RCAPI::HTTP::connect_to($t->port);
    print $s "POST /_admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
    my $start = time;
    my $got = join '', <$s>;
    like($got, qr/^HTTP\/1.1 408/, 'a body that does not come: 408');
    cmp_ok(time - $start, '<', 8 * slow(), '... in time');
    for (1 .. 10) {
        my $gone = RCAPI::HTTP::connect_to($t->port);
        print $gone "POST /_admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
        close $gone;
    }
    is($t->call(test => { args => 'x' })->{result}, 'x', 'senders that go away do no harm');
};

subtest 'many at once on one connection' => sub {
    my $one = "POST /_admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" . body_of(100);
    my $a = $t->raw_request($one x 20 . $one =~ s/Host: x/Host: x\r\nConnection: close/r);
    is(() = $a->{raw} =~ /"error":null/g, 21, 'pipelined');
};

$t->done;
done_testing;
