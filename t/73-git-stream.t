#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Answers that a program writes into a file while they are sent, shown by the face that only the tests
# have (t/lib/face_echo.c).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::HTTP;
use RCAPI::Run qw(patiently run slurp);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    module => 't/mod_rcapi_echo.so', children => 1, directives => "Timeout 3\nRequestReadTimeout header=20\n");
my $BIG = 200_000_000;
my $head = "HTTP/1.1\r\nHost: x\r\n";

# The process that the last script has written down is gone, or goes soon.
sub is_gone {
    my ($what) = @_;
    my $pid = slurp($t->dir . '/tmp/pid') + 0;
    patiently(5, sub { !kill 0, $pid });
    ok(!kill(0, $pid), "$what: the program is gone");
    unlink $t->dir . '/tmp/pid';
}

# A connection that has sent $text, and what has come on it when it matches $like or has ended.
sub talk {
    my ($text, $like) = @_;
    my $socket = RCAPI::HTTP::connect_to($t->port);
    my $got = '';
    syswrite $socket, $text;
    patiently(5, sub {
        vec(my $ready = '', fileno $socket, 1) = 1;
        return 0 if !select $ready, undef, undef, 0.1;
        return !sysread($socket, $got, 65536, length $got) || $got =~ $like;
    });
    return ($socket, $got);
}

subtest 'a program' => sub {
    my $r = run({ root => 1, timeout => 60 }, 'sh', '-c', "curl -s ${\ $t->url}/_echo/produce/big | wc -c");
    is($r->{out} + 0, $BIG, 'much');
    is($t->get('/_echo/produce/cat')->body, '', 'nothing');
    is($t->get('/_echo/produce/deaf')->body, "deaf\n", 'little');
    my ($socket, $got) = talk("GET /_echo/produce/ticks $head\r\n", qr/tick/);
    like($got, qr/tick/, 'the first bytes of one that works on');
    close $socket;
    is_gone('its client has left');
};

subtest 'one that fails' => sub {
    my $a = $t->get('/_echo/produce/fail');
    is($a->status, 500, 'before its first byte: a status');
    like($t->error_log, qr/RC0022: sh: exit status 3: broken/, '... and its words in the log');
    is($t->get('/_echo/produce/killed')->status, 500, 'killed');
    $a = $t->raw_request("GET /_echo/produce/fail-late $head\r\n");
    is($a->status, 200, 'after its first byte');
    like($a->{raw}, qr{\r\n\r\n6\r\nfirst\n\r\n\z}, '... the answer is cut: no last chunk');
    is($t->get('/_echo/produce/silent')->status, 503, 'a deadline');
    is_gone('silent');
};
$t->done;
done_testing;
