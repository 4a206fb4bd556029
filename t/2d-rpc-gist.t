#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# get_gist, get_gists, create_gist, delete_gist (contract 02 §1.6, §8).
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my %id = map { $_ => $t->user($_)->{user_id} } qw(bob eve);
my $store = "$t->{dir}/data/repos/.rc_gist_store";
my $FAILED = 'failed to create gist';

sub create {
    my ($files, %args) = @_;
    my %opt = map { exists $args{$_} ? ($_ => delete $args{$_}) : () } qw(as);
    return $t->call(create_gist => { files => $files, %args }, as => 'bob', %opt);
}

my $FILES = { 'a.txt' => { content => "one\ntwo\n", lexer => undef }, "\x{fc} b.md" => { content => "\x{263a}" } };

subtest 'create and get' => sub {
    my $answer = create($FILES, description => 'D');
    is $answer->{error}, undef, 'made';
    is $answer->{result}{msg}, 'created new gist', 'message';
    my $gist = $answer->{result}{gist};
    my ($id, $created) = @$gist{qw(gist_id created_on)};
    like $created, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?$/, 'created_on';
    is_deeply $gist, {
        gist_id => $id, type => 'public', access_id => "$id", description => 'D', url => $t->url . "/_admin/gists/$id",
        expires => $gist->{expires}, created_on => $created, modified_at => $created, content => undef,
        acl_level => 'acl_public',
    }, 'gist_obj';
    like $t->last->body, qr/"expires":-1\.0,/, 'never expires';
    is_deeply $t->call(get_gist => { gistid => $id }, as => 'bob')->{result}, $gist, 'get_gist';
    is_deeply $t->call(get_gist => { gistid => "$id", content => 'true' }, as => 'bob')->{result}{content},
        { 'a.txt' => "one\ntwo\n", "\x{fc} b.md" => "\x{263a}" }, 'its files';
    is $t->git("$store/$id", 'show', 'HEAD:a.txt'), "one\ntwo\n", 'a git repository';
    is $t->git("$store/$id", 'log', '-1', '--format=%an <%ae>'), "bob <bob\@example.org>\n", 'by its owner';
    is $t->call(get_gist => { gistid => $id })->{error}, undef, 'super-admins';
    is $t->call(get_gist => { gistid => $id }, as => 'eve')->{error}, "gist `$id` does not exist", 'nobody else';
    is $t->call(get_gist => { gistid => 'nope' }, as => 'eve')->{error}, 'gist `nope` does not exist', 'unknown';
    is $t->call(get_gist => {}, as => 'eve')->{error}, 'Missing non optional `gistid` arg in JSON DATA', 'missing';
};

subtest 'private, expiry, owner' => sub {
    my $gist = create($FILES, gist_type => 'private', lifetime => 60)->{result}{gist};
    like $gist->{access_id}, qr/^[2-9A-HJ-NP-Za-hj-np-z]{20}$/, 'access id';
    ok abs($gist->{expires} - time - 3600) < 20, 'expires in an hour';
    is create($FILES, lifetime => $_)->{result}{gist}{expires} == -1 ? 'never' : '', 'never', "lifetime $_"
        for 'x', '-1', '', '1.5';
    ok abs(create($FILES, lifetime => ' 5 ')->{result}{gist}{expires} - time - 300) < 20, 'as text';
    my $gone = create($FILES, lifetime => -1, description => 'gone')->{result}{gist};
    $t->sql("UPDATE gist SET expires = 1000 WHERE gist_id = $gone->{gist_id}");
    is $t->call(get_gist => { gistid => $gone->{access_id} }, as => 'bob')->{error}, undef,
        'expired ones are still told';
    is scalar(grep { $_->{description} eq 'gone' } @{ $t->call(get_gists => {}, as => 'bob')->{result} }), 0,
        'but not listed';
    is create($FILES, owner => 'eve')->{error}, $FAILED, 'for somebody else';
    is create($FILES, owner => 'bob')->{error}, undef, 'for himself';
    my $eve = create($FILES, owner => 'eve', as => 'admin');
    is $t->call(get_gist => { gistid => $eve->{result}{gist}{access_id} }, as => 'eve')->{error}, undef,
        'by a super-admin';
    is create($FILES, owner => 'nobody', as => 'admin')->{error}, $FAILED, 'unknown owner';
};

