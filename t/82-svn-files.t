#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Files of Subversion revisions by the views (contract 07 §5): raw files as `svn cat` gives them, archives of a
# whole tree and of one directory, feeds; validators, and revisions with a slash.
use strict;
use warnings;
use File::Temp ();
use Test::More;
use RCAPI::Run qw(slurp spew);
use RCAPI::Svn;
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*', directives => <<'END');
AllowEncodedSlashes NoDecode
RcapiFeedIncludeDiff On
END
my $COUNT = 25;
my $name = 'files';
my $path = "$t->{dir}/data/repos/$name";
my $dump = RCAPI::Svn::history(RCAPI::Svn->dump, $COUNT, 17);
$dump->revision(log => "the last\n\nbody", author => undef);
$dump->file('trunk/large', "line of text\n" x 800_000);
$dump->file('trunk/large.bin', "\0binary" x 1_300_000, { 'svn:executable' => '*' });
$dump->file('trunk/image.png', "\x89PNG\r\n\x1a\n\0");
$dump->file('trunk/keywords', "\$Id\$\n\$Rev\$\r\n", { 'svn:keywords' => 'Id Rev', 'svn:eol-style' => 'native' });
$dump->file('trunk/special', 'no link', { 'svn:special' => '*' });
$COUNT++;
my $url = $dump->serve($t, $name, enable_downloads => JSON::PP::true());

sub get { my ($view, %opt) = @_; return $t->get("/$name/$view", as => 'admin', %opt) }

sub escaped { my ($text) = @_; return $text =~ s/([^\w\/.-])/sprintf '%%%02X', ord $1/ger }

# The bytes that a view sends for a file of the dump.
sub content_of {
    my ($node) = @_;
    my ($content, $props) = @$node;
    $content =~ s/\Alink // if $props->{'svn:special'};
    return $content;
}

subtest 'every file' => sub {
    for my $n (3, 14, $COUNT) {
        my $tree = $dump->{trees}[$n];
        for my $file (grep { defined $tree->{$_}[0] } sort keys %$tree) {
            my $a = get("raw/$n/" . escaped($file));
            is $a->status, 200, "$file in r$n";
            ok $a->body eq content_of($tree->{$file}), 'its bytes';
            my $type = $file =~ /png\z/ ? 'image/png' : 'application/octet-stream';
            is $a->header('Content-Type'), $a->body =~ /\0/ ? $type : 'text/plain; charset=utf-8', 'its type';
        }
        my @plain = grep { defined $tree->{$_}[0] && !$tree->{$_}[1]{'svn:special'} } sort keys %$tree;
        for my $file (grep { !/large/ && !$tree->{$_}[1]{'svn:eol-style'} } @plain) {
            my $svn = RCAPI::Svn::svn('cat', '--ignore-keywords', "$url/" . escaped($file) . "\@$n");
            ok get("rawfile/$n/" . escaped($file))->body eq $svn, "$file: as svn cat";
            last if $n == $COUNT;
        }
    }
};

subtest 'what is not there' => sub {
    is get('raw/1/trunk')->status, 404, 'a directory';
    is get('raw/1/none')->status, 404, 'nothing';
    is get("raw/$COUNT/trunk/special/x")->status, 404, 'below a file';
    is get('raw/0/trunk')->status, 404, 'r0';
    is get("raw/$COUNT/" . ('x/' x 300) . 'y')->status, 404, 'a long path';
    is get("raw/$COUNT/trunk/%ff%fe")->status, 404, 'bytes that are no text';
    like get('raw/1/none')->body, qr/'none' at commit 1$/m, 'the text names the revision';
};

subtest 'revisions in URLs' => sub {
    my $file = 'trunk/special';
    is get("raw/$_/$file")->status, 200, "at $_"
        for $COUNT, "r$COUNT", 'tip', 'HEAD', 'trunk', 'branches%2Fone', 'tags%2Fv1';
    is get("raw/$_/$file")->status, 404, "at $_" for 'branches%2Fnone', $COUNT + 1, 'trunk%2Fsrc';
};

subtest 'validators' => sub {
    my $a = get("raw/$COUNT/trunk/special");
    like $a->header('Cache-Control'), qr/immutable/, 'a file of a revision never changes';
    my $etag = $a->header('ETag');
    is get("raw/$COUNT/trunk/special", headers => ['If-None-Match' => $etag])->status, 304, 'the same';
    unlike get('raw/tip/trunk/special')->header('Cache-Control'), qr/immutable/, 'a name can move';
    isnt get("raw/$COUNT/trunk/keywords")->header('ETag'), $etag, 'another file';
    my $range = get("raw/$COUNT/trunk/large", headers => [Range => 'bytes=13-25']);
    is $range->status, 206, 'a range';
    is $range->body, "line of text\n", 'of a large file';
    my $head = get("rawfile/$COUNT/trunk/image.png", method => 'HEAD');
    is $head->header('Content-Length'), 9, 'HEAD tells the size';
};

