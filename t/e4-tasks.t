#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Calls in the background (contract 13): what is refused at once, how far a task is, who may know, its limits; what is
# left when its process or httpd is killed, and when httpd stops or restarts; and the bar of rhodecode-api.
use strict;
use warnings;
use IPC::Open2;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep);
use RCAPI::Hg ();
use RCAPI::OddServer;
use RCAPI::Processes qw(children_of);
use RCAPI::Run qw(patiently slurp spew);
use RCAPI::Svn ();
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 1, tasks => 2, directives => "RcapiDatabaseSync NORMAL\n");
my $DIR = "$t->{dir}/scratch";
my $PASSWORD = 'pw4f9s2kq7x1m8';
$t->secret($PASSWORD);
$t->user($_) for qw(bob ann);
RCAPI::Git::init("$DIR/source");
RCAPI::Git::history("$DIR/source", 3, 1);
spew("$DIR/source/noise", RCAPI::Git::random_bytes(200_000));
$t->git("$DIR/source", qw(add noise));
$t->git("$DIR/source", qw(commit -q -m noise));
my $FILE = "file://$DIR/source";

# A remote that sends half of a pack, and the rest when the file with its name is there; if it says so, nothing more.
my $odd = RCAPI::OddServer->new("$DIR/seen", sub {
    my ($client, $request) = @_;
    local $SIG{CHLD} = 'DEFAULT'; # git waits for its programs
    my ($head, $body) = split /\r\n\r\n/, $request, 2;
    my ($method, $gate, $path, $query) = $head =~ m{^(\w+) /(\w+)(/[^ ?]*)\??(\S*)};
    my %head = map { /^([^:]+): (.*)/ ? (lc $1 => $2) : () } split /\r\n/, $head;
    while (length $body < ($head{'content-length'} // 0)) { sysread $client, $body, 65_536, length $body or last }
    %ENV = (PATH => $ENV{PATH}, HOME => $DIR, GIT_PROJECT_ROOT => $DIR, GIT_HTTP_EXPORT_ALL => 1,
        REQUEST_METHOD => $method, PATH_INFO => $path, QUERY_STRING => $query,
        CONTENT_TYPE => $head{'content-type'} // '', GIT_PROTOCOL => $head{'git-protocol'} // '',
        HTTP_CONTENT_ENCODING => $head{'content-encoding'} // '');
    my $pid = open2(my $out, my $in, 'git', 'http-backend');
    print $in $body;
    close $in;
    my $answer = do { local $/; <$out> };
    syswrite $client, "HTTP/1.1 200 OK\r\nConnection: close\r\n" . substr $answer, 0, 100_000, '';
    for (1 .. 300) { last if !length $answer || -e "$DIR/$gate"; sleep 0.1 }
    return if -s "$DIR/$gate";
    while (length $answer) { syswrite $client, substr $answer, 0, 65_536, '' or last }
});
my $gates = 0;

# A new remote, and what lets it answer.
sub gate {
    my $gate = 'gate' . ++$gates;
    return ('http://bob:' . $PASSWORD . '@127.0.0.1:' . $odd->port . "/$gate/source", sub { spew("$DIR/$gate", '') });
}

sub error { my ($method, $args, @as) = @_; $t->call($method => $args, @as)->{error} }
sub begin { my ($method, $args, @as) = @_; $t->must($method => { %$args, background => 'true' }, @as)->{task} }
sub task { $t->must(get_task => { task => $_[0] }) }

# The task when it has reached a state; of "ended" there are two.
sub reached {
    my ($id, $state) = @_;
    my $task;
    patiently(20, sub { $task = task($id); $task->{state} =~ /^(?:$state)$/ }) or diag explain $task;
    return $task;
}
sub ended { reached($_[0], 'done|failed') }
sub no_repo { error(get_repo => { repoid => $_[0] }) }
sub left { grep { !/\./ } map { m{([^/]+)$} } glob "$t->{data}/repos/.rc_tmp/*" }

subtest 'what is refused at once' => sub {
    $t->must(create_repo => { repo_name => 'own', repo_type => 'git' });
    for (
        [create_repo => { repo_name => 'own' }, as => 'admin'],
        [create_repo => { repo_name => 'a', owner => 'bob' }, as => 'bob'],
        [create_repo => { repo_name => 'a', owner => 'nobody' }], [create_repo => { repo_name => ':' }],
        [create_repo => {}], [create_repo => { repo_name => 'a', repo_type => 'cvs' }],
        [create_repo => { repo_name => 'a', landing_rev => 'x' }],
        (map { [create_repo => { repo_name => 'a', clone_uri => $_ }] } 'ftp://127.0.0.1/x', 'http://x',
            "file://$t->{data}/repos/own"),
        [fork_repo => { repoid => 'nothing', fork_name => 'x' }],
        [fork_repo => { repoid => 'own', fork_name => 'own' }],
        (map { my $m = $_; map { [$m => { repoid => $_->[0] }, as => $_->[1]] } ['nothing', 'admin'], ['own', 'bob'] }
            qw(pull maintenance)),
        [pull => { repoid => 'own' }],
    ) {
        my ($method, $args, @as) = @$_;
        my $refused = error($method => { %$args, background => 'true' }, @as);
        ok $refused, "$method: $refused";
        is $refused, error(@$_), '  as in the foreground';
    }
    is_deeply $t->must(create_repo => { repo_name => 'fore', repo_type => 'git', background => 'false' }),
        { msg => 'Created new repository `fore`', success => JSON::PP::true(), task => undef }, 'background=false';
    is error(get_task => { task => 'f' x 40 }), 'task `' . 'f' x 40 . '` does not exist', 'no task';
    is error(get_task => {}), 'Missing non optional `task` arg in JSON DATA', 'no id';
};

subtest 'the methods' => sub {
    my $answer = $t->must(create_repo => { repo_name => 'g/app', repo_type => 'git', clone_uri => $FILE,
        background => 'true', description => 'D' });
    my $id = delete $answer->{task};
    like $id, qr/^[0-9a-f]{40}$/, 'an id';
    is_deeply $answer, { msg => 'Created new repository `g/app`', success => JSON::PP::true() }, 'an answer';
    my $task = ended($id);
    like delete $task->{$_}, qr/^\d{4}-\d\d-\d\dT/, $_ for qw(created_on started_on finished_on);
    like delete $task->{line}, qr/^(?!.*git config).*\S/, 'line';
    delete $task->{percent};
    is_deeply $task, { task => $id, method => 'create_repo', state => 'done', error => undef,
        result => { msg => 'Created new repository `g/app`', success => JSON::PP::true(), task => undef } }, 'done';
    my $repo = $t->must(get_repo => { repoid => 'g/app' });
    is_deeply [@$repo{qw(description owner)}, $repo->{last_changeset}{message}], ['D', 'admin', "noise\n"],
        'the repository';
    is ended(begin(create_repo => { repo_name => 'empty', repo_type => 'git' }))->{state}, 'done', 'without a remote';

    $answer = $t->must(pull => { repoid => 'g/app', background => 'true' });
    is_deeply ended(delete $answer->{task})->{result}, $t->must(pull => { repoid => 'g/app' }), 'pull';
    is_deeply $answer, { msg => 'Pulling from `g/app`', repository => 'g/app' }, 'its answer';
    $answer = $t->must(maintenance => { repoid => 'g/app', background => 'true' });
    my $done = ended(delete $answer->{task});
    is $done->{result}{msg}, 'executed maintenance command', 'maintenance';
    like "@{ $done->{result}{executed_actions} }", qr/git repack/, 'its actions';
    is_deeply $answer, { msg => 'executing maintenance command', executed_actions => [], repository => 'g/app' },
        'its answer';
    $id = begin(fork_repo => { repoid => 'g/app', fork_name => 'g/fork' });
    is_deeply ended($id)->{result}, { msg => 'Created fork of `g/app` as `g/fork`', success => JSON::PP::true(),
        task => undef }, 'fork_repo';
    is $t->must(get_repo => { repoid => 'g/fork' })->{fork_of}, 'g/app', 'the fork';
    my @actions = map { $_->{action} } @{ $t->must(get_audit_logs => { query => 'g/fork' }) };
    is "@actions", 'user_created_fork user_forked_repo:g/fork', 'the journal';
};

subtest 'other types' => sub {
    my $module = "$t->{bin}/mod_rcapi.so";
    SKIP: {
        skip 'no hg', 2 if !RCAPI::Hg::built($module) || system 'hg --version >/dev/null 2>&1';
        RCAPI::Hg::hg('init', "$DIR/hg");
        RCAPI::Hg::hg('-R', "$DIR/hg", qw(branch -q other));
        RCAPI::Hg::hg('-R', "$DIR/hg", qw(commit -m one -u ann));
        my $task = ended(begin(create_repo => { repo_name => 'hg', repo_type => 'hg',
            clone_uri => "file://$DIR/hg" }));
        is_deeply [@$task{qw(state percent)}], ['done', undef], 'hg';
        like $task->{line}, qr/\S/, "hg says: $task->{line}";
    }
    SKIP: {
        skip 'no svn', 2 if !RCAPI::Svn::built($module) || system 'svnrdump --version >/dev/null 2>&1';
        RCAPI::Svn::program('svnadmin', 'create', "$DIR/svn");
        RCAPI::Svn::svn('mkdir', '-q', '-m', 'one', "file://$DIR/svn/trunk");
        my $task = ended(begin(create_repo => { repo_name => 'svn', repo_type => 'svn',
            clone_uri => "file://$DIR/svn" }));
        is_deeply [@$task{qw(state percent)}], ['done', undef], 'svn';
        like $task->{line}, qr/revision 1/, "svn says: $task->{line}";
    }
};

subtest 'half way' => sub {
    my ($uri, $open) = gate();
    my $id = begin(create_repo => { repo_name => 'slow', repo_type => 'git', clone_uri => $uri });
    my $task;
    patiently(20, sub { $task = task($id); defined $task->{percent} });
    is_deeply [@$task{qw(state result error finished_on)}], ['running', undef, undef, undef], 'it runs';
    like $task->{line}, qr/^(?:remote: \w|Receiving objects: +\d+%)/, 'git says: ' . ($task->{line} // '');
    is no_repo('slow'), 'repository `slow` does not exist', 'no repository yet';
    is error(get_task => { task => $id }, as => 'ann'), "task `$id` does not exist", 'nobody else knows of it';
    my $name = begin(create_repo => { repo_name => 'slow', repo_type => 'git' });
    is task($name)->{state}, 'pending', 'a user has half of the places';
    unlike $t->dump, qr/\Q$PASSWORD/, 'arguments are sealed' if !RCAPI::Test::on_server();
    my ($process) = grep { children_of($_) } $t->{server}->task_processes; # the one that runs git
    for my $signal (qw(USR1 HUP)) {
        $t->reload($signal);
        is_deeply [task($id)->{state}, kill(0, $process)], ['running', 1], "it survives a restart by $signal";
    }
    my $metrics = $t->get('/_admin/metrics', headers => ['X-Api-Key' => $t->key('admin')])->body;
    like $metrics, qr/^rcapi_tasks_running 1$/m, 'metrics: one runs';
    like $metrics, qr/^rcapi_tasks_total\{outcome="done"\} [3-9]/m, 'metrics: those that have ended';
    $open->();
    is ended($id)->{state}, 'done', 'done';
    is $t->must(get_repo => { repoid => 'slow' })->{clone_uri}, $uri, 'the repository';
    is ended($name)->{error}, 'repo `slow` already exist', 'the name is taken meanwhile';
};

subtest 'kill' => sub {
    my ($uri, $open) = gate();
    my $id = begin(create_repo => { repo_name => 'killed', repo_type => 'git', clone_uri => $uri });
    reached($id, 'running');
    patiently(10, sub { slurp("$DIR/seen") =~ m{gate$gates/source/git-upload-pack} });
    kill KILL => $t->{server}->task_processes;
    my $task = ended($id);
    is_deeply [@$task{qw(state error result)}], ['failed', 'the process that ran the task has ended', undef], 'failed';
    is no_repo('killed'), 'repository `killed` does not exist', 'no repository';
    patiently(10, sub { !left() });
    is join(' ', left()), '', 'nothing is left';
    $id = begin(create_repo => { repo_name => 'killed', repo_type => 'git', clone_uri => $FILE });
    is ended($id)->{state}, 'done', 'another one is done';

    ($uri, $open) = gate();
    $id = begin(create_repo => { repo_name => 'stopped', repo_type => 'git', clone_uri => $uri });
    patiently(10, sub { slurp("$DIR/seen") =~ m{gate$gates/source/git-upload-pack} });
    $t->stop;
    is $t->sql("SELECT state FROM task WHERE name = '$id'"), "pending\n", 'httpd stops: it waits';
    $open->();
    $t->start;
    is ended($id)->{state}, 'done', 'httpd starts: it begins again';
    my $user = $t->sql("SELECT user_id FROM users WHERE username = 'ann'") + 0;
    $t->sql("INSERT INTO task (name, user_id, ip, method, state, due, created_on) VALUES "
        . join ',', map { "('$_', $user, '::1', 'pull', 'pending', 9000000000000000, 1)" } 1 .. 100);
    is error(create_repo => { repo_name => 'x', repo_type => 'git', background => 'true' }),
        'Too many tasks wait; try again later', 'too many in all';
    $t->sql("DELETE FROM task WHERE user_id = $user");
};

subtest 'a database that is busy for long' => sub {
    plan skip_all => 'a database on a server has no lock file' if RCAPI::Test::on_server();
    my ($uri, $open) = gate();
    my $id = begin(create_repo => { repo_name => 'busy', repo_type => 'git', clone_uri => $uri });
    patiently(20, sub { defined task($id)->{percent} });
    my $lock = $t->block_writers;
    spew("$DIR/gate$gates", 'broken');
    sleep 1;
    $t->call(update_user => { userid => 'admin', firstname => 'New' }); # waits for 5 seconds, as the task
    is $t->last->status . ' ' . $t->last->header('Retry-After'), '503 3', 'a change may be repeated';
    is task($id)->{state}, 'running', 'its end waits';
    close $lock;
    is ended($id)->{error}, 'failed to create repository `busy`', 'and is stored';
};

subtest 'rights are checked again' => sub {
    my ($uri, $open) = gate();
    my @blocking = map { begin(create_repo => { repo_name => "block$_", repo_type => 'git', clone_uri => $uri },
        as => $_) } qw(admin bob);
    $t->must(create_repo => { repo_name => 'shared', repo_type => 'git', clone_uri => $FILE });
    $t->must(grant_user_permission => { repoid => 'shared', userid => $_, perm => 'repository.admin' })
        for qw(bob ann);
    reached($_, 'running') for @blocking;
    $t->user('carl');
    my $owned = begin(create_repo => { repo_name => 'owned', repo_type => 'git', owner => 'carl' });
    my $key = $t->token('bob', '--role', 'api', '--description', 'short');
    $t->key(short => $key);
    my $pull = begin(pull => { repoid => 'shared' }, as => 'bob');
    my $short = begin(pull => { repoid => 'shared' }, as => 'short');
    my $other = begin(pull => { repoid => 'shared' }, as => 'ann');
    is error(pull => { repoid => 'shared', background => 'true' }, as => 'bob'), undef, "task $_" for 3 .. 9;
    like error(pull => { repoid => 'shared', background => 'true' }, as => 'bob'),
        qr/^You have 10 tasks that have not ended, which is all you may have; try again later$/, 'too many';
    $t->must(revoke_user_permission => { repoid => 'shared', userid => 'bob' });
    $t->must(update_user => { userid => 'ann', active => 'false' });
    my ($token) = grep { $_->{description} eq 'short' } @{ $t->must(get_auth_tokens => { userid => 'bob' }) };
    $t->must(delete_auth_token => { auth_token_id => $token->{auth_token_id}, userid => 'bob' });
    $t->must(update_repo => { repoid => 'shared', name => 'renamed' });
    $t->must(update_user => { userid => 'carl', username => 'carla', email => 'carla@example.org' });
    $t->user('carl');
    $open->();
    is ended($_)->{state}, 'done', 'the others' for @blocking;
    like ended($pull)->{error}, qr/^repository `\d+` does not exist$/, 'a right that was revoked';
    is ended($short)->{error}, 'Invalid API KEY', 'a key that was deleted';
    is ended($other)->{error}, 'Request from this user not allowed', 'a user who is not active';
    is ended($owned)->{state}, 'done', 'another owner';
    is $t->must(get_repo => { repoid => 'owned' })->{owner}, 'carla', 'who has another name now';
};

# A call by rhodecode-api on a terminal: what it takes from the keyboard, what it shows until a text, and later.
sub on_terminal {
    my ($words, $text, $then) = @_;
    local $ENV{RHODECODE_API_KEY} = $t->key('admin');
    my $command = join ' ', map { "'$_'" } $t->program('rhodecode-api'), '--format=json', '--apihost=' . $t->url,
        @$words;
    my $pid = open2(my $out, my $in, 'script', '-qec', $command, '/dev/null');
    my $shown = '';
    1 while $shown !~ $text && sysread $out, $shown, 4096, length $shown;
    $then->($in);
    1 while sysread $out, $shown, 4096, length $shown;
    close $in;
    waitpid $pid, 0;
    return ($shown, $? >> 8);
}

subtest 'rhodecode-api' => sub {
    my $r = $t->run({ env => { RHODECODE_API_KEY => $t->key('admin') } }, $t->program('rhodecode-api'),
        '--format=json', '--apihost=' . $t->url, qw(create_repo --background repo_name:plain repo_type:git));
    like $r->{out}, qr/^\{"msg": "Created new repository `plain`", "success": true, "task": "([0-9a-f]{40})"\}$/,
        'without a terminal: the answer';
    is "$r->{exit}$r->{err}", '0', 'and nothing else';
    is ended($r->{out} =~ /([0-9a-f]{40})/)->{state}, 'done', 'a task';
    my ($uri, $open) = gate();
    my ($shown, $status) = on_terminal(['--background', 'create_repo', 'repo_name:bar', 'repo_type:git',
        "clone_uri:$uri"], qr/\[#+\.+\] +\d+%  Receiving/, $open);
    like $shown, qr/^\r\[\.+\] +pending.*\r\[#+\.+\] +(\d+)%  Receiving objects: +\1%/s, 'a bar';
    like $shown, qr/\r\e\[K\{"msg": "Created new repository `bar`", "success": true, "task": null\}\r\n\z/,
        'the result';
    is $status, 0, 'success';
    unlike $shown, qr/\Q$PASSWORD/, 'no password';
    ($shown, $status) = on_terminal(['create_repo', 'repo_name:late', 'repo_type:git', "clone_uri:$FILE-not",
        'background:true'], qr/pending/, sub { });
    like $shown, qr/\r\e\[K"failed to create repository `late`"\r\n/, 'a failure';
    is $status, 1, 'its status';
    ($uri, $open) = gate();
    ($shown, $status) = on_terminal(['create_repo', 'repo_name:left', 'repo_type:git', "clone_uri:$uri",
        'background:=true'], qr/ Receiving/, sub { syswrite $_[0], "\003" });
    like $shown, qr/\nThe task goes on: rhodecode-api get_task task:([0-9a-f]{40})\r\n/, 'Ctrl-C';
    is $status, 130, 'ends the client';
    my ($id) = $shown =~ /task:([0-9a-f]{40})/;
    is task($id)->{state}, 'running', 'and not the task';
    ($shown, $status) = on_terminal(['create_repo', 'repo_name:longer', 'repo_type:git', '--background',
        '--timeout=1'], qr/pending/, sub { });
    like $shown, qr/\r\e\[KCall failed: the task takes longer\r\nThe task goes on: /, '--timeout';
    is $status, 3, 'its status';
    $open->();
    is ended($id)->{state}, 'done', 'which is done';
    $r = $t->run({ env => { RHODECODE_API_KEY => $t->key('admin') } }, $t->program('rhodecode-api'),
        '--format=json', '--apihost=' . $t->url, qw(--background pull repoid:plain));
    is "$r->{exit} $r->{out}", "1 \"Unable to pull changes from `plain`\"\n", 'what is refused at once';
};

$t->done;
done_testing;
