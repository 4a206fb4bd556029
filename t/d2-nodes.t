# SPDX-License-Identifier: Apache-2.0
# Several web servers on one database and the same repositories. Locks of files are seen by no other server here,
# as on NFS: what keeps them apart is in the database.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use RCAPI::GitClient;
use RCAPI::HTTP;
use RCAPI::OddServer;
use RCAPI::PostgreSQL;
use RCAPI::Processes;
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Test;

plan skip_all => 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' if !RCAPI::PostgreSQL::bin();

my $one = RCAPI::Test->new(pg => RCAPI::PostgreSQL->new, children => 1, start => 0, tasks => 1,
    directives => "Timeout 60\nRcapiMaintenance Off\n");
plan skip_all => 'built without libpq' if slurp($one->program('rcapi-admin')) !~ /pg_advisory_xact_lock/;
my $two = RCAPI::Test->new(beside => $one, map { $_ => $one->{$_} } qw(children start directives tasks));
my @nodes = ($one, $two);
RCAPI::Test::on_nfs(@nodes);
$_->start for @nodes;

# Calls a method in a process of its own. The returned function waits for the answer; with 1 and a time it returns
# whether the answer comes in that time.
sub meanwhile {
    my ($t, @call) = @_;
    pipe my $from, my $to or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $answer = $t->call(@call);
        syswrite $to, ($answer->{error} // 'done') . "\n";
        POSIX::_exit(0);
    }
    close $to;
    return sub {
        vec(my $ready = '', fileno $from, 1) = 1;
        return !!select $ready, undef, undef, $_[1] // 0 if $_[0];
        chomp(my $line = <$from>);
        waitpid $pid, 0;
        return $line;
    };
}

# The body of a push of a new branch.
my $NONE = '0' x 40;
sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }
sub body {
    my ($work, $branch) = @_;
    my $id = $one->git($work, 'rev-parse', 'HEAD') =~ s/\n//r;
    my $pack = $one->git($work, { stdin => "$id\n" }, qw(pack-objects --revs --stdout -q));
    return pkt("$NONE $id refs/heads/$branch\0 report-status") . '0000' . $pack;
}

# Begins a push, whose last bytes do not come; what to send then.
sub begin {
    my ($t, $repo, $branch) = @_;
    my $body = body($repo->{work}, $branch);
    my $socket = RCAPI::HTTP::connect_to($t->port);
    my $text = "POST /$repo->{name}/git-receive-pack HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${\ $t->key('admin')}\r\n"
        . "Content-Type: application/x-git-receive-pack-request\r\nConnection: close\r\n"
        . "Content-Length: ${\ length $body}\r\n\r\n$body";
    my $last = substr $text, -10, 10, '';
    syswrite $socket, $text;
    patiently(10, sub { glob "$repo->{path}/objects/tmp_objdir-*" }) or die "git does not start\n";
    return ($socket, $last);
}

sub finish {
    my ($socket, $last) = @_;
    syswrite $socket, $last;
    return join '', <$socket>;
}

my $HERE = q{datname = current_database()}; # other tests use the server, too
my $HELD = qq{FROM pg_locks JOIN pg_database d ON d.oid = database AND $HERE
    WHERE locktype = 'advisory' AND objsubid = 1};

subtest 'locks' => sub {
    my $repo = $one->repo('group/moved', commits => 3);
    my @push = begin($one, $repo, 'pushed');
    cmp_ok($one->sql("SELECT count(*) $HELD"), '>=', 2, 'a push holds locks of the group and the repository');
    my $strip = $one->git($repo->{path}, 'rev-parse', 'master') =~ s/\n//r;
    for my $call ([update_repo_group => { repogroupid => 'group', group_name => 'other' }],
        [update_repo => { repoid => 'other/moved', repo_name => 'other/new' }]) {
        my $waiting = meanwhile($two, @$call);
        ok(!$waiting->(1, 0.3), "$call->[0] on another node waits");
        like(finish(@push), qr{ok refs/heads/pushed}, 'the push ends well');
        is($waiting->(), 'done', '... and then the other node goes on');
        $repo->{$_} =~ s{group/moved}{other/moved} for qw(name path);
        @push = begin($one, $repo, 'pushed2') if $call->[0] eq 'update_repo_group';
    }
    ok(patiently(5, sub { $one->sql("SELECT count(*) $HELD") == 0 }), 'nothing stays locked');
    my ($now) = map { $_->{repo_name} } @{ $one->must('get_repos') };
    is($now, 'other/new', 'both changes were made');
    $two->must(delete_repo => { repoid => $now });
    is_deeply($one->must('get_repos'), [], 'the first node sees a deletion');
    $one->admin(qw(call create_repo repo_name:program repo_type:git));
    is($two->call(delete_repo => { repoid => 'program' })->{error}, undef, 'a program has ended with its locks');
};

