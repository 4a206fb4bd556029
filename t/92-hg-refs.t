#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Names of changesets in Mercurial repositories (contract 08 §5, §8): bookmarks, branches, tags, numbers and
# prefixes, and which of them win; closed and reopened branches; tags of several heads; what is hidden; every
# layout of a store that hg can still make; and bookmarks that move while the server runs.
use strict;
use warnings;
use Test::More;
use RCAPI::Hg;
use RCAPI::Run qw(spew);
use RCAPI::Test;

my $t = RCAPI::Test->new(whitelist => 'ChangesetController:*, FilesController:*');
my $ROOT = "$t->{dir}/data/repos";

# Creates a repository with %$config, and these commits.
sub make {
    my ($name, $config, @commits) = @_;
    RCAPI::Hg::hg('init', "$ROOT/$name", map { ('--config', "$_=$config->{$_}") } sort keys %$config);
    return RCAPI::Hg::build("$ROOT/$name", @commits);
}

sub rev_of {
    my ($repo, $rev) = @_;
    return $t->must(get_repo_changeset => { repoid => $repo, revision => "$rev" })->{raw_id};
}

my $NONE = '0' x 40;
my %file = (files => { a => { data => "x\n" } });

# 0 default, 1 stable, 2 stable closed, 3 default, 4 other, closed at once, 5 stable reopened
my @ids = make('names', {},
    { files => { a => { data => "0\n" } }, bookmarks => ['stable', 'both'] },
    { files => { a => { data => "1\n" } }, branch => 'stable' },
    { branch => 'stable', close => 1 },
    { parents => [0], files => { a => { data => "3\n" } },
        tags => { v1 => 0, both => 1, default => 0, '2001' => 1 } },
    { parents => [3], branch => 'other', close => 1, files => { b => { data => 'x' } } },
    { parents => [2], branch => 'stable', files => { a => { data => "5\n" } }, bookmarks => ['last one'] });
my @two = make('heads', {},
    { files => { a => { data => "0\n" } } },
    { tags => { old => 0, moved => 0, gone => 0 } },
    { parents => [1], tags => { moved => 1, left => 0 } },
    { parents => [1], tags => { gone => undef, right => 0, moved => 0 } },
    { parents => [2], tags => { moved => 2 } });
my @hidden = make('hidden', {},
    { files => { a => { data => "0\n" } }, phase => 'public' },
    { files => { a => { data => "1\n" } }, bookmarks => ['shown'] },
    { files => { a => { data => "2\n" } }, phase => 'secret', bookmarks => ['secret'] },
    { parents => [0], files => { a => { data => "3\n" } } },
    { parents => [0], files => { a => { data => "4\n" } }, obsoletes => [3], tags => { dead => 3, live => 0 } });
$t->must('rescan_repos');

subtest 'references' => sub {
    is_deeply $t->must(get_repo_refs => { repoid => 'names' }), {
        branches => { default => $ids[3], stable => $ids[5] }, branches_closed => { other => $ids[4] },
        bookmarks => { stable => $ids[0], both => $ids[0], 'last one' => $ids[5] },
        tags => { v1 => $ids[0], both => $ids[1], default => $ids[0], 2001 => $ids[1], tip => $ids[5] },
    }, 'four kinds';
    my $commit = $t->must(get_repo_changeset => { repoid => 'names', revision => '0', details => 'full' });
    is_deeply $commit->{refs}, { branches => ['default'], bookmarks => ['both', 'stable'], tags => ['default', 'v1'] },
        'refs of a changeset';
    $commit = $t->must(get_repo_changeset => { repoid => 'names', revision => '5', details => 'full' });
    is_deeply $commit->{refs}, { branches => ['stable'], bookmarks => ['last one'], tags => [] },
        'tip is no tag there';
};

