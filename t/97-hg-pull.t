#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Mercurial repositories from elsewhere (contract 08 §5, §6, §8): create_repo with clone_uri and pull, over http, with
# a password, after a redirect, and from a folder. What hg pull does with bookmarks and phases; remotes that are
# refused, that lead elsewhere, that are silent or send without end; settings on both sides that must run nothing;
# kills.
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP qw(encode_json);
use MIME::Base64 qw(encode_base64);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use RCAPI::Hg;
use RCAPI::OddServer;
use RCAPI::Run qw(patiently rounds run slurp spew);
use RCAPI::Server;
use RCAPI::Test;

my $t = RCAPI::Test->new(children => 1, start => 0, whitelist => 'ChangesetController:*, FilesController:*',
    directives => "RcapiRemoteSchemes http https svn file git ssh\n");
my $REPOS = "$t->{dir}/data/repos";
my $FAR = "$t->{dir}/scratch/far";
my $MARK = "$t->{dir}/scratch/ran";
# Of this process alone: programs are searched for it, and those of other tests run, too.
my ($USER, $PASSWORD, $ESCAPED) = ('bo b', "pass%word\@$$", "pass%25word%40$$");
$t->secret($PASSWORD, $ESCAPED, encode_base64("$USER:$PASSWORD", ''));
mkdir $FAR;

# --- the remotes: hg serve behind an httpd that redirects and asks for passwords, and an odd server

