#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Requests to git's URLs that no git sends: damaged ones, objects that git must refuse, clients that
# take their time, and more of them than there are places.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep);

use RCAPI::GitClient;
use RCAPI::HTTP;
use RCAPI::Run qw(patiently rounds slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    children => 1, threads => 6, directives => "Timeout 2\nRcapiGitMax 1\nRequestReadTimeout header=20\n");
my $repo = $t->repo('r', commits => 30, seed => 4);
$t->user('wendy');
$t->must(grant_user_permission => { repoid => 'r', userid => 'wendy', perm => 'repository.write' });
my $wendy = RCAPI::GitClient->new($t, as => 'wendy');
my $NONE = '0' x 40;
my $head = $t->git($repo->{path}, 'rev-parse', 'master') =~ s/\n//r;
my $refs = $t->git($repo->{path}, 'for-each-ref');
my ($child) = $t->children;

sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }

sub post {
    my ($service, $body, @headers) = @_;
    return $t->get("/r/git-$service-pack", method => 'POST', body => $body,
        headers => ['Content-Type' => "application/x-git-$service-pack-request", 'X-Api-Key' => $t->key('wendy'),
            @headers]);
}

sub programs { grep { slurp($_) =~ /^PPid:\s*$child$/m } glob '/proc/[0-9]*/status' }

subtest 'damaged requests' => sub {
    my $pack = $t->git($repo->{path}, { stdin => "$head\n" }, qw(pack-objects --revs --stdout -q));
    my @bodies = (
        ['upload', pkt("want $head side-band-64k ofs-delta\n", "deepen 2\n") . '0000' . pkt("done\n")],
        ['upload', pkt("want $head\n") . '0000' . pkt("have $head\n") . '0000' . pkt("done\n")],
        ['upload', pkt('command=fetch', 'agent=x') . '0001' . pkt("want $head", 'done') . '0000', 'version=2'],
        ['upload', pkt('command=ls-refs') . '0001' . pkt('peel', 'ref-prefix refs/heads/') . '0000', 'version=2'],
        ['receive', pkt("$NONE $head refs/heads/x\0 report-status side-band-64k") . '0000' . $pack],
    );
    my %allowed = map { $_ => 1 } 200, 400, 413, 500;
    my %seen;
    srand 7;
    for my $n (1 .. rounds(40, 600)) {
        my ($service, $body, $version) = @{ $bodies[$n % @bodies] };
        for (1 .. 1 + int rand 3) {
            my $at = int rand(length($body) < 300 || rand() < 0.1 ? length $body : 300);
            my $how = int rand 4;
            substr $body, $at, 1, chr int rand 256 if $how == 0;
            substr $body, $at, 1 + int rand 20, '' if $how == 1;
            substr $body, $at, 0, substr $body, int rand length $body, 1 + int rand 20 if $how == 2;
            substr $body, $at, 4, (qw(0000 0001 0002 0003 ffff fff0 0004))[int rand 7] if $how == 3;
        }
        my $a = post($service, $body, $version ? ('Git-Protocol' => $version) : ());
        $seen{ $a->status }++;
        fail("status " . $a->status . ": $service " . unpack 'H*', $body) if !$allowed{ $a->status };
    }
    note(join ', ', map { "$_: $seen{$_}" } sort keys %seen);
    ok($seen{200} && $seen{400}, 'some were understood, others not');
    ok(patiently(20, sub { !programs() }), 'no program is left');
    ok(patiently(20, sub { !glob "$repo->{path}/objects/tmp_objdir-*" }), 'nor objects');
    my $now = $t->git($repo->{path}, 'for-each-ref');
    is(scalar(grep { index($now, $_) < 0 } split /^/, $refs), 0, 'the references are as before');
    is($t->git($repo->{path}, 'fsck', '--no-dangling', '--connectivity-only'), '', 'the repository is sound');
    is(($t->children)[0], $child, 'the server is the same');
};
subtest 'commands that are too long' => sub {
    my $n = 0;
    my $body = join '', map { pkt("$NONE $head refs/heads/" . 'x' x 900 . $n++) } 1 .. 11_000;
    is(post('receive', $body)->status, 413, 'more than 10 MiB');
    like($t->last->body, qr/too many references/, '... with a text');
};

subtest 'objects that harm who checks them out' => sub {
    my $dir = $wendy->folder;
    $t->git('.', qw(init -q --bare), $dir);
    my $blob = RCAPI::Git::write_object($dir, 'blob', "x\n");
    my %entry = ('.git' => 'hasDotgit', '..' => 'hasDotdot', '.GIT' => 'hasDotgit', '.' => 'hasDot');
    for my $name (sort keys %entry) {
        my $tree = RCAPI::Git::write_object($dir, 'tree', "100644 $name\0" . pack 'H*', $blob);
        my $commit = RCAPI::Git::write_object($dir, 'commit',
            "tree $tree\nauthor A <a\@b> 1 +0000\ncommitter A <a\@b> 1 +0000\n\nx\n");
        $t->git($dir, 'update-ref', 'refs/heads/bad', $commit);
        my $r = $wendy->try($dir, 'push', $wendy->url('r'), 'bad');
        like($r->{err}, qr/remote: .*$entry{$name}/, "a file called $name");
        like($r->{err}, qr/remote rejected\] bad -> bad \(unpacker error\)/, '... is rejected');
    }
    is($t->git($repo->{path}, 'for-each-ref', 'refs/heads/bad'), '', 'nothing is there');
};

