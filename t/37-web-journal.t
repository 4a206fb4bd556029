#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
#
# The journal: what changes something is told once, by whom and of what, and not when it failed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user($_) for qw(bob ann);
my $tiny = $t->repo('tiny', commits => 4, args => { owner => 'bob' });
my $tip = $t->git($tiny->{path}, 'rev-parse', 'master') =~ s/\s//gr;
$t->must(create_gist => { files => { a => { content => 'x' } } }, as => 'bob');
my ($from, $last) = ("$t->{dir}/work/tiny", 0);

# The entries that came since the last time: "user repository action", oldest first.
sub told {
    my @rows = map { [split /\|/, $_, -1] } split /\n/, $t->sql("SELECT journal_id, username, repo_name, action FROM journal WHERE journal_id > $last ORDER BY 1");
    $last = $rows[-1][0] if @rows;
    return [map { join ' ', @$_[1 .. 3] } @rows];
}

subtest 'what was needed first' => sub {
    is_deeply(told(), ['admin  admin_created_user:bob', 'admin  admin_created_user:ann', 'admin tiny user_created_repo',
        'bob  user_created_gist:1'], 'users, repository and gist');
    is($t->sql("SELECT count(*) FROM journal WHERE ip_addr = '127.0.0.1' AND user_id > 0 AND created_on > 1e15"), "4\n", 'from where, by whom, when');
    is($t->sql("SELECT repo_id FROM journal WHERE repo_name = 'tiny'"), $t->sql("SELECT repo_id FROM repo WHERE repo_name = 'tiny'"), 'of which');
};

# method, arguments, who, what is told
my @CHANGES = (
    [update_user => { userid => 'ann', lastname => 'X' }, 'admin', 'admin  admin_updated_user:ann'],
    [create_user => { username => 'eve', email => 'eve@example.org' }, 'admin', 'admin  admin_created_user:eve'],
    [delete_user => { userid => 'eve' }, 'admin', 'admin  admin_deleted_user:eve'],
    [create_user_group => { group_name => 'team' }, 'admin', 'admin  admin_created_users_group:team'],
    [update_user_group => { usergroupid => 'team', group_name => 'crew' }, 'admin', 'admin  admin_updated_users_group:crew'],
    [add_user_to_user_group => { usergroupid => 'crew', userid => 'ann' }, 'admin', 'admin  admin_updated_users_group:crew'],
    [add_user_to_user_group => { usergroupid => 'crew', userid => 'ann' }, 'admin'],
    [remove_user_from_user_group => { usergroupid => 'crew', userid => 'ann' }, 'admin', 'admin  admin_updated_users_group:crew'],
    [grant_user_permission_to_user_group => { usergroupid => 'crew', userid => 'ann', perm => 'usergroup.read' }, 'admin',
        'admin  admin_updated_users_group:crew'],
    [revoke_user_permission_from_user_group => { usergroupid => 'crew', userid => 'ann' }, 'admin', 'admin  admin_updated_users_group:crew'],
    [delete_user_group => { usergroupid => 'crew' }, 'admin', 'admin  admin_deleted_users_group:crew'],
    [create_users_group => { group_name => 'old' }, 'admin', 'admin  admin_created_users_group:old'],
    [create_repo_group => { group_name => 'shelf' }, 'admin', 'admin  user_created_repo_group:shelf'],
    [update_repo_group => { repogroupid => 'shelf', group_name => 'box' }, 'admin', 'admin  user_updated_repo_group:box'],
    [grant_user_permission_to_repo_group => { repogroupid => 'box', userid => 'bob', perm => 'group.admin' }, 'admin',
        'admin  user_updated_repo_group:box'],
    [delete_repo_group => { repogroupid => 'box' }, 'admin', 'admin  user_deleted_repo_group:box'],
    [fork_repo => { repoid => 'tiny', fork_name => 'twin' }, 'admin', 'admin tiny user_forked_repo:twin'],
    [update_repo => { repoid => 'twin', name => 'double' }, 'admin', 'admin double user_updated_repo'],
    [add_field_to_repo => { repoid => 'tiny', key => 'k' }, 'bob', 'bob tiny user_updated_repo'],
    [remove_field_from_repo => { repoid => 'tiny', key => 'k' }, 'bob', 'bob tiny user_updated_repo'],
    [grant_user_permission => { repoid => 'tiny', userid => 'ann', perm => 'repository.write' }, 'bob', 'bob tiny user_updated_repo'],
    [revoke_user_permission => { repoid => 'tiny', userid => 'ann' }, 'bob', 'bob tiny user_updated_repo'],
    [lock => { repoid => 'tiny', locked => 1 }, 'bob', 'bob tiny user_locked_repo'],
    [lock => { repoid => 'tiny', locked => 0 }, 'bob', 'bob tiny user_unlocked_repo'],
    [lock => { repoid => 'tiny' }, 'bob'],
    [changeset_comment => { repoid => 'tiny', revision => 'tip', message => 'm' }, 'bob', "bob tiny user_commented_revision:$tip"],
    [comment_commit => { repoid => 'tiny', commit_id => 'master', message => 'm' }, 'ann', "ann tiny user_commented_revision:$tip"],
    [update_repo => { repoid => 'tiny', clone_uri => "file://$from" }, 'admin', 'admin tiny user_updated_repo'],
    [pull => { repoid => 'tiny' }, 'bob', 'bob tiny push_remote'],
    [invalidate_cache => { repoid => 'tiny' }, 'bob'],
    [get_repo => { repoid => 'tiny', cache => JSON::PP::false() }, 'bob'],
    [get_repos => {}, 'bob'],
    [strip => { repoid => 'tiny', revision => $tip, branch => 'master' }, 'bob', "bob tiny user_stripped_commit:$tip"],
    [create_gist => { files => { a => { content => 'x' } } }, 'ann', 'ann  user_created_gist:2'],
    [delete_gist => { gistid => 2 }, 'ann', 'ann  user_deleted_gist:2'],
    [fork_repo => { repoid => 'tiny', fork_name => 'third' }, 'admin', 'admin tiny user_forked_repo:third'],
    [delete_repo => { repoid => 'tiny', forks => 'delete' }, 'admin', 'admin tiny user_deleted_repo', 'admin double user_deleted_repo',
        'admin third user_deleted_repo'],
    [rescan_repos => { remove_obsolete => 1 }, 'admin'],
);

