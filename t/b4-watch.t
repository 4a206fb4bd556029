#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# No answer is older than the last change that another program made to a repository: references by
# git, packed and loose, folders of branches, other directories below the same name; commits to
# Subversion. The server learns of each by an event of the kernel, or by file times;
# t/unit/test_stamps.c has the rest.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::HTTP;
use RCAPI::Run qw(rounds spew);
use RCAPI::Svn ();
use RCAPI::Test;

my $ROUNDS = rounds(25, 60);
my $ASKED = 6; # on connections of their own, so by both children and several handles
my $OFTEN = 4; # so many times that files are watched: each child compares them eight times before

my $t = RCAPI::Test->new(children => 2, threads => 6);
my $repo = $t->repo('watch', empty => 1);
my $path = $repo->{path};
my @ids = build($path, 'n', 9 + $ROUNDS);

# Commits of the file n, which has the number of the commit in it.
sub build {
    my ($path, $prefix, $n) = @_;
    my $text = join '', map {
        my $when = 1_300_000_000 + $_;
        "commit refs/heads/master\ncommitter A <a\@example.org> $when +0000\ndata 1\nx\n"
            . "M 100644 inline n\ndata <<E\n$prefix$_\nE\n"
    } 0 .. $n - 1;
    $t->git($path, { stdin => $text }, qw(fast-import --quiet));
    return reverse split /\n/, $t->git($path, qw(rev-list master));
}

sub update { $t->git($path, 'update-ref', "refs/heads/$_[0]", $ids[$_[1]]) }

