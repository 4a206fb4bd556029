#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Forks, renames, moves, strips and deletions, while children of httpd and then rcapi-admin are
# killed at random moments, and all children when a change of the disk has just begun: what was
# acknowledged stands, and database and disk agree.
use strict;
use warnings;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use RCAPI::HTTP;
use RCAPI::Processes qw(programs_below);
use RCAPI::Run qw(await_change kill_within patiently rounds slow slurp spew);
use RCAPI::Test;

my $CLIENTS = 3;
my $CYCLES = $ENV{RCAPI_CYCLES} // rounds(15, 40);         # of each client, and more until enough was killed
my $ENOUGH = 4;                    # children killed while the disk changed
my $ROUNDS = rounds(12, 30);        # with rcapi-admin, and more until enough was killed
my $AIMED = rounds(8, 60);         # children killed in a change of the disk
my $PATIENCE = 120; # seconds that they may take on a quiet machine
my $seed = $ENV{SEED} // 1;
note("SEED=$seed");

my $t = RCAPI::Test->new(disk => 1, children => 3, threads => 4, directives => "RcapiRemoteMax 50 50\n",
    init => ['--api-key', my $KEY = 'k' x 40]);
my $ROOT = "$t->{dir}/data/repos";
my $JSON = JSON::PP->new->utf8->canonical;
my $src = $t->repo('src', commits => 30);
my @line = split ' ', $t->git($src->{path}, qw(rev-list --first-parent master)); # newest first
my ($TIP, $BACK) = @line[0, 1];
# The tip may be a merge, which cannot be stripped: one more commit.
$t->git($src->{work}, qw(commit -q --allow-empty -m last));
$t->git($src->{work}, 'push', '-q', $src->{path}, 'master');
chomp($TIP = $t->git($src->{work}, qw(rev-parse master)));
chomp($BACK = $t->git($src->{work}, qw(rev-parse master~1)));

# --- a client: works through its cycles and writes down what must be there at the end

