#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Load that must not be felt: hundreds of megabytes of archives and diffs leave the memory of a child as it was,
# and a thousand slow readers leave the threads free for others. Nothing here is timed; make bench
# does that.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use List::Util qw(max sum0);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use RCAPI::HTTP;
use RCAPI::Run qw(rounds slurp spew);
use RCAPI::Slow;
use RCAPI::Test;

my $MIB = 1024 * 1024;
my $READERS = 1000;
my $sanitized = $ENV{RCAPI_PRELOAD};

# 20 files of 1 MiB that do not compress, 25 commits whose archives differ, and one with a diff of
# 20 MiB in lines.
sub build {
    my ($work) = @_;
    my $commit = sub { RCAPI::Git::git($work, 'add', '-A'); RCAPI::Git::git($work, qw(commit -q -m), $_[0]) };
    open(my $random, "<:raw", "/dev/urandom") or die;
    for my $n (1 .. 20) {
        read($random, my $bytes, $MIB);
        spew("$work/file$n", $bytes);
    }
    $commit->('Files');
    for my $n (1 .. 25) {
        spew("$work/number", "$n\n");
        $commit->("Number $n");
    }
    mkdir "$work/text";
    my $line = join(' ', 1 .. 30) . "\n";
    spew("$work/text/$_", join '', map { "$_ $line" } 1 .. 1 + $MIB / (5 + length $line)) for 1 .. 20;
    $commit->('Much text');
}

# A request whose answer is thrown away; its length, -1 when it is not whole.
sub swallow {
    my ($t, $path) = @_;
    my $s = RCAPI::HTTP::connect_to($t->port) or die "no connection: $!";
    print $s "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Api-Key: " . $t->key('admin') . "\r\n\r\n";
    my ($got, $head, $chunk) = (0, '');
    while (sysread $s, $chunk, $MIB) {
        $head .= substr $chunk, 0, 4096 if length $head < 4096;
        $got += length $chunk;
    }
    my ($above, $status, $length) =
        $head =~ m{\A(HTTP/1.1 (\d+).*?\r\nContent-Length: (\d+)\r\n.*?\r\n\r\n)}s or return -1;
    return $status == 200 && $got == $length + length $above ? $length : -1;
}

sub anon { my ($pid) = @_; return (slurp("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m)[0] / 1024 }

# Runs $requests one after the other, beside which the child's memory is watched:
# (bytes served, largest growth in MiB meanwhile, growth at the end).
sub served {
    my ($t, @paths) = @_;
    my ($pid) = $t->children;
    my $before = anon($pid);
    pipe my $from, my $to or die;
    my $client = fork // die "fork: $!";
    if (!$client) {
        my @lengths = map { swallow($t, $_) } @paths;
        syswrite $to, (grep { $_ < 0 } @lengths) ? -1 : sum0(@lengths);
        POSIX::_exit(0);
    }
    close $to;
    my $most = $before;
    until (waitpid $client, POSIX::WNOHANG()) {
        $most = max($most, anon($pid));
        sleep 0.005;
    }
    return (scalar(<$from>), $most - $before, anon($pid) - $before);
}

sub constant {
    my ($t, $what, $bytes, @paths) = @_;
    my ($served, $peak, $growth) = served($t, @paths);
    cmp_ok $served, '>=', $bytes, "$what: " . @paths . ' answers, all whole';
    return if $sanitized;
    cmp_ok $peak, '<=', 16, sprintf '%s: memory grew by %.1f MiB at most, %.1f after', $what, $peak, $growth;
}

subtest 'memory' => sub {
    # the cache holds 3 of the 25 archives, so that in turn each is made anew
    my $t = RCAPI::Test->new(children => 1, threads => 8, directives => "RcapiArchiveCache data/archives 70M\n");
    my $repo = $t->repo('big', build => \&build, args => { enable_downloads => JSON::PP::true() });
    my @ids = split /\n/, RCAPI::Git::git($repo->{path}, qw(rev-list --max-count=26 master));
    my $text = shift @ids;
    my $few = $sanitized ? 5 : 1;
    my $archives = int(rounds(5, 25) / $few);
    my $diffs = rounds(12, 200);
    my $diff = sub { "/big/changeset-diff/$text?context=$_[0]&ignorews=" . $_[0] % 2 };

    served($t, map({ "/big/archive/$_.tar" } @ids[0 .. 4]), map { $diff->($_) } 1000 .. 1007); # caches fill once
    constant($t, 'archives made anew', 20e6 * $archives, map { "/big/archive/$_.tar" } @ids[0 .. $archives - 1]);
    constant($t, 'an archive made once', 20e6 * $archives, map { "/big/archive/$ids[0].tar" } 1 .. $archives);
    my $times = int($diffs / $few / $few);
    constant($t, 'diffs', 20e6 * $times, map { $diff->($_) } 1 .. $times);
    $t->done;
};

# --- slow readers

# 16 threads for 1000 readers. Each of them costs httpd two descriptors; four children need no more
# than the usual 1024 each.
sub patient_server {
    return RCAPI::Test->new(children => 4, threads => 4, directives => <<'END');
AsyncRequestWorkerFactor 90
ListenBacklog 511
SendBufferSize 32768
Timeout 600
END
}

subtest 'slow readers' => sub {
    my $t = patient_server();
    $t->repo('some', args => { enable_downloads => JSON::PP::true() }, build => sub {
        my ($work) = @_;
        open(my $random, "<:raw", "/dev/urandom") or die;
        read $random, my $bytes, 2 * $MIB;
        spew("$work/file", $bytes);
        RCAPI::Git::git($work, qw(add .));
        RCAPI::Git::git($work, qw(commit -q -m file));
    });
    my $path = '/some/archive/tip.zip';
    my $whole = $t->get($path, as => 'admin')->body;
    cmp_ok length $whole, '>', 2 * $MIB, 'an archive larger than all buffers';

    my $request = "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Api-Key: " . $t->key('admin') . "\r\n\r\n";
    my $slow = RCAPI::Slow->new($t->port, $READERS, $request);
    is $slow->all_served, $READERS, "$READERS readers are being served";

    my $right = 0;
    for my $n (1 .. 200) {
        $right++ if ($t->call(test => { args => "call $n" })->{result} // '') eq "call $n";
        $slow->sip(map { $_ * 200 + $n - 1 } 0 .. 4);
    }
    is $right, 200, '200 calls are answered beside them';
    cmp_ok $slow->most, '<', 70_000, 'while all still wait for the most part of it';
    ok $slow->drain($_) eq $whole, "reader $_ gets all of it" for 0, 1, 499, 998, 999;
    $t->done;
};

done_testing;
