#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Subversion repositories from elsewhere (contract 07 §5, 08 §6): create_repo with clone_uri and pull, from svnserve
# and from mod_dav_svn of another httpd; what comes is what the remote has, byte for byte. Remotes that are refused,
# that lead elsewhere, that are silent or send without end; another repository in the place of the remote; commits of
# our own.
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP qw(encode_json);
use MIME::Base64 qw(encode_base64);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use RCAPI::OddServer;
use RCAPI::Run qw(patiently rounds run slurp spew);
use RCAPI::Server;
use RCAPI::Svn;
use RCAPI::SvnClient;
use RCAPI::Test;

plan skip_all => 'no svn, or no mod_dav_svn' if !RCAPI::SvnClient::installed();
plan skip_all => 'no svnserve' if run({ root => 1 }, 'svnserve', '--version')->{exit};

my $t = RCAPI::Test->new(children => 1, modules => [@RCAPI::SvnClient::MODULES], start => 0,
    whitelist => 'ChangesetController:*, FilesController:*',
    directives => "RcapiRemoteSchemes http https svn file git ssh\n");
my $REPOS = "$t->{dir}/data/repos";
my $FAR = "$t->{dir}/scratch/far";
# Of this process alone: programs are searched for it, and those of other tests run, too.
my ($USER, $PASSWORD, $ESCAPED) = ('bo b', "pass%word\@$$", "pass%25word%40$$");
$t->secret($PASSWORD, $ESCAPED, encode_base64("$USER:$PASSWORD", ''));
mkdir $FAR;

sub admin_svn { RCAPI::Svn::program(@_) }

# --- the remotes

# Adds @_ to the history of a far repository.
my %dump;
sub grow {
    my ($name, $count, $seed) = @_;
    my $path = "$FAR/$name";
    if (!$dump{$name}) {
        admin_svn('svnadmin', 'create', $path);
        unlink glob "$path/hooks/*";
        $dump{$name} = RCAPI::Svn->dump;
        $dump{$name}->history($count, $seed);
    }
    else {
        my $from = $dump{$name}{rev};
        $dump{$name}{text} = '';
        for my $n (1 .. $count) {
            $dump{$name}->revision(log => "more $n", date => 1_200_000_000 + 60 * ($from + $n));
            $dump{$name}->file("trunk/more$from-$n", "content $n\n" x 20);
            $dump{$name}->copy('trunk', "branches/at$from-$n") if $n == 2;
        }
    }
    $dump{$name}->load($path);
    return $path;
}

sub dump_of { return admin_svn({ timeout => 120 }, 'svnadmin', 'dump', '-q', $_[0]) }
sub youngest { return admin_svn('svnlook', 'youngest', $_[0]) + 0 }

grow('one', 40, 7);
grow('odd@na me', 5, 8);
spew("$FAR/users", "$USER:" . crypt($PASSWORD, '$6$salt$') . "\n");
my $SEEN = "$t->{dir}/scratch/seen"; # what came to the odd server
my $odd = RCAPI::OddServer->new($SEEN, sub {
    my ($client, $request) = @_;
    if ($request =~ m{/endless}) {
        print $client "HTTP/1.1 200 OK\r\nDAV: 1,2\r\nDAV: version-control,checkout,working-resource\r\n",
            "Server: Apache\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n";
        my $xml = '<?xml version="1.0" encoding="utf-8"?><D:options-response xmlns:D="DAV:">';
        printf $client "%x\r\n%s\r\n", length $xml, $xml;
        $xml = '<D:activity-collection-set><D:href>/x</D:href></D:activity-collection-set>' x 1000;
        1 while printf $client "%x\r\n%s\r\n", length $xml, $xml;
    }
    print $client "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
});
my $MOVER = $odd->port;
my $far = RCAPI::Test->new(bare => 1, children => 1, threads => 4, start => 0,
    modules => [@RCAPI::SvnClient::MODULES, qw(alias authn_file authz_user ssl)], directives => <<"END");
SVNUseUTF8 on
<Location /svn>
    DAV svn
    SVNParentPath $FAR
    Require all granted
