#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Changesets of a repository with 12,000 commits, held against git's own list: numbers, start_rev and
# limit at many places, the tip, after more was pushed and after history was rewritten (contract 02 §1.8).
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $N = 12_000;
my $t = RCAPI::Test->new;
my $repo = $t->repo('long', build => \&history);
my $git = $repo->{path};

# A main line with side branches that are merged or left, dates that repeat and go backwards, tags.
sub history {
    my ($work) = @_;
    my ($out, $when, %tip) = ('', 1_100_000_000);
    my $mark = 0;
    for my $i (1 .. $N) {
        my $branch = $i % 7 == 0 ? 'side' . int($i / 2000) : $i % 311 == 0 ? "lone$i" : 'master';
        my $first = $tip{$branch};
        my $from = $first // $tip{master};
        my $merge = $branch eq 'master' && $i % 100 == 1 ? $tip{ 'side' . int(($i - 1) / 2000) } : undef;
        $when += $i % 5 == 0 ? -30 : $i % 3 == 0 ? 0 : 60;
        $out .= "commit refs/heads/$branch\nmark :" . ++$mark . "\nauthor A U <a\@example.org> $when +0200\n"
            . "committer C O <c\@example.org> $when -0330\n" . data("commit $i\n") . ($from ? "from :$from\n" : '')
            . ($merge ? "merge :$merge\n" : '') . 'M 100644 inline dir' . $i % 50 . "/file\n" . data("text $i\n")
            . "\n";
        $tip{$branch} = $mark;
        $out .= "reset refs/tags/v$i\nfrom :$mark\n\n" if $i % 500 == 0;
        $out .= "tag a$i\nfrom :$mark\ntagger T <t\@example.org> $when +0000\n" . data("tag $i\n") if $i % 501 == 0;
    }
    RCAPI::Git::git($work, { stdin => "${out}done\n" }, qw(fast-import --quiet --done));
}

sub data { return 'data ' . length($_[0]) . "\n$_[0]\n" }

my @list;
my %parents;

# What git says: ids in the order of the repository, and their parents.
sub ask_git {
    %parents = ();
    @list = map { my ($id, @parents) = split / /; $parents{$id} = \@parents; $id }
        split /\n/, $t->git($git, qw(rev-list --reverse --date-order --parents --branches --tags));
}

sub sets {
    my ($start, $limit, %more) = @_;
    return $t->must(get_repo_changesets => { repoid => 'long', start_rev => "$start", limit => $limit, %more })
}
sub set { return $t->must(get_repo_changeset => { repoid => 'long', revision => "$_[0]" }) }

# Changesets as they must be: the commits from number $from, at most $limit of them.
sub is_range {
    my ($got, $from, $limit, $about) = @_;
    my $to = $limit < 0 || $from + $limit > @list ? $#list : $from + $limit - 1;
    my @want = map { [$_, $list[$_], $parents{ $list[$_] }] } $from .. $to;
    is_deeply [map { my $c = $_; [$c->{revision}, $c->{raw_id}, [map { $_->{raw_id} } @{ $c->{parents} }]] } @$got],
        \@want, $about;
}

ask_git();
is scalar(@list), $N, "$N commits";

subtest 'one' => sub {
    for my $i (0, 1, 6, 7, 99, 100, 1234, 9_999, 10_000, 10_001, $N - 2, $N - 1) {
        is_range([set($_)], $i, 1, "number $i as $_") for $i, $list[$i], substr $list[$i], 0, 12;
    }
    is_range([set($_)], $N - 1, 1, "the last one as '$_'") for 'tip', 'HEAD', '';
    is set($_)->{revision}, -1, "no number $_" for $N, $N + 1, 99_999_999_999;
    for my $name (qw(master side0 side5 lone311 v500 v12000 a501 a11523)) {
        is set($name)->{raw_id}, $t->git($git, 'rev-parse', "$name^{commit}") =~ s/\n//r, "name $name";
    }
    is set('000')->{raw_id}, $list[0], 'zeros: number 0';
};