subtest 'clients that stop' => sub {
    for my $half (0, 1) {
        my $socket = RCAPI::HTTP::connect_to($t->port);
        my $body = pkt("$NONE $head refs/heads/slow\0 report-status") . '0000PACK';
        syswrite $socket, "POST /r/git-receive-pack HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${\ $t->key('wendy')}\r\n"
            . "Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 1000\r\n\r\n"
            . substr $body, 0, $half ? length $body : 20;
        my $got = '';
        ok(patiently(20, sub {
            vec(my $ready = '', fileno $socket, 1) = 1;
            return select($ready, undef, undef, 0.1) && !sysread $socket, $got, 65536, length $got;
        }), ($half ? 'in the pack' : 'in the commands') . ': the server ends it');
        like($got, qr{\A(?:HTTP/1.1 408|\z)}, '... as late');
    }
    ok(patiently(20, sub { !programs() }), 'no program is left');
    is($t->git($repo->{path}, 'for-each-ref', 'refs/heads/slow'), '', 'nothing is there');
};

subtest 'a file of zeros' => sub {
    my $work = $wendy->clone('r');
    open my $fh, '>', "$work/zeros" or die $!;
    truncate $fh, 150_000_000;
    close $fh;
    $t->git($work, qw(add zeros));
    $t->git($work, qw(commit -q -m zeros));
    my ($before) = slurp("/proc/$child/status") =~ /^VmHWM:\s*(\d+) kB/m;
    is($wendy->try($work, 'push', 'origin', 'HEAD:refs/heads/zeros')->{exit}, 0, '150 MB, small when packed');
    my ($after) = slurp("/proc/$child/status") =~ /^VmHWM:\s*(\d+) kB/m;
    cmp_ok($after - $before, '<', 8192, 'memory of the server') unless $ENV{RCAPI_PRELOAD};
};

# A clone of $big whose program was stopped in its work: [connection, process group]; or nothing.
sub stopped_clone {
    my ($body) = @_;
    my $socket = RCAPI::HTTP::connect_to($t->port);
    syswrite $socket, "POST /big/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Length: ${\ length $body}\r\n"
        . "Content-Type: application/x-git-upload-pack-request\r\nX-Api-Key: ${\ $t->key('wendy')}\r\n\r\n$body";
    my ($group) = patiently(10, sub { (programs())[0] }) =~ /(\d+)/ or return;
    kill STOP => -$group;
    my $state = patiently(10,
        sub { slurp("/proc/$group/stat") =~ /\) ([TZ])/ ? $1 : -e "/proc/$group" ? undef : 'Z' });
    return ($state // '') eq 'T' ? [$socket, $group] : ();
}

subtest 'more clones than places' => sub {
    my $big = $t->repo('big', build => sub {
        my ($work) = @_;
        for my $n (1 .. 4) {
            spew("$work/noise$n", RCAPI::Git::random_hex(8_000_000));
            $t->git($work, 'add', '.');
            $t->git($work, 'commit', '-q', '-m', "noise $n");
        }
    });
    my $id = $t->git($big->{path}, 'rev-parse', 'HEAD') =~ s/\n//r;
    my $one;
    for my $depth (1 .. 4) { # another request each time, because the answer may be kept by now
        last if ($one) = stopped_clone(pkt("want $id\n", "deepen $depth\n") . '0000' . pkt("done\n"));
    }
    ok($one, 'one clone is being made') or return;
    is(post('upload', pkt("want $head\n") . '0000' . pkt("have $head\n", "done\n"))->status, 200,
        'a fetch of what is new has another place');
    is(post('upload', pkt('command=ls-refs') . '0000', 'Git-Protocol' => 'version=2')->status, 200,
        'references need none');
    my $a = post('upload', pkt("want $head\n") . '0000' . pkt("done\n"));
    is($a->status, 503, 'another clone waits in vain');
    is($a->header('Retry-After'), 3, '... and may come again');
    kill CONT => -$one->[1];
    close $one->[0];
    ok(patiently(20, sub { !programs() }), 'the first one ends');
    is(post('upload', pkt("want $head\n") . '0000' . pkt("done\n"))->status, 200, 'then the other can be made');
};
subtest 'another repository gets the name while the body comes' => sub {
    my $hidden = $t->repo('hidden', commits => 2, seed => 9, args => { private => JSON::PP::true() });
    $t->repo('open', commits => 1, seed => 3);
    my $id = $t->git($hidden->{path}, 'rev-parse', 'master') =~ s/\n//r;
    my $rename = sub { $t->must(update_repo => { repoid => $_[0], repo_name => $_[1] }) };
    for (
        ['references', pkt('command=ls-refs') . '0000', "Git-Protocol: version=2\r\n"],
        ['a clone', pkt("want $id\n") . '0000' . pkt("done\n"), ''],
        ['a fetch', pkt("want $id\n") . '0000' . pkt("have $head\n", "done\n"), ''],
    ) {
        my ($name, $body, $header) = @$_;
        my $socket = RCAPI::HTTP::connect_to($t->port);
        my $half = length($body) / 2;
        syswrite $socket, "POST /open/git-upload-pack HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${\ $t->key('wendy')}\r\n"
            . "Content-Type: application/x-git-upload-pack-request\r\nConnection: close\r\n$header"
            . "Content-Length: ${\ length $body}\r\n\r\n" . substr $body, 0, $half;
        sleep 0.3; # now access is granted
        $rename->(@$_) for [open => 'moved'], [hidden => 'open'];
        syswrite $socket, substr $body, $half;
        my $got = do { local $/; <$socket> };
        like($got, qr{\AHTTP/1.1 404 }, "$name: the answer is 404");
        unlike($got, qr/PACK|$id/, '... and shows nothing of the other one');
        $rename->(@$_) for [open => 'hidden'], [moved => 'open'];
    }
};
$t->done;
done_testing;
