#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Archives: the files that git archive gives, readable by tar, unzip and Python, the same bytes
# every time; names, types and refusals; ranges and conditions. Its neighbour 36 has the cache and
# the limits.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my @FORMATS = qw(zip tar tar.gz tar.bz2 tar.xz tar.zst);
my $LONG = 'd' x 90 . '/' . 'e' x 90 . '/' . 'f' x 120;
my $DOWNLOADS = { enable_downloads => JSON::PP::true() };

my $t = RCAPI::Test->new(directives => "AllowEncodedSlashes NoDecode\n");
my $dir = $t->dir . '/scratch';
my $repo = $t->repo('group/sources', args => $DOWNLOADS, build => \&awkward_files);
my $id = $t->git($repo->{path}, 'rev-parse', 'master') =~ s/\n//r;
my $short = substr $id, 0, 12;
$t->repo('void', empty => 1, args => $DOWNLOADS);
$t->repo('closed', commits => 2);

sub awkward_files {
    my ($work) = @_;
    my %files = (
        'README' => "text\n", 'empty' => '', 'bin/tool' => "#!/bin/sh\n", 'a b' => 'x',
        "\xc3\xa4\xc3\xb6.txt" => "umlauts\n",
        "latin\xe4.txt" => "bytes\n", "tab\there" => 't', "line\nbreak" => 'n', 'back\\slash' => 'b',
        'zeros' => "\0" x 5000,
        $LONG => "long\n", 'x' x 100 => '100', 'y' x 101 => '101', 'z' x 200 => '200', '-rf' => '',
        '.gitignore' => "*.o\n",
        'deep/' . join('/', 1 .. 40) => 'down there',
        'noise' => join('', map { chr int 256 * ($_ * 7919 % 1013) / 1013 } 1 .. 40_000),
    );
    for my $name (sort keys %files) {
        my $folder = "$work/$name" =~ s{/[^/]*\z}{}r;
        system('mkdir', '-p', '--', $folder);
        spew("$work/$name", $files{$name});
    }
    open my $fh, '>', "$work/large" or die; # more than is read into memory
    print $fh 'a line of a large file, number ' . $_ . "\n" for 1 .. 280_000;
    close $fh;
    chmod 0755, "$work/bin/tool";
    symlink 'README', "$work/link";
    symlink '/nowhere/at/all', "$work/dangling";
    symlink 'l' x 180, "$work/far";
    $t->git($work, 'add', '-A');
    $t->git($work, qw(update-index --add --cacheinfo 160000), '1' x 40, 'module');
    $t->git($work, qw(commit -q -m files));
}

# What Python finds in an archive: a line for each file and link.
my $LISTER = <<'END';
import sys, tarfile, zipfile, hashlib, os, time, calendar
def row(*what): rows.append(' '.join(str(x) for x in what))
rows, path = [], sys.argv[1]
if path.endswith('.zip'):
    archive = zipfile.ZipFile(path)
    assert archive.testzip() is None
    for e in archive.infolist():
        if e.is_dir(): continue
        name = e.filename.encode('utf-8' if e.flag_bits & 0x800 else 'cp437')
        data, mode = archive.read(e), e.external_attr >> 16
        link = mode & 0o170000 == 0o120000
        row(name.hex(), 'link' if link else 'file', oct(mode & 0o777), calendar.timegm(e.date_time) // 2 * 2,
            data.hex() if link else hashlib.sha256(data).hexdigest())
else:
    archive = tarfile.open(path, encoding='utf-8', errors='surrogateescape')
    for e in archive:
        if e.isdir(): continue
        assert (e.uid, e.gid) == (0, 0)
        row(os.fsencode(e.name).hex(), 'link' if e.issym() else 'file', oct(e.mode), e.mtime // 2 * 2,
            os.fsencode(e.linkname).hex() if e.issym() else hashlib.sha256(archive.extractfile(e).read()).hexdigest())
