#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The methods for tokens: contract 10 §2, §6; 01 §8. (Which key may make which: t/unit/test_user_self.c;
# the rule for scopes: t/unit/test_rule.c.)
use strict;
use warnings;
use JSON::PP ();
use Test::More;
use RCAPI::Run qw(now slurp);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $FORBIDDEN = 'Access was denied to this resource.';
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my %id = map { $_ => $t->user($_)->{user_id} } qw(bob eve);
$t->repo('box/one', commits => 2);
$t->must(create_repo => { repo_name => $_, repo_type => 'git' }) for qw(box/two boxer other);
$t->must(create_repo => { repo_name => 'hidden', repo_type => 'git', private => 1 });
$t->must(create_repo_group => { group_name => 'box/in' });

sub error { return $t->call(@_)->{error} }

# Makes a token by the API; the answer, whose key the logs must not hold.
sub token {
    my ($as, %args) = @_;
    my $made = $t->must(create_auth_token => \%args, ref $as ? @$as : (as => $as))->{auth_token};
    $t->secret($made->{auth_token});
    return $made;
}

sub tokens { return $t->must(get_auth_tokens => {}, @_) }

subtest 'create and list' => sub {
    my $answer = $t->must(create_auth_token => { description => "f\x{fc}r CI", role => 'api', lifetime => 10 },
        as => 'bob');
    my $made = $answer->{auth_token};
    $t->secret($made->{auth_token});
    is $answer->{msg}, 'created new auth token for user `bob`', 'message';
    like $made->{auth_token}, qr/^[0-9a-f]{40}$/, 'its key, in clear';
    my $left = $made->{expires} - now();
    ok $left > 500 && $left <= 600, 'ten minutes';
    like $made->{created_on}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/, 'created_on';
    is_deeply $made, { %$made, role => 'token_role_api', scope => 'Global', description => "f\x{fc}r CI",
        expired => $false, last_used => undef, main => $false }, 'token_obj';
    is join(' ', sort keys %$made), 'auth_token auth_token_id created_on description expired expires last_used main'
        . ' role scope', 'and no other member';
    is $t->must(test => { args => 'x' }, key => $made->{auth_token}), 'x', 'the key works';
    my $list = tokens(as => 'bob');
    is_deeply [map { $_->{role} } @$list], [map { "token_role_$_" } qw(all feed api)], 'the main key first';
    is_deeply [map { $_->{main} } @$list], [$true, $false, $false], 'main';
    is $list->[2]{auth_token}, substr($made->{auth_token}, 0, 4) . '****', 'masked';
    like $list->[2]{last_used}, qr/^\d{4}-\d\d-/, 'last_used';
    is_deeply [@{ token('bob', role => 'token_role_vcs') }{qw(role expires)}], ['token_role_vcs', -1],
        'the role with its prefix; without end';
    is token('admin', userid => 'bob')->{role}, 'token_role_all', 'a super-admin for another user';
    is scalar @{ $t->must(get_auth_tokens => { userid => 'bob' }) }, 5, 'who lists them';
};

subtest 'errors' => sub {
    is(error($_ => { userid => 'default' }), 'editing default user is forbidden', "$_: nobody signs in as it")
        for qw(create_auth_token reset_auth_token);
    my $failed = 'failed to create auth token for user `bob`';
    my $create = sub { error(create_auth_token => {@_}, as => 'bob') };
    is $create->(role => 'root'), 'role `root` does not exist', 'role';
    is $create->(role => ''), 'role `` does not exist', 'empty role';
    is $create->(lifetime => $_), $failed, 'lifetime ' . JSON::PP->new->allow_nonref->encode($_)
        for 0, -2, 1.5, 'soon', [1], $true, 9e15;
    is $create->(description => "a\tb"), $failed, 'description';
    is $create->(description => 'x' x 65537), $failed, 'a long one';
    is $create->(description => ['x']), $failed, 'a list';
    is $create->(repoid => 'none'), 'repository `none` does not exist', 'repository';
    is $create->(repoid => 'hidden'), 'repository `hidden` does not exist', 'one that the user may not read';
    is $create->(repogroupid => 'none'), 'repository group `none` does not exist', 'group';
    is $create->(repoid => 'other', repogroupid => 'box'), $failed, 'two scopes';
    is error(create_auth_token => { userid => 'bob', repoid => 'hidden' }), 'repository `hidden` does not exist',
        'one that only the super-admin may read';
    is error(create_auth_token => { userid => 'nobody' }), 'user `nobody` does not exist', 'user';
    is error($_ => { userid => $id{eve}, auth_token_id => 1 }, as => 'bob'), 'userid is not the same as your user',
        $_ for qw(get_auth_tokens create_auth_token delete_auth_token reset_auth_token);
    my $evil = tokens(as => 'eve')->[1]{auth_token_id};
    for my $method (qw(delete_auth_token reset_auth_token)) {
        is error($method => { auth_token_id => $_ }, as => 'bob'), "auth token `$_` does not exist", "$method $_"
            for $evil, 0, 'x', -1;
    }
    my $main = tokens(as => 'bob')->[0]{auth_token_id};
    is error(delete_auth_token => { auth_token_id => $main }, as => 'bob'), "failed to delete auth token ID:$main",
        'the main key stays';
    is error(delete_auth_token => { auth_token_id => undef }, as => 'bob'), 'failed to delete auth token ID:None',
        'null';
};

