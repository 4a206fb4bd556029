#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# rcapi-admin run by root: what it makes can be opened by the account that serves.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp ();
use Test::More;
use RCAPI::Run qw(account run);

my (undef, $uid, $gid) = account() or plan skip_all => 'only root has this question';
my $program = abs_path(($ENV{RCAPI_BUILD} || 'build') . '/bin/rcapi-admin');
my $place = File::Temp->newdir('rcapi-root-XXXXXX', DIR => '/tmp');

sub admin { return run({ root => 1, timeout => 60 }, $program, '--data', @_) }

my @init = qw(init --user admin --email admin@example.org --password secret-1);
my $r = admin("$place/roots", @init);
is $r->{exit}, 0, 'init below a folder of root';
like $r->{err}, qr/^All of it belongs to root: give it to/m, 'says so';

chown $uid, $gid, "$place";
$r = admin("$place/theirs/data", @init);
is $r->{exit}, 0, 'init below a folder of somebody else';
unlike $r->{err}, qr/root/, 'says nothing';
$r = admin("$place/theirs/data", qw(call create_repo repo_name:g/r repo_type:git));
is $r->{exit}, 0, 'call';
my @files = split /\0/, `find $place/theirs -print0`;
cmp_ok @files, '>', 10, 'it made something';
is_deeply [grep { (lstat)[4] != $uid || (lstat _)[5] != $gid } @files], [], 'all of it is theirs';

done_testing;
