#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Archives under stress: the cache and what may happen to it, many clients at once, more than the
# server makes at a time, death in the middle, trees that are made to do harm, and memory.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Compress::Zlib ();
use Test::More;
use Time::HiRes qw(time);

use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::Pack;
use RCAPI::Run qw(patiently rounds slurp spew);
use RCAPI::Test;

my $DOWNLOADS = { enable_downloads => JSON::PP::true() };
my $t = RCAPI::Test->new(children => 1,
    directives => "RcapiArchiveCache cache 3M\nRcapiExpensiveMax 1\nRcapiDatabaseMax 1\n");
my $cache = $t->dir . '/cache';
my $small = $t->repo('small', commits => 30, args => $DOWNLOADS);
my $small_id = $t->must(get_repo => { repoid => 'small' })->{repo_id};
my $medium = $t->repo('medium', args => $DOWNLOADS, build => sub { noise($_[0], 1) });
my $slow = $t->repo('slow', args => $DOWNLOADS, build => sub { noise($_[0], 9) });

# Commits $n MB that do not compress; git need not try.
my $noise;
sub noise {
    my ($work, $n) = @_;
    $noise //= RCAPI::Git::random_bytes(9 << 20);
    spew("$work/noise", substr $noise, 0, $n << 20);
    $t->git($work, qw(-c core.compression=0 add .));
    $t->git($work, qw(commit -q -m noise));
}

sub fetch { my ($path, %opt) = @_; return $t->get($path, as => 'admin', %opt) }
sub kept { my @names = sort map { s{.*/}{}r } glob "$cache/rcapi-*"; return @names }
sub status_of { return fetch($_[0])->status }
sub made { my ($name) = @_; return scalar(() = $t->error_log =~ /made \Q$name\E-\w+\.\S+ of/g) }

# Sends a request and does not wait for its answer.
sub ask {
    my ($path) = @_;
    my $socket = RCAPI::HTTP::connect_to($t->port) or die;
    print $socket "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Api-Key: " . $t->key('admin') . "\r\n\r\n";
    return $socket;
}

sub answer {
    my ($socket) = @_;
    local $/;
    return RCAPI::HTTP::parse(scalar <$socket>);
}

subtest 'kept and sent again' => sub {
    my $first = fetch('/small/archive/tip.tar.gz');
    my ($name) = kept();
    my $etag = $first->header('ETag') =~ s/"//gr;
    is($name, "rcapi-$small_id-$etag", 'one file, called as its repository and its ETag');
    my @before = stat "$cache/$name";
    is(sprintf('%o %o', $before[2] & 07777, (stat $cache)[2] & 07777), '600 700', 'nobody else reads it');
    utime 1e9, 1e9, "$cache/$name";
    my $again = fetch('/small/archive/master.tgz');
    ok($again->body eq $first->body, 'the same bytes');
    my @after = stat "$cache/$name";
    is("@after[1, 7]", "@before[1, 7]", 'the same file');
    ok($after[9] > 1e9, 'its use is noted');
    is(made('small'), 1, 'made once');
    spew("$cache/$name", 'x');
    is(fetch('/small/archive/tip.tar.gz')->body, 'x', 'it is what is sent');
    unlink "$cache/$name";
    ok(fetch('/small/archive/tip.tar.gz')->body eq $first->body, 'and made again when it is gone');
};