</Location>
<Location /closed>
    DAV svn
    SVNParentPath $FAR
    AuthType Basic
    AuthName closed
    AuthBasicProvider file
    AuthUserFile $FAR/users
    Require valid-user
</Location>
Redirect permanent /moved /svn
Redirect permanent /away http://localhost:$MOVER/svn
Redirect permanent /port http://127.0.0.1:$MOVER/svn
Redirect permanent /loop /loop
END
my $TLS = RCAPI::Server::free_port();
my $by_tls = $far->tls;
$far->{server}{config} .= "Listen 127.0.0.1:$TLS\n<VirtualHost 127.0.0.1:$TLS>\n$by_tls</VirtualHost>\n" if $by_tls;
$far->start;
my $HTTP = '127.0.0.1:' . $far->port;
$t->{server}{env}{SSL_CERT_FILE} = "$far->{dir}/scratch/cert.pem";
$t->start;

# svnserve, which ends with the test.
my @children;
END { kill KILL => $_ for @children }

sub serve_svn {
    my ($root, @options) = @_;
    my $port = RCAPI::Server::free_port();
    my $pid = fork // die $!;
    if (!$pid) {
        exec 'svnserve', '-d', '--foreground', '--listen-host', '127.0.0.1', '--listen-port', $port, '-r', $root,
            @options or POSIX::_exit(127);
    }
    push @children, $pid;
    patiently(20, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }) or die 'no svnserve';
    return "127.0.0.1:$port";
}
my $SVN = serve_svn($FAR);
spew("$FAR/svnserve.passwd", "[users]\nann = $PASSWORD\n");
spew("$FAR/svnserve.conf", "[general]\nanon-access = none\npassword-db = $FAR/svnserve.passwd\n");
my $CLOSED = serve_svn($FAR, '--config-file', "$FAR/svnserve.conf");

# --- calls

my $n = 0;
sub create {
    my ($uri) = @_;
    $t->news;
    return $t->call(create_repo => { repo_name => 'r' . ++$n, repo_type => 'svn', clone_uri => $uri })->{error};
}

sub pull { $t->news; return $t->call(pull => { repoid => $_[0] })->{error} }

# What the programs alone make of a remote. Changes that change nothing are not sent.
sub loaded {
    my ($path, @options) = @_;
    my $to = "$t->{dir}/scratch/loaded";
    system 'rm', '-rf', $to;
    admin_svn('svnadmin', 'create', @options, $to);
    my $url = "file://$path" =~ s/([ %@])/sprintf '%%%02x', ord $1/ger;
    admin_svn({ stdin => admin_svn('svnrdump', 'dump', '-q', $url) }, 'svnadmin', 'load', '-q',
        '--bypass-prop-validation', '--no-flush-to-disk', $to);
    return $to;
}