subtest 'delete and reset' => sub {
    my $made = token('bob', role => 'api', description => 'd', lifetime => 60);
    my $id = $made->{auth_token_id};
    my $answer = $t->must(reset_auth_token => { auth_token_id => $id }, as => 'bob');
    my $new = $answer->{auth_token};
    $t->secret($new->{auth_token});
    is $answer->{msg}, 'created new auth token for user `bob`', 'reset: message';
    is_deeply { %$new, auth_token => 0, created_on => 0 }, { %$made, auth_token => 0, created_on => 0 },
        'the same but for the key';
    is error(test => { args => 'x' }, key => $made->{auth_token}), 'Invalid API KEY', 'the old key is void';
    is $t->must(test => { args => 'x' }, key => $new->{auth_token}), 'x', 'the new one works';
    is_deeply $t->must(delete_auth_token => { auth_token_id => "$id" }, as => 'bob'),
        { msg => "deleted auth token ID:$id for user `bob`", success => $true }, 'delete';
    is error(test => { args => 'x' }, key => $new->{auth_token}), 'Invalid API KEY', 'it is void';
    my $old = $t->key('bob');
    my $main = $t->must(reset_auth_token => {}, as => 'bob')->{auth_token};
    $t->secret($main->{auth_token});
    is $main->{main}, $true, 'reset without an id: the main key';
    is error(test => { args => 'x' }, key => $old), 'Invalid API KEY', 'which is void';
    $t->key(bob => $main->{auth_token});
    like $t->admin(qw(journal list --last 4)), qr/user_created_token:bob:token_role_api\ ID:$id,\ Global\n
        .*user_reset_token:bob:ID:$id\n.*user_deleted_token:bob:ID:$id\n.*user_reset_key:bob\n/x, 'in the journal';
};

subtest 'narrow keys' => sub {
    my $api = token('admin', role => 'api')->{auth_token};
    my $short = token('admin', role => 'all', lifetime => 60)->{auth_token};
    my $wide = token('admin', role => 'all')->{auth_token};
    my %clear = ($api => 0, $short => 0, $wide => 1, $t->key('admin') => 1);
    for my $key (sort keys %clear) {
        my $shown = sub { $_[0]{api_key} eq '*' x 40 ? 0 : 1 };
        is $shown->($t->must(get_user => {}, key => $key)), $clear{$key}, 'get_user';
        is $shown->($t->must(get_user => { userid => 'bob' }, key => $key)), $clear{$key}, 'of another user';
        is $shown->($t->must(get_users => {}, key => $key)->[0]), $clear{$key}, 'get_users';
        is $shown->($t->must(update_user => { userid => 'eve' }, key => $key)->{user}), $clear{$key}, 'update_user';
        is error(create_auth_token => { userid => 'bob' }, key => $key),
            $clear{$key} ? undef : 'failed to create auth token for user `bob`', 'create_auth_token';
    }
    my $main = tokens()->[0]{auth_token_id};
    is error(reset_auth_token => {}, key => $api), "failed to reset auth token ID:$main", 'nor the main key';
    my $feed = tokens()->[1]{auth_token_id};
    $t->secret($t->must(reset_auth_token => { auth_token_id => $feed }, key => $api)->{auth_token}{auth_token});
    is error(delete_auth_token => { auth_token_id => $feed }, key => $api), undef, 'but narrower ones';
};

