#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Clone and fetch by the system's git: every version of the protocol, every kind of clone, and what
# the answers to single requests look like.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Compress::Gzip qw(gzip);
use Test::More;

use RCAPI::GitClient;
use RCAPI::HTTP;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $repo = $t->repo('group/history', commits => 60, seed => 3);
$t->repo('void', empty => 1);
my $refs = $t->git($repo->{path}, 'for-each-ref', '--format=%(objectname) %(refname)');
my $visitor = RCAPI::GitClient->new($t);
my @versions = map { RCAPI::GitClient->new($t, version => $_) } 0 .. 2;

sub refs_of { $t->git($_[0], 'for-each-ref', '--format=%(objectname) %(refname)') }

subtest 'clone, in each version of the protocol' => sub {
    for my $v (0 .. 2) {
        my $git = $versions[$v];
        my $mirror = $git->clone('group/history', '--mirror');
        is(refs_of($mirror), $refs, "version $v: all references");
        is($git->must($mirror, 'fsck', '--full', '--strict'), '', '... and all objects');
        is($git->must($t->dir, 'ls-remote', $git->url('group/history')),
            $git->must($t->dir, 'ls-remote', $repo->{path}), '... ls-remote');
        is($git->must($t->dir, 'ls-remote', '--symref', $git->url('group/history'), 'HEAD', 'v*'),
            $git->must($t->dir, 'ls-remote', '--symref', $repo->{path}, 'HEAD', 'v*'), '... a part of it');
        my $work = $git->clone('group/history');
        is($git->must($work, 'status', '--porcelain'), '', '... a working tree');
    }
};
$t->done;
done_testing;
