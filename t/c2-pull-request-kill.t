#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Merges of pull requests in processes that are killed at random moments: each happens wholly or not at all,
# and whoever looks next finds the pull request as the branch says. Then clients that merge, push to the same
# branch and create pull requests at once: no commit is lost.
use strict;
use warnings;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use RCAPI::HTTP;
use RCAPI::Run qw(kill_within patiently rounds);
use RCAPI::Test;

my $KILLS = $ENV{RCAPI_KILLS} // rounds(4, 200);
my $CLIENTS = 4;
my $OPERATIONS = $ENV{RCAPI_OPERATIONS} // rounds(24, 10_000); # of all clients
my $seed = $ENV{SEED} // 1;
note("SEED=$seed");

my $t = RCAPI::Test->new(start => 0, disk => 1, children => 2, threads => 6, init => ['--api-key', my $KEY = 'k' x 40],
    directives => "RcapiMaintenance Off\nRcapiExpensiveMax 20\nRcapiRemoteMax 50 50\n");
my $JSON = JSON::PP->new->utf8->canonical;
my $path = "$t->{dir}/data/repos/r";
my @ADMIN = ($t->program('rcapi-admin'), $t->admin_place);

sub git { return $t->git(@_) =~ s/\n\z//r }

# One call by rcapi-admin.
sub admin {
    my ($method, @args) = @_;
    my $r = $t->run(@ADMIN, 'call', $method, @args);
    my $answer = eval { $JSON->decode($r->{out}) } // die "$method: $r->{out}$r->{err}\n";
    return $answer->{result} // die "$method: $answer->{error}\n";
}

# --- killed

# A branch for each kill, with one commit on top of the same one: each adds a file.
my $who = 'committer A <a@b> 1200000000 +0000';
my $stream = "commit refs/heads/master\n$who\ndata 1\nm\nM 100644 inline m\ndata 1\nm\n";
for my $n (1 .. $KILLS) {
    $stream .= "commit refs/heads/s$n\n$who\ndata 1\ns\nfrom refs/heads/master\n" if $n == 1;
    $stream .= "reset refs/heads/s$n\nfrom refs/heads/master\ncommit refs/heads/s$n\n$who\ndata 1\ns\n" if $n > 1;
    $stream .= "M 100644 inline f$n\ndata ${\ length $n}\n$n\n";
}
admin(create_repo => 'repo_name:r', 'repo_type:git');
$t->git($path, { stdin => $stream . "done\n" }, qw(fast-import --quiet --done));

subtest 'killed merges' => sub {
    srand $seed;
    my ($within, $killed, $head) = (0.15, 0, git($path, 'rev-parse', 'master'));
    for my $n (1 .. $KILLS) {
        my $pull = admin(create_pull_request => 'source_repo:r', 'target_repo:r', "source_ref:branch:s$n",
            'target_ref:branch:master', "title:t$n")->{pull_request_id};
        my $pid = fork // die;
        if (!$pid) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>', '/dev/null';
            exec @ADMIN, 'call', 'merge_pull_request', 'repoid:r', "pullrequestid:$pull";
        }
        $killed += kill_within(\$within, $pid);
        my ($tip, $merge, $is, $should);
        patiently(10, sub { # a git of the killed process may still hold the lock and move the branch
            my $now = admin(get_pull_request => 'repoid:r', "pullrequestid:$pull");
            $tip = git($path, 'rev-parse', 'master');
            my $said = grep { $_->{comment_text} eq 'Pull request merged and closed' }
                @{ admin(get_pull_request_comments => 'repoid:r', "pullrequestid:$pull") };
            $merge = $tip ne $head && git($path, 'log', '-1', '--format=%P', 'master') eq
                "$head " . git($path, 'rev-parse', "s$n");
            ($is, $should) = ("$now->{status} $said", $merge ? 'closed 1' : 'new 0');
            return $is eq $should;
        });
        is $is, $should, "$n: as the branch says";
        is $merge ? $head : $tip, $head, "$n: nothing else moved it";
        $head = $tip;
    }
    cmp_ok $killed, '>=', $KILLS > 20, "$killed were killed";
    is git($path, qw(fsck --full --strict --no-dangling)), '', 'the repository is whole';
    is $t->sql('SELECT count(*) FROM pull_request WHERE status = \'new\' AND merge_rev IS NOT NULL'), "0\n",
        'no merge is left half recorded';
    my $check = $t->try_admin('check');
    is "$check->{exit} $check->{out}$check->{err}", '0 ', 'check';
};

