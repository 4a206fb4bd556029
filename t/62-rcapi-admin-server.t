#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# rcapi-admin email, perm, set, follow, backup (contract 04 §7), and what follows for the server.
use strict;
use warnings;
use Test::More;
use RCAPI::Test;

my $t = RCAPI::Test->new;
$t->user($_) for qw(bob eve);
$t->must(create_repo => { repo_name => 'demo', repo_type => 'git' });
my $FORBIDDEN = 'Access was denied to this resource.';

# What a command that fails says, and its exit code.
sub fails {
    my ($exit, $says, @args) = @_;
    my $r = $t->try_admin(@args);
    is $r->{exit}, $exit, "@args: exit $exit";
    like $r->{err}, $says, "@args: says why";
}

subtest 'email' => sub {
    is $t->admin(qw(email list bob)), "bob\@example.org\n", 'list';
    $t->admin(qw(email add bob Extra@Example.org));
    is $t->admin(qw(email list bob)), "bob\@example.org\nextra\@example.org\n", 'added, in lower case';
    is_deeply $t->must(get_user => { userid => 'bob' })->{emails}, ['bob@example.org', 'extra@example.org'],
        'the API tells it';
    is $t->call(create_user => { username => 'new', email => 'EXTRA@example.org' })->{error},
        'email `EXTRA@example.org` already exist', 'taken for others';
    fails(1, qr/already exist/, qw(email add eve extra@example.org));
    $t->admin(qw(email remove bob extra@example.org));
    is $t->admin(qw(email list bob)), "bob\@example.org\n", 'removed';
    fails(1, qr/./, qw(email remove bob extra@example.org));
    fails(1, qr/`nobody` does not exist/, qw(email list nobody));
    fails(2, qr/email requires list, add or remove/, 'email');
    fails(2, qr/missing argument: address$/m, qw(email add bob));
    fails(2, qr/unexpected/, qw(email list bob more));
};

subtest 'perm' => sub {
    my $create = sub { $t->call(create_repo => { repo_name => "$_[0]-$_[1]", repo_type => 'git' }, as => $_[0])
        ->{error} };
    like $t->admin(qw(perm default)), qr/^inherit=on\n.*^hg\.create\.repository$/ms, 'list of the defaults';
    is $create->('bob', 1), undef, 'bob may create';
    $t->admin(qw(perm default hg.create.none));
    unlike $t->admin(qw(perm default)), qr/hg\.create\.repository/, 'in place of the other';
    is $create->('bob', 2), $FORBIDDEN, 'now he may not';
    $t->admin(qw(perm user bob hg.create.repository));
    is $create->('bob', 3), $FORBIDDEN, 'his own rows have no effect while he inherits';
    is $t->try_admin(qw(perm user bob hg.create.repository))->{err},
        "rcapi-admin: these have no effect until inherit=off\n", 'which it says';
    $t->admin(qw(perm user bob inherit=off));
    is $t->try_admin(qw(perm user bob hg.create.repository))->{err}, '', 'nothing to say then';
    is $t->admin(qw(perm user bob)), "inherit=off\nhg.create.repository\n", 'list of his';
    is $create->('bob', 4), undef, 'now they have';
    $t->must(create_user_group => { group_name => 'makers' });
    $t->must(add_user_to_user_group => { usergroupid => 'makers', userid => 'eve' });
    $t->admin(qw(perm group makers hg.create.repository inherit=off));
    is $t->admin(qw(perm group makers)), "inherit=off\nhg.create.repository\n", 'list of a group';
    is $create->('eve', 1), undef, 'a member may create';
    $t->admin(qw(perm group makers inherit=on));
    is $create->('eve', 2), $FORBIDDEN, 'a group that inherits gives nothing';
    fails(1, qr/permission `hg\.x` does not exist/, qw(perm default hg.fork.none hg.x));
    like $t->admin(qw(perm default)), qr/hg\.fork\.repository/, 'all or nothing';
    fails(1, qr/permission `hg\.admin` does not exist/, qw(perm user bob hg.admin));
    fails(1, qr/user `nobody` does not exist/, qw(perm user nobody));
    fails(1, qr/user group `nobody` does not exist/, qw(perm group nobody));
    fails(2, qr/perm requires default, user NAME or group NAME/, 'perm');
    fails(2, qr/missing argument: user$/m, qw(perm user));
};

