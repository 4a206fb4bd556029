#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Calls that wait for others (RcapiRemoteMax): silent remotes, names that nobody resolves, locked
# repositories and clients that go do not stop the server, and hold none of its database connections.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use JSON::PP qw(encode_json);
use POSIX ();
use Test::More;
use RCAPI::Run qw(patiently spew);
use RCAPI::Test;

# Root can give this process a resolver that never answers: a name server is heard by us alone.
my $silent_names = $ENV{RCAPI_SILENT_NAMES};
if ($> == 0 && !$silent_names && system('unshare -m true 2>/dev/null') == 0) {
    $ENV{RCAPI_SILENT_NAMES} = 1;
    exec 'unshare', '-m', $^X, (map { "-I$_" } grep { !ref } @INC), $0;
}
my $dns;
if ($silent_names) {
    $dns = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 53, Proto => 'udp');
    my $conf = File::Temp->new;
    print $conf "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n";
    $conf->flush;
    chmod 0644, "$conf";
    $silent_names = $dns && system('mount', '--bind', "$conf", '/etc/resolv.conf') == 0;
}

my $t = RCAPI::Test->new(children => 1, directives => <<'END');
RcapiDatabaseMax 1
RcapiRemoteMax 3 2
RcapiRemoteTimeout 60
END
$t->user($_) for qw(bob eve);
my $remote = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1') or die $@;
my $SILENT = 'git://127.0.0.1:' . $remote->sockport . '/r';
my $BUSY = 'Too much is being made at once; try again in a moment';
my $MANY = 'You have 2 calls that wait for others, which is all you may have; try again in a moment';
my $REPOS = "$t->{dir}/data/repos";

# A call whose answer comes later; a handle to read its error from.
sub begin {
    my ($method, $args, %opt) = @_;
    pipe my $from, my $to or die $!;
    my $pid = fork // die $!;
    if (!$pid) {
        my $error = $t->call($method => $args, %opt)->{error} // 'none';
        syswrite $to, $error;
        POSIX::_exit(0);
    }
    return { pid => $pid, from => $from };
}

sub answered { return IO::Select->new($_[0]{from})->can_read(0) ? 1 : 0 }

sub answer {
    my ($call) = @_;
    sysread $call->{from}, my $error, 10_000;
    waitpid $call->{pid}, 0;
    return $error;
}

sub create {
    my ($name, %opt) = @_;
    return begin(create_repo => { repo_name => $name, repo_type => 'git', clone_uri => $SILENT }, %opt);
}

# The next connection of a git.
sub accepted { return IO::Select->new($remote)->can_read(60) ? scalar $remote->accept : undef }
# true: the name server is asked for the name; false: not in time
my $questions = '';
sub asked {
    my ($name) = @_;
    while ($questions !~ /$name/ && IO::Select->new($dns)->can_read(60)) {
        $dns->recv(my $question, 1000);
        $questions .= $question;
    }
    return $questions =~ /$name/;
}
sub served { return $t->call(test => { args => 1 })->{error} }

subtest 'silent remotes' => sub {
    my @gits;
    my @bobs = map { create("bob$_", as => 'bob') } 1 .. 6;
    push @gits, accepted() for 1 .. 2;
    my $refused = sub { scalar grep { answered($_) } @bobs };
    is patiently(60, sub { $refused->() == 4 }), 1, 'a user has two of them';
    like $t->news, qr/user bob has all of their 2 places/, 'the log says why';
    my @eves = (create('eve1', as => 'eve'));
    push @gits, accepted();
    push @eves, create('eve2', as => 'eve');
    is answer($eves[1]), $BUSY, 'the process three';
    like $t->news, qr/create_repo failed \(user 'eve'\): Too much is being made at once/, 'the log says why';
    is served(), undef, 'others are served, by the only connection';
    is answer(begin(fork_repo => { repoid => 'nope', fork_name => 'x' })), 'repository `nope` does not exist',
        'checks come first';
    $t->repo('source', commits => 1);
    is answer(begin(fork_repo => { repoid => 'source', fork_name => 'copy' })),
        $BUSY, 'forks are of the same kind';
    is $t->call(update_repo => { repoid => 'source', clone_uri => $SILENT })->{error},
        $BUSY, 'and looks at remotes';
    is $t->call(create_repo => { repo_name => 'plain', repo_type => 'git' })->{error}, undef,
        'a call that waits for nobody is served';
    shutdown $_, 2 for @gits;
    my %said;
    $said{ answer($_) =~ s/bob\d/bobN/r }++ for @bobs;
    is_deeply \%said, { 'failed to create repository `bobN`' => 2, $MANY => 4 }, 'each ends';
    is answer($eves[0]), 'failed to create repository `eve1`', 'all of them';
    is $t->call(fork_repo => { repoid => 'source', fork_name => 'copy' })->{error}, undef,
        'then there are places again';
};