print('\n'.join(rows))
END

sub listing {
    my ($file) = @_;
    if ($file =~ /\.zst$/) { # which Python does not know
        $t->run(qw(zstd -d -q -f), $file, '-o', "$file.tar");
        $file .= '.tar';
    }
    my $r = $t->run({ env => { LC_ALL => 'C.UTF-8' } }, '/usr/bin/python3', '-c', $LISTER, $file);
    return $r->{exit} ? "exit $r->{exit}: $r->{err}" : $r->{out};
}

sub fetch {
    my ($path, %opt) = @_;
    return $t->get($path, as => 'admin', %opt);
}

# Everything below a folder: path, type, mode, size or target, and when it was changed.
sub tree_of {
    my ($top) = @_;
    my $r = $t->run({ dir => $top }, qw(find . ! -type d -printf), '%P|%y|%m|%s|%l|%T@\n');
    return join '', sort split /^/, $r->{out};
}

sub unpacked {
    my ($how, $file) = @_;
    my $to = "$file.d";
    mkdir $to or die;
    my $r = $t->run({ dir => $to, env => { LC_ALL => 'C.UTF-8', TZ => 'UTC' } }, @$how, $file);
    is($r->{exit} . $r->{err}, '0', "$how->[0] unpacks " . $file =~ s{.*/}{}r);
    return $to;
}

my $prefix = "sources-$short/";
my $git = "$dir/git.tar";
spew($git, $t->git($repo->{path}, qw(-c tar.umask=0022 archive --format=tar), "--prefix=$prefix", $id));

subtest 'the files of git archive, in every format' => sub {
    my $want = listing($git);
    like($want, qr/^\S+ file 0o755 /m, 'programs');
    like($want, qr/^\S+ link 0o777 /m, 'links');
    for my $format (@FORMATS) {
        my $a = fetch("/group/sources/archive/$id.$format");
        is($a->status, 200, $format);
        spew("$dir/ours.$format", $a->body);
        is(listing("$dir/ours.$format"), $want, "$format: names, types, modes, times, contents, in git's order");
    }
    is(fetch("/group/sources/archive/$id.$$_[0]")->body, slurp("$dir/ours.$$_[1]"), "$$_[0] is $$_[1]")
        for ['tgz', 'tar.gz'], ['tbz2', 'tar.bz2'];
    my $theirs = $t->run('bash', '-c', "tar tf $git | grep -vc '/\$'");
    is($t->run('bash', '-c', "tar tf $dir/ours.tar.gz | wc -l")->{out}, $theirs->{out}, 'no folders of their own');
};

subtest 'unpacked' => sub {
    my $umask = umask 022;
    my $want = tree_of(unpacked([qw(tar xpf)], $git));
    for my $format (grep { $_ ne 'zip' } @FORMATS) {
        is(tree_of(unpacked([qw(tar xpf)], "$dir/ours.$format")), $want, $format);
    }
    # unzip changes control characters in names, and a link's own time is not kept
    my $got = tree_of(unpacked([qw(unzip -q -^)], "$dir/ours.zip"));
    s/^(.*\|l\|.*)\|[^|]*$/$1/mg for $got, $want;
    s/^.*(?:latin).*\n//mg for $got, $want;
    is($got, $want, 'zip');
    umask $umask;
};

