#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A full disk, and a read-only one: every call that writes fails cleanly or does what it says, and
# works when there is room again. Root's test only: the data are on a small file system in memory.
use strict;
use warnings;
use Test::More;
use RCAPI::Hg ();
use RCAPI::Run qw(account patiently run spew);
use RCAPI::Test;

plan skip_all => 'only root can mount' if !account();
my $t = RCAPI::Test->new(start => 0, as_root => 1, tasks => 1);
my $data = "$t->{dir}/data";
my (undef, $uid, $gid) = account();
sub root { my $r = run({ root => 1 }, @_); return $r->{exit} == 0 && $r->{signal} == 0 }

rename $data, "$data.first";
mkdir $data;
if (!root('mount', '-t', 'tmpfs', '-o', "size=24m,uid=$uid,gid=$gid,mode=700", 'tmpfs', $data)) {
    $t->done;
    plan skip_all => 'a file system in memory cannot be mounted here';
}
END { my $status = $?; root('umount', '-l', $data) if $data && $$ == $t->{owner}; $? = $status }
root('cp', '-a', "$data.first/.", $data) or die "cp: $!";
$t->start;

my $src = "$t->{dir}/scratch/src";
mkdir $src;
chown $uid, $gid, $src;
if (!(my $pid = fork)) {
    RCAPI::Run::become();
    RCAPI::Git::init($src);
    RCAPI::Git::history($src, 5, 1);
    RCAPI::Git::git($src, qw(commit -q --allow-empty -m), $_) for 1 .. 2;
    POSIX::_exit(0);
} else { waitpid $pid, 0 }
$t->must(create_repo => { repo_name => $_, repo_type => 'git', clone_uri => "file://$src" }) for qw(a b s);
my $gist = $t->must(create_gist => { files => { f => { content => 'old' } } })->{gist}{access_id};
$t->must(create_repo_group => { group_name => $_ }) for qw(g h);
my $tip = $t->must(get_repo => { repoid => 's' })->{last_changeset}{raw_id};

my @calls = (
    [create_repo => { repo_name => 'new', repo_type => 'git' }],
    [create_repo => { repo_name => 'cloned', repo_type => 'git', clone_uri => "file://$src" }],
    [fork_repo => { repoid => 'a', fork_name => 'x/forked' }],
    [create_gist => { files => { f => { content => 'y' x 100_000 } } }],
    [create_repo_group => { group_name => 'k' }],
    [update_repo => { repoid => 'a', name => 'renamed' }],
    [update_repo_group => { repogroupid => 'g', group_name => 'i' }],
    [strip => { repoid => 's', revision => $tip, branch => 'master' }],
    [comment_commit => { repoid => 's', commit_id => 'tip', message => 'z' x 60_000 }],
    [create_user => { username => 'u', email => 'u@example.org', password => 'secret7' }],
    [delete_gist => { gistid => $gist }],
    [delete_repo => { repoid => 'b' }],
    [delete_repo_group => { repogroupid => 'h' }],
);

sub fill {
    root('sh', '-c', "dd if=/dev/zero of=$data/filler bs=64k; dd if=/dev/zero bs=1 count=9000 >> $data/filler");
}
sub whole { my $r = $t->try_admin('check'); return "$r->{exit} $r->{out}$r->{err}" }

for my $call (@calls) {
    my ($method, $args) = @$call;
    root('rm', '-f', "$data/filler");
    fill();
    my $full = $t->call($method, $args);
    root('rm', '-f', "$data/filler");
    ok(defined $full->{result} || defined $full->{error}, "$method: an answer") or diag $full->{broken};
    is(whole(), '0 ', "$method: all is as it should be");
    my $again = $t->call($method, $args);
    my $done = defined $full->{result} ? 'before' : 'now';
    ok(defined $again->{result} || defined $full->{result}, "$method: done $done") or diag $again->{error};
}
is(whole(), '0 ', 'nothing is wrong');
is(join(' ', grep { !/\.done$/ } glob "$data/repos/.rc_tmp/*"), '', 'nothing is left in .rc_tmp');
is(join(' ', glob "$data/repos/.rc_left/*"), '', 'nothing was set aside');

# What a task has fetched fills the disk, and goes before its end is stored.
subtest 'tasks' => sub {
    my $hg = RCAPI::Hg::built("$t->{bin}/mod_rcapi.so") && !system 'hg --version >/dev/null 2>&1';
    for my $type ('git', $hg ? 'hg' : ()) {
        my $big = "$src.$type";
        mkdir $big;
        chown $uid, $gid, $big;
        if (!(my $pid = fork)) {
            RCAPI::Run::become();
            $type eq 'git' ? RCAPI::Git::init($big) : RCAPI::Hg::hg('init', $big);
            spew("$big/noise", RCAPI::Git::random_bytes(30_000_000));
            RCAPI::Git::git($big, qw(add noise)), RCAPI::Git::git($big, qw(commit -q -m noise)) if $type eq 'git';
            RCAPI::Hg::hg('-R', $big, qw(commit -A -q -m noise -u ann)) if $type eq 'hg';
            POSIX::_exit(0);
        } else { waitpid $pid, 0 }
        my $task = $t->must(create_repo => { repo_name => "big$type", repo_type => $type, clone_uri => "file://$big",
            background => 'true' })->{task};
        patiently(30, sub { $t->call(get_task => { task => $task })->{result}{state} =~ /done|failed/ });
        $task = $t->must(get_task => { task => $task });
        is("$task->{state}: $task->{error}", "failed: failed to create repository `big$type`", "$type: its end");
        ok(patiently(10, sub { !grep { !/\.done$/ } glob "$data/repos/.rc_tmp/*" }), 'nothing is left');
        is(whole(), '0 ', 'all is as it should be');
        root('rm', '-rf', $big);
    }
};

subtest 'a read-only file system' => sub {
    $t->stop;
    ok(root('mount', '-o', 'remount,ro', $data), 'remounted');
    $t->start;
    # With the database on a server, only what writes to this file system fails.
    my ($id, @call) = RCAPI::Test::on_server() ? ('RC0020', create_repo => { repo_name => 'ro', repo_type => 'git' })
        : ('RC0010', 'get_repos');
    ok(!defined $t->call(@call)->{result}, 'no answer');
    like($t->error_log, qr/$id.*\Q$data\E.*: Read-only file system/, 'the log says why');
    if (!RCAPI::Test::on_server()) {
        my $r = $t->try_admin('check');
        is($r->{exit}, 1, 'rcapi-admin fails');
        like($r->{err}, qr/\A[^\n]*Read-only file system\n\z/, 'and says why, once');
    }
    root('mount', '-o', 'remount,rw', $data);
    ok(patiently(20, sub { defined $t->call('get_repos')->{result} }), 'it answers when it can write again');
};

$t->done;
done_testing;
