#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Subversion's own client against mod_dav_svn behind our door: sessions, names, commits at once, what
# follows a commit, repositories that are renamed below an open connection, and a server without mod_dav_svn.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::HTTP;
use RCAPI::Run qw(slurp spew);
use RCAPI::SvnClient;
use RCAPI::Test;

plan skip_all => 'no svn, or no mod_dav_svn' if !RCAPI::SvnClient::installed();

my $t = RCAPI::Test->new(
    mounts => ['/', '/code', '/login', '/off'], modules => [@RCAPI::SvnClient::MODULES], directives => <<'END',
RequestHeader edit Destination ^https://proxy/ http://proxy/ early
<Location "/login">
    AuthType Basic
    AuthName "Our code"
    AuthBasicProvider rcapi
    Require rcapi
</Location>
<Location "/off">
    RcapiSvn Off
</Location>
END
);
my $PASSWORD = 'the password of carol';
my @CAROL = (user => 'carol', password => $PASSWORD);
my $BASIC = "carol:$PASSWORD";
$t->user('carol', password => $PASSWORD);
my $carol = RCAPI::SvnClient->new($t, @CAROL);
my $path = RCAPI::SvnClient::repository($t, 'team/app', owner => 'carol');

# What the journal says of commits since the last call.
my $last = 0;
sub journal {
    my @rows = split /\n/, $t->sql("SELECT journal_id, username, action, repo_name FROM journal "
        . "WHERE journal_id > $last AND action LIKE 'push%' ORDER BY 1");
    ($last) = $rows[-1] =~ /^(\d+)/ if @rows;
    return join ' ', map { (split /\|/, $_, 2)[1] } @rows;
}