# What the server says of a branch: each of several times the content of its file.
sub are {
    my ($branch, $content, $name, $repo) = @_;
    my %seen = map { my $a = $t->get('/' . ($repo // 'watch') . "/raw/$branch/n");
        (($a->status == 200 ? $a->body : $a->status) => 1) } 1 .. $ASKED;
    return is(join(' ', sort keys %seen), $content, $name);
}

sub is_at { are($_[0], "n$_[1]\n", $_[2]) }

# The same of a branch whose name is no part of a path; undef: there is none.
sub lists {
    my ($branch, $n, $name) = @_;
    my %seen = map { ($t->must(get_repo_refs => { repoid => 'watch' })->{branches}{$branch} // '' => 1) } 1 .. $ASKED;
    return is(join(' ', sort keys %seen), defined $n ? $ids[$n] : '', $name);
}

# For a request that finds nothing changed: the files are too old to be read again.
sub settle { system('find', $path, '-exec', 'touch', '-h', '-d', '2020-01-01', '{}', '+') }

subtest 'a branch moves' => sub {
    update('b', 0);
    is_at('b', 0, 'there');
    settle();
    is_at('b', 0, 'nothing happened') for 1 .. $OFTEN;
    for my $i (1 .. $ROUNDS) {
        update('b', $i);
        is_at('b', $i, "moved, $i") or last;
    }
    is($t->must(get_repo => { repoid => 'watch' })->{last_changeset}{raw_id}, $ids[-1], 'the last changeset');
    $t->git($path, 'update-ref', 'refs/heads/master', $ids[7]);
    $t->git($path, 'update-ref', '-d', 'refs/heads/b');
    is($t->must(get_repo => { repoid => 'watch' })->{last_changeset}{raw_id}, $ids[7], '... is another one');
};

subtest 'conditions' => sub {
    my $feed = '/watch/feed/atom?api_key=' . $t->key('admin');
    my $etag = $t->get($feed)->header('ETag');
    settle();
    is($t->get($feed, headers => ['If-None-Match' => $etag])->status, 304, 'not modified') for 1 .. $ASKED;
    update('master', 8);
    is($t->get($feed, headers => ['If-None-Match' => $etag])->status, 200, 'modified') for 1 .. $ASKED;
};

subtest 'packed-refs' => sub {
    update('p', 1);
    $t->git($path, qw(pack-refs --all));
    settle();
    is_at('p', 1, 'packed') for 1 .. $OFTEN;
    for my $i (2 .. 5) {
        update('p', $i);
        $t->git($path, qw(pack-refs --all));
        is_at('p', $i, "packed again, $i");
    }
    update('p', 6);
    is_at('p', 6, 'a loose one hides it');
    $t->git($path, qw(update-ref -d refs/heads/p));
    are('p', 404, 'deleted');
};

subtest 'folders' => sub {
    settle();
    lists('f/g/h', undef, 'not there yet');
    for my $i (1 .. 3) {
        update('f/g/h', $i);
        lists('f/g/h', $i, 'made');
        settle();
        lists('f/g/h', $i, '... and there') for 1 .. $OFTEN;
        update('f/g/h', $i + 1);
        lists('f/g/h', $i + 1, '... moved');
        $t->git($path, qw(update-ref -d refs/heads/f/g/h));
        lists('f/g/h', undef, 'deleted with its folders');
        update('f', $i);
        is_at('f', $i, 'a branch in their place');
        $t->git($path, qw(update-ref -d refs/heads/f));
    }
    update("many/$_/x", 1) for 1 .. 40;
    lists('many/40/x', 1, 'more folders than are watched');
    settle();
    lists('many/40/x', 1, '...') for 1 .. $OFTEN;
    update('many/40/x', 2);
    lists('many/40/x', 2, '... one of them');
};

subtest 'packs' => sub {
    update('master', 9);
    settle();
    is_at('master', 9, 'as it was') for 1 .. $OFTEN;
    $t->git($path, qw(repack -adq));
    is_at('master', 9, 'repacked');
    $t->git($path, qw(gc -q --prune=now));
    is_at('master', 9, 'collected');
};

subtest 'other directories' => sub {
    my $root = "$t->{dir}/data/repos";
    my $other = "$t->{dir}/scratch/other";
    RCAPI::Git::git('.', qw(init -q --bare -b master), $other);
    build($other, 'other', 3);
    settle();
    is_at('master', 9, 'as it was') for 1 .. $OFTEN;
    rename $path, "$path.away" and rename $other, $path or die "rename: $!";
    are('master', "other2\n", 'another repository in its place');
    are($ids[9], 404, '... has no commit of the first');
    rename $path, $other and rename "$path.away", $path or die "rename: $!";
    is_at('master', 9, 'the first again');
    system('cp', '-a', $path, "$path.copy");
    settle();
    is_at('master', 9, 'as it was') for 1 .. $OFTEN;
    system('mv', "$path/refs", "$path/refs.away");
    system('cp', '-a', "$path/refs.away", "$path/refs");
    update('master', 3);
    is_at('master', 3, 'a copy of refs in its place');
    system('rm', '-rf', $path);
    are('master', 500, 'no directory');
    rename "$path.copy", $path or die "rename: $!";
    is_at('master', 9, 'a copy of it');
};

# A directory .git is the repository, whatever stands beside it.
subtest 'a directory .git' => sub {
    my $inner = "$t->{dir}/scratch/inner";
    RCAPI::Git::git('.', qw(init -q --bare -b master), $inner);
    my $last = (build($inner, 'inner', 3))[2];
    my $at = sub {
        my %last = map { $t->must(get_repo => { repoid => 'watch' })->{last_changeset}{raw_id} => 1 } 1 .. $ASKED;
        return is(join(' ', keys %last), $_[0], "the last changeset, $_[1]");
    };
    settle();
    ($at->($ids[9], 'as it was'), is_at('master', 9, 'as it was')) for 1 .. $OFTEN;
    rename $inner, "$path/.git" or die "rename: $!";
    $at->($last, 'of .git');
    are('master', "inner2\n", '... whose content is read');
    ($at->($last, 'the same')) for 1 .. $OFTEN;
    rename "$path/.git", $inner or die "rename: $!";
    $at->($ids[9], 'without it');
    is_at('master', 9, '... as it was');
};

subtest 'a parent' => sub {
    my $groups = "$t->{dir}/data/repos/group";
    $t->must(create_repo_group => { group_name => 'group' });
    $t->must(create_repo => { repo_name => 'group/inner', repo_type => 'git' });
    build("$groups/inner", 'inner', 2);
    are('master', "inner1\n", 'in a group', 'group/inner') for 1 .. $OFTEN;
    rename $groups, "$groups.away" and mkdir $groups or die "rename: $!";
    rename $path, "$groups/inner" or die "rename: $!";
    are('master', "n9\n", 'another group', 'group/inner');
    rename "$groups/inner", $path or die "rename: $!";
    rmdir $groups and rename "$groups.away", $groups or die "rename: $!";
    are('master', "inner1\n", 'the first again', 'group/inner');
};

subtest 'references behind a link' => sub {
    my $away = "$t->{dir}/scratch/refs";
    rename "$path/refs", $away and symlink $away, "$path/refs" or die "rename: $!";
    settle();
    is_at('master', 9, 'as before') for 1 .. $OFTEN;
    update('master', 4);
    is_at('master', 4, 'moved');
    unlink "$path/refs" and rename $away, "$path/refs" or die "rename: $!";
    is_at('master', 4, 'without the link');
};

subtest 'deleted and made again' => sub {
    is_at('master', 4, 'before');
    are($ids[4], "n4\n", '... by its id');
    $t->must(delete_repo => { repoid => 'watch' });
    are('master', 401, 'deleted');
    $t->must(create_repo => { repo_name => 'watch', repo_type => 'git' });
    are($ids[4], 404, 'the new one has none of its commits');
    build($path, 'new', 2);
    are('master', "new1\n", '... but its own');
};

# A commit replaces db/current; so does who restores a copy.
subtest 'Subversion' => sub {
    plan(skip_all => 'built without libsvn') if !RCAPI::Svn::built("$ENV{RCAPI_BUILD}/mod_rcapi.so");
    my $dump = RCAPI::Svn->dump;
    $dump->revision(log => 'x');
    $dump->file('n', "s1\n");
    my $url = $dump->serve($t, 'svn');
    my $path = $url =~ s{^file://}{}r;
    my $file = "$t->{dir}/scratch/n";
    my $put = sub {
        spew($file, "s$_[0]\n");
        RCAPI::Svn::program('svnmucc', '-m', 'x', 'put', $file, "$url/n");
    };
    my $same = sub { are('tip', "s$_[0]\n", $_[1], 'svn') };
    my $settle = sub { system('find', $path, '-exec', 'touch', '-d', '2020-01-01', '{}', '+') };
    $same->(1, 'there');
    $settle->();
    $same->(1, 'nothing happened') for 1 .. $OFTEN;
    system('cp', '-a', $path, "$path.copy");
    for my $i (2 .. 6) {
        $put->($i);
        $same->($i, "committed, $i");
    }
    $settle->();
    $same->(6, 'nothing happened') for 1 .. $OFTEN;
    for my $n ([$path, 6], ["$path.copy", 1]) {
        system('cp', "$n->[0]/db/current", "$t->{dir}/scratch/current$n->[1]");
    }
    for my $n (1, 6, 1, 6) {
        system('cp', "$t->{dir}/scratch/current$n", "$path/db/current");
        $same->($n, 'the number alone is restored');
    }
    RCAPI::Svn::program('svnadmin', 'setuuid', "$path.copy"); # libsvn keeps contents by UUID and revision
    rename $path, "$path.away" and rename "$path.copy", $path or die "rename: $!";
    $same->(1, 'another repository in its place');
    $put->(7);
    $same->(7, '... is committed to');
    RCAPI::Svn::program('svnadmin', 'setuuid', $path);
    $same->(7, 'another UUID');
};

$t->done;
done_testing;
