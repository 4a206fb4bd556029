#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Clone and fetch by the system's git: every version of the protocol, every kind of clone, what the
# answers to single requests look like, and what is refused.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Compress::Gzip qw(gzip);
use Test::More;

use RCAPI::GitClient;
use RCAPI::HTTP;
use RCAPI::Run qw(patiently slurp);
use RCAPI::Test;

my $t = RCAPI::Test->new(
    mounts => ['/', '/off'], children => 1,
    directives => <<'END',
AllowEncodedSlashes NoDecode
LogFormat "%m %U %{Content-Encoding}i %>s" short
CustomLog logs/requests short
<Location "/off">
    RcapiGit Off
</Location>
END
);
my $repo = $t->repo('group/history', commits => 60, seed => 3);
$t->repo('void', empty => 1);
$t->repo('hidden', commits => 2, args => { private => JSON::PP::true() });
$t->user('bob');
my @versions = map { RCAPI::GitClient->new($t, version => $_) } 0 .. 2;
my $visitor = $versions[2];
my $admin = RCAPI::GitClient->new($t, as => 'admin');
my $bob = RCAPI::GitClient->new($t, as => 'bob');
my $R = '/group/history';
my $FETCH = 'application/x-git-upload-pack-request';

sub refs_of { $t->git($_[0], 'for-each-ref', '--format=%(objectname) %(refname)') }
sub count { $t->git($_[0], 'rev-list', '--count', $_[1] // 'HEAD') + 0 }
sub id { $t->git($repo->{path}, 'rev-parse', $_[0]) =~ s/\n//r }
sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }

sub post {
    my ($body, %opt) = @_;
    return $t->get("$R/git-upload-pack", method => 'POST', body => $body, %opt,
        headers => ['Content-Type' => $FETCH, @{ $opt{headers} // [] }]);
}

subtest 'clone, in each version of the protocol' => sub {
    my $refs = refs_of($repo->{path});
    for my $v (0 .. 2) {
        my $git = $versions[$v];
        my $mirror = $git->clone('group/history', '--mirror');
        is(refs_of($mirror), $refs, "version $v: all references");
        is($git->must($mirror, 'fsck', '--full', '--strict'), '', '... and all objects');
        is($git->must($t->dir, 'ls-remote', $git->url('group/history')),
            $git->must($t->dir, 'ls-remote', $repo->{path}), '... ls-remote');
        is($git->must($t->dir, 'ls-remote', '--symref', $git->url('group/history'), 'HEAD', 'v*'),
            $git->must($t->dir, 'ls-remote', '--symref', $repo->{path}, 'HEAD', 'v*'), '... a part of it');
        my $work = $git->clone('group/history');
        is($git->must($work, 'status', '--porcelain'), '', '... a working tree');
        my $empty = $git->try($t->dir, 'clone', $git->url('void'), $git->folder);
        is($empty->{exit}, 0, '... an empty repository');
        like($empty->{err}, qr/empty repository/, '... which git notices');
    }
};

subtest 'shallow clones' => sub {
    my $all = count($repo->{path}, 'master');
    for my $v (0 .. 2) {
        my $git = $versions[$v];
        my $work = $git->clone('group/history', '--depth', 3, '--no-tags');
        my $few = count($work);
        ok($few >= 3 && $few < 10, "version $v: a clone of some commits");
            $git->must($work, 'fetch', '-q', '--depth', 8);
        my $deeper = count($work);
        cmp_ok($deeper, '>=', 8, '... deepened');
        $git->must($work, 'fetch', '-q', '--deepen', 5);
        cmp_ok(count($work), '>', $deeper, '... deepened by some');
        $git->must($work, 'fetch', '-q', '--unshallow');
        is(count($work), $all, '... unshallowed');
        is($git->must($work, 'fsck', '--full', '--no-dangling'), '', '... all objects');
        my $since = $git->clone('group/history', '--shallow-since', 1_200_000_000 + 3600 * 50);
        cmp_ok(count($since), '<', 20, '... since a time');
        my $without = $git->clone('group/history', '--shallow-exclude', 'v40');
        ok(!$git->must($without, 'tag', '-l', 'v30'), '... without the history of a tag');
    }
};

subtest 'partial clones' => sub {
    for my $filter ('blob:none', 'tree:0', 'blob:limit=100') {
        my $work = $visitor->clone('group/history', "--filter=$filter", '--no-checkout');
        like($visitor->must($work, 'rev-list', '--objects', '--missing=print', '--all'), qr/^\?/m,
            "$filter: objects are missing");
        $visitor->must($work, 'checkout', '-q', 'v20');
        is($visitor->must($work, 'status', '--porcelain'), '', '... and come when they are needed');
        is($visitor->must($work, 'rev-parse', 'HEAD^{tree}'), $t->git($repo->{path}, 'rev-parse', 'v20^{tree}'),
            '... as they should');
    }
};

# Kept answers: name => inode.
sub kept { map { m{([^/]+)\z} && $1 => (stat)[1] } glob $t->dir . '/data/repos/.rc_archives/*.fetch*' }

subtest 'equal clones' => sub {
    for my $v (0, 2) {
        my $git = $versions[$v];
        my @how = ('group/history', '--branch', 'v30', '--depth');
        my %before = kept();
        my $one = $git->clone(@how, 4);
        my %now = kept();
        my @new = grep { !$before{$_} } keys %now;
        cmp_ok(scalar @new, '>', 0, "version $v: the answer is kept");
        my $other = RCAPI::GitClient->new($t, as => 'bob', version => $v, config => ['http.userAgent=git/other'])
            ->clone(@how, 4);
        is_deeply({ kept() }, \%now, '... and sent to another client');
        is(refs_of($other), refs_of($one), '... who gets the same');
        is($git->must($other, 'fsck', '--no-dangling'), '', '... and all of it');
        $git->clone(@how, 5);
        my %more = kept();
        cmp_ok(scalar keys %more, '>', scalar keys %now, '... something else is another answer');
        $t->git($repo->{path}, 'update-ref', "refs/heads/new$v", 'master');
        $git->clone(@how, 5);
        my %moved = kept();
        cmp_ok(scalar keys %moved, '>', scalar keys %more, '... as is the same after a change of a reference');
    }
};

subtest 'fetches of what is new' => sub {
    for my $v (0 .. 2) {
        my $git = $versions[$v];
        my $work = $git->folder;
        $git->must($t->dir, 'init', '-q', $work);
        RCAPI::Git::history($work, 300, 77); # nothing in common: many `have` lines
        $git->must($work, 'remote', 'add', 'origin', $git->url('group/history'));
        $git->must($work, 'fetch', '-q', 'origin');
        is($git->must($work, 'rev-parse', 'origin/master'), $t->git($repo->{path}, 'rev-parse', 'master'),
            "version $v: beside another history");
        my $behind = $git->clone('group/history', '--single-branch', '--branch', 'v20');
        $git->must($behind, 'fetch', '-q', 'origin', 'master');
        is($git->must($behind, 'rev-parse', 'FETCH_HEAD'), $t->git($repo->{path}, 'rev-parse', 'master'),
            '... after a part of it');
        is($git->must($behind, 'fsck', '--full', '--no-dangling'), '', '... all objects');
    }
    like(slurp($t->dir . '/logs/requests'), qr/^POST \S+ gzip 200$/m, 'some requests were compressed');
};

subtest 'names' => sub {
    my ($id) = map { $_->{repo_id} } grep { $_->{repo_name} eq 'group/history' } @{ $t->must('get_repos') };
    my $master = id('master');
    for my $name ('group/history', 'group/history.git', 'group%2Fhistory', 'group%2fhistory.git', "_$id", "_$id.git",
        "_$id/any/thing") {
        like($visitor->must($t->dir, 'ls-remote', $visitor->url($name), 'master'), qr/^$master\t/, $name);
    }
    my $real = $t->repo('group/history.git', commits => 1, seed => 9);
    my $other = $t->git($real->{path}, 'rev-parse', 'master') =~ s/\n//r;
    like($visitor->must($t->dir, 'ls-remote', $visitor->url('group/history.git')), qr/^$other\t/,
        'a repository that is really called so');
    like($visitor->must($t->dir, 'ls-remote', $visitor->url('group/history.git.git')), qr/^$other\t/, '... twice');
    $t->must(delete_repo => { repoid => 'group/history.git' });
    like($visitor->must($t->dir, 'ls-remote', $visitor->url('group/history.git'), 'master'), qr/^$master\t/,
        'the other one, when it is gone');
    is($t->get("/off$R/info/refs?service=git-upload-pack")->status, 404, 'RcapiGit Off');
};

subtest 'headers' => sub {
    my $a = $t->get("$R/info/refs?service=git-upload-pack");
    is($a->status, 200, 'info/refs');
    is($a->header('Content-Type'), 'application/x-git-upload-pack-advertisement', 'type');
    is($a->header('Cache-Control'), 'no-cache, max-age=0, must-revalidate', 'Cache-Control');
    is($a->header('Expires'), 'Fri, 01 Jan 1980 00:00:00 GMT', 'Expires');
    is($a->header('Pragma'), 'no-cache', 'Pragma');
    like($a->body, qr/\A001e# service=git-upload-pack\n0000[0-9a-f]{4}[0-9a-f]{40} HEAD\0/, 'body');
    is($t->get("$R/info/refs?service=git-upload-pack", headers => ['Git-Protocol' => 'version=1'])->body
            =~ /\A001e# service=git-upload-pack\n0000000eversion 1\n/ ? 1 : 0, 1, 'version 1');
    like($t->get("$R/info/refs?service=git-upload-pack", headers => ['Git-Protocol' => 'version=2'])->body,
        qr/\A000eversion 2\n/, 'version 2');
    like($t->get("$R/info/refs?service=git-upload-pack", headers => ['Git-Protocol' => 'version=2;x'])->body,
        qr/\A001e#/, 'a malformed header');
    is($t->get("$R/info/refs?service=git-upload-pack", method => 'HEAD')->status, 200, 'HEAD');
    $a = post(pkt("command=ls-refs\n") . '0001' . pkt("ref-prefix refs/heads/master\n") . '0000',
        headers => ['Git-Protocol' => 'version=2']);
    is($a->body, pkt(id('master') . " refs/heads/master\n") . '0000', 'ls-refs');
    is($a->header('Content-Type'), 'application/x-git-upload-pack-result', 'type');
    is($a->header('Cache-Control'), 'no-cache, max-age=0, must-revalidate', 'Cache-Control');
};

subtest 'single requests' => sub {
    my $want = pkt('want ' . id('master') . " ofs-delta\n") . '0000' . pkt("done\n");
    my $packed;
    gzip(\$want, \$packed);
    like(post($want)->body, qr/\A0008NAK\nPACK/, 'a pack');
    like(post($packed, headers => ['Content-Encoding' => 'gzip'])->body, qr/\A0008NAK\nPACK/, 'gzip');
    like(post($packed, headers => ['Content-Encoding' => 'x-gzip'])->body, qr/\A0008NAK\nPACK/, 'x-gzip');
    my $head = "POST $R/git-upload-pack HTTP/1";
    my $type = "Host: x\r\nContent-Type: $FETCH\r\n";
    my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } unpack('(a7)*', $want), '';
    like($t->raw_request("$head.1\r\n${type}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n$chunks\r\n")->body,
        qr/\A0008NAK\nPACK/, 'in chunks');
    my $old = $t->raw_request("$head.0\r\n${type}Content-Length: " . length($want) . "\r\n\r\n$want");
    like($old->body, qr/\A0008NAK\nPACK/, 'HTTP/1.0');
    is($old->header('Transfer-Encoding'), undef, '... in one piece');
    $old = $t->raw_request("GET $R/info/refs?service=git-upload-pack HTTP/1.0\r\n\r\n");
    like($old->body, qr/\A001e#/, '... info/refs');
    my $probe = post('0000');
    is($probe->status . $probe->body, '200', 'a flush alone');
    like(post(pkt('want ' . '1' x 40 . "\n") . '0000' . pkt("done\n"))->body, qr/ERR upload-pack: not our ref 1{40}/,
        'an unknown id');
    my $r = $visitor->try($visitor->clone('void', '--bare'), 'fetch', $visitor->url('group/history'), '1' x 40);
    like($r->{err}, qr/not our ref 1{40}/, '... in the words of git');
};

subtest 'wrong requests' => sub {
    my $bomb;
    gzip(\('0' x 11_000_000), \$bomb);
    my $long = pkt('want ' . '1' x 40 . "\n") x 250_000;
    my @rows = (
        ['another type', 415, headers => ['Content-Type' => 'text/plain']],
        ['a type that begins so', 415, headers => ['Content-Type' => "${FETCH}s"]],
        ['no type', 415, headers => []],
        ['deflate', 415, headers => ['Content-Type' => $FETCH, 'Content-Encoding' => 'deflate']],
        ['no packets', 400, body => 'hello'],
        ['an incomplete packet', 400, body => '0032want'],
        ['nothing', 400, body => ''],
        ['too much', 413, body => $long],
        ['too much when inflated', 413, body => $bomb,
            headers => ['Content-Type' => $FETCH, 'Content-Encoding' => 'gzip']],
        ['no gzip', 400, body => 'x', headers => ['Content-Type' => $FETCH, 'Content-Encoding' => 'gzip']],
    );
    for (@rows) {
        my ($name, $status, %opt) = @$_;
        my $a = $t->get("$R/git-upload-pack", method => 'POST', body => '0000', headers => ['Content-Type' => $FETCH],
            %opt);
        is($a->status, $status, $name);
    }
    is($t->get("$R/git-upload-pack", method => 'POST', body => '0000',
        headers => ['Content-Type' => "$FETCH; a=b"])->status, 200, 'a type with a parameter');
    for (['GET', "$R/git-upload-pack", 'POST'], ['PUT', "$R/git-upload-pack", 'POST'],
        ['GET', "$R/git-receive-pack", 'POST'], ['POST', "$R/info/refs?service=git-upload-pack", 'GET, HEAD'],
        ['DELETE', "$R/HEAD", 'GET, HEAD'], ['PUT', '/hidden/git-receive-pack', 'POST'],
        ['PUT', '/missing/git-receive-pack', 'POST']) {
        my ($method, $path, $allow) = @$_;
        my $a = $t->get($path, method => $method);
        is($a->status, 405, "$method $path");
        is($a->header('Allow'), $allow, '... is answered by what is allowed');
    }
};

subtest 'what is not served' => sub {
    my $smart = 'Only the smart protocol is served; use a git of 1.6.6 or later';
    for (['info/refs'], ['info/refs?service='], ['info/refs?service=git-upload'], ['info/refs?x=y'], ['HEAD'],
        ['objects/info/packs'], ['objects/ab/cd']) {
        my $a = $t->get("$R/$_->[0]");
        is($a->status . ' ' . $a->body, "403 $smart", $_->[0]);
        like($a->header('Content-Type'), qr{^text/plain}, '... as text');
        is($t->get("/hidden/$_->[0]")->status, 401, '... but not for visitors of a hidden repository');
        is($t->get("/hidden/$_->[0]", headers => ['X-Api-Key' => $t->key('bob')])->status, 404, '... nor for others');
    }
    my $r = $visitor->try($t->dir, 'archive', '--remote', $visitor->url('group/history'), 'master');
    isnt($r->{exit}, 0, 'git archive --remote');
    is($t->get("$R/git-upload-archive", method => 'POST', body => '')->status, 403, 'git-upload-archive');
    for my $path ('info/lfs', 'info/lfs/objects/batch', 'info/lfs/locks/verify') {
        my $a = $t->get("$R/$path", method => 'POST', body => '{}');
        is($a->status . ' ' . $a->body, '404 {"message":"Git LFS is not served here"}', $path);
        is($a->header('Content-Type'), 'application/vnd.git-lfs+json', '... as JSON');
        is($t->get("/hidden/$path", method => 'POST', body => '{}')->status, 401, '... not for visitors');
    }
    like($t->get("$R/raw-changeset/HEAD", as => 'admin')->body, qr/\Adiff --git/, 'a view keeps its URL');
    is($t->get("$R/raw/tip/objects/info/packs", as => 'admin')->status, 404, '... also without such a file');
    my ($file) = $t->git($repo->{path}, 'ls-tree', '-r', '--name-only', 'master') =~ /^([\w.\/]+)$/m;
    is($t->get("$R/raw/master/$file", as => 'admin')->status, 200, '... and with one');
};

# All of an answer but what differs at each time.
sub bytes { $_[0]{raw} =~ s/^Date:[^\n]*\n//mr }

subtest 'hidden repositories are like missing ones' => sub {
    for my $who ([], ['X-Api-Key' => $t->key('bob')], ['X-Api-Key' => 'wrong' x 8]) {
        for (['GET', 'info/refs?service=git-upload-pack'], ['GET', 'info/refs?service=git-receive-pack'],
            ['GET', 'info/refs'], ['POST', 'git-upload-pack'], ['POST', 'git-receive-pack'],
            ['PUT', 'git-upload-pack'],
            ['POST', 'info/lfs/objects/batch'], ['GET', 'HEAD']) {
            my ($method, $path) = @$_;
            my @answers = map { bytes($t->get("/$_/$path", method => $method, headers => [@$who], body => '0000')) }
                qw(hidden hiddem);
            is($answers[0], $answers[1], "$method $path");
            unlike($answers[0], qr{^HTTP/1.1 200}, '... and no success');
        }
    }
    my $a = $t->get('/hidden/info/refs?service=git-upload-pack');
    is($a->status, 401, 'visitors');
    is($a->header('WWW-Authenticate'), 'Basic realm="rcapi"', '... are asked for a password');
    is($t->get("$R/info/refs?service=git-upload-pack", headers => ['X-Api-Key' => 'wrong' x 8])->status, 401,
        'a wrong key, although visitors may read');
    is($t->get("$R/info/refs?service=git-upload-pack&api_key=" . $t->key('bob'))->status, 200, 'a key in the URL');
    is($t->get('/hidden/info/refs?service=git-upload-pack&api_key=' . $t->key('admin'))->status, 401,
        '... opens nothing');
};

subtest 'names and passwords' => sub {
    my $token = $t->token('admin', '--role', 'vcs');
    my $feed = $t->token('admin', '--role', 'feed');
    my %right = (password => "admin:$t->{password}", key => 'admin:' . $t->key('admin'), token => "admin:$token",
        'a token alone' => ":$token", 'x-token-auth' => "x-token-auth:$token");
    for my $how (sort keys %right) {
        my $git = RCAPI::GitClient->new($t, basic => $right{$how});
        is(count($git->clone('hidden')), 2, $how);
    }
    for my $wrong ('admin:wrong password', "bob:$token", "admin:$feed", 'nobody:x') {
        my $r = RCAPI::GitClient->new($t, basic => $wrong)->try($t->dir, 'ls-remote', $t->url . '/hidden');
        my $basic = $t->get("$R/info/refs?service=git-upload-pack", basic => $wrong);
        is($basic->status, 401, 'refused, although visitors may read');
    }
    $t->secret('wrong password');
};

# A request, without its body; what has come on the connection until it matches $like.
sub talk {
    my ($text, $like) = @_;
    my $socket = RCAPI::HTTP::connect_to($t->port);
    my $got = '';
    syswrite $socket, $text;
    patiently(10, sub {
        vec(my $ready = '', fileno $socket, 1) = 1;
        return 0 if !select $ready, undef, undef, 0.1;
        return !sysread($socket, $got, 65536, length $got) || $got =~ $like;
    });
    return ($socket, $got);
}

subtest 'Expect: 100-continue' => sub {
    my $want = pkt('want ' . id('master') . "\n") . '0000' . pkt("done\n");
    my $rest = "HTTP/1.1\r\nHost: x\r\nContent-Length: " . length($want) . "\r\nExpect: 100-continue\r\n";
    my ($socket, $got) = talk("POST $R/git-upload-pack ${rest}Content-Type: $FETCH\r\n\r\n", qr/\r\n\r\n/);
    is($got, "HTTP/1.1 100 Continue\r\n\r\n", 'the client may send');
    syswrite $socket, $want;
    like(patiently(10, sub { sysread $socket, $got, 65536, length $got; $got =~ /PACK/ ? $got : undef }),
        qr{HTTP/1.1 200 }, '... and is answered');
    (undef, $got) = talk("POST $R/git-upload-pack ${rest}Content-Type: text/plain\r\n\r\n", qr/\r\n\r\n/);
    like($got, qr{\AHTTP/1.1 415 }, 'a wrong type is refused before');
    (undef, $got) = talk("POST /hidden/git-upload-pack ${rest}Content-Type: $FETCH\r\n\r\n", qr/\r\n\r\n/);
    like($got, qr{\AHTTP/1.1 401 }, '... as is a hidden repository');
};

subtest 'progress' => sub {
    my $r = $visitor->try($t->dir, 'clone', '--progress', $visitor->url('group/history'), $visitor->folder);
    like($r->{err}, qr/^remote: Enumerating objects: \d+, done/m, 'git shows what the server does');
    $r = $visitor->try($t->dir, 'clone', '-q', $visitor->url('group/history'), $visitor->folder);
    is($r->{err}, '', 'unless it shall be quiet');
};

# What the journal says since the last call.
my $last = 0;
sub journal {
    my $rows = $t->sql("SELECT journal_id, username, action FROM journal WHERE journal_id > $last AND action NOT LIKE "
        . "'user_%' ORDER BY 1");
    ($last) = $rows =~ /^(\d+)\|.*\n\z/m ? $rows =~ /(\d+)\|[^\n]*\n\z/ : $last;
    return join ' ', map { (split /\|/, $_, 2)[1] } split /\n/, $rows;
}

subtest 'the journal' => sub {
    journal();
    $visitor->must($t->dir, 'ls-remote', $visitor->url('group/history'));
    is(journal(), '', 'nothing of references');
    my $work = $visitor->clone('group/history', '--single-branch', '--branch', 'v20');
    is(journal(), 'default|pull', 'a clone');
    $visitor->must($work, 'fetch', '-q', 'origin', 'master');
    is(journal(), 'default|pull', 'a fetch of something new');
    $visitor->must($work, 'fetch', '-q', 'origin', 'master');
    is(journal(), '', 'a fetch of nothing new');
    RCAPI::GitClient->new($t, as => 'bob', version => 0)->clone('group/history', '--depth', 1);
    is(journal(), 'bob|pull', 'a shallow clone by version 0, in three requests');
    is($visitor->try($work, 'fetch', 'origin', '1' x 40)->{exit}, 128, 'a fetch of what does not exist');
    is(journal(), '', '... is none');
};

subtest 'locks' => sub {
    my $text = 'Repository `group/history` locked by user `admin`. Reason:`lock_api`';
    $t->must(lock => { repoid => 'group/history', userid => 'admin', locked => JSON::PP::true() });
    my $a = $t->get("$R/info/refs?service=git-upload-pack");
    is($a->status . ' ' . $a->body, "423 $text", 'info/refs');
    like($a->header('Content-Type'), qr{^text/plain}, '... as text');
    is(post('0000')->status, 423, 'POST');
    for my $git ($visitor, $admin, $versions[0]) {
        my $r = $git->try($t->dir, 'clone', $git->url('group/history'), $git->folder);
        like($r->{err}, qr/^remote: \Q$text\E$/m, 'git shows it');
    }
    is($t->get("$R/info/refs")->status, 403, 'what is not served stays so');
    $t->must(lock => { repoid => 'group/history', userid => 'admin', locked => JSON::PP::false() });

    $t->must(update_repo => { repoid => 'group/history', enable_locking => JSON::PP::true() });
    journal();
    is($visitor->try($t->dir, 'clone', $visitor->url('group/history'), $visitor->folder)->{err} =~ /lock/, '',
        'a visitor locks nothing');
    is($bob->try($t->dir, 'clone', $bob->url('group/history'), $bob->folder)->{err} =~ /lock/, '',
        'nor does a reader');
    is(journal(), 'default|pull bob|pull', 'the journal');
    my $made = qr/^remote: Made lock on repo `group\/history`\s*$/m;
    for my $v (0 .. 2) {
        my $git = RCAPI::GitClient->new($t, as => 'admin', version => $v);
        my $to = $git->folder;
        my $r = $git->try($t->dir, 'clone', '--quiet', $git->url('group/history'), $to);
        is($r->{exit}, 0, "version $v: a writer clones");
        like($r->{err}, $made, '... which locks');
        is($git->must($to, 'fsck', '--no-dangling'), '', '... and gets all objects');
        is(journal(), 'admin|pull admin|pull_lock', '... as the journal says');
        is($git->try($to, 'fetch', '--refetch')->{exit}, 0, '... may go on') if $v == 2;
        like($bob->try($t->dir, 'ls-remote', $bob->url('group/history'))->{err},
            qr/locked by user `admin`. Reason:`lock_pull`/, '... others not');
        is($visitor->try($t->dir, 'ls-remote', $visitor->url('group/history'))->{exit}, 0, '... visitors do');
        $t->must(lock => { repoid => 'group/history', userid => 'admin', locked => JSON::PP::false() });
        journal();
    }
    my $partial = $admin->clone('group/history', '--filter=blob:none');
    is($admin->must($partial, 'status', '--porcelain'), '', 'a partial clone, which locks before it is complete');
    $t->must(lock => { repoid => 'group/history', userid => 'admin', locked => JSON::PP::false() });
    $t->must(update_repo => { repoid => 'group/history', enable_locking => JSON::PP::false() });
};

subtest 'the client leaves' => sub {
    my $big = $t->repo('big', build => sub {
        my ($work) = @_;
        RCAPI::Run::spew("$work/noise", RCAPI::Git::random_bytes(15_000_000));
        $t->git($work, 'add', 'noise');
        $t->git($work, 'commit', '-q', '-m', 'noise');
    }, args => { enable_locking => JSON::PP::true() });
    journal();
    my $body = pkt('want ' . ($t->git($big->{path}, 'rev-parse', 'HEAD') =~ s/\n//r) . "\n") . '0000' . pkt("done\n");
    my ($socket) = talk("POST /big/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Type: $FETCH\r\nContent-Length: "
        . length($body) . "\r\nX-Api-Key: ${\ $t->key('admin')}\r\n\r\n$body", qr/PACK/);
    close $socket;
    my ($child) = $t->children;
    ok(patiently(10, sub { !grep { slurp($_) =~ /^PPid:\s*$child$/m } glob '/proc/[0-9]*/status' }),
        'no program is left');
    is($t->get("$R/info/refs?service=git-upload-pack")->status, 200, 'the server goes on');
    my $said;
    patiently(10, sub { $said = journal() });
    is($said, 'admin|pull', 'it has a part of the pack, which is a pull, but makes no lock');
};

$t->done;
done_testing;