subtest 'rights come first' => sub {
    my $url = '/small/archive/tip.tar.gz';
    my $etag = fetch($url)->header('ETag');
    $t->user('outsider');
    $t->must(update_repo => { repoid => 'small', private => JSON::PP::true() });
    is($t->get($url, as => 'outsider')->status, 404, 'who may not read gets nothing out of the cache');
    is($t->get($url)->status, 401, 'nor a visitor');
    is($t->get($url, as => 'outsider', headers => ['If-None-Match' => $etag])->status, 404, 'not even a 304');
    $t->must(update_repo => { repoid => 'small', private => JSON::PP::false(),
        enable_downloads => JSON::PP::false() });
    is(fetch($url)->status . fetch($url)->body, '403Downloads disabled', 'downloads off');
    is(fetch($url, headers => ['If-None-Match' => $etag])->status, 403, 'with a condition as well');
    $t->must(update_repo => { repoid => 'small', enable_downloads => JSON::PP::true() });
    unlink map { "$cache/$_" } kept();
    is(fetch($url, headers => ['If-None-Match' => $etag])->status, 304, 'else a 304');
    is_deeply([kept()], [], 'makes nothing');
};

subtest 'oldest out' => sub {
    my @urls = map { "/medium/archive/tip.$_" } qw(zip tar.gz tar.bz2 tar);
    is(status_of($_), 200, $_) for @urls[0, 1];
    my ($zip) = grep { /zip$/ } kept();
    utime 1e9, 1e9, "$cache/$zip";
    is(status_of($_), 200, $_) for @urls[2, 3];
    is(join(' ', map { /\.(.*)/ } kept()), 'tar tar.bz2', 'what was used last is kept');
    ok(!grep({ /slow/ } kept()) && status_of('/medium/archive/tip.tar') == 200, 'and used');
    is(status_of('/slow/archive/tip.tar'), 200, 'one that is larger than the cache');
    is(join(' ', map { /\.(.*)/ } kept()), 'tar tar.bz2', '... displaces none');
};

subtest 'whatever happens to the cache' => sub {
    my $url = '/small/archive/tip.zip';
    my $want = fetch($url)->body;
    my %harm = (
        'it is gone' => sub { system('rm', '-r', $cache) }, 'it is a file' => sub {
            system('rm', '-r', $cache);
            spew($cache, 'x')
        },
        'it may not be written' => sub {
            unlink $cache;
            system('rm', '-rf', $cache);
            mkdir $cache;
            chmod 0500, $cache
        },
        'it may not be entered' => sub { chmod 0, $cache },
        'a folder has the name' => sub {
            chmod 0700, $cache;
            mkdir "$cache/$_" for map { ($_, "$_.part") } "rcapi-$small_id-" . fetch($url)->header('ETag') =~ s/"//gr
        },
        'it leads to nowhere' => sub { system('rm', '-r', $cache); symlink '/nowhere', $cache },
    );
    for my $what ('it is gone', 'it is a file', 'it may not be written', 'it may not be entered',
        'a folder has the name', 'it leads to nowhere') {
        $harm{$what}->();
        my $a = fetch($url);
        ok($a->status == 200 && $a->body eq $want, $what);
    }
    like($t->error_log, qr/cannot cache files in/, 'the log tells');
    unlink $cache;
    is(status_of($url), 200, 'well again');
    is(scalar(() = kept()), 1, 'kept again');
    is(sprintf('%o', (stat $cache)[2] & 07777), '700', '... in a directory of the server alone');
};

subtest 'twenty at once' => sub {
    my @sockets = map { ask('/medium/archive/tip.tar.xz') } 1 .. 20;
    my @answers = map { answer($_) } @sockets;
    my @served = grep { $_->status == 200 } @answers;
    my @later = grep { $_->status == 503 && $_->header('Retry-After') } @answers;
    cmp_ok(scalar @served, '>=', 5, 'one makes it, half of the threads wait for it');
    is(@served + @later, 20, 'the others are told to come again');
    is(scalar(grep { $_->body ne $served[0]->body } @served), 0, 'the same');
    is(scalar(() = $t->error_log =~ /made medium-\w+\.tar\.xz of/g), 1, 'which was made once');
};