# One call; (result, error), or nothing when no answer came.
sub call {
    my ($method, %args) = @_;
    my $body = $JSON->encode({ id => 1, api_key => $KEY, method => $method, args => \%args });
    my $a = RCAPI::HTTP::request($t->port, POST => '/_admin/api', body => $body);
    my $json = $a->json;
    return if !$a->status || !$json || length $a->body != ($a->header('Content-Length') // -1);
    return ($json->{result}, $json->{error});
}

# Calls until it is known to be done: $already matches the error of a call that comes twice.
sub insist {
    my ($already, @call) = @_;
    for my $try (1 .. 400) {
        my ($result, $error) = call(@call);
        return if $result;
        return if $error && $try > 1 && $error =~ $already;
        return "$call[0] " . $JSON->encode({ @call[1 .. $#call] }) . ": $error" if $error;
        sleep 0.02;
    }
    return "$call[0]: no answer";
}

sub strip {
    my ($name) = @_;
    my ($result, $error);
    do {
        ($result, $error) = call(strip => (repoid => $name, revision => $TIP, branch => 'master'));
    } while ($error && $error =~ /try again in a moment/ && sleep 0.05);
    return ('', "strip $name: $error") if $error;
    return ($result ? $BACK : "$TIP|$BACK");
}

# Fork, rename, strip, move, and in the end perhaps delete; what was deleted is "gone".
sub cycle {
    my ($c, $i) = @_;
    my ($first, $second, $last) = ("k$c/f$i", "k$c/n$i", "t$c-$i");
    my ($gone, $head, $error) = (qr/does not exist$/, $TIP);
    my @steps = (
        sub { insist(qr/already exist$/, fork_repo => (repoid => 'src', fork_name => $first)) },
        sub { insist($gone, update_repo => (repoid => $first, name => "n$i")) },
        sub { ($head, my $failed) = strip($second); $failed },
        sub { insist($gone, update_repo => (repoid => $second, name => $last, group => '')) },
        sub { $i % 3 ? insist($gone, delete_repo => (repoid => $last)) : undef },
    );
    for my $step (@steps) {
        return "error $error" if defined($error = $step->());
    }
    return $i % 3 ? "gone $last" : "there $last $head";
}

sub client {
    my ($c) = @_;
    open my $diary, '>>', "$t->{dir}/scratch/diary$c" or die "diary: $!";
    $diary->autoflush(1);
    my $i = 0;
    print $diary cycle($c, ++$i) . "\n" while $i < $CYCLES || $i < 4 * $CYCLES && !-e "$t->{dir}/scratch/enough";
    print $diary "end\n";
    POSIX::_exit(0);
}

# --- what must be there afterwards

sub on_disk {
    my $r = $t->run('find', $ROOT, '(', '-name', '.rc_tmp', '-o', '-name', 'rm__*', ')', '-prune', '-o', '-name',
        'HEAD', '-print');
    return map { s{^\Q$ROOT\E/(.*)/HEAD$}{$1}r } split /\n/, $r->{out};
}

sub all_is_well {
    my ($about) = @_;
    subtest $about => sub {
        my $check = $t->try_admin('check');
        is("$check->{exit} $check->{out}$check->{err}", '0 ', 'rcapi-admin check finds nothing');
        my %repos = map { $_->{repo_name} => $_ } @{ $t->must('get_repos') };
        is_deeply([sort(on_disk())], [sort keys %repos], 'database and disk hold the same');
        is(join(' ', grep { !/\.done$/ } glob "$ROOT/.rc_tmp/*"), '', 'nothing is left in .rc_tmp');
        is($t->run('find', $ROOT, '-name', '*.lock')->{out}, '', 'no locks of git stay behind');
        my @bad = grep { $t->run('git', '-C', "$ROOT/$_", qw(fsck --connectivity-only --no-dangling))->{exit} }
            sort keys %repos;
        is("@bad", '', keys(%repos) . ' repositories are whole');
        my @shows = grep { $t->get("/$_/changeset-diff/$BACK")->status != 200 } sort keys %repos;
        is("@shows", '', 'and are shown');
    };
}

sub head_of {
    my $r = $t->run('git', '-C', "$ROOT/$_[0]", qw(rev-parse refs/heads/master));
    return $r->{out} =~ s/\n//r
}

# --- children of httpd

srand $seed;
my ($killed, $aimed, $start) = (0, 0, time);
my %running = map {
    my $c = $_;
    my $pid = fork // die "fork: $!";
    client($c) if !$pid;
    ($pid => 1);
} 1 .. $CLIENTS;
while (%running) {
    sleep +(0.03 + rand 0.25) * sqrt slow(); # clients get on between two deaths
    my @children = $t->children;
    if ($aimed < $AIMED && $aimed <= 3 * $killed && await_change($ROOT)) { # httpd takes a second to start others
        $aimed += kill KILL => @children;
        spew("$t->{dir}/scratch/enough", '') if $aimed >= $ENOUGH;
    } elsif (@children) {
        $killed += kill KILL => $children[rand @children];
    }
    for (keys %running) {
        delete $running{$_} if waitpid($_, POSIX::WNOHANG()) == $_;
    }
    if (time - $start > $PATIENCE * slow()) {
        kill KILL => keys %running;
        last;
    }
}
note(sprintf '%d children killed at random, %d in a change of the disk, in %.1f s', $killed, $aimed, time - $start);
cmp_ok($killed, '>=', 2, 'children were killed'); # few on a loaded machine
cmp_ok($aimed, '>=', $ENOUGH, 'and while the disk changed');
ok(patiently(10, sub { defined $t->call('get_ip')->{result} }), 'the server goes on');
$t->reload; # fresh children put in order what the last killed one left
my @diary = map { split /\n/, slurp($_) } glob "$t->{dir}/scratch/diary*";
is(scalar(grep { /^end/ } @diary), $CLIENTS, 'every client came to its end');
is(join("\n", grep { /^error/ } @diary), '', 'no client was told of an error');
all_is_well('after children were killed');
subtest 'what was acknowledged' => sub {
    my %there = map { $_->{repo_name} => 1 } @{ $t->must('get_repos') };
    my %must = map { my (undef, $name, $heads) = split / /; ($name => $heads) } grep { /^there/ } @diary;
    is_deeply([sort grep { $_ ne 'src' } keys %there], [sort keys %must], 'what is there');
    is(join(' ', grep { my $head = head_of($_); !grep { $_ eq $head } split /\|/, $must{$_} } sort keys %must), '',
        'with the heads that were told');
    my @deleted = map { s{.*__}{}r } glob "$ROOT/rm__*";
    is_deeply([sort @deleted], [sort map { (split / /)[1] } grep { /^gone/ } @diary],
        'what was deleted is kept aside, once');
};

# --- rcapi-admin, killed; the database of a server that runs

my ($cut, $whole, $usual) = (0, 0);
sub admin_call {
    my (@args) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        my %env = ($t->program_env, $t->cheap);
        @ENV{keys %env} = values %env;
        exec $t->program('rcapi-admin'), $t->admin_place, 'call', @args or POSIX::_exit(127);
    }
    return $pid;
}

$start = time;
waitpid admin_call(qw(fork_repo repoid:src fork_name:timed)), 0;
$usual = time - $start;
for (my $i = 1; $i <= $ROUNDS || $i <= 4 * $ROUNDS && $cut < 20; $i++) {
    for my $args (["fork_repo", 'repoid:src', "fork_name:a/f$i"],
        ['update_repo', "repoid:a/f$i", "name:n$i", 'group:'],
                  ['strip', "repoid:n$i", "revision:$TIP", 'branch:master'], ['delete_repo', "repoid:n$i"]) {
        kill_within(\$usual, admin_call(@$args)) ? $cut++ : $whole++;
    }
}
note("rcapi-admin: $cut killed, $whole not");
cmp_ok($cut, '>=', 20, 'some were killed');
patiently(30, sub { !programs_below($ROOT) }); # git may finish what it began
is($t->try_admin('check', '--repair')->{exit}, 0, 'check --repair mends');
all_is_well('after rcapi-admin was killed');

$t->done;
done_testing;