subtest 'names and types' => sub {
    my %types = (
        zip => 'application/zip', tar => 'application/x-tar', 'tar.gz' => 'application/x-gzip',
        tgz => 'application/x-gzip',
        'tar.bz2' => 'application/x-bzip2', tbz2 => 'application/x-bzip2', 'tar.xz' => 'application/x-xz',
        'tar.zst' => 'application/zstd',
    );
    for my $ext (sort keys %types) {
        my $a = fetch("/group/sources/archive/master.$ext", method => 'HEAD');
        my $plain = { tgz => 'tar.gz', tbz2 => 'tar.bz2' }->{$ext} // $ext;
        is($a->header('Content-Type'), $types{$ext}, "type of $ext");
        is($a->header('Content-Disposition'), qq(attachment; filename="group_sources-$short.$plain"), "name of $ext");
        is($a->header('Content-Encoding'), undef, 'no encoding');
    }
    for (['subrepos=true', "--sub$short"], ['subrepos=1', "-$short"], ['no_cache=1', "-$short"]) {
        my ($query, $part) = @$_;
        my $a = fetch("/group/sources/archive/tip.zip?$query", method => 'HEAD');
        is($a->header('Content-Disposition'), qq(attachment; filename="group_sources$part.zip"), $query);
    }
    is(fetch('/group/sources/archive/tip.tar?subrepos=true')->body, slurp("$dir/ours.tar"), 'no other effect');
};

