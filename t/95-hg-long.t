#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A Mercurial repository of many changesets, and files with many revisions: lists, names and long chains of deltas
# cost no more than they should, and what others add is seen.
use strict;
use warnings;
use Test::More;
use RCAPI::Hg;
use RCAPI::Run qw(rounds);
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*', children => 1, threads => 4);
my $ROOT = "$t->{dir}/data/repos";
my $COUNT = rounds(3000, 20000);

subtest 'many changesets' => sub {
    RCAPI::Hg::hg('init', "$ROOT/many");
    RCAPI::Hg::many("$ROOT/many", $COUNT);
    $t->must('rescan_repos');
    my $list = $t->must(get_repo_changesets => { repoid => 'many', start_rev => '0', limit => -1 });
    is scalar @$list, $COUNT, 'the list';
    my @odd = grep { $list->[$_]{revision} != $_ || $list->[$_]{message} ne "change $_" } 1 .. $COUNT - 1;
    is_deeply \@odd, [], 'in order';
    my $refs = $t->must(get_repo_refs => { repoid => 'many' });
    my %wanted = (default => $list->[0]{raw_id}, map { ("branch$_" => undef) } 0 .. 9);
    $wanted{ $_->{branch} } = $_->{raw_id} for @$list;
    is_deeply $refs->{branches}, \%wanted, 'the tip of each branch';
    my $middle = $list->[ $COUNT / 2 ];
    is $t->must(get_repo_changeset => { repoid => 'many', revision => substr($middle->{raw_id}, 0, 12) })->{revision},
        $middle->{revision}, 'a short id';
    my ($id) = reverse RCAPI::Hg::build("$ROOT/many", { files => { b => { data => 'b' } }, branch => 'branch3' });
    is $t->must(get_repo_refs => { repoid => 'many' })->{branches}{branch3}, $id, 'a new tip';
    RCAPI::Hg::hg('-R', "$ROOT/many", '--config', 'extensions.strip=', 'strip', '--no-backup', '-r', $COUNT / 2);
    $refs = $t->must(get_repo_refs => { repoid => 'many' });
    is $refs->{tags}{tip}, $list->[ $COUNT / 2 - 1 ]{raw_id}, 'the tip after a strip';
    my $last = (grep { $_->{branch} eq 'branch3' } @$list[0 .. $COUNT / 2 - 1])[-1];
    is $refs->{branches}{branch3}, $last->{raw_id}, 'and the one of a branch';
};

subtest 'long chains' => sub {
    RCAPI::Hg::hg('init', "$ROOT/chains", map { ('--config', "format.$_=0") } qw(sparse-revlog usegeneraldelta));
    my @lines = map { "line $_ of the file, which is long enough for deltas to be small\n" } 1 .. 300;
    my @commits = map {
        my $n = $_;
        $lines[ ($n * 7) % 300 ] = "changed by $n\n";
        { files => { big => { data => join '', @lines }, "f$n" => { data => "$n" } } };
    } 0 .. 199;
    my @ids = RCAPI::Hg::build("$ROOT/chains", @commits);
    $t->must('rescan_repos');
    my $index = RCAPI::Hg::hg('--cwd', "$ROOT/chains", 'debugdeltachain', 'big');
    my $longest = 0;
    for (split /\n/, $index) { my @f = split; $longest = $f[4] if $f[0] =~ /^\d/ && $f[4] > $longest }
    cmp_ok $longest, '>', 20, 'deltas of deltas';
    for my $n (0, 1, 77, 150, 199) {
        is $t->get("/chains/raw/$n/big", as => 'admin')->body, $commits[$n]{files}{big}{data}, "the file in $n";
    }
    my @files = map { $_->{name} } @{ $t->must(get_repo_nodes => {
        repoid => 'chains', revision => '199', root_path => '/', ret_type => 'files' }) };
    is scalar @files, 201, 'the last manifest';
};

$t->done;
done_testing;