sub program { return RCAPI::SvnClient::program($t, @_) }
sub verify { is(eval { program('svnadmin', 'verify', '-q', $_[0]) } // $@, '', 'svnadmin verify') }
sub youngest { return program('svnlook', 'youngest', $_[0]) + 0 }
sub works {
    my ($what, $client, $dir, @svn) = @_;
    my $r = $client->try($dir, @svn);
    is($r->{exit}, 0, $what) or diag $r->{err};
    return $r->{out};
}

subtest 'a session' => sub {
    my $work = $carol->checkout('team/app');
    my $at = sub { works("svn $_[0]", $carol, $work, @_) };
    mkdir "$work/$_" for qw(trunk branches tags);
    mkdir "$work/trunk/raw";
    spew("$work/trunk/$_", "$_\n") for qw(a b HEAD git-upload-pack raw/x);
    $at->('add', '-q', qw(trunk branches tags));
    like($at->('commit', '-m', 'the first one'), qr/Committed revision 1\./, 'the first commit');
    like($at->('update'), qr/At revision 1/, 'update');
    is(program('svnlook', 'author', $path), "carol\n", 'the author');
    $at->('propset', '-q', 'svn:executable', 'yes', 'trunk/a');
    spew("$work/trunk/b", "more\n");
    like($at->('commit', '-m', 'äöü'), qr/revision 2/, 'a change, and a property');
    my $url = $carol->url('team/app');
    like($at->('copy', '-m', 'a branch', "$url/trunk", "$url/branches/x"), qr/revision 3/, 'a copy on the server');
    like($at->('move', '-m', 'renamed', "$url/branches/x", "$url/branches/y"), qr/revision 4/, 'a move');
    like($at->('log', '-v', $url), qr{D /branches/x\n   A /branches/y \(from /branches/x:3\)\n}, 'log -v');
    like($at->('log', $url), qr/äöü/, 'a message');
    is($at->('list', '-R', "$url/branches"), "y/\ny/HEAD\ny/a\ny/b\ny/git-upload-pack\ny/raw/\ny/raw/x\n", 'list');
    is($at->('cat', "$url/trunk/$_"), "$_\n", "cat $_") for qw(HEAD git-upload-pack raw/x);
    is($at->('cat', "$url/trunk/b\@1"), "b\n", 'cat of an older one');
    like($at->('info', "$url/trunk"), qr{^Repository Root: \Q$url\E$}m, 'the root');
    like($at->('diff', '-c2', $url), qr/^\+more$/m, 'diff');
    like($at->('blame', "$url/trunk/b"), qr/^ +2 +carol more$/m, 'blame');
    $at->('update', '-q');
    $at->('move', '-q', 'trunk/a', 'trunk/c');
    $at->('delete', '-q', 'branches/y');
    like($at->('commit', '-m', 'moved'), qr/revision 5/, 'a move and a deletion in a checkout');
    $at->('switch', '-q', '--ignore-ancestry', "$url/trunk");
    $at->('merge', '-q', '-c', '-2', "$url/trunk");
    is(slurp("$work/b"), "b\n", 'merge');
    is(journal(), join(' ', map { "carol|push:$_|team/app" } 1 .. 5), 'the journal');
    verify($path);
};

subtest 'locks of files' => sub {
    my $work = $carol->checkout('team/app/trunk');
    my $admin = RCAPI::SvnClient->new($t, user => 'admin', password => $t->{password});
    works('lock', $carol, $work, 'lock', '-m', 'mine', 'b');
    like(program('svnlook', 'lock', $path, '/trunk/b'), qr/^Owner: carol$/m, '... is carol\'s');
    my $other = $admin->checkout('team/app/trunk');
    spew("$other/b", "other\n");
    like($admin->try($other, 'commit', '-m', 'x')->{err}, qr/locked/, 'others do not commit to it');
    like($admin->try($other, 'lock', 'b')->{err}, qr/already locked by user 'carol'/, 'nor lock it');
    spew("$work/b", "mine\n");
    works('commit with the lock', $carol, $work, 'commit', '-m', 'with a lock');
    is(program('svnlook', 'lock', $path, '/trunk/b'), '', '... releases it');
    works('lock again', $carol, $work, 'lock', 'b');
    works('unlock', $carol, $work, 'unlock', 'b');
    is(program('svnlook', 'lock', $path, '/trunk/b'), '', '... is gone');
    spew("$work/b", "locked\n");
    works('lock', $carol, $work, 'lock', 'b');
    works('commit that keeps the lock', $carol, $work, 'commit', '--no-unlock', '-m', 'kept');
    $admin->must($other, 'revert', '-q', 'b');
    works('a lock is broken', $admin, $other, 'unlock', '--force', $admin->url('team/app') . '/trunk/b');
};

subtest 'names' => sub {
    for my $name ('with blank', '100%', '%41%20', 'x!svn', 'näme ü', 'a+b=d', 'q#1;[x]', "it's", 'trunk~1') {
        my $there = RCAPI::SvnClient::repository($t, $name, owner => 'carol');
        my $work = eval { $carol->checkout($name) } // do { fail("$name: $@"); next };
        mkdir "$work/$name";
        spew("$work/$name/$name", "in $name\n");
        works("$name: add", $carol, $work, 'add', '-q', "$name@");
        works('... commit', $carol, $work, 'commit', '-q', '-m', "add $name");
        works('... lock', $carol, $work, 'lock', "$name/$name@");
        spew("$work/$name/$name", "changed\n");
        works('... commit of a change', $carol, $work, 'commit', '-q', '-m', "change $name");
        works('... copy', $carol, $work, 'copy', '-m', 'c', "$name@", $carol->url("$name/copy of $name"));
        is(slurp($carol->checkout($name) . "/copy of $name/$name"), "changed\n", '... checkout');
        is(youngest($there), 3, '... three revisions');
        verify($there);
    }
};

subtest 'names that mod_dav_svn does not stand' => sub {
    RCAPI::SvnClient::repository($t, 'a&b', owner => 'carol');
    my $r = $carol->try($t->dir, 'info', $carol->url('a&b'));
    like($r->{err}, qr/repository with & in its name cannot be served/, 'a repository a&b is refused');
    my $work = $carol->checkout('team/app/trunk');
    spew("$work/a&b <c>", "x\n");
    works('add', $carol, $work, 'add', '-q', 'a&b <c>');
    works('commit', $carol, $work, 'commit', '-q', '-m', 'other names');
    is(works('cat', $carol, $work, 'cat', $carol->url('team/app/trunk/a&b <c>')), "x\n", 'a file may be called so');
    for my $name ('%41%2f', '%2e', 'x%2F%2Fy', '%00') {
        mkdir "$work/$name";
        works("$name: add", $carol, $work, 'add', '-q', $name);
        like($carol->try($work, 'commit', '-m', 'x', $name)->{err}, qr/cannot be written to/, '... but not committed');
        my @copy = map { $carol->url("team/app/$_") } 'trunk', $name;
        like($carol->try($work, 'copy', '-m', 'x', @copy)->{err}, qr/E\d+/, '... nor copied to');
        $carol->must($work, 'revert', '-q', $name);
    }
    verify($path);
};

subtest 'a name that looks like a key' => sub {
    my $work = $carol->checkout('team/app/trunk');
    my $name = 'api_key=no+secret at all';
    spew("$work/$name", "a file\n");
    works('add', $carol, $work, 'add', '-q', $name);
    works('commit', $carol, $work, 'commit', '-q', '-m', 'named', $name);
    like(program('svnlook', 'tree', '--full-paths', $path), qr{^\Qtrunk/$name\E$}m, 'its name');
    is(works('cat', $carol, $work, 'cat', $carol->url("team/app/trunk/$name")), "a file\n", 'its content');
    my $r = $carol->try($work, 'copy', '-m', 'x', 'b', $carol->url('team/app/trunk/api_key=x'));
    like($r->{err}, qr/looks like an API key cannot be copied/, 'a copy to such a name is refused');
    is(scalar(() = program('svnlook', 'tree', $path) =~ /\*\*\*/g), 0, 'no other name instead');
};

subtest 'behind a proxy that ends https' => sub {
    my $copy = sub {
        my @headers = (Destination => $_[0], 'X-Forwarded-Proto' => 'https');
        return $t->get('/team/app/trunk/b', method => 'COPY', basic => $BASIC, headers => \@headers)->status;
    };
    is($copy->('https://other/team/app/trunk/z'), 502, 'another scheme');
    my $same = $copy->('http://other/team/app/trunk/z');
    isnt($same, 502, 'the same one');
    is($copy->('https://proxy/team/app/trunk/z'), $same, 'so is one that RequestHeader has changed');
};

subtest 'commits at once' => sub {
    my $there = RCAPI::SvnClient::repository($t, 'busy', owner => 'carol');
    my @works = map { $carol->checkout('busy') } 1 .. 4;
    my %pids;
    journal();
    for my $n (0 .. $#works) {
        spew("$works[$n]/file$n", "content $n\n");
        $carol->must($works[$n], 'add', '-q', "file$n");
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            my $r = $carol->try($works[$n], 'commit', '-q', '-m', "from $n");
            require POSIX;
            POSIX::_exit($r->{exit});
        }
        $pids{$pid} = $n;
    }
    for (1 .. @works) {
        my $pid = waitpid -1, 0;
        is($?, 0, "commit $pids{$pid}");
    }
    is(youngest($there), 4, 'four revisions');
    is(join(' ', sort split / /, journal()), join(' ', map { "carol|push:$_|busy" } 1 .. 4),
        'each in the journal, once');
    spew("$works[0]/file1", "another\n");
    isnt($carol->try($works[0], 'add', 'file1')->{exit} || $carol->try($works[0], 'commit', '-m', 'x')->{exit}, 0,
        'a commit that is out of date fails');
    is(journal(), '', '... and is in no journal');
    verify($there);
};

subtest 'after a commit' => sub {
    RCAPI::SvnClient::repository($t, 'after', owner => 'carol', enable_locking => JSON::PP::true());
    my $work = $carol->checkout('after');
    my $lock = sub { $t->sql("SELECT lock_user_id FROM repo WHERE repo_name = 'after'") =~ s/\n//r };
    is($lock->(), '', 'a checkout makes no lock');
    $t->must(lock => { repoid => 'after', userid => 'carol', locked => JSON::PP::true() });
    isnt($lock->(), '', 'a lock');
    mkdir "$work/trunk";
    works('add', $carol, $work, 'add', '-q', 'trunk');
    journal();
    works('its holder commits', $carol, $work, 'commit', '-q', '-m', 'in locked');
    is($lock->(), '', '... which releases it');
    is(journal(), 'carol|push:1|after carol|push_unlock|after', '... and the journal says so');
    is($t->must(get_repo => { repoid => 'after' })->{last_changeset}{raw_id}, '1', 'the last changeset');
    is($t->sql("SELECT last_id FROM repo WHERE repo_name = 'after'"), "1\n", '... was stored');
    like($t->get('/after/feed/atom', as => 'carol')->body, qr/in locked/, 'the feed');
};

# An open connection; each call sends one request on it and returns the answer, or undef when it has ended.
sub connection {
    my $socket = RCAPI::HTTP::connect_to($t->port);
    require MIME::Base64;
    my $login = MIME::Base64::encode_base64($BASIC, '');
    return sub {
        my ($method, $url, $headers) = @_;
        my $got = '';
        syswrite($socket, "$method $url HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic $login\r\n"
            . ($headers // '') . "\r\n") or return;
        while ($got !~ /\r\n\r\n/ || length($') < ($got =~ /^Content-Length: (\d+)/mi ? $1 : 0)) {
            sysread($socket, $got, 65536, length $got) or return length $got ? RCAPI::HTTP::parse($got) : undef;
        }
        return RCAPI::HTTP::parse($got);
    };
}

subtest 'another repository of the same name' => sub {
    for my $kept (qw(old new)) {
        my $at = RCAPI::SvnClient::repository($t, $kept, owner => 'carol');
        program('svnadmin', 'setuuid', $at, '6b1bd1a8-5d2c-4b0f-9a33-6f3b8d1e0c55'); # as two of one remote
        my $work = $carol->checkout($kept);
        spew("$work/f", "from $kept\n");
        $carol->must($work, 'add', '-q', 'f');
        $carol->must($work, 'commit', '-q', '-m', $kept);
    }
    my $ask = connection();
    is($ask->(GET => '/old/f')->body, "from old\n", 'a file of the first one');
    is($ask->(GET => '/old/f')->body, "from old\n", '... on the same connection');
    $t->must(update_repo => { repoid => 'old', repo_name => 'away' });
    is($ask->(GET => '/old/f')->status, 404, 'renamed');
    is($ask->(GET => '/away/f')->body, "from old\n", '... under its new name');
    $t->must(update_repo => { repoid => 'new', repo_name => 'old' });
    my $a = $ask->(GET => '/old/f');
    is($a->body, "from new\n", 'the other one, on the same connection');
    is($a->header('Connection'), 'close', '... which ends');
    is($ask->(GET => '/old/f'), undef, '... indeed');

    $ask = connection();
    is($ask->(OPTIONS => '/old/')->status, 200, 'another connection');
    $t->must(update_repo => { repoid => 'old', repo_name => 'new' });
    $t->must(update_repo => { repoid => 'away', repo_name => 'old' });
    $a = $ask->(LOCK => '/old/f', "Content-Length: 0\r\n");
    is($a->header('Connection'), 'close', 'a method that writes ends it, too');
};

# Reads $socket until $code is true of what has come, or to its end.
sub read_on {
    my ($socket, $got, $code) = @_;
    until ($code && $code->($$got)) {
        sysread($socket, $$got, 65536, length $$got) or last;
    }
}

subtest 'another repository gets the name during a checkout' => sub {
    for my $name (qw(large hidden)) { # the same files, with other contents
        my $path = RCAPI::SvnClient::repository($t, $name, private => $name eq 'hidden' ? 1 : 0);
        mkdir my $tree = $t->dir . "/scratch/$name.tree" or die "mkdir: $!";
        srand length $name;
        my $line = $name eq 'hidden' ? 'HIDDEN' : pack 'C*', map { int rand 256 } 1 .. 6;
        spew("$tree/f$_", join '', map { $line . pack 'N', int rand 2**32 } 1 .. 5000) for 1 .. 400;
        program('svn', 'import', '-q', '-m', 'all', $tree, "file://$path");
    }
    $t->must(grant_user_permission => { repoid => 'large', userid => 'carol', perm => 'repository.read' });
    require MIME::Base64;
    my $body = '<S:update-report xmlns:S="svn:" send-all="true"><S:src-path>/large</S:src-path>'
        . '<S:target-revision>1</S:target-revision><S:entry rev="1" start-empty="true"></S:entry></S:update-report>';
    my $request = "REPORT /large/!svn/me HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nConnection: close\r\n"
        . 'Authorization: Basic ' . MIME::Base64::encode_base64($BASIC, '')
        . "\r\nContent-Length: ${\ length $body}\r\n\r\n$body";
    my %size;
    for my $moves (0, 1) {
        my $socket = RCAPI::HTTP::connect_to($t->port);
        my $got = '';
        setsockopt $socket, Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 16384;
        syswrite $socket, $request;
        read_on($socket, \$got, sub { length $_[0] > 100_000 });
        if ($moves) {
            $t->must(update_repo => { repoid => $_->[0], repo_name => $_->[1] })
                for [large => 'moved'], [hidden => 'large'];
        }
        read_on($socket, \$got);
        like($got, qr{\AHTTP/1.1 200 }, $moves ? 'renamed meanwhile' : 'a checkout');
        is($got =~ /\r\n0\r\n\r\n\z/ ? 1 : 0, 1 - $moves, $moves ? '... breaks off' : '... ends');
        my $hidden = () = $got =~ /@{[ MIME::Base64::encode_base64('HIDDEN', '') ]}/g;
        is($hidden, 0, '... with nothing of the other one');
        $size{$moves} = length $got;
    }
    cmp_ok($size{1}, '<', $size{0}, 'what the client had not read yet is left out');
    like($t->error_log, qr/large\S* is renamed or deleted: its answer breaks off/, 'the log says why');
    $t->must(update_repo => { repoid => $_->[0], repo_name => $_->[1] }) for [large => 'hidden'], [moved => 'large'];
};

subtest 'by id' => sub {
    RCAPI::SvnClient::repository($t, 'first/name', owner => 'carol');
    my $id = $t->must(get_repo => { repoid => 'first/name' })->{repo_id};
    my $url = $carol->url("_$id");
    my $work = $carol->checkout("_$id");
    mkdir "$work/trunk";
    spew("$work/trunk/f", "one\n");
    works('add', $carol, $work, 'add', '-q', 'trunk');
    works('commit', $carol, $work, 'commit', '-q', '-m', 'by id');
    like(works('info', $carol, $t->dir, 'info', "$url/trunk"), qr{^Repository Root: \Q$url\E$}m, 'the root');
    works('copy', $carol, $work, 'copy', '-q', '-m', 'c', "$url/trunk", "$url/branch");
    $t->must(update_repo => { repoid => 'first/name', repo_name => 'other' });
    journal();
    works('update after a new name', $carol, $work, 'update', '-q');
    is(slurp("$work/branch/f"), "one\n", '... has the copy');
    works('lock', $carol, $work, 'lock', 'trunk/f');
    spew("$work/trunk/f", "two\n");
    works('commit', $carol, $work, 'commit', '-q', '-m', 'and again');
    is(journal(), 'carol|push:3|first/other', '... in the journal, by its name');
    is($t->get("/_$id/trunk/f", basic => $BASIC)->body, "two\n", 'a file');
    is($t->get("/_$id/raw/tip/trunk/f", as => 'admin')->body, "two\n", 'views have such URLs, too');
    my @to = (headers => [Destination => $carol->url('first/other/trunk/g')]);
    is($t->get("/_$id/trunk/f", method => 'COPY', basic => $BASIC, @to)->status, 403, 'no copy to its other URL');
};

subtest 'mounts' => sub {
    my $visitor = RCAPI::SvnClient->new($t);
    my $url = $t->url . '/code/team/app';
    like(works('another mount', $visitor, $t->dir, 'info', $url), qr{^Repository Root: \Q$url\E$}m, 'its root');
    $url = $t->url . '/login/team/app';
    my $work = $carol->folder;
    works('with httpd\'s login', $carol, $t->dir, 'checkout', '-q', "$url/trunk", $work);
    spew("$work/b", "by httpd's login\n");
    works('commit', $carol, $work, 'commit', '-q', '-m', 'login');
    is(program('svnlook', 'author', $path), "carol\n", 'the author');
    my $token = $t->token('carol', '--role', 'vcs');
    my $by_token = RCAPI::SvnClient->new($t, user => 'carol', password => $token);
    spew("$work/b", "by a token\n");
    works('commit with a token', $by_token, $work, 'commit', '-q', '-m', 'token');
    my $wrong = RCAPI::SvnClient->new($t, user => 'carol', password => 'a wrong password');
    spew("$work/b", "by nobody\n");
    like($wrong->try($work, 'commit', '-m', 'x')->{err}, qr/Authentication failed/, 'a wrong password');
    is($t->get('/off/team/app/trunk/b')->status, 404, 'RcapiSvn Off');
    is($t->get('/off/team/app/', method => 'PROPFIND')->status, 404, '... for each method');
};
$t->done;

subtest 'a server without mod_dav_svn' => sub {
    my $without = RCAPI::Test->new(children => 2, start => 0);
    $without->start;
    $without->user('carol', password => $PASSWORD);
    is($without->get('/x/trunk', method => 'PROPFIND', basic => $BASIC)->status, 404, 'without repositories of svn');
    unlike($without->error_log, qr/mod_dav_svn/, '... the log is silent');
    RCAPI::SvnClient::repository($without, 'x', owner => 'carol', private => JSON::PP::true());
    $without->stop;
    $without->start;
    my $said = () = $without->error_log =~ /RC0080/g;
    is($said, 1, 'the log says it once');
    my $r = RCAPI::SvnClient->new($without, @CAROL)->try($without->dir, 'info', $without->url . '/x');
    like($r->{err}, qr/Subversion is not served here: the server has not loaded mod_dav_svn/, 'svn prints why');
    my $a = $without->get('/x/trunk', basic => $BASIC);
    is($a->status, 501, 'a browser sees it, too');
    like($a->body, qr/^Subversion is not served here/, '... as plain text');
    is($without->get('/x/trunk')->status, 401, 'but no visitor');
    $without->done;
};

done_testing;