subtest 'list' => sub {
    my $mine = $t->call(get_gists => {}, as => 'bob')->{result};
    is_deeply [map { $_->{gist_id} } @$mine], [sort { $b <=> $a } map { $_->{gist_id} } @$mine], 'newest first';
    is scalar(grep { defined $_->{content} } @$mine), 0, 'without content';
    is_deeply $t->call(get_gists => { userid => $id{bob} }, as => 'bob')->{result}, $mine, 'by his own id';
    is_deeply $t->call(get_gists => { userid => 'bob' })->{result}, $mine, 'a super-admin asks';
    is $t->call(get_gists => { userid => $_ }, as => 'eve')->{error}, 'userid is not the same as your user',
        "eve asks for $_"
        for 'bob', 'eve', $id{bob};
    is $t->call(get_gists => { userid => 'nobody' })->{error}, 'user `nobody` does not exist', 'unknown';
    is scalar(@{ $t->call(get_gists => {}, as => 'eve')->{result} }), 1, 'eve has one';
};

subtest 'failures' => sub {
    my $before = () = glob "$store/*";
    is create($_->[0])->{error}, $FAILED, $_->[1] for
        [{}, 'no files'], [[], 'a list'], ['x', 'text'], [undef, 'null'], [{ '' => { content => 'x' } }, 'no name'],
        [{ 'a/b' => { content => 'x' } }, 'a path'], [{ '../x' => { content => 'x' } }, 'a path upwards'],
        [{ '..' => { content => 'x' } }, 'two dots'], [{ '.git' => { content => 'x' } }, '.git'],
        [{ "a\nb" => { content => 'x' } }, 'a line break'], [{ a => 'x' }, 'text for a file'],
        [{ a => {} }, 'no content'],
        [{ a => { content => 1 } }, 'a number'],
        [{ ok => { content => 'x' }, 'a/b' => { content => 'x' } }, 'one bad of two'];
    is create($FILES, gist_type => 'secret')->{error}, $FAILED, 'type';
    is create($FILES, acl_level => 'acl_x')->{error}, $FAILED, 'acl_level';
    is create($FILES, lifetime => '99999999999999')->{error}, $FAILED, 'lifetime';
    my $after = () = glob "$store/*";
    is $after, $before, 'nothing was left on the disk';
};

subtest 'delete' => sub {
    my $id = create($FILES)->{result}{gist}{access_id};
    is $t->call(delete_gist => { gistid => $id }, as => 'eve')->{error}, "gist `$id` does not exist", 'not by others';
    is_deeply $t->call(delete_gist => { gistid => $id }, as => 'bob')->{result},
        { msg => "deleted gist ID:$id", gist => undef }, 'gone';
    ok !-e "$store/$id", 'from the disk too';
    is $t->call(delete_gist => { gistid => $id }, as => 'bob')->{error}, "gist `$id` does not exist", 'once';
    my $other = create($FILES)->{result}{gist}{access_id};
    cmp_ok $other, '>', $id, 'ids are not given again';
    is $t->call(delete_gist => { gistid => $other })->{error}, undef, 'a super-admin';
};

subtest 'URL by the server settings' => sub {
    $t->admin('set', 'gist_alias_url', 'https://gist.example.org/{gistid}/x');
    my $gist = create($FILES)->{result}{gist};
    is $gist->{url}, "https://gist.example.org/$gist->{access_id}/x", 'create_gist';
    is $t->call(get_gists => {}, as => 'bob')->{result}[0]{url}, $gist->{url}, 'get_gists';
    $t->admin('set', 'gist_alias_url', '');
    is $t->call(get_gist => { gistid => $gist->{access_id} }, as => 'bob')->{result}{url},
        $t->url . "/_admin/gists/$gist->{access_id}", 'none: ours';
};

subtest 'of a deleted user' => sub {
    my $user = $t->user('gone');
    my @ids = map { create($FILES, as => 'gone', lifetime => $_)->{result}{gist}{access_id} } -1, 0;
    ok -d "$store/$_", "gist $_" for @ids;
    is $t->call(delete_user => { userid => 'gone' })->{error}, undef, 'deleted';
    ok !-e "$store/$_", "its folder is gone: $_" for @ids;
    is $t->call(get_gist => { gistid => $ids[0] })->{error}, "gist `$ids[0]` does not exist", 'and its row';
};

$t->done;
done_testing;