subtest 'who waits for an archive does not keep others waiting' => sub {
    $t->repo('slower', args => $DOWNLOADS, build => sub { noise($_[0], 2) });
    my @sockets = map { ask('/slower/archive/tip.tar.xz') } 1 .. 20;
    patiently(30, sub { grep { /\.part$/ } kept() });
    is($t->call(test => { args => 'x' })->{result}, 'x', 'the API answers');
    is(scalar(grep { /\.part$/ } kept()), 1, 'while the archive is still in the making');
    is(scalar(grep { $_->status !~ /^(?:200|503)$/ } map { answer($_) } @sockets), 0, 'served, or told to come again');
    unlink map { "$cache/$_" } grep { /xz$/ } kept();
};

subtest 'too many at once, and death' => sub {
    is(status_of('/small/archive/tip.tar'), 200, 'one that is kept');
    my $socket = ask('/slow/archive/tip.tar.xz');
    patiently(30, sub { grep { /\.part$/ && -s "$cache/$_" } kept() });
    my $other = fetch('/small/archive/tip.tar.bz2');
    is($other->status, 503, 'a second one has to wait');
    ok($other->header('Retry-After'), 'and is told so');
    is(status_of("/slow/$_/tip"), 503, "so has a $_ of large files") for qw(changeset-diff changeset-patch);
    is(status_of("/small/$_/tip"), 200, "but no other $_") for qw(changeset-diff changeset-patch);
    is($other->header('ETag'), undef, 'without an ETag');
    is(status_of('/small/archive/tip.tar'), 200, 'what is kept is sent');
    is($t->call(test => { args => 'x' })->{result}, 'x', 'the API answers');
    is(fetch('/small/archive/tip.zip', headers => ['If-None-Match' => '*'])->status, 304, 'conditions are answered');
    $t->kill_child;
    is(answer($socket)->status, 0, 'killed in the middle: nothing is sent');
    is(scalar(grep { /\.part$/ } kept()), 1, 'a part is left');
    patiently(30, sub { status_of('/small/archive/tip.tar') == 200 });
    is(scalar(grep { /\.part$/ } kept()), 0, 'until the next start');
    is(status_of('/small/archive/tip.tar.bz2'), 200, 'and its place is free');
};

# --- hostile trees

sub object {
    my ($repo, $type, $data) = @_;
    return RCAPI::Git::write_object($repo->{path}, $type, $data);
}

sub tree {
    my ($repo, @rows) = @_;
    return object($repo, 'tree', join '', map { "$$_[0] $$_[1]\0" . pack 'H*', $$_[2] } @rows)
}

sub branch {
    my ($repo, $name, $tree) = @_;
    my $id = object($repo, 'commit',
        "tree $tree\nauthor A <a\@b> 1500000000 +0000\ncommitter A <a\@b> 1500000000 +0000\n\nx\n");
    spew("$repo->{path}/refs/heads/$name", "$id\n");
}

subtest 'hostile trees' => sub {
    my $evil = $t->repo('evil', commits => 1, args => $DOWNLOADS);
    my $blob = object($evil, 'blob', "x\n");
    my $inner = tree($evil, [100644, 'passwd', $blob]);
    my $link = object($evil, 'blob', '/etc');
    my %bad = (
        dotdot => [[40000, '..', $inner]], dot => [[40000, '.', $inner]], up => [[100644, '../x', $blob]],
        root => [[100644, '/etc/x', $blob]],
        git => [[40000, '.git', $inner]], upper => [[40000, '.GIT', $inner]],
        link => [[120000, 'a', $link], [40000, 'a', $inner]],
        later => [[40000, 'a', $inner], [120000, 'a', $link]], missing => [[100644, 'a', '1' x 40]],
        folder => [[40000, 'a', '1' x 40]],
        other => [[100644, 'a', $inner]], swapped => [[40000, 'a', $blob]],
        deeper => [[40000, 'b', tree($evil, [100644, '..', $blob])]],
    );
    my @before = kept();
    for my $name (sort keys %bad) {
        branch($evil, "bad-$name", tree($evil, @{ $bad{$name} }));
        my @answers = map { fetch("/evil/archive/bad-$name.$_") } qw(zip tar.gz);
        is(join(' ', map { $_->status } @answers), '404 404', $name);
        like($_->body, qr/^There is no archive of this commit: \w[^\n]+\z/, 'and why') for @answers;
    }
    is_deeply([kept()], \@before, 'nothing is left of them');
    like($t->error_log, qr/no archive of a commit in \S+: 'b\/' holds a name that git does not allow/,
        'the log tells where');

    my @odd = ("new\nline", "bell\a", 'c:\\x', '-rf', "\xff\xfe", 'CON', '~', ' ', '...', '.gitx', '%00');
    branch($evil, 'odd', tree($evil, map { [100644, $_, $blob] } sort @odd));
    spew($t->dir . '/scratch/odd.tar', fetch('/evil/archive/odd.tar')->body);
    my $list = $t->run(qw(tar tf), $t->dir . '/scratch/odd.tar', '--quoting-style=literal')->{out};
    my $prefix = 'evil-' . substr($t->git($evil->{path}, 'rev-parse', 'odd'), 0, 12) . '/';
    is($list, join('', map { "$prefix$_\n" } sort @odd), 'odd names are kept');
};

