#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# Archives hold what git archive gives, byte for byte, whatever .gitattributes say: which files, and
# what becomes of their contents. What git refuses is refused with a sentence, before any work, and
# attributes have bounds.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Compress::Zlib qw(compress);
use Digest::SHA qw(sha1_hex);
use Test::More;

use RCAPI::Git;
use RCAPI::Pack;
use RCAPI::Run qw(rounds slurp spew);
use RCAPI::Test;

my $DOWNLOADS = { enable_downloads => JSON::PP::true() };
my $t = RCAPI::Test->new(children => 1, directives => "RcapiArchiveCache None\n");
my $dir = $t->dir . '/scratch';
my $seed = $ENV{RCAPI_SEED} // 11;
my $n = $seed;

# A number from 0 on, or one of several things; the same in every run.
sub dice { $n = ($n * 1_103_515_245 + 12_345) % 2**31; return $_[int($n / 65_536) % @_] }
sub fetch { my ($path, %opt) = @_; return $t->get($path, as => 'admin', %opt) }
sub git_archive {
    return $t->git($_[0]{path}, { env => { LC_ALL => 'C' } }, qw(-c core.attributesFile=/dev/null -c tar.umask=0022
        archive --format=tar --prefix=p/), $_[1])
}

# A repository of the branches r1, r2 ...: lists of [path, content].
sub repository {
    my ($name, @branches) = @_;
    my ($stream, %mark) = '';
    for (map { $_->[1] } map { @$_ } @branches) {
        $stream .= "blob\nmark :" . ($mark{$_} = 1 + keys %mark) . "\ndata " . length . "\n$_\n" if !$mark{$_};
    }
    for my $i (1 .. @branches) {
        $stream .= "commit refs/heads/r$i\ncommitter C <c\@x> 1500000000 +0000\ndata 0\n";
        $stream .= qq(M 100644 :$mark{ $$_[1] } "$$_[0]"\n) for @{ $branches[$i - 1] };
    }
    return $t->repo($name, args => $DOWNLOADS, build => sub {
        $t->git($_[0], { stdin => "$stream\ndone\n" }, qw(fast-import --quiet --done));
        $t->git($_[0], qw(branch master r1));
    });
}

# Compares the archives of branches with git's: names, types, modes, contents.
my $COMPARE = <<'END';
import sys, tarfile
def rows(path):
    return [(e.name.split('/', 1)[1], e.type, oct(e.mode), e.linkname,
             tarfile.TarFile.extractfile(a, e).read() if e.isreg() else b'')
        for a in [tarfile.open(path, encoding='utf-8', errors='surrogateescape')] for e in a if not e.isdir()]
sizes = set()
for name in sys.argv[1:]:
    ours, theirs = rows(name + '.ours'), rows(name + '.git')
    sizes.add(len(theirs))
    if ours != theirs:
        print(name, 'files:', *sorted({r[0] for r in ours} ^ {r[0] for r in theirs}))
        for x, y in zip(ours, theirs):
            if x != y and x[0] == y[0]: print(name, x[0], 'ours', x[4][:200], 'git', y[4][:200])
print('kinds', len(sizes))
END

sub compare {
    my ($repo, $branches, $text) = @_;
    for my $i (1 .. $branches) {
        my $a = fetch("/$repo->{name}/archive/r$i.tar");
        is($a->status, 200, "r$i") if $a->status != 200;
        spew("$dir/r$i.ours", $a->body);
        spew("$dir/r$i.git", git_archive($repo, "r$i"));
    }
    my $out = $t->run({ env => { LC_ALL => 'C.UTF-8' } }, '/usr/bin/python3', '-c', $COMPARE,
        map { "$dir/r$_" } 1 .. $branches);
    my ($different, $kinds) = "$out->{out}$out->{err}" =~ /^(.*?)kinds (\d+)$/s;
    is($different, '', "$text (seed $seed)") or return;
    return $kinds;
}

# --- which files

