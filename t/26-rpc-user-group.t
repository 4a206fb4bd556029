#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# User groups: contract 02 §1.3, §1.5, §4, old names of §9; 01 §4, §5, §10, §11.
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
my %user = map { $_ => $t->user($_) } qw(bob eve zoe);
my $FORBIDDEN = 'Access was denied to this resource.';
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $MASKED = '*' x 40;

sub error { return $t->call(@_)->{error} }
sub group { return $t->must(get_user_group => { usergroupid => $_[0] }, @_[1 .. $#_]) }
sub users { return join ' ', map { $_->{username} } @{ group(@_)->{users} } }
sub rows { return [map { "$_->{type} $_->{name} $_->{permission} $_->{origin}" } @{ $_[0]{members} }] }
sub create {
    my ($name, %args) = @_;
    my @opt = delete $args{as} // 'admin';
    return $t->call(create_user_group => { group_name => $name, %args }, as => @opt)
}

# Sets what everybody may do on a user group.
sub everyone {
    my ($group, $level) = @_;
    $t->must(grant_user_permission_to_user_group => { usergroupid => $group, userid => 'default',
        perm => "usergroup.$level" });
}

subtest 'create_user_group' => sub {
    my $answer = create('devs', description => 'D');
    is_deeply $answer, { id => 1, error => undef, result => {
        msg => 'created new user group `devs`',
        user_group => { users_group_id => $answer->{result}{user_group}{users_group_id}, group_name => 'devs',
            group_description => 'D', active => $true, owner => 'admin', users => [] } } }, 'answer';
    is_deeply rows(group('devs')), ['user admin usergroup.admin owner', 'user default usergroup.read permission',
        'user admin usergroup.admin permission'], 'its rows: everybody, the owner';
    is_deeply [@{ create('idle', active => 'false', owner => 'bob')->{result}{user_group} }{qw(active owner)}],
        [$false, 'bob'],
        'active, owner';
    is create('byid', owner => $user{eve}{user_id})->{result}{user_group}{owner}, 'eve', 'owner by id';
    is create('devs')->{error}, 'user group `devs` already exist', 'taken';
    is create('Devs')->{error}, undef, 'names are case-sensitive';
    is create(" \x{fc} \x{1f600}")->{error}, undef, 'unicode';
    is create('x' x 255)->{error}, undef, '255 characters';
    is create("\x{fc}" x 255)->{error}, undef, 'characters, not bytes';
    is create('')->{error}, 'failed to create group ``', 'empty';
    is create('x' x 256)->{error}, 'failed to create group `' . 'x' x 256 . '`', 'too long';
    is create($_)->{error}, "failed to create group `$_`", "reads as an id: $_" for 12, '13', '_7';
    is create("a\nb")->{error}, "failed to create group `a\nb`", 'control character';
    is create(undef)->{error}, 'failed to create group `None`', 'null';
    like create(['x'])->{error}, qr/^failed to create group/, 'a list';
    is create('n', owner => 'nobody')->{error}, 'failed to create group `n`', 'unknown owner';
    is create('devs', owner => 'nobody')->{error}, 'user group `devs` already exist', 'taken comes first';
    is error(create_user_group => {}), 'Missing non optional `group_name` arg in JSON DATA', 'missing';
    is create('n', as => 'bob')->{error}, $FORBIDDEN, 'refused';
    is create('devs', as => 'bob')->{error}, $FORBIDDEN, 'and not told that it is taken';
    $t->sql("UPDATE user_global_permission SET name = 'hg.usergroup.create.true'
        WHERE name = 'hg.usergroup.create.false'");
    is_deeply [@{ create('bobs', as => 'bob')->{result}{user_group} }{qw(owner users)}], ['bob', []],
        'hg.usergroup.create.true';
    is create('for eve', as => 'bob', owner => 'eve')->{error}, undef, 'who may create may name an owner';
    is_deeply rows(group('for eve', as => 'eve')),
        ['user admin usergroup.admin super-admin', 'user eve usergroup.admin owner',
        'user default usergroup.read permission', 'user eve usergroup.admin permission'], 'his row';
    $t->sql("UPDATE user_global_permission SET name = 'hg.usergroup.create.false'
        WHERE name = 'hg.usergroup.create.true'");
    $t->sql("UPDATE user_global_permission SET name = 'usergroup.none' WHERE name = 'usergroup.read'");
    is create('shy')->{error}, undef, 'made while the default is usergroup.none';
    $t->sql("UPDATE user_global_permission SET name = 'usergroup.read' WHERE name = 'usergroup.none'");
    is rows(group('shy'))->[1], 'user default usergroup.none permission', 'is closed';
};

subtest 'members of a group' => sub {
    is_deeply $t->call(add_user_to_user_group => { usergroupid => 'devs', userid => 'zoe' }),
        { id => 1, error => undef,
        result => { success => $true, msg => 'added member `zoe` to user group `devs`' } }, 'add';
    is_deeply $t->must(add_user_to_user_group => { usergroupid => 'devs', userid => 'zoe' }),
        { success => $false, msg => 'User is already in that group' }, 'twice';
    is $t->must(add_user_to_user_group => { usergroupid => group('devs')->{users_group_id},
        userid => $user{bob}{user_id} })->{msg},
        'added member `bob` to user group `devs`', 'by ids';
    is users('devs'), 'zoe bob', 'in the order they joined';
    is_deeply $t->must(remove_user_from_user_group => { usergroupid => 'devs', userid => 'zoe' }),
        { success => $true, msg => 'removed member zoe from user group devs' }, 'remove';
    is_deeply $t->must(remove_user_from_user_group => { usergroupid => 'devs', userid => 'zoe' }),
        { success => $false, msg => "User wasn't in group" }, 'again';
    is users('devs'), 'bob', 'gone';
    for my $method (qw(add_user_to_user_group remove_user_from_user_group)) {
        my $try = sub { return error($method => { usergroupid => $_[0], userid => $_[1] }, as => $_[2] // 'admin') };
        is $try->('nope', 'bob'), 'user group `nope` does not exist', "$method: unknown group";
        is $try->('devs', 'nobody'), 'user `nobody` does not exist', "$method: unknown user";
        is $try->('devs', undef), 'user `None` does not exist', "$method: null";
        is $try->('devs', 'zoe', 'bob'), 'user group `devs` does not exist', "$method: a reader";
        is $try->('devs', 'nobody', 'bob'), 'user group `devs` does not exist', "$method: he is told nothing of users";
        is $try->('idle', 'nobody', 'bob'), 'user `nobody` does not exist', "$method: the owner";
        is error($method => { usergroupid => 'devs' }), 'Missing non optional `userid` arg in JSON DATA',
            "$method: missing user";
        is error($method => { userid => 'bob' }), 'Missing non optional `usergroupid` arg in JSON DATA',
            "$method: missing group";
    }
};

subtest 'get_user_group, get_user_groups' => sub {
    my $group = group('devs');
    my $bob = $t->must(get_user => { userid => 'bob' });
    delete $bob->{permissions};
    is $group->{users}[0]{api_key}, $MASKED, 'keys masked, even for super-admins';
    is_deeply $group->{users}[0], { %$bob, api_key => $MASKED, api_keys => [$MASKED] }, 'else user_obj';
    is_deeply group($group->{users_group_id}), $group, 'by id';
    is_deeply group("$group->{users_group_id}"), $group, 'by id as text';
    is error(get_user_group => { usergroupid => 'nope' }), 'user group `nope` does not exist', 'unknown';
    is error(get_user_group => { usergroupid => 99999 }), 'user group `99999` does not exist', 'unknown id';
    is error(get_user_group => { usergroupid => undef }), 'user group `None` does not exist', 'null';
    is error(get_user_group => {}), 'Missing non optional `usergroupid` arg in JSON DATA', 'missing';
    is error(get_user_group => { usergroupid => 'shy' }, as => 'eve'), 'user group `shy` does not exist', 'refused';
    is group('devs', as => 'eve')->{users}[0]{api_key}, $MASKED, 'a reader';
    my $all = $t->must('get_user_groups');
    is_deeply [map { $_->{users_group_id} } @$all], [sort { $a <=> $b } map { $_->{users_group_id} } @$all], 'by id';
    my ($devs) = grep { $_->{group_name} eq 'devs' } @$all;
    is $devs->{users}[0]{api_key}, $t->key('bob'), 'keys clear for super-admins';
    ok !exists $devs->{members}, 'without members';
    $t->must(add_user_to_user_group => { usergroupid => $_->[0], userid => $_->[1] })
        for ['shy', 'bob'], ['shy', 'zoe'], ['idle', 'zoe'], ['for eve', 'zoe'], ['for eve', 'bob'];
    my %eve = map { $_->{group_name} => join ' ', map { "$_->{username}:" . ($_->{api_key} eq $MASKED) }
        @{ $_->{users} } }
        @{ $t->must(get_user_groups => {}, as => 'eve') };
    ok !exists $eve{shy}, 'only groups that he may read';
    is_deeply [@eve{'devs', 'idle', 'byid', 'for eve'}], ['bob:1', 'zoe:1', '', 'zoe:1 bob:1'],
        'each with its users, keys masked';
    is scalar(keys %eve), scalar(@$all) - 1, 'all else';
};

# More groups and more members than are read at once: the list has what get_user_group has of each.
subtest 'get_user_groups, many' => sub {
    my $add = sub { "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 270) $_[0]" };
    $t->sql($add->("INSERT INTO users (username, active, admin, created_on) SELECT 'many' || i, 1, 0, 0 FROM n"));
    $t->sql($add->("INSERT INTO user_email (user_id, email, main) SELECT u.user_id, 'm' || i || '\@x.org', i % 2 "
        . "FROM n JOIN users u ON u.username = 'many' || i WHERE i % 3 <> 0"));
    $t->sql($add->("INSERT INTO user_group (group_name, owner_id, active, created_on) "
        . "SELECT 'crowd' || i, u.user_id, 1, 0 FROM n "
        . "JOIN users u ON u.username = CASE i % 2 WHEN 1 THEN 'bob' ELSE 'eve' END"));
    $t->sql("INSERT INTO user_group_member (users_group_id, user_id) SELECT g.users_group_id, u.user_id "
        . "FROM user_group g JOIN users u ON u.username LIKE 'many%' WHERE g.group_name = 'crowd7' "
        . "OR g.group_name LIKE 'crowd%' AND (u.user_id * 7 + g.users_group_id * 5) % 31 = 0 "
        . "ORDER BY u.user_id * 17 % 271");
    for my $as ('admin', 'bob') {
        my $all = $t->must(get_user_groups => {}, as => $as);
        my @one = map {
            my $one = group($_->{users_group_id}, as => $as);
            delete $one->{members};
            $one;
        } @$all;
        cmp_ok scalar @one, '>', $as eq 'admin' ? 270 : 135, "$as: many groups";
        for my $user (map { @{ $_->{users} } } $as eq 'admin' ? @$all : ()) {
            @$user{qw(api_key api_keys)} = ($MASKED, [$MASKED]); # get_user_group masks them always
        }
        is_deeply $all, \@one, "$as: as each of them alone";
    }
    my ($large) = grep { $_->{group_name} eq 'crowd7' } @{ $t->must('get_user_groups') };
    is scalar @{ $large->{users} }, 270, 'a large group';
    $t->sql("DELETE FROM user_group WHERE group_name LIKE 'crowd%'");
    $t->sql("DELETE FROM users WHERE username LIKE 'many%'");
};

subtest 'update_user_group' => sub {
    my $id = group('devs')->{users_group_id};
    my $answer = $t->call(update_user_group => { usergroupid => 'devs', group_name => 'makers', description => 'M',
        owner => 'eve',
        active => 'no' });
    is $answer->{result}{msg}, "updated user group ID:$id makers", 'answer';
    is $answer->{result}{user_group}{users}[0]{api_key}, $t->key('bob'), 'keys clear for super-admins';
    is_deeply [@{ group('makers') }{qw(users_group_id group_name group_description owner active)}],
        [$id, 'makers', 'M', 'eve', $false], 'all changed';
    is error(get_user_group => { usergroupid => 'devs' }), 'user group `devs` does not exist', 'the old name is gone';
    $answer = $t->call(update_user_group => { usergroupid => 'makers', description => '', active => 1 }, as => 'eve');
    is $answer->{error}, undef, 'the new owner may';
    is $answer->{result}{user_group}{users}[0]{api_key}, $MASKED, 'keys masked for others';
    is_deeply [@{ group('makers') }{qw(group_name group_description owner active)}], ['makers', '', 'eve', $true],
        'only what was sent';
    is $t->must(update_user_group => { usergroupid => $id })->{msg}, "updated user group ID:$id makers", 'nothing';
    is error(update_user_group => { usergroupid => 'makers', group_name => undef, owner => undef, active => undef }),
        undef,
        'null is nothing';
    is error(update_user_group => { usergroupid => 'makers', group_name => 'makers' }), undef, 'its own name';
    is error(update_user_group => { usergroupid => 'makers', group_name => $_ }),
        'failed to update user group `makers`', "name '$_'"
        for '', 'shy', '44', '_44', "a\tb", 'y' x 256;
    is error(update_user_group => { usergroupid => $id, group_name => 'shy' }), "failed to update user group `$id`",
        'as sent';
    like $t->error_log, qr/update_user_group failed .*: there is a user group of this name already /, 'says the log';
    is error(update_user_group => { usergroupid => 'makers', group_name => 'x', owner => 'nobody' }),
        'user `nobody` does not exist',
        'unknown owner';
    is error(update_user_group => { usergroupid => 'nope', owner => 'nobody' }), 'user group `nope` does not exist',
        'unknown';
    is error(update_user_group => { usergroupid => 'makers', owner => 'nobody' }, as => 'bob'),
        'user group `makers` does not exist', 'a reader, told nothing of users';
    is error(update_user_group => {}), 'Missing non optional `usergroupid` arg in JSON DATA', 'missing';
    is_deeply [@{ group('makers') }{qw(group_name owner)}], ['makers', 'eve'], 'no failure changed anything';
};

subtest 'rights of users' => sub {
    everyone(makers => 'none');
    is error(get_user_group => { usergroupid => 'makers' }, as => 'zoe'), 'user group `makers` does not exist',
        'closed';
    is_deeply $t->call(grant_user_permission_to_user_group => { usergroupid => 'makers', userid => 'zoe',
        perm => 'usergroup.write' }),
        { id => 1, error => undef, result => {
            msg => 'Granted perm: `usergroup.write` for user: `zoe` in user group: `makers`', success => $true } },
            'grant';
    is group('makers', as => 'zoe')->{group_name}, 'makers', 'he may read now';
    is error(update_user_group => { usergroupid => 'makers' }, as => 'zoe'), 'user group `makers` does not exist',
        'not change it';
    $t->must(grant_user_permission_to_user_group => { usergroupid => group('makers')->{users_group_id},
        userid => $user{zoe}{user_id}, perm => 'usergroup.admin' });
    is error(update_user_group => { usergroupid => 'makers' }, as => 'zoe'), undef, 'granted again, by ids: replaced';
    is_deeply rows(group('makers')), ['user admin usergroup.admin super-admin', 'user eve usergroup.admin owner',
        'user default usergroup.none permission', 'user admin usergroup.admin permission',
        'user zoe usergroup.admin permission'],
        'one row each';
    is_deeply $t->must(revoke_user_permission_from_user_group => { usergroupid => 'makers', userid => 'zoe' },
        as => 'eve'),
        { msg => 'Revoked perm for user: `zoe` in user group: `makers`', success => $true }, 'revoke';
    is error(get_user_group => { usergroupid => 'makers' }, as => 'zoe'), 'user group `makers` does not exist',
        'closed again';
    is error(revoke_user_permission_from_user_group => { usergroupid => 'makers', userid => 'zoe' }), undef,
        'nothing to revoke';
    my $try = sub {
        my ($args, $who) = @_;
        return error(grant_user_permission_to_user_group => { usergroupid => 'makers', userid => 'zoe',
            perm => 'usergroup.read', %$args },
            as => $who // 'admin');
    };
    is $try->({ usergroupid => 'nope', userid => 'x', perm => 'x' }), 'user group `nope` does not exist',
        'unknown group first';
    is $try->({ userid => 'x', perm => 'x' }), 'user `x` does not exist', 'then the user';
    is $try->({ perm => 'x' }), 'permission `x` does not exist', 'then the permission';
    is $try->({ perm => undef }), 'permission `None` does not exist', 'null';
    is $try->({ perm => $_ }), "permission `$_` is invalid, should start with usergroup.", "prefix of $_"
        for qw(group.read repository.admin hg.admin);
    is $try->({ userid => 'x', perm => 'x' }, 'zoe'), 'user group `makers` does not exist', 'outsiders learn nothing';
    everyone(makers => 'write');
    is $try->({ userid => 'x', perm => 'x' }, 'zoe'), 'user group `makers` does not exist', 'nor do writers';
    is error(revoke_user_permission_from_user_group => { usergroupid => 'makers', userid => 'x' }, as => 'zoe'),
        'user group `makers` does not exist', 'revoke: nor here';
    is error(revoke_user_permission_from_user_group => { usergroupid => 'makers', userid => 'x' }),
        'user `x` does not exist',
        'revoke: unknown user';
    is error(grant_user_permission_to_user_group => { usergroupid => 'makers', userid => 'zoe' }),
        'Missing non optional `perm` arg in JSON DATA', 'missing';
};

subtest 'rights of user groups' => sub {
    everyone(makers => 'none');
    my %both = (usergroupid => 'makers', sourceusergroupid => 'shy');
    is error(get_user_group => { usergroupid => 'makers' }, as => 'zoe'), 'user group `makers` does not exist',
        'closed';
    is_deeply $t->call(grant_user_group_permission_to_user_group => { %both, perm => 'usergroup.read' }),
        { id => 1, error => undef,
        result => { msg => 'Granted perm: `usergroup.read` for user group: `shy` in user group: `makers`',
            success => $true } }, 'grant';
    is group('makers', as => 'zoe')->{group_name}, 'makers', 'a member of the source may read the target';
    is rows(group('makers'))->[-1], 'user_group shy usergroup.read permission', 'in the member list';
    $t->must(update_user_group => { usergroupid => 'shy', active => 0 });
    is error(get_user_group => { usergroupid => 'makers' }, as => 'zoe'), 'user group `makers` does not exist',
        'not while it is inactive';
    $t->must(update_user_group => { usergroupid => 'shy', active => 1 });
    is error(get_user_group => { usergroupid => 'shy' }, as => 'eve'), 'user group `shy` does not exist',
        'nothing the other way round';
    is_deeply $t->must(revoke_user_group_permission_from_user_group => \%both), {
        msg => 'Revoked perm for user group: `shy` in user group: `makers`', success => $true }, 'revoke';
    is error(revoke_user_group_permission_from_user_group => \%both), undef, 'nothing to revoke';
    is error(get_user_group => { usergroupid => 'makers' }, as => 'zoe'), 'user group `makers` does not exist',
        'closed again';
    for my $verb ('grant', 'revoke') {
        my $method = $verb eq 'grant' ? 'grant_user_group_permission_to_user_group'
            : 'revoke_user_group_permission_from_user_group';
        my $try = sub {
            my ($args, $who) = @_;
            return error($method => { %both, $verb eq 'grant' ? (perm => 'usergroup.read') : (), %$args },
                as => $who // 'admin');
        };
        is $try->({ sourceusergroupid => 'nope' }), 'user group `nope` does not exist', "$verb: unknown source";
        is $try->({ usergroupid => 'nope' }), 'user group `nope` does not exist', "$verb: unknown target";
        is $try->({}, 'zoe'), 'user group `makers` does not exist', "$verb: may not see the target";
        is $try->({}, 'eve'), 'user group `shy` does not exist', "$verb: may not see the source";
        everyone(makers => 'write');
        is $try->({ perm => 'x' }, 'zoe'), 'to user group `makers` does not exist',
            "$verb: may see, not administer the target";
        everyone(makers => 'none');
        is $try->({ sourceusergroupid => 'idle' }, 'eve'), undef, "$verb: admin of the target, reader of the source";
        is error($method => { usergroupid => 'makers' }), 'Missing non optional `sourceusergroupid` arg in JSON DATA',
            "$verb: missing";
    }
    is error(grant_user_group_permission_to_user_group => { %both, perm => 'x' }), 'permission `x` does not exist',
        'permission';
    is error(grant_user_group_permission_to_user_group => { %both, perm => 'group.read' }),
        'permission `group.read` is invalid, should start with usergroup.', 'prefix';
    my $id = group('makers')->{users_group_id};
    is error(grant_user_group_permission_to_user_group => { usergroupid => 'makers', sourceusergroupid => $id,
        perm => 'usergroup.read' }),
        "failed to edit permission for user group: `$id` in user group: `makers`", 'source = target';
};

subtest 'delete_user_group' => sub {
    my $id = group('makers')->{users_group_id};
    $t->must(create_repo => { repo_name => 'g/z', repo_type => 'git' });
    $t->must(create_repo => { repo_name => 'a', repo_type => 'git', private => 1 });
    $t->sql("INSERT INTO user_group_repo_permission (repo_id, users_group_id, level)
             SELECT repo_id, $id, 1 FROM repo WHERE repo_name = '$_'") for 'g/z', 'a';
    $t->must(grant_user_group_permission_to_repo_group => { repogroupid => 'g', usergroupid => 'makers',
        perm => 'group.read' });
    is error(delete_user_group => { usergroupid => 'makers' }), 'RepoGroup assigned to a,g/z,g', 'assigned';
    $t->must(remove_user_from_user_group => { usergroupid => 'makers', userid => 'bob' });
    is error(delete_user_group => { usergroupid => 'makers' }, as => 'eve'), 'RepoGroup assigned to g/z,g',
        'nobody is told of what he may not read';
    $t->sql(
        "DELETE FROM user_group_repo_permission WHERE repo_id <> (SELECT repo_id FROM repo WHERE repo_name = 'a')");
    $t->must(revoke_user_group_permission_from_repo_group => { repogroupid => 'g', usergroupid => 'makers' });
    is error(delete_user_group => { usergroupid => 'makers' }, as => 'eve'),
        "failed to delete user group ID:$id makers",
        'if nothing is left to tell, the failure';
    is error(delete_user_group => { usergroupid => 'makers' }), 'RepoGroup assigned to a', 'super-admins are told';
    is error(delete_user_group => { usergroupid => 'makers' }, as => 'zoe'), 'user group `makers` does not exist',
        'refused';
    is error(delete_user_group => { usergroupid => 'idle' }, as => 'eve'), 'user group `idle` does not exist',
        'a reader';
    is error(delete_user_group => { usergroupid => 'nope' }), 'user group `nope` does not exist', 'unknown';
    is error(delete_user_group => {}), 'Missing non optional `usergroupid` arg in JSON DATA', 'missing';
    $t->sql('DELETE FROM user_group_repo_permission');
    $t->must(grant_user_group_permission_to_user_group => { usergroupid => 'shy', sourceusergroupid => 'makers',
        perm => 'usergroup.read' });
    is_deeply $t->call(delete_user_group => { usergroupid => 'makers' }, as => 'eve'),
        { id => 1, error => undef, result => {
        msg => "deleted user group ID:$id makers", user_group => undef } }, 'deleted by its owner';
    is error(get_user_group => { usergroupid => $id }), "user group `$id` does not exist", 'gone';
    is_deeply [grep { /makers/ } @{ rows(group('shy')) }], [], 'with its rows on other groups';
    my $new = create('makers')->{result}{user_group};
    isnt $new->{users_group_id}, $id, 'an id is never given again';
    is_deeply $new->{users}, [], 'nor anything of the old group';
};

subtest 'old names' => sub {
    is_deeply $t->must(get_users_group => { usersgroupid => 'shy' }), group('shy'), 'get_users_group';
    is_deeply $t->must(get_users_group => { usergroupid => 'shy' }), group('shy'), 'by the new argument';
    is_deeply $t->must(get_user_group => { usersgroupid => 'shy' }), group('shy'), 'and the other way round';
    is_deeply $t->must('get_users_groups'), $t->must('get_user_groups'), 'get_users_groups';
    my %args = (usersgroupid => 'makers', userid => 'zoe');
    is $t->must(add_user_to_users_group => \%args)->{msg}, 'added member `zoe` to user group `makers`',
        'add_user_to_users_group';
    is $t->must(add_user_to_users_group => \%args)->{success}, $false, 'twice';
    is $t->must(remove_user_from_users_group => \%args)->{msg}, 'removed member zoe from user group makers',
        'remove_user_from_users_group';
    is $t->must(remove_user_from_users_group => \%args)->{success}, $false, 'twice';
    is error(get_users_group => {}), 'Missing non optional `usergroupid` arg in JSON DATA', 'missing';
    for my $method (qw(get_users_group add_user_to_users_group remove_user_from_users_group)) {
        is error($method => { usersgroupid => 'nope', userid => 'bob' }), 'user group `nope` does not exist',
            "$method: unknown";
        is error($method => { usersgroupid => 'shy', userid => 'bob' }, as => 'eve'),
            'user group `shy` does not exist', "$method: refused";
    }
};

$t->done;
done_testing;
