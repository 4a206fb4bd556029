#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Lists in parts, and with some members only: contract 12 §4.
use strict;
use warnings;
use JSON::PP ();
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $JSON = JSON::PP->new->utf8->allow_nonref->canonical;
$t->user($_) for qw(bob eve zoe);
$t->must(create_repo => { repo_name => $_, repo_type => 'git' }) for qw(d c box/b a);
$t->must(create_repo_group => { group_name => $_ }) for qw(y x);
$t->must(create_user_group => { group_name => $_ }) for qw(two one);
$t->must(add_user_to_user_group => { usergroupid => 'one', userid => 'bob' });
$t->must(create_gist => { files => { a => { content => "n$_" } } }) for 1 .. 3;
$t->must(lock => { repoid => 'c', locked => 'true' });

# Each list: method, the name in its objects, the id.
my @LISTS = (
    [get_repos => 'repo_name', 'repo_id'], [get_users => 'username', 'user_id'],
    [get_user_groups => 'group_name', 'users_group_id'], [get_repo_groups => 'group_name', 'group_id'],
    [get_gists => undef, 'gist_id'],
);

sub error { return $t->call(@_)->{error} }

for my $list (@LISTS) {
    my ($method, $name, $id) = @$list;
    subtest $method => sub {
        my $all = $t->must($method => {});
        ok @$all >= 2, 'there are some';
        for my $by (grep { defined } $name, $id) {
            my (@got, $part);
            do {
                $part = $t->must($method => { limit => 2, @got ? (after => $got[-1]{$by}) : () });
                ok @$part <= 2, 'at most two';
                push @got, @$part;
            } while @$part == 2;
            is_deeply \@got, $all, "all of them, in parts after $by";
        }
        is_deeply $t->must($method => { limit => "1" }), [$all->[0]], 'a number as text';
        is_deeply $t->must($method => { limit => undef, after => undef, fields => undef }), $all, 'nulls are absent';
        for my $key (sort keys %{ $all->[0] }) {
            is_deeply $t->must($method => { fields => [$key] }), [map { { $key => $_->{$key} } } @$all], "only $key";
        }
        my @two = (sort keys %{ $all->[0] })[0, -1];
        is_deeply $t->must($method => { fields => [@two, 'frob', 7] }),
            [map { my $o = $_; +{ map { $_ => $o->{$_} } @two } } @$all], 'unknown words are ignored';
        is_deeply $t->must($method => { fields => [] }), [map { +{} } @$all], 'no members at all';
        is error($method => { limit => $_ }), 'limit must be a number from 1 to 10000',
            'limit ' . $JSON->encode($_) for 0, -1, 10_001, 'x', 1.5, [1];
        is error($method => { after => $_ }), 'after names nothing of this list', 'after ' . $JSON->encode($_)
            for [1], JSON::PP::true, -5;
        is error($method => { fields => $_ }), 'fields must be a list of names', 'fields ' . $JSON->encode($_)
            for 'a', 1, {};
    };
}

subtest 'what comes after something that has gone' => sub {
    my $all = $t->must('get_repos');
    my $gone = $all->[1];
    $t->must(delete_repo => { repoid => $gone->{repo_id} });
    is $t->must(get_repos => { after => $gone->{repo_id}, limit => 1 })->[0]{repo_id}, $all->[2]{repo_id}, 'an id';
    is error(get_repos => { after => $gone->{repo_name} }), 'after names nothing of this list',
        'a name has no place among ids';
    $t->must(delete_user => { userid => 'eve' });
    is $t->must(get_users => { after => 'eve' })->[0]{username}, 'zoe', 'a name in a list by names';
    is_deeply $t->must(get_repos => { after => 1_000_000 }), [], 'nothing is left';
};

subtest 'parts of what may be read' => sub {
    $t->must(create_repo => { repo_name => "hidden$_", repo_type => 'git', private => 1 }) for 1 .. 3;
    $t->must(create_repo => { repo_name => 'last', repo_type => 'git' });
    my $all = $t->must(get_repos => {}, as => 'bob');
    is_deeply $t->must(get_repos => { after => $all->[-2]{repo_id}, limit => 1 }, as => 'bob'), [$all->[-1]],
        'hidden ones do not count';
    is error(get_repos => { after => 'hidden1' }, as => 'bob'), 'after names nothing of this list',
        'nor do they tell of themselves';
    is_deeply $t->must(get_repos => { root => 'box', limit => 1, fields => ['repo_name'] }),
        [{ repo_name => 'box/b' }], 'below a group';
};

subtest 'search' => sub {
    my $find = sub {
        my ($words, %args) = @_;
        return $t->must(search => { search_query => $words, search_type => 'repository', %args }, as => 'bob');
    };
    $t->must(update_repo => { repoid => 'last', description => 'holds a Word_%' });
    my $found = $find->('LAS');
    is_deeply [map { [@$_{qw(repository repository_type description)}, $_->{url} =~ m{/last\z} ? 1 : 0] }
        @{ $found->{results} }], [['last', 'git', 'holds a Word_%', 1]], 'by a part of the name';
    is_deeply [@$found{qw(page item_count items_per_page)}], [1, 1, 10], 'the page';
    like $found->{execution_time}, qr/^1 results \(\d\.\d{3} seconds\)\z/, 'the time';
    my $names = sub { [map { $_->{repository} } @{ $find->(@_)->{results} }] };
    is_deeply $names->('rd_%'), ['last'], 'by a description';
    is_deeply $names->('hidden'), [], 'not what the caller may not read';
    my $all = $names->('%', page_limit => 500);
    is_deeply $all, ['last'], 'no pattern';
    is_deeply $names->('/', repo_group_name => 'box'), ['box/b'], 'in a group';
    is_deeply $names->('a', repo_name => 'last'), ['last'], 'in a repository';
    my $letters = $names->('a', page_limit => 1);
    is_deeply [@$letters, @{ $names->('a', page_limit => 1, page => '2') }], $names->('a'), 'pages, by name';
    is_deeply $find->(''), { execution_time => '' }, 'nothing asked, nothing searched';
    my %fault = (
        'search_type must be one of content, path, commit, repository' => { search_type => 'x' },
        'This server has no index of contents: search_type `content` is not supported, only `repository`' =>
            { search_type => 'content' },
        'page_limit must be a number from 1 to 500' => { page_limit => 501 },
        'page must be a number from 1 to 1000000' => { page => 'x' },
        'repository `hidden1` does not exist' => { repo_name => 'hidden1' },
        'repository group `none` does not exist' => { repo_group_name => 'none' },
    );
    is $t->call(search => { search_query => 'a', search_type => 'repository', %{ $fault{$_} } }, as => 'bob')->{error},
        $_, $_ for sort keys %fault;
};

subtest 'extra fields' => sub {
    $t->admin(qw(set repository_fields on));
    $t->must(add_field_to_repo => { repoid => 'a', key => 'k', label => 'l' });
    my ($repo) = grep { exists $_->{ex_k} } @{ $t->must(get_repos => { fields => ['ex_k'] }) };
    is_deeply $repo, { ex_k => '' }, 'one of them';
    is_deeply [map { keys %$_ } @{ $t->must(get_repos => { fields => ['repo_id'], limit => 1 }) }], ['repo_id'],
        'none';
};

$t->done;
done_testing;