subtest 'limits' => sub {
    my $bomb = $t->repo('bomb', commits => 1, args => $DOWNLOADS);
    my $blob = object($bomb, 'blob', '');
    my ($files, $folders) = (tree($bomb, [100644, 'f', $blob]), tree($bomb));
    $files = tree($bomb, map { [100644, sprintf('%03d', $_), $blob] } 0 .. 999);
    for (1 .. 5) {
        $files = tree($bomb, map { [40000, sprintf('%02d', $_), $files] } 0 .. 99);
        $folders = tree($bomb, map { [40000, sprintf('%02d', $_), $folders] } 0 .. 99);
    }
    branch($bomb, 'files', $files);
    branch($bomb, 'folders', $folders);
    branch($bomb, 'long-name', tree($bomb, [100644, 'n' x 5000, $blob]));
    branch($bomb, 'long-link', tree($bomb, [120000, 'l', object($bomb, 'blob', 'x' x 5000)]));
    my $deep = tree($bomb, [100644, 'f', $blob]);
    $deep = tree($bomb, [40000, 'd', $deep]) for 1 .. 100;
    branch($bomb, 'deep', $deep);
    $t->git($bomb->{path}, qw(repack -adq));
    my @before = kept();
    for (map({ [$_, 'The answer is about too many files and directories'] } 'files.zip', 'folders.tar'),
        ['long-link.zip', 'This commit has a link that is too long']) {
        my ($name, $text) = @$_;
        my $a = fetch("/bomb/archive/$name", timeout => 200);
        is($a->status . ' ' . $a->body, "413 $text", $name);
        is($a->header('Content-Disposition'), undef, 'no download');
    }
    is(fetch('/bomb/archive/long-name.zip')->body, 'This commit has a path that is too long', 'a long name');
    is(status_of('/bomb/archive/deep.tar'), 200, 'a hundred folders deep');
    is_deeply([grep { !/tar$/ } kept()], [grep { !/tar$/ } @before], 'nothing is left of them');
};

subtest 'a damaged repository' => sub {
    my $broken = $t->repo('broken', commits => 20, args => $DOWNLOADS);
    $t->git($broken->{path}, qw(repack -adq));
    my ($pack) = glob "$broken->{path}/objects/pack/*.pack";
    my $bytes = slurp($pack);
    chmod 0600, $pack;
    substr($bytes, $_ * 97 % length $bytes, 1) ^= "\x55" for 20 .. 200;
    spew($pack, $bytes);
    for my $format (qw(zip tar tar.gz)) {
        like(status_of("/broken/archive/master.$format"), qr/^(?:404|500)$/, $format);
    }
    is(scalar(grep { /part/ } kept()), 0, 'no part is left');
};