subtest 'many' => sub {
    for my $from (0, 1, 500, 4_321, 9_999, 10_000, $N - 3, $N - 1) {
        for my $limit (1, 10, 257) {
            is_range(sets($list[$from], $limit), $from, $limit, "$limit from $from");
        }
        is_deeply sets("$from", 5), sets($list[$from], 5), "by number $from";
        is_deeply sets($list[$from], '5'), sets($list[$from], 5), 'limit as text';
    }
    my $tag = $t->git($git, 'rev-parse', 'v5000') =~ s/\n//r;
    my ($tagged) = grep { $list[$_] eq $tag } 0 .. $#list;
    is_range(sets('v5000', 20), $tagged, 20, 'from a tag');
    is_range(sets($list[-20], -1), $N - 20, -1, 'all from there');
    is_range(sets('tip', 10), $N - 1, 10, 'tip: one');
    is_range(sets('', 3), 0, 3, 'no start: the first');
    is_deeply sets($list[5], $_), [], "limit $_: none" for 0, -2, -100;
    is $t->call(get_repo_changesets => { repoid => 'long', start_rev => "$N", limit => 1 })->{error},
        'Error occurred during commit fetching', 'no such number';
    my $body = JSON::PP->new->encode({ id => 1, api_key => $t->key('admin'), method => 'get_repo_changesets',
        args => { repoid => 'long', start_rev => '', limit => -1 } }); # JSON::PP is slow
    my $all = RCAPI::HTTP::request($t->port, POST => '/_admin/api', body => $body)->body;
    ok join("\n", $all =~ /"raw_id":"(\w+)","revision"/g) eq join("\n", @list), 'all of them';
    is join(',', $all =~ /"revision":(\d+),/g), join(',', 0 .. $#list), 'numbered';
};

subtest 'details' => sub {
    for my $from (0, 5_000, $N - 4) {
        my $extended = sets($list[$from], 4, details => 'extended');
        my $full = sets($list[$from], 4, details => 'full');
        is_range($extended, $from, 4, "extended from $from");
        is_range($full, $from, 4, "full from $from");
        for my $i (0 .. 3) {
            my $id = $list[$from + $i];
            next if @{ $parents{$id} } > 1;
            my $names = $t->git($git, qw(diff-tree --root --no-commit-id --name-only -r), $id);
            is join('', map { "$_->{filename}\n" } @{ $extended->[$i]{diff} }), $names, "files of $id";
            is join('', map { "$_->{filename}\n" } @{ $full->[$i]{diff} }), $names, 'full, too';
        }
    }
};

subtest 'it grows, and is rewritten' => sub {
    my $tree = $t->git($git, 'rev-parse', 'master^{tree}') =~ s/\n//r;
    my $commit = sub {
        my ($parent, $date) = @_;
        return $t->git($git, { env => { GIT_COMMITTER_DATE => "$date +0000" } }, 'commit-tree', $tree, '-p', $parent,
            '-m', 'more') =~ s/\n//r
    };
    my $new = $commit->('master', 2_000_000_000);
    $t->git($git, 'update-ref', 'refs/heads/master', $new);
    ask_git();
    is $list[-1], $new, 'one more';
    is_range([set('tip')], $N, 1, 'is the tip');
    is_range(sets($list[-3], -1), $N - 2, -1, 'and the last');
    my $early = $commit->($list[2], 1_000_000_000); # older than its parent: as early as it may be
    $t->git($git, 'update-ref', 'refs/heads/early', $early);
    ask_git();
    my ($at) = grep { $list[$_] eq $early } 0 .. $#list;
    is_range([set($early)], $at, 1, "one that comes in as number $at");
    is_range([set(6_000)], 6_000, 1, 'all others move');
    $t->git($git, 'update-ref', 'refs/heads/master', "$new~200");
    $t->git($git, 'update-ref', '-d', $_) for 'refs/heads/early', 'refs/tags/v12000';
    ask_git();
    cmp_ok scalar(@list), '<', $N, 'rewritten: ' . @list;
    is_range([set('tip')], $#list, 1, 'the tip');
    is set($early)->{revision}, -1, 'what no branch reaches is unknown';
    is set($new)->{revision}, -1, 'what was taken off, too';
    is_range(sets($list[-5], -1), @list - 5, -1, 'the last ones');
};

$t->done;
done_testing;
