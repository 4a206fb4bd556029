# SPDX-License-Identifier: Apache-2.0
# Nothing that was acknowledged is lost, and nothing is half done, whoever is killed: children of
# httpd at random moments of 300 writes (2,000 with RCAPI_ROUNDS=all), then all of httpd at once, then rcapi-admin.
use strict;
use warnings;
use lib 't/lib';
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use RCAPI::HTTP;
use RCAPI::Run qw(kill_within patiently rounds slow slurp);
use RCAPI::Test;

my $CLIENTS = 4;
my $WRITES = $ENV{RCAPI_WRITES} // rounds(300, 2000);      # acknowledged ones, of all clients
my $PATIENCE = 200; # seconds that they may take on a quiet machine
my $seed = $ENV{SEED} // 1;
note("SEED=$seed");

my $t = RCAPI::Test->new(disk => 1, children => 3, threads => 4, directives => "RcapiRemoteMax 50 50\n",
    init => ['--api-key', my $KEY = 'k' x 40]);
my $data = $t->dir . '/data';
my $JSON = JSON::PP->new->utf8->canonical;

# --- a client: writes until it has enough acknowledged, and keeps a diary

# One call; its result, or nothing when the answer did not come.
sub call {
    my ($method, $args, $diary) = @_;
    my $body = $JSON->encode({ id => 1, api_key => $KEY, method => $method, args => $args });
    my $a = RCAPI::HTTP::request($t->port, POST => '/_admin/api', body => $body);
    my $json = $a->json;
    return if !$a->status || length $a->body != ($a->header('Content-Length') // -1) || !$json;
    print $diary "error $method " . $JSON->encode($json) . "\n" if defined $json->{error};
    return $json->{result};
}

# The diary: lines "try WHAT NAME VALUE" before, "ack WHAT NAME VALUE" after the answer.
sub write_once {
    my ($c, $i, $users, $diary) = @_;
    my $dice = int rand 20;
    my ($what, $name, $value, @call);
    if (!@$users || $dice == 0) {
        ($what, $name, $value) = ('user', "u$c-$i", "f$i");
        @call = (create_user => { username => $name, email => "$name\@example.org", firstname => $value });
    } elsif ($dice < 10) {
        ($what, $name, $value) = ('user', $users->[rand @$users], "f$i");
        @call = (update_user => { userid => $name, firstname => $value });
    } else {
        ($what, $name, $value) = ('repo', ($dice < 15 ? '' : "g$c-" . int($i / 7) . '/') . "r$c-$i", "d$i");
        @call = (create_repo => { repo_name => $name, repo_type => 'git', description => $value });
    }
    print $diary "try $what $name $value\n";
    call(@call, $diary) or return 0;
    print $diary "ack $what $name $value\n";
    push @$users, $name if $call[0] eq 'create_user';
    return 1;
}

sub client {
    my ($c, $enough) = @_;
    srand $seed * 100 + $c;
    open my $diary, '>>', $t->dir . "/scratch/diary$c" or die "diary: $!";
    $diary->autoflush(1);
    my ($done, $i, @users, $end) = (0, 0);
    for ($end = time + $PATIENCE * slow(); $done < $enough && time < $end; $i++) {
        write_once($c, $i, \@users, $diary) ? $done++ : sleep 0.02;
    }
    POSIX::_exit($done < $enough ? 1 : 0);
}

# Starts the clients, calls $trouble between, until all have ended; false when one ran out of time.
sub write_under {
    my ($trouble, $enough) = @_;
    my %running = map {
        my $c = $_;
        my $pid = fork // die "fork: $!";
        client($c, $enough) if !$pid;
        ($pid => 1);
    } 1 .. $CLIENTS;
    my $good = 1;
    while (%running) {
        $trouble->();
        for my $pid (keys %running) {
            next unless waitpid($pid, POSIX::WNOHANG()) == $pid;
            $good = 0 if $?;
            delete $running{$pid};
        }
    }
    return $good;
}

# --- what must be there afterwards

# What the diaries say: {what}{name} => [every value the thing may have now, by the last
# acknowledgment and what was tried since], and what was tried but never acknowledged.
sub diaries {
    my (%must, %may, @errors);
    for my $file (glob $t->dir . '/scratch/diary*') {
        for (split /\n/, slurp($file)) {
            my ($step, $what, $name, $value) = split / /;
            if ($step eq 'ack') {
                $must{$what}{$name} = { $value => 1 };
                delete $may{$what}{$name};
            } elsif ($step eq 'try') {
                my $of = $must{$what}{$name} // ($may{$what}{$name} //= {});
                $of->{$value} = 1;
            } else {
                push @errors, $_;
            }
        }
    }
    return (\%must, \%may, \@errors);
}

# Compares what there is ({name} => value) with the diaries; text, '' when all is well.
sub differences {
    my ($is, $must, $may) = @_;
    my $text = '';
    for (sort keys %$must) {
        $text .= "$_ is lost\n" if !exists $is->{$_};
        $text .= "$_ is $is->{$_}, not " . join(' or ', keys %{ $must->{$_} }) . "\n"
            if exists $is->{$_} && !$must->{$_}{ $is->{$_} };
    }
    for (grep { !$must->{$_} } sort keys %$is) {
        $text .= "$_ was never asked for\n" unless $may->{$_} && $may->{$_}{ $is->{$_} };
    }
    return $text;
}

# Names of the repositories on the disk, by git's own means.
sub on_disk {
    my $r = $t->run('find', "$data/repos", '-name', '.rc_tmp', '-prune', '-o', '-name', 'HEAD', '-print');
    return map { s{^\Q$data\E/repos/(.*)/HEAD$}{$1}r } split /\n/, $r->{out};
}

sub all_is_well {
    my ($about) = @_;
    my ($must, $may, $errors) = diaries();
    subtest $about => sub {
        is(join("\n", @$errors), '', 'no client was told of an error');
        unlike($t->error_log, qr/locked|busy|came free in time/i, 'nor the log');
        my %users = map { $_->{username} => $_->{firstname} } grep { $_->{username} ne 'admin' }
            @{ $t->must('get_users') };
        my %repos = map { $_->{repo_name} => $_->{description} } @{ $t->must('get_repos') };
        is(differences(\%users, $must->{user} // {}, $may->{user} // {}), '', keys(%users) . ' users');
        is(differences(\%repos, $must->{repo} // {}, $may->{repo} // {}), '', keys(%repos) . ' repositories');
        is_deeply([sort(on_disk())], [sort keys %repos], 'the same on the disk');
        my @bad = grep { $t->run('git', '-C', "$data/repos/$_", 'rev-parse', '--is-bare-repository')->{out}
            ne "true\n" }
            grep { rand() < 0.02 } keys %repos;
        is("@bad", '', 'for git, too');
        is(join(' ', grep { !/\.done$/ } glob "$data/repos/.rc_tmp/*"), '', 'nothing is left in .rc_tmp');
        cmp_ok(scalar(my @done = glob "$data/repos/.rc_tmp/*.done"), '<=', 8, 'but marks of changes that are over');
        my $empty = $t->run('find', "$data/repos", '-mindepth', 1, '-maxdepth', 1, '-type', 'd', '-empty', '!',
            '-name', '.rc_tmp');
        is($empty->{out}, '', 'no empty group is left on the disk');
        my $check = $t->try_admin('check');
        is("$check->{exit} $check->{out}$check->{err}", '0 ', 'rcapi-admin check finds nothing');
    };
    return scalar grep { /^ack/m } map { split /^/, slurp($_) } glob $t->dir . '/scratch/diary*';
}

# --- children of httpd

my $killed = 0;
srand $seed;
my $start = time;
ok(write_under(sub { # clients get on between two deaths
    sleep +(0.05 + rand 0.4) * sqrt slow();
    my @children = $t->children;
    $killed += kill KILL => $children[rand @children] if @children;
}, $WRITES / $CLIENTS), "$WRITES writes within $PATIENCE seconds");
note(sprintf '%d children killed in %.1f s', $killed, time - $start);
cmp_ok($killed, '>=', 2, 'children were killed'); # few on a loaded machine
ok(patiently(10, sub { defined $t->call('get_ip')->{result} }), 'the server goes on');
$t->reload; # fresh children put in order what the last killed one left
cmp_ok(all_is_well('after children were killed'), '>=', $WRITES, 'writes were acknowledged');

# --- all of httpd, at once

unlink glob $t->dir . '/scratch/diary*';
my $before = { map { $_ => 1 } on_disk() };
for my $round (1 .. 3) {
    my $server = $t->{server};
    my %pids = map {
        my $c = "$round$_";
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            client($c, 1e6); # names of its own
        }
        ($pid => 1);
    } 1 .. $CLIENTS;
    sleep 0.5 + rand 1;
    kill KILL => -$server->pid; # the leader of its session
    kill KILL => keys %pids;    # who gets no answer any more
    waitpid $_, 0 for keys %pids;
    $server->stop;
    $t->start;
}
{
    my ($must, $may, $errors) = diaries();
    is(join("\n", @$errors), '', 'no errors until the end');
    my %repos = map { $_->{repo_name} => $_->{description} } grep { !$before->{ $_->{repo_name} } }
        @{ $t->must('get_repos') };
    is(differences(\%repos, $must->{repo} // {}, $may->{repo} // {}), '', keys(%repos)
        . ' repositories after all of httpd was killed');
    is_deeply([sort grep { !$before->{$_} } on_disk()], [sort keys %repos], 'the same on the disk');
    is(join(' ', grep { !/\.done$/ } glob "$data/repos/.rc_tmp/*"), '', 'nothing is left in .rc_tmp');
    is($t->try_admin('check')->{out}, '', 'check finds nothing');
}

# --- rcapi-admin

my ($whole, $cut, %made) = (0, 0);
$start = time;
my $r = $t->try_admin(qw(call create_repo repo_name:timed repo_type:git));
my $usual = time - $start;
for (my $i = 1; $i <= rounds(36, 60) || $i <= 200 && $cut < 5; $i++) {
    my $name = $i % 2 ? "a$i" : "ga/$i";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', '/dev/null';
        my %env = ($t->program_env, $t->cheap);
        @ENV{keys %env} = values %env;
        exec $t->program('rcapi-admin'), '--data', $data, 'call', 'create_repo', "repo_name:$name", 'repo_type:git'
            or POSIX::_exit(127);
    }
    kill_within(\$usual, $pid) ? $cut++ : $whole++;
    $made{$name} = $? == 0;
}
note("rcapi-admin: $cut killed, $whole done");
cmp_ok($cut, '>=', 5, 'some were killed');
is($t->try_admin('check', '--repair')->{exit}, 0, 'check --repair mends');
is($t->try_admin('check')->{out}, '', 'check finds nothing');
my %there = map { $_->{repo_name} => 1 } @{ $t->must('get_repos') };
is(join(' ', grep { $made{$_} && !$there{$_} } sort keys %made), '', 'what was acknowledged is there');
is_deeply([sort(on_disk())], [sort keys %there], 'the same on the disk');
is(join(' ', grep { !/\.done$/ } glob "$data/repos/.rc_tmp/*"), '', 'nothing is left in .rc_tmp');

$t->done;
done_testing;
