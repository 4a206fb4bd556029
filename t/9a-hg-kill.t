#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Kills during pushes by hg: of Mercurial, and of httpd. What the client was told was done is there, and the next push
# finds a sound repository.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use RCAPI::Hg;
use Time::HiRes ();
use RCAPI::HgClient;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(public => 0, disk => 1, children => 1);
my $PATH = $t->dir . '/data/repos/r';
$t->must(create_repo => { repo_name => 'r', repo_type => 'hg' });
my $admin = RCAPI::HgClient->new($t, basic => 'admin:' . $t->key('admin'));
my $work = $admin->clone('r');
spew("$work/small", "1\n");
$admin->must('--cwd', $work, 'commit', '-q', '-A', '-m', 'small');
$admin->must('-R', $work, 'push', '-q');
RCAPI::Hg::many($work, 4000);

# Processes of Mercurial that serve the repository.
sub servers {
    return grep { slurp("/proc/$_/cmdline") =~ /\0-c\0.*\0\Q$PATH\E\0/s } map { m{(\d+)\z} } glob '/proc/[0-9]*';
}

# When the journal of the transaction was begun; '' without one.
sub journal_time { my @stat = Time::HiRes::stat("$PATH/.hg/store/journal"); return @stat ? "$stat[1] $stat[9]" : '' }

sub count { RCAPI::Hg::hg('-R', $PATH, 'log', '-T', 'x') =~ tr/x// }
sub journal { $t->sql("SELECT count(*) FROM journal WHERE action LIKE 'push%'") + 0 }

# Starts a push and waits until Mercurial writes; the number of its process, and how to wait for the end of hg.
sub begin {
    my $before = journal_time();
    my $push = $admin->start('-R', $work, 'push', '-q', '-f');
    ok patiently(30, sub { journal_time() ne $before }), 'Mercurial writes';
    return ($push, servers());
}

subtest 'Mercurial is killed' => sub {
    my ($push, @pids) = begin();
    is scalar(@pids), 1, 'one process serves the push';
    kill KILL => @pids;
    my $r = $push->();
    isnt $r->{exit}, 0, 'the push fails';
    like $r->{err}, qr/HTTP Error 500/, '... as hg shows';
    ok -e "$PATH/.hg/store/journal", 'a transaction was left';
    is count(), 1, 'readers see what was before';
    is $t->must(get_repo => { repoid => 'r' })->{last_changeset}{revision}, 0, '... of the server, too';
    is journal(), 1, 'nothing is recorded';
    like $t->error_log, qr/Mercurial ended with signal 9/, 'the log';
};

subtest 'httpd is killed' => sub {
    my ($push) = begin(); # which removes what the killed one has left
    $t->kill_child;
    $push->(); # hg may send its push once more, which then brings nothing
    ok patiently(30, sub { !servers() }), 'Mercurial ends';
    ok !-e "$PATH/.hg/store/journal", 'it has finished the push';
    is count(), 4001, '... all of it';
    like RCAPI::Hg::hg('-R', $PATH, 'verify'), qr/checked 4001 changesets/, 'hg verify';
    is $admin->try('-R', $work, 'push', '-q', '-f')->{exit}, 1, 'nothing is left to push';
    is $t->must(get_repo => { repoid => 'r' })->{last_changeset}{revision}, 4000, 'the last changeset';
};

$t->done;
done_testing;