# More of them than are looked at together. The last changeset of each branch closes it, and the earlier one is open,
# with no child on the branch; others descend from it, but of every tenth branch not the last changeset.
subtest 'many branches that may be closed' => sub {
    my @open = map { { branch => "b$_", files => { f => { data => "$_\n" } } } } 1 .. 119;
    my $last = 119;
    my @close = map {
        my $parent = $_ % 10 ? $last : 0;
        $last = 119 + $_ if $parent;
        { branch => "b$_", close => 1, parents => [$parent] };
    } 1 .. 119;
    make('many', {}, { files => { f => { data => "0\n" } } }, @open, @close);
    $t->must('rescan_repos');
    my $refs = $t->must(get_repo_refs => { repoid => 'many' });
    my (%open, %closed);
    for (split /\n/, RCAPI::Hg::hg('-R', "$ROOT/many", qw(branches -c -T), '{branch} {closed} {node}\n')) {
        my ($name, $closed, $id) = split / /;
        ($closed eq 'True' ? \%closed : \%open)->{$name} = $id;
    }
    is_deeply [@$refs{qw(branches branches_closed)}], [\%open, \%closed], 'as hg says';
    is join(' ', scalar keys %open, scalar keys %closed), '12 108', 'of both';
};

subtest 'which changeset a name is' => sub {
    my @names = (
        [stable => 0], [both => 0], ['last one' => 5],               # bookmark before branch before tag
        [default => 3], [other => 4], [v1 => 0],
        [tip => 5], ['' => 5], [HEAD => 5],
        ['0' => 0], ['5' => 5], ['2001' => 1],                       # a number out of range may be a name
        [$ids[4] => 4], [substr($ids[4], 0, 12) => 4], [substr($ids[4], 0, 7) => 4], [uc substr($ids[4], 0, 9) => 4],
    );
    is rev_of('names', $_->[0]), $ids[ $_->[1] ], "'$_->[0]'" for @names;
    is rev_of('names', $_), $NONE, "'$_'" for '6', '-1', 'nothing', 'null', '.', substr($ids[4], 0, 6), "$ids[4]0",
        'f' x 40,
        'branch(default)', 'v1^', '0:5';
    is $t->get("/names/raw/other/b", as => 'admin')->body, 'x', 'a closed branch in a view';
};

subtest 'tags of several heads' => sub {
    my ($rows, $refs) = RCAPI::Hg::tell("$ROOT/heads");
    is_deeply $t->must(get_repo_refs => { repoid => 'heads' })->{tags}, $refs->{tags}, 'merged as hg does';
    is $refs->{tags}{gone}, undef, 'one was removed';
};

subtest 'what is hidden' => sub {
    is_deeply $t->must(get_repo_refs => { repoid => 'hidden' }), {
        branches => { default => $hidden[4] }, branches_closed => {}, bookmarks => { shown => $hidden[1] },
        tags => { live => $hidden[0], tip => $hidden[4] },
    }, 'no reference to it';
    is rev_of('hidden', $_), $NONE, "$_ names nothing" for 2, 3, $hidden[2], $hidden[3], 'secret', 'dead',
        substr($hidden[2], 0, 12);
    is rev_of('hidden', 4), $hidden[4], 'numbers are hg\'s';
    is_deeply [map { $_->{revision} } @{ $t->must(get_repo_changesets => {
        repoid => 'hidden', start_rev => '0', limit => 3 }) }], [0, 1, 4], 'a list goes over it';
    is $t->get("/hidden/raw/$_/a", as => 'admin')->status, 404, "no file of $_" for 2, 3, $hidden[2], $hidden[3];
    is $t->get("/hidden/changeset-diff/$hidden[3]", as => 'admin')->status, 404, 'no diff';
    my $feed = $t->get('/hidden/feed/atom', as => 'admin')->body;
    like $feed, qr/\Q$hidden[1]/, 'the feed has what is shown';
    unlike $feed, qr/$hidden[2]|$hidden[3]/, 'and nothing else';

    RCAPI::Hg::hg('-R', "$ROOT/hidden", 'phase', '--draft', '-r', '2', '--force');
    is rev_of('hidden', 2), $hidden[2], 'no longer secret';
    is $t->must(get_repo_refs => { repoid => 'hidden' })->{bookmarks}{secret}, $hidden[2], 'its bookmark appears';
    RCAPI::Hg::hg('-R', "$ROOT/hidden", '--hidden', 'bookmark', '-r', '3', 'holds');
    is rev_of('hidden', 3), $hidden[3], 'a bookmark holds an obsolete changeset';
    RCAPI::Hg::hg('-R', "$ROOT/hidden", '--hidden', 'update', '-q', '-r', '3');
    RCAPI::Hg::hg('-R', "$ROOT/hidden", 'bookmark', '-d', 'holds');
    utime 1, time - 60, glob "$ROOT/hidden/.hg/{bookmarks,store/*}"; # younger files are read again in any case
    is rev_of('hidden', 3), $hidden[3], 'so does a work tree' for 1 .. 20; # by then its files are watched
    RCAPI::Hg::hg('-R', "$ROOT/hidden", 'update', '-q', '-r', '0');
    is rev_of('hidden', 3), $NONE, 'which is elsewhere at the next request';
};

