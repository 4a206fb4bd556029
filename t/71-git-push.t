#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Pushes by the system's git: what they change, what they print, and what follows them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::GitClient;
use RCAPI::HTTP;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $repo = $t->repo('group/main', empty => 1);
my $admin = RCAPI::GitClient->new($t, as => 'admin');

# A new folder with $n commits on master.
sub work {
    my ($n, $seed) = @_;
    my $work = $admin->folder;
    $admin->must($t->dir, 'init', '-q', $work);
    RCAPI::Git::history($work, $n, $seed // 1);
    $admin->must($work, 'remote', 'add', 'origin', $admin->url($_[2] // 'group/main'));
    return $work;
}

subtest 'the first push' => sub {
    my $work = work(20);
    my $r = $admin->try($work, 'push', 'origin', 'master', 'side', '--tags');
    is($r->{exit}, 0, 'exit status') or diag $r->{err};
    like($r->{err}, qr/^remote: RhodeCode: push completed\s*$/m, 'the text');
    is($t->git($repo->{path}, 'rev-parse', 'master'), $t->git($work, 'rev-parse', 'master'), 'master');
    is($t->git($repo->{path}, 'fsck', '--full'), '', 'all objects');
};
$t->done;
done_testing;