subtest 'a lock that is lost' => sub {
    my $repo = $one->repo('lost', commits => 3);
    my @push = begin($one, $repo, 'pushed');
    $one->sql("SELECT pg_terminate_backend(pid) $HELD");
    like(finish(@push), qr/ng|lock/, 'the push is refused') or diag slurp($one->{dir} . '/logs/error_log');
    unlike($one->git($repo->{path}, 'branch'), qr/pushed/, '... and has changed nothing');
    my ($socket, $last) = begin($two, $repo, 'again');
    is(($one->call(get_repo => { repoid => 'lost' }))->{error}, undef, 'the node serves');
    like(finish($socket, $last), qr{ok refs/heads/again}, 'the next push goes through');
    @push = begin($one, $repo, 'killed');
    kill KILL => $one->children;
    my $delete = meanwhile($two, delete_repo => { repoid => 'lost' });
    is($delete->(), 'done', 'locks of a killed process end with it');
};

# Whether a user finds a repository, on each node.
sub sees {
    my ($user, $repo) = @_;
    return join ' ', map { $_->call(get_repo => { repoid => $repo }, as => $user)->{error} ? 0 : 1 } @nodes;
}

# The connections by which nodes ask for changes.
my $ASKS = q{query ~ 'change c ON|last_value'};
my $ASKING = "FROM pg_stat_activity WHERE $HERE AND $ASKS AND pid <> pg_backend_pid()";

subtest 'what the other node changes' => sub {
    $one->repo('seen', commits => 1, args => { private => JSON::PP::true() });
    $one->user('bob');
    my %bob = (repoid => 'seen', userid => 'bob');
    my $grant = sub { $_[0]->must(grant_user_permission => { %bob, perm => 'repository.read' }) };
    my $revoke = sub { $_[0]->must(revoke_user_permission => \%bob) };
    is(sees(bob => 'seen'), '0 0', 'nothing at first');
    for my $round (1 .. RCAPI::Run::rounds(6, 500)) {
        my ($by, $may) = ($nodes[rand 2], int rand 2);
        ($may ? $grant : $revoke)->($by);
        $one->sql("SELECT pg_terminate_backend(pid) $ASKING") if !($round % 3);
        is(sees(bob => 'seen'), "$may $may", 'the next request of each node') for 1 .. 2;
    }
    $grant->($two);
    is(sees(bob => 'seen'), '1 1', 'a right') for 1 .. 3;
    my $used = qq{SELECT max(query_start) FROM pg_stat_activity
        WHERE $HERE AND application_name = 'mod_rcapi' AND NOT $ASKS};
    my $before = $one->sql($used);
    is(sees(bob => 'seen'), '1 1', 'again');
    is($one->sql($used), $before, '... by one question: the rest is remembered') if RCAPI::Test::remembers();
    $one->sql("UPDATE users SET active = 0 WHERE username = 'bob'");
    is(sees(bob => 'seen'), '0 0', 'what another program changes');
    $one->sql("UPDATE users SET active = 1 WHERE username = 'bob'");
    is(sees(bob => 'seen'), '1 1', '... and changes back') for 1 .. 2;
    my $set = q{BEGIN; UPDATE users SET active = 0 WHERE username = 'bob'};
    $one->sql("$set; ROLLBACK"); # its number is of no change
    is(sees(bob => 'seen'), '1 1', 'nothing of what was rolled back') for 1 .. 2;
    my $go = "$one->{dir}/scratch/go"; # until it is there psql waits, in a transaction
    my $open = fork // die "fork: $!";
    POSIX::_exit(!$one->sql("$set;\n\\! until [ -e '$go' ]; do sleep 0.02; done\nCOMMIT")) if !$open;
    my $waits = "SELECT 1 FROM pg_stat_activity WHERE $HERE AND application_name = 'psql'
        AND state = 'idle in transaction'";
    ok(patiently(10, sub { $one->sql($waits) =~ /1/ }), 'a transaction is open');
    is(sees(bob => 'seen'), '1 1', 'nothing of what is not committed') for 1 .. 2;
    spew($go, '');
    waitpid $open, 0;
    is(sees(bob => 'seen'), '0 0', 'a transaction in which it was asked') for 1 .. 2;
    $one->sql("UPDATE users SET active = 1 WHERE username = 'bob'");
    is(sees(bob => 'seen'), '1 1', 'the next change');
    $one->sql('DELETE FROM change'); # as a crash of the server does
    $one->sql("UPDATE users SET active = 0 WHERE username = 'bob'");
    is(sees(bob => 'seen'), '0 0', 'a change after lost ones');
};