my @PATTERNS = ('*', '*.o', '*.txt', 'a', '/a', 'docs', 'docs/', '/docs', 'docs/*', 'docs/**', '**/a', '**/docs',
    '**/api/**', 'docs/**/a', 'src/**/a', '?', '[ab]',
    '[!a]', 'a*', '*-*', '"x y"', '\\[x\\]', 'test/[[]x]', 'api/x', 'x/', '.gitattributes', '*a*b*', 'd*s/a*', '**',
    'src/a-b/', '*/a', 'src/*/?', '!a', '#a', '[attr]m',
    'a/', '/**/b.txt', '[a-c]', '[c-a]', '*.[ot]*', '[[:upper:]]*', '[[:alpha:]]', '[^[:lower:]]*', '[[:punct:]a]*',
    '[[:digit:][:upper:]]', '[[:nope:]]', '[[:alpha:]',
    '[a', '[]a]', '[a-]', '[]-a]', '[\\]a]', '[a\\-c]', '/docs**', 'doc**/a', 'docs**', '***/a', 'docs/***', '**\\/a',
    'a\\', '\\a', '"\\141"', '"a\\', '"x\\040y"', '"\\400"',
    '/', '//', '""', '/docs/**/', '**/', '*/', 'docs/api/**/*.txt', 's*/**/[a-z]', '[!/]*', 'docs[/]a', 'docs?a',
    '**a', 'test/**x**/b', '"!a"', '\\!a', '*[', '[[:alpha:]-z]');
my @MACROS = ('[attr]m export-ignore', '[attr]m -export-ignore', '[attr]deep m', '[attr]deep m -export-ignore',
    '[attr]binary export-ignore', '[attr]loop loop m',
    '[attr]bad/name export-ignore', '[attr] m export-ignore', '[attr]m', '"[attr]q" export-ignore',
    '[attr]m export-ignore=1', '[attr]-m export-ignore');
my @STATES = ('export-ignore', 'export-ignore', 'export-ignore', '-export-ignore', '!export-ignore',
    'export-ignore=no', 'text export-ignore', 'export-ignored', '', 'm', '-m', '!m',
    'm=1', 'deep', 'binary', 'loop', 'q', 'm -export-ignore', '-export-ignore m', 'export-ignore m',
    'bad/name export-ignore', '=x export-ignore', 'export-ignore #x', '-a=b export-ignore',
    '--x export-ignore', '- export-ignore', 'export-ignore=', 'm !m', '-m m', "export-ignore\f", "\tx");

sub rules {
    my ($most, $states) = @_;
    return join '', map {
        dice(1 .. 5) == 1 ? dice(@MACROS) . "\n" : dice('', '', '', ' ') . dice(@PATTERNS) . dice(' ', "\t", '  ')
            . dice(@$states) . dice("\n", "\n", "\r\n", " \n")
    } 0 .. dice(0 .. $most);
}

subtest 'export-ignore' => sub {
    my @names = ('a', 'b', 'A', 'a.o', 'docs/a', 'docs/b.txt', 'docs/api/a', 'docs/api/x/b.txt', 'docsa/a',
        'test/docs/a.o', 'test/[x]/b', 'x y', 'src/a-b/c', 'src/deep/a', 'src/deep/5/Z', '!a', 'x!y/_');
    my @branches = map {
        [map({ [$_, "x\n"] } @names), map { [$_ . '.gitattributes', rules(4, \@STATES)] } '', dice('docs/', 'src/'),
            'test/']
    } 1 .. rounds(50, 160);
    cmp_ok(compare(repository('ignoring', @branches), scalar @branches, 'the files of git archive'), '>', 12,
        'in many ways');
};

# --- what becomes of contents

my $LINES = join '', map { "line $_ \$Id\$ of a file\n" } 1 .. 9000; # more than is kept in memory
my @CONTENTS = ("one\ntwo\n", "one\r\ntwo\r\n", "one\r\ntwo\n", "one\rtwo\n", "a\0b\n", "\x01\x02\x03\n", "x\n\x1a",
    'none', "\n", "\xc3\xa4\xc3\xb6\xe2\x82\xac\n", "latin\xe4\n",
    "\xef\xbb\xbfbom\n", "\xe6\x97\xa5\xe6\x9c\xac\n", "\$Id\$\n", "\$Id: x \$\n", "\$Id: x y z \$\n", "\$Id:\$",
    "\$Id: a\n\$Id\$ \$Id", "\$\$Id\$\$Id:\$Id\$ \$Idx\$ \$I\$", "\$Id: \$Id\$", '$Id:x$',
    '$Id:  $', "\$Id: \xc3\xa4 \$\n\r\n", "cut \xe2\x82", "\xf0\x9f\x98\x80\n", "\x1b[0m\b\f\tx\n",
    "\x7f" x 3 . "text\n" x 100, "text\n" x 100 . "\x01", $LINES);