# Its dump, made once for each state of the remote.
my %expected;
sub expected {
    my ($path, @options) = @_;
    my $state = join '|', @options, map { slurp("$path/db/$_") } qw(current uuid);
    $expected{$path} = [$state, dump_of(loaded($path, @options))] if ($expected{$path}[0] // '') ne $state;
    return $expected{$path}[1];
}

sub same {
    my ($name, $far_path, $what, @options) = @_;
    ok dump_of("$REPOS/$name") eq expected($far_path, @options), "$what: the dumps are equal";
    admin_svn('svnadmin', 'verify', '-q', "$REPOS/$name");
}

my $closed = $by_tls ? "https://bo%20b:$ESCAPED\@127.0.0.1:$TLS" : "http://bo%20b:$ESCAPED\@$HTTP";
my %from = (
    'http' => "http://$HTTP/svn/one", 'a redirect' => "http://$HTTP/moved/one",
    'https with a password' => "$closed/closed/one", 'file' => "file://$FAR/one",
    'svnserve with a password' => "svn://ann:$ESCAPED\@$CLOSED/one",
);

subtest 'create_repo and pull' => sub {
    my %name;
    for my $how (sort keys %from) {
        is create($from{$how}), undef, $how or diag $t->news;
        same($name{$how} = "r$n", "$FAR/one", $how);
        is $t->must(get_repo => { repoid => "r$n" })->{last_changeset}{raw_id}, 40, "$how: the last changeset";
        is_deeply [glob "$REPOS/r$n/hooks/*"], [], "$how: no hooks";
    }
    grow('one', 30, 1);
    for my $how (sort keys %from) {
        is $t->get("/$name{$how}/raw/tip/trunk/more40-1", as => 'admin')->status, 404, "$how: not here yet";
        my $r = $t->call(pull => { repoid => $name{$how} });
        is_deeply $r->{result}, { msg => "Pulled from `$name{$how}`", repository => $name{$how} }, "$how: pulled"
            or diag explain($r), $t->news;
        same($name{$how}, "$FAR/one", $how);
        is $t->must(get_repo => { repoid => $name{$how} })->{last_changeset}{raw_id}, 70, "$how: the last changeset";
        is $t->get("/$name{$how}/raw/tip/trunk/more40-1", as => 'admin')->status, 200, "$how: it is served";
        is pull($name{$how}), undef, "$how: nothing new";
    }
    is $t->sql('SELECT DISTINCT commits FROM repo_origin') =~ s/\s//gr, 70, 'what came is stored';
    is_deeply [glob "$REPOS/.rc_tmp/*/*"], [], 'nothing is left';
    is $t->try_admin('check')->{exit}, 0, 'check has no complaints';
    is create("http://$HTTP/svn/odd%40na%20me"), undef, 'a name with @ and a blank' or diag $t->news;
    same("r$n", "$FAR/odd\@na me", 'odd');
};

subtest 'shards, packs and older formats' => sub {
    my $path = "$REPOS/old";
    for my $version ((qw(1.3 1.8 1.5 1.6))[0 .. rounds(2, 4) - 1]) {
        my $far_path = "$FAR/v$version";
        grow("v$version", 7, 3);
        my @options = ('--compatible-version', $version);
        admin_svn('svnadmin', 'create', @options, $path);
        unlink glob "$path/hooks/*";
        if (-e "$path/db/fsfs.conf") { # shards of four
            my $format = slurp("$path/db/format") =~ s/sharded \d+/sharded 4/r;
            chmod 0644, "$path/db/format";
            spew("$path/db/format", $format);
        }
        $t->must('rescan_repos');
        $t->must(update_repo => { repoid => 'old', clone_uri => "svn://$SVN/v$version" });
        is pull('old'), undef, "$version: into an empty repository" or diag $t->news;
        same('old', $far_path, $version, @options);
        grow("v$version", 6, 3);
        is pull('old'), undef, "$version: more" or diag $t->news;
        same('old', $far_path, $version, @options);
        if (-e "$path/db/fsfs.conf") {
            admin_svn('svnadmin', 'pack', '-q', $path);
            grow("v$version", 6, 3);
            is pull('old'), undef, "$version: packed" or diag $t->news;
            same('old', $far_path, "$version packed", @options);
        }
        $t->must(delete_repo => { repoid => 'old' });
    }
};

subtest 'what is refused' => sub {
    my @rows = (
        ["http://bob\@$HTTP/svn/one", qr/a user needs a password/, 'a user alone'],
        $by_tls ? ["https://localhost:$TLS/svn/one", qr/certificate/, 'a certificate of another host'] : (),
        ["ssh://a\@$HTTP/svn/one", qr/scheme ssh is not for/, 'ssh'],
        ["svn+ssh://$HTTP/svn/one", qr/unknown scheme/, 'svn+ssh'],
        ["http://$HTTP/svn/one/trunk", qr/is a folder of a repository/, 'a folder'],
        ["svn://$SVN/one/trunk", qr/is a folder of a repository/, 'a folder by svnserve'],
        ["http://$HTTP/svn/none", qr/svn ended with status 1/, 'nothing there'],
        ["http://$HTTP/closed/one", qr/svn ended with status 1/, 'no password'],
        ["http://bob:wrong\@$HTTP/closed/one", qr/svn ended with status 1/, 'a wrong one'],
        ["svn://ann:wrong\@$CLOSED/one", qr/svn ended with status 1/, 'a wrong one by svnserve'],
        ["http://$HTTP/away/one", qr/leads to localhost:$MOVER: not followed/, 'a redirect to another host'],
        ["http://$HTTP/port/one", qr/leads to 127.0.0.1:$MOVER: not followed/, 'to another port'],
        ["http://$HTTP/loop/one", qr/svn ended with status 1/, 'without end'],
        ["http://127.0.0.1:1/x", qr/svn ended with status 1/, 'nobody listens'],
    );
    unlink $SEEN;
    for (@rows) {
        my ($uri, $why, $what) = @$_;
        is create($uri), "failed to create repository `r$n`", $what;
        like $t->news, $why, "$what: the log says why";
        ok !-e "$REPOS/r$n", "$what: nothing is left";
    }
    is slurp($SEEN), '', 'nobody went elsewhere';
    is $t->call(create_repo => { repo_name => 'g', repo_type => 'git', clone_uri => "svn://$SVN/one" })->{error},
        'failed to create repository `g`', 'git does not speak svn';
    like $t->news, qr/scheme svn is not for repositories of type git/, 'the log says why';
    my $plain = RCAPI::Test->new(children => 1, directives => "RcapiRemotePrivate off\n");
    for (["svn://$SVN/one", qr/scheme svn is not allowed here \(see RcapiRemoteSchemes\)/],
        [$from{http}, qr/127.0.0.1, which is not public \(see RcapiRemotePrivate\)/]) {
        is $plain->call(create_repo => { repo_name => 'x', repo_type => 'svn', clone_uri => $_->[0] })->{error},
            'failed to create repository `x`', 'not allowed';
        like $plain->error_log, $_->[1], 'the log says why';
    }
    $plain->done;
};

subtest 'files' => sub {
    RCAPI::Svn::program('svnadmin', 'create', "$REPOS/secret");
    my $copy = sub {
        my ($name) = @_;
        admin_svn('cp', '-R', "$FAR/one", "$FAR/$name");
        return "$FAR/$name";
    };
    symlink "$REPOS/secret", "$FAR/link" or die $!;
    my $inside = $copy->('inside');
    admin_svn('rm', '-r', "$inside/db");
    symlink "$REPOS/secret/db", "$inside/db" or die $!;
    my $bdb = $copy->('bdb');
    spew("$bdb/db/fs-type", "bdb\n");
    my $fifo = $copy->('fifo');
    POSIX::mkfifo("$fifo/db/revs/0/pipe", 0600);
    for (
        ["file://$REPOS/secret", qr/leads below the repository root/, 'a repository of the server'],
        ["$FAR/link", qr/leads below the repository root/, 'a link to one'],
        ["file://$inside", qr/leads below the repository root/, 'a link in one'],
        ["file://$FAR/one/conf", qr/is no Subversion repository/, 'a folder of one'],
        ["file://$FAR", qr/is no Subversion repository/, 'a folder with some'],
        ["file://$FAR/none", qr/does not exist/, 'nothing'],
        ["file://$FAR/users", qr/is no Subversion repository/, 'a file'],
        ["file://$bdb", qr/is a Subversion repository .*bdb/, 'another type'],
        ["file://$fifo", qr/holds a special file/, 'a FIFO'],
    ) {
        my ($uri, $why, $what) = @$_;
        is create($uri), "failed to create repository `r$n`", $what;
        like $t->news, $why, "$what: the log says why";
    }
    is create("$FAR/odd\@na me" =~ s/ /%20/r), "failed to create repository `r$n`", 'a path is not escaped';
    is create("file://$FAR/odd%40na%20me"), undef, 'a URL is' or diag $t->news;
    same("r$n", "$FAR/odd\@na me", 'odd');
};

subtest 'another repository, commits of our own' => sub {
    is create($from{http}), undef, 'created';
    my $name = "r$n";
    my $uuid = admin_svn('svnlook', 'uuid', "$FAR/one") =~ s/\n//r;
    is admin_svn('svnlook', 'uuid', "$REPOS/$name"), "$uuid\n", 'its UUID is that of the remote';
    grow('one', 2, 1);
    my $before = dump_of("$REPOS/$name");
    admin_svn('svnadmin', 'setuuid', "$FAR/one");
    is pull($name), "Unable to pull changes from `$name`", 'the remote has another UUID';
    like $t->news, qr/is another repository now: UUID \S+, before \Q$uuid\E/, 'the log says why';
    admin_svn('svnadmin', 'setuuid', "$FAR/one", $uuid);
    is dump_of("$REPOS/$name"), $before, 'nothing happened';
    is pull($name), undef, 'the old one again';

    my $far_youngest = youngest("$FAR/one");
    admin_svn('svnadmin', 'create', "$FAR/short");
    admin_svn('svnadmin', 'setuuid', "$FAR/short", $uuid);
    $t->must(update_repo => { repoid => $name, clone_uri => "http://$HTTP/svn/short" });
    is pull($name), "Unable to pull changes from `$name`", 'a remote with fewer revisions';
    like $t->news, qr/has 0 revisions, fewer than the $far_youngest here/, 'the log says why';
    $t->must(update_repo => { repoid => $name, clone_uri => $from{http} });

    # the row is behind or before the repository: the remote knows
    for my $commits ($far_youngest - 1, $far_youngest + 1) {
        $t->sql("UPDATE repo_origin SET commits = $commits
            WHERE repo_id = (SELECT repo_id FROM repo WHERE repo_name = '$name')");
        grow('one', 1, 1);
        is pull($name), undef, "a row that says $commits" or diag $t->news;
        same($name, "$FAR/one", 'it');
    }

    admin_svn('svn', '-q', 'mkdir', '-m', 'ours', "file://$REPOS/$name/ours");
    grow('one', 2, 1);
    $before = dump_of("$REPOS/$name");
    is pull($name), "Unable to pull changes from `$name`", 'a commit of our own';
    like $t->news, qr/has revisions of its own/, 'the log says why';
    is dump_of("$REPOS/$name"), $before, 'nothing happened';

    $t->must(create_repo => { repo_name => 'own', repo_type => 'svn' });
    admin_svn('svn', '-q', 'mkdir', '-m', 'ours', "file://$REPOS/own/ours");
    $t->must(update_repo => { repoid => 'own', clone_uri => $from{http} });
    is pull('own'), 'Unable to pull changes from `own`', 'a repository that came from nowhere';
    like $t->news, qr/has revisions, and was not fetched/, 'the log says why';
};

subtest 'credentials' => sub {
    my $found = 0;
    my $watcher = fork // die $!;
    if (!$watcher) {
        alarm 120;
        my $end = time + 100;
        while (time < $end && !-e "$t->{dir}/scratch/enough") {
            for (glob '/proc/[0-9]*/cmdline') {
                my $line = slurp($_);
                POSIX::_exit(1) if $line =~ /\Q$PASSWORD\E|\Q$ESCAPED\E/ && $line !~ /89-svn/;
            }
        }
        POSIX::_exit(0);
    }
    is create($from{'http with a password'}), undef, 'created' or diag $t->news;
    spew("$t->{dir}/scratch/enough", '');
    waitpid $watcher, 0;
    is $?, 0, 'no program got the password as an argument';
    my @folders = map { "$t->{dir}/$_" } 'data/repos', 'logs';
    is run({ root => 1 }, 'grep', '-rlF', '-e', $PASSWORD, '-e', $ESCAPED, @folders)->{out}, '', 'it is in no file';
};

subtest 'servers that do what they like' => sub {
    my $short = RCAPI::Test->new(children => 1, directives => "RcapiRemoteTimeout 4\nRcapiRemoteMaxSize 20k\n");
    my $try = sub {
        my ($uri) = @_;
        return $short->call(create_repo => { repo_name => 'x', repo_type => 'svn', clone_uri => $uri })->{error};
    };
    for (['silent', qr/silent: svn took longer than 4 seconds/], ['endless', qr/endless: more than 20480 bytes/]) {
        is $try->("http://127.0.0.1:$MOVER/$_->[0]"), 'failed to create repository `x`', $_->[0];
        like $short->error_log, $_->[1], "$_->[0]: the log says why";
    }
    my $noise = RCAPI::Svn->dump;
    $noise->revision(log => 'large');
    srand 5;
    $noise->file('noise', join '', map { chr rand 256 } 1 .. 60_000);
    admin_svn('svnadmin', 'create', "$FAR/large");
    $noise->load("$FAR/large");
    is $try->("http://$HTTP/svn/large"), 'failed to create repository `x`', 'too much';
    like $short->error_log, qr{/svn/large: more than 20480 bytes}, 'the log says why';
    ok !-e "$short->{dir}/data/repos/x", 'nothing is left';
    is_deeply [glob "$short->{dir}/data/repos/.rc_tmp/*/*"], [], 'nor in .rc_tmp';
    $short->done;
};

subtest 'clients that go' => sub {
    unlink $SEEN;
    my $body = encode_json({ id => 1, api_key => $t->key('admin'), method => 'create_repo',
        args => { repo_name => 'left', repo_type => 'svn', clone_uri => "http://127.0.0.1:$MOVER/silent" } });
    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $t->port) or die $@;
    print $client "POST /_admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    $client->flush;
    ok patiently(30, sub { slurp($SEEN) =~ m{/silent} }), 'svn has asked';
    $t->news;
    close $client;
    my $log = '';
    ok patiently(30, sub { ($log .= $t->news) =~ /The client has gone/ }), 'svn is ended, and the log says why'
        or diag $log;
    ok patiently(30, sub { !grep { !/\.done$/ } glob "$REPOS/.rc_tmp/*" }), 'nothing is left';
};

subtest 'kills in the middle' => sub {
    grow('few', 5, 9); # each step has programs walk through the whole history
    is create("http://$HTTP/svn/few"), undef, 'created' or diag $t->news;
    my $name = "r$n";
    my $state = sub {
        admin_svn('svnadmin', 'verify', '-q', "$REPOS/$name");
        return dump_of("$REPOS/$name");
    };
    my %steps;
    SKIP: {
        my $out = "$t->{dir}/strace";
        skip 'strace does not work here', 1 if $t->run('strace', '-f', '-o', $out, 'true')->{exit};
        for (my ($at, $killed) = (1, 1); $killed && $at < 60; $at += rounds(4, 1)) { # until there is no such step
            my $before = $state->();
            grow('few', 1, 1);
            my $r = $t->run({ timeout => 120, env => { ASAN_OPTIONS => 'detect_leaks=0' } }, qw(strace -qq -o), $out,
                '-e', 'trace=rename,fsync,syncfs', '-e', "inject=rename,fsync,syncfs:signal=KILL:when=$at",
                $t->program('rcapi-admin'), $t->admin_place, 'call', 'pull', "repoid:$name");
            $killed = $r->{signal} == 9;
            my $after = $state->();
            my $there = $after eq expected("$FAR/few");
            $steps{ $there ? 'after' : 'before' }++;
            ok $there || ($killed && $after eq $before), "killed at step $at: as before or after";
            is pull($name), undef, '... and the next pull works' or diag $t->news;
            same($name, "$FAR/few", '... it');
        }
        cmp_ok $steps{$_} // 0, '>', 0, "$steps{$_} steps: as $_" for qw(before after);
    }
    my %seen;
    for my $round (map { $_ * rounds(4, 1) } 1 .. rounds(2, 8)) {
        my $before = $state->();
        grow('few', 20, 1);
        my $pid = fork // die $!;
        POSIX::_exit(eval { $t->call(pull => { repoid => $name })->{result} } ? 0 : 1) if !$pid;
        sleep 0.06 * $round;
        $t->kill_child('KILL');
        waitpid $pid, 0;
        my $answered = $? == 0;
        my $after = $state->();
        my $there = $after eq expected("$FAR/few");
        $seen{ $there ? 'after' : 'before' }++;
        ok $there || (!$answered && $after eq $before), "round $round: as before or after";
        ok patiently(30, sub { eval { !defined $t->call(pull => { repoid => $name })->{error} } }),
            'and the next pull works' or diag $t->news;
        same($name, "$FAR/few", 'it');
    }
    note join ', ', map { "$seen{$_} $_" } sort keys %seen;
    is_deeply [grep { !/\.done$/ } glob "$REPOS/.rc_tmp/*"], [], 'nothing is left';
};

$far->done;
$t->done;
done_testing;