# Random .gitattributes over one tree, in three of its folders.
subtest 'export-ignore' => sub {
    my @names = ('a', 'b', 'a.o', 'docs/a', 'docs/b.txt', 'docs/api/a', 'docs/api/x/b.txt', 'test/docs/a.o',
        'test/[x]/b', 'x y', 'src/a-b/c', 'src/deep/a');
    my @patterns = ('*', '*.o', '*.txt', 'a', '/a', 'docs', 'docs/', '/docs', 'docs/*', 'docs/**', '**/a', '**/docs',
        '**/api/**', 'docs/**/a', 'src/**/a',
        '?', '[ab]', '[!a]', 'a*', '*-*', '"x y"', '\\[x\\]', 'test/[[]x]', 'api/x', 'x/', '.gitattributes', '*a*b*',
        'd*s/a*', '**', 'src/a-b/', '*/a',
        'src/*/?', '!a', '#a', '[attr]m', 'a/', '/**/b.txt', '[a-c]', '[c-a]', '*.[ot]*');
    my @states = ('export-ignore', 'export-ignore', 'export-ignore', '-export-ignore', '!export-ignore',
        'export-ignore=no', 'text export-ignore', 'export-ignored', '');
    my $n = 11;
    my $dice = sub { $n = ($n * 1_103_515_245 + 12_345) % 2**31; $_[int($n / 65_536) % @_] };
    my $rounds = 120;
    my $r = $t->repo('ignoring', args => $DOWNLOADS, build => sub {
        my $stream = '';
        for my $round (1 .. $rounds) {
            $stream .= "commit refs/heads/r$round\ncommitter C <c\@x> 1500000000 +0000\ndata 0\n";
            $stream .= qq(M 100644 inline "$_"\ndata 1\nx\n) for @names;
            for my $folder ('', $dice->('docs/', 'src/'), 'test/') {
                my $text = join '', map { $dice->(@patterns) . $dice->(' ', "\t") . $dice->(@states)
                    . $dice->("\n", "\n", "\r\n") } 0 .. $dice->(0 .. 4);
                $stream .= qq(M 100644 inline "$folder.gitattributes"\ndata ) . length($text) . "\n$text\n";
            }
        }
        $t->git($_[0], { stdin => "$stream\ndone\n" }, qw(fast-import --quiet --done));
        $t->git($_[0], qw(branch master r1));
    });
    my %sizes;
    for my $round (1 .. $rounds) {
        spew("$dir/x.tar", $t->get("/ignoring/archive/r$round.tar", as => 'admin')->body);
        spew("$dir/y.tar", $t->git($r->{path}, qw(archive --format=tar), "r$round"));
        my ($got, $want) = map { join '', grep { !m{/$} } split /^/, $t->run(qw(tar tf), "$dir/$_.tar")->{out} } qw(x
            y);
        $got =~ s/^ignoring-\w+\///mg;
        $sizes{length $got}++;
        next if $got eq $want;
        is($got, $want, "r$round");
        diag(map { "$_: " . (eval { $t->git($r->{path}, 'show', "r$round:$_") } // '') } '.gitattributes',
            'docs/.gitattributes', 'src/.gitattributes', 'test/.gitattributes');
    }
    cmp_ok(scalar keys %sizes, '>', 20, 'the same as git archive, in many ways');
};

subtest 'refusals' => sub {
    my $head = $t->get('/group/sources/archive/tip.zip', method => 'HEAD');
    is($head->status, 200, 'a visitor, without a key');
    for my $case (
        ['/closed/archive/tip.zip', 403, 'Downloads disabled'],
        ['/closed/archive/nope.nope', 403, 'Downloads disabled'],
        ['/void/archive/tip.zip', 404, 'Empty repository'], ['/void/archive/x.rar', 404, 'Empty repository'],
        ['/group/sources/archive/nope.zip', 404, 'Unknown revision nope'],
        ['/group/sources/archive/.zip', 404, 'Unknown revision '],
        ['/group/sources/archive/%ff%3Cb%3E.tar', 404, "Unknown revision \xef\xbf\xbd<b>"],
        ['/group/sources/archive/tip.rar', 404, 'Unknown archive type'],
        ['/group/sources/archive/tip', 404, 'Unknown archive type'],
        ['/group/sources/archive/tip.zip.zip', 404, 'Unknown archive type'],
        ['/group/sources/archive/tip.ZIP', 404, 'Unknown archive type'],
        ['/group/sources/archive/tip.tar.gz.tar.gz', 404, 'Unknown archive type'],
        ['/group/sources/archive/tipzip', 404, 'Unknown archive type'],
        ['/group/sources/archive/tip.tar.tar.gz', 404, 'Unknown revision tip.tar'],
        ['/group/sources/archive/tip.gz', 404, 'Unknown archive type'],
        ['/group/sources/archive/', 404, 'Not Found'], ['/nothing/archive/tip.zip', 404, 'Not Found'],
        ['/group/sources/archive/tip.zip/more', 404, 'Not Found'],
    ) {
        my ($path, $status, $text) = @$case;
        my $a = fetch($path);
        is($a->status . ' ' . $a->body, "$status $text", $path);
        is($a->header('Content-Type'), 'text/plain; charset=utf-8', 'plain text');
        is($a->header('ETag') . ($a->header('Content-Disposition') // ''), '', 'no ETag, no name')
            if $a->header('ETag');
    }
};

subtest 'conditions and ranges' => sub {
    my $url = "/group/sources/archive/$id.tar.gz";
    my $a = fetch($url);
    my $etag = $a->header('ETag');
    my $size = length $a->body;

    like($etag, qr/^"$id-[0-9a-f]{16}\.tar\.gz"$/, 'a strong ETag');
    is($a->header('Content-Length'), $size, 'length');
    is($a->header('Accept-Ranges'), 'bytes', 'ranges are served');
    like($a->header('Cache-Control'), qr/^private, max-age=\d+, immutable$/, 'immutable at an id, by key');
    like($a->header('Vary'), qr{^Authorization, ?X-Api-Key, ?Cookie$},
        'for whoever may see it, not for the next one at the same browser');
    ok($a->header('Last-Modified'), 'dated');
    my $named = fetch('/group/sources/archive/tip.tar.gz');
    is($named->header('Cache-Control'), 'private, no-cache', 'not at a name');
    is($named->header('Last-Modified'), undef, 'nor dated');
    my $number = $t->must(get_repo => { repoid => 'group/sources' })->{repo_id};
    is(fetch("/_$number/archive/$id.tar.gz")->header('Cache-Control'), 'private, no-cache',
        'nor where the repository is told by its number: its name, which is in the archive, may change');
    is($named->header('ETag'), $etag, 'but the same ETag');
    my %tags = map { (fetch("/group/sources/archive/tip.$_", method => 'HEAD')->header('ETag') => 1) } @FORMATS;
    is(keys %tags, @FORMATS, 'another one for each format');

    my $head = fetch($url, method => 'HEAD');
    is(join('|', $head->status, $head->body, map { $head->header($_) } qw(ETag Content-Length Content-Type
        Content-Disposition)),
        join('|', 200, '', map { $a->header($_) } qw(ETag Content-Length Content-Type Content-Disposition)), 'HEAD');
    for my $case (
        [304, 'If-None-Match' => $etag], [200, 'If-None-Match' => '"x"'], [412, 'If-Match' => '"x"'],
        [206, Range => 'bytes=0-9'], [416, Range => 'bytes=' . $size . '-'],
        [206, Range => 'bytes=5-', 'If-Range' => $etag],
        [200, Range => 'bytes=5-', 'If-Range' => '"x"'],
    ) {
        my ($status, @headers) = @$case;
        is(fetch($url, headers => \@headers)->status, $status, "@headers");
    }
    is(fetch($url, headers => [Range => 'bytes=1000-1999'])->body, substr($a->body, 1000, 1000), 'a range');
    is(fetch($url, headers => [Range => 'bytes=-7'])->body, substr($a->body, -7), 'its end');

    spew("$dir/resumed", substr $a->body, 0, 12_345);
    my $key = $t->key('admin');
    my $r = $t->run('curl', '-s', '-S', '-C', '-', '-o', "$dir/resumed", '-H', "X-Api-Key: $key", $t->url . $url);
    is($r->{exit} . $r->{err}, '0', 'curl -C -');
    ok(slurp("$dir/resumed") eq $a->body, 'makes it whole');
};

subtest 'forms of a revision' => sub {
    my $want = slurp("$dir/ours.tar");
    $t->git($repo->{path}, 'branch', 'fix/7', 'master');
    $t->git($repo->{path}, 'tag', 'v1.0', 'master');
    my ($number) = map { $_->{repo_id} } grep { $_->{repo_name} eq 'group/sources' } @{ $t->must('get_repos') };
    ok(fetch($_)->body eq $want, $_) for (map { "/group/sources/archive/$_.tar" } $short, 0, 'v1.0', 'fix%2F7'),
        "/_$number/archive/tip.tar";
};

subtest 'the cache is no repository' => sub {
    ok(-d $t->dir . '/data/repos/.rc_archives', 'it is below the root');
    is_deeply($t->must(rescan_repos => { remove_obsolete => JSON::PP::true() }), { added => [], removed => [] },
        'a scan does not see it');
    is($t->admin('check') =~ /archives/ ? 'seen' : '', '', 'nor does a check');
};

subtest 'the journal' => sub {
    $t->sql('DELETE FROM journal');
    $t->user('reader');
    $t->get('/group/sources/archive/tip.zip', as => 'reader');
    $t->get('/group/sources/archive/tip.zip', as => 'reader', method => 'HEAD');
    my $etag = $t->get('/group/sources/archive/tip.tar?subrepos=true')->header('ETag');
    $t->get('/group/sources/archive/tip.tar', as => 'reader', headers => ['If-None-Match' => $etag]);
    $t->get('/closed/archive/tip.zip', as => 'reader');
    is($t->sql("SELECT username, repo_name, action, ip_addr FROM journal WHERE action LIKE '%download%'
        ORDER BY journal_id"), <<"END", 'who had what');
reader|group/sources|user_downloaded_archive:group_sources-$short.zip|127.0.0.1
default|group/sources|user_downloaded_archive:group_sources--sub$short.tar|127.0.0.1
END
};

# The bytes of one commit, for ever: whoever pins checksums of archives depends on it. A change of
# a hash needs a new FORMAT in src/archive/archive.c. (They are those of the libraries in Debian 12.)
subtest 'golden bytes' => sub {
    my $stream = <<'END';
commit refs/heads/master
author A <a@example.org> 1500000000 +0200
committer C <c@example.org> 1500000000 +0200
data 2
x
M 100644 inline README
data 6
hello

M 100755 inline bin/run
data 10
#!/bin/sh

M 120000 inline link
data 6
README
M 100644 inline "umlaut \303\244"
data 0

END
    $stream .= "M 100644 inline $LONG\ndata 5\nlong\n\n";
    $stream .= "M 100644 inline repeated\ndata 600000\n" . "0123456789ab" x 50_000 . "\n";
    my $golden = $t->repo('golden', args => $DOWNLOADS, build => sub {
        $t->git($_[0], { stdin => $stream . "done\n" }, qw(fast-import --quiet --done));
    });
    is($t->git($golden->{path}, 'rev-parse', 'master'), "056f4aa8f9ad3c386ab4d91930bd73069c6a7c10\n",
        'the same commit');
    my %hashes = (
        'zip' => 'f4e7d5cb70dbb9cd8e10f50e990a3d77e48bf38757598784a3bdf65dfd19a992',
        'tar' => '942240550afabdd90b30eed670385878ce59f86e8a0b84dbd1573ea470b6326a',
        'tar.gz' => 'af9edb577192e07cb205eef11bfbd52d246ed450ff774648f6fadbec80ac87bb',
        'tar.bz2' => 'c83fca7f5b3556ec0ba631f382431b1c738dfc8c9cd0c010b53f63c43e8bad0b',
        'tar.xz' => '1295c2b4d995769418d80db2cc9eb3b91f847f82e507fd5b7d2247e91c051907',
        'tar.zst' => '015af34895fb9e227d7c9e306be3b849b02299bd333e70455af0295c18ac2356',
    );
    for my $format (@FORMATS) {
        is(sha256_hex(fetch("/golden/archive/master.$format")->body), $hashes{$format}, $format);
    }
};

subtest 'an empty tree' => sub {
    $t->repo('bare', args => $DOWNLOADS, build => sub { $t->git($_[0], qw(commit -q --allow-empty -m empty)) });
    for my $format (@FORMATS) {
        my $a = fetch("/bare/archive/tip.$format");
        is($a->status, 200, $format);
        spew("$dir/empty.$format", $a->body);
        is(listing("$dir/empty.$format"), "\n", 'is valid and holds nothing');
    }
};

subtest 'the journal counts downloads, not requests' => sub {
    my $s = RCAPI::Test->new(children => 2, threads => 8);
    $s->user('bob');
    $s->repo('open', args => { enable_downloads => 1 });
    my @tips = split /\n/, $s->git("$s->{dir}/data/repos/open", qw(rev-list --max-count=2 master));
    my $count = sub { ($s->sql("SELECT count(*) FROM journal WHERE action LIKE 'user_downloaded_archive:%'")
        =~ /(\d+)/)[0] };
    my $get = sub { my ($path, @opt) = @_; $s->get("/open/archive/$path", @opt)->status };
    is $get->("$tips[0].zip"), 200, 'a visitor downloads an archive';
    is $count->(), 1, 'one entry';
    $get->("$tips[0].zip", headers => [Range => "bytes=$_-$_"]) for 0 .. 9;
    $get->("$tips[0].zip", method => 'HEAD') for 1 .. 3;
    $get->("$tips[0].zip") for 1 .. 3;
    $get->('tip.zip');
    is $get->("$tips[0].zip", headers => ['If-None-Match' => '*']), 304, 'a condition';
    is $count->(), 1, 'parts, heads, conditions and repetitions add none';
    $get->("$tips[0].tar.gz");
    $get->("$tips[1].zip");
    is $count->(), 3, 'another format and another commit are others';
    $get->("$tips[0].zip", as => 'bob') for 1 .. 2;
    is $count->(), 4, 'and so is another user';
    $s->sql('UPDATE journal SET created_on = created_on - 61000000');
    $get->("$tips[0].zip");
    is $count->(), 5, 'a minute later it counts again';
    $s->done;
};

$t->done;
done_testing;