my @CONVERSIONS =
    (qw(text -text !text text=auto text=input text=crlf text=x eol=crlf eol=crlf eol=crlf eol=lf -eol eol
        eol=CRLF crlf -crlf crlf=auto crlf=input ident ident -ident ident=x binary -binary
        working-tree-encoding=UTF-16 working-tree-encoding=utf16 working-tree-encoding=UTF-16LE-BOM
        working-tree-encoding=utf16be-bom working-tree-encoding=UTF-16BE working-tree-encoding=UTF-32
        working-tree-encoding=ISO-8859-1 working-tree-encoding=latin-1 working-tree-encoding=LATIN1
        working-tree-encoding=UTF-8 working-tree-encoding=utf8 working-tree-encoding=no-such
        working-tree-encoding=SHIFT-JIS working-tree-encoding=ISO-2022-JP working-tree-encoding=UTF-7
        working-tree-encoding=ASCII working-tree-encoding=ASCII//TRANSLIT
        working-tree-encoding=ASCII//IGNORE working-tree-encoding= !working-tree-encoding filter=lfs dos
        -dos),
    'text eol=crlf', 'text=auto eol=crlf', 'ident eol=crlf', 'ident working-tree-encoding=UTF-16 eol=crlf');

subtest 'contents' => sub {
    my @branches = map {
        my @files = map { ["f$_", $CONTENTS[$_]] } 0 .. $#CONTENTS;
        my $text = dice('', "[attr]dos text eol=crlf\n", "[attr]dos ident -text\n", "[attr]binary ident\n");
        $text .= dice('*', '*', 'f*', 'f[0-9]', 'f1?', 'f2[0-9]', "f" . dice(0 .. $#CONTENTS)) . ' '
            . join(' ', map { dice(@CONVERSIONS) } 0 .. dice(0 .. 2)) . "\n" for 0 .. dice(0 .. 3);
        [@files, ['.gitattributes', $text]];
    } 1 .. rounds(40, 100);
    ok(compare(repository('converting', @branches), scalar @branches, 'as git archive converts them'), 'compared');
};

# --- what git refuses

sub object {
    my ($repo, $type, $data) = @_;
    return RCAPI::Git::write_object($repo->{path}, $type, $data);
}

sub tree {
    my ($repo, @rows) = @_;
    return object($repo, 'tree', join '', map { "$$_[0] $$_[1]\0" . pack 'H*', $$_[2] } @rows)
}

sub commit { return "tree $_[0]\nauthor A <a\@b> 1500000000 +0000\ncommitter A <a\@b> 1500000000 +0000\n\nx\n" }

sub branch {
    my ($repo, $name, $tree) = @_;
    my $id = object($repo, 'commit', commit($tree));
    spew("$repo->{path}/refs/heads/$name", "$id\n");
}

# Does git archive make one, also where it is unpacked on other systems?
sub git_makes {
    return $t->run('git', "--git-dir=$_[0]{path}", qw(-c safe.directory=* -c core.protectHFS=true -c
        core.protectNTFS=true archive --format=tar), $_[1])->{exit} == 0
}

my $odd = $t->repo('odd', commits => 1, args => $DOWNLOADS);
my $blob = object($odd, 'blob', "x\n");

subtest 'names' => sub {
    my @names = ('.git', '.GIT', '.git.', '.git ', '.git. .', '.git..', 'git~1', 'GIT~1', 'git~1.', 'git~2', 'git~11',
        '.git::$INDEX_ALLOCATION', '.git:x', 'git~1:', '.git\\x', 'a\\.git', 'a\\.git\\x', 'a\\git~1',
        'a\\.gitx', ' .git ', ' .git', '.git x', '.gitx', '.g' . "\xe2\x80\x8c" . 'it', "\xef\xbb\xbf.git",
        ".git\xe2\x81\xaf", ".gi\xe2\x80\xaeT", ".git\xe2\x80\x90", '..', '.', '...', '. ', '.. ', '.gitmodules',
        '.GITMODULES',
        '.gitmodules.', '.gitmodules ', '.gitmodules::$DATA', '.gitmodules:x', '.gitmodules\\x', 'gitmod~1',
        'GITMOD~4', 'gitmod~5', 'gitmod~1 .', 'gi7eba~1', 'GI7EBA~9', 'gi7eba~0', 'gi7eb~01', 'gi7eb~10', 'gi~12345',
        '~1234567',
        'g~123456', 'gi7eba~1x', 'gi7eba~12', '.gitmod' . "\xe2\x80\x8d" . 'ules', 'a\\.gitmodules', 'gitmodules',
        '.gitattributes', '.gitattributes.', 'c:', 'c:x', '\\x', 'CON', 'aux.c', 'x.', '-', "\xff", '.git~1', '.g',
        'git', 'git~', map { ".gi$_" . 't' } "\xe2\x80\x8b", "\xe2\x80\x8f", "\xe2\x80\x90", "\xe2\x80\xa9",
        "\xe2\x80\xaa", "\xe2\x80\xaf", "\xe2\x81\xa9", "\xe2\x81\xaa", "\xe2\x81\xb0");
    my %kinds = (100644 => $blob, 120000 => $blob, 40000 => tree($odd, [100644, 'x', $blob]));
    my @rows = map { my $name = $_; map { [$_, $name] } sort keys %kinds } @names;
    my @trees = map { object($odd, 'tree', "$$_[0] $$_[1]\0" . pack 'H*', $kinds{ $$_[0] }) } @rows;
    my @commits = map { object($odd, 'commit', commit($_)) } @trees;
    spew("$odd->{path}/refs/heads/n$_", "$commits[$_]\n") for 0 .. $#rows;
    my @wrong;
    for my $i (0 .. $#rows) {
        my ($ours, $theirs) = (fetch("/odd/archive/n$i.tar"), git_makes($odd, "n$i"));
        my $status = $ours->status . ($ours->status == 404 ? ' ' . $ours->body : '');
        my $want = $theirs ? '200'
            : '404 There is no archive of this commit: a path in it holds a name that git does not allow';
        push @wrong, "@{ $rows[$i] }: $status, git: $theirs" if $status ne $want;
    }
    is_deeply(\@wrong, [], 'those that git archive takes');
};

subtest 'trees' => sub {
    my $d = tree($odd, [100644, 'x', $blob]);
    my $other = object($odd, 'blob', "other\n");
    my $bad = object($odd, 'tree', "100644 a\0short");
    my $rules = object($odd, 'blob', "a export-ignore\n");
    my $none = object($odd, 'blob', "* -export-ignore\n");
    # name => [what we answer, rows]; 'same': the files of git archive
    my %trees = (
        unsorted => ['same', [100644, 'z', $blob], [100644, '.gitattributes', $rules], [100644, 'b', $blob],
            [100644, 'a', $blob]],
        twice => ['same', [100644, 'a', $blob], [100644, 'a', $other]],
        'a file and a folder' => ['same', [100644, 'a', $blob], [40000, 'a', $d]],
        'rules twice' => ['same', [100644, '.gitattributes', $rules], [100644, '.gitattributes', $none],
            [100644, 'a', $blob]],
        'rules twice again' => ['same', [100644, '.gitattributes', $none], [100644, '.gitattributes', $rules],
            [100644, 'a', $blob]],
        'rules in a link' => ['same', [120000, '.gitattributes', $rules], [100644, 'a', $blob]],
        'rules in a program' => ['same', [100755, '.gitattributes', $rules], [100644, 'a', $blob]],
        'a folder of rules' => ['same', [40000, '.gitattributes', $d], [100644, 'a', $blob]],
        'rules that are a submodule' => ['same', [160000, '.gitattributes', '1' x 40], [100644, 'a', $blob]],
        padded => ['same', ['0100644', 'a', $blob], ['040000', 'd', $d], ['0000120000', 'l', $blob]],
        modes => ['same', map({ [$_, "m$_", $blob] } qw(100664 100640 100600 100444 100777 100744 100700 100100 100655
            120777 120644 101644))],
        'mode 0' => ['same', [0, 'a', $blob], [100644, 'b', $blob]],
        'a null submodule' => ['same', [100644, 'a', $blob], [160000, 's', '0' x 40]],
        'a submodule of no commit' => ['same', [100644, 'a', $blob], [160000, 's', $blob]],
        'an ignored blob that is missing' => ['same', [100644, '.gitattributes', $rules], [100644, 'a', '1' x 40],
            [100644, 'b', $blob]],
        'an ignored folder with a bad name' => ['404', [100644, '.gitattributes', $rules],
            [40000, 'a', tree($odd, [100644, '.git', $blob])]],
        'an ignored folder that is missing' => ['404', [100644, '.gitattributes', $rules], [40000, 'a', '1' x 40]],
        'a null blob' => ['404', [100644, 'a', '0' x 40]],
        'a null folder' => ['404', [40000, 'a', '0' x 40]],
        'a missing blob' => ['404', [100644, 'a', $blob], [100644, 'b', '1' x 40]],
        'a missing link' => ['404', [120000, 'b', '1' x 40]],
        'a missing folder' => ['404', [100644, 'a', $blob], [40000, 'b', '1' x 40]],
        'a folder that is a blob' => ['404', [40000, 'a', $blob]],
        'an empty name' => ['404', [100644, '', $blob]],
        'a damaged folder' => ['404', [40000, 'd', $bad]],
        'encoding without a name' => ['404',
            [100644, '.gitattributes', object($odd, 'blob', "a working-tree-encoding\n")], [100644, 'a', $blob]],
        'encoding off' => ['same', [100644, '.gitattributes', object($odd, 'blob', "a -working-tree-encoding\n")],
            [100644, 'a', $blob]],
        # safer than git
        'a slash' => ['404 safe', [100644, 'd/e', $blob]],
        'an absolute name' => ['404', [100644, '/etc/x', $blob]],
        'a way up' => ['404', [100644, '../x', $blob]],
        'a blob that is a folder' => ['404 safe', [100644, 'a', $d]],
        'a link and a file' => ['404 safe', [120000, 'a', $blob], [100644, 'a', $blob]],
        'a link and a folder' => ['404 safe', [120000, 'a', $blob], [40000, 'a', $d]],
        'folders of one name' => ['404 safe', [40000, 'a', $d], [40000, 'a', tree($odd, [100644, 'y', $blob])]],
    );
    my ($i, @same) = (0);
    for my $name (sort keys %trees) {
        my ($want, @rows) = @{ $trees{$name} };
        branch($odd, 't' . ++$i, tree($odd, @rows));
        my $a = fetch("/odd/archive/t$i.tar");
        if ($want eq 'same') {
            is($a->status, 200, $name);
            push @same, my $file = "$dir/" . $name =~ tr/ /-/r;
            spew("$file.$_", $_ eq 'ours' ? $a->body : git_archive($odd, "t$i")) for qw(ours git);
        } else {
            is($a->status, 404, $name);
            like($a->body, qr/\AThere is no archive of this commit: \w[^\n]+\z/, 'a sentence');
            is(git_makes($odd, "t$i"), $want eq '404' ? '' : 1, $want eq '404' ? 'nor has git one' : 'git has one');
        }
        is($t->get("/odd/archive/t$i.tar", as => 'admin', method => 'HEAD')->status, $a->status, 'and so does HEAD');
    }
    is($t->run('/usr/bin/python3', '-c', $COMPARE, @same)->{out} =~ s/kinds.*//sr, '', 'as git archive gives them');
};

# --- large ones, after those for which this process forks often

subtest 'large contents' => sub {
    my $large = join '', map { "line $_ of a large file \$Id: \$\n" } 1 .. 240_000;
    my @branches = map { [['large', $large], ['small', "x\n"], ['.gitattributes', "large $_\n"]] } 'text', 'eol=crlf',
        'ident text eol=crlf working-tree-encoding=UTF-16LE', 'text=auto eol=crlf';
    push @branches, [['large', "$large\xff"], ['.gitattributes', "* working-tree-encoding=UTF-16\n"]];
    my $repo = repository('large', @branches);
    ok(compare($repo, scalar @branches, 'more than 8 MB'), 'compared');
    spew("$dir/zip", fetch('/large/archive/r3.zip')->body);
    my $blob = $t->git($repo->{path}, qw(rev-parse r3:large)) =~ s/\n//r;
    my $r = $t->run('/usr/bin/python3', '-c',
        'import sys,zipfile; print([i.file_size for i in zipfile.ZipFile(sys.argv[1]).infolist() if '
            . 'i.filename.endswith("large")], zipfile.ZipFile(sys.argv[1]).testzip())', "$dir/zip");
    is($r->{out}, '[' . 2 * (length($large) + 240_000 * 42) . "] None\n", 'in a zip, too');
};

subtest 'more than 65,535 files in a zip' => sub {
    my $stream = "blob\nmark :1\ndata 2\nx\n\ncommit refs/heads/master\ncommitter C <c\@x> 1500000000 +0000\ndata 0\n";
    $stream .= "M 100644 :1 d@{[$_ % 700]}/f$_\n" for 1 .. 66_000;
    my $many = $t->repo('many', args => $DOWNLOADS,
        build => sub { $t->git($_[0], { stdin => "${stream}done\n" }, qw(fast-import --quiet --done)) });
    spew("$dir/many.zip", fetch('/many/archive/master.zip')->body);
    my $r = $t->run('/usr/bin/python3', '-c',
        'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); n=z.namelist(); '
            . 'print(len(n), len(set(n)), z.read(n[0]), z.read(n[-1]))', "$dir/many.zip");
    is("$r->{out}$r->{err}", "66000 66000 b'x\\n' b'x\\n'\n", 'Python finds them all');
    my $end = substr slurp("$dir/many.zip"), -22 - 20 - 56; # the two readers find files without them
    is_deeply([unpack 'a4 x20 Q<2 x36 a4 x4 v2', $end], ["PK\6\6", 66_000, 66_000, "PK\5\6", 0xffff, 0xffff],
        'their number, where two bytes are too few for it');
    $r = $t->run('bash', '-c', "unzip -tq $dir/many.zip && unzip -Z1 $dir/many.zip | wc -l");
    like($r->{out}, qr/^No errors detected.*\n66000\n\z/, 'unzip reads them all');
};

subtest 'looked at before the work' => sub {
    my $noise = join '', map { chr int rand 256 } 1 .. 1 << 20;
    my $repo = $t->repo('lacking', commits => 1, args => $DOWNLOADS);
    branch($repo, 'x', tree($repo, (map { [100644, sprintf('a%03d', $_), object($repo, 'blob', $_ . $noise)] } 1 .. 8),
        [100644, 'z', '1' x 40]));
    my ($child) = $t->children;
    my $read = sub { slurp("/proc/$child/io") =~ /^rchar: (\d+)/m ? $1 : die };
    my $written = sub { slurp("/proc/$child/io") =~ /^wchar: (\d+)/m ? $1 : die };
    my @before = ($read->(), $written->());
    is(fetch('/lacking/archive/x.tar')->status, 404, 'the last file is missing');
    cmp_ok($read->() - $before[0], '<', 1 << 19, 'no file was read for that');
    cmp_ok($written->() - $before[1], '<', 1 << 18, 'and nothing written');
    like($t->error_log, qr/object 1{40} is missing in \S+, for 'z' \(request \S+\)/, 'the log names it');
};

# --- bounds

subtest 'directories that a pack makes small' => sub {
    my $repo = $t->repo('wide', commits => 1, args => $DOWNLOADS);
    my $rows = join '', map { sprintf "100644 a%06d\0%s", $_, pack 'H*', $blob } 1 .. 100_000; # 3 MB
    my $first = sub { "40000 0\0" . pack 'H*', $_[0] };
    my $size = length($rows) + length $first->($blob);
    my $rest = pack 'C*', 0xf1, $size - length $rows, map { length($rows) >> 8 * $_ & 0xff } 0 .. 2;
    my $pack = []; # of one directory, and others that differ from it in their first entry; the ids are made up
    my $base = add_whole($pack, TREE, $first->(tree($repo, [100644, 'f', object($repo, 'blob', "x\n")])) . $rows);
    my $below = unpack 'H*', $base;
    for (1 .. 41) {
        my $delta = pack_number($size) x 2 . pack('C/a', $first->($below)) . $rest;
        $below = sha1_hex($_);
        add_packed($pack, pack('H*', $below), pack_head(REF_DELTA, length $delta) . $base . compress($delta));
    }
    save_pack($pack, $repo);
    branch($repo, 'deep', $below);
    my ($child) = $t->children;
    my $most = sub { slurp("/proc/$child/status") =~ /^VmHWM:\s*(\d+)/m ? $1 / 1024 : 0 };
    spew("/proc/$child/clear_refs", '5');
    my $before = $most->();
    for my $view (qw(archive/deep.tar changeset-diff/deep)) {
        my $a = fetch("/wide/$view");
        is($a->status . ' ' . $a->body, '413 The directories of a commit are too large', $view);
    }
    my $id_deep = $t->git($repo->{path}, qw(rev-parse deep)) =~ s/\n//r;
    is($t->call(get_repo_nodes => { repoid => 'wide', revision => $id_deep, root_path => '/', ret_type => 'dirs' })
        ->{result}, undef, 'get_repo_nodes');
    cmp_ok($most->() - $before, '<', 250, 'memory is bounded') if !$ENV{RCAPI_PRELOAD};
};

subtest 'bounds of attributes' => sub {
    my $repo = $t->repo('bounds', commits => 1, args => $DOWNLOADS);
    my $rows = sub { my ($rules) = @_; return [100644, '.gitattributes', object($repo, 'blob', $rules)] };
    my $long = join '', map { $_ . 'x' x 1980 . " export-ignore\n" } 1 .. 500; # 1 MB
    my $nested = sub {
        my ($depth, $text) = @_;
        my $tree = tree($repo, [100644, 'f', $blob = object($repo, 'blob', "x\n")]);
        $tree = tree($repo, $rows->($text->($_)), [40000, 'd', $tree]) for 1 .. $depth;
        return $tree;
    };
    branch($repo, 'same', $nested->(90, sub { $long }));
    branch($repo, 'others', $nested->(20, sub { "$long$_" }));
    branch($repo, 'many', $nested->(1, sub { "a export-ignore\n" x 60_000 }));
    branch($repo, 'path', $nested->(120, sub { "a export-ignore\n" x 500 }));
    branch($repo, 'macros', $nested->(1, sub { join '', map { "[attr]m$_ export-ignore\n" } 1 .. 2000 }));
    branch($repo, 'states', $nested->(1,
        sub { "a" . " text" x 400 . "\n" x 1 . ("b" . ' ident' x 330 . "\n") x 700 }));
    branch($repo, 'behind', tree($repo, $rows->("#\n" x (1 << 20) . "a export-ignore\n"), [100644, 'a', $blob],
        [100644, 'b', $blob]));
    my ($child) = $t->children;
    my $most = sub { slurp("/proc/$child/status") =~ /^VmHWM:\s*(\d+)/m ? $1 / 1024 : 0 };
    for (['same', 200], ['others', 413], ['many', 413], ['path', 413], ['macros', 413], ['states', 413],
        ['behind', 200]) {
        my ($name, $want) = @$_;
        spew("/proc/$child/clear_refs", '5');
        my $before = $most->();
        my $a = fetch("/bounds/archive/$name.tar");
        is($a->status, $want, $name);
        is($a->body, 'This archive has too many rules in .gitattributes', 'why') if $want == 413;
        cmp_ok($most->() - $before, '<', 60, 'memory is bounded') if !$ENV{RCAPI_PRELOAD};
        spew("$dir/behind.tar", $a->body) if $name eq 'behind';
    }
    unlike($t->run(qw(tar tf), "$dir/behind.tar")->{out}, qr{/a$}m, 'rules far down in a file count');
};

$t->done;
done_testing;