subtest 'ranges' => sub {
    my ($rows) = RCAPI::Hg::tell("$ROOT/names");
    my $is = sub { $t->get("/names/changeset-$_[0]/$_[1]", as => 'admin') };
    is $is->(diff => '1...5')->body, join('', map { $rows->[$_]{diff} } 1, 2, 5),
        'only what 5 reaches, and 0 does not';
    is $is->(patch => '1...5')->body, join('', map { $rows->[$_]{export} } 1, 2, 5), 'as patches';
    is $is->(patch => '3...4')->body, join('', map { $rows->[$_]{export} } 3, 4), 'another line';
    is $is->(diff => '5...1')->status, 404, 'backwards';
};

subtest 'layouts of a store' => sub {
    my %layouts = (
        plain => { 'format.usestore' => 0 }, store => { 'format.usefncache' => 0 },
        fncache => { 'format.dotencode' => 0 }, dense => { 'format.sparse-revlog' => 0 },
        delta => { 'format.usegeneraldelta' => 0, 'format.sparse-revlog' => 0 },
        zlib => { 'format.revlog-compression' => 'zlib' }, stored => { 'format.revlog-compression' => 'none' },
        unsafe => { 'format.use-share-safe' => 0 },
    );
    my %made;
    for my $name (sort keys %layouts) {
        my $config = $layouts{$name};
        RCAPI::Hg::hg('init', "$ROOT/l-$name", map { ('--config', "$_=$config->{$_}") } sort keys %$config);
        RCAPI::Hg::random("$ROOT/l-$name", 11, 25);
    }
    my $found = $t->must('rescan_repos');
    is_deeply [sort @{ $found->{added} }], [sort map { "l-$_" } grep { $_ ne 'stored' } keys %layouts], 'all but one';
    like join("\n", @{ $found->{errors} }),
        qr/l-stored: a Mercurial repository with the requirement exp-compression-none/,
        'which needs what is not known';
    my ($rows) = RCAPI::Hg::tell("$ROOT/l-plain");
    for my $name (grep { $_ ne 'stored' } sort keys %layouts) {
        my $ok = 1;
        for my $row (@$rows) {
            $ok &&= $t->get("/l-$name/changeset-patch/$row->{node}", as => 'admin')->body eq $row->{export};
        }
        ok $ok, "l-$name: every patch";
    }
};

# After some questions the kernel tells of changes. Files that are not young are not read for that reason.
subtest 'a bookmark moves' => sub {
    my $file = "$ROOT/names/.hg/bookmarks";
    for my $i (1 .. 12) {
        my $id = $ids[$i % 2];
        spew($i % 3 ? $file : "$file.new", "$id moves\n");
        rename "$file.new", $file if $i % 3 == 0;
        system('touch', '-d', '2020-01-01', $file, glob "$ROOT/names/.hg/store/*") if $i % 4 == 0;
        my %seen = map { (rev_of('names', 'moves') => 1) } 1 .. 10;
        is join(' ', keys %seen), $id, "written, $i" or last;
    }
    unlink $file;
    is rev_of('names', 'moves'), $NONE, 'gone' for 1 .. 2;
};

$t->done;
done_testing;
