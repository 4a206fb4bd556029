#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What pull requests say of merges, and what they make of them, against `git merge` in a work tree: for the
# merges of a history and for pairs of its commits. RCAPI_MERGES names a repository with another history.
use strict;
use warnings;
use Test::More;
use RCAPI::Run qw(rounds);
use RCAPI::Test;

my $ROUNDS = $ENV{RCAPI_MERGES_MOST} // rounds(8, 500);
my $from = $ENV{RCAPI_MERGES};
my $t = RCAPI::Test->new(directives => "RcapiDatabaseSync NORMAL\n");
my $work = "$t->{dir}/scratch/work";
my $path = "$t->{dir}/data/repos/r";

if ($from) {
    $t->git('.', 'clone', '-q', '--mirror', $from, "$t->{dir}/scratch/mirror");
    $t->git('.', 'clone', '-q', '--no-checkout', "$t->{dir}/scratch/mirror", $work);
    $t->git("$t->{dir}/scratch/mirror", qw(repack -a -d -q));
} else {
    RCAPI::Git::init($work);
    RCAPI::Git::history($work, 40 + $ROUNDS, 7);
}
$t->repo('r', from => $from ? "$t->{dir}/scratch/mirror" : $work);
$t->must(get_repo => { repoid => 'r', cache => 'false' });

sub git { return $t->git(@_) =~ s/\n\z//r }

# Pairs of commits: the parents of merges, and others.
my @merges = map { [(split ' ')[1, 2]] } split /\n/, git($work, qw(rev-list --all --merges --max-parents=2 --parents));
my @commits = split /\n/, git($work, qw(rev-list --all));
srand 1;
my @pairs = map { rand() < 0.5 ? $merges[rand @merges] : [@commits[rand @commits, rand @commits]] } 1 .. 3 * $ROUNDS;

# What git does in a work tree: the id of the merged tree; '' for conflicts; undef when it has nothing to do or
# refuses.
sub by_git {
    my ($ours, $theirs) = @_;
    git($work, qw(checkout -q -f --detach), $ours);
    git($work, qw(clean -q -f -d -x));
    my $r = $t->run({ dir => $work }, qw(git -c user.name=A -c user.email=a@b merge --no-ff --no-edit -q), $theirs);
    my $conflicts = $r->{exit} && git($work, qw(ls-files -u));
    git($work, qw(reset -q --hard)) if $r->{exit};
    return $conflicts ? '' : undef if $r->{exit};
    return git($work, 'rev-parse', 'HEAD') eq $ours ? undef : git($work, 'rev-parse', 'HEAD^{tree}');
}

my %count = map { $_ => 0 } qw(possible conflicts);
for my $n (1 .. @pairs) {
    my ($ours, $theirs) = @{ $pairs[$n - 1] };
    my $want = by_git($ours, $theirs) // next;
    git($path, 'update-ref', "refs/heads/t$n", $ours);
    git($path, 'update-ref', "refs/heads/s$n", $theirs);
    my $r = $t->call(create_pull_request => { source_repo => 'r', target_repo => 'r', source_ref => "branch:s$n",
        target_ref => "branch:t$n", title => $n });
    my $id = $r->{result}{pull_request_id} // do { fail("$ours $theirs: $r->{error}"); next };
    my $said = $t->must(get_pull_request => { repoid => 'r', pullrequestid => $id })->{mergeable}{message};
    my $merged = $t->must(merge_pull_request => { repoid => 'r', pullrequestid => $id });
    my $tree = $merged->{merge_commit_id} && git($path, 'rev-parse', "$merged->{merge_commit_id}^{tree}");
    my $expected = $want eq '' ? 'This pull request cannot be merged because of conflicts. 2 '
        : "This pull request can be automatically merged. 0 $want";
    my $got = join ' ', $said, $merged->{failure_reason}, $tree // '';
    is $got, $expected, "$ours $theirs" if $got ne $expected;
    $count{ $want eq '' ? 'conflicts' : 'possible' }++;
    last if $count{conflicts} + $count{possible} == $ROUNDS;
}
cmp_ok $count{$_}, '>', 0, "$_: $count{$_}" for sort keys %count;
is git($path, qw(fsck --connectivity-only --no-dangling)), '', 'the repository is whole';

$t->done;
done_testing;