subtest 'each change once' => sub {
    for (@CHANGES) {
        my ($method, $args, $who, @told) = @$_;
        my $error = $t->call($method, $args, as => $who)->{error};
        is($error, undef, $method);
        is_deeply(told(), \@told, "$method is told");
    }
    is($t->sql("SELECT count(*) FROM journal WHERE repo_name = 'tiny' AND repo_id IS NOT NULL"), "0\n", 'entries outlive repositories');
    is($t->sql("SELECT count(*) FROM journal WHERE username = 'eve' OR action LIKE '%:eve'"), "2\n", 'and users');
    is($t->call(create_users_group => { name => 'older' }, dialect => '1.2')->{error}, undef, '1.2: create_users_group');
    is($t->call(create_user => { username => 'old', email => 'old@example.org' }, dialect => '1.2')->{error}, undef, '1.2: create_user');
    is_deeply(told(), ['admin  admin_created_users_group:older', 'admin  admin_created_user:old'], 'are told');
};

subtest 'rescans' => sub {
    $t->git($t->dir, 'init', '-q', '--bare', "$t->{dir}/data/repos/found");
    $t->must('rescan_repos');
    is_deeply(told(), ['admin found admin_created_repo'], 'added');
    system('rm', '-r', "$t->{dir}/data/repos/found");
    $t->must(rescan_repos => { remove_obsolete => 1 });
    is_deeply(told(), ['admin found admin_deleted_repo'], 'removed');
};

subtest 'what fails is not told' => sub {
    $t->repo('plain', commits => 2, args => { owner => 'bob' });
    told();
    for (
        [create_user => { username => 'bob', email => 'b2@example.org' }, 'admin'],
        [create_user => { username => 'new', email => 'bob@example.org' }, 'admin'], # the row is made, then undone
        [create_repo => { repo_name => 'plain', repo_type => 'git' }, 'admin'],
        [create_repo => { repo_name => 'x', repo_type => 'cvs' }, 'ann'],
        [update_repo => { repoid => 'plain', name => 'a/b' }, 'bob'],
        [delete_repo => { repoid => 'plain' }, 'ann'],
        [delete_user => { userid => 'bob' }, 'admin'], # he owns a repository
        [pull => { repoid => 'plain' }, 'bob'], # from nowhere
        [strip => { repoid => 'plain', revision => 'nope', branch => 'master' }, 'bob'],
        [comment_commit => { repoid => 'plain', commit_id => 'nope', message => 'm' }, 'bob'],
        [create_gist => { files => {} }, 'bob'],
        [delete_gist => { gistid => 99 }, 'bob'],
        [grant_user_permission => { repoid => 'plain', userid => 'ann', perm => 'nope' }, 'bob'],
    ) {
        my ($method, $args, $who) = @$_;
        ok($t->call($method, $args, as => $who)->{error}, "$method fails");
        is_deeply(told(), [], 'nothing is told');
    }
    SKIP: {
        skip 'root may write everywhere', 3 unless $>;
        my $repos = "$t->{dir}/data/repos";
        chmod 0500, $repos; # the row and its entry are written, then the folder cannot be moved
        ok($t->call(delete_repo => { repoid => 'plain' })->{error}, 'delete_repo fails on the disk');
        chmod 0700, $repos;
        is_deeply(told(), [], 'nothing is told');
        is($t->sql("SELECT count(*) FROM repo WHERE repo_name = 'plain'"), "1\n", 'nothing is done');
    }
};

$t->done;
done_testing;
