#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# lock, get_locks, get_user_locks (contract 02 §2, 01 §12, 00 §6 and §7).
use strict;
use warnings;
use POSIX ();
use Test::More;
use RCAPI::Run qw(now);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my %id = map { $_ => $t->user($_)->{user_id} } qw(ann bob eve);
$t->must(create_repo => { repo_name => $_, repo_type => 'git', owner => 'ann' }) for qw(g/r second);
$t->must(create_repo => { repo_name => 'closed', repo_type => 'git', owner => 'ann', private => 1 });
$t->must(grant_user_permission => { repoid => 'g/r', userid => 'bob', perm => 'repository.write' });
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $SELF = 'userid is not the same as your user';

sub lock_as { my ($as, %args) = @_; return $t->call(lock => { repoid => 'g/r', %args }, as => $as) }

my $FREE = { repo => 'g/r', locked => $false, locked_since => undef, locked_by => undef, lock_reason => undef,
             lock_state_changed => $false, msg => 'Repo `g/r` not locked.' };

subtest 'query, set, query, release' => sub {
    is_deeply lock_as('bob'), { id => 1, error => undef, result => $FREE }, 'free';
    is_deeply lock_as('bob', locked => undef)->{result}, $FREE, 'null asks';
    my $before = now();
    my $set = lock_as('bob', locked => $true)->{result};
    my $since = delete $set->{locked_since};
    ok $since >= $before && $since <= now(), 'locked_since: now, an integer';
    like $t->last->body, qr/"locked_since":\d+,/, 'written as one';
    is_deeply $set, { repo => 'g/r', locked => $true, locked_by => 'bob', lock_reason => 'lock_api',
        lock_state_changed => $true,
        msg => 'User `bob` set lock state for repo `g/r` to `True`' }, 'set by a writer';
    my $date = POSIX::strftime('%Y-%m-%dT%H:%M:%S', localtime $since);
    my $held = { repo => 'g/r', locked => $true, locked_since => $since, locked_by => 'bob', lock_reason => 'lock_api',
        lock_state_changed => $false, msg => "Repo `g/r` locked by `bob` on $date." };
    is_deeply lock_as('ann')->{result}, $held, 'query tells the holder, not who asks';
    my $repo = $t->must(get_repo => { repoid => 'g/r' });
    is_deeply [$repo->{locked_by}{username}, @$repo{qw(locked_date lock_reason)}], ['bob', $date, 'lock_api'],
        'repo_obj';
    is $repo->{locked_by}{api_key}, $t->key('bob'), 'clear for super-admins';
    is $t->must(get_repo => { repoid => 'g/r' }, as => 'ann')->{locked_by}{api_key}, '*' x 40, 'masked for others';
    is_deeply lock_as('bob', locked => 'no')->{result}, { repo => 'g/r', locked => $false, locked_since => undef,
        locked_by => 'bob', lock_reason => 'lock_api', lock_state_changed => $true,
        msg => 'User `bob` set lock state for repo `g/r` to `False`' }, 'released';
    is_deeply lock_as('bob')->{result}, $FREE, 'free again';
    is lock_as('bob', locked => 'yes')->{result}{locked}, $true, 'text as a boolean';
    is lock_as('ann', locked => $true)->{result}{locked_by}, 'ann', 'a foreign lock is taken over';
    is lock_as('ann')->{result}{locked_by}, 'ann', 'indeed';
    is lock_as('bob', locked => $false)->{result}{msg}, 'User `bob` set lock state for repo `g/r` to `False`',
        'and released';
    is_deeply lock_as('ann')->{result}, $FREE, 'indeed';
};

subtest 'for somebody else, messages' => sub {
    is lock_as('admin', locked => $true, userid => 'eve')->{result}{msg},
        'User `eve` set lock state for repo `g/r` to `True`', 'super-admin';
    is lock_as('bob', locked => $true, userid => $id{bob})->{error}, undef, 'the own id';
    is lock_as('bob', locked => $true, userid => "$id{bob}")->{error}, undef, 'as text';
    is lock_as('bob', locked => $true, userid => $_)->{error}, $SELF, "userid $_" for 'bob', 'eve', $id{eve}, 'nobody';
    is lock_as('bob', userid => 'eve')->{error}, $SELF, 'also to ask';
    is lock_as('admin', locked => $true, userid => 'nobody')->{error}, 'user `nobody` does not exist', 'unknown user';
    is lock_as('admin', repoid => 'x', userid => 'nobody')->{error}, 'repository `x` does not exist',
        'unknown repository first';
    is $t->call(lock => {})->{error}, 'Missing non optional `repoid` arg in JSON DATA', 'missing';
    is lock_as('eve', locked => $true)->{error}, 'repository `g/r` does not exist', 'a reader may not';
    is lock_as('eve')->{error}, 'repository `g/r` does not exist', 'nor ask';
    is lock_as('eve', userid => 'nobody')->{error}, 'repository `g/r` does not exist', 'nor learn more';
    is lock_as('bob', repoid => 'closed')->{error}, 'repository `closed` does not exist', 'nor a stranger';
    lock_as('admin', locked => $false);
};

subtest 'get_locks' => sub {
    for my $method (qw(get_locks get_user_locks)) {
        lock_as('admin', repoid => $_, locked => $true, userid => 'bob') for qw(closed g/r);
        lock_as('admin', repoid => 'second', locked => $true, userid => 'eve');
        my $locks = $t->must($method => {}, as => 'bob');
        is_deeply [map { $_->{repo_name} } @$locks], ['g/r'], "$method: own ones, but none that he may not read";
        is_deeply [map { $_->{repo_name} } @{ $t->must($method => { userid => 'bob' }) }], ['g/r', 'closed'],
            'super-admin: all, by id';
        is $locks->[0]{locked_by}{username}, 'bob', 'held by him';
        is $locks->[0]{locked_by}{api_key}, '*' x 40, 'keys masked';
        ok !exists $locks->[0]{members}, 'repo_obj without members';
        is_deeply $t->must($method => { userid => $id{bob} }, as => 'bob'), $locks, 'by the own id';
        is_deeply [map { $_->{repo_name} } @{ $t->must($method => { userid => 'eve' }) }], ['second'], 'super-admin';
        is $t->must($method => { userid => 'eve' })->[0]{locked_by}{api_key}, $t->key('eve'), 'sees keys';
        is_deeply $t->must($method), [], 'none of his own';
        is $t->call($method => { userid => $_ }, as => 'bob')->{error}, $SELF, "userid $_" for 'eve', 'bob', $id{eve},
            'nobody';
        is $t->call($method => { userid => 'nobody' })->{error}, 'user `nobody` does not exist', 'unknown';
    }
    $t->must(delete_user => { userid => 'bob' });
    is_deeply lock_as('ann')->{result}, $FREE, 'a lock goes with its holder';
};

$t->done;
done_testing;
