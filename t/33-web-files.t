#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# raw, rawfile and diff: every file of a repository byte for byte, its type and its name; validators,
# ranges, HEAD; large and damaged contents; hostile paths; file diffs against git's.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Select;
use Test::More;

use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'FilesController:*', children => 2, threads => 12, directives => <<'END');
LimitRequestLine 30000
RcapiExpensiveMax 1
RcapiArchiveCache None
AddEncoding x-gzip .gz .svgz
AddEncoding bzip2 .bz2
AddType image/vnd.microsoft.icon .ico
AddType image/svg+xml .svg .svgz
AddType application/x-own .own
AddType Text/X-Mixed .mixed
AddType odd .odd
AddCharset ISO-8859-1 .latin1
AddLanguage de .de
AddHandler cgi-script .cgi
AddOutputFilter INCLUDES .shtml
AddOutputFilterByType DEFLATE text/css
END

my $PNG = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1";
my %NAMES = ( # name => [content, mode]
    'README' => ["hello\nworld\n"], 'empty' => [''], 'no end' => ['no line end'], 'crlf.txt' => ["a\r\nb\r\n"],
    'src/main.c' => ["int main(void) { return 0; }\n"], 'bin/tool' => ["#!/bin/sh\n", '100755'],
    'latin1.txt' => ["\xe4\xf6\xfc\n"], 'x.py' => ["import os\n"], 'x.css' => ["b {}\n" x 200], 'x.json' => ["{}\n"],
    'early.bin' => ["\0abc"], 'late' => ['a' x 200_000 . "\0"], 'late.txt' => ['a' x 9000 . "\0"],
    'middle.txt' => ['b' x 70_000 . "\0x"],
    'x.html' => ["<script>1</script>\n"], 'x.xhtml' => ["<html/>\n"], 'x.svg' => ["<svg/>\n"],
    'x.svgz' => ["\x1f\x8b\0"], 'x.shtml' => ["<!--#echo var=x -->\n"],
    'x.xml' => ["<a/>\n"], 'x.js' => ["alert(1)\n"], 'x.mjs' => ["alert(1)\n"], 'x.pdf' => ["%PDF-1.4\n"],
    'x.cgi' => ["#!/bin/sh\necho\n"],
    'x.png' => [$PNG], 'X.PNG' => [$PNG], 'x.gif' => ["GIF89a\0"], 'x.jpg' => ["\xff\xd8\xff"],
    'x.jpeg' => ["\xff\xd8\xff\0"], 'x.ico' => ["\0\0\1\0"],
    'text.png' => ["<script>\n"], 'x.html.png' => ["<b>\n"], 'x.png.html' => ["<b>\n"], 'x.png.txt' => [$PNG],
    'png' => [$PNG], 'x.webp' => ["RIFF\0"],
    'x.tar.gz' => ["\x1f\x8b\0"], 'x.tar.bz2' => ["BZh9\0"], 'x.own' => ["own\n"], 'x.mixed' => ["own\n"],
    'x.odd' => ["odd\n"], 'x.latin1' => ["a\n"], 'x.html.de' => ["a\n"],
    'link' => ['src/main.c', '120000'], 'x.link.html' => ['../../etc/passwd', '120000'],
    'dangling' => ["no\nwhere", '120000'],
    'a b.txt' => ["1\n"], 'quo"te.txt' => ["2\n"], 'back\\slash.txt' => ["3\n"], "tab\there" => ["4\n"],
    "new\nline\r.bin" => ["\0"],
    "\xc3\xa9t\xc3\xa9.txt" => ["5\n"], "\xff\xfe.bin" => ["\0\xff"], "\xe2\x82\xac" => ["\0"],
    '100%25.txt' => ["6\n"], 'semi;colon=x' => ["7\n"],
    "it's" => ["8\n"], '-dash' => ["9\n"], '.hidden' => ["10\n"], 'a?b#c' => ["11\n"], 'raw' => ["12\n"],
    "ctl\x01\x7f.bin" => ["\0"],
    'deep/raw/x/raw/y/rawfile/z/diff/changeset-diff/tip' => ["deep\n"], join('/', ('raw') x 300) => ["deeper\n"],
    ' ' => ["blank\n"], '+' => ["plus\n"], '&api_key=x' => ["and\n"], '...' => ["dots\n"],
);
my $SUB = '1234567890' x 4;