# --- all at once

sub call {
    my ($method, %args) = @_;
    my $body = $JSON->encode({ id => 1, api_key => $KEY, method => $method, args => \%args });
    my $a = RCAPI::HTTP::request($t->port, POST => '/_admin/api', body => $body);
    my $json = $a->json // return;
    return ($json->{result}, $json->{error});
}

# A client: pushes a commit onto master, or offers one from a branch and merges it; writes down each commit
# that was accepted.
sub client {
    my ($c, $count) = @_;
    my $work = "$t->{dir}/scratch/client$c";
    my @done;
    my $git = sub { $t->run({ dir => $work }, 'git', '-c', 'user.name=A', '-c', 'user.email=a@b', @_) };
    $t->run(qw(git clone -q --single-branch), $path, $work);
    for my $n (1 .. $count) {
        $git->(qw(fetch -q));
        $git->(qw(checkout -q -f -B mine origin/master));
        open my $file, '>', "$work/c$c-$n" or die;
        print $file "$c $n\n";
        close $file;
        $git->(qw(add -A));
        $git->(qw(commit -q -m), "$c $n");
        chomp(my $id = $git->(qw(rev-parse HEAD))->{out});
        if (rand() < 0.5) {
            my $r = $git->('push', '-q', $t->url =~ s{//}{//admin:$KEY@}r . '/r', 'mine:master');
            push @done, $id if !$r->{exit};
            next;
        }
        $git->('push', '-q', $path, "mine:b$c-$n");
        my ($made, $error) = call(create_pull_request => (source_repo => 'r', target_repo => 'r', title => $n,
            source_ref => "branch:b$c-$n", target_ref => 'branch:master'));
        push @done, "error $error" if $error && $error !~ /try again/;
        next if !$made;
        my ($merged, $why) = call(merge_pull_request => (repoid => 'r', pullrequestid => $made->{pull_request_id}));
        push @done, "error $why" if $why && $why !~ /try again/;
        push @done, $id if $merged && $merged->{executed};
    }
    return @done;
}

subtest 'merges and pushes at once' => sub {
    $t->start;
    my @pids;
    for my $c (1 .. $CLIENTS) {
        my $pid = fork // die;
        if (!$pid) {
            srand $seed + $c;
            open my $diary, '>', "$t->{dir}/scratch/diary$c" or die;
            print $diary "$_\n" for client($c, int $OPERATIONS / $CLIENTS);
            close $diary;
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }
    waitpid $_, 0 for @pids;
    my %there = map { $_ => 1 } split /\n/, git($path, qw(rev-list master));
    my @done = map { split /\n/, RCAPI::Run::slurp("$t->{dir}/scratch/diary$_") } 1 .. $CLIENTS;
    is_deeply [grep { /^error/ } @done], [], 'no errors';
    is_deeply [grep { !$there{$_} } grep { !/^error/ } @done], [], 'every accepted commit is there';
    cmp_ok scalar @done, '>', $OPERATIONS / 8, scalar(@done) . ' were accepted';
    my $merges = git($path, qw(rev-list --merges --count master)) + 0;
    is $t->sql("SELECT count(*) FROM pull_request WHERE status = 'closed'"), "$merges\n", 'as many merges as closed';
    is git($path, qw(fsck --full --strict --no-dangling)), '', 'the repository is whole';
};

$t->done;
done_testing;