subtest 'locked repositories' => sub {
    $t->repo('locked', commits => 1);
    $t->must(update_repo => { repoid => 'locked', clone_uri => $SILENT });
    my $pull = begin(pull => { repoid => 'locked' });
    my $git = accepted();
    my @waiting = (begin(delete_repo => { repoid => 'locked' }));
    ok !patiently(0.5, sub { answered($waiting[0]) }), 'a writer waits for the pull';
    is served(), undef, 'and holds no connection';
    push @waiting, begin(update_repo => { repoid => 'locked', name => 'other' });
    is answer($waiting[1]), $MANY, 'a user has few of them, too';
    shutdown $git, 2;
    is answer($pull), 'Unable to pull changes from `locked`', 'the pull ends';
    is answer($waiting[0]), 'none', 'and the writer follows';
    ok !-e "$REPOS/locked", 'it did its work';
};

subtest 'clients that go' => sub {
    my $body = encode_json({ id => 1, api_key => $t->key('bob'), method => 'create_repo',
        args => { repo_name => 'left', repo_type => 'git', clone_uri => $SILENT } });
    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $t->port) or die $@;
    print $client "POST /_admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    my $git = accepted();
    sysread $git, my $request, 1000;
    $t->news;
    close $client;
    ok(IO::Select->new($git)->can_read(30), 'git is ended');
    my $n; # what it still sent, and then the end
    1 while $n = sysread $git, $request, 1000;
    is $n, 0, 'at once';
    ok patiently(30, sub { $t->news =~ /The client has gone/ }), 'the log says why';
    ok patiently(30, sub { !grep { !/\.done$/ } glob "$REPOS/.rc_tmp/*" }), 'nothing is left';
};

subtest 'names that nobody resolves' => sub {
    plan skip_all => 'needs root, and a mount namespace' if !$silent_names;
    my $slow = RCAPI::Test->new(children => 1, directives => "RcapiDatabaseMax 1\nRcapiRemoteTimeout 2\n");
    my $admin = fork // die $!; # which waits longest
    POSIX::_exit($slow->try_admin('call', 'create_repo', 'repo_name:y', 'repo_type:git',
        'clone_uri:git://mute.example.org/x')->{exit}) if !$admin;
    my $pid = fork // die $!;
    if (!$pid) {
        my $error = $slow->call(create_repo => { repo_name => 'x', repo_type => 'git',
            clone_uri => 'http://silence.example.org/x' })->{error} // '';
        POSIX::_exit($error eq 'failed to create repository `x`' ? 0 : 1);
    }
    ok asked('silence'), 'the name server is asked';
    is $slow->call(test => { args => 1 })->{error}, undef, 'others are served meanwhile';
    waitpid $pid, 0;
    is $?, 0, 'and the call ends';
    like $slow->error_log, qr/host silence\.example\.org: looking it up takes too long/, 'the log says why';
    $slow->must(create_repo => { repo_name => 'r', repo_type => 'git' });
    is $slow->call(update_repo => { repoid => 'r', clone_uri => 'ssh://git@silence.example.org/x' })->{error},
        'failed to update repo `r`', 'update_repo likewise';
    waitpid $admin, 0;
    is $? >> 8, 1, 'rcapi-admin call likewise';
    ok asked('mute'), 'after it asked, too';
    $slow->done;
};

$t->done;
done_testing;