subtest 'set' => sub {
    is $t->admin('set') =~ s/\t.*//gr, join('', map { "$_\n" } 'default_repo_enable_downloads=False',
        'default_repo_enable_locking=False', 'default_repo_enable_statistics=False', 'default_repo_private=False',
        'default_repo_type=git', 'gist_alias_url=', 'repository_fields=False',
        'svn_branch_patterns=/trunk /branches/*', 'svn_tag_patterns=/tags/*'), 'list';
    $t->admin('set', "default_repo_$_->[0]", $_->[1]) for ['enable_downloads', 'on'], ['private', 'True'],
        ['enable_locking', '1'];
    $t->must(create_repo => { repo_name => 'by-default', repo_type => 'git' });
    my $repo = $t->must(get_repo => { repoid => 'by-default' });
    is_deeply [map { $_ ? 1 : 0 } @$repo{qw(enable_downloads private enable_locking enable_statistics)}], [1, 1, 1, 0],
        'new repositories follow';
    $t->must(create_repo => { repo_name => 'by-hand', repo_type => 'git', private => 'false' });
    ok !$t->must(get_repo => { repoid => 'by-hand' })->{private}, 'unless told otherwise';
    $t->admin(qw(set default_repo_type svn));
    $t->must(create_repo => { repo_name => 'by-type' });
    is $t->must(get_repo => { repoid => 'by-type' })->{repo_type}, 'svn', 'and their type';
    $t->admin(qw(set default_repo_type git));
    fails(2, qr/default_repo_type must be a type of repositories, git, hg or svn/, qw(set default_repo_type cvs));
    fails(2, qr/unknown setting nonsense/, qw(set nonsense 1));
    fails(2, qr/missing argument: value of default_repo_private/, qw(set default_repo_private));
    fails(2, qr/must be on or off/, qw(set default_repo_private maybe));
    fails(2, qr/unexpected/, qw(set default_repo_private on more));
};

subtest 'follow' => sub {
    my $followers = sub { [map { $_->{username} } @{ $t->must(get_repo => { repoid => 'demo' })->{followers} }] };
    $t->admin(qw(follow bob demo));
    $t->admin(qw(follow bob demo));
    is_deeply $followers->(), ['admin', 'bob'], 'once';
    $t->admin(qw(follow --remove bob demo));
    is_deeply $followers->(), ['admin'], 'no more';
    fails(1, qr/repository `nope` does not exist/, qw(follow bob nope));
    fails(1, qr/user `nobody` does not exist/, qw(follow nobody demo));
    fails(2, qr/missing argument: repository$/m, qw(follow bob));
};

subtest 'backup' => sub {
    plan skip_all => 'a backup of a server is another file: t/d0' if RCAPI::Test::on_server();
    my $file = "$t->{dir}/scratch/copy.db";
    $t->admin('backup', $file);
    is sprintf('%o', (stat $file)[2] & 07777), '600', 'private';
    my $r = $t->run('sqlite3', $file, 'PRAGMA integrity_check; SELECT count(*) FROM users');
    is $r->{out}, "ok\n" . $t->sql('SELECT count(*) FROM users'), 'a whole database';
    open my $f, '<:raw', $file or die;
    my $bytes = do { local $/; <$f> };
    is index($bytes, $t->key('bob')), -1, 'no key in it';
    fails(1, qr/cannot create/, 'backup', $file);
    fails(1, qr/cannot create/, 'backup', "$t->{dir}/nowhere/x.db");
    fails(2, qr/missing argument: file/, 'backup');
    my $restored = "$t->{dir}/scratch/restored";
    mkdir $restored or die;
    system 'cp', '-R', "$t->{dir}/data/repos", "$t->{dir}/data/secret", $restored;
    rename $file, "$restored/rcapi.db" or die;
    $r = $t->run($t->program('rcapi-admin'), '--data', $restored, 'check');
    is "$r->{exit} $r->{out}$r->{err}", '0 ', 'it serves with copies of secret and repositories';
};

