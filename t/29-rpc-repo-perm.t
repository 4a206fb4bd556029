#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# grant_* and revoke_* on repositories, with their old names (contract 02 §6, §9; 01 §4; 05 OPEN-9).
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my %id = map { $_ => $t->user($_)->{user_id} } qw(ann bob eve);
$t->must(create_repo => { repo_name => 'g/r', repo_type => 'git', owner => 'ann' });
my $REPO = $t->must(get_repo => { repoid => 'g/r' })->{repo_id};
$t->must(create_users_group => { group_name => $_ }) for qw(team hidden);
$t->sql("DELETE FROM user_user_group_permission WHERE users_group_id = (SELECT users_group_id FROM user_group
    WHERE group_name = 'hidden')");
$t->sql("INSERT INTO user_group_member (users_group_id, user_id) SELECT users_group_id, $id{eve} FROM user_group
    WHERE group_name = 'team'");
my $TEAM = 0 + $t->sql("SELECT users_group_id FROM user_group WHERE group_name = 'team'");
my $NO_REPO = 'repository `g/r` does not exist';

sub done { my ($msg) = @_; return { id => 1, error => undef, result => { msg => $msg, success => JSON::PP::true } } }

# Rows of the member list that are stored.
sub rows {
    return join ', ', map { "$_->{type} $_->{name} $_->{permission}" } grep { $_->{origin} eq 'permission' }
        @{ $t->must(get_repo => { repoid => 'g/r' })->{members} };
}

# What a user may.
sub level { return $t->must(get_user => { userid => $_[0] })->{permissions}{repositories}{'g/r'} }

sub call_as {
    my ($as, $method, %args) = @_;
    return $t->call($method => { repoid => 'g/r', %args }, as => $as);
}

subtest 'users' => sub {
    is_deeply call_as('ann', 'grant_user_permission', userid => 'bob', perm => 'repository.write'),
        done('Granted perm: `repository.write` for user: `bob` in repo: `g/r`'), 'grant by the owner';
    is level('bob'), 'repository.write', 'bob may write';
    is_deeply $t->call(grant_user_permission => { repoid => $REPO, userid => $id{bob}, perm => 'repository.none' }),
        done('Granted perm: `repository.none` for user: `bob` in repo: `g/r`'), 'by ids, over the old one';
    is level('bob'), 'repository.none', 'the own row beats the default';
    is call_as('bob', 'get_repo')->{error}, $NO_REPO, 'nothing to see any more';
    is rows(), 'user default repository.read, user bob repository.none', 'one row';
    is_deeply call_as('admin', 'revoke_user_permission', userid => 'bob'),
        done('Revoked perm for user: `bob` in repo: `g/r`'), 'revoke';
    is_deeply call_as('admin', 'revoke_user_permission', userid => 'bob'),
        done('Revoked perm for user: `bob` in repo: `g/r`'), 'without a row: success';
    is level('bob'), 'repository.read', 'the default again';
    is call_as('admin', 'grant_user_permission', userid => 'default', perm => 'repository.none')->{error}, undef,
        'default user';
    is level('bob'), 'repository.none', 'changes what everybody may';
    is call_as('admin', 'grant_user_permission', userid => 'bob', perm => 'repository.admin')->{error}, undef, 'admin';
    is call_as('bob', 'grant_user_permission', userid => 'eve', perm => 'repository.read')->{error}, undef,
        'who may grant then';
    is call_as('bob', 'revoke_user_permission', userid => 'eve')->{error}, undef, 'and revoke';
    call_as('ann', 'revoke_user_permission', userid => 'bob');
    call_as('ann', 'grant_user_permission', userid => 'default', perm => 'repository.read');
};

subtest 'user groups' => sub {
    is_deeply call_as('ann', 'grant_user_group_permission', usergroupid => 'team', perm => 'repository.write'),
        done('Granted perm: `repository.write` for group: `team` in repo: `g/r`'), 'grant';
    is level('eve'), 'repository.write', 'a member may write';
    is level('bob'), 'repository.read', 'others as before';
    is_deeply call_as('admin', 'grant_users_group_permission', usersgroupid => $TEAM, perm => 'repository.none'),
        done('Granted perm: `repository.none` for group: `team` in repo: `g/r`'), 'old name, id';
    is level('eve'), 'repository.none', 'replaces even the default';
    is rows(), 'user default repository.read, user_group team repository.none', 'one row';
    is_deeply call_as('ann', 'revoke_user_group_permission', usergroupid => 'team'),
        done('Revoked perm for group: `team` in repo: `g/r`'), 'revoke';
    is_deeply call_as('ann', 'revoke_users_group_permission', usersgroupid => 'team'),
        done('Revoked perm for group: `team` in repo: `g/r`'), 'without a row, old name: success';
    is rows(), 'user default repository.read', 'gone';
};

subtest 'messages, in their order' => sub {
    for my $case (
        ['grant_user_permission', { repoid => 'x', userid => 'x', perm => 'x' }, 'repository `x` does not exist'],
        ['grant_user_permission', { userid => 'x', perm => 'x' }, 'user `x` does not exist'],
        ['grant_user_permission', { userid => undef, perm => 'x' }, 'user `None` does not exist'],
        ['grant_user_permission', { userid => 'bob', perm => 'x' }, 'permission `x` does not exist'],
        ['grant_user_permission', { userid => 'bob', perm => undef }, 'permission `None` does not exist'],
        ['grant_user_permission', { userid => 'bob', perm => 'group.read' },
            'permission `group.read` is invalid, should start with repository.'],
        ['grant_user_permission', { userid => 'bob', perm => 'hg.fork.none' },
            'permission `hg.fork.none` is invalid, should start with repository.'],
        ['grant_user_permission', { userid => 'bob' }, 'Missing non optional `perm` arg in JSON DATA'],
        ['grant_user_permission', { perm => 'x' }, 'Missing non optional `userid` arg in JSON DATA'],
        ['revoke_user_permission', { repoid => 'x', userid => 'x' }, 'repository `x` does not exist'],
        ['revoke_user_permission', { userid => 'x' }, 'user `x` does not exist'],
        ['revoke_user_permission', {}, 'Missing non optional `userid` arg in JSON DATA'],
        ['grant_user_group_permission', { repoid => 'x', usergroupid => 'x', perm => 'x' },
            'repository `x` does not exist'],
        ['grant_user_group_permission', { usergroupid => 'x', perm => 'x' }, 'permission `x` does not exist'],
        ['grant_user_group_permission', { usergroupid => 'x', perm => 'group.read' }, 'user group `x` does not exist'],
        ['grant_user_group_permission', { usergroupid => 'team', perm => 'group.read' },
            'permission `group.read` is invalid, should start with repository.'],
        ['grant_user_group_permission', { usergroupid => 'team' }, 'Missing non optional `perm` arg in JSON DATA'],
        ['revoke_user_group_permission', { repoid => 'x', usergroupid => 'x' }, 'repository `x` does not exist'],
        ['revoke_user_group_permission', { usergroupid => 'x' }, 'user group `x` does not exist'],
        ['revoke_user_group_permission', {}, 'Missing non optional `usergroupid` arg in JSON DATA'],
        ['revoke_users_group_permission', { repoid => 'x', usersgroupid => 'x' }, 'repository `x` does not exist'],
    ) {
        my ($method, $args, $error) = @$case;
        is call_as('admin', $method, %$args)->{error}, $error, "$method: $error";
    }
    is rows(), 'user default repository.read', 'nothing changed';
};

subtest 'refused callers' => sub {
    for my $who (qw(bob eve)) {
        call_as('admin', 'grant_user_permission', userid => 'eve', perm => 'repository.write');
        for my $case (['grant_user_permission', { userid => 'bob', perm => 'repository.admin' }],
                      ['grant_user_permission', { userid => 'nobody', perm => 'nothing' }],
                      ['revoke_user_permission', { userid => 'bob' }],
                      ['revoke_user_permission', { userid => 'nobody' }],
                      ['grant_user_group_permission', { usergroupid => 'team', perm => 'repository.admin' }],
                      ['grant_user_group_permission', { usergroupid => 'none', perm => 'nothing' }],
                      ['revoke_user_group_permission', { usergroupid => 'team' }],
                      ['revoke_user_group_permission', { usergroupid => 'none' }]) {
            is call_as($who, $case->[0], %{ $case->[1] })->{error}, $NO_REPO, "$who: $case->[0]";
        }
    }
    for my $method (qw(grant_user_group_permission revoke_user_group_permission)) {
        my %perm = $method =~ /^grant/ ? (perm => 'repository.read') : ();
        is call_as('ann', $method, usergroupid => 'hidden', %perm)->{error}, 'user group `hidden` does not exist',
            "$method: repository admin, but no read on the user group";
        is call_as('admin', $method, usergroupid => 'hidden', %perm)->{error}, undef, "$method: super-admin";
    }
};

$t->done;
done_testing;