# path => content, and '*' for programs, '@' for links, as tar has them.
sub unpacked {
    my ($tar) = @_;
    my $dir = File::Temp->newdir('rcapi-XXXXXX', TMPDIR => 1);
    spew("$dir.tar", $tar);
    my $r = $t->run('tar', 'xf', "$dir.tar", '-C', "$dir");
    is $r->{exit}, 0, 'tar unpacks it' or diag $r->{err};
    my %files;
    require File::Find;
    File::Find::find({ no_chdir => 1, wanted => sub {
        return if -d && !-l;
        $files{ substr $_, 1 + length $dir } = -l $_ ? '@' . readlink : (-x _ ? '*' : '') . slurp($_);
    } }, "$dir");
    unlink "$dir.tar";
    return \%files;
}

sub in_archive {
    my ($tree, $prefix, $top) = @_;
    my %files;
    for my $file (grep { defined $tree->{$_}[0] } keys %$tree) {
        next if $top ne '' && $file !~ m{^\Q$top\E/};
        my $props = $tree->{$file}[1];
        my $link = $props->{'svn:special'} && $tree->{$file}[0] =~ /^link /;
        $files{ $prefix . ($top eq '' ? $file : substr $file, 1 + length $top) } =
            ($link ? '@' : $props->{'svn:executable'} ? '*' : '') . content_of($tree->{$file});
    }
    return \%files;
}

subtest 'archives' => sub {
    for my $n (9, $COUNT) {
        my $a = get("archive/$n.tar");
        is $a->status, 200, "r$n";
        like $a->header('Content-Disposition'), qr/filename="?$name-$n\.tar/, 'its name';
        unlike $a->header('Cache-Control'), qr/immutable/, 'the time in it can change';
        is_deeply unpacked($a->body), in_archive($dump->{trees}[$n], "$name-$n/", ''), 'its files' if $n == 9;
    }
    my $trunk = get('archive/9.tar?at_path=trunk');
    is_deeply unpacked($trunk->body), in_archive($dump->{trees}[9], "$name-9/", 'trunk'), 'one directory';
    is get('archive/9.tar?at_path=/trunk/')->body, $trunk->body, 'with slashes around it';
    is get("archive/9.tar?at_path=$_")->status, 404, "at_path=$_" for 'none', 'trunk/../branches';
    is get("archive/$COUNT.tar?at_path=trunk/special")->status, 404, 'a file is no directory';
    is get('archive/9.zip')->status, 200, 'zip';
    is get('archive/branches%2Fone.tar.gz')->status, 200, 'a branch';
    my $before = get('archive/9.tar');
    is $before->body, get('archive/9.tar')->body, 'the same bytes again';
    my $date = RCAPI::Svn::program('svnlook', 'date', '-r9', $path);
    my ($bytes) = RCAPI::Svn::program('date', '-u', '-d', $date =~ s/ \(.*//sr, '+%s');
    my $listed = $t->run({ stdin => $before->body }, 'tar', 'tvf', '-', '--utc', '--full-time');
    my $shown = RCAPI::Svn::program('date', '-u', '-d', "\@$bytes" =~ s/\n//r, '+%Y-%m-%d %H:%M:%S') =~ s/\n//r;
    like $listed->{out}, qr/\Q$shown\E/, "times are the revision's";
    spew("$t->{dir}/scratch/date", '2011-01-02T03:04:05.000000Z');
    RCAPI::Svn::program('svnadmin', 'setrevprop', '-r9', $path, 'svn:date', "$t->{dir}/scratch/date");
    isnt get('archive/9.tar')->body, $before->body, 'another date, another archive, though one was kept';
};

subtest 'feeds' => sub {
    for my $kind (qw(atom rss)) {
        my $a = get("feed/$kind");
        is $a->status, 200, $kind;
        like $a->body, qr{the last.*/changeset/$COUNT\b.*/changeset/@{[$COUNT - 1]}\b}s, 'the last first';
        like $a->body, qr/trunk\/keywords/, 'a changed file';
        unlike $a->body, qr/tag: |branch: /, 'no label: all branches lead to the last revision';
        is $t->run({ stdin => $a->body }, 'xmllint', '--noout', '-')->{exit}, 0, 'well-formed';
    }
    my $etag = get('feed/atom')->header('ETag');
    is get('feed/atom', headers => ['If-None-Match' => $etag])->status, 304, 'nothing new';
    spew("$t->{dir}/scratch/log", 'edited message');
    RCAPI::Svn::program('svnadmin', 'setlog', '--bypass-hooks', '-r', $COUNT - 1, $path, "$t->{dir}/scratch/log");
    like get('feed/atom')->body, qr/edited message/, 'a message that was changed';
};

$t->done;
done_testing;
