#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What a pull acknowledges is on the disk, and a kill in the middle of one leaves the repository as
# before or after, ready for the next.
use strict;
use warnings;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use RCAPI::Run qw(patiently slurp);
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 1);
my $SOURCE = "$t->{dir}/scratch/source.git";
my $REPO = "$t->{dir}/data/repos/mirror";

$t->git('.', qw(init -q --bare -b master), $SOURCE);
chomp(my $tree = $t->git($SOURCE, 'mktree'));

# The source gets a new commit, and this branch or that.
my $tip;
sub advance {
    my ($branch) = @_;
    chomp($tip = $t->git($SOURCE, 'commit-tree', '-m', 'x', ($tip ? ('-p', $tip) : ()), $tree));
    my $old = $t->git($SOURCE, 'for-each-ref', '--format=delete %(refname)');
    $t->git($SOURCE, { stdin => $old }, qw(update-ref --stdin));
    $t->git($SOURCE, { stdin => join '', map { "create refs/$_ $tip\n" } "heads/$branch", 'heads/master',
        map { "tags/t$_" } 1 .. 60 },
        qw(update-ref --stdin));
}

sub refs { return $t->git($_[0], 'for-each-ref', '--format=%(objectname) %(refname)') }

advance('release');
$t->must(create_repo => { repo_name => 'mirror', repo_type => 'git', clone_uri => "file://$SOURCE" });

subtest 'what is acknowledged is on the disk' => sub {
    my $out = "$t->{dir}/strace";
    plan skip_all => 'strace does not work here'
        if $t->run('strace', '-f', '-o', $out, 'true')->{exit};
    advance('release/1.0');
    my $r = $t->run({ timeout => 120, env => { ASAN_OPTIONS => 'detect_leaks=0' } }, qw(strace -f -y -qq -e),
        'trace=fsync,fdatasync,link,linkat,rename,renameat,renameat2', '-o', $out,
        $t->program('rcapi-admin'), $t->admin_place, 'call', 'pull', 'repoid:mirror');
    is $r->{exit}, 0, 'pulled' or diag $r->{err};
    my @done;
    for (split /\n/, slurp($out)) {
        push @done, "sync $1" if /f(?:data)?sync\(\d+<([^>]*)>\)\s+= 0/;
        push @done, "link $1" if /link(?:at)?\(.*"([^"]*)"(?:, 0)?\)\s+= 0/;
        push @done, "rename $1" if /rename\w*\(.*"([^"]*)"(?:, \w+)?\)\s+= 0/;
    }
    my $when = sub { my ($what) = @_; my ($i) = grep { $done[$_] =~ $what } 0 .. $#done; return $i // 1e9 };
    my $published = $when->(qr{^rename \Q$REPO\E/packed-refs$});
    cmp_ok $published, '<', 1e9, 'the references change by one rename' or diag join "\n", @done;
    for my $part (qw(pack idx)) {
        my $link = $when->(qr{^link \Q$REPO\E/objects/pack/pack-\w+\.$part$});
        cmp_ok $when->(qr{^sync .*/pack-\w+\.$part$}), '<', $link, "the .$part is synced before it is linked";
        cmp_ok $link, '<', $published, 'and that is before the references lead to it';
    }
    cmp_ok $when->(qr{^sync \Q$REPO\E/objects/pack$}), '<', $published, 'so is its folder';
    cmp_ok $when->(qr{^sync .*/(?:rc-packed|packed-refs\.lock)$}), '<', $published,
        'the new references are synced, too';
    ok((grep { $_ > $published } grep { $done[$_] eq "sync $REPO" } 0 .. $#done),
        'the folder that they are in, behind them');
};

# Everything that a pull runs, by where it runs.
sub kill_git {
    for my $pid (map { m{(\d+)} } glob '/proc/[0-9]*') {
        my $cwd = readlink "/proc/$pid/cwd" // next;
        kill KILL => $pid if $cwd =~ m{^\Q$t->{dir}\E/data/repos/} && slurp("/proc/$pid/cmdline") =~ /^(?:\S*\/)?git/;
    }
}

subtest 'kills in the middle' => sub {
    my %seen;
    for my $round (1 .. 16) {
        my $before = refs($REPO);
        advance($round % 2 ? 'release/1.0' : 'release');
        my $pid = fork // die $!;
        POSIX::_exit(eval { $t->call(pull => { repoid => 'mirror' })->{result} } ? 0 : 1) if !$pid;
        sleep 0.03 * $round;
        $round % 4 < 2 ? kill_git() : $t->kill_child('KILL');
        waitpid $pid, 0;
        my $answered = $? == 0;
        my $after = refs($REPO);
        my $done = $after eq refs($SOURCE);
        $seen{ $done ? 'after' : 'before' }++;
        ok $done || (!$answered && $after eq $before), "round $round: as before or after";
        is patiently(30, sub { defined eval { $t->call(pull => { repoid => 'mirror' })->{error} // '' }
            && refs($REPO) eq refs($SOURCE) }), 1,
            'and the next pull works';
    }
    note join ', ', map { "$seen{$_} $_" } sort keys %seen;
    is $t->run('git', '-C', $REPO, 'fsck', '--strict', '--no-dangling')->{exit}, 0, 'nothing is damaged';
    is_deeply [$t->run('find', $REPO, '-name', '*.lock')->{out} =~ /\S+/g], [], 'no lock stays';
};

$t->stop;
$t->done;
done_testing;