my $repo = $t->repo('group/files', build => \&build);
$t->repo('void', empty => 1);
my $tip = git('rev-parse', 'master') =~ s/\n//r;
my $first = git('rev-parse', 'master~1') =~ s/\n//r;
my $BASE = '/group/files';

sub git { return $t->git($repo->{path}, @_) }
sub quoted { '"' . $_[0] =~ s/([^A-Za-z0-9\/. ])/sprintf '\\%03o', ord $1/ger . '"' }
sub data { 'data ' . length($_[0]) . "\n$_[0]\n" }

sub commit {
    my ($n, $from, @changes) = @_;
    my $when = 1_300_000_000 + 1000 * $n;
    return "commit refs/heads/master\nmark :$n\ncommitter C <c\@example.org> $when +0000\n" . data("Commit $n\n")
        . ($from ? "from :$from\n" : '') . join('', @changes) . "\n";
}

sub build {
    my ($work) = @_;
    my @all = map { 'M ' . ($NAMES{$_}[1] // 100644) . ' inline ' . quoted($_) . "\n" . data($NAMES{$_}[0]) }
        sort keys %NAMES;
    my $stream = commit(1, 0, "M 100644 inline README\n" . data("hello\n"), "M 100644 inline old.txt\n"
        . data(join '', map { "line $_\n" } 1 .. 50),
            "M 100644 inline gone.txt\n" . data("gone\n"), "M 100644 inline mode.sh\n" . data("echo\n"),
            "M 100644 inline kind\n" . data("README"),
            "M 100644 inline bin.dat\n" . data("\0\1\2" x 100))
        . commit(2, 1, @all, "M 160000 $SUB sub/module\n", "D old.txt\nD gone.txt\n",
            "M 100644 inline new.txt\n" . data(join '', map { $_ == 25 ? "other \t line\n" : "line $_\n" } 1 .. 50),
            "M 100755 inline mode.sh\n" . data("echo\n"), "M 120000 inline kind\n" . data("README"),
            "M 100644 inline bin.dat\n" . data("\0\1\2" x 100 . "\3"), "M 100644 inline ws.txt\n" . data("a b\nc\n"))
        . commit(3, 2, "M 100644 inline ws.txt\n" . data("a  b \nc\n"))
        . "reset refs/tags/v1\nfrom :2\n\n";
    $t->git($work, { stdin => $stream . "done\n" }, qw(fast-import --quiet --done));
}

sub escaped { $_[0] =~ s/([^A-Za-z0-9\/._-])/sprintf '%%%02X', ord $1/ger }

sub view {
    my ($view, $path, %opt) = @_;
    return $t->get("$BASE/$view/" . ($opt{rev} // $tip) . '/' . escaped($path), as => 'admin', %opt);
}

# --- what is expected of a name and a content

my %TYPES = ( # of rawfile, by ending; what is not here is decided by the content
    txt => 'text/plain', c => 'text/x-csrc', py => 'text/x-python', css => 'text/css', json => 'application/json',
    html => 'text/html',
    xhtml => 'application/xhtml+xml', svg => 'image/svg+xml', svgz => 'application/x-gzip', xml => 'application/xml',
    pdf => 'application/pdf', png => 'image/png', gif => 'image/gif', jpg => 'image/jpeg', jpeg => 'image/jpeg',
    ico => 'image/x-icon',
    gz => 'application/x-gzip', bz2 => 'application/x-bzip2', own => 'application/x-own', mixed => 'text/x-mixed',
    webp => 'image/webp',
    bin => 'application/octet-stream', de => 'text/html', sh => 'application/x-sh', js => 'application/javascript',
    mjs => 'application/javascript',
);
$TYPES{c} = 'text/plain'; # the test server's mime.types says so

sub name_type {
    my ($path) = @_;
    my ($ending) = $path =~ m{\.([^./]+)\z};
    return $ending && $TYPES{lc $ending};
}

sub expected {
    my ($view, $path, $content) = @_;
    my $type = name_type($path);
    my $binary = $content =~ /\0/;
    my $shown = $view eq 'raw' && $type && $type =~ m{^image/(?:png|gif|jpeg|x-icon)$};
    $type = undef if $view eq 'raw' && !$shown;
    $type //= $binary ? 'application/octet-stream' : 'text/plain';
    my $keep = $view eq 'rawfile' || (!$shown && $binary);
    return ($type . ($type =~ m{^text/} ? '; charset=utf-8' : ''), $keep ? 'attachment' : 'inline');
}

# The file name that a client makes of Content-Disposition: (quoted form, extended form).
sub names_in {
    my ($text) = @_;
    my ($rest) = $text =~ /^attachment; filename="((?:[^"\\]|\\.)*)"/ or return;
    my ($extended) = $text =~ /; filename\*=UTF-8''([A-Za-z0-9%._!#\$&+`|~^-]*)$/;
    $extended =~ s/%([0-9A-F]{2})/chr hex $1/ge if defined $extended;
    return ($rest =~ s/\\(.)/$1/gr, $extended);
}

sub cleaned { $_[0] =~ s/[\x00-\x1f\x7f"]//gr }

subtest 'every file' => sub {
    my @blobs = map { /^\d+ blob (\w+)\t(.*)/s ? [$1, $2] : () } split /\0/, git('ls-tree', '-rz', $tip);
    my $contents = RCAPI::Git::blobs($repo->{path}, map { $_->[0] } @blobs);
    for (@blobs) {
        my ($id, $path) = @$_;
        my $content = $contents->{$id};
        my $label = escaped($path) =~ s{^(.{60}).*}{$1}r;
        for my $name (qw(raw rawfile)) {
            my $a = view($name, $path);
            is($a->status, 200, "$name $label") or diag $a->{raw};
            ok($a->body eq $content, '... its bytes') or diag $a->body;
            my ($type, $disposition) = expected($name, $path, $content);
            is($a->header('Content-Type'), $type, '... its type');
            like($a->header('Content-Disposition'), qr/^\Q$disposition\E/, '... its disposition');
            is($a->header('Content-Disposition'), 'inline', '... and nothing more') if $disposition eq 'inline';
            is($a->header('Content-Length'), length $content, '... its length');
            is($a->header('Content-Encoding'), undef, '... no encoding');
            is($a->header($_->[0]), $_->[1], "... $_->[0]") for ['X-Content-Type-Options', 'nosniff'],
                ['Content-Security-Policy', "default-src 'none'; sandbox"], ['Referrer-Policy', 'no-referrer'],
                ['Accept-Ranges', 'bytes'];
            is(scalar(my @many = $a->header($_)), 1, "... one $_") for qw(Content-Type Content-Disposition ETag);
            if ($disposition eq 'attachment') {
                my ($plain, $full) = names_in($a->header('Content-Disposition'));
                my $last = cleaned($path =~ s{.*/}{}sr);
                is($plain, $last =~ s/[\xc2-\xf4][\x80-\xbf]+|[\x80-\xff]/_/gr, '... its name');
                is($full, $last =~ /[^\x00-\x7f%\\]/ || $last =~ /[%\\]/ ? $last =~ s/[\xff\xfe]/\xef\xbf\xbd/gr
                    : undef, '... in full');
            }
        }
    }
};

subtest 'forms of a revision' => sub {
    for my $rev ('tip', 'master', '2', substr($tip, 0, 12), 'HEAD') {
        is(view('raw', 'README', rev => $rev)->body, "hello\nworld\n", "revision $rev");
    }
    is(view('raw', 'README', rev => 0)->body, "hello\n", 'the first commit');
    is(view('raw', 'ws.txt', rev => 'v1')->body, "a b\nc\n", 'a tag');
    my ($id) = map { $_->{repo_id} } grep { $_->{repo_name} eq 'group/files' } @{ $t->must('get_repos') };
    is($t->get("/_$id/raw/tip/README", as => 'admin')->body, "hello\nworld\n", 'repository by id');
    is($t->get("/_$id/x/raw/tip/README", as => 'admin')->body, "hello\nworld\n", 'by id and more');
    is($t->get("/_$id/raw/tip/deep/raw/x/raw/y/rawfile/z/diff/changeset-diff/tip", as => 'admin')->body, "deep\n",
        'by id, the first words of a view count');
};

subtest 'refusals' => sub {
    my $short = substr $tip, 0, 12;
    my $none = sub { "There is no file nor directory at the given path: '$_[0]' at commit $short" };
    for my $case (
        ['nope/README', 'No such commit exists for this repository'],
        ["$tip^/README", 'No such commit exists for this repository'],
        ["$tip/nope", $none->('nope')], ["$tip/README/x", $none->('README/x')], ["$tip/src/nope", $none->('src/nope')],
        ["$tip/readme", $none->('readme')],
        ["$tip/README%20", $none->('README ')], ["$tip/sub/module/x", $none->('sub/module/x')],
        ["$tip/link/x", $none->('link/x')],
        ["$tip/%3Cb%3E", $none->('<b>')], ["$tip/%ff", $none->("\xef\xbf\xbd")], ["$tip/%25s%25n", $none->('%s%n')],
        ["$tip/$tip", $none->($tip)],
        ["$tip/src", 'The given path is a directory'], ["$tip/src/", 'The given path is a directory'],
        ["$tip/", 'The given path is a directory'],
        ["$tip", 'The given path is a directory'], ["$tip/sub/module", 'The given path is a directory'],
        ["$tip/sub", 'The given path is a directory'],
    ) {
        my ($path, $text) = @$case;
        for my $view (qw(raw rawfile)) {
            my $a = $t->get("$BASE/$view/$path", as => 'admin');
            is($a->status . ' ' . $a->body, "404 $text", "$view $path");
            is($a->header('Content-Type'), 'text/plain; charset=utf-8', '... as text');
            is($a->header('X-Content-Type-Options'), 'nosniff', '... safely');
            is($a->header('Content-Disposition'), undef, '... in place');
        }
    }
    is($t->get("/void/$_", as => 'admin')->status . $t->last->body, '404No such commit exists for this repository',
        "empty repository, $_")
        for qw(raw/tip/x rawfile/0/x raw/tip/ raw/master/x);
    is($t->get("$BASE/raw/tip/README", as => 'admin', method => 'POST', body => 'x')->status, 405, 'POST');
    is($t->get("$BASE/raw/", as => 'admin')->status, 404, 'no revision');
};

subtest 'hostile paths' => sub {
    for my $path ('../../../etc/passwd', '%2e%2e/%2e%2e/%2e%2e/etc/passwd', 'src/..%2f..%2fREADME', 'README%00', '%00',
        'src%2Fmain.c', 'src/../../../../x',
        'x' x 10_000, 'a/' x 5000, 'raw/x/' x 1500, 'src/' x 2000 . 'main.c', '%ff' x 3000, "README\n",
        '%0d%0aX-Evil:%201', '.git/config', 'src%5c..%5cREADME',
        'README;x', 'README/.', '*', '%', '%zz', ':README', '@{1}', 'HEAD:README', "src/main.c\0") {
        my $a = $t->get("$BASE/raw/tip/$path", as => 'admin');
        like($a->status, qr/^(?:40[0-4]|414)$/, substr($path, 0, 40) =~ s/[^ -~]/?/gr . " ($a->{status})")
            unless $path =~ m{^README(?:/\.|\n)};
        unlike($a->{raw}, qr/root:|^X-Evil/m, '... nothing of the machine');
    }
    is($t->get("$BASE/raw/tip//src///main.c", as => 'admin')->body, $NAMES{'src/main.c'}[0],
        'empty parts do not count');
    is($t->get("$BASE/raw/tip/src/main.c/", as => 'admin')->body, $NAMES{'src/main.c'}[0], 'nor a slash at the end');
    is($t->get("$BASE/raw/tip/src/./../README", as => 'admin')->body, $NAMES{'README'}[0], 'httpd resolves dots');
    is($t->get("$BASE/raw/tip/" . join('/', ('raw') x 300), as => 'admin')->body, "deeper\n",
        'a path full of words of views');
    $t->repo('odd/raw/tip', from => $repo->{work});
    is($t->get("/odd/raw/tip/raw/tip/README", as => 'admin')->body, "hello\nworld\n",
        'a repository named like a view');
    is($t->get("/odd/raw/tip/raw/tip/raw/x", as => 'admin')->status, 404, '... and a file, too');
};

subtest 'validators' => sub {
    for my $view (qw(raw rawfile)) {
        my $a = view($view, 'README');
        my $etag = $a->header('ETag');
        my $id = git('rev-parse', "$tip:README") =~ s/\n//r;
        my $time = git('log', '-1', '--format=%ct', $tip) + 0;
        like($etag, qr/^"$id-$view\w+-[0-9a-f]+"$/, 'the ETag is strong and of the content');
        is($a->header('Last-Modified'), http_date($time), 'time of the commit');
        like($a->header('Cache-Control'), qr/^private, max-age=\d{6,}, immutable$/, 'immutable');
        my $named = view($view, 'README', rev => 'master');
        is($named->header('ETag'), $etag, 'the same ETag at a name');
        is($named->header('Last-Modified'), undef, 'no date at a name');
        is($named->header('Cache-Control'), 'private, no-cache', 'asked for each time');
        is(view($view, 'README', rev => substr $tip, 0, 12)->header('Cache-Control'), 'private, no-cache',
            'nor at a short id');
        isnt(view($view, 'README', rev => '0')->header('ETag'), $etag, 'another content, another ETag');
        for my $case (
            [304, 'If-None-Match' => $etag], [304, 'If-None-Match' => "\"x\", $etag"], [200, 'If-None-Match' => '"x"'],
            [412, 'If-Match' => '"x"'],
            [304, 'If-Modified-Since' => http_date($time)], [200, 'If-Modified-Since' => http_date($time - 1)],
        ) {
            my ($status, @headers) = @$case;
            for my $method (qw(GET HEAD)) {
                my $got = view($view, 'README', headers => \@headers, method => $method);
                is($got->status, $status, "$method @headers");
                is($got->header('ETag'), $etag, '... with the ETag') if $status == 304;
                is($got->body, '', '... without a body') if $status == 304 || $method eq 'HEAD';
            }
        }
    }
    isnt(view('raw', 'x.png')->header('ETag'), view('rawfile', 'x.png')->header('ETag'), 'each view has its own');
};

# httpd parses lists of tags; the one tag alone is compared without that.
subtest 'the ETag alone, or in a list' => sub {
    my ($etag, $date) = map { view('raw', 'README')->header($_) } qw(ETag Last-Modified);
    my $old = 'Thu, 01 Jan 1998 00:00:00 GMT';
    my @range = (Range => 'bytes=0-1');
    my @others = ([], ['If-Match' => '"x"'], ['If-Match' => $etag], ['If-Modified-Since' => $date],
        ['If-Modified-Since' => $old], ['If-Unmodified-Since' => $old],
        \@range, [@range, 'If-Range' => $etag], [@range, 'If-Range' => '"x"']);
    my %seen;
    for my $method (qw(GET HEAD)) {
        for my $other (@others) {
            my ($alone, $list) = map {
                my $got = view('raw', 'README', method => $method, headers => ['If-None-Match' => $_, @$other]);
                join ' ', $got->status, map { $got->header($_) // '-' } qw(ETag Last-Modified Vary Cache-Control)
            } $etag, "\"x\", $etag";
            is($alone, $list, "$method @$other");
            $seen{ substr $alone, 0, 3 }++;
        }
    }
    ok($seen{304} && $seen{412}, 'answers of both kinds');
};

subtest 'HEAD' => sub {
    for my $path (sort grep { length() < 200 } keys %NAMES) {
        for my $view (qw(raw rawfile)) {
            my ($get, $head) = map { view($view, $path, method => $_) } qw(GET HEAD);
            is($head->body, '', "$view " . escaped($path));
            # httpd drops a length of 0

            my ($want, $got) = map { my $a = $_; join "\n", map { "$_: " . ($a->header($_) || '') }
                qw(Content-Length Content-Type Content-Disposition ETag Last-Modified Cache-Control Accept-Ranges) }
                $get, $head;
            is($got, $want, '... the same headers');
        }
    }
    is(view('rawfile', 'x.png', method => 'HEAD', headers => [Range => 'bytes=0-1'])->status, 200,
        'a range means nothing to HEAD');
    is(view('raw', 'nope', method => 'HEAD')->status, 404, 'of nothing');
};

subtest 'ranges' => sub {
    my $path = 'late'; # larger than what a spool holds in memory
    my $content = $NAMES{$path}[0];
    my $etag = view('raw', $path)->header('ETag');
    for my $case (
        ['bytes=0-0', substr($content, 0, 1)], ['bytes=199990-', substr($content, 199_990)],
        ['bytes=-3', substr($content, -3)],
        ['bytes=65530-65545', substr($content, 65_530, 16)], ['bytes=0-', $content],
    ) {
        my $a = view('raw', $path, headers => [Range => $case->[0], 'If-Range' => $etag]);
        is($a->status, 206, $case->[0]);
        ok($a->body eq $case->[1], '... its bytes');
        like($a->header('Content-Range'), qr{/200001$}, '... of so many');
    }
    is(view('raw', $path, headers => [Range => 'bytes=300000-'])->status, 416, 'behind the end');
    is(view('raw', $path, headers => [Range => 'bytes=0-1', 'If-Range' => '"x"'])->status, 200, 'If-Range of another');
    my $many = view('raw', $path, headers => [Range => 'bytes=0-1,199999-200000']);
    is($many->status, 206, 'several at once');
    like($many->header('Content-Type'), qr{^multipart/byteranges}, '... in parts');
    like($many->body,
        qr{Content-type: application/octet-stream\r\nContent-range: bytes 199999-200000/200001\r\n\r\na\0\r\n}i,
        '... each with its type');
};

subtest 'compression is the server\'s' => sub {
    my $a = view('rawfile', 'x.css', headers => ['Accept-Encoding' => 'gzip']);
    is($a->header('Content-Encoding'), 'gzip', 'text on its way is compressed');
    my $etag = $a->header('ETag');
    is(view('rawfile', 'x.css', headers => ['Accept-Encoding' => 'gzip', 'If-None-Match' => $etag])->status, 304,
        '... and known again');
    is(view('rawfile', 'x.tar.gz', headers => ['Accept-Encoding' => 'gzip'])->header('Content-Encoding'), undef,
        'a packed file is sent as it is');
};

# --- file diffs

sub patch_of {
    my ($url) = @_;
    my $a = $t->get($url, as => 'admin');
    return $a->status == 200 ? $a->body : $a->status . ' ' . $a->body;
}

sub git_diff { return git('diff', '-U3', '--full-index', '--binary', @_) }

subtest 'file diffs' => sub {
    my $EMPTY = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
    for my $path (qw(README gone.txt new.txt mode.sh kind bin.dat ws.txt src/main.c x.png empty),
        "\xc3\xa9t\xc3\xa9.txt", 'quo"te.txt', 'a b.txt') {
        my $url = "$BASE/diff/" . escaped($path);
        my $exists = { map { ($_ => 1) } split /\0/, git('ls-tree', '-rz', '--name-only', $tip) };
        is(patch_of("$url?diff1=$first~&diff2=$tip&diff=raw"), '404 No such commit exists for this repository',
            'no syntax of git');
        is(patch_of("$url?diff1=0&diff2=$tip&diff=raw"), git_diff('--no-renames', "$tip~2", $tip, '--', $path),
            "$path between two commits");
        is(patch_of("$url?diff1=$tip&diff2=0&diff=raw"), git_diff('--no-renames', $tip, "$tip~2", '--', $path),
            '... backwards');
        next unless $exists->{$path};
        is(patch_of("$url?diff1=&diff2=$tip&diff=raw"), git_diff('--no-renames', $EMPTY, $tip, '--', $path),
            '... from nothing');
        is(patch_of("$url?diff1=$tip&diff=raw"), git_diff('--no-renames', $tip, $EMPTY, '--', $path),
            '... to nothing');
        is(patch_of("$url?diff1=$tip&diff2=$tip&diff=raw"), '', '... to itself');
    }
    is(patch_of("$BASE/diff/new.txt?diff1=old.txt\@0&diff2=tip&diff=raw"), git_diff("$tip~2:old.txt", "$tip:new.txt"),
        'of a file that had another name');
    is(patch_of("$BASE/diff/ws.txt?diff1=v1&diff2=tip&diff=raw&ignorews=1"),
        git_diff('-w', 'v1', 'master', '--', 'ws.txt'), 'ignorews=1');
    is(patch_of("$BASE/diff/ws.txt?diff1=v1&diff2=tip&diff=raw&ignorews=$_"), git_diff('v1', 'master', '--', 'ws.txt'),
        "ignorews=$_") for 0, 2, 'yes', '';
    for my $case (['0', 0], [1, 1], [20, 20], ['x', 3], ['-1', 3], ['', 3], ['99999999999', 100_000]) {
        is(patch_of("$BASE/diff/new.txt?diff1=old.txt\@0&diff2=tip&diff=raw&context=$case->[0]"),
            git('diff', "-U$case->[1]", '--full-index', '--binary', "$tip~2:old.txt", "$tip:new.txt"),
            "context=$case->[0]");
    }
};

subtest 'refusals and headers of file diffs' => sub {
    my $need = '400 Need query parameter "diff1" or "diff2" to generate a diff.';
    for my $case (
        ['README', $need], ['README?diff=raw', $need], ['README?diff1=&diff2=&diff=raw', $need],
        ['README?diff1=README@&diff=raw', $need],
        ['README?diff1=nope&diff2=1&diff=raw', '404 No such commit exists for this repository'],
        ['README?diff1=0&diff2=nope&diff=raw', '404 No such commit exists for this repository'],
        ["nope?diff1=0&diff2=$tip&diff=raw", "404 There is no file nor directory at the given path: 'nope' at commit "
            . substr($tip, 0, 12)],
        ['src?diff1=1&diff2=2&diff=raw', '404 The given path is a directory'],
        ['sub/module?diff1=1&diff2=2&diff=raw', '404 The given path is a directory'],
        ['?diff1=1&diff2=2&diff=raw', '404 The given path is a directory'],
    ) {
        is(patch_of("$BASE/diff/$case->[0]"), $case->[1], $case->[0]);
    }
    my $a = $t->get("$BASE/diff/README?diff1=$first&diff2=$tip&diff=raw", as => 'admin');
    is($a->header('Content-Type'), 'text/plain; charset=utf-8', 'type');
    is($a->header('Content-Disposition'), undef, 'raw is shown');
    like($a->header('Cache-Control'), qr/immutable/, 'immutable between ids');
    is($a->header('Last-Modified'), http_date(git('log', '-1', '--format=%ct', $tip)), 'time of the newer');
    my $named = $t->get("$BASE/diff/README?diff1=$first&diff2=tip&diff=raw", as => 'admin');
    is($named->header('Cache-Control'), 'private, no-cache', 'not to a name');
    is($named->header('Last-Modified'), undef, '... and no date');
    is($named->header('ETag'), $a->header('ETag'), '... but the same ETag');
    is($t->get("$BASE/diff/README?diff1=$first&diff2=$tip&diff=raw", as => 'admin',
        headers => ['If-None-Match' => $a->header('ETag')])->status, 304, 'known by its ETag');
    my %tags = map { ($t->get("$BASE/diff/README?diff1=$first&diff2=$tip&diff=raw$_", as => 'admin')->header('ETag') =>
        1) } '', '&context=1', '&ignorews=1';
    is(keys %tags, 3, 'parameters make other ETags');
    is($t->get("$BASE/diff/README?diff1=0&diff2=README\@tip&diff=download", as => 'admin')
        ->header('Content-Disposition'), 'attachment; filename="0_vs_tip.diff"', 'a download');
};

sub http_date {
    my ($sec, $min, $hour, $day, $month, $year, $wday) = gmtime shift;
    return sprintf '%s, %02d %s %d %02d:%02d:%02d GMT', (qw(Sun Mon Tue Wed Thu Fri Sat))[$wday], $day,
        (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[$month], $year + 1900, $hour, $min, $sec;
}

# --- large contents

my $large = $t->repo('large', build => sub {
    my ($work) = @_;
    my $line = 'a line of a large text, and its number is ';
    spew("$work/large.txt", join '', map { "$line$_\n" } 1 .. 200_000);
    spew("$work/large.bin", join('', map { "$line$_\n" } 1 .. 200_000) . "\0");
    spew("$work/large.png", pack 'N*', map { $_ * 2_654_435_761 % 4_294_967_296 } 1 .. 2_200_000);
    $t->git($work, qw(-c core.compression=0 add .));
    $t->git($work, 'commit', '-q', '-m', 'large');
    spew("$work/large.txt", join '', map { $_ == 100_000 ? "changed\n" : "$line$_\n" } 1 .. 200_000);
    $t->git($work, 'commit', '-qam', 'larger');
});

subtest 'large contents' => sub {
    $t->git($large->{path}, 'repack', '-adfq'); # one of the two texts is a delta of the other
    for my $rev ('tip', 0) {
        for my $file (qw(large.txt large.bin large.png)) {
            my $a = $t->get("/large/raw/$rev/$file", as => 'admin');
            my $want = $t->git($large->{path}, 'cat-file', 'blob', ($rev eq 'tip' ? 'master' : 'master~1') . ":$file");
            is($a->status, 200, "$file at $rev");
            ok($a->body eq $want, '... its bytes');
            is($a->header('Content-Type'), $file =~ /png/ ? 'image/png' : $file =~ /bin/ ? 'application/octet-stream'
                : 'text/plain; charset=utf-8', '... its type');
            is($t->get("/large/raw/$rev/$file", as => 'admin', method => 'HEAD')->header('Content-Length'),
                length $want, '... its length by HEAD');
            is($t->get("/large/raw/$rev/$file", as => 'admin', headers => [Range => 'bytes=-9'])->body,
                substr($want, -9), '... a range');
        }
    }
    my ($diff, $want) = (patch_of('/large/diff/large.txt?diff1=0&diff2=tip&diff=raw'),
        $t->git($large->{path}, 'diff', '--full-index', '--binary', 'master~1', 'master', '--', 'large.txt'));
    is($diff, $want, 'their diff');
};

subtest 'what is costly has a limit' => sub {
    my ($busy, $served, $wrong) = (0, 0, 0);
    my $id = $t->git($large->{path}, 'rev-parse', 'master') =~ s/\n//r;
    for (1 .. 10) {
        my @open = map { RCAPI::HTTP::connect_to($t->port) } 1 .. 8;
        print $_ "GET /large/raw/$id/large.txt HTTP/1.0\r\nX-Api-Key: @{[ $t->key('admin') ]}\r\n\r\n" for @open;
        for my $socket (@open) {
            my $answer = RCAPI::HTTP::parse(do { local $/; readline $socket });
            if ($answer->status == 503) {
                $busy++;
                $wrong++ if !$answer->header('Retry-After') || $answer->header('ETag')
                    || $answer->header('Content-Disposition') || $answer->body ne 'Service Unavailable';
            } elsif ($answer->status == 200 && length $answer->body == $answer->header('Content-Length')) {
                $served++;
            } else {
                $wrong++;
            }
        }
        last if $busy && $served;
    }
    ok($served, 'some are served');
    ok($busy, 'others are told to come again');
    is($wrong, 0, 'and nothing else happens');
    is($t->get("/large/raw/$id/large.txt", as => 'admin',
        headers => ['If-None-Match' => $t->get("/large/raw/$id/large.txt", as => 'admin', method => 'HEAD')
            ->header('ETag')])->status, 304, 'no cost, no limit');
};

subtest 'memory' => sub {
    plan skip_all => 'not with a sanitizer' if $ENV{RCAPI_PRELOAD};
    my $peak = sub {
        my $most = 0;
        for (map { slurp("/proc/$_/status") =~ /^VmHWM:\s+(\d+)/m } $t->children) { $most = $_ if $_ > $most }
        $most
    };
    my $big = $t->repo('big', build => sub {
        my ($work) = @_;
        spew("$work/big.bin", '0123456789abcdef' x 3_000_000); # 48 MB, twice what it may cost
        $t->git($work, 'add', '.');
        $t->git($work, 'commit', '-q', '-m', 'big');
    });
    spew("/proc/$_/clear_refs", '5') for $t->children; # the peak of before
    my $before = $peak->();
    my $got = $t->get('/big/raw/tip/big.bin', as => 'admin', timeout => 120);
    is(length $got->body, 48_000_000, 'a file of 48 MB');
    is($got->header('Content-Type'), 'text/plain; charset=utf-8', '... looked through to its end');
    cmp_ok($peak->() - $before, '<', 24 * 1024, 'costs a child little memory');
};

# --- damage

subtest 'damage' => sub {
    my $broken = $t->repo('broken', from => $large->{path}); # one pack
    my ($pack) = glob "$broken->{path}/objects/pack/*.pack";
    my $bytes = slurp($pack);
    my %hurt = (cut => substr($bytes, 0, length($bytes) / 3), zeros => substr($bytes, 0, 100)
        . "\0" x (length($bytes) - 100), flipped => $bytes);
    substr($hurt{flipped}, $_ * 5000, 50) ^= 'x' x 50 for 1 .. length($bytes) / 5000 - 1;
    for my $how (sort keys %hurt) {
        chmod 0644, $pack;
        spew("$pack.new", $hurt{$how});
        rename "$pack.new", $pack;
        $t->reload;
        for my $path (qw(raw/tip/large.txt rawfile/0/large.bin raw/tip/large.png raw/0/large.txt
            diff/large.txt?diff1=0&diff2=tip&diff=raw)) {
            for my $method (qw(GET HEAD)) {
                my $a = $t->get("/broken/$path", as => 'admin', method => $method);
                my $fine = $a->status == 200 && ($method eq 'HEAD' || length $a->body == $a->header('Content-Length'));
                ok($fine || $a->status =~ /^(?:500|404)$/, "$how: $method $path ($a->{status})") or diag substr $a
                    ->{raw}, 0, 500;
                like($a->body, qr{\AInternal Server Error \(request [\w/+@-]+\)\z}, '... nothing of the inside')
                    if $a->status == 500 && $method eq 'GET';
            }
        }
    }
    is(view('raw', 'README')->status, 200, 'the others live');
};

$t->done;
done_testing;