# The status of a login by the form of a node.
sub login {
    my ($t, $name, $password) = @_;
    my $secret = 'a' x 40;
    return $t->get('/_admin/login', method => 'POST', body => "username=$name&password=$password&csrf_token=$secret",
        headers => ['Content-Type' => 'application/x-www-form-urlencoded', Cookie => "rcapi-form=$secret"])->status;
}

subtest 'wrong passwords' => sub {
    $one->user('eve', password => 'right');
    my $counts = sub { $one->sql('SELECT sum(count) FROM tally') =~ s/\s//r };
    is(login($one, 'eve', 'right'), 303, 'a right one');
    is($counts->(), '', '... writes nothing');
    is_deeply([map { login($nodes[$_ % 2], 'eve', "wrong$_") } 1 .. 10], [(401) x 10], 'ten wrong ones');
    is($counts->(), 20, '... are counted in the database, for name and address');
    is_deeply([map { login($_, 'Eve', 'right') } @nodes], [429, 429], 'the limit is that of all nodes');
    is(login($two, 'admin', 'wrong'), 401, 'other names are not refused');
    $one->sql("UPDATE tally SET until = now() WHERE count = 10");
    is(login($two, 'eve', 'right'), 303, 'after the time a right one is accepted');
    login($one, 'eve', 'wrong');
    is($one->sql('SELECT count(*) FROM tally WHERE count = 1') + 0, 2, '... and a wrong one is the first again');
    $one->sql('UPDATE tally SET count = 30 WHERE count = 12');
    is(login($two, 'admin', 'x'), 429, 'an address');
};

subtest 'tasks' => sub {
    my $silent = RCAPI::OddServer->new("$one->{dir}/scratch/asked", sub { });
    my $task = sub { $two->must(get_task => { task => $_[0] }) };
    my ($id, $next) = map { $one->must(create_repo => { repo_name => $_, repo_type => 'git', background => 'true',
        clone_uri => 'http://127.0.0.1:' . $silent->port . '/silent' })->{task} } qw(task next);
    patiently(10, sub { $task->($id)->{state} eq 'running' });
    is($task->($next)->{state}, 'pending', 'one runs on all nodes');
    patiently(10, sub { grep { children_of($_) } map { $_->{server}->task_processes } @nodes });
    for my $server (map { $_->{server} } @nodes) { # the one on whose node it runs finds out itself; so does the other
        my ($process) = grep { children_of($_) } $server->task_processes or next; # it runs git
        kill STOP => $server->task_parents; # starts no other one
        kill KILL => $process;
        patiently(10, sub { $task->($id)->{state} eq 'failed' });
        is($task->($id)->{error}, 'the process that ran the task has ended', 'it has failed');
        patiently(10, sub { $task->($next)->{state} eq 'running' });
        kill CONT => $server->task_parents;
        last;
    }
    is($task->($next)->{state}, 'running', 'the next one runs');
    undef $silent;
    patiently(10, sub { $task->($next)->{state} eq 'failed' });
    is($task->($next)->{error}, 'failed to create repository `next`', 'to its end');
};

subtest 'mounts' => sub {
    my ($status, $text) = $one->httpd_conf_test('');
    is($status, 0, 'a repository root on NFS');
    my $warning = qr/RcapiRepositoryRoot: .* not fit for several servers: acregmax=0 is missing/;
    $ENV{RCAPI_MOUNTS} ? unlike($text, $warning, 'good options') : like($text, $warning, 'a warning');
    ($status, $text) = $one->httpd_conf_test("RcapiTempDirectory $one->{data}/repos\n");
    like($text, qr/RcapiTempDirectory: .* is on NFS; use a local disk/, 'temporary files on it');
    ($status, $text) = $one->httpd_conf_test("RcapiArchiveCache $one->{data}/repos/archives\n");
    like($text, qr/RcapiArchiveCache: .* is on NFS; use a local disk/, 'finished archives on it');
    my $clock = qr/the clock of the NFS server of \S+ is (\d+) ms behind that of this machine/;
    unlike($two->error_log, $clock, 'the clock of the server');
    return if $ENV{RCAPI_MOUNTS};
    $two->stop;
    $two->{server}{env}{RCAPI_NFS_BEHIND} = 5;
    $two->start->must('get_repos');
    cmp_ok($two->error_log =~ $clock ? $1 : 0, '>=', 4900, '... one that is behind');
};

$_->done for reverse @nodes;
done_testing;
