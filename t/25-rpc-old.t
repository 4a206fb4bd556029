#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The 1.2 dialect: requests without id (contract 02 §9), and create_users_group.
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user($_) for qw(bob eve);
my $FORBIDDEN = 'Access was denied to this resource.';
sub old { return $t->call(@_[0, 1], dialect => '1.2', @_[2 .. $#_]) }

my $source = "$t->{dir}/scratch/CPython";
RCAPI::Git::init($source);
RCAPI::Git::history($source, 4, 1);
$t->must(create_repo => { repo_name => 'CPython', repo_type => 'git', clone_uri => "file://$source" });
$t->must(create_repo => { repo_name => 'lone', repo_type => 'git' });
$t->must(create_repo => { repo_name => 'secret', repo_type => 'git', private => 1 });
$t->must(create_repo => { repo_name => 'bobs', repo_type => 'git', clone_uri => "file://$source", owner => 'bob' });

subtest 'pull' => sub {
    is_deeply old(pull => { repo => 'CPython' }), { result => 'Pulled from CPython', error => undef },
        'by repo, no id key';
    is_deeply old(pull => { repoid => 'CPython' }), { result => 'Pulled from CPython', error => undef }, 'by repoid';
    is_deeply old(pull => { repo => 'nope' }), { result => undef, error => 'Unknown repo "nope"' }, 'unknown';
    is_deeply old(pull => { repo => 'lone' }), { result => undef, error => 'Unable to pull changes from "lone"' },
        'no clone_uri';
    is old(pull => { repo => 'secret' }, as => 'bob')->{error}, 'Unknown repo "secret"', 'not visible: unknown';
    is old(pull => { repo => 'CPython' }, as => 'bob')->{error}, $FORBIDDEN, 'a reader';
    is old(pull => { repo => 'bobs' }, as => 'bob')->{result}, 'Pulled from bobs', 'its admin';
    is old(pull => {})->{error}, 'Missing non optional `repoid` arg in JSON DATA', 'missing';
};

subtest 'create_user' => sub {
    my $answer = old(create_user => { username => 'carl', password => 'pw-carl-1234', active => 'True',
        admin => 'False',
        name => 'Carl', lastname => 'X', email => 'Carl@Example.org' });
    is $answer->{error}, undef, 'made';
    is $answer->{result}{msg}, 'created new user carl', 'message';
    my $user = $t->must(get_user => { userid => 'carl' });
    is $answer->{result}{id}, $user->{user_id}, 'id';
    ok !exists $answer->{id}, 'no id key in the answer';
    is_deeply [@$user{qw(firstname lastname email active admin)}],
        ['Carl', 'X', 'carl@example.org', JSON::PP::true, JSON::PP::false], 'his data';
    is $answer->{result}{user}{username}, 'carl', 'his object beside it';
    is old(create_user => { username => 'fay', email => 'f@x', firstname => 'Fay', name => 'No', active => 'no' })
        ->{error}, undef,
        'names of the later API';
    is_deeply [@{ $t->must(get_user => { userid => 'fay' }) }{qw(firstname active)}], ['Fay', JSON::PP::false],
        'firstname wins';
    is old(create_user => { username => 'carl', email => 'other@x' })->{error}, 'user `carl` already exist', 'taken';
    is old(create_user => { username => 'dora', email => 'carl@example.org' })->{error},
        'email `carl@example.org` already exist', 'address taken';
    is old(create_user => { username => '', email => 'e@x' })->{error}, 'failed to create user ', 'failure';
    is old(create_user => { username => '123', email => 'e@x' })->{error}, 'failed to create user 123', 'digits';
    is old(create_user => { username => 'x' })->{error}, 'Missing non optional `email` arg in JSON DATA', 'no email';
    is old(create_user => {})->{error}, 'Missing non optional `username` arg in JSON DATA', 'nothing';
    is old(create_user => { username => 'x', email => 'x@y' }, as => 'bob')->{error}, $FORBIDDEN, 'super-admins only';
};

subtest 'create_users_group' => sub {
    my $answer = old(create_users_group => { name => 'devs', active => 'True' });
    is $answer->{result}{msg}, 'created new users group devs', 'message';
    like $answer->{result}{id}, qr/^\d+$/, 'id';
    is old(create_users_group => { name => 'devs' })->{error}, 'user group `devs` already exist', 'taken';
    is old(create_users_group => { name => '' })->{error}, 'failed to create group ', 'empty';
    is old(create_users_group => { name => '12' })->{error}, 'failed to create group 12', 'digits';
    is old(create_users_group => {})->{error}, 'Missing non optional `name` arg in JSON DATA', 'missing';
    is old(create_users_group => { name => 'x' }, as => 'bob')->{error}, $FORBIDDEN, 'super-admins only';
    is old(create_user => { name => 'ops', active => 'False' })->{result}{msg}, 'created new users group ops',
        'under the name that the documentation of 1.2 prints';
    is_deeply $t->sql("SELECT active FROM user_group WHERE group_name = 'ops'"), "0\n", 'inactive';
    my $new = $t->call(create_users_group => { group_name => 'qa' });
    is $new->{result}{msg}, 'created new users group `qa`', 'id dialect';
    is_deeply $new->{result}{users_group}, {
        users_group_id => $new->{result}{users_group}{users_group_id}, group_name => 'qa', group_description => '',
        active => JSON::PP::true, owner => 'admin', users => [],
    }, 'its object';
    is $t->call(create_users_group => { group_name => 'qa' })->{error}, 'user group `qa` already exist', 'taken';
    is $t->call(create_users_group => { group_name => "q\na" })->{error}, "failed to create group `q\na`", 'failure';
    is $t->call(create_users_group => { group_name => 'x' }, as => 'bob')->{error}, $FORBIDDEN, 'refused';
    is $t->sql(q(SELECT u.username || ' ' || p.level FROM user_user_group_permission p JOIN users u USING (user_id)
                 JOIN user_group g USING (users_group_id) WHERE g.group_name = 'qa' ORDER BY 1)),
                 "admin 4\ndefault 1\n", 'its rows';
};

subtest 'all else as with an id' => sub {
    is old(get_user => { userid => 'bob' })->{result}{username}, 'bob', 'get_user';
    is_deeply old(get_repo => {}), { result => undef, error => 'Missing non optional `repoid` arg in JSON DATA' },
        'errors';
    is_deeply old(nothing => {}), { result => undef, error => 'No such method: nothing' }, 'no method';
};

$t->done;
done_testing;
