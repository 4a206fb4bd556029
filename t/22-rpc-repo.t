#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# create_repo, get_repo, get_repos, pull (contract 02 §2, §5; 01 §5, §6, §10; 05 OPEN-9, Names, SSRF).
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user($_) for qw(bob eve);
my $FORBIDDEN = 'Access was denied to this resource.';

sub create {
    my ($name, %args) = @_;
    my %opt = map { exists $args{$_} ? ($_ => delete $args{$_}) : () } qw(as);
    return $t->call(create_repo => { repo_name => $name, repo_type => 'git', %args }, %opt);
}

# The result of get_repo.
sub repo { return $t->must(get_repo => { repoid => $_[0] }, @_[1 .. $#_]) }

# Takes the right to create repositories away from everybody but super-admins, for a while.
sub without_create {
    my ($code) = @_;
    $t->sql("UPDATE user_global_permission SET name = 'hg.create.none' WHERE name = 'hg.create.repository'");
    $code->();
    $t->sql("UPDATE user_global_permission SET name = 'hg.create.repository' WHERE name = 'hg.create.none'");
}

subtest 'create_repo: result and row' => sub {
    is_deeply create('one'), { id => 1, error => undef, result => {
        msg => 'Created new repository `one`', success => JSON::PP::true, task => undef } }, 'answer';
    my $repo = repo('one');
    like delete $repo->{created_on}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?$/, 'created_on';
    my $owner = { name => 'admin', type => 'user', permission => 'repository.admin', origin => 'owner' };
    my $default = { name => 'default', type => 'user', permission => 'repository.read', origin => 'permission' };
    is delete $repo->{followers}[0]{username}, 'admin', 'the owner follows it';
    delete $repo->{followers};
    is_deeply $repo, {
        repo_id => $repo->{repo_id}, repo_name => 'one', repo_type => 'git', clone_uri => '', url => $t->url . '/one',
        private => JSON::PP::false, description => 'one', landing_rev => ['rev', 'tip'], owner => 'admin',
        fork_of => undef,
        enable_statistics => JSON::PP::false, enable_locking => JSON::PP::false, enable_downloads => JSON::PP::false,
        last_changeset => {
            short_id => '0' x 12, raw_id => '0' x 40, revision => -1, message => '',
            date => POSIX::strftime('%Y-%m-%dT%H:%M:%S', localtime 0),
            author => '', parents => [], branch => undef,
        },
        locked_by => undef, locked_date => undef, lock_reason => undef,
        members => [$owner, $default], permissions => [$owner, $default],
    }, 'repo_obj of an empty repository';
    is $t->git("$t->{dir}/data/repos/one", 'rev-parse', '--is-bare-repository'), "true\n", 'a bare repository for git';
    is_deeply create('all', description => 'D', private => 'yes', landing_rev => 'branch:dev', owner => 'bob',
        map { $_ => 'true' } qw(enable_statistics enable_locking enable_downloads))->{error}, undef, 'all arguments';
    $repo = repo('all');
    is_deeply [@$repo{qw(description owner private enable_statistics enable_locking enable_downloads landing_rev)}],
        ['D', 'bob', (JSON::PP::true) x 4, ['branch', 'dev']], 'and what became of them';
    is_deeply [map { "$_->{name} $_->{permission} $_->{origin}" } @{ $repo->{members} }],
        ['admin repository.admin super-admin', 'bob repository.admin owner', 'default repository.none permission'],
        'members of a private one';
};

subtest 'create_repo: names' => sub {
    is create('//g/h//r/')->{result}{msg}, 'Created new repository `g/h/r`', 'cleaned';
    is repo('g/h/r')->{description}, 'r', 'description from the last part';
    is create('g/h/r')->{error}, 'repo `g/h/r` already exist', 'taken';
    is create('/g/h/r')->{error}, 'repo `g/h/r` already exist', 'taken, cleaned in the message';
    is create('G/h/r')->{error}, undef, 'names are case-sensitive';
    is create("\x{fc}n\x{ef}c\x{f6}de \x{1f600}")->{error}, undef, 'unicode and blanks';
    my $long = 'x' x 256;
    for my $name ('', '/', '///', '.', '..', './x', 'a/../b', 'a/./b', '.git', 'a/.hidden', ':', 'a:b', '<test>',
        'a\\b', "a\nb",
                  "a\x7fb", "a\tb", '_x', '_admin/x', '_12', '123', $long, 'x/' . 'y' x 254,
                  'rm__20200101_000000_123456__x',
                  'g/rm__20200101_000000_123456__x') {
        my $clean = join '/', grep { length } split m{/}, $name;
        (my $show = $name) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
        is create($name)->{error}, "failed to create repository `$clean`", 'refused: ' . substr($show, 0, 40);
    }
    is create('one/below')->{error}, 'failed to create repository `one/below`', 'a repository is no group';
    is create('g/h')->{error}, 'failed to create repository `g/h`', 'a group has that path';
    mkdir "$t->{dir}/data/repos/in the way" or die $!;
    is create('in the way')->{error}, undef, 'a folder has that path: it is set aside';
    is create(77)->{error}, 'failed to create repository `77`', 'a number as text';
    like create(['x'])->{error}, qr/^failed to create repository/, 'a list';
    is create('t', repo_type => 'cvs')->{error}, 'failed to create repository `t`', 'unknown type';
    is create('t', landing_rev => 'tip')->{error}, 'failed to create repository `t`', 'landing_rev without a colon';
    is_deeply [grep { /^t$/ } map { $_->{repo_name} } @{ $t->must('get_repos') }], [], 'nothing of these was made';
    is_deeply [glob "$t->{dir}/data/repos/t*"], [], 'nor on the disk';
};

subtest 'nothing is called None or True' => sub {
    $t->must(create_repo_group => { group_name => 'named' });
    $t->must(create_user_group => { group_name => 'named' });
    my @calls = (
        [create_repo => 'repo_name', {}, 'failed to create repository `{}`'],
        [fork_repo => 'fork_name', { repoid => 'one' }, 'failed to fork repository `one` as `{}`'],
        [create_repo_group => 'group_name', {}, 'failed to create repo group `{}`'],
        [create_user_group => 'group_name', {}, 'failed to create group `{}`'],
        [create_users_group => 'group_name', {}, 'failed to create group `{}`'],
        [add_field_to_repo => 'key', { repoid => 'one' }, 'failed to create new field for repository `one`'],
        [update_repo => 'name', { repoid => 'one' }, 'failed to update repo `one`', 1],
        [update_repo => 'repo_name', { repoid => 'one' }, 'failed to update repo `one`', 1],
        [update_repo_group => 'group_name', { repogroupid => 'named' }, 'failed to update repository group `named`',
            1],
        [update_user_group => 'group_name', { usergroupid => 'named' }, 'failed to update user group `named`', 1],
    );
    for (@calls) {
        my ($method, $name, $args, $failure, $optional) = @$_;
        my $error = sub { $t->call($method => { %$args, $name => $_[0] })->{error} };
        my $text = sub { $failure =~ s/\{\}/$_[0]/r };
        is $error->(JSON::PP::true), $text->('True'), "$method: $name true";
        is $error->(undef), $optional ? undef : $text->('None'), "$method: $name null";
    }
    is $t->call(create_users_group => { name => undef }, dialect => '1.2')->{error}, 'failed to create group None',
        'create_users_group (1.2)';
    is $t->call(create_user => { name => undef }, dialect => '1.2')->{error}, 'failed to create user None',
        'create_user (1.2)';
    is $t->sql("SELECT repo_name FROM repo UNION SELECT group_name FROM repo_group UNION SELECT group_name
        FROM user_group UNION SELECT username FROM users") =~ /^(None|True)$/m ? $1 : '', '', 'indeed';
    $t->must(delete_repo_group => { repogroupid => 'named' });
};

subtest 'create_repo: without repo_type' => sub {
    my $make = sub { $t->call(create_repo => { repo_name => $_[0], @_[1 .. $#_] })->{error} };
    is $make->('typeless'), undef, 'left out';
    is $make->('nulltype', repo_type => undef), undef, 'null';
    is repo($_)->{repo_type}, 'git', $_ for qw(typeless nulltype);
    $t->sql("UPDATE setting SET value = 'cvs' WHERE name = 'default_repo_type'");
    is $make->('set'), 'failed to create repository `set`', 'the setting default_repo_type decides';
    $t->sql("DELETE FROM setting WHERE name = 'default_repo_type'");
    is $make->('unset'), undef, 'without the setting: git';
    $t->sql("INSERT INTO setting (name, value) VALUES ('default_repo_type', 'git')");
    $t->must(delete_repo => { repoid => $_ }) for qw(typeless nulltype unset);
};

subtest 'url: percent-encoded' => sub {
    $t->repo('forkable', commits => 1);
    is $t->call(fork_repo => { repoid => 'forkable', fork_name => "p/a b%c#d?e\x{e9}" })->{error}, undef,
        'a name that a URL cannot hold as it is';
    my ($repo) = grep { $_->{repo_name} =~ m{^p/} } @{ $t->must('get_repos') };
    my $url = $t->url . '/p/a%20b%25c%23d%3fe%c3%a9';
    is $repo->{url}, $url, 'get_repos';
    is repo($repo->{repo_id})->{url}, $url, 'get_repo';
    is $t->must(update_repo => { repoid => $repo->{repo_id}, description => 'x' })->{repository}{url}, $url,
        'update_repo';
    is $t->get(substr($url, length $t->url) . '/changeset-diff/tip', as => 'admin')->status, 200,
        'the address of its views';
    $t->must(delete_repo => { repoid => $_ }) for $repo->{repo_id}, 'forkable';
};

subtest 'create_repo: who' => sub {
    is create('bobs', as => 'bob')->{error}, undef, 'hg.create.repository';
    is repo('bobs')->{owner}, 'bob', 'owned by the caller';
    is create('x', as => 'bob', owner => 'nobody')->{error}, 'Only RhodeCode admin can specify `owner` param',
        'owner by a regular user, before it is looked up';
    is create('x', owner => 'nobody')->{error}, 'user `nobody` does not exist', 'unknown owner';
    is create('o', owner => $t->must(get_user => { userid => 'eve' })->{user_id})->{error}, undef, 'owner by id';
    is repo('o')->{owner}, 'eve', 'found';
    is create('new/deep/r', as => 'bob')->{error}, undef, 'groups are made on the way';
    without_create(sub {
        is create('z', as => 'bob')->{error}, $FORBIDDEN, 'no right, no group';
        is create('nogroup/z', as => 'bob')->{error}, 'repository group `nogroup` does not exist', 'no such group';
        is create('g/h/z', as => 'bob')->{error}, 'repository group `g/h` does not exist', 'not admin of it: the same';
        is create('g/h/r', as => 'bob')->{error}, 'repository group `g/h` does not exist',
            'a taken name is not told to whom may not create there';
        $t->sql("INSERT INTO user_repo_group_permission (group_id, user_id, level)
                 SELECT g.group_id, u.user_id, 4 FROM repo_group g, users u WHERE g.group_name = 'g/h'
                 AND u.username = 'bob'");
        is create('g/h/z', as => 'bob')->{error}, undef, 'admin of the group';
        is create('g/h/r', as => 'bob')->{error}, 'repo `g/h/r` already exist', 'then he is told';
        is create('admins')->{error}, undef, 'super-admins always';
    });
    is create('c', copy_permissions => 1)->{error}, undef, 'copy_permissions at top level: no effect';
    is create('g/h/copy', copy_permissions => 'true')->{error}, undef, 'copy_permissions in a group';
    is_deeply [map { "$_->{name} $_->{permission}" } grep { $_->{origin} eq 'permission' }
        @{ repo('g/h/copy')->{members} }],
        ['default repository.read', 'bob repository.admin'], 'rows of the group';
    is create('g/h/closed', copy_permissions => 'true', private => 1)->{error}, undef, 'and private';
    is_deeply [map { "$_->{name} $_->{permission}" } grep { $_->{origin} eq 'permission' }
        @{ repo('g/h/closed')->{members} }],
        ['default repository.none', 'bob repository.admin'], 'the default row is none';
};

subtest 'create_repo: clone_uri, pull' => sub {
    my $source = "$t->{dir}/scratch/source";
    RCAPI::Git::init($source);
    RCAPI::Git::history($source, 12, 3);
    is create('clone', clone_uri => "file://$source")->{error}, undef, 'cloned';
    my $bare = "$t->{dir}/data/repos/clone";
    my $refs = sub { $t->git($_[0], 'for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads', 'refs/tags') };
    is $refs->($bare), $refs->($source), 'all branches and tags';
    is $t->git($bare, 'symbolic-ref', 'HEAD'), $t->git($source, 'symbolic-ref', 'HEAD'), 'HEAD';
    is $t->git($bare, 'config', '--list') =~ /url/ ? 'url' : '', '', 'no address in its configuration';
    my $tip = sub { (split ' ', $t->git($_[0], 'rev-list', '--date-order', '--branches', '--tags', '-1'))[0] };
    is repo('clone')->{last_changeset}{raw_id}, $tip->($source), 'last_changeset';
    is repo('clone')->{clone_uri}, "file://$source", 'clone_uri';
    spew_commit($source, $_) for 1 .. 3;
    $t->git($source, 'tag', '-a', '-m', 'note', 'annotated');
    is_deeply $t->call(pull => { repoid => 'clone' }), { id => 1, error => undef, result => {
        msg => 'Pulled from `clone`', repository => 'clone' } }, 'pull';
    is $refs->($bare), $refs->($source), 'everything arrived';
    is repo('clone')->{last_changeset}{raw_id}, $tip->($source), 'last_changeset follows';
    is $t->call(pull => { repo => 'clone' })->{error}, undef, 'by the name repo';
    $t->git($source, 'reset', '-q', '--hard', 'HEAD~2');
    is $t->call(pull => { repoid => repo('clone')->{repo_id} })->{error}, undef, 'by id, history rewritten';
    is $refs->($bare), $refs->($source), 'branches follow';
    my $other = "$t->{dir}/scratch/other";
    RCAPI::Git::init($other);
    RCAPI::Git::history($other, 2, 1);
    $t->git($other, 'tag', $_) for 'of-other';
    is $t->call(pull => { repoid => 'bobs', $_ => "file://$other" }, as => 'bob')->{error}, undef, "from $_"
        for qw(remote_uri clone_uri);
    like $refs->("$t->{dir}/data/repos/bobs"), qr{refs/tags/of-other}, 'what is there arrived';
    is repo('bobs')->{clone_uri}, '', 'clone_uri stays';
    is $t->call(pull => { repoid => 'clone', remote_uri => '' })->{error}, undef, 'an empty one: clone_uri';
    unlike $refs->($bare), qr{of-other}, 'and nothing else';
    is $t->call(pull => { repoid => 'clone', remote_uri => "file://$_" })->{error},
        'Unable to pull changes from `clone`', "refused: $_" for "$t->{dir}/data/repos/one", '/nowhere';
    is $t->call(pull => {})->{error}, 'Missing non optional `repoid` arg in JSON DATA', 'missing';
    is $t->call(pull => { repoid => 'one' })->{error}, 'Unable to pull changes from `one`', 'without clone_uri';
    is $t->call(pull => { repoid => 'nope' })->{error}, 'repository `nope` does not exist', 'unknown';
    is $t->call(pull => { repoid => 'clone' }, as => 'bob')->{error}, 'repository `clone` does not exist', 'not admin';
    is $t->call(pull => { repoid => 'bobs' }, as => 'bob')->{error}, 'Unable to pull changes from `bobs`', 'its admin';
    rename $source, "$source.gone" or die $!;
    is $t->call(pull => { repoid => 'clone' })->{error}, 'Unable to pull changes from `clone`', 'source gone';
    for my $uri ("file://$source", 'ext::sh -c id', '-u', '--upload-pack=touch /tmp/x', 'http://127.0.0.1:1/x',
        'http://h/ x',
                 "http://h/\nx", 'gopher://h/x', '', 'nonsense', 'http://user:secretpassword@127.0.0.1:1/x') {
        next if $uri eq '';
        (my $show = $uri) =~ s/\n/\\n/g;
        is create('bad', clone_uri => $uri)->{error}, 'failed to create repository `bad`', "clone_uri $show";
    }
    is create('good', clone_uri => '')->{error}, undef, 'an empty clone_uri is none';
    is_deeply [glob("$t->{dir}/data/repos/.rc_tmp/*")] , [grep { /\.done$/ } glob "$t->{dir}/data/repos/.rc_tmp/*"],
        'no work folder stays behind';
};

subtest 'a pull that waits keeps no connection' => sub {
    my $one = RCAPI::Test->new(children => 1, directives => "RcapiDatabaseMax 1\n");
    my $remote = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die $@;
    my $uri = 'git://127.0.0.1:' . $remote->sockport . '/r';
    $one->must(create_repo => { repo_name => 'slow', repo_type => 'git' });
    $one->must(update_repo => { repoid => 'slow', clone_uri => $uri });
    my %calls = (pull => { repoid => 'slow' },
        create_repo => { repo_name => 'new', repo_type => 'git', clone_uri => $uri });
    my @error = ('Unable to pull changes from `slow`', 'failed to create repository `new`');
    for my $method (sort { $b cmp $a } keys %calls) {
        my $pid = fork // die $!;
        if (!$pid) {
            my $said = $one->call($method => $calls{$method})->{error} // '';
            require POSIX;
            POSIX::_exit((grep { $said eq $_ } @error) ? 0 : 1);
        }
        my $git = $remote->accept; # git waits for us, and the only connection is free:
        is $one->call(test => { args => 1 })->{error}, undef, "$method: others are served meanwhile";
        $git->shutdown(2);
        waitpid $pid, 0;
        is $?, 0, "$method: and it ends as it must";
    }
    $one->done;
};

subtest 'get_repo, get_repos' => sub {
    is $t->call(get_repo => { repoid => 'all' }, as => 'eve')->{error}, 'repository `all` does not exist', 'private';
    is $t->call(get_repo => { repoid => 'all' }, as => 'bob')->{error}, undef, 'its owner';
    is $t->call(get_repo => { repoid => repo('all')->{repo_id} }, as => 'eve')->{error},
        'repository `' . repo('all')->{repo_id} . '` does not exist', 'by id: as sent';
    is repo(repo('one')->{repo_id})->{repo_name}, 'one', 'by id';
    is repo('' . repo('one')->{repo_id})->{repo_name}, 'one', 'by id as text';
    like $t->call(get_repo => { repoid => 'one' }, as => 'eve')->{result}{followers}[0]{api_key}, qr/^\*{40}$/,
        'keys masked';
    is repo('one')->{followers}[0]{api_key}, $t->key('admin'), 'clear for super-admins';
    for my $as (qw(admin eve)) { # often enough for each child to have it in memory
        my $json = JSON::PP->new->canonical;
        my %seen = map { ($json->encode($t->must(get_repo => { repoid => 'one' }, as => $as)) => 1) } 1 .. 12;
        is scalar(keys %seen), 1, "the same to $as each time";
    }
    is repo('one')->{followers}[0]{api_key}, $t->key('admin'), '... and the key is that of the follower';
    my $keys = sub {
        my %seen = map { (join(' ', @{ repo('one')->{followers}[0]{api_keys} }) => 1) } 1 .. 12;
        return join '|', keys %seen;
    };
    my $before = $keys->();
    my $token = $t->must(create_auth_token => { description => 'again' })->{auth_token};
    $t->secret($token->{auth_token});
    is $keys->(), "$before $token->{auth_token}", 'a new token is shown, each time';
    $t->must(delete_auth_token => { auth_token_id => $token->{auth_token_id} });
    is $keys->(), $before, 'a deleted one is not';
    my $all = $t->must('get_repos');
    is_deeply [map { $_->{repo_id} } @$all], [sort { $a <=> $b } map { $_->{repo_id} } @$all], 'by id';
    ok !exists $all->[0]{members}, 'without members';
    my %eve = map { $_->{repo_name} => 1 } @{ $t->must(get_repos => {}, as => 'eve') };
    ok $eve{one}, 'readable for everybody';
    ok !$eve{all} && !$eve{'g/h/closed'}, 'no private ones of others';
    is scalar(keys %eve), scalar(@$all) - 2, 'all else';
    my $repo = $t->repo('pushed', commits => 3);
    is listed('pushed')->{last_changeset}{revision}, -1, 'lists have the stored copy';
    is repo('pushed')->{last_changeset}{revision}, 2, 'get_repo is never older than the repository';
    is listed('pushed')->{last_changeset}{revision}, 2, 'and stores what it finds';
    is $t->must(get_repo => { repoid => 'pushed', cache => 'false' })->{last_changeset}{revision}, 2,
        'cache=false reads anew';
    is repo('pushed')->{last_changeset}{revision}, 2, 'and stores';
    system 'rm', '-rf', $repo->{path};
    is $t->call('get_repos')->{error}, undef, 'a repository that is gone never fails the listing';
    is repo('pushed')->{last_changeset}{revision}, 2, 'nor get_repo: it has the stored copy';
    like $t->error_log, qr/last changeset of pushed: cannot open the repository/, 'and a line in the log';
    is $t->call(get_repo => { repoid => 'pushed', cache => 0 })->{error}, 'Internal server error',
        'gone, and asked for';
};

subtest 'get_repos: root and traverse' => sub {
    create($_) for 'tree/a', 'tree/sub/b', 'tree/sub/deep/c', 'treelike/d';
    create('tree/hidden/e', private => 1);
    my $names = sub {
        my %opt = %{ $_[0] };
        shift;
        [sort map { $_->{repo_name} } @{ $t->must(get_repos => {@_}, %opt) }]
    };
    is_deeply $names->({}, root => 'tree'), ['tree/a', 'tree/hidden/e', 'tree/sub/b', 'tree/sub/deep/c'],
        'below a group, at any depth';
    is_deeply $names->({}, root => 'tree', traverse => 'false'), ['tree/a'], 'in the group alone';
    is_deeply $names->({}, root => '/tree/sub/'), ['tree/sub/b', 'tree/sub/deep/c'], 'a path';
    is_deeply $names->({}, root => 'treelike'), ['treelike/d'], 'not what only begins like it';
    my ($id) = $t->sql("SELECT group_id FROM repo_group WHERE group_name = 'tree/sub'") =~ /(\d+)/;
    is_deeply $names->({}, root => 0 + $id, traverse => 0), ['tree/sub/b'], 'by id';
    my $all = $names->({});
    is_deeply $names->({}, root => $_), $all, 'no root: all' for '', undef;
    is_deeply $names->({}, traverse => 'false'), [grep { !m{/} } @$all], 'no root, not traversed: the top level';
    my $error = sub { $t->call(get_repos => { root => $_[0] }, as => 'eve')->{error} };
    is $error->('nope'), 'Root repository group `nope` does not exist', 'no such group';
    is_deeply $names->({ as => 'eve' }, root => 'tree/hidden'), [],
        'a group that one may read, with nothing to see in it';
    $t->must(grant_user_permission_to_repo_group => { repogroupid => $_, userid => 'default', perm => 'group.none' })
        for qw(tree/hidden tree/sub);
    is $error->('tree/hidden'), 'Root repository group `tree/hidden` does not exist',
        'one that one may not see is none';
    is_deeply $names->({ as => 'eve' }, root => 'tree/sub'), ['tree/sub/b', 'tree/sub/deep/c'],
        'but for what one may read of it, which tells its name';
    is $error->(0 + $id), "Root repository group `$id` does not exist", 'by id it stays hidden';
    is $error->('one'), 'Root repository group `one` does not exist', 'a repository is no group';
};

subtest 'an argument that the method does not have is logged' => sub {
    my $long = 'k' x 40;
    is $t->call(get_repo => { repoid => 'one', colour => 'red', apiuser => 1, $long => 'x' })->{error}, undef,
        'and ignored';
    my $log = $t->error_log;
    like $log, qr/rcapi:info.*method get_repo: unknown argument colour is ignored/, 'its name';
    like $log, qr/method get_repo: unknown argument with a long name is ignored/, 'not what may be a key';
    unlike $log, qr/unknown argument apiuser|argument.*\bred\b/, 'nothing of what is dropped by design, and no values';
    $t->call(update_repo => { repoid => 'one', descripton => 'x' });
    my @twice = $t->error_log =~ /(unknown argument descripton)/g;
    is scalar(@twice), 1, 'once per call, though a writer checks twice';
};

sub listed { my ($name) = @_; return (grep { $_->{repo_name} eq $name } @{ $t->must('get_repos') })[0] }

sub spew_commit {
    my ($dir, $n) = @_;
    open my $f, '>', "$dir/added$n" or die $!;
    print $f "added $n\n";
    close $f;
    $t->git($dir, 'add', '-A');
    $t->git($dir, 'commit', '-q', '-m', "Add $n");
}

$t->done;
done_testing;