SKIP: {
    skip 'a sanitizer has its own idea of memory', 1 if $ENV{RCAPI_PRELOAD};
    subtest 'a .gitattributes of 101 MiB is not read, as git does not read it' => sub {
        my $heavy = $t->repo('heavy', args => $DOWNLOADS, build => sub {
            my ($work) = @_;
            open my $fh, '>:raw', "$work/.gitattributes" or die;
            print $fh "\n" x (1 << 20) for 1 .. 101; # more than git reads
            close $fh;
            $t->git($work, 'add', '.');
            $t->git($work, qw(commit -q -m heavy));
        });
        my ($child) = $t->children;
        my $most = sub { slurp("/proc/$child/status") =~ /^VmHWM:\s*(\d+)/m ? $1 / 1024 : 0 };
        spew("/proc/$child/clear_refs", '5'); # what it needed until now does not count
        my $before = $most->();
        is(status_of('/heavy/archive/tip.tar.gz'), 200, 'but passed on');
        cmp_ok($most->() - $before, '<', 50, 'without room for all of it');
    };
}

SKIP: {
    skip 'a sanitizer has its own idea of memory', 1 if $ENV{RCAPI_PRELOAD};
    subtest 'memory' => sub {
        my ($child) = $t->children;
        my $anon = sub { slurp("/proc/$child/status") =~ /^RssAnon:\s*(\d+)/m ? $1 / 1024 : 0 };
        my $round = sub {
            unlink map { "$cache/$_" } kept();
            status_of($_) == 200 or fail($_)
                for map { ("/small/archive/$_.tar", "/slow/archive/tip.zip", "/medium/archive/tip.tar.gz",
                    "/small/archive/$_.tar.xz",
                "/small/archive/$_.tar.bz2", "/small/archive/$_.zip", "/small/archive/$_.tar.zst") } @_;
        };
        $round->(1 .. rounds(2, 3));
        my $before = $anon->();
        $round->(4 .. rounds(5, 12));
        my $after = $anon->();
        cmp_ok($after - $before, '<', 16, sprintf 'RssAnon %.1f MB, then %.1f', $before, $after);
    };
}

subtest 'large files are kept, too' => sub {
    my $u = RCAPI::Test->new(children => 1, whitelist => 'FilesController:*',
        modules => ['logio', 'headers'], directives => <<'END');
RcapiArchiveCache cache 20M
LogFormat "%O %B" sizes
CustomLog logs/sizes sizes
Header unset Content-Length "expr=-n req('X-No-Length')"
END
    my $repo = $u->repo('large', build => sub { noise($_[0], 9) });
    my $id = $u->must(get_repo => { repoid => 'large' })->{repo_id};
    my $kept = sub { [map { s{.*/}{}r } glob $u->dir . '/cache/rcapi-*'] };
    my $blob = $u->git($repo->{path}, 'rev-parse', 'master:noise') =~ s/\n//r;
    my $want = slurp("$repo->{work}/noise");
    my $ask = sub { $u->get('/large/raw/tip/noise', as => 'admin', @_) };
    ok($ask->()->body eq $want, 'a file of 9 MB');
    is_deeply($kept->(), ["rcapi-$id-$blob.blob"], 'it is kept, called as its id');
    my $first = (stat $u->dir . "/cache/rcapi-$id-$blob.blob")[1];
    is($ask->(headers => [Range => 'bytes=9000000-9000009'])->body, substr($want, 9000000, 10), 'a part of it');
    ok($u->get('/large/rawfile/master/noise', as => 'admin')->body eq $want, 'by another view');
    is((stat $u->dir . "/cache/rcapi-$id-$blob.blob")[1], $first, 'from there');
    for my $pause (0, 0.003, 0.03) { # seconds: not at all, for less and for longer than a thread waits
        my $answer = read_with_pauses($u, '/large/raw/tip/noise', $pause);
        ok(RCAPI::HTTP::parse($answer)->body eq $want, "a reader that pauses for $pause s gets all of it");
        my $sizes = join ' ', length $answer, length $want;
        ok(patiently(5, sub { (split /\n/, slurp($u->dir . '/logs/sizes'))[-1] eq $sizes }), '... which is logged');
    }
    ok($ask->(headers => ['X-No-Length' => 1])->body eq $want, 'a length that a directive removes changes nothing');
    truncate $u->dir . "/cache/rcapi-$id-$blob.blob", 200 << 20 or die $!;
    for my $pause (0.001, 0.002) {
        is(count_with_pauses($u, '/large/raw/tip/noise', $pause), 200 << 20,
            "a reader that pauses for $pause s again and again gets all of 200 MiB");
    }
    $u->user('outsider');
    $u->must(update_repo => { repoid => 'large', private => JSON::PP::true() });
    is($ask->(as => 'outsider')->status, 404, 'rights come first');
    $u->done;
};