sub far { return RCAPI::Hg::hg('-R', "$FAR/$_[0]", @_[1 .. $#_]) }

sub init {
    my ($name, @options) = @_;
    RCAPI::Hg::hg('init', @options, "$FAR/$name");
}

# Adds commits to a far repository; all of its ids.
my %length;
sub grow {
    my ($name, $count, %spec) = @_;
    init($name) if !-e "$FAR/$name";
    my $from = $length{$name} // 0;
    return RCAPI::Hg::build("$FAR/$name", map { { files => { "f$_" => { data => "$_\n" } },
        branch => $_ % 3 ? 'default' : 'side', %spec } } $from .. ($length{$name} = $from + $count) - 1);
}

my @one = grow('one', 9);
init('other');
grow('other', 2, user => 'other');
for (['largefiles', 'requires'], ['lfs', 'requires'], ['git', 'requires'], ['shared', 'sharedpath']) {
    my ($name, $file) = @$_;
    grow($name, 1);
    my $path = "$FAR/$name/.hg/$file";
    spew($path, $file eq 'requires' ? slurp($path) . "$name\n" : "$REPOS/here/.hg");
}
init('odd', '--config', 'experimental.treemanifest=yes'); # a server that wants its files to be taken as they are
grow('odd', 2);
spew("$FAR/odd/.hg/hgrc", "[server]\npreferuncompressed = yes\n[experimental]\ntreemanifest = yes\n");
spew("$FAR/users", "$USER:" . crypt($PASSWORD, '$6$salt$') . "\n");

my @children;
END { kill KILL => $_ for @children }
my $SEEN = "$t->{dir}/scratch/seen"; # what came to the odd server
spew($SEEN, '');
my $odd = RCAPI::OddServer->new($SEEN, sub {
    my ($client, $request) = @_;
    print $client "HTTP/1.1 200 OK\r\nContent-Type: application/mercurial-0.1\r\n\r\n";
    1 while $request =~ m{/endless} && print $client 'x' x 10_000;
});
my $MOVER = $odd->port;
spew("$FAR/one/.hg/clonebundles.manifest", "http://127.0.0.1:$MOVER/bundle.hg BUNDLESPEC=gzip-v2\n");
spew("$FAR/web.conf", "[paths]\n/ = $FAR/*\n[web]\nrefreshinterval = 0\n");
my $SERVE = RCAPI::Server::free_port();
my $serve = fork // die $!;
if (!$serve) {
    open STDOUT, '>', '/dev/null';
    open STDERR, '>&', \*STDOUT;
    my ($name, $uid, $gid) = RCAPI::Run::account();
    RCAPI::Run::become();
    %ENV = (PATH => $ENV{PATH}, HGRCPATH => '', LC_ALL => 'C.UTF-8', HOME => $FAR);
    exec 'hg', '--config', 'extensions.clonebundles=', 'serve', '-a', '127.0.0.1', '-p', $SERVE, '--web-conf',
        "$FAR/web.conf" or POSIX::_exit(127);
}
push @children, $serve;
my $far = RCAPI::Test->new(bare => 1, children => 1, threads => 8, start => 0,
    modules => [qw(alias auth_basic authn_core authn_file authz_user proxy proxy_http ssl)], directives => <<"END");
ProxyPass /hg http://127.0.0.1:$SERVE
ProxyPass /closed http://127.0.0.1:$SERVE
<Location /closed>
    AuthType Basic
    AuthName closed
    AuthBasicProvider file
    AuthUserFile $FAR/users
    Require valid-user
</Location>
Redirect permanent /moved /hg
Redirect permanent /away http://localhost:$MOVER/none
Redirect permanent /port http://127.0.0.1:$MOVER/none
Redirect permanent /tls https://localhost/none
Redirect permanent /loop /loop
END
my $TLS = RCAPI::Server::free_port();
my $by_tls = $far->tls;
$far->{server}{config} .= "Listen 127.0.0.1:$TLS\n<VirtualHost 127.0.0.1:$TLS>\n$by_tls</VirtualHost>\n" if $by_tls;
$far->start;
my $HTTP = '127.0.0.1:' . $far->port;
$t->{server}{env}{SSL_CERT_FILE} = "$far->{dir}/scratch/cert.pem";
$t->start;
my $CLOSED = $by_tls ? "https://bo%20b:$ESCAPED\@127.0.0.1:$TLS/closed" : "http://bo%20b:$ESCAPED\@$HTTP/closed";

patiently(60, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $SERVE) }) or die 'no hg serve';

# --- calls

my $n = 0;
sub create {
    my ($uri) = @_;
    $t->news;
    return $t->call(create_repo => { repo_name => 'r' . ++$n, repo_type => 'hg', clone_uri => $uri })->{error};
}

sub pull { $t->news; return $t->call(pull => { repoid => $_[0] })->{error} }

sub ids {
    my ($name) = @_;
    return [map { $_->{raw_id} } @{ $t->must(get_repo_changesets => { repoid => $name, start_rev => '0',
        limit => -1 }) }];
}

sub here { return RCAPI::Hg::hg('-R', "$REPOS/$_[0]", @_[1 .. $#_]) }
sub left { return [grep { !/\.done$/ } glob "$REPOS/.rc_tmp/*"] }

my %from = (
    'http' => "http://$HTTP/hg/one", 'a redirect' => "http://$HTTP/moved/one",
    'a password' => "$CLOSED/one", 'a folder' => "file://$FAR/one",
);

subtest 'create_repo and pull' => sub {
    my %name;
    for my $how (sort keys %from) {
        is create($from{$how}), undef, $how or diag $t->news;
        is_deeply ids($name{$how} = "r$n"), \@one, "$how: all changesets";
        is $t->must(get_repo => { repoid => "r$n" })->{last_changeset}{raw_id}, $one[-1], "$how: the last changeset";
    }
    is_deeply [glob "$REPOS/r1/*"], [], 'no work tree';
    is slurp("$REPOS/r1/.hg/store/requires"), slurp("$FAR/one/.hg/store/requires"), 'the usual requirements';
    @one = grow('one', 8);
    for my $how (sort keys %from) {
        is $t->get("/$name{$how}/raw/tip/f16", as => 'admin')->status, 404, "$how: not here yet";
        is_deeply $t->call(pull => { repoid => $name{$how} })->{result},
            { msg => "Pulled from `$name{$how}`", repository => $name{$how} }, "$how: pulled" or diag $t->news;
        is_deeply ids($name{$how}), \@one, "$how: all changesets";
        is $t->get("/$name{$how}/raw/tip/f16", as => 'admin')->body, "16\n", "$how: it is served";
    }
    here($name{http}, 'verify', '-q');
    my $inode = (stat "$REPOS/$name{http}/.hg")[1];
    is pull($name{http}), undef, 'nothing new';
    is +(stat "$REPOS/$name{http}/.hg")[1], $inode, 'nothing was replaced';
    is slurp($SEEN), '', 'bundles elsewhere are not fetched';
    is_deeply left(), [], 'nothing in .rc_tmp';
    is $t->try_admin('check')->{exit}, 0, 'check has no complaints';
};

subtest 'as hg pull does' => sub {
    my @far = grow('marks', 3, phase => 'public');
    @far = RCAPI::Hg::build("$FAR/marks",
        { files => { x => { data => 'x' } }, bookmarks => ['moves', 'splits'], parents => [2] });
    is create("file://$FAR/marks"), undef, 'created' or diag $t->news;
    my $name = "r$n";
    is here($name, 'phase', '-r', 3), "3: public\n", 'what a publishing remote has is public';
    @far = RCAPI::Hg::build("$FAR/marks",
        { files => { y => { data => 'y' } }, bookmarks => ['moves', 'splits', 'new'] },
        { files => { z => { data => 'z' } }, branch => 'side', close => 1 });
    my @here = RCAPI::Hg::build("$REPOS/$name",
        { files => { own => { data => 'own' } }, bookmarks => ['splits'], phase => 'secret' });
    here($name, 'phase', '-fd', '-r', $here[-1]);
    spew("$FAR/marks/.hg/hgrc", "[phases]\npublish = no\n");
    is pull($name), undef, 'pulled' or diag $t->news;
    is_deeply ids($name), [@here, @far[4, 5]], 'our own changeset stays';
    is_deeply $t->must(get_repo_refs => { repoid => $name })->{bookmarks},
        { moves => $far[4], new => $far[4], splits => $here[-1], 'splits@default' => $far[4] }, 'bookmarks';
    is here($name, 'phase', '-r', $here[-1]), "4: draft\n", 'ours is a draft';
    ok RCAPI::Hg::killed("$REPOS/$name"), 'a writer is killed';
    grow('marks', 1, parents => [5]);
    my $tagged = (RCAPI::Hg::build("$FAR/marks",
        { files => { '.hgtags' => { data => "$far[4] x\n" } }, parents => [6] }))[-1];
    spew("$FAR/marks/.hg/cache/hgtagsfnodes1", "\xff" x (24 * 7) . pack('H8', $tagged) . "\0" x 20); # it has no tags
    is pull($name), undef, 'what it left is undone' or diag $t->news;
    ok !-e "$REPOS/$name/.hg/store/journal", 'there is no journal';
    like here($name, 'tags'), qr/^x  /m, 'tags are not found where the remote says';
    here($name, 'verify', '-q');
};

subtest 'what is refused' => sub {
    my @rows = (
        ["http://bob\@$HTTP/hg/one", qr/a user needs a password/, 'a user alone'],
        ["svn://$HTTP/one", qr/scheme svn is not for repositories of type hg/, 'svn'],
        ["bob\@127.0.0.1:one", qr/hg needs the form ssh:/, 'ssh as git writes it'],
        ["ssh://bob\@127.0.0.1:1/one", qr/hg ended with status 255: .*Connection refused/, 'ssh: nobody listens'],
        ["file://$FAR/one#side", qr/has a query or fragment/, 'a branch'],
        ["http://$HTTP/hg/none", qr/hg ended with status 255: .*404/, 'nothing there'],
        ["http://$HTTP/closed/one", qr/hg ended with status 255: .*authorization/, 'no password'],
        ["http://bob:wrong\@$HTTP/closed/one", qr/hg ended with status 255: .*authorization failed/, 'a wrong one'],
        ["http://$HTTP/away/one", qr/leads to localhost:$MOVER: not followed/, 'a redirect to another host'],
        ["http://$HTTP/port/one", qr/leads to 127.0.0.1:$MOVER: not followed/, 'to another port'],
        ["http://$HTTP/tls/one", qr/leads to localhost:443: not followed/, 'to https of another host'],
        ["http://$HTTP/loop/one", qr/hg ended with status 255/, 'without end'],
        $by_tls ? ["https://localhost:$TLS/hg/one", qr/hg ended .*certificate/, 'a certificate of another host'] : (),
        ["http://127.0.0.1:1/x", qr/hg ended with status 255/, 'nobody listens'],
        ["http://$HTTP/hg/odd", qr/came as a Mercurial repository with the requirement treemanifest/, 'odd'],
        ["file://$FAR/none", qr{$FAR/none does not exist}, 'no folder'],
        ["file://$FAR", qr{$FAR is no Mercurial repository}, 'no repository'],
        ["file://$REPOS/r1", qr/leads below the repository root/, 'a repository of ours'],
        ["file://$FAR/shared", qr/shares the store of another one/, 'one that shares the store of ours'],
        map({ ["file://$FAR/$_", qr/requirement $_, which is not supported/, $_] } qw(largefiles lfs git)),
    );
    for (@rows) {
        my ($uri, $why, $what) = @$_;
        is create($uri), "failed to create repository `r$n`", $what;
        like $t->news, $why, "$what: the log says why";
        ok !-e "$REPOS/r$n", "$what: nothing is left";
    }
    symlink "$REPOS/r1/.hg/store/data", "$FAR/other/.hg/link" or die $!;
    is create("file://$FAR/other"), "failed to create repository `r$n`", 'a link into ours';
    like $t->news, qr/leads below the repository root/, 'the log says why';
    unlink "$FAR/other/.hg/link";
    is slurp($SEEN), '', 'nobody went elsewhere';
    $t->must(update_repo => { repoid => 'r1', clone_uri => "file://$FAR/other" });
    is pull('r1'), 'Unable to pull changes from `r1`', 'an unrelated repository';
    like $t->news, qr/repository is unrelated/, 'the log says why';
    is_deeply ids('r1'), \@one, 'nothing happened';
    $t->must(update_repo => { repoid => 'r1', clone_uri => $from{http} });
};

subtest 'settings on both sides run nothing' => sub {
    grow('trap', 2);
    is create("file://$FAR/trap"), undef, 'created';
    grow('trap', 1);
    spew("$t->{dir}/scratch/x.py", "open('$MARK-x', 'w')\n");
    for my $side ("$REPOS/r$n", "$FAR/trap") {
        my $touch = sub { "touch $MARK-$_[0]" };
        spew("$side/.hg/hgrc", join "\n", '[hooks]', map({ "$_ = " . $touch->($_) } qw(pre-pull post-pull outgoing
            preoutgoing prechangegroup pretxnchangegroup changegroup incoming pretxnopen pretxnclose txnclose
            prepushkey pushkey prelistkeys listkeys)), '[extensions]', "x = $t->{dir}/scratch/x.py",
            '[alias]', 'pull = !' . $touch->('alias'), '[ui]', 'ssh = ' . $touch->('ssh'),
            '[paths]', 'default = ssh://localhost/x', '[http_proxy]', "host = 127.0.0.1:$MOVER", '');
    }
    is pull("r$n"), undef, 'pulled' or diag $t->news;
    is scalar @{ ids("r$n") }, 3, 'from the right remote';
    is_deeply [glob "$MARK*"], [], 'nothing ran';
    ok -e "$REPOS/r$n/.hg/hgrc", 'settings stay';
};

subtest 'credentials' => sub {
    my $watcher = fork // die $!;
    if (!$watcher) {
        alarm 120;
        my $end = time + 100;
        while (time < $end && !-e "$t->{dir}/scratch/enough") {
            for (glob '/proc/[0-9]*/{cmdline,environ}') {
                my $line = slurp($_);
                POSIX::_exit(1) if $line =~ /\Q$PASSWORD\E|\Q$ESCAPED\E/ && $line !~ /97-hg/;
            }
            sleep 0.02;
        }
        POSIX::_exit(0);
    }
    is create($from{'a password'}), undef, 'created' or diag $t->news;
    spew("$t->{dir}/scratch/enough", '');
    waitpid $watcher, 0;
    is $?, 0, 'no program got the password as an argument';
    my @folders = map { "$t->{dir}/$_" } 'data/repos', 'logs';
    is run({ root => 1 }, 'grep', '-rlF', '-e', $PASSWORD, '-e', $ESCAPED, @folders)->{out}, '', 'it is in no file';
};

subtest 'servers that do what they like' => sub {
    my $short = RCAPI::Test->new(children => 1,
        directives => "RcapiRemoteSchemes http file\nRcapiRemoteTimeout 4\nRcapiRemoteMaxSize 20k\n");
    my $try = sub {
        my ($uri) = @_;
        return $short->call(create_repo => { repo_name => 'x', repo_type => 'hg', clone_uri => $uri })->{error};
    };
    srand 5;
    grow('large', 1, files => { noise => { data => join '', map { chr rand 256 } 1 .. 60_000 } });
    for (["http://127.0.0.1:$MOVER/silent", qr/silent: hg took longer than 4 seconds/],
        ["http://127.0.0.1:$MOVER/endless", qr/endless: more than 20480 bytes/],
        ["file://$FAR/large", qr/large: more than 20480 bytes/]) {
        is $try->($_->[0]), 'failed to create repository `x`', $_->[0];
        like $short->error_log, $_->[1], 'the log says why';
    }
    ok !-e "$short->{dir}/data/repos/x", 'nothing is left';
    is_deeply [glob "$short->{dir}/data/repos/.rc_tmp/*/*"], [], 'nor in .rc_tmp';
    $short->done;
};

subtest 'clients that go' => sub {
    unlink $SEEN;
    my $body = encode_json({ id => 1, api_key => $t->key('admin'), method => 'create_repo',
        args => { repo_name => 'left', repo_type => 'hg', clone_uri => "http://127.0.0.1:$MOVER/silent" } });
    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $t->port) or die $@;
    print $client "POST /_admin/api HTTP/1.1\r\nHost: x\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    $client->flush;
    ok patiently(30, sub { slurp($SEEN) =~ m{/silent} }), 'hg has asked';
    $t->news;
    close $client;
    my $log = '';
    ok patiently(30, sub { ($log .= $t->news) =~ /The client has gone/ }), 'hg is ended, and the log says why'
        or diag $log;
    ok patiently(30, sub { !@{ left() } }), 'nothing is left';
};

# Runs rcapi-admin call under strace, with faults.
sub traced {
    my ($inject, @call) = @_;
    return $t->run({ timeout => 120, env => { ASAN_OPTIONS => 'detect_leaks=0' } }, qw(strace -qq -o /dev/null),
        @$inject, $t->program('rcapi-admin'), $t->admin_place, 'call', @call);
}
my $strace = !$t->run('strace', '-o', '/dev/null', 'true')->{exit};

subtest 'without hg' => sub {
    plan skip_all => 'strace does not work here' if !$strace;
    my @none = (map({ ('-P', "$_/hg") } qw(/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin)),
        '-e', 'trace=access,faccessat,faccessat2', '-e', 'inject=access,faccessat,faccessat2:error=ENOENT');
    for (['pull', 'repoid:r1'], ['create_repo', 'repo_name:lone', 'repo_type:hg', "clone_uri:$from{http}"]) {
        my $r = traced(\@none, @$_);
        like "$r->{out}$r->{err}", qr/program hg is not installed/, "$_->[0] says what is missing";
    }
    ok !-e "$REPOS/lone", 'nothing is left';
};

subtest 'kills in the middle' => sub {
    grow('k', 5);
    is create("file://$FAR/k"), undef, 'created' or diag $t->news;
    my $name = "r$n";
    my $before = ids($name);
    my (%seen, $again);
    my $judge = sub {
        my ($answered, $what, @far) = @_;
        here($name, 'verify', '-q');
        my $now = ids($name);
        my $there = @$now == @far;
        $seen{ $there ? 'after' : 'before' }++;
        is_deeply $now, $there ? \@far : $before, "$what: as before or after";
        ok $there || !$answered, "$what: what was answered is done";
        $before = $now;
    };
    if ($strace) {
        for (my ($at, $killed) = (1, 1); $killed && $at < 60; $at += rounds(15, 1)) { # until there is no such step
            my @far = grow('k', 1);
            my $r = traced(['-e', 'trace=rename,renameat2,symlink,fsync,syncfs',
                '-e', "inject=rename,renameat2,symlink,fsync,syncfs:signal=KILL:when=$at"], 'pull', "repoid:$name");
            $killed = $r->{signal} == 9;
            $judge->(!$killed, "killed at step $at", @far);
        }
    }
    for my $round (1 .. rounds(1, 8)) {
        my @far = grow('k', 20);
        my $pid = fork // die $!;
        POSIX::_exit(eval { $t->call(pull => { repoid => $name })->{result} } ? 0 : 1) if !$pid;
        sleep 0.2 * $round;
        $t->kill_child('KILL');
        waitpid $pid, 0;
        my $answered = $? == 0;
        ok patiently(30, sub { eval { ids($name) } }), 'the server goes on';
        $judge->($answered, "round $round", @far);
    }
    is pull($name), undef, 'the next pull works' or diag $t->news;
    is scalar @{ ids($name) }, $length{k}, 'all is here';
    here($name, 'verify', '-q');
    note join ', ', map { "$seen{$_} $_" } sort keys %seen;
    is_deeply left(), [], 'nothing is left';
};

$far->done;
$t->done;
done_testing;