subtest 'user, repo, group' => sub {
    my $last = sub { (split /\t|\n/, $t->admin(qw(journal list --last 1)))[1, 4] };
    my $journal = sub { is_deeply [$last->()], ['rcapi-admin', $_[0]], "journal: $_[0]" };
    like $t->admin(qw(user create ann email=ann@example.org firstname=Ann admin=on --password secret-7)),
        qr/^created new user `ann`$/m, 'user create';
    $journal->('admin_created_user:ann');
    my $ann = $t->must(get_user => { userid => 'ann' });
    is_deeply [map { $ann->{$_} ? 1 : 0 } qw(admin active)], [1, 1], 'as told';
    $t->admin(qw(user set ann admin=off active=off lastname=Author));
    $ann = $t->must(get_user => { userid => 'ann' });
    is_deeply [(map { $ann->{$_} ? 1 : 0 } qw(admin active)), @$ann{qw(firstname lastname)}], [0, 0, 'Ann', 'Author'],
        'user set';
    like $t->admin(qw(user show ann)), qr/^    "username": "ann"$/m, 'user show';
    my @rows = split /\n/, $t->admin(qw(--headers user list));
    is $rows[0], "USER_ID\tUSERNAME\tEMAIL\tACTIVE\tADMIN", 'user list';
    is scalar(grep { /^\d+\tann\tann\@example\.org\tno\tno$/ } @rows), 1, 'has her';
    $t->admin(qw(repo create tools/made description=Hammer private=on));
    $journal->('user_created_repo');
    like $t->admin(qw(repo show tools/made)), qr/"private": true/, 'repo create, show';
    $t->admin(qw(repo set tools/made private=off enable_downloads=on));
    my $repo = $t->must(get_repo => { repoid => 'tools/made' });
    is_deeply [map { $repo->{$_} ? 1 : 0 } qw(private enable_downloads)], [0, 1], 'repo set';
    $t->admin(qw(repo create tools/old repo_type=svn));
    my $list = sub { join ' ', map { (split /\t/)[1, 2] } grep { /old|new/ } split /\n/, $t->admin(qw(repo list)) };
    is $list->(), 'tools/old svn', 'repo create of another type';
    fails(1, qr/failed to create repository/, qw(repo create odd repo_type=cvs));
    $t->admin(qw(repo set tools/old group=));
    is $list->(), 'old svn', 'repo set moves it to the root';
    $t->admin(qw(repo set old repo_name=tools/new));
    is $list->(), 'tools/new svn', 'and to a path';
    fails(2, qr/unexpected: repo_type=git/, qw(repo set tools/new repo_type=git));
    like $t->admin(qw(repo list)), qr{^\d+\ttools/made\tgit\tno\tadmin$}m, 'repo list';
    $t->admin(qw(group create smiths));
    $t->admin(qw(group add smiths ann));
    like $t->admin(qw(group show smiths)), qr/"username": "ann"/, 'group create, add, show';
    $t->admin(qw(group remove smiths ann));
    unlike $t->admin(qw(group show smiths)), qr/"username": "ann"/, 'group remove';
    like $t->admin(qw(group list)), qr/^\d+\tsmiths\tyes\tadmin$/m, 'group list';
    $t->admin($_->[0], 'delete', $_->[1]) for [qw(group smiths)], [qw(repo tools/made)], [qw(user ann)];
    like $t->call(get_user => { userid => 'ann' })->{error}, qr/./, 'delete';
    fails(2, qr/unknown or missing command of user; see rcapi-admin help user/, 'user', @$_) for [], ['frob'];
    fails(2, qr/missing argument: user$/m, qw(user show));
    fails(2, qr/missing argument: user$/m, qw(group add smiths));
    fails(2, qr/unexpected: colour=red; see rcapi-admin help user/, qw(user set bob colour=red));
    fails(2, qr/admin must be on or off/, qw(user set bob admin=maybe));
    fails(1, qr/./, qw(user show nobody));
    fails(1, qr/./, qw(user create bob email=b@example.org));
    fails(1, qr/failed to create user/, qw(user create new email=none));
    fails(2, qr/missing argument: email=/, qw(user create new));
};

subtest 'call --format' => sub {
    like $t->admin(qw(call --format=pretty get_user userid:bob)),
        qr/^\{\n    "error": null,\n.*^        "username": "bob"\n/ms, 'pretty';
    like $t->admin(qw(call --format json test args:x)), qr/^\{"id":1,/, 'json';
    fails(2, qr/--format must be json or pretty/, qw(call --format=xml test));
};

subtest 'the journal tells what was changed' => sub {
    my %said = (
        'token create bob --role api' => 'admin_created_token:bob:token_role_api',
        'token reset bob' => 'admin_reset_key:bob',
        'ip add bob 127.0.0.0/8' => 'admin_added_ip:bob:127.0.0.0/8',
        'ip remove bob 127.0.0.0/8' => 'admin_removed_ip:bob:127.0.0.0/8',
        'anonymous on' => 'admin_set_anonymous:default:on', 'password bob --none' => 'admin_set_password:bob',
        'email add bob b2@example.org' => 'admin_added_email:bob:b2@example.org',
        'email remove bob b2@example.org' => 'admin_removed_email:bob:b2@example.org',
        'perm user bob hg.create.none' => 'admin_set_permissions:bob:hg.create.none',
        'set repository_fields on' => 'admin_set:repository_fields=True',
        'follow bob demo' => 'admin_added_follower:bob:demo',
        'follow bob demo --remove' => 'admin_removed_follower:bob:demo',
        'secret rotate' => 'admin_rotated_secret',
    );
    for my $command ('email add bob b2@example.org', grep { $_ ne 'email add bob b2@example.org' } sort { $b cmp $a }
        keys %said) {
        $t->admin('ip', 'add', 'bob', '127.0.0.0/8') if $command =~ /ip remove/;
        $t->admin(split ' ', $command);
        my $last = $t->admin(qw(journal list --last 1)) =~ s/ ID:\d+, Global//r;
        like $last, qr/^\S+\trcapi-admin\t127\.0\.0\.1\t\t\Q$said{$command}\E$/,
            $command;
    }
    $t->try_admin(qw(email add bob none));
    unlike $t->admin(qw(journal list --last 1)), qr/none/, 'not what failed';
};

$t->done;
done_testing;
