#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Files of Mercurial changesets by the views and the API (contract 08 §5): raw files, lists, archives beside those of
# `hg archive`, feeds; large and binary files, long names, other bytes than UTF-8; patches that hg imports again.
use strict;
use warnings;
use File::Find ();
use File::Temp ();
use Test::More;
use RCAPI::Hg;
use RCAPI::Run qw(slurp spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*');
my $name = 'files';
my $path = "$t->{dir}/data/repos/$name";
my %tree = (
    'dir/a' => { data => "a\n" }, 'dir/sub/b' => { data => "b\n" }, 'dir-x' => { data => "x\n" },
    'dir.y' => { data => "y\n" },
    'run.sh' => { data => "#!/bin/sh\n", flags => 'x' }, 'to' => { data => '../dir/a', flags => 'l' },
    'image.png' => { data => "\x89PNG\r\n\x1a\n\0" }, 'empty' => { data => '' },
    'meta' => { data => "\1\nno metadata\n\1\n" },
    "\xc3\xa9 t\xc3\xa9" => { data => "utf-8\n" }, "b\xff" => { data => "other\n" },
    'LONG/' . 'n' x 80 . '/' . 'M' x 90 . '.c' => { data => "long\n" },
    'large' => { data => "line of text\n", times => 650_000 }, 'large.bin' => { data => "\0binary", times => 9_999 },
    '.hgsub' => { data => "sub = ../sub\n" }, '.hgsubstate' => { data => '0' x 40 . " sub\n" },
    '.hg_archival.txt' => { data => "mine\n" }, 'latin' => { data => "\xe9t\xe9\n" },
);
my %moved = ('moved/a' => { data => "a\n", copy => 'dir/a' }, 'dir/a' => undef,
    'copied' => { data => "b\nmore\n", copy => 'dir/sub/b' },
    'large' => { data => "line of text\n", times => 650_001 });
RCAPI::Hg::hg('init', $path);
my @ids = RCAPI::Hg::build($path,
    { files => \%tree, desc => "first\n\nbody", date => [1_200_000_000, 7200] },
    { files => \%moved, user => "\xc3\x89ric <e\@x>", branch => 'other', desc => "sp\xc3\xa9cial" },
    { files => { 'run.sh' => { data => "#!/bin/sh\n" }, 'image.png' => { data => "\0\1\2" x 99 } }, parents => [1],
        branch => 'other', desc => 'modes and bytes' });
$t->must('rescan_repos');
$t->must(update_repo => { repoid => $name, enable_downloads => JSON::PP::true() });

sub get { my ($view, %opt) = @_; return $t->get("/$name/$view", as => 'admin', %opt) }

sub escaped { my ($text) = @_; return $text =~ s/([^\w\/.-])/sprintf '%%%02X', ord $1/ger }

# "is" would print whole files.
sub same { my ($is, $wanted, $what) = @_; return ok $is eq $wanted, $what }

my %later = (%tree, map { $_ => $moved{$_} } grep { $moved{$_} } keys %moved);
delete $later{'dir/a'};

subtest 'raw files' => sub {
    for (['0', \%tree], [$ids[1], \%later]) {
        my ($rev, $files) = @$_;
        for my $file (sort keys %$files) {
            my $a = get("raw/$rev/" . escaped($file));
            is $a->status, 200, "$file in $rev";
            same $a->body, $files->{$file}{data} x ($files->{$file}{times} // 1), 'its bytes';
        }
    }
    is get("raw/0/$_")->status, 404, "$_ is no file" for 'dir', 'none', 'dir/a/x', 'DIR/a', 'di', 'x/' x 300;
    is get('raw/1/dir/a')->status, 404, 'it was renamed';
    like get('rawfile/0/image.png')->header('Content-Type'), qr{^image/png}, 'a type';
};

subtest 'validators' => sub {
    my $a = get("raw/$ids[1]/large");
    like $a->header('Cache-Control'), qr/immutable/, 'a file at a full id never changes';
    my $etag = $a->header('ETag');
    is get("raw/$ids[1]/large", headers => ['If-None-Match' => $etag])->status, 304, 'the same';
    isnt get("raw/$ids[0]/large")->header('ETag'), $etag, 'another content';
    unlike get('raw/tip/large')->header('Cache-Control'), qr/immutable/, 'a name can move';
    my $range = get("raw/$ids[1]/large", headers => [Range => 'bytes=13-25']);
    is $range->body, "line of text\n", 'a range of a large file';
    is get("rawfile/0/image.png", method => 'HEAD')->header('Content-Length'), 9, 'HEAD tells the size';
};

subtest 'lists' => sub {
    my $nodes = sub {
        $t->must(get_repo_nodes => { repoid => $name, revision => '0', root_path => $_[0], ret_type => $_[1] });
    };
    is_deeply [map { $_->{name} } @{ $nodes->('dir', 'all') }], ['dir/sub', 'dir/a', 'dir/sub/b'], 'a directory';
    is_deeply [map { $_->{name} } @{ $nodes->('/', 'dirs') }],
        ['LONG', 'dir', 'LONG/' . 'n' x 80, 'dir/sub'], 'directories';
    my %names = map { $_->{name} => 1 } @{ $nodes->('', 'files') };
    is scalar keys %names, scalar keys %tree, 'all files';
    ok $names{"b\x{fffd}"}, 'a name that is no text';
    is_deeply $nodes->('run.sh', 'all'), [], 'below a file is nothing';
};

# path => content, and '*' for programs, '@' for links, as tar has them.
sub unpacked {
    my ($tar) = @_;
    my $dir = File::Temp->newdir('rcapi-XXXXXX', TMPDIR => 1);
    spew("$dir.tar", $tar);
    my $r = $t->run('tar', 'xf', "$dir.tar", '-C', "$dir");
    is $r->{exit}, 0, 'tar unpacks it' or diag $r->{err};
    my %files;
    File::Find::find({ no_chdir => 1, wanted => sub {
        return if -d && !-l;
        $files{ substr $_, 1 + length $dir } = -l $_ ? '@' . readlink : (-x _ ? '*' : '') . slurp($_);
    } }, "$dir");
    unlink "$dir.tar";
    return \%files;
}

subtest 'archives' => sub {
    for my $n (1) {
        my $prefix = "$name-" . substr($ids[$n], 0, 12);
        my $a = get("archive/$ids[$n].tar");
        is $a->status, 200, "changeset $n";
        like $a->header('Content-Disposition'), qr/filename="?\Q$prefix\E\.tar/, 'its name';
        like $a->header('Cache-Control'), qr/immutable/, 'it never changes';
        my $is = unpacked($a->body);
        RCAPI::Hg::hg('--cwd', $path, 'archive', '-r', $ids[$n], '-t', 'tar', '-p', $prefix,
            '-X', '.hg_archival.txt', "$t->{dir}/scratch/$n.tar");
        my $hg = unpacked(slurp("$t->{dir}/scratch/$n.tar"));
        $hg->{"$prefix/.hg_archival.txt"} = "repo: $ids[0]\nnode: $ids[$n]\nbranch: other\n";
        is_deeply [sort keys %$is], [sort keys %$hg], 'the files of hg archive';
        same $is->{$_}, $hg->{$_}, $_ for sort keys %$hg;
    }
    my $listed = $t->run({ stdin => get('archive/0.tar')->body }, 'tar', 'tvf', '-', '--utc', '--full-time');
    like $listed->{out}, qr/\A[^\n]* 2008-01-10 21:20:00 \Q$name-\E\w+\/\.hg_archival\.txt\n/,
        "the changeset's time; .hg_archival.txt is first" or diag substr $listed->{out}, 0, 300;
    my %before = map { $_ => get("archive/$ids[0].$_")->body } qw(zip tar);
    RCAPI::Hg::build($path, { tags => { later => 0 }, parents => [2], branch => 'other' });
    $t->must(invalidate_cache => { repoid => $name });
    same get("archive/$ids[0].$_")->body, $before{$_}, "$_: the same bytes after a tag" for sort keys %before;
    is get('archive/later.tar.gz')->status, 200, 'by its tag';
};

# hg checks out none of these paths; a changeset with one may be pushed.
subtest 'archives that would change other files' => sub {
    my %files = (
        'way up' => { 'a/../../x' => {} }, 'settings of hg' => { '.hg/hgrc' => {} },
        'in capitals' => { 'a/.HG/hgrc' => {} },
        'through a link' => { to => { data => '../other', flags => 'l' }, 'to-x' => {}, 'to/x' => {} },
        'empty name' => { 'a//x' => {} },
    );
    $files{allowed} = { to => $files{'through a link'}{to}, map { $_ => {} } '.hg.x', '.hgx/a', '.hgignore', 'a..b' };
    my @why = sort keys %files;
    my @new = (RCAPI::Hg::build($path, map { { files => $files{$_}, parents => [] } } @why))[-@why .. -1];
    for my $n (0 .. $#why) {
        is get("archive/$new[$n].$_")->status, $why[$n] eq 'allowed' ? 200 : 404, "$why[$n]: $_" for 'tar', 'zip';
    }
};

subtest 'patches' => sub {
    RCAPI::Hg::hg('init', "$t->{dir}/scratch/again");
    my @patches = map { get("changeset-patch/$_")->body } @ids;
    spew("$t->{dir}/scratch/$_.patch", $patches[$_]) for 0 .. 2;
    RCAPI::Hg::hg('-R', "$t->{dir}/scratch/again", 'import', '--exact', '--bypass', '-q',
        map { "$t->{dir}/scratch/$_.patch" } 0 .. 2);
    like $patches[1], qr/^# User \xc3\x89ric <e\@x>$/m, 'UTF-8';
    like $patches[1], qr/^rename from dir\/a$/m, 'a rename';
    like $patches[2], qr/^old mode 100755\nnew mode 100644$/m, 'a mode';
    my $diffs = $t->must(get_repo_changeset => { repoid => $name, revision => '1', details => 'full' })->{diff};
    my %of = map { $_->{filename} => $_ } @$diffs;
    is_deeply [map { "$_->{op} $_->{filename}" } @$diffs], ['M copied', 'M large', 'M moved/a'], 'copies are M';
    like $of{'moved/a'}{raw_diff}, qr{\A a/dir/a b/moved/a\nrename from dir/a\nrename to moved/a\n\z},
        'a rename alone';
    is_deeply [@{ $of{large} }{qw(new_revision old_revision)}], [undef, undef], 'contents have no ids';
    is $of{large}{stats}{added}, 1, 'lines';
};

subtest 'feeds' => sub {
    for my $kind (qw(atom rss)) {
        my $a = get("feed/$kind");
        is $a->status, 200, $kind;
        like $a->body, qr{\Q$ids[2]\E.*\Q$ids[1]\E.*\Q$ids[0]\E}s, 'the last first';
        like $a->body, qr/moved\/a/, 'a changed file';
        is $t->run({ stdin => $a->body }, 'xmllint', '--noout', '-')->{exit}, 0, 'well-formed';
    }
    my $etag = get('feed/atom')->header('ETag');
    is get('feed/atom', headers => ['If-None-Match' => $etag])->status, 304, 'nothing new';
    RCAPI::Hg::build($path, { files => { z => { data => 'z' } } });
    isnt get('feed/atom')->header('ETag'), $etag, 'something new';
};

$t->done;
done_testing;
