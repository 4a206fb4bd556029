#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Load that must not be felt: hundreds of megabytes of archives and diffs leave the memory of a child as it was,
# a child that kept too much gives it back when nobody asks, and a thousand slow readers leave the threads free
# for others. Nothing here is timed; make bench does that.
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
use RCAPI::Run qw(patiently rounds slurp spew);
use RCAPI::Slow;
use RCAPI::Test;

my $MIB = 1024 * 1024;
my $READERS = 1000;
my $COMMITS = 200;
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

# --- all kinds

# 80 directories of 70 files, in each of which each commit changes one: 80 trees of 3 KB a commit.
sub build_trees {
    my ($path) = @_;
    my $text = "blob\nmark :1\ndata 2\nx\n\nblob\nmark :2\ndata 2\ny\n\n";
    for my $n (1 .. $COMMITS) {
        $text .= sprintf "commit refs/heads/master\ncommitter C <c\@example.org> %d +0000\ndata 2\nx\n\n", 1e9 + $n;
        for my $d (1 .. 80) {
            $text .= sprintf "M 100644 :%d d%02d/f%02d\n", 1 + $n % 2, $d, $_ for $n == 1 ? 1 .. 70 : $n % 70;
            $text .= sprintf "M 100644 inline d%02d/n\ndata <<E\n%d\nE\n", $d, $n;
        }
    }
    RCAPI::Git::git($path, { stdin => $text, timeout => 60 }, qw(fast-import --quiet));
    return split /\n/, RCAPI::Git::git($path, qw(rev-list master));
}

sub build_refs {
    my ($path, $count) = @_;
    RCAPI::Git::git($path, { stdin => "commit refs/heads/master\ncommitter C <c\@example.org> 1000000000 +0000\n"
        . "data 2\nx\n\nM 100644 inline n\ndata 2\nx\n" }, qw(fast-import --quiet));
    my $id = RCAPI::Git::git($path, qw(rev-parse master)) =~ s/\n//r;
    spew("$path/packed-refs", "# pack-refs with: peeled fully-peeled sorted \n"
        . join '', map { "$id refs/heads/topic/" . sprintf("%06d\n", $_) } 1 .. $count);
}

# Several clients at once, each of which asks for all paths; how many answers were not whole.
sub by_clients {
    my ($t, $clients, @paths) = @_;
    my @pids = map {
        my $pid = fork // die "fork: $!";
        POSIX::_exit(scalar(grep { swallow($t, $_) < 0 } @paths) ? 1 : 0) if !$pid;
        $pid;
    } 1 .. $clients;
    return sum0(map { waitpid $_, 0; $? >> 8 } @pids);
}

# What is kept to be faster has limits, which all kinds of load share: include/base/kept.h.
subtest 'all kinds' => sub {
    my $t = RCAPI::Test->new(children => 1, threads => 16);
    my %repo = map { $_ => $t->repo($_, empty => 1, args => { enable_downloads => JSON::PP::true() }) } qw(trees refs);
    my @ids = build_trees($repo{trees}{path});
    build_refs($repo{refs}{path}, 100_000);
    my ($pid) = $t->children;
    my $idle = anon($pid);

    swallow($t, '/refs/raw/tip/n');
    my $refs = anon($pid) - $idle;
    cmp_ok $refs, '<=', 10, sprintf 'the references take %.1f MiB', $refs if !$sanitized;
    is by_clients($t, 6, map { "/trees/changeset-diff/$_" } @ids), 0, 'diffs, all whole';
    is by_clients($t, 6, '/refs/raw/tip/n', map { "/trees/archive/$_.tar" } @ids[0 .. 2]), 0, 'references, archives';
    my @clones = map { RCAPI::HTTP::request($t->port, GET => "/refs/info/refs?service=git-upload-pack",
        headers => { 'X-Api-Key' => $t->key('admin') })->status } 1 .. 3;
    is "@clones", '200 200 200', 'what git fetch asks for';
    my $nodes = $t->must(get_repo_nodes => { repoid => 'trees', revision => 'tip', root_path => '/' });
    is @$nodes, 80 * 73, 'lists';
    is by_clients($t, 6, ('/refs/raw/tip/n', "/trees/raw/$ids[0]/d01/f01") x 20), 0, 'files of both in turn';
    # a larger database would add what RcapiRemember allows, and its pages
    my $now = anon($pid);
    cmp_ok $now + 16 + 6, '<=', 64, sprintf 'the child has %.1f MiB, and had %.1f', $now, $idle if !$sanitized;
    $t->done;
};

# --- rest

# 22 files of 400 KB in two versions: whoever reads the older one has the newer one in memory.
sub build_versions {
    my ($work) = @_;
    open my $random, '<:raw', '/dev/urandom' or die;
    my @text = map { read $random, my $bytes, 200_000; unpack 'H*', $bytes } 0 .. 21;
    for my $more ('', 'and more') {
        spew("$work/file$_", "$text[$_]$more\n") for 0 .. $#text;
        RCAPI::Git::git($work, qw(add .));
        RCAPI::Git::git($work, qw(commit -q -m Versions));
    }
    RCAPI::Git::git($work, qw(repack -adfq --window=3));
}

sub packs {
    my ($pid) = @_;
    my %open = map { $_ => 1 } slurp("/proc/$pid/maps") =~ m{(/\S+\.pack)$}mg;
    return scalar(keys %open);
}

# References of one repository that are more than a process may keep, and no other is used after it.
sub many_references {
    my $t = RCAPI::Test->new(children => 1);
    build_refs($t->repo('refs', empty => 1)->{path}, 300_000);
    my ($pid) = $t->children;
    my $idle = anon($pid);
    is by_clients($t, 1, '/refs/raw/tip/n'), 0, 'many references are read';
    my $most = anon($pid) - $idle;
    cmp_ok $most, '>', 16, sprintf 'they take %.1f MiB', $most if !$sanitized;
    return sub {
        my $at_rest = patiently(15, sub { anon($pid) < $idle + 4 });
        ok $at_rest || $sanitized, sprintf 'nobody asks: then %.1f', anon($pid) - $idle;
        $t->done;
    };
}

# Each pack that is open has its own memory of objects: five of them are more than a process may keep.
subtest 'rest' => sub {
    my $references_at_rest = many_references();
    my $t = RCAPI::Test->new(children => 1, directives => "RcapiRemember Off\n");
    my @older = map {
        my $repo = $t->repo($_, build => \&build_versions);
        "/$repo->{name}/raw/" . RCAPI::Git::git($repo->{path}, qw(rev-parse master~1)) =~ s/\n//r;
    } qw(one two three four five);
    my ($pid) = $t->children;
    # those that are read first are closed before the last are, when the machine is busy
    my $open = patiently(60, sub { by_clients($t, 1, map { my $n = $_; map { "$_/file$n" } @older } 0 .. 21) == 0
        && packs($pid) == @older });
    ok $open, 'the older files of all are read';
    my $before = anon($pid);
    my $at_rest = patiently(15, sub { packs($pid) < @older && anon($pid) < $before - 6 });
    ok $at_rest || $sanitized, sprintf 'nobody asks: memory falls from %.1f MiB', $before;
    $references_at_rest->();
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
