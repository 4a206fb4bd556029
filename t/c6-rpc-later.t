#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Methods of later versions of RhodeCode (contract 02 §10).
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new(directives => "RcapiDatabaseSync NORMAL\n");
$t->user($_) for qw(ann eve own);
my $r = $t->repo('demo', commits => 3, args => { owner => 'own' });

subtest 'settings of a repository' => sub {
    my $get = sub { $t->call(get_repo_settings => { repoid => 'demo', @_ }, as => 'own') };
    my $set = sub { $t->call(set_repo_settings => { repoid => 'demo', settings => $_[0] }, as => 'own') };
    my $all = $get->()->{result};
    is_deeply [grep { !exists $all->{$_} } qw(extensions_evolve extensions_largefiles hooks_changegroup_push_logger
        hooks_changegroup_repo_size hooks_outgoing_pull_logger phases_publish rhodecode_hg_use_rebase_for_merging
        rhodecode_pr_merge_enabled rhodecode_use_outdated_comments)], [], 'those of RhodeCode';
    is_deeply [@$all{qw(rhodecode_pr_merge_enabled hooks_changegroup_repo_size phases_publish)}],
        [JSON::PP::true, JSON::PP::false, 'True'], 'with their presets';
    is_deeply $set->({ rhodecode_pr_merge_enabled => 'no', mine => { a => [1, 'ü'] }, other => '/x' }),
        { id => 1, result => JSON::PP::true, error => undef }, 'set';
    is_deeply $get->(key => $_->[0])->{result}, $_->[1], "get $_->[0]"
        for [rhodecode_pr_merge_enabled => JSON::PP::false], [mine => { a => [1, 'ü'] }], [other => '/x'],
        [nothing => undef];
    is_deeply $get->()->{result}, { %$all, rhodecode_pr_merge_enabled => JSON::PP::false,
        mine => { a => [1, 'ü'] }, other => '/x' }, 'all';
    $set->({ rhodecode_pr_merge_enabled => undef, mine => undef, other => undef });
    is_deeply $get->()->{result}, $all, 'null restores the presets';
    my $failed = 'Failed to update settings for repository `demo`';
    is $set->($_)->{error}, 'Settings have to be a JSON Object.', 'no object' for 'x', undef, [];
    is $set->({ '' => 1 })->{error}, $failed, 'a name is needed';
    is $set->({ 'x' x 300 => 1 })->{error}, $failed, 'a name that is too long';
    is $set->({ x => 'x' x 66_000 })->{error}, $failed, 'a value that is too long';
    is $set->({ map { ("s$_" => $_) } 1 .. 101 })->{error}, $failed, 'too many';
    is_deeply $get->()->{result}, $all, 'nothing of them is stored';
    is $t->call(get_repo_settings => { repoid => 'nope' })->{error},
        'Failed to fetch settings for repository `nope`', 'an unknown repository';
    is $t->call(set_repo_settings => { repoid => 'nope', settings => {} })->{error},
        'Failed to update settings for repository `nope`', 'the same';
    is $t->call(get_repo_settings => { repoid => $_ }, as => 'eve')->{error}, 'Access was denied to this resource.',
        "a reader: $_" for qw(demo nope);
};

$t->done;
done_testing;