subtest 'scopes' => sub {
    my $one = token('admin', repoid => 'box/one');
    is $one->{scope}, 'Repository: box/one', 'of a repository';
    my $box = token('admin', repogroupid => 'box');
    is $box->{scope}, 'RepositoryGroup: box (recursive)', 'of a group';
    my @one = (key => $one->{auth_token});
    my @box = (key => $box->{auth_token});
    my $repos = sub { join ' ', map { $_->{repo_name} } @{ $t->must(get_repos => {}, @_) } };
    is $repos->(@one), 'box/one', 'get_repos';
    is $repos->(@box), 'box/one box/two', 'of the group; boxer is not in it';
    is join(' ', map { $_->{group_name} } @{ $t->must(get_repo_groups => {}, @box) }), 'box box/in', 'get_repo_groups';
    is_deeply $t->must(get_repo_groups => {}, @one), [], 'none of a repository';
    is $t->must(get_repo => { repoid => 'box/one' }, @one)->{repo_name}, 'box/one', 'get_repo';
    is error(get_repo => { repoid => 'box/two' }, @one), 'repository `box/two` does not exist', 'another one';
    is_deeply $t->must(get_user => {}, @one)->{permissions}, { global => [], repositories =>
        { 'box/one' => 'repository.admin' }, repositories_groups => {}, user_groups => {} }, 'get_user';
    is error($_ => { userid => 'bob', username => 'x', email => 'x@example.org' }, @box),
        $FORBIDDEN, "no super-admin: $_" for qw(get_users create_user update_user);
    is error(create_repo => { repo_name => "$_", repo_type => 'git' }, @box), $FORBIDDEN,
        "creates nothing: $_" for qw(new box/new);
    is error(fork_repo => { repoid => 'box/one', fork_name => 'box/fork' }, @box),
        $FORBIDDEN, 'no fork';
    is error(create_repo_group => { group_name => 'box/sub' }, @box), $FORBIDDEN, 'no group';
    is error(create_user_group => { group_name => 'x' }, @box), $FORBIDDEN, 'no user group';
    is error(create_gist => { files => { a => { content => 'x' } } }, @box), $FORBIDDEN,
        'no gist';
    is error(comment_commit => { repoid => 'box/one', commit_id => 'tip', message => 'm' }, @one), undef,
        'but it comments on a commit';
    $t->must(create_gist => { files => { a => { content => 'x' } } });
    is_deeply $t->must(get_gists => {}, @box), [], 'gists are not in a scope';

    is_deeply [map { $_->{scope} } @{ tokens(@one) }], ['Repository: box/one'], 'it sees keys of its scope only';
    my $same = token([@one], repoid => 'box/one', role => 'vcs');
    is $same->{role}, 'token_role_vcs', 'and makes them';
    is error(create_auth_token => {}, @one), 'failed to create auth token for user `admin`', 'no wider one';
    is error(create_auth_token => { repoid => 'box/one' }, @box), 'failed to create auth token for user `admin`',
        'no other one';

    my $view = '/box/one/changeset-diff/tip';
    is $t->get($view, key => $one->{auth_token})->status, 200, 'a view';
    is $t->get('/other/changeset-diff/tip', key => $one->{auth_token})->status, 404, 'not of another repository';
    my $ls = sub {
        my ($key, $repo) = @_;
        my $url = ($t->url . "/$repo") =~ s{//}{//x-token-auth:$key@}r;
        return $t->run('git', 'ls-remote', '-q', $url)->{exit} ? 0 : 1;
    };
    $t->must(update_repo => { repoid => 'box/one', private => 'true' });
    is $ls->($same->{auth_token}, 'box/one'), 1, 'git';
    is $ls->($same->{auth_token}, 'hidden'), 0, 'not for another repository';

    $t->must(update_repo => { repoid => 'box/one', name => 'moved', group => '' });
    is $repos->(@one), 'moved', 'a scope follows its repository';
    is $repos->(@box), 'box/two', 'and what is in a group changes';
    is tokens(@one)->[0]{scope}, 'Repository: moved', 'its name, too';
    $t->must(update_repo_group => { repogroupid => 'box', group_name => 'crate' });
    is $repos->(@box), 'crate/two', 'a renamed group';
    $t->must(delete_repo => { repoid => 'moved' });
    is $repos->(@one), '', 'a deleted scope opens nothing';
    $t->must(create_repo => { repo_name => 'moved', repo_type => 'git' });
    is $repos->(@one), '', 'nor does another repository of that name';
    like tokens(@one)->[0]{scope}, qr/^Repository: _\d+$/, 'its scope has a number';
};

subtest 'last_used is written once an hour' => sub {
    my $made = token('eve', role => 'api');
    my $id = $made->{auth_token_id};
    my $read = sub { $t->sql("SELECT last_used FROM api_key WHERE key_id = $id") =~ s/\s+\z//r };
    is $t->call(test => { args => 'x' }, key => $made->{auth_token}, as => undef)->{error}, undef, 'used';
    my $first = $read->();
    ok $first, 'recorded';
    $t->must(test => { args => 'x' }, key => $made->{auth_token}) for 1 .. 3;
    is $read->(), $first, 'used again: not recorded';
    my $old = $first - 3_601_000_000;
    $t->sql("UPDATE api_key SET last_used = $old WHERE key_id = $id");
    $t->must(test => { args => 'x' }, key => $made->{auth_token});
    ok $read->() > $old, 'an hour later: recorded';
    $t->sql("UPDATE api_key SET last_used = NULL, role = 'token_role_feed' WHERE key_id = $id");
    ok error(test => { args => 'x' }, key => $made->{auth_token}), 'refused';
    is $read->(), '', 'a refused key was not used';
};

subtest 'last_used of a key that is remembered' => sub {
    plan skip_all => 'nothing is remembered on a server, and it has no lock file' if RCAPI::Test::on_server();
    my %answers = (
        '' => qr/\A\{"id":1,"result":"x","error":null\}\n?\z/,
        '"jsonrpc":"2.0",' => qr/\A\{"jsonrpc":"2.0","id":1,"result":"x"\}\n\z/,
    );
    for my $version (sort keys %answers) {
        my $made = token('eve', role => 'api');
        my $read = sub { $t->sql("SELECT last_used FROM api_key WHERE key_id = $made->{auth_token_id}") };
        my $args = $version ? 'params' : 'args';
        my $ask = sub {
            $t->get('/_admin/api', method => 'POST', headers => ['X-Api-Key' => $made->{auth_token}],
                body => qq({$version"id":1,"method":"test","$args":{"args":"x"}}))->body;
        };
        my $lock = $t->block_writers;
        like $ask->(), $answers{$version}, "$args: answered" for 1 .. 6;
        is $read->(), "\n", '... but the use could not be recorded';
        close $lock;
        like $ask->(), $answers{$version}, 'answered once more';
        like $read->(), qr/^\d+$/, '... and recorded';
    }
};

subtest 'rcapi-admin' => sub {
    my $key = $t->token('eve', qw(--role api --repo other));
    my ($row) = map { [split /\t/] } grep { /\Q$key\E/ } split /\n/, $t->admin(qw(token list eve));
    is_deeply [@$row[2, 6, 7]], ['token_role_api', 'Repository: other', 'never'], 'a scope';
    is error(get_repo => { repoid => 'boxer' }, key => $key), 'repository `boxer` does not exist', 'which counts';
    chomp(my $new = $t->admin('token', 'reset', 'eve', $row->[0]));
    $t->secret($new);
    is error(test => { args => 'x' }, key => $key), 'Invalid API KEY', 'reset';
    is $t->must(test => { args => 'x' }, key => $new), 'x', 'by a new one';
    my $none = $t->try_admin(qw(token create eve --repo hidden));
    is "$none->{exit} $none->{err}", "1 rcapi-admin: eve may read no repository `hidden`\n", 'one they may not read';
    $none = $t->try_admin(qw(token create eve --group none));
    is "$none->{exit} $none->{err}", "1 rcapi-admin: eve may read no repository group `none`\n", 'a group';
    $none = $t->try_admin(qw(token create eve --group crate --repo other));
    is "$none->{exit} $none->{err}", "1 rcapi-admin: a token has one scope, not two\n", 'two';
};

subtest 'a server that reveals no keys' => sub {
    my $other = RCAPI::Test->new(directives => "RcapiRevealKeys off\n");
    my $made = $other->must(create_auth_token => {})->{auth_token};
    $other->secret($made->{auth_token});
    like $made->{auth_token}, qr/^[0-9a-f]{40}$/, 'a new key is shown once';
    is $other->must('get_auth_tokens')->[-1]{auth_token}, '*' x 8, 'then never';
    $other->done;
};

subtest 'expired tokens' => sub {
    $t->user('forgetful');
    token('forgetful', description => "no $_", lifetime => 1) for 1 .. 103;
    token('forgetful', description => 'alive', lifetime => 60);
    token('bob', description => 'no 0', lifetime => 1);
    $t->sql("UPDATE api_key SET expires = 1000 + key_id WHERE description LIKE 'no %'");
    my $listed = sub { map { "$_->{description} $_->{expired}" =~ /^no (\d+) 1$/ } @{ tokens(as => 'forgetful') } };
    is join(' ', $listed->()), join(' ', 1 .. 103), 'they are listed as such';
    token('forgetful', description => 'new');
    is join(' ', $listed->()), join(' ', 4 .. 103), 'of a user the last ones, when there is a new token';
    is join(' ', map { $_->{description} } grep { !$_->{expired} } @{ tokens(as => 'forgetful') }),
        ' Generated feed token alive new', 'the others stay';
    is join(' ', map { $_->{description} } grep { $_->{expired} } @{ tokens(as => 'bob') }), 'no 0',
        '... of others, too';
};

$t->done;
done_testing;
