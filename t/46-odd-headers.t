#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Logins, ranges and conditions made at random: every answer is one that HTTP has for them, no child
# ends, and nothing is opened that the right login does not open. SEED=n repeats a run.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 qw(encode_base64);
use Test::More;
use RCAPI::Run qw(rounds);
use RCAPI::Test;

my $seed = $ENV{SEED} // 1;
my $LOGINS = rounds(15, 60); # a right or wrong password costs some 50 ms
my $RANGES = rounds(80, 200);

my $t = RCAPI::Test->new(public => 0, whitelist => '*', modules => ['authz_user'], directives => <<'END');
<Location "/">
    AuthType Basic
    AuthName "Our code"
    AuthBasicProvider rcapi
    Require rcapi
</Location>
END
$t->user('ann', password => 'right password');
$t->repo('app', commits => 3, args => { owner => 'ann' });
my $URL = '/app/changeset-diff/tip';
my $RIGHT = 'Basic ' . encode_base64('ann:right password', '');
my $diff = $t->get($URL, headers => [Authorization => $RIGHT]);
is($diff->status, 200, 'the right login');

srand $seed;
note("SEED=$seed");

sub pick { return $_[rand @_] }

# Some bytes that a header may hold.
sub odd { return join '', map { chr pick(9, 32 .. 126, 128 .. 255) } 1 .. rand(shift // 30) }

# A text with some changes: a byte left out, put in, or another one.
sub changed {
    my ($text) = @_;
    for (0 .. rand 3) {
        substr($text, rand length $text, pick(0, 1)) = pick('', odd(3), pick(split //, ':=-,/*"'), "\0" =~ s/\0/ /r)
            if length $text;
    }
    return $text;
}

subtest 'logins' => sub {
    my (%status, @wrong);
    for (1 .. $LOGINS) {
        my $login = pick('ann:', 'ann', ':right password', ':', '', "ann\0:right password", "default:",
            'ann:' . 'x' x rand 9000,
            'ann:right password ', changed('ann:right password'), odd(200), "ann:\xff\xfe");
        my $encoded = pick(encode_base64($login, ''), encode_base64($login, ''), odd(200),
            changed($RIGHT =~ s/^Basic //r), '=' x rand 9, encode_base64($login, '') . '%');
        my $header = pick('Basic ', 'Basic ', 'basic  ', 'Basic', "Basic\t", 'Bearer ', 'Digest ', '', odd(8))
            . $encoded;
        $header =~ tr/\0\r\n//d;
        my $answer = $t->get($URL, headers => [Authorization => $header]);
        $status{ $answer->status }++;
        my $decoded = $header =~ /^basic\s*(.*)/i ? MIME::Base64::decode($1) : '';
        next if $answer->status =~ /^(?:401|400|503)$/ || ($answer->status == 200 && $decoded eq 'ann:right password');
        push @wrong, $answer->status . " to $header";
    }
    is(join("\n", @wrong), '', join ', ', map { "$status{$_} times $_" } sort keys %status);
};

subtest 'ranges and conditions' => sub {
    my (%status, @wrong);
    my $etag = $diff->header('ETag');
    my $date = $diff->header('Last-Modified') // 'Thu, 01 Jan 2026 00:00:00 GMT';
    my @names = qw(Range If-Range If-None-Match If-Match If-Modified-Since If-Unmodified-Since);
    for (1 .. $RANGES) {
        my %sent = (Range => changed(pick('bytes=0-0', 'bytes=5-', 'bytes=-5', 'bytes=0-9,20-29',
            'bytes=' . join(',', map { "$_-$_" } 1 .. 300), 'lines=1-2')));
        $sent{Range} = 'bytes=' . length($diff->body) . '-' if rand() < 0.1;
        $sent{ pick(@names[1 .. $#names]) } = pick($etag, "W/$etag", '*', $date, changed($etag), changed($date), odd(),
            "$etag, $etag", '"' x rand 2000) if rand() < 0.8;
        $sent{ pick(@names) } = odd() if rand() < 0.2;
        my $answer = $t->get($URL, headers => [Authorization => $RIGHT, map { ($_ => $sent{$_}) } sort keys %sent]);
        $status{ $answer->status }++;
        next if $answer->status =~ /^(?:304|400|412|416)$/ || ($answer->status == 200 && $answer->body eq $diff->body);
        next if $answer->status == 206 && ($answer->header('Content-Type') =~ /^multipart/ || part($answer));
        push @wrong, $answer->status . ' to ' . join ', ', map { "$_: $sent{$_}" } sort keys %sent;
    }
    is(join("\n", @wrong), '', join ', ', map { "$status{$_} times $_" } sort keys %status);
    ok($status{$_}, "... also $_") for 200, 206, 304, 416;
};

# Is the answer the part of the diff that it says it is?
sub part {
    my ($answer) = @_;
    my ($from, $to) = ($answer->header('Content-Range') // '') =~ m{^bytes (\d+)-(\d+)/} or return 0;
    return $answer->body eq substr $diff->body, $from, $to - $from + 1;
}

$t->done;
done_testing;