sub admin_asks {
    my ($server, $path) = @_;
    my $s = RCAPI::HTTP::connect_to($server->port) or die;
    print $s "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Api-Key: ${\ $server->key('admin') }\r\n\r\n";
    return $s;
}

# The whole answer to an admin's GET, read a megabyte at a time with pauses (seconds) between them.
sub read_with_pauses {
    my ($server, $path, $pause) = @_;
    my $s = admin_asks($server, $path);
    my $answer = '';
    while (read $s, $answer, 1 << 20, length $answer) {
        select undef, undef, undef, $pause;
    }
    return $answer;
}

# The length of the body of such an answer, read with pauses in the first half second.
sub count_with_pauses {
    my ($server, $path, $pause) = @_;
    my $s = admin_asks($server, $path);
    my $end = time + 0.5;
    my ($count, $got) = (0);
    1 while defined($got = <$s>) && $got =~ /\S/;
    while (my $n = read $s, $got, 1 << 20) {
        $count += $n;
        select undef, undef, undef, $pause if time < $end;
    }
    return $count;
}

# Nobody computes the ids of what is in a pack again: somebody who writes the files of a repository
# says what is under an id there, and not elsewhere.
subtest 'what one repository holds is not sent as another\'s' => sub {
    my $u = RCAPI::Test->new(children => 1, whitelist => 'FilesController:*',
        directives => "RcapiArchiveCache cache 90M\n");
    my $good = $u->repo('good/same', args => $DOWNLOADS, build => sub { noise($_[0], 9) });
    my $evil = $u->repo('evil/same', args => $DOWNLOADS, from => $good->{work});
    my $id = $u->git($good->{path}, 'rev-parse', 'master') =~ s/\n//r;
    my $blob = pack 'H*', $u->git($good->{path}, 'rev-parse', 'master:noise') =~ s/\n//r;
    my %data = map { ($_ => scalar $u->git($good->{path}, 'cat-file', $_, $id . ($_ eq 'tree' ? '^{tree}' : ''))) }
        qw(commit tree);
    unlink glob "$evil->{path}/objects/pack/*";
    my $pack = [];
    add_whole($pack, COMMIT, $data{commit});
    add_whole($pack, TREE, $data{tree});
    my $other = 'evil' x (9 << 18);
    add_packed($pack, $blob, pack_head(BLOB, length $other) . Compress::Zlib::compress($other));
    save_pack($pack, $evil);
    spew("$evil->{path}/refs/heads/master", "$id\n");
    my $ask = sub { $u->get("/$_[0]/same/$_[1]", as => 'admin')->body };
    like($ask->('evil', "raw/$id/noise"), qr/\Aevil/, 'the other one has other bytes');
    ok($ask->('evil', "archive/$id.tar") =~ /evilevil/, 'and another archive');
    ok($ask->('good', "raw/$id/noise") eq slurp("$good->{work}/noise"), 'a file');
    ok($ask->('good', "archive/$id.tar") !~ /evilevil/, 'an archive');
    $u->done;
};

$t->done;
done_testing;
